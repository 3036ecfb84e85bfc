//! Deletions: preconditions, finalizers, and what may still be written meanwhile.

use serde_json::{Value, json};

use super::{CLAIMS, of};
use crate::request::{MERGE, Step};

pub(super) fn steps() -> Vec<Step> {
    let a = of(CLAIMS, "a");
    let only_if = |preconditions: Value| Step {
        body: json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions}),
        ..Step::delete(&a)
    };
    let finalizers = |names: Value| Step::patch(&a, MERGE, json!({"metadata": {"finalizers": names}}));
    vec![
        finalizers(json!(["test.example.com/x"])),
        only_if(json!({"uid": "other"})),
        only_if(json!({"resourceVersion": "1"})),
        Step::delete(&a),
        Step::delete(&a),
        finalizers(json!(["test.example.com/x", "test.example.com/y"])),
        Step::patch(&a, MERGE, json!({"spec": {"minNodes": 55}})),
        Step::patch(
            &of(CLAIMS, "a/status"),
            MERGE,
            json!({"status": {"phase": "Leaving"}}),
        ),
        finalizers(Value::Null),
        finalizers(Value::Null),
        Step::delete(&a),
    ]
}
