//! The requests that both servers are asked, in order, by topic.

#[path = "steps/claims.rs"]
mod claims;
#[path = "steps/endings.rs"]
mod endings;
#[path = "steps/locking.rs"]
mod locking;
#[path = "steps/nodes.rs"]
mod nodes;
#[path = "steps/others.rs"]
mod others;
#[path = "steps/patches.rs"]
mod patches;

use serde_json::{Value, json};

use crate::request::Step;

pub(crate) const CLAIMS: &str = "/apis/test.example.com/v1/namespaces/default/claims";
pub(crate) const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const NODES: &str = "/api/v1/nodes";
const EVENTS: &str = "/apis/events.k8s.io/v1/namespaces/default/events";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Lists every step; the later ones find what the earlier ones left.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps = claims::creations();
    steps.extend(claims::schemas());
    steps.extend(claims::metadata());
    steps.extend(locking::steps());
    steps.extend(patches::json_patches());
    steps.extend(patches::applies());
    steps.extend(endings::steps());
    steps.extend(nodes::steps());
    steps.extend(others::events());
    steps.extend(others::others());
    steps
}

pub(crate) fn claim(name: &str, spec: &Value) -> Value {
    claim_with(&json!({"name": name}), spec)
}

pub(crate) fn claim_with(metadata: &Value, spec: &Value) -> Value {
    json!({"apiVersion": "test.example.com/v1", "kind": "Claim", "metadata": metadata, "spec": spec})
}

pub(crate) fn of(collection: &str, rest: &str) -> String {
    format!("{collection}/{rest}")
}
