//! Refusals of the gate that need an unusual world, each provoked in the running operator: it says so and removes nothing.
//!
//! `tests/tidy/lifecycle.rs` names for every refusal the test that provokes it.

use std::time::Duration;

use autoscaler_controller::resources::{VPSieNode, keys};
use fleet_sim::cloud::{CallKind, Delay};
use k8s_openapi::api::core::v1::Pod;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use node_lifecycle::RefusalName;
use node_lifecycle::audit::{Filter, Outcome};
use serde_json::{Value, json};

use super::broken::{clean_up, silence};
use super::lives::{end_pod, record, run_pod, until_state};
use super::scenarios::shrink;
use super::{ready_web, web};

/// Tells whether a condition of a VPSieNode has this reason.
pub(super) fn says(stored: &Stored, claim: &str, reason: &str) -> bool {
    let status = stored.claim(claim).and_then(|claim| claim.status.as_ref());
    let mut conditions = status
        .and_then(|status| status.conditions.as_deref())
        .unwrap_or_default()
        .iter();
    conditions.any(|condition| condition.reason.as_deref() == Some(reason))
}

/// Checks that the audit log has the refusal, with who decided, and that VPSie was asked for nothing.
pub(super) fn check_refused(fleet: &Fleet, name: RefusalName, decided_by: &str) {
    let entries = fleet.audit.select(&Filter {
        result: Some(Outcome::Rejected),
        ..Filter::default()
    });
    let is_it = |reason: &str, by: &str| reason == name.as_str() && by == decided_by;
    assert!(
        entries
            .iter()
            .any(|entry| is_it(&entry.reason, entry.decision_by.as_str())),
        "{name} by {decided_by}: {entries:?}"
    );
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0, "{name}");
}

/// Changes the record of the life of `web-1` while no operator runs; without a record it is taken away.
async fn live_on_with(fleet: &mut Fleet, change: impl FnOnce(Value) -> Option<Value>) {
    let before = record(&fleet.stored().await).expect("there is a record");
    fleet.kill().await;
    let record = change(before).map(|record| record.to_string());
    let patch = json!({ "metadata": { "annotations": { keys::ANNOTATION_LIFECYCLE: record } } });
    let (claims, parameters) = (fleet.api::<VPSieNode>(), PatchParams::default());
    let written = claims.patch("web-1", &parameters, &Patch::Merge(patch)).await;
    written.expect("a person may write it");
    fleet.start().await;
}

/// LC-18, LC-19, LC-21: a life of which too little is known holds the machine of a deleted VPSieNode, and says what is
/// missing.
#[tokio::test(start_paused = true)]
async fn life_that_says_too_little_keeps_the_machine() {
    type Change = fn(Value) -> Option<Value>;
    let table: [(RefusalName, &str, Change); 3] = [
        (RefusalName::PostSyncGracePeriod, "PostSyncGracePeriod", |_| None),
        (RefusalName::TimestampMissing, "TimestampMissing", |mut record| {
            record.as_object_mut()?.remove("lastWorkloadAt");
            Some(record)
        }),
        (RefusalName::InvalidState, "InvalidState", |mut record| {
            record.as_object_mut()?.remove("pods");
            Some(record)
        }),
    ];
    for (name, reason, change) in table {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 1).await;
        run_pod(&fleet, "first").await;
        until_state(&fleet, "active").await;
        end_pod(&fleet, "first").await;
        until_state(&fleet, "idle").await;
        live_on_with(&mut fleet, change).await;
        fleet.polls(1).await;
        fleet.delete::<VPSieNode>("web-1").await;
        fleet.until(reason, |stored| says(stored, "web-1", reason)).await;
        check_refused(&fleet, name, "manual");
    }
}

