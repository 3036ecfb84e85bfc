//! Machines that do not come in time: failed VPSieNodes, their one replacement, and latecomers.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode, keys};
use chrono::{DateTime, TimeDelta, Utc};
use fleet_sim::cloud::{CallKind, Delay, Fault, FaultEffect};
use k8s_openapi::api::events::v1::Event;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{bought, ready_web, web};

/// Polls of a quarter of an hour, in which nothing more may happen.
const LONG: usize = 90;

fn has_failed(stored: &Stored, name: &str) -> bool {
    stored
        .claim(name)
        .is_some_and(|claim| claim.phase() == Phase::Failed)
}

/// Wishes for one node of `web`, and waits until its first VPSieNode failed.
async fn failed_web(fleet: &mut Fleet) -> Stored {
    fleet.start().await;
    fleet.create(&web(fleet, 1)).await;
    fleet
        .until("web-1 failed", |stored| has_failed(stored, "web-1"))
        .await
}

/// I4: a machine that never joins fails its VPSieNode, and is replaced once, not for ever.
#[tokio::test(start_paused = true)]
async fn machine_that_never_joins_is_replaced_once() {
    let mut fleet = Fleet::in_memory(1);
    for _ in 0..2 {
        fleet
            .cloud
            .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins));
    }
    let stored = failed_web(&mut fleet).await;
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("JoiningTimeout"));
    let status = stored
        .claim("web-1")
        .and_then(|claim| claim.status.clone())
        .expect("a status");
    let waited = fleet.clock.now() - status.provisioned_at.expect("it was discovered");
    assert!(waited >= fleet.settings.joining_timeout, "{waited}");

    let stored = fleet
        .until("its replacement failed", |stored| has_failed(stored, "web-2"))
        .await;
    assert_eq!(stored.claim_problem("web-2").as_deref(), Some("JoiningTimeout"));
    let stored = fleet.polls(LONG).await;
    assert_eq!(
        stored.phases(),
        ["Failed", "Failed"],
        "E4: both wait for a person"
    );
    assert_eq!(fleet.cloud.ledger().len(), 2);
    assert_eq!(fleet.cloud.removals(), [], "nobody removed anything");

    fleet.delete::<VPSieNode>("web-1").await;
    fleet.delete::<VPSieNode>("web-2").await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(bought(&fleet.cloud).len(), 1);
    assert!(fleet.truth().await.is_clean());
}

/// Returns the word of the condition that says that `web-6` is overdue.
fn overdue(stored: &Stored) -> Option<&str> {
    stored.claim_condition("web-6", "Overdue")?.reason.as_deref()
}

/// SC-9, I4: a machine that takes far longer than the five before it is told once, at its moment, although no poll is due and
/// the operator was started anew; nothing is asked for in its place before its time-out.
#[tokio::test(start_paused = true)]
async fn machine_far_beyond_the_others_is_told_early_and_not_replaced() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 5).await;
    let took = stored.claims.iter().map(|claim| {
        let ready_at = claim.status.as_ref().and_then(|status| status.ready_at);
        ready_at.expect("it is Ready") - asked_at(claim)
    });
    let patience = took.max().expect("there are five") * 2;
    fleet
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins));
    let groups: Api<NodeGroup> = Api::namespaced(fleet.nodes().into_client(), NAMESPACE);
    let more = Patch::Merge(json!({ "spec": { "minNodes": 6, "maxNodes": 9 } }));
    let changed = groups.patch("web", &PatchParams::default(), &more).await;
    changed.expect("it is accepted");
    let stored = fleet
        .until("it is discovered", |stored| {
            let claim = stored.claim("web-6");
            claim.is_some_and(|claim| claim.phase() == Phase::Provisioned)
        })
        .await;
    let due = asked_at(stored.claim("web-6").expect("it is there")) + patience;

    fleet.kill().await;
    let usual = std::mem::replace(&mut fleet.settings.poll_interval, Duration::from_secs(3600));
    fleet.start().await;
    let moment = Duration::from_millis(500);
    let left = (due - fleet.clock.now()).to_std().expect("it is in the future");
    sleep(left - moment).await;
    assert_eq!(overdue(&fleet.stored().await), None, "not before its time");
    sleep(moment * 2).await;
    assert_eq!(overdue(&fleet.stored().await), Some("Overdue"), "at its time");

    fleet.kill().await;
    fleet.settings.poll_interval = usual;
    fleet.start().await;
    let limit = fleet.settings.joining_timeout.to_std().expect("it is positive");
    sleep(limit - patience.to_std().expect("it is positive")).await;
    assert_eq!(
        fleet.stored().await.claims.len(),
        6,
        "nothing is made in its place"
    );
    let stored = fleet
        .until("it is given up", |stored| has_failed(stored, "web-6"))
        .await;
    assert_eq!(overdue(&stored), None, "its time-out says it now");
    let events: Api<Event> = Api::namespaced(fleet.nodes().into_client(), NAMESPACE);
    let events = events
        .list(&ListParams::default())
        .await
        .expect("they can be listed");
    let told = events
        .items
        .iter()
        .filter(|event| event.reason.as_deref() == Some("Overdue"));
    let told: Vec<_> = told
        .map(|event| (event.type_.as_deref(), event.series.is_some()))
        .collect();
    assert_eq!(told, [(Some("Warning"), false)], "once");
}

