//! Nodes that are broken or short of disk: what happens by itself, and what the brakes hold.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, keys};
use fleet_sim::cloud::CallKind;
use k8s_openapi::api::core::v1::Node;
use kit::fleet::{Fleet, Stored};
use kube::api::{Patch, PatchParams};
use node_lifecycle::Decider;
use node_lifecycle::audit::Filter;
use serde_json::{Value, json};

use super::audit::told;
use super::lives::{end_pod, record_of, run_pod};
use super::scenarios::cordoned;
use super::telemetry::events;
use super::{bought, hold_removal, ready_web};

/// Longer than a Node may be silent before it counts as broken.
const LONG: Duration = Duration::from_secs(300);

fn node_name(stored: &Stored, claim: &str) -> String {
    let status = stored.claim(claim).and_then(|claim| claim.status.clone());
    status.and_then(|status| status.node_name).expect("it has joined")
}

/// Says on the Node of a VPSieNode whether its disk is nearly full.
pub(super) async fn fill(fleet: &Fleet, claim: &str, status: &str) {
    say(fleet, claim, "DiskPressure", status).await;
}

/// Writes a condition of the Node of a VPSieNode, as its kubelet does.
async fn say(fleet: &Fleet, claim: &str, type_: &str, status: &str) {
    let name = node_name(&fleet.stored().await, claim);
    let condition = json!({ "type": type_, "status": status });
    let patch = Patch::Strategic(json!({ "status": { "conditions": [condition] } }));
    let nodes = fleet.nodes();
    let patched: Result<Node, _> = nodes.patch_status(&name, &PatchParams::default(), &patch).await;
    patched.expect("a kubelet writes its Node");
}

/// Lets the kubelet of a VPSieNode fall silent, or speak again.
pub(super) async fn silence(fleet: &Fleet, claim: &str, is_silent: bool) {
    let stored = fleet.stored().await;
    let claim = stored.claim(claim).expect("it is there");
    let machine = claim.spec.vpsie_node_identifier.as_deref();
    fleet.cloud.silence(machine.expect("it is discovered"), is_silent);
}

/// Lets `web` remove its broken members, a moment after one was made.
pub(super) async fn clean_up(fleet: &Fleet) {
    let patch = Patch::Merge(json!({
        "metadata": { "annotations": { keys::ANNOTATION_UNHEALTHY_CLEANUP: keys::ENABLED } },
        "spec": { "scaleDownPolicy": { "enabled": false, "cooldownSeconds": 0 } },
    }));
    let groups = fleet.api::<NodeGroup>();
    let patched = groups.patch("web", &PatchParams::default(), &patch).await;
    patched.expect("a person may change a NodeGroup");
}

/// Returns why a VPSieNode says that its Node is not as it should be.
fn degraded<'s>(stored: &'s Stored, claim: &str) -> Option<&'s str> {
    let condition = stored.claim_condition(claim, "Degraded")?;
    condition.reason.as_deref().filter(|_| condition.is_true())
}

fn state(stored: &Stored, claim: &str) -> Option<Value> {
    Some(record_of(stored, claim)?["state"].clone())
}

/// Tells what the clean-up did and was refused, each row of the same once.
async fn told_of_clean_up(fleet: &Fleet) -> Vec<String> {
    tokio::time::sleep(fleet.settings.poll_interval * 2).await;
    let filter = Filter {
        decision_by: Some(Decider::UnhealthyCleanup.into()),
        ..Filter::default()
    };
    let mut told = told(&fleet.audit.select(&filter));
    told.dedup();
    told
}

async fn warnings(fleet: &Fleet, reason: &str) -> usize {
    let events = events(fleet).await.into_iter();
    let told = events.filter(|(_, type_, said, _)| type_ == "Warning" && said == reason);
    told.count()
}

