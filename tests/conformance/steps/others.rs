//! Events, Leases, ConfigMaps, Secrets and a Namespace that is on its way out.

use serde_json::{Value, json};

use super::{EVENTS, LEASES, MAPS, of};
use crate::request::{MERGE, Step};

/// What a recorder of Events sends: one that is new, and the same counted on.
pub(super) fn events() -> Vec<Step> {
    let event = |name: &str, more: &Value| {
        let mut event = json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"},
            "action": "Test", "reason": "Tested", "note": "a test", "type": "Normal",
            "eventTime": "2026-01-24T08:00:00.000000Z",
            "reportingController": "vpsie-autoscaler", "reportingInstance": "one",
            "regarding": {"kind": "ConfigMap", "name": "a", "namespace": "default"},
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            event[key] = value.clone();
        }
        event
    };
    let series = json!({"series": {"count": 2, "lastObservedTime": "2026-01-24T08:01:00.000000Z"}});
    vec![
        Step::post(EVENTS, event("a.1", &json!({}))),
        Step::post(EVENTS, event("a.1", &json!({}))),
        Step::patch(&of(EVENTS, "a.1"), MERGE, event("a.1", &series)),
        Step::patch(&of(EVENTS, "missing"), MERGE, event("missing", &series)),
        Step::get(&of(EVENTS, "a.1")),
    ]
}

pub(super) fn others() -> Vec<Step> {
    let l = of(LEASES, "l");
    let lease = |meta: Value, time: &str| {
        let spec = json!({"holderIdentity": "me", "renewTime": time, "leaseDurationSeconds": 15});
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec})
    };
    let good = "2026-01-24T08:00:00.123456Z";
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}});
    let team = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}});
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"token": "abc"}
    });
    vec![
        Step::post(LEASES, lease(json!({"name": "plain"}), "2026-01-24T08:00:00Z")),
        Step::post(LEASES, lease(json!({"name": "l"}), good)),
        Step::put(&l, lease(json!({"name": "l"}), good)),
        Step::put(&l, lease(json!({"name": "l", "resourceVersion": "1"}), good)),
        Step::patch(&l, MERGE, json!({"spec": {"leaseDurationSeconds": -1}})),
        Step::patch(&l, MERGE, json!({"spec": {"renewTime": "2026-01-24T08:00:00Z"}})),
        Step::post(MAPS, map("c")),
        Step::patch(&of(MAPS, "c"), MERGE, json!({"data": {"a": 1}})),
        Step::patch(&of(MAPS, "c"), MERGE, json!({"data": {"a": null, "b": "2"}})),
        Step::post("/api/v1/namespaces/default/secrets", secret),
        Step::post("/api/v1/namespaces", team),
        Step::delete("/api/v1/namespaces/team"),
        Step::post(&MAPS.replace("default", "team"), map("late")),
    ]
}