/// Lets so many pods that are no workload be on the Node of `web-1`: over, or of a DaemonSet.
async fn crowd(fleet: &Fleet, name: &str, count: usize, is_over: bool) {
    let stored = fleet.stored().await;
    let status = stored.claim("web-1").and_then(|claim| claim.status.clone());
    let node = status.and_then(|status| status.node_name);
    let pods: Api<Pod> = Api::namespaced(fleet.nodes().into_client(), NAMESPACE);
    let daemon_set = json!([{
        "apiVersion": "apps/v1", "kind": "DaemonSet", "name": name, "uid": name, "controller": true,
    }]);
    for number in 0..count {
        let pod = json!({
            "metadata": {
                "name": format!("{name}-{number}"),
                "ownerReferences": if is_over { json!([]) } else { daemon_set.clone() },
            },
            "spec": { "nodeName": node, "containers": [{ "name": "work", "image": "work" }] },
        });
        let pod: Pod = serde_json::from_value(pod).expect("a pod");
        let made = pods.create(&PostParams::default(), &pod).await;
        let name = made.expect("the pod is accepted").name_any();
        if is_over {
            let over = Patch::Merge(json!({ "status": { "phase": "Succeeded" } }));
            let written = pods.patch_status(&name, &PatchParams::default(), &over).await;
            written.expect("a kubelet writes its pods");
        }
    }
}

/// LC-21, LC-25: right before a removal all pods of the Node that are not over must fit into one list; with more the machine
/// stays, whatever they are, and pods that are over are any number.
#[tokio::test(start_paused = true)]
async fn node_with_more_pods_than_one_list_shows_keeps_its_machine() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    crowd(&fleet, "daemon", 1001, false).await;
    fleet.polls(2).await;
    fleet.delete::<VPSieNode>("web-1").await;
    let name = RefusalName::WorkloadSyncInProgress;
    let is_refused = |fleet: &Fleet| {
        let entries = fleet.audit.select(&Filter::default());
        entries.iter().any(|entry| entry.reason == name.as_str())
    };
    fleet.until("it is refused", |_| is_refused(&fleet)).await;
    fleet.polls(10).await;
    check_refused(&fleet, name, "manual");
    crowd(&fleet, "job", 2000, true).await;
    let pods: Api<Pod> = Api::namespaced(fleet.nodes().into_client(), NAMESPACE);
    pods.delete("daemon-0", &DeleteParams::default().grace_period(0))
        .await
        .expect("it is there");
    let gone = fleet.until("its machine is removed", |_| {
        fleet.cloud.calls_of(CallKind::RemoveWorker) == 1
    });
    gone.await;
}

/// E4, LC-20: what has Failed is a person's, and no clean-up has it.
#[tokio::test(start_paused = true)]
async fn clean_up_leaves_what_has_failed_to_a_person() {
    let mut fleet = Fleet::in_memory(1);
    fleet
        .cloud
        .behaviour(|behaviour| behaviour.ready_delay = Delay::exactly(Duration::from_secs(86_400)));
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    fleet
        .until("it has Failed", |stored| {
            stored.claim_problem("web-1").as_deref() == Some("JoiningTimeout")
        })
        .await;
    clean_up(&fleet).await;
    let said = fleet.until("it says so", |stored| {
        says(stored, "web-1", "ManualCleanupRequired")
    });
    said.await;
    fleet.polls(10).await;
    check_refused(&fleet, RefusalName::ManualCleanupRequired, "unhealthy_cleanup");
}

/// LC-23: while pods run in a group, its last usable node stays, although `minNodes` would let it go.
#[tokio::test(start_paused = true)]
async fn last_usable_node_stays_while_pods_run_in_its_group() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    run_pod(&fleet, "first").await;
    until_state(&fleet, "active").await;
    silence(&fleet, "web-1", true).await;
    until_state(&fleet, "unhealthy").await;
    shrink(&fleet).await;
    tokio::time::sleep(Duration::from_secs(2400)).await;
    check_refused(&fleet, RefusalName::LastNodeOfWorkload, "scale_down_policy");
    assert!(fleet.stored().await.claim("web-2").is_some());
}
