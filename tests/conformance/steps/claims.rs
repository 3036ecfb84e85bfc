//! What is made of custom resources: names, schemas, metadata, and what is read of them.

use serde_json::{Value, json};

use super::{CLAIMS, claim, claim_with, of};
use crate::request::Step;

pub(super) fn creations() -> Vec<Step> {
    let good = json!({"group": "workers"});
    let rich = json!({
        "group": "workers", "typo": 1, "labels": {"any": "key"}, "anything": {"goes": {"deep": [1]}},
        "paused": null, "identifier": null, "port": "http", "size": null,
    });
    let empty =
        json!({"group": "x", "paused": false, "minNodes": 0, "identifier": "", "zones": [], "labels": {}});
    let other_version = json!({
        "apiVersion": "test.example.com/v2", "kind": "Claim", "metadata": {"name": "z"}, "spec": good
    });
    vec![
        Step::post(CLAIMS, claim("a", &good)),
        Step::post(CLAIMS, claim("a", &good)),
        Step::post(CLAIMS, json!({"metadata": {"name": "z"}, "spec": good})),
        Step::post(CLAIMS, other_version),
        Step::post(
            CLAIMS,
            claim_with(&json!({"name": "z", "namespace": "other"}), &good),
        ),
        Step::post(&CLAIMS.replace("default", "missing"), claim("a", &good)),
        Step::post(
            CLAIMS,
            claim_with(&json!({"name": "z", "resourceVersion": "5"}), &good),
        ),
        Step::post(CLAIMS, claim_with(&json!({}), &good)),
        Step::post("/apis/test.example.com/v1/claims", claim("z", &good)),
        Step::post(CLAIMS, claim("rich", &rich)),
        Step::post(CLAIMS, claim("empty", &empty)),
        Step::get(&of(CLAIMS, "empty")),
        Step::get(&of(CLAIMS, "missing")),
        Step::get(&of(CLAIMS, "missing/status")),
        Step::get("/apis/test.example.com/v1/namespaces/default/others"),
        Step::get("/apis/other.example.com/v1/things"),
        Step::get(&format!("{CLAIMS}?fieldSelector=spec.group%3Dx")),
        Step::get(&format!("{CLAIMS}?labelSelector=zone%20in%201")),
        Step::get(&format!("{CLAIMS}?resourceVersion=99999999")),
        Step::get(&format!("{CLAIMS}?resourceVersion=yesterday")),
        Step::post(&format!("{CLAIMS}?dryRun=All"), claim("rehearsed", &good)),
        Step::get(&of(CLAIMS, "rehearsed")),
    ]
}

/// Each is made and removed again, so that the next finds the name free.
pub(super) fn schemas() -> Vec<Step> {
    let specs = json!([
        {}, {"group": "x", "minNodes": "3"}, {"group": "x", "minNodes": -1}, {"group": "x", "minNodes": 101},
        {"group": "x", "size": "huge"}, {"group": ""}, {"group": "abcdefghijklmnopqrstu"}, {"group": "Upper"},
        {"group": "x", "labels": {"a": 1}}, {"group": "x", "labels": {"a": null}},
        {"group": "x", "zones": ["a", "a"]}, {"group": "x", "zones": [null]}, {"group": "x", "port": true},
        null, "text", {"group": "x", "limited": ["a", "b", "c"]}, {"group": "x", "limited": []},
        {"group": "x", "when": "yesterday"}, {"group": "x", "step": 7},
    ]);
    let each = |spec: &Value| {
        [
            Step::post(CLAIMS, claim("s", spec)),
            Step::delete(&of(CLAIMS, "s")),
        ]
    };
    specs.as_array().into_iter().flatten().flat_map(each).collect()
}

pub(super) fn metadata() -> Vec<Step> {
    let owner = json!([{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": ""}]);
    let metadata = [
        json!({"name": "HEL"}),
        json!({"name": "m", "labels": {"x": "x".repeat(64)}}),
        json!({"name": "m", "labels": {"a b": "c"}}),
        json!({"name": "m", "labels": {"a": "-c"}}),
        json!({"name": "m", "labels": {"Upper.x/y": "c"}}),
        json!({"name": "m", "labels": {"a": 1}}),
        json!({"name": "m", "annotations": {"a": "x".repeat(300_000)}}),
        json!({"name": "m", "annotations": {"a b": "x"}}),
        json!({"name": "m", "finalizers": ["a b"]}),
        json!({"name": "m", "ownerReferences": owner}),
        json!({"name": "m", "unknown": 1}),
    ];
    let each = |meta: &Value| {
        [
            Step::post(CLAIMS, claim_with(meta, &json!({"group": "x"}))),
            Step::delete(&of(CLAIMS, "m")),
        ]
    };
    metadata.iter().flat_map(each).collect()
}
