//! The API against its own description: every operation, with parameters that make sense and with some that do not.

use std::sync::Arc;
use std::time::Duration;

use autoscaler_web::api::{Access, Limits, description};
use node_lifecycle::audit::{Action, Author, Draft, Outcome};
use node_lifecycle::{Health, State};
use serde_json::{Value, json};

use super::services::two_services;
use super::world::{Answer, World};

/// Reads the description; objects have what is described and nothing else.
fn document() -> Value {
    let mut document: Value = serde_json::from_str(description()).expect("JSON");
    let schemas = document["components"]["schemas"]
        .as_object_mut()
        .expect("schemas");
    for schema in schemas
        .values_mut()
        .filter(|schema| schema.get("properties").is_some())
    {
        schema["additionalProperties"] = json!(false);
    }
    document
}

/// A world in which every answer has something to show, and nobody asks too often.
pub(crate) async fn talkative() -> World {
    let limits = Limits {
        requests_per_second: 10_000,
        refreshes_per_minute: 1000,
        longest_stream: Duration::from_millis(200),
        ..Limits::default()
    };
    let world = World::with(Access::Loopback { may_refresh: true }, limits).await;
    world.discovered.send_replace(two_services());
    world.plan();
    let bought = Draft::new(
        Action::NodeProvision,
        Outcome::Success,
        Author::MinNodes,
        "requested",
    );
    world.record(
        bought
            .node("web-1")
            .group("default/web")
            .request_id("u")
            .pass("p")
            .count(2),
        1,
    );
    let failed = Draft::new(Action::NodeDecommission, Outcome::Failed, Author::Manual, "vpsie");
    world.record(
        failed
            .node("n1")
            .error("no")
            .message("it was tried")
            .workload("default/p"),
        2,
    );
    world
}

/// Checks that the description has this answer, and that it looks as described.
#[track_caller]
fn check(document: &Value, what: &str, operation: &Value, answer: &Answer) {
    let described = &operation["responses"][answer.code.to_string()];
    assert!(described.is_object(), "{what}: {} is not described", answer.code);
    let Some(contents) = described["content"].as_object() else {
        assert!(
            answer.is_empty(),
            "{what}: a body that is not described: {answer:?}"
        );
        return;
    };
    let kind = answer.header("content-type").unwrap_or_default();
    let content = contents
        .get(kind)
        .unwrap_or_else(|| panic!("{what}: {kind} is not described"));
    if kind == "text/event-stream" {
        return;
    }
    let mut schema = content["schema"].clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let body = answer.json();
    let errors: Vec<String> = validator
        .iter_errors(&body)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:?}\n{body:#}");
}

/// Lists texts for a parameter: those that make sense, and those that do not.
fn samples(schema: &Value) -> (Vec<String>, Vec<String>) {
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str).map(str::to_owned);
        return (words.collect(), vec!["no-such-word".to_owned(), "".to_owned()]);
    }
    let text = |text: &str| text.to_owned();
    let is = |kind: &str| schema["type"] == kind || schema["type"][0] == kind;
    if is("integer") {
        let (least, most) = (&schema["minimum"], &schema["maximum"]);
        let (Some(least), Some(most)) = (least.as_i64(), most.as_i64()) else {
            panic!("a number without bounds: {schema}");
        };
        let good = [least, most].map(|number| number.to_string());
        let bad = [
            text("many"),
            text("1.5"),
            (least - 1).to_string(),
            (most + 1).to_string(),
        ];
        return (good.into(), bad.into());
    }
    if schema["format"] == "date-time" {
        return (
            vec![text("2024-10-04T00:00:00Z")],
            vec![text("yesterday"), text("1")],
        );
    }
    assert!(is("string"), "a kind of parameter without samples: {schema}");
    (vec![text("default/web"), text("n1")], Vec::new())
}

/// Every operation answers as described: without parameters, with each that makes sense, and with each that does not.
#[tokio::test]
async fn every_operation_answers_as_it_is_described() {
    let (document, world) = (document(), talkative().await);
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let method = method.to_uppercase();
            let plain = world.ask(&method, path, &[]).await;
            assert!(plain.code < 300, "{method} {path}: {plain:?}");
            check(&document, path, operation, &plain);
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let mut has_query = false;
            for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
                has_query = true;
                let name = parameter["name"].as_str().expect("a name");
                let (good, bad) = samples(&parameter["schema"]);
                for (value, is_good) in good
                    .iter()
                    .map(|v| (v, true))
                    .chain(bad.iter().map(|v| (v, false)))
                {
                    let path = format!("{path}?{name}={value}");
                    let answer = world.ask(&method, &path, &[]).await;
                    assert_eq!(answer.code != 400, is_good, "{path}: {answer:?}");
                    check(&document, &path, operation, &answer);
                    asked += 1;
                }
            }
            if has_query {
                let answer = world.get(&format!("{path}?no_such_parameter=1")).await;
                assert_eq!(answer.code, 400, "{path}");
                check(&document, path, operation, &answer);
            }
            let others = ["GET", "POST", "PUT", "DELETE"].into_iter();
            for other in others.filter(|other| methods.get(other.to_lowercase()).is_none()) {
                world.ask(other, path, &[]).await.problem(405);
            }
        }
    }
    assert!(asked > 40, "only {asked} parameters were tried");
}

/// What another state of the process answers is described, too.
#[tokio::test]
async fn answers_in_trouble_are_described() {
    let (document, world) = (document(), talkative().await);
    world.states.send_replace(None);
    world.discovered.send_replace(None);
    world.details.send_replace(Arc::default());
    for path in [
        "/api/nodes",
        "/api/groups",
        "/api/pending",
        "/api/instances/live",
        "/api/instances",
    ] {
        let operation = &document["paths"][path]["get"];
        check(&document, path, operation, &world.get(path).await);
        let foreign = world.ask("GET", path, &[("Origin", "null")]).await;
        assert_eq!(foreign.code, 403);
        check(&document, path, operation, &foreign);
        let rebound = world.ask("GET", path, &[("Host", "evil.example")]).await;
        assert_eq!(rebound.code, 421);
        check(&document, path, operation, &rebound);
    }
}

/// The words of the description are those of the library, and it says how a token is sent.
#[test]
fn description_lists_every_word() {
    let document = document();
    let parameters = document["paths"]["/api/nodes"]["get"]["parameters"]
        .as_array()
        .expect("some");
    let words = |name: &str| {
        let mut parameters = parameters.iter();
        let found = parameters.find(|parameter| parameter["name"] == name);
        found.expect("it is there")["schema"]["enum"].clone()
    };
    assert_eq!(words("state"), json!(State::ALL));
    assert_eq!(words("health"), json!(Health::ALL));
    assert_eq!(document["openapi"], "3.1.0");
    let scheme = &document["components"]["securitySchemes"]["token"];
    assert_eq!(
        (&scheme["type"], &scheme["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
}
