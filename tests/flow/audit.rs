//! What the operator records of the life of a node, and that it records although its store is ill.

use std::sync::Arc;

use audit_store::{Cause, Location, Recorder};
use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use node_lifecycle::audit::{Action, Entry, Filter, Outcome};
use serde_json::json;

use super::lives::{end_pod, run_pod, until_state};
use super::telemetry::events;
use super::{ready_web, web};

/// Lists entries as `action reason result decider`.
pub(super) fn told(entries: &[Arc<Entry>]) -> Vec<String> {
    let told = |entry: &Arc<Entry>| {
        let Entry {
            action,
            reason,
            result,
            decision_by,
            ..
        } = entry.as_ref();
        format!("{action} {reason} {result} {decision_by}")
    };
    entries.iter().map(told).collect()
}

async fn delete_web(fleet: &mut Fleet) {
    fleet.delete::<NodeGroup>("web").await;
    let gone = fleet.until("all is gone", |stored| {
        stored.groups.is_empty() && stored.claims.is_empty()
    });
    gone.await;
    // The pass that sees it gone.
    tokio::time::sleep(fleet.settings.poll_interval * 2).await;
}

/// LC-36, LC-50: the whole life of a node, each step once, under the id of its request and of the pass.
#[tokio::test(start_paused = true)]
async fn whole_life_of_a_node_is_in_the_audit_log() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let uid = stored.claim("web-1").and_then(ResourceExt::uid);
    run_pod(&fleet, "first").await;
    until_state(&fleet, "active").await;
    end_pod(&fleet, "first").await;
    until_state(&fleet, "idle").await;
    delete_web(&mut fleet).await;
    let entries = fleet.audit.select(&Filter::default());
    let expected = [
        "scale_up slots_free success min_nodes",
        "node_provision requested success min_nodes",
        "lifecycle_transition machine_seen success observation",
        "node_provision discovered success min_nodes",
        "lifecycle_transition first_boot_completed success observation",
        "node_provision joined success min_nodes",
        "lifecycle_transition first_workload_added success observation",
        "lifecycle_transition last_workload_removed success observation",
        "scale_down node_group_deleted success manual",
        "node_decommission cordoned success manual",
        "node_decommission idle_long_enough success manual",
        "lifecycle_transition decommission_requested success observation",
        "lifecycle_transition provider_delete_confirmed success observation",
        "node_decommission removed success manual",
    ];
    assert_eq!(told(&entries), expected);
    for entry in &entries {
        assert_eq!(
            entry.group.as_deref(),
            Some(&*format!("{NAMESPACE}/web")),
            "{entry:?}"
        );
        assert!(entry.pass.is_some(), "{entry:?}");
        assert!(entry.node.is_none() || entry.request_id == uid, "{entry:?}");
    }
    let removal = entries.iter().find(|entry| entry.reason == "idle_long_enough");
    let snapshot = removal.and_then(|entry| entry.state_snapshot.as_ref());
    let snapshot = snapshot.expect("LC-35: the node as it was");
    assert_eq!((snapshot.workloads_ever, snapshot.workload_count), (1, 0));
    assert!(snapshot.ending.last_workload_at.is_some(), "{snapshot:?}");
    let cost = snapshot.ending.hourly_cost.map(|cost| cost.to_string());
    assert_eq!(cost.as_deref(), Some("0.0329"), "as VPSie offers its size");
}

