//! Evictions: a Pod goes unless its disruption budget forbids it.
//!
//! No controller counts here: the status of a budget is written as the disruption controller would.

use kube::Client;
use serde_json::{Value, json};

use crate::request::{MERGE, Step, must};
use crate::steps::of;

const PODS: &str = "/api/v1/namespaces/default/pods";
const BUDGETS: &str = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";

/// Tells of Pods with and without a budget.
pub(crate) async fn tell(client: &Client) {
    pod_without_a_budget_goes(client).await;
    budget_is_asked(client).await;
    pod_that_serves_nobody_needs_no_budget(client).await;
    wishes_are_minded(client).await;
    held_pod_says_why_it_goes(client).await;
}

fn evict(name: &str, options: Value) -> Step {
    let mut eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}});
    if !options.is_null() {
        eviction["deleteOptions"] = options;
    }
    Step::post(&of(PODS, &format!("{name}/eviction")), eviction)
}

/// Makes a Pod that no Node has yet, so that its end needs no kubelet.
async fn pod(client: &Client, name: &str, app: &str) -> Value {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": app}},
        "spec": {"automountServiceAccountToken": false, "containers": [{"name": "one", "image": "none"}]},
    });
    must(client, 201, Step::post(PODS, pod)).await
}

/// Says of a Pod what a kubelet says.
async fn is(client: &Client, name: &str, phase: &str, ready: &str) {
    let status = json!({"status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}});
    let path = of(PODS, &format!("{name}/status"));
    must(client, 200, Step::patch(&path, MERGE, status)).await;
}

async fn running(client: &Client, name: &str, app: &str) {
    pod(client, name, app).await;
    is(client, name, "Running", "True").await;
}

async fn budget(client: &Client, name: &str, selector: Value) {
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"minAvailable": 1, "selector": selector},
    });
    must(client, 201, Step::post(BUDGETS, budget)).await;
}

/// Says of a budget what the disruption controller says.
async fn counted(client: &Client, name: &str, allowed: i32, healthy: i32) {
    let status = json!({"status": {
        "observedGeneration": 1, "disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": 2,
        "expectedPods": 2,
    }});
    let path = of(BUDGETS, &format!("{name}/status"));
    must(client, 200, Step::patch(&path, MERGE, status)).await;
}

async fn is_gone(client: &Client, name: &str) {
    must(client, 404, Step::get(&of(PODS, name))).await;
}

async fn pod_without_a_budget_goes(client: &Client) {
    let missing = must(client, 404, evict("missing", Value::Null)).await;
    assert_eq!(missing["reason"], "NotFound");
    running(client, "free", "free").await;
    let gone = must(client, 201, evict("free", Value::Null)).await;
    assert_eq!(
        (&gone["kind"], &gone["status"], &gone["code"]),
        (&json!("Status"), &json!("Success"), &json!(201))
    );
    is_gone(client, "free").await;
}

async fn budget_is_asked(client: &Client) {
    budget(client, "shop", json!({"matchLabels": {"app": "shop"}})).await;
    for name in ["shop-0", "shop-1"] {
        running(client, name, "shop").await;
    }
    running(client, "stranger", "other").await;

    let uncounted = must(client, 429, evict("shop-0", Value::Null)).await;
    assert_eq!(
        uncounted["details"]["retryAfterSeconds"], 10,
        "nobody has counted yet"
    );
    counted(client, "shop", 0, 2).await;
    let refused = must(client, 429, evict("shop-0", Value::Null)).await;
    assert_eq!(refused["reason"], "TooManyRequests");
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    assert_eq!(refused["message"], message);
    let cause = &refused["details"]["causes"][0];
    let why = "The disruption budget shop needs 2 healthy pods and has 2 currently";
    assert_eq!(
        (&cause["reason"], &cause["message"]),
        (&json!("DisruptionBudget"), &json!(why))
    );
    must(client, 200, Step::get(&of(PODS, "shop-0"))).await;
    must(client, 201, evict("stranger", Value::Null)).await;

    counted(client, "shop", 1, 2).await;
    must(client, 201, evict("shop-0", Value::Null)).await;
    is_gone(client, "shop-0").await;
    let after = must(client, 200, Step::get(&of(BUDGETS, "shop"))).await;
    assert_eq!(after["status"]["disruptionsAllowed"], 0);
    assert!(after["status"]["disruptedPods"]["shop-0"].is_string(), "{after}");
    must(client, 429, evict("shop-1", Value::Null)).await;
}

async fn pod_that_serves_nobody_needs_no_budget(client: &Client) {
    for (phase, ready) in [("Pending", "False"), ("Succeeded", "False"), ("Failed", "False")] {
        pod(client, "idle", "shop").await;
        is(client, "idle", phase, ready).await;
        must(client, 201, evict("idle", Value::Null)).await;
        is_gone(client, "idle").await;
    }
    running(client, "sick", "shop").await;
    is(client, "sick", "Running", "False").await;
    counted(client, "shop", 0, 1).await;
    must(client, 429, evict("sick", Value::Null)).await;
    counted(client, "shop", 0, 2).await;
    must(client, 201, evict("sick", Value::Null)).await;
    is_gone(client, "sick").await;
    let app = json!({"key": "app", "operator": "In", "values": ["shop"]});
    budget(client, "second", json!({"matchExpressions": [app]})).await;
    let twice = must(client, 500, evict("shop-1", Value::Null)).await;
    assert_eq!(twice["status"], "Failure");
    must(client, 200, Step::delete(&of(BUDGETS, "second"))).await;
    must(client, 200, Step::delete(&of(BUDGETS, "shop"))).await;
    must(client, 201, evict("shop-1", Value::Null)).await;
}

async fn wishes_are_minded(client: &Client) {
    running(client, "wished", "free").await;
    must(client, 201, evict("wished", json!({"dryRun": ["All"]}))).await;
    let other = json!({"preconditions": {"uid": "other"}});
    must(client, 409, evict("wished", other)).await;
    let step = evict("wished", Value::Null);
    let body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "another"}});
    must(client, 400, Step { body, ..step }).await;
    must(client, 405, Step::get(&of(PODS, "wished/eviction"))).await;
    must(client, 201, evict("wished", Value::Null)).await;
    is_gone(client, "wished").await;
}

async fn held_pod_says_why_it_goes(client: &Client) {
    running(client, "held", "free").await;
    let held = json!({"metadata": {"finalizers": ["test.example.com/x"]}});
    must(client, 200, Step::patch(&of(PODS, "held"), MERGE, held)).await;
    for _ in 0..2 {
        must(client, 201, evict("held", Value::Null)).await;
    }
    let leaving = must(client, 200, Step::get(&of(PODS, "held"))).await;
    assert!(leaving["metadata"]["deletionTimestamp"].is_string(), "{leaving}");
    let conditions = leaving["status"]["conditions"].as_array().into_iter().flatten();
    let why: Vec<_> = conditions
        .filter(|it| it["type"] == "DisruptionTarget")
        .map(|it| (&it["status"], &it["reason"]))
        .collect();
    assert_eq!(why, [(&json!("True"), &json!("EvictionByEvictionAPI"))]);
    let free = json!({"metadata": {"finalizers": null}});
    must(client, 200, Step::patch(&of(PODS, "held"), MERGE, free)).await;
    is_gone(client, "held").await;
}
