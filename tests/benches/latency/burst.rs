//! Pods that the scheduler calls unschedulable, at the speed that is asked for.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::stamps::Stamps;
use crate::world::World;

/// Time between two pods of a burst: 500 in a second.
const BETWEEN: Duration = Duration::from_millis(2);
/// What each asks for, in thousandths of a core: some 38 share a node.
const CPU_M: u32 = 50;

/// Lets pods come one after the other.
pub(super) async fn burst(world: &World, stamps: &Stamps, pods: usize) {
    let mut due = Instant::now();
    for number in 0..pods {
        sleep_until(due).await;
        due += BETWEEN;
        call_for(world, stamps, &format!("burst-{number}"), CPU_M).await;
    }
}

/// Makes a pod that asks for so many thousandths of a core, and that no Node takes.
pub(super) async fn call_for(world: &World, stamps: &Stamps, name: &str, cpu_m: u32) {
    let pod: Pod = serde_json::from_value(json!({
        "metadata": { "name": name, "ownerReferences": [
            { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "burst", "uid": "8f14e460", "controller": true },
        ] },
        "spec": { "containers": [
            { "name": "work", "resources": { "requests": { "cpu": format!("{cpu_m}m"), "memory": "8Mi" } } },
        ] },
        "status": { "phase": "Pending", "conditions": [
            { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node takes it" },
        ] },
    }))
    .expect("a pod");
    let pods: Api<Pod> = Api::namespaced(world.client.clone(), "default");
    stamps.called(name);
    let made = pods.create(&PostParams::default(), &pod).await;
    made.expect("a pod is accepted");
}
