//! What a watch tells: every change once and in order, from any version that is still remembered.

use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};

use crate::request::{MERGE, Step, must, send, version};
use crate::steps::{CLAIMS, claim, claim_with, of};

/// Tells of changes, and asks both servers what a watch makes of them.
pub(crate) async fn tell(client: &Client) {
    changes_come_once_and_in_order(client).await;
    held_object_is_deleted_when_it_is_released(client).await;
    selector_decides_what_comes_and_goes(client).await;
    what_is_there_comes_first(client).await;
    bookmark_tells_the_version(client).await;
    forgotten_version_is_an_error_event(client).await;
    senseless_questions_are_refused(client).await;
}

/// Watches from a version until the server ends the watch, after a second.
async fn watched(client: &Client, from: &str, more: &str) -> Vec<Value> {
    let path = format!("{CLAIMS}?watch=true&timeoutSeconds=1&resourceVersion={from}{more}");
    let reply = send(client, &Step::get(&path)).await;
    assert_eq!(reply.code, 200, "{reply:?}");
    reply.events()
}

fn told(events: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    events
        .iter()
        .map(|event| {
            let name = text(&event["object"]["metadata"]["name"]);
            format!("{} {name}", text(&event["type"]))
        })
        .collect()
}

async fn newest(client: &Client) -> String {
    version(&must(client, 200, Step::get(CLAIMS)).await).to_owned()
}

async fn make(client: &Client, name: &str) -> Value {
    must(
        client,
        201,
        Step::post(CLAIMS, claim(name, &json!({"group": "x"}))),
    )
    .await
}

async fn merge(client: &Client, name: &str, change: Value) -> Value {
    must(client, 200, Step::patch(&of(CLAIMS, name), MERGE, change)).await
}

async fn delete(client: &Client, name: &str) {
    must(client, 200, Step::delete(&of(CLAIMS, name))).await;
}

/// A write of what was there makes no event, and a watch goes on after any event it was told.
async fn changes_come_once_and_in_order(client: &Client) {
    let before = newest(client).await;
    let made = make(client, "watched").await;
    for _ in 0..2 {
        merge(client, "watched", json!({"spec": {"minNodes": 1}})).await;
    }
    let status = Step::patch(
        &of(CLAIMS, "watched/status"),
        MERGE,
        json!({"status": {"phase": "x"}}),
    );
    let last = must(client, 200, status).await;
    delete(client, "watched").await;

    let events = watched(client, &before, "").await;
    let all = [
        "ADDED watched",
        "MODIFIED watched",
        "MODIFIED watched",
        "DELETED watched",
    ];
    assert_eq!(told(&events), all);
    let versions: Vec<u64> = events
        .iter()
        .map(|event| version(&event["object"]).parse().expect("a number"))
        .collect();
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    assert_eq!(version(&events[0]["object"]), version(&made));
    assert_eq!(version(&events[2]["object"]), version(&last));
    let gone = &events[3]["object"];
    for field in ["apiVersion", "kind", "spec", "status"] {
        assert_eq!(
            gone[field], last[field],
            "the last event has the object as it was: {field}"
        );
    }
    assert_eq!(gone["metadata"]["uid"], made["metadata"]["uid"]);

    let resumed = watched(client, version(&events[1]["object"]), "").await;
    assert_eq!(resumed, events[2..], "a watch goes on behind what was told");
    assert_eq!(told(&watched(client, version(gone), "").await), [""; 0]);
}

async fn held_object_is_deleted_when_it_is_released(client: &Client) {
    let before = newest(client).await;
    let metadata = json!({"name": "held", "finalizers": ["test.example.com/x"]});
    must(
        client,
        201,
        Step::post(CLAIMS, claim_with(&metadata, &json!({"group": "x"}))),
    )
    .await;
    delete(client, "held").await;
    merge(client, "held", json!({"metadata": {"finalizers": null}})).await;
    let events = watched(client, &before, "").await;
    assert_eq!(told(&events), ["ADDED held", "MODIFIED held", "DELETED held"]);
    let leaving = |event: &Value| !event["object"]["metadata"]["deletionTimestamp"].is_null();
    assert_eq!(
        events.iter().map(leaving).collect::<Vec<_>>(),
        [false, true, true]
    );
}

