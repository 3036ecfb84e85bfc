//! JSON patches and server-side apply.

use serde_json::{Value, json};

use super::{CLAIMS, claim, claim_with, of};
use crate::request::{APPLY, MERGE, PATCH, Step};

pub(super) fn json_patches() -> Vec<Step> {
    let a = of(CLAIMS, "a");
    vec![
        Step::patch(
            &a,
            PATCH,
            json!([{"op": "test", "path": "/spec/group", "value": "other"}]),
        ),
        Step::patch(
            &a,
            PATCH,
            json!([
                {"op": "test", "path": "/spec/missing", "value": null}, {"op": "add", "path": "/spec/minNodes", "value": 9}
            ]),
        ),
        Step::patch(&a, PATCH, json!([{"op": "remove", "path": "/spec/missing"}])),
        Step::patch(
            &a,
            PATCH,
            json!([{"op": "add", "path": "/metadata/missing/x", "value": "1"}]),
        ),
        Step::patch(&a, PATCH, json!({"op": "add"})),
        Step::patch(
            &a,
            PATCH,
            json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}]),
        ),
        Step::patch(
            &a,
            PATCH,
            json!([{"op": "replace", "path": "/metadata/resourceVersion", "value": "1"}]),
        ),
    ]
}

pub(super) fn applies() -> Vec<Step> {
    let by = |path: &str, manager: &str| format!("{CLAIMS}/{path}?fieldManager={manager}&force=true");
    let status =
        |status: &Value| json!({"apiVersion": "test.example.com/v1", "kind": "Claim", "status": status});
    let condition = |name: &str| json!({"conditions": [{"type": name, "status": "True"}]});
    let unnamed = json!({"apiVersion": "test.example.com/v1", "kind": "Claim", "spec": {"group": "x"}});
    let labelled = json!({"name": "applied", "labels": {"mine": "1"}});
    vec![
        Step::patch(
            &by("applied", "one"),
            APPLY,
            claim_with(&labelled, &json!({"group": "x", "minNodes": 2})),
        ),
        Step::patch(
            &of(CLAIMS, "applied"),
            MERGE,
            json!({"metadata": {"labels": {"theirs": "1"}}}),
        ),
        Step::patch(
            &by("applied", "one"),
            APPLY,
            claim("applied", &json!({"group": "x"})),
        ),
        Step::patch(&by("unnamed", "one"), APPLY, unnamed),
        Step::patch(
            &of(CLAIMS, "applied"),
            APPLY,
            claim("applied", &json!({"group": "x"})),
        ),
        Step::patch(
            &by("applied/status", "one"),
            APPLY,
            status(&json!({"phase": "q"})),
        ),
        Step::patch(&by("applied/status", "one"), APPLY, status(&condition("Ready"))),
        Step::patch(&by("applied/status", "one"), APPLY, status(&condition("Joined"))),
        Step::patch(&by("applied/status", "two"), APPLY, status(&condition("Extra"))),
        Step::patch(&by("missing/status", "one"), APPLY, status(&condition("Ready"))),
    ]
}
