//! The requests that both servers are asked, in order.

use serde_json::{Value, json};

pub(crate) const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const PATCH: &str = "application/json-patch+json";
const CLAIMS: &str = "/apis/test.example.com/v1/namespaces/default/claims";
const NODES: &str = "/api/v1/nodes";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const EVENTS: &str = "/apis/events.k8s.io/v1/namespaces/default/events";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// One request.
pub(crate) struct Step {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Value,
}

impl Step {
    pub(crate) fn get(path: &str) -> Step {
        Step {
            method: "GET",
            path: path.to_owned(),
            content_type: JSON,
            body: Value::Null,
        }
    }

    fn post(path: &str, body: Value) -> Step {
        Step {
            method: "POST",
            path: path.to_owned(),
            content_type: JSON,
            body,
        }
    }

    fn put(path: &str, body: Value) -> Step {
        Step {
            method: "PUT",
            path: path.to_owned(),
            content_type: JSON,
            body,
        }
    }

    fn delete(path: &str) -> Step {
        Step {
            method: "DELETE",
            path: path.to_owned(),
            content_type: JSON,
            body: Value::Null,
        }
    }

    fn patch(path: &str, content_type: &'static str, body: Value) -> Step {
        Step {
            method: "PATCH",
            path: path.to_owned(),
            content_type,
            body,
        }
    }
}

pub(crate) fn steps() -> Vec<Step> {
    let mut steps = creations();
    steps.extend(schemas());
    steps.extend(metadata());
    steps.extend(locking());
    steps.extend(json_patches());
    steps.extend(applies());
    steps.extend(deletions());
    steps.extend(nodes());
    steps.extend(events());
    steps.extend(others());
    steps
}

fn claim(name: &str, spec: &Value) -> Value {
    claim_with(&json!({"name": name}), spec)
}

fn claim_with(metadata: &Value, spec: &Value) -> Value {
    json!({"apiVersion": "test.example.com/v1", "kind": "Claim", "metadata": metadata, "spec": spec})
}

fn of(collection: &str, rest: &str) -> String {
    format!("{collection}/{rest}")
}

fn creations() -> Vec<Step> {
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
        Step::post(&format!("{CLAIMS}?dryRun=All"), claim("rehearsed", &good)),
        Step::get(&of(CLAIMS, "rehearsed")),
    ]
}

/// Each is made and removed again, so that the next finds the name free.
fn schemas() -> Vec<Step> {
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

fn metadata() -> Vec<Step> {
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

fn locking() -> Vec<Step> {
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

fn json_patches() -> Vec<Step> {
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

fn applies() -> Vec<Step> {
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

fn deletions() -> Vec<Step> {
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

fn nodes() -> Vec<Step> {
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

/// What a recorder of Events sends: one that is new, and the same counted on.
fn events() -> Vec<Step> {
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

fn others() -> Vec<Step> {
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
