//! Nodes: taints, labels and conditions, as the operator and kubelets write them.

use serde_json::{Value, json};

use super::{NODES, of};
use crate::request::{MERGE, STRATEGIC, Step};

pub(super) fn steps() -> Vec<Step> {
    let n = of(NODES, "n");
    let taints = |taints: Value| Step::patch(&n, STRATEGIC, json!({"spec": {"taints": taints}}));
    let conditions = json!([{"type": "Ready", "status": "False"}, {"type": "Disk", "status": "False"}]);
    // With a taint of its own, so that the taint of admission does not make a difference.
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"kept": "1", "old": "1"}},
        "spec": {"providerID": "v://1", "taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]},
        "status": {"capacity": {"cpu": "2"}, "conditions": conditions},
    });
    let wrong = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "w"}, "spec": {"unschedulable": "yes"}});
    let status = json!({
        "metadata": {"annotations": {"x": "y"}},
        "spec": {"unschedulable": true},
        "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Disk", "$patch": "delete"}]},
    });
    vec![
        Step::post(NODES, node),
        Step::post(NODES, wrong),
        taints(json!([{"key": "a", "effect": "Never"}])),
        taints(
            json!([{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule", "value": "2"}]),
        ),
        taints(json!([{"key": "a"}])),
        taints(json!([{"key": "a", "effect": "NoSchedule"}])),
        taints(json!([{"key": "b", "effect": "NoExecute"}])),
        Step::patch(&n, MERGE, json!({"spec": {"providerID": "v://2"}})),
        Step::patch(
            &n,
            STRATEGIC,
            json!({"metadata": {"labels": {"old": null, "new": "1"}}}),
        ),
        Step::patch(&n, MERGE, json!({"metadata": {"labels": {"x": "a b"}}})),
        Step::patch(&n, MERGE, json!({"metadata": {"labels": {"x": 1}}})),
        Step::patch(&of(NODES, "n/status"), STRATEGIC, status),
        Step::patch(&n, MERGE, json!({"status": {"conditions": null}})),
        Step::delete(&n),
        Step::delete(&n),
    ]
}
