//! The Kubernetes API in memory answers as the real one does: the same requests to both, compared.
//!
//! What the simulation leaves out on purpose is listed in `fleet_sim::kube_api` and not asked here.

#[path = "conformance/steps.rs"]
mod steps;

use fleet_sim::{KubeApi, SimClock};
use kube::Client;
use serde_json::{Value, json};

use steps::Step;

/// What of an answer must be equal; times, uids and versions cannot be.
#[derive(Debug, PartialEq)]
struct Answer {
    code: u16,
    reason: String,
    object: Value,
    fields_at_fault: Vec<String>,
}

#[tokio::test]
async fn the_api_in_memory_answers_as_the_real_one() {
    let control_plane = kit::real_control_plane!();
    let definition: Value = serde_json::from_str(include_str!("conformance/definition.json")).expect("JSON");
    let simulated = KubeApi::new(SimClock::starting_at(chrono::DateTime::UNIX_EPOCH));
    simulated.install_crd(&definition).expect("a correct definition");
    let real = control_plane.client();
    install(&real, &definition).await;

    let steps = steps::steps();
    let expected = play(&real, &steps).await;
    let actual = play(&simulated.client(), &steps).await;

    let differ = |index: &usize| expected[*index] != actual[*index];
    let differences: Vec<String> = (0..steps.len())
        .filter(differ)
        .map(|index| {
            let (step, real, simulated) = (&steps[index], &expected[index], &actual[index]);
            format!(
                "{} {} {}\n  real      {real:?}\n  simulated {simulated:?}",
                step.method, step.path, step.body
            )
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{} answers differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

async fn install(client: &Client, definition: &Value) {
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let step = Step {
        method: "POST",
        path: path.to_owned(),
        content_type: steps::JSON,
        body: definition.clone(),
    };
    assert_eq!(ask(client, &step).await.code, 200);
    let list = Step::get("/apis/test.example.com/v1/namespaces/default/claims");
    for _ in 0..300 {
        if ask(client, &list).await.code == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the definition was not served within 30 s");
}

async fn play(client: &Client, steps: &[Step]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for step in steps {
        answers.push(ask(client, step).await);
    }
    answers
}

async fn ask(client: &Client, step: &Step) -> Answer {
    let body = if step.body.is_null() {
        Vec::new()
    } else {
        step.body.to_string().into_bytes()
    };
    let request = http::Request::builder().method(step.method).uri(&step.path);
    let request = request
        .header(http::header::CONTENT_TYPE, step.content_type)
        .body(body)
        .expect("a request");
    match client.request_text(request).await {
        Ok(text) => {
            let object: Value = serde_json::from_str(&text).expect("JSON");
            Answer {
                code: 200,
                reason: String::new(),
                object: compared(&object),
                fields_at_fault: Vec::new(),
            }
        }
        Err(kube::Error::Api(status)) => {
            let causes = status.details.iter().flat_map(|details| &details.causes);
            let mut fields: Vec<String> = causes.map(|it| format!("{} {}", it.reason, it.field)).collect();
            // The real server repeats a cause for every attempt of a patch.
            fields.sort();
            fields.dedup();
            Answer {
                code: status.code,
                reason: status.reason.clone(),
                object: Value::Null,
                fields_at_fault: fields,
            }
        }
        Err(other) => panic!("no answer to {} {}: {other}", step.method, step.path),
    }
}

fn compared(object: &Value) -> Value {
    let meta = &object["metadata"];
    json!({
        "kind": object["kind"],
        "name": meta["name"],
        "generation": meta["generation"],
        "labels": meta["labels"],
        "annotations": meta["annotations"],
        "finalizers": meta["finalizers"],
        "leaving": !meta["deletionTimestamp"].is_null(),
        "spec": object["spec"],
        "data": object["data"],
        "status": if object["kind"] == "Claim" { &object["status"] } else { &Value::Null },
        "conditions": conditions(&object["status"]["conditions"]),
    })
}

fn conditions(list: &Value) -> Vec<Value> {
    let types = list.as_array().into_iter().flatten();
    types
        .map(|condition| json!([condition["type"], condition["status"]]))
        .collect()
}
