//! When the operator looks again although no watch and no poll says so: a moment falls due, or a write met a conflict.

use std::time::Duration;

use autoscaler_controller::resources::{Condition, NodeGroup};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};
use http::Method;
use kit::fleet::Fleet;
use kit::wire::Sent;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use node_state::store::Reader;
use node_state::{Scope, Subject, Topic, Warning};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{bought, ready_web, strangers};

/// So seldom is VPSie asked here that no poll wakes the operator.
const SELDOM: Duration = Duration::from_secs(3600);

/// Longer than changes are collected, and far shorter than the time between two polls.
const A_MOMENT: Duration = Duration::from_millis(500);

/// Tells whether a Node is said to have become Ready in the future.
fn is_odd(reader: &Reader, node: &str) -> bool {
    let state = reader.get(&Subject::node(node)).expect("it has a state");
    let says = state
        .warnings
        .contains(&Warning::FutureTimestamp("change of readiness"));
    assert_eq!(
        state.conditions.get(&Topic::Warning).expect("it is there").reason == "FutureTimestamp",
        says
    );
    says
}

/// Writes since when a Node is Ready, as a kubelet with another clock does.
async fn ready_since(fleet: &Fleet, node: &str, since: DateTime<Utc>) {
    let ready = json!({ "type": "Ready", "status": "True", "reason": "KubeletReady",
                        "lastTransitionTime": since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true) });
    let change = Patch::Merge(json!({ "status": { "conditions": [ready] } }));
    let written = fleet
        .nodes()
        .patch_status(node, &PatchParams::default(), &change)
        .await;
    written.expect("a kubelet may write its status");
}

/// NS-1, NS-12: a timestamp of the future is a warning until its time has come; then its node is evaluated by itself, once,
/// although nothing changes and no poll is due.
#[tokio::test(start_paused = true)]
async fn moment_that_falls_due_is_looked_at_by_itself() {
    let mut fleet = Fleet::in_memory(1);
    fleet.settings.poll_interval = SELDOM;
    fleet.start().await;
    let reader = fleet.states().await;
    fleet
        .until("the strangers are there", |stored| {
            stored.nodes.len() == strangers(&fleet).len()
        })
        .await;
    sleep(A_MOMENT).await;
    let worker = |name: &String| {
        let state = reader.get(&Subject::node(name)).expect("it has a state");
        state.scope == Scope::Unmanaged
    };
    let node = strangers(&fleet)
        .into_iter()
        .find(worker)
        .expect("a worker of nobody");
    // Kubernetes tells whole seconds.
    let since = (fleet.clock.now() + TimeDelta::minutes(30)).trunc_subsecs(0);
    ready_since(&fleet, &node, since).await;
    sleep(A_MOMENT).await;
    assert!(is_odd(&reader, &node));
    drop(fleet.evaluations.take());
    // Clocks may differ by a minute.
    let due = since - TimeDelta::minutes(1);
    let left = (due - fleet.clock.now()).to_std().expect("it is in the future");
    sleep(left - A_MOMENT).await;
    assert!(is_odd(&reader, &node), "not before its time");
    assert_eq!(fleet.evaluations.names(), Vec::<String>::new());
    sleep(A_MOMENT * 2).await;
    assert!(!is_odd(&reader, &node), "at its time");
    assert_eq!(fleet.evaluations.names(), [node]);
}

fn group_is_told(group: &NodeGroup) -> bool {
    let status = group.status.as_ref().expect("it has a status");
    status.observed_generation == group.metadata.generation
}

/// Lists since when the conditions are as they are.
fn transitions(group: &NodeGroup) -> Vec<(String, Option<DateTime<Utc>>)> {
    let conditions = group
        .status
        .iter()
        .flat_map(|status| &status.conditions)
        .flatten();
    let since = |condition: &Condition| (condition.type_.clone(), condition.last_transition_time);
    conditions.map(since).collect()
}

/// NS-22: a status that met a conflict is written a second later, although nothing wakes the operator before; the times of
/// its conditions stay.
#[tokio::test(start_paused = true)]
async fn status_that_met_a_conflict_is_written_a_second_later() {
    let mut fleet = Fleet::in_memory(1);
    fleet.settings.poll_interval = Duration::from_secs(60);
    let stored = ready_web(&mut fleet, 1).await;
    let before = transitions(stored.group("web"));
    assert!(!before.is_empty() && group_is_told(stored.group("web")));
    let rest = fleet.memory().write_count();
    fleet.polls(3).await;
    assert_eq!(fleet.memory().write_count(), rest, "it is at rest");
    let conflict = KubeFault::new(KubeFaultEffect::Conflict).on(Verb::Patch);
    let conflict = conflict.resource("nodegroups").subresource("status");
    fleet.memory().fault(conflict);
    let groups = fleet.api::<NodeGroup>();
    let note = Patch::Merge(json!({ "spec": { "notes": "for the shop" } }));
    let changed = groups.patch("web", &PatchParams::default(), &note).await;
    let changed = changed.expect("a person may write notes");
    let refused = async {
        while fleet.memory().faults_left() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(A_MOMENT, refused).await.expect("the change is looked at");
    sleep(Duration::from_millis(800)).await;
    let group = groups.get("web").await.expect("it is there");
    assert_eq!(
        group.resource_version(),
        changed.resource_version(),
        "not at once"
    );
    sleep(A_MOMENT).await;
    let group = groups.get("web").await.expect("it is there");
    assert!(group_is_told(&group), "{:?}", group.status);
    assert_eq!(transitions(&group), before);
}

fn watches_vpsie_nodes(sent: &Sent) -> bool {
    sent.is_about("vpsienodes") && !sent.is_effect()
}

/// Counts how often a VPSieNode was to be created.
fn creations(fleet: &Fleet) -> usize {
    let sent = fleet.wire.sent().into_iter();
    sent.filter(|sent| sent.is_about("vpsienodes") && sent.method == Method::POST)
        .count()
}

/// NS-22: a VPSieNode that exists already, which a watch that lags does not show, is asked about again a second later
/// although nothing wakes the operator before; no second one is made, and no second machine bought.
#[tokio::test(start_paused = true)]
async fn vpsie_node_that_exists_already_is_looked_at_again_a_second_later() {
    let mut fleet = Fleet::in_memory(1);
    fleet.settings.poll_interval = Duration::from_secs(60);
    ready_web(&mut fleet, 1).await;
    fleet.polls(3).await;
    fleet.wire.refuse(watches_vpsie_nodes, 500);
    fleet.memory().cut_watches();
    let (groups, parameters) = (fleet.api::<NodeGroup>(), PatchParams::default());
    let before = creations(&fleet);
    let more = Patch::Merge(json!({ "spec": { "minNodes": 2, "maxNodes": 3 } }));
    groups
        .patch("web", &parameters, &more)
        .await
        .expect("a person may");
    sleep(A_MOMENT).await;
    let made = "it is made, and after the status of its NodeGroup it exists already";
    assert_eq!(creations(&fleet) - before, 2, "{made}");
    sleep(A_MOMENT).await;
    assert_eq!(creations(&fleet) - before, 2, "not at once");
    sleep(A_MOMENT).await;
    assert_eq!(creations(&fleet) - before, 3, "a second later");
    fleet.wire.allow();
    let both = fleet
        .until("both are Ready", |stored| stored.counts("web", 2, 2))
        .await;
    assert_eq!(both.claims.len(), 2);
    assert_eq!(bought(&fleet.cloud).len(), 2);
}