/// LC-36, LC-52: each refusal is recorded, once a minute with those between, and its node as it was.
#[tokio::test(start_paused = true)]
async fn refusal_is_recorded_with_its_numbers_once_a_minute() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    run_pod(&fleet, "first").await;
    until_state(&fleet, "active").await;
    fleet.delete::<VPSieNode>("web-1").await;
    fleet.polls(13).await;
    let rejected = Filter {
        result: Some(Outcome::Rejected),
        ..Filter::default()
    };
    let entries = fleet.audit.select(&rejected);
    // The cordon, which comes after the first, ends the first row of them.
    let repeats: Vec<bool> = entries.iter().map(|entry| entry.repeats > 0).collect();
    assert_eq!(repeats, [false, false, true, true], "{entries:?}");
    for entry in &entries {
        assert_eq!(entry.reason, "workload_pods");
        assert_eq!(entry.message.as_deref(), Some("Node has 1 workload pods"));
        let snapshot = entry.state_snapshot.as_ref().expect("LC-35");
        assert_eq!(snapshot.workload_count, 1);
    }
}

/// Waits until a VPSieNode says that it failed for this reason, and for the pass that tells of it.
async fn until_failed(fleet: &Fleet, reason: &str) {
    fleet
        .until(reason, |stored| {
            stored.claim_problem("web-1").as_deref() == Some(reason)
        })
        .await;
    tokio::time::sleep(fleet.settings.poll_interval * 2).await;
}

/// LC-36: a request that is refused, and one that nobody knows the effect of, are recorded as such, and so is a machine
/// that does not come.
#[tokio::test(start_paused = true)]
async fn failed_provisions_are_in_the_audit_log() {
    let provisions = |fleet: &Fleet| {
        told(&fleet.audit.select(&Filter {
            action: Some(Action::NodeProvision),
            node: Some("web-1".to_owned()),
            ..Filter::default()
        }))
    };
    let mut refused = Fleet::in_memory(1);
    let body = r#"{"error":true,"message":"no room"}"#;
    let effect = FaultEffect::Status(400, body.to_owned());
    refused.cloud.fault(Fault::on(CallKind::AddWorker, effect));
    ready_web(&mut refused, 1).await;
    tokio::time::sleep(refused.settings.poll_interval * 2).await;
    let expected = [
        "node_provision refused failed min_nodes",
        "node_provision requested success min_nodes",
        "node_provision discovered success min_nodes",
        "node_provision joined success min_nodes",
    ];
    assert_eq!(provisions(&refused), expected);
    let mut lost = Fleet::in_memory(1);
    lost.cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect));
    lost.start().await;
    lost.create(&web(&lost, 1)).await;
    until_failed(&lost, "DiscoveryTimeout").await;
    let expected = [
        "node_provision outcome_unknown failed min_nodes",
        "node_provision DiscoveryTimeout failed min_nodes",
    ];
    assert_eq!(provisions(&lost), expected);
    let mut mute = Fleet::in_memory(1);
    mute.cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins));
    mute.start().await;
    mute.create(&web(&mute, 1)).await;
    until_failed(&mute, "JoiningTimeout").await;
    let expected = [
        "node_provision requested success min_nodes",
        "node_provision discovered success min_nodes",
        "node_provision JoiningTimeout failed min_nodes",
    ];
    assert_eq!(provisions(&mute), expected);
}

/// LC-26, LC-36: what VPSie refuses is recorded as failed, with the ground of the gate and the error.
#[tokio::test(start_paused = true)]
async fn failed_removal_is_recorded_with_its_error() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let fault = Fault::on(CallKind::RemoveWorker, FaultEffect::TimeOutBeforeEffect);
    fleet.cloud.fault(fault);
    delete_web(&mut fleet).await;
    let failed = Filter {
        result: Some(Outcome::Failed),
        ..Filter::default()
    };
    let entries = fleet.audit.select(&failed);
    assert_eq!(told(&entries), ["node_decommission never_used failed manual"]);
    assert!(
        entries[0].error.is_some() && entries[0].state_snapshot.is_some(),
        "{entries:?}"
    );
}

