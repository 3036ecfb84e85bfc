//! The lives of nodes, as they follow from Nodes and pods, and what is recorded of them.

use autoscaler_controller::resources::{VPSieNode, keys};
use k8s_openapi::api::core::v1::Pod;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::Api;
use kube::ResourceExt;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use super::ready_web;

fn pods(fleet: &Fleet) -> Api<Pod> {
    Api::namespaced(fleet.nodes().into_client(), NAMESPACE)
}

/// Lets a pod run on the Node of `web-1`.
pub(super) async fn run_pod(fleet: &Fleet, name: &str) {
    let stored = fleet.stored().await;
    let claim = stored.claim("web-1").expect("it is Ready");
    let node = claim.status.as_ref().and_then(|status| status.node_name.clone());
    let pod = json!({
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "nodeName": node, "containers": [{ "name": "work", "image": "work" }] },
    });
    let pod: Pod = serde_json::from_value(pod).expect("a pod");
    let created = pods(fleet).create(&PostParams::default(), &pod).await;
    created.expect("the pod is accepted");
}

pub(super) async fn end_pod(fleet: &Fleet, name: &str) {
    let now = DeleteParams::default().grace_period(0);
    let deleted = pods(fleet).delete(name, &now).await;
    deleted.expect("the pod is there");
}

/// Reads the record of `web-1`.
pub(super) fn record(stored: &Stored) -> Option<Value> {
    record_of(stored, "web-1")
}

/// Reads the record of a VPSieNode.
pub(super) fn record_of(stored: &Stored, claim: &str) -> Option<Value> {
    let claim: &VPSieNode = stored.claim(claim)?;
    let text = claim.annotations().get(keys::ANNOTATION_LIFECYCLE)?;
    Some(serde_json::from_str(text).expect("the record is JSON"))
}

pub(super) async fn until_state(fleet: &Fleet, state: &str) -> Value {
    let stored = fleet
        .until(state, |stored| {
            record(stored).is_some_and(|record| record["state"] == state)
        })
        .await;
    record(&stored).expect("it was there just now")
}

/// LC-7, LC-8, LC-9: joined, in use, at rest, in use again; what happened first is stamped once.
#[tokio::test(start_paused = true)]
async fn life_of_a_node_follows_its_pods() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let ready = until_state(&fleet, "ready").await;
    assert_eq!(ready["pods"], Value::Null);
    run_pod(&fleet, "first").await;
    let active = until_state(&fleet, "active").await;
    assert_eq!(active["pods"]["ever"], 1);
    assert_eq!(active["initializedAt"], ready["initializedAt"]);
    end_pod(&fleet, "first").await;
    let idle = until_state(&fleet, "idle").await;
    assert_eq!(idle["lastWorkloadAt"], idle["enteredAt"]);
    run_pod(&fleet, "second").await;
    let again = until_state(&fleet, "active").await;
    assert_eq!(again["pods"]["ever"], 2);
    assert_eq!(again["firstWorkloadAt"], active["firstWorkloadAt"]);
}

/// LC-10, LC-29: a new process goes on with the record and counts no pod twice.
#[tokio::test(start_paused = true)]
async fn life_survives_a_restart() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    run_pod(&fleet, "first").await;
    let before = until_state(&fleet, "active").await;
    fleet.kill().await;
    run_pod(&fleet, "second").await;
    end_pod(&fleet, "first").await;
    fleet.start().await;
    fleet
        .until("the second is counted", |stored| {
            record(stored).is_some_and(|record| record["pods"]["ever"] == 2)
        })
        .await;
    let after = record(&fleet.stored().await).expect("there is a record");
    for field in ["state", "enteredAt", "initializedAt", "firstWorkloadAt"] {
        assert_eq!(after[field], before[field], "{field}");
    }
}

/// LC-29: a fleet at rest writes nothing, however often it is looked at.
#[tokio::test(start_paused = true)]
async fn lives_at_rest_are_not_written() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    run_pod(&fleet, "first").await;
    until_state(&fleet, "active").await;
    let before = fleet.polls(3).await;
    let after = fleet.polls(20).await;
    let versions = |stored: &Stored| -> Vec<Option<String>> {
        stored.claims.iter().map(ResourceExt::resource_version).collect()
    };
    assert_eq!(versions(&before), versions(&after));
}

/// LC-17: the machine of a deleted VPSieNode stays while a workload pod runs on its Node, and says what to do.
#[tokio::test(start_paused = true)]
async fn machine_with_workload_pods_stays_until_they_are_gone() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    run_pod(&fleet, "first").await;
    until_state(&fleet, "active").await;
    fleet.delete::<VPSieNode>("web-1").await;
    let stored = fleet.polls(30).await;
    assert_eq!(fleet.cloud.removals(), []);
    let status = stored.claim("web-1").and_then(|claim| claim.status.clone());
    let conditions = status.and_then(|status| status.conditions).unwrap_or_default();
    let waits = conditions
        .iter()
        .find(|condition| condition.reason.as_deref() == Some("WorkloadPods"));
    let message = waits.and_then(|condition| condition.message.as_deref());
    assert!(
        message.is_some_and(|message| message.contains("kubectl drain")),
        "{conditions:?}"
    );
    assert!(stored.nodes.iter().any(|node| {
        node.spec
            .as_ref()
            .is_some_and(|spec| spec.unschedulable == Some(true))
    }));
    end_pod(&fleet, "first").await;
    fleet
        .until("the machine is removed", |_| fleet.cloud.removals().len() == 1)
        .await;
}

/// LC-28: a pod that is bound although the watch has not told of it keeps the machine.
#[tokio::test(start_paused = true)]
async fn pod_that_the_watch_has_not_shown_keeps_the_machine() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.wire.hold(|sent| sent.is_about("nodes") && sent.is_effect());
    fleet.delete::<VPSieNode>("web-1").await;
    fleet.wire.is_held().await;
    // The pass has decided on an empty Node already; nothing that comes now is seen before it ends.
    run_pod(&fleet, "first").await;
    fleet.wire.release();
    fleet.polls(5).await;
    assert_eq!(fleet.cloud.removals(), []);
    end_pod(&fleet, "first").await;
    fleet
        .until("the machine is removed", |_| fleet.cloud.removals().len() == 1)
        .await;
}
