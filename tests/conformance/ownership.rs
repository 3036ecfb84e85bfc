//! Who owns a field, under server-side apply. The API in memory forces every apply, so only the real one is asked.

use kube::Client;
use serde_json::{Value, json};

use crate::request::{APPLY, MERGE, Step, must};
use crate::steps::{CLAIMS, claim_with, of};

/// Tells of two appliers and one who writes without applying.
pub(crate) async fn tell(client: &Client) {
    let made = apply(client, 201, "one", "", json!({"group": "x", "minNodes": 1})).await;
    assert_eq!(managers(&made), [("one".to_owned(), "Apply".to_owned())]);

    let conflict = apply(client, 409, "two", "", json!({"group": "x", "minNodes": 2})).await;
    let cause = &conflict["details"]["causes"];
    assert_eq!(conflict["reason"], "Conflict");
    assert_eq!(
        (&cause[0]["reason"], &cause[0]["field"], &cause[1]),
        (
            &json!("FieldManagerConflict"),
            &json!(".spec.minNodes"),
            &Value::Null
        ),
        "equal values conflict with nobody: {conflict}"
    );
    let shared = apply(client, 200, "two", "", json!({"group": "x"})).await;
    assert_eq!(shared["spec"]["minNodes"], 1, "a refused apply wrote nothing");

    let forced = apply(
        client,
        200,
        "two",
        "&force=true",
        json!({"group": "x", "minNodes": 2}),
    )
    .await;
    assert_eq!(forced["spec"]["minNodes"], 2);
    let lost = apply(client, 409, "one", "", json!({"group": "x", "minNodes": 1})).await;
    assert_eq!(lost["details"]["causes"][0]["field"], ".spec.minNodes");

    let given_up = apply(client, 200, "two", "", json!({"group": "x"})).await;
    assert_eq!(
        given_up["spec"]["minNodes"],
        Value::Null,
        "what its only owner applies no more is gone"
    );
    apply(client, 200, "two", "", json!({})).await;
    let kept = must(client, 200, Step::get(&of(CLAIMS, "owned"))).await;
    assert_eq!(kept["spec"]["group"], "x", "the other owner keeps it");

    let written = json!({"spec": {"minNodes": 7}});
    let path = of(CLAIMS, "owned?fieldManager=three");
    must(client, 200, Step::patch(&path, MERGE, written)).await;
    let conflict = apply(client, 409, "one", "", json!({"group": "x", "minNodes": 8})).await;
    assert_eq!(
        conflict["details"]["causes"][0]["field"], ".spec.minNodes",
        "who writes without applying owns too"
    );
    must(client, 200, Step::delete(&of(CLAIMS, "owned"))).await;
}

async fn apply(client: &Client, code: u16, manager: &str, more: &str, spec: Value) -> Value {
    let path = of(CLAIMS, &format!("owned?fieldManager={manager}{more}"));
    let step = Step::patch(&path, APPLY, claim_with(&json!({"name": "owned"}), &spec));
    must(client, code, step).await
}

fn managers(object: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten();
    entries
        .map(|entry| (text(&entry["manager"]), text(&entry["operation"])))
        .collect()
}
