//! Writes under a version, and what a write may not change.

use serde_json::json;

use super::{CLAIMS, claim, claim_with, of};
use crate::request::{MERGE, STRATEGIC, Step};

pub(super) fn steps() -> Vec<Step> {
    let a = of(CLAIMS, "a");
    let status = of(CLAIMS, "a/status");
    let good = json!({"group": "workers"});
    let stale = claim_with(&json!({"name": "a", "resourceVersion": "1"}), &good);
    let missing = claim_with(&json!({"name": "missing", "resourceVersion": "5"}), &good);
    let everything = json!({
        "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
        "spec": {"minNodes": 2},
        "status": {"phase": "x", "typo": 1},
    });
    let twice = json!([{"type": "R", "status": "x"}, {"type": "R", "status": "y"}]);
    vec![
        Step::put(&a, stale),
        Step::put(&a, claim("a", &good)),
        Step::put(&a, claim("b", &good)),
        Step::put(&of(CLAIMS, "missing"), missing),
        Step::put(
            &a,
            claim_with(
                &json!({"name": "a", "uid": "other", "resourceVersion": "1"}),
                &good,
            ),
        ),
        Step::patch(
            &a,
            MERGE,
            json!({"metadata": {"resourceVersion": "1"}, "spec": {"minNodes": 1}}),
        ),
        Step::patch(
            &a,
            MERGE,
            json!({"metadata": {"uid": "other"}, "spec": {"minNodes": 1}}),
        ),
        Step::patch(
            &a,
            MERGE,
            json!({"metadata": {"name": "other"}, "spec": {"minNodes": 1}}),
        ),
        Step::patch(
            &a,
            MERGE,
            json!({"metadata": {"deletionTimestamp": "2020-01-01T00:00:00Z"}}),
        ),
        Step::patch(
            &a,
            MERGE,
            json!({"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"}}),
        ),
        Step::patch(
            &a,
            MERGE,
            json!({"metadata": {"creationTimestamp": null, "generation": 77}}),
        ),
        Step::patch(
            &a,
            MERGE,
            json!({"spec": {"minNodes": 1}, "status": {"phase": "x"}}),
        ),
        Step::patch(&a, MERGE, json!({"spec": {"minNodes": 1000}})),
        Step::patch(&status, MERGE, everything),
        Step::patch(&status, MERGE, json!({"status": {"conditions": [{"type": "R"}]}})),
        Step::patch(&status, MERGE, json!({"status": {"conditions": twice}})),
        Step::patch(
            &status,
            MERGE,
            json!({"metadata": {"resourceVersion": "1"}, "status": {"phase": "y"}}),
        ),
        Step::put(&status, claim("a", &good)),
        Step::patch(&a, STRATEGIC, json!({"spec": {"minNodes": 1}})),
    ]
}