/// What begins or ceases to match is new or gone for the one who asks.
async fn selector_decides_what_comes_and_goes(client: &Client) {
    let before = newest(client).await;
    let tier = |tier: Value| json!({"metadata": {"labels": {"tier": tier}}});
    make(client, "chosen").await;
    make(client, "other").await;
    merge(client, "chosen", tier(json!("web"))).await;
    merge(client, "chosen", json!({"spec": {"minNodes": 1}})).await;
    let left = merge(client, "chosen", tier(Value::Null)).await;
    merge(client, "chosen", json!({"spec": {"minNodes": 2}})).await;

    let events = watched(client, &before, "&labelSelector=tier%3Dweb").await;
    assert_eq!(
        told(&events),
        ["ADDED chosen", "MODIFIED chosen", "DELETED chosen"]
    );
    let last = &events[2]["object"];
    assert_eq!(version(last), version(&left));
    assert_eq!(
        last["metadata"]["labels"]["tier"], "web",
        "it is shown as it last matched"
    );
    let named = watched(client, &before, "&fieldSelector=metadata.name%3Dother").await;
    assert_eq!(told(&named), ["ADDED other"]);
    delete(client, "chosen").await;
    delete(client, "other").await;
}

async fn what_is_there_comes_first(client: &Client) {
    make(client, "there").await;
    let only = "&fieldSelector=metadata.name%3Dthere";
    for from in ["0", ""] {
        assert_eq!(
            told(&watched(client, from, only).await),
            ["ADDED there"],
            "from `{from}`"
        );
    }
    let more =
        format!("{only}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    let events = watched(client, "", &more).await;
    assert_eq!(told(&events)[..2], ["ADDED there", "BOOKMARK -"]);
    let end = &events[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"];
    assert_eq!(end, "true");
    delete(client, "there").await;
}

/// A watch that asks for them hears the newest version before it ends, however quiet its own objects are.
async fn bookmark_tells_the_version(client: &Client) {
    let only = "&fieldSelector=metadata.name%3Dmarked";
    make(client, "marked").await;
    make(client, "elsewhere").await;
    let before = newest(client).await;
    let path = format!(
        "{CLAIMS}?watch=true&timeoutSeconds=4&allowWatchBookmarks=true&resourceVersion={before}{only}"
    );
    // The real server tells no version twice, so something must go on while the watch is open.
    let stir = async {
        for count in 0..100 {
            merge(client, "elsewhere", json!({"spec": {"minNodes": count}})).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let watch = Step::get(&path);
    let events = tokio::select! {
        reply = send(client, &watch) => reply.events(),
        () = stir => panic!("the watch goes on although its time is over"),
    };
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert!(
        !types.is_empty() && types.iter().all(|it| *it == "BOOKMARK"),
        "{events:?}"
    );
    let mark = &events[0]["object"];
    assert_eq!(
        (&mark["kind"], &mark["apiVersion"]),
        (&json!("Claim"), &json!("test.example.com/v1"))
    );
    assert_eq!(mark["metadata"]["name"], Value::Null);
    let number = |version: &str| version.parse::<u64>().expect("a number");
    assert!(number(version(mark)) > number(&before), "{mark}");
    delete(client, "marked").await;
    delete(client, "elsewhere").await;
    let resumed = watched(client, version(mark), only).await;
    assert_eq!(
        told(&resumed),
        ["DELETED marked"],
        "a bookmark is a place to go on from"
    );
}

async fn forgotten_version_is_an_error_event(client: &Client) {
    let events = watched(client, "1", "").await;
    let [event] = events.as_slice() else {
        panic!("one event and the end, not {events:?}")
    };
    let mut status = event["object"].clone();
    let message = status["message"].take();
    let message = message.as_str().unwrap_or_default();
    assert!(message.starts_with("too old resource version: 1 ("), "{message}");
    let expected = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", "message": null,
        "reason": "Expired", "code": 410,
    });
    assert_eq!((&event["type"], &status), (&json!("ERROR"), &expected));
}

async fn senseless_questions_are_refused(client: &Client) {
    for (query, code, reason) in [
        ("resourceVersion=yesterday", 500, ""),
        ("sendInitialEvents=true", 422, "Invalid"),
        ("labelSelector=tier%20in%201", 400, "BadRequest"),
    ] {
        let path = format!("{CLAIMS}?watch=true&timeoutSeconds=1&{query}");
        let status = must(client, code, Step::get(&path)).await;
        assert_eq!(status["reason"].as_str().unwrap_or_default(), reason, "{query}");
    }
}