/// LC-13: a full disk takes its Node out of service, used or not, after three observations; a restart changes nothing of
/// that, and neither does room on the disk.
#[tokio::test(start_paused = true)]
async fn full_disk_takes_one_node_of_five_out_of_service() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 5).await;
    run_pod(&fleet, "first").await;
    fill(&fleet, "web-1", "True").await;
    tokio::time::sleep(fleet.settings.poll_interval * 3 / 2).await;
    assert_eq!(cordoned(&fleet.stored().await), Vec::<&str>::new());
    // A new process counts from the start.
    fleet.kill().await;
    fleet.start().await;
    tokio::time::sleep(fleet.settings.poll_interval * 3 / 2).await;
    assert_eq!(cordoned(&fleet.stored().await), Vec::<&str>::new());
    let stored = fleet
        .until("it drains", |stored| {
            state(stored, "web-1").is_some_and(|state| state == "draining")
        })
        .await;
    assert_eq!(cordoned(&stored), ["web-1"]);
    assert_eq!(degraded(&stored, "web-1"), Some("DiskPressure"));
    fleet.kill().await;
    fill(&fleet, "web-1", "False").await;
    fleet.start().await;
    let stored = fleet.polls(20).await;
    assert_eq!(cordoned(&stored), ["web-1"]);
    assert_eq!(state(&stored, "web-1"), Some(json!("draining")));
    end_pod(&fleet, "first").await;
    fleet.polls(20).await;
    assert_eq!(fleet.cloud.removals(), [], "nobody asked for a clean-up");
    assert_eq!(warnings(&fleet, "DiskPressure").await, 1);
    let expected = [
        "node_decommission too_few_observations rejected unhealthy_cleanup",
        "node_decommission disk_pressure success unhealthy_cleanup",
    ];
    assert_eq!(told_of_clean_up(&fleet).await, expected);
}

/// LC-13a: full disks of two Nodes of five are no matter of single nodes: nothing is done, the operator says so, and goes
/// on once one of them has room.
#[tokio::test(start_paused = true)]
async fn full_disks_of_two_nodes_of_five_change_nothing() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 5).await;
    for claim in ["web-1", "web-2"] {
        fill(&fleet, claim, "True").await;
    }
    let stored = fleet.polls(8).await;
    assert_eq!(cordoned(&stored), Vec::<&str>::new());
    for claim in ["web-1", "web-2"] {
        assert_eq!(degraded(&stored, claim), Some("TooManyAffected"));
        assert_eq!(state(&stored, claim), Some(json!("ready")));
    }
    assert_eq!(warnings(&fleet, "TooManyAffected").await, 2);
    fleet.kill().await;
    fleet.start().await;
    let stored = fleet.polls(8).await;
    assert_eq!(cordoned(&stored), Vec::<&str>::new());
    fill(&fleet, "web-1", "False").await;
    let stored = fleet
        .until("the other one leaves service", |stored| {
            state(stored, "web-2").is_some_and(|state| state == "draining")
        })
        .await;
    assert_eq!(cordoned(&stored), ["web-2"]);
    assert_eq!(degraded(&stored, "web-1"), None);
    let told = told_of_clean_up(&fleet).await;
    let braked = "node_decommission too_many_affected rejected unhealthy_cleanup";
    assert!(told.iter().any(|told| told == braked), "{told:?}");
}

/// LC-13: that nobody knows how full a disk is, is no evidence.
#[tokio::test(start_paused = true)]
async fn silence_about_a_disk_changes_nothing() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    fill(&fleet, "web-1", "Unknown").await;
    let stored = fleet.polls(20).await;
    assert_eq!(cordoned(&stored), Vec::<&str>::new());
    assert_eq!(state(&stored, "web-1"), Some(json!("ready")));
}

