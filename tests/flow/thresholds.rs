//! NodeGroups grow by what is requested of them, whoever waits: once it was too much for the whole window, one node at a time.

use std::time::Duration;

use autoscaler_controller::resources::NodeGroup;
use k8s_openapi::api::core::v1::Pod;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use node_lifecycle::audit::{Action, Filter};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::ready_web;
use super::telemetry::shown;

/// Starts a world with one Ready node of `web`, changes the spec of that, and puts a pod on the node that requests 1700m of
/// its 1900m of CPU.
async fn busy(spec: Value) -> Fleet {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let change = Patch::Merge(json!({ "spec": spec }));
    let changed = fleet
        .api::<NodeGroup>()
        .patch("web", &PatchParams::default(), &change)
        .await;
    changed.expect("a person may write it");
    let status = stored.claims[0].status.clone().unwrap_or_default();
    // Longer than a NodeGroup cools down after its first node.
    sleep(Duration::from_secs(600)).await;
    let pod = json!({
        "metadata": { "name": "busy" },
        "spec": {
            "nodeName": status.node_name.expect("it has joined"),
            "containers": [{
                "name": "work", "image": "work", "resources": { "requests": { "cpu": "1700m", "memory": "64Mi" } },
            }],
        },
    });
    let pod: Pod = serde_json::from_value(pod).expect("a pod");
    let pods: Api<Pod> = Api::namespaced(fleet.nodes().into_client(), NAMESPACE);
    let made = pods.create(&PostParams::default(), &pod).await;
    made.expect("it is accepted");
    fleet
}

/// Returns the reason of a condition of `web`.
fn says<'s>(stored: &'s Stored, type_: &str) -> Option<&'s str> {
    let status = stored.group("web").status.as_ref()?;
    let mut conditions = status.conditions.iter().flatten();
    conditions.find(|one| one.type_ == type_)?.reason.as_deref()
}

/// SC-7, LC-43: a group without a policy gets one node more once more than 80 percent of its CPU was requested for 60 s, and
/// no further one; nor does the one that nothing runs on go again, although the group may shrink.
#[tokio::test(start_paused = true)]
async fn busy_group_grows_by_one_node_and_does_not_lose_it_again() {
    let fleet = busy(json!({ "maxNodes": 5, "scaleDownPolicy": { "enabled": true } })).await;
    sleep(Duration::from_secs(59)).await;
    let stored = fleet.stored().await;
    assert_eq!(stored.claims.len(), 1, "the window is not over");
    assert_eq!(says(&stored, "ScaleUp"), Some("Stabilising"));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(fleet.stored().await.claims.len(), 2, "it is");
    sleep(Duration::from_secs(4 * 3600)).await;
    let stored = fleet.stored().await;
    assert!(stored.counts("web", 2, 2), "{stored}");
    assert_eq!(fleet.cloud.ledger().len(), 2, "each was asked for once");
    assert_eq!(says(&stored, "ScaleUp"), None);
    assert_eq!(says(&stored, "ScaleDown"), Some("NeededByThreshold"));
    let entries = fleet.audit.select(&Filter::default());
    let of_second = entries.iter().filter(|entry| {
        let is_made = entry.action == Action::ScaleUp && entry.reason != "slots_free";
        is_made || entry.node.as_deref() == Some("web-2") && entry.action == Action::NodeProvision
    });
    let told = of_second.map(|entry| format!("{} {}", entry.reason, entry.decision_by));
    let by_policy = ["above_threshold", "requested", "discovered", "joined"];
    assert_eq!(
        told.collect::<Vec<_>>(),
        by_policy.map(|reason| format!("{reason} scale_up_policy"))
    );
}

/// SC-7: a restart makes the window begin anew.
#[tokio::test(start_paused = true)]
async fn window_of_a_busy_group_begins_anew_after_a_restart() {
    let mut fleet = busy(json!({ "maxNodes": 5 })).await;
    sleep(Duration::from_secs(50)).await;
    fleet.kill().await;
    fleet.start().await;
    sleep(Duration::from_secs(55)).await;
    assert_eq!(fleet.stored().await.claims.len(), 1);
    sleep(Duration::from_secs(15)).await;
    assert_eq!(fleet.stored().await.claims.len(), 2);
}

/// SC-6, SC-7: a group that is switched off does not grow by its use, whatever its thresholds, and none passes its maximum.
#[tokio::test(start_paused = true)]
async fn busy_group_that_may_not_grow_stays_as_it_is() {
    let off = json!({ "enabled": false, "cpuThreshold": 0, "stabilizationWindowSeconds": 0 });
    let fleet = busy(json!({ "maxNodes": 5, "scaleUpPolicy": off })).await;
    sleep(Duration::from_secs(1200)).await;
    let stored = fleet.stored().await;
    assert_eq!((stored.claims.len(), says(&stored, "ScaleUp")), (1, None));
    let fleet = busy(json!({ "maxNodes": 1 })).await;
    sleep(Duration::from_secs(1200)).await;
    let stored = fleet.stored().await;
    assert_eq!(stored.claims.len(), 1);
    assert_eq!(says(&stored, "ScaleUp"), Some("AtMaximumCapacity"));
    let held = r#"nodegroup_scale_up_held{nodegroup="web",namespace="default",reason="at-maximum"} 1"#;
    assert!(shown(&fleet.metrics).contains(held));
    fleet.delete::<NodeGroup>("web").await;
    sleep(Duration::from_secs(60)).await;
    assert!(
        !shown(&fleet.metrics).contains("scale_up_held{"),
        "it goes with its group"
    );
}
