//! What neither the idle loop nor a person's deletion removes, and that it is recorded: Nodes in use, of the control plane,
//! and of groups that are not managed.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::cloud::CallKind;
use kit::fleet::{Fleet, Stored};
use kube::api::{Patch, PatchParams};
use node_lifecycle::audit::{Filter, Outcome};
use serde_json::json;

use super::audit::told;
use super::lives::{run_pod, until_state};
use super::ready_web;
use super::scenarios::{cordoned, shrink};

/// Longer than every wait after which an idle Node goes.
const LONG: Duration = Duration::from_secs(3600);

/// Lists what was refused, each refusal once, as `action reason result decider`.
fn refused(fleet: &Fleet) -> Vec<String> {
    let rejected = Filter {
        result: Some(Outcome::Rejected),
        ..Filter::default()
    };
    let mut refused = told(&fleet.audit.select(&rejected));
    refused.dedup();
    refused
}

/// Returns why the group does not shrink.
fn why(stored: &Stored) -> Option<String> {
    let condition = stored.group_condition("web", "ScaleDown")?;
    condition.reason.clone().filter(|_| !condition.is_true())
}

#[track_caller]
fn check_untouched(fleet: &Fleet, stored: &Stored) {
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    assert_eq!(cordoned(stored), Vec::<&str>::new());
}

/// LC-52: a Node with workload pods is nobody's choice, and its group says so.
#[tokio::test(start_paused = true)]
async fn group_whose_nodes_are_in_use_says_so() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    run_pod(&fleet, "first").await;
    until_state(&fleet, "active").await;
    shrink(&fleet).await;
    tokio::time::sleep(LONG).await;
    let stored = fleet.stored().await;
    check_untouched(&fleet, &stored);
    assert_eq!(why(&stored).as_deref(), Some("NoneIdle"));
}

/// LC-53, LC-14: the idle loop asks the gate about a Node that says that it is of the control plane, and VPSie is asked for
/// nothing.
#[tokio::test(start_paused = true)]
async fn idle_node_of_the_control_plane_stays_and_that_is_recorded() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let status = stored.claim("web-1").and_then(|claim| claim.status.clone());
    let node = status.and_then(|status| status.node_name).expect("it has joined");
    let patch = json!({ "metadata": { "labels": { "node-role.kubernetes.io/control-plane": "" } } });
    let nodes = fleet.nodes();
    let patched = nodes
        .patch(&node, &PatchParams::default(), &Patch::Merge(patch))
        .await;
    patched.expect("a person may label a Node");
    shrink(&fleet).await;
    tokio::time::sleep(LONG).await;
    let stored = fleet.stored().await;
    check_untouched(&fleet, &stored);
    assert_eq!(
        refused(&fleet),
        ["node_decommission not_managed_node rejected scale_down_policy"]
    );
    assert_eq!(why(&stored).as_deref(), Some("NotManagedNode"));
}

/// LC-53, LC-14: a group that is not managed loses nobody by itself, and nobody by a deletion, which is recorded.
#[tokio::test(start_paused = true)]
async fn member_of_a_group_that_is_not_managed_stays_and_that_is_recorded() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    shrink(&fleet).await;
    let patch = json!({ "metadata": { "labels": { keys::LABEL_MANAGED: null } } });
    let groups = fleet.api::<NodeGroup>();
    let patched = groups
        .patch("web", &PatchParams::default(), &Patch::Merge(patch))
        .await;
    patched.expect("a person may take a label off");
    tokio::time::sleep(LONG).await;
    check_untouched(&fleet, &fleet.stored().await);
    fleet.delete::<VPSieNode>("web-1").await;
    let stored = fleet.polls(6).await;
    check_untouched(&fleet, &stored);
    let refused = refused(&fleet);
    assert_eq!(
        refused.last().map(String::as_str),
        Some("node_decommission not_managed_node rejected manual"),
        "{refused:?}"
    );
}