/// LC-20, LC-25: a Node that is silent for long goes where its NodeGroup asks for it, with a restart in between, and
/// another takes its place; elsewhere nothing is concluded from silence.
#[tokio::test(start_paused = true)]
async fn silent_node_goes_where_its_group_asks_for_it() {
    let mut fleet = Fleet::in_memory(1);
    let before = ready_web(&mut fleet, 5).await;
    let node = node_name(&before, "web-1");
    silence(&fleet, "web-1", true).await;
    tokio::time::sleep(LONG * 6).await;
    let stored = fleet.stored().await;
    assert_eq!(state(&stored, "web-1"), Some(json!("unhealthy")));
    assert_eq!((fleet.cloud.removals(), cordoned(&stored).len()), (vec![], 0));
    clean_up(&fleet).await;
    hold_removal(&fleet).await;
    assert_eq!(cordoned(&fleet.stored().await), ["web-1"]);
    fleet.kill().await;
    fleet.start().await;
    let stored = fleet
        .until("another took its place", |stored| {
            stored.node(&node).is_none() && stored.counts("web", 5, 5)
        })
        .await;
    assert_eq!(cordoned(&stored), Vec::<&str>::new());
    assert_eq!((fleet.cloud.removals().len(), bought(&fleet.cloud).len()), (1, 5));
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}");
    // The new process begins with a Node in service, and counts for itself.
    let expected = [
        "node_decommission cordoned success unhealthy_cleanup",
        "node_decommission too_few_observations rejected unhealthy_cleanup",
        "node_decommission returned success unhealthy_cleanup",
        "node_decommission too_few_observations rejected unhealthy_cleanup",
        "node_decommission cordoned success unhealthy_cleanup",
        "node_decommission broken success unhealthy_cleanup",
        "node_decommission removed success unhealthy_cleanup",
    ];
    assert_eq!(told_of_clean_up(&fleet).await, expected);
}

/// LC-11, LC-25a: a Node that speaks again at the last moment, and that no watch has told of, keeps its machine.
#[tokio::test(start_paused = true)]
async fn node_that_speaks_again_at_the_last_moment_stays() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 5).await;
    clean_up(&fleet).await;
    silence(&fleet, "web-1", true).await;
    hold_removal(&fleet).await;
    // The pass has decided on a silent Node already; nothing that comes now is seen before it ends.
    silence(&fleet, "web-1", false).await;
    say(&fleet, "web-1", "Ready", "True").await;
    fleet.wire.release();
    let stored = fleet.polls(6).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    assert_eq!(cordoned(&stored), Vec::<&str>::new());
    assert_eq!(state(&stored, "web-1"), Some(json!("ready")));
}

/// LC-13a, LC-17: of two silent Nodes of five none goes; once one speaks again the other does, but for its pods.
#[tokio::test(start_paused = true)]
async fn two_silent_nodes_of_five_stay() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 5).await;
    clean_up(&fleet).await;
    for claim in ["web-1", "web-2"] {
        silence(&fleet, claim, true).await;
    }
    tokio::time::sleep(LONG * 2).await;
    let stored = fleet.stored().await;
    for claim in ["web-1", "web-2"] {
        assert_eq!(state(&stored, claim), Some(json!("unhealthy")));
        assert_eq!(degraded(&stored, claim), Some("TooManyAffected"));
    }
    assert_eq!(warnings(&fleet, "TooManyAffected").await, 2);
    run_pod(&fleet, "first").await;
    silence(&fleet, "web-2", false).await;
    let stored = fleet
        .until("its pod keeps it", |stored| {
            degraded(stored, "web-1") == Some("WorkloadPods")
        })
        .await;
    assert_eq!(degraded(&stored, "web-2"), None);
    fleet.polls(10).await;
    assert_eq!(fleet.cloud.removals(), []);
    end_pod(&fleet, "first").await;
    fleet
        .until("its machine is removed", |_| fleet.cloud.removals().len() == 1)
        .await;
    let stored = fleet
        .until("another took its place", |stored| stored.counts("web", 5, 5))
        .await;
    assert_eq!(state(&stored, "web-2"), Some(json!("ready")));
    let told = told_of_clean_up(&fleet).await;
    for reason in [
        "too_many_affected rejected",
        "workload_pods rejected",
        "removed success",
    ] {
        let expected = format!("node_decommission {reason} unhealthy_cleanup");
        assert!(told.contains(&expected), "{reason}: {told:?}");
    }
}
