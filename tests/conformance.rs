//! The Kubernetes API in memory answers as the real one does: the same requests to both, compared, and the same
//! assertions of what comes of several requests in a row.
//!
//! What the simulation leaves out on purpose is listed in `fleet_sim::kube_api` and not asked here.

#[path = "conformance/dates.rs"]
mod dates;
#[path = "conformance/evictions.rs"]
mod evictions;
#[path = "conformance/leases.rs"]
mod leases;
#[path = "conformance/ownership.rs"]
mod ownership;
#[path = "conformance/paging.rs"]
mod paging;
#[path = "conformance/request.rs"]
mod request;
#[path = "conformance/steps.rs"]
mod steps;
#[path = "conformance/watching.rs"]
mod watching;

use fleet_sim::{KubeApi, SimClock};
use kube::Client;
use serde_json::{Value, json};

use request::Step;

/// What of an answer must be equal; times, uids and versions cannot be.
#[derive(Debug, PartialEq)]
struct Answer {
    code: u16,
    reason: String,
    object: Value,
    fields_at_fault: Vec<String>,
}

/// Every request in a row is answered alike, by code, reason, fields at fault and what is stored.
#[tokio::test]
async fn the_api_in_memory_answers_as_the_real_one() {
    let control_plane = kit::real_control_plane!();
    let real = control_plane.client();
    install(&real, &definition()).await;

    let steps = steps::steps();
    let expected = play(&real, &steps).await;
    let actual = play(&in_memory(), &steps).await;

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

#[tokio::test(start_paused = true)]
async fn watch_in_memory_tells_every_change_once() {
    watching::tell(&in_memory()).await;
}

#[tokio::test(start_paused = true)]
async fn lease_in_memory_is_taken_by_one() {
    leases::tell(&in_memory()).await;
}

#[tokio::test(start_paused = true)]
async fn answer_in_memory_is_dated() {
    dates::tell(&in_memory()).await;
}

#[tokio::test(start_paused = true)]
async fn eviction_in_memory_asks_the_budget() {
    evictions::tell(&in_memory()).await;
}

#[tokio::test(start_paused = true)]
async fn list_in_memory_comes_in_pages() {
    paging::tell(&in_memory()).await;
}

/// The assertions that the API in memory is held to are true of the real one.
#[tokio::test]
async fn the_same_is_true_of_the_real_api() {
    let control_plane = kit::real_control_plane!();
    let real = control_plane.client();
    install(&real, &definition()).await;
    watching::tell(&real).await;
    leases::tell(&real).await;
    dates::tell(&real).await;
    evictions::tell(&real).await;
    paging::tell(&real).await;
    ownership::tell(&real).await;
}

fn definition() -> Value {
    serde_json::from_str(include_str!("conformance/definition.json")).expect("JSON")
}

fn in_memory() -> Client {
    let simulated = KubeApi::new(SimClock::starting_at(chrono::DateTime::UNIX_EPOCH));
    simulated
        .install_crd(&definition())
        .expect("a correct definition");
    simulated.client()
}

async fn install(client: &Client, definition: &Value) {
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let step = Step {
        method: "POST",
        path: path.to_owned(),
        content_type: request::JSON,
        body: definition.clone(),
    };
    assert_eq!(ask(client, &step).await.code, 201);
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
    let reply = request::send(client, step).await;
    let (code, object) = (reply.code, reply.object());
    if code < 400 {
        return Answer {
            code,
            reason: String::new(),
            object: compared(&object),
            fields_at_fault: Vec::new(),
        };
    }
    let causes = object["details"]["causes"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut fields: Vec<String> = causes
        .map(|cause| format!("{} {}", text(&cause["reason"]), text(&cause["field"])))
        .collect();
    // The real server repeats a cause for every attempt of a patch.
    fields.sort();
    fields.dedup();
    Answer {
        code,
        reason: text(&object["reason"]),
        object: Value::Null,
        fields_at_fault: fields,
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