/// LC-36: that a removal was asked for is no proof that the machine is gone, whoever lets the VPSieNode go.
#[tokio::test(start_paused = true)]
async fn removal_that_a_person_cut_short_is_not_told_as_done() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let fault = Fault::on(CallKind::RemoveWorker, FaultEffect::TimeOutBeforeEffect);
    fleet.cloud.fault(fault);
    fleet.delete::<VPSieNode>("web-1").await;
    let unknown = |stored: &Stored| {
        let claim = stored.claim("web-1").expect("its finalizer holds it");
        let intent = claim.annotations().get(keys::ANNOTATION_REMOVAL_INTENT);
        intent.is_some_and(|intent| intent.contains(r#""outcome":"unknown""#))
    };
    fleet
        .until("nobody knows what came of the removal", unknown)
        .await;
    fleet.polls(1).await;
    let patch = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    let claims = fleet.api::<VPSieNode>();
    let patched = claims.patch("web-1", &PatchParams::default(), &patch).await;
    patched.expect("a person may take a finalizer off");
    fleet.polls(2).await;
    assert_eq!(fleet.cloud.removals(), []);
    let entries = fleet.audit.select(&Filter::default());
    let ends: Vec<&Arc<Entry>> = entries
        .iter()
        .filter(|entry| ["removed", "not_removed", "not_proven"].contains(&entry.reason.as_str()))
        .collect();
    let [end] = ends.as_slice() else {
        panic!("it has one end: {ends:?}")
    };
    assert_eq!((end.reason.as_str(), end.result), ("not_proven", Outcome::Failed));
    let told: Vec<String> = events(&fleet)
        .await
        .into_iter()
        .map(|(_, _, reason, _)| reason)
        .collect();
    assert!(
        told.iter().any(|reason| reason == "MachineNotRemoved"),
        "{told:?}"
    );
    assert!(!told.iter().any(|reason| reason == "MachineRemoved"), "{told:?}");
}

/// LC-36: a machine that nobody asked for is recorded once, under the name of its NodeGroup and of no node.
#[tokio::test(start_paused = true)]
async fn leaked_machine_is_in_the_audit_log_once() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.polls(3).await;
    let group = fleet.cloud.groups(&fleet.cluster)[0].number;
    let uuid = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
    let leaked = |stored: &Stored| stored.group_condition("web", "MachinesLeaked").is_some();
    fleet.until("it is told", leaked).await;
    fleet.polls(6).await;
    let mut entries = fleet.audit.select(&Filter::default());
    entries.retain(|entry| entry.reason == "LeakedMachine");
    assert_eq!(
        told(&entries),
        ["node_provision LeakedMachine failed observation"]
    );
    let web = format!("{NAMESPACE}/web");
    assert_eq!((entries[0].group.as_ref(), &entries[0].node), (Some(&web), &None));
    let hostname = fleet.cloud.machine(&uuid).expect("it is there").hostname;
    let error = entries[0].error.as_deref().unwrap_or_default();
    assert!(error.contains(&hostname), "{error} does not name {hostname}");
}

/// Bad input: a store that cannot be written holds up nothing, shows in the state, and gets all of it later.
#[tokio::test(start_paused = true)]
async fn operator_works_on_while_its_audit_store_is_ill() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("missing");
    let location = format!("jsonl:{}", inside.join("audit").display());
    let location: Location = location.parse().expect("a store");
    let mut fleet = Fleet::in_memory(1);
    fleet.audit = Recorder::start(location, 1000, None);
    fleet.start().await;
    fleet.create(&web(&fleet, 2)).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 2, 2))
        .await;
    let state = fleet.audit.state();
    assert_eq!(
        state.trouble.map(|trouble| trouble.cause),
        Some(Cause::Unwritable)
    );
    assert!(state.queued > 5 && state.stored == 0, "{}", state.queued);
    std::fs::create_dir(&inside).expect("a folder");
    fleet.polls(12).await;
    let state = fleet.audit.state();
    assert_eq!((state.trouble, state.queued), (None, 0));
    let told = fleet.audit.stats().total_entries;
    assert_eq!(state.stored, told as u64, "all of it");
}