fn asked_at(claim: &VPSieNode) -> DateTime<Utc> {
    let intent = claim.annotations().get(keys::ANNOTATION_CREATION_INTENT);
    let intent: Value = serde_json::from_str(intent.expect("it was asked for")).expect("a record");
    let asked_at = intent["requestedAt"].as_str().and_then(|text| text.parse().ok());
    asked_at.expect("a time")
}

/// R2, E3: a machine that is there and never starts is named in time and not given up; once a person removes it, the
/// time is over, and it is replaced.
#[tokio::test(start_paused = true)]
async fn machine_that_never_starts_is_left_to_a_person() {
    let mut fleet = Fleet::in_memory(1);
    fleet.cloud.behaviour(|behaviour| behaviour.reports_status = true);
    fleet
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverBoots));
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    let began = fleet.clock.now();
    fleet
        .until("it is named", |stored| {
            stored.claim_problem("web-1").as_deref() == Some("MachineNotRunning")
        })
        .await;
    assert!(fleet.clock.now() - began > fleet.settings.discovery_timeout);
    let stored = fleet.polls(LONG).await;
    assert_eq!(stored.phases(), ["Provisioning"]);
    assert_eq!(fleet.cloud.ledger().len(), 1, "nothing is bought beside it");

    let machine = bought(&fleet.cloud).remove(0);
    fleet.cloud.remove_by_hand(machine.uuid.as_str());
    fleet
        .until("web-1 failed", |stored| has_failed(stored, "web-1"))
        .await;
    fleet
        .until("its replacement is Ready", |stored| stored.counts("web", 2, 1))
        .await;
    let removals = fleet.cloud.removals();
    assert!(removals.iter().all(|removal| removal.by_hand), "{removals:?}");
}

/// D6, I4: a request that made nothing fails after the discovery timeout, not before, and is replaced once.
#[tokio::test(start_paused = true)]
async fn machine_that_is_never_discovered_fails_its_vpsienode_in_time() {
    let mut fleet = Fleet::in_memory(1);
    fleet
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect));
    let stored = failed_web(&mut fleet).await;
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("DiscoveryTimeout"));
    let waited = fleet.clock.now() - fleet.cloud.ledger()[0].at;
    let limit = fleet.settings.discovery_timeout;
    assert!(
        waited >= limit && waited < limit + TimeDelta::minutes(1),
        "{waited}"
    );

    fleet
        .until("its replacement asks", |_| fleet.cloud.ledger().len() == 2)
        .await;
    let stored = fleet.polls(LONG * 2).await;
    assert_eq!(
        stored.phases(),
        ["Ready", "Failed"],
        "the earliest request gets the machine, and one of the two has none"
    );
    assert_eq!(fleet.cloud.ledger().len(), 2);
    assert_eq!(fleet.cloud.removals(), []);
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}");
}

/// I5: a machine that comes late is recorded on a VPSieNode, so that a person's delete removes it; none is leaked.
#[tokio::test(start_paused = true)]
async fn machine_that_comes_late_is_recorded_and_removed_with_its_vpsienode() {
    let mut fleet = Fleet::in_memory(1);
    let late = Delay::exactly(Duration::from_secs(20 * 60));
    fleet.cloud.behaviour(|behaviour| behaviour.list_delay = late);
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    let stored = fleet
        .until("both machines are recorded", |stored| {
            let recorded = |claim: &VPSieNode| claim.spec.vpsie_node_identifier.is_some();
            stored.claims.len() == 2 && stored.claims.iter().all(recorded)
        })
        .await;
    let condition = stored.claim("web-1").and_then(|claim| {
        let conditions = claim.status.clone()?.conditions?;
        conditions
            .into_iter()
            .find(|condition| condition.type_ == "LateMachine")
    });
    assert!(condition.is_some_and(|condition| condition.is_true()));
    let report = fleet.truth().await;
    assert!(report.is_clean() && report.swapped.is_empty(), "{report:?}");
    fleet
        .until("both have joined", |stored| stored.phases() == ["Ready", "Ready"])
        .await;

    fleet.delete::<NodeGroup>("web").await;
    fleet
        .until("everything is given back", |stored| stored.groups.is_empty())
        .await;
    assert_eq!(bought(&fleet.cloud), []);
    assert!(fleet.truth().await.is_clean());
}

/// I4: a Node that joins and is not Ready in time fails its VPSieNode; once it is Ready after all, both are.
#[tokio::test(start_paused = true)]
async fn node_that_is_ready_late_brings_its_vpsienode_back() {
    let mut fleet = Fleet::in_memory(1);
    let late = Delay::exactly(Duration::from_secs(25 * 60));
    fleet.cloud.behaviour(|behaviour| behaviour.ready_delay = late);
    let stored = failed_web(&mut fleet).await;
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("JoiningTimeout"));
    assert_eq!(stored.nodes.len(), 4, "its Node is there");
    let stored = fleet
        .until("web-1 is Ready", |stored| {
            stored
                .claim("web-1")
                .is_some_and(|claim| claim.phase() == Phase::Ready)
        })
        .await;
    assert_eq!(stored.claim_problem("web-1"), None);
}
