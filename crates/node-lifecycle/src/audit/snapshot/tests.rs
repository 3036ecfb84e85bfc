//! Snapshots and drafts made of what the gate looked at.

use crate::audit::{Action, Author, Draft, Outcome};
use crate::testing::{at, candidate, life};
use crate::{Decider, Event, PodUid, Refusal, UnhealthyAfter, Workload};

use super::*;

/// LC-35: a rejection shows state, health, counts, requests and ages.
#[test]
fn snapshot_shows_what_the_gate_saw() {
    let mut node = candidate(State::Idle);
    node.workload = Some(Workload {
        pods: 2,
        requested_cpu_m: 1500,
        requested_memory_bytes: (512 << 20) + 1,
    });
    let expected = Snapshot {
        lifecycle_state: State::Idle,
        health_status: Health::Healthy,
        workload_count: 2,
        requested_cpu_m: 1500,
        requested_memory_mb: 513,
        workloads_ever: 1,
        age_minutes: Some(120),
        initialized_age_minutes: Some(90),
        ending: Ending::default(),
    };
    assert_eq!(Snapshot::of(&node.facts(), at(0)), expected);
    node.created_at = Some(at(-60));
    assert_eq!(Snapshot::of(&node.facts(), at(0)).age_minutes, Some(60));
    node.created_at = None;
    node.life.provisioned_at = None;
    node.life.initialized_at = None;
    let unknown = Snapshot::of(&node.facts(), at(0));
    assert_eq!(
        (unknown.age_minutes, unknown.initialized_age_minutes),
        (None, None)
    );
}

/// LC-35: a success adds what it cost and when it worked.
#[test]
fn snapshot_of_an_ending_adds_cost_and_times() {
    let node = candidate(State::Idle);
    let cost = Some(Decimal::new(329, 4));
    let expected = Ending {
        hourly_cost: cost,
        first_workload_at: Some(at(-60)),
        last_workload_at: Some(at(-30)),
        idle_minutes: Some(30),
    };
    assert_eq!(
        Snapshot::of(&node.facts(), at(0))
            .ending(&node.life, cost, at(0))
            .ending,
        expected
    );
    let fresh = candidate(State::Ready);
    assert_eq!(
        Snapshot::of(&fresh.facts(), at(0))
            .ending(&fresh.life, None, at(0))
            .ending,
        Ending::default()
    );
}

/// LC-15, LC-36, LC-51: a refusal is told with its name, its sentence and the node as it was.
#[test]
fn refusal_becomes_an_entry() {
    let mut node = candidate(State::Ready);
    node.life.initialized_at = Some(at(-1));
    let refusal = node.ask(Decider::ScaleDownPolicy).unwrap_err();
    let draft = Draft::refused(
        "worker-1",
        Decider::ScaleDownPolicy,
        &refusal,
        Some(&node.facts()),
        at(0),
    );
    let expected = Draft::new(
        Action::NodeDecommission,
        Outcome::Rejected,
        Author::ScaleDownPolicy,
        "ready_node_too_young",
    )
    .node("worker-1")
    .message("Ready node too young: ready for 1 min, 29 min remain")
    .snapshot(Snapshot::of(&node.facts(), at(0)));
    assert_eq!(draft, expected);
    let unknown = Draft::refused("w", Decider::Manual, &Refusal::NodeNotFound, None, at(0));
    let expected = Draft::new(
        Action::NodeDecommission,
        Outcome::Failed,
        Author::Manual,
        "node_not_found",
    );
    assert_eq!(unknown, expected.node("w").message("Node is not known"));
}

/// LC-4, LC-12: a transition is told with its reason, and with the reason of a failure.
#[test]
fn transition_becomes_an_entry() {
    let told = |event| {
        let rules = UnhealthyAfter::default();
        let transitions = life(State::Idle).apply("worker-1", event, &rules, at(0)).unwrap();
        Draft::transition(&transitions[0], Author::Observation)
    };
    let expected = |reason, message: &str| {
        Draft::new(
            Action::LifecycleTransition,
            Outcome::Success,
            Author::Observation,
            reason,
        )
        .node("worker-1")
        .message(message)
    };
    let pod = [PodUid::of("x")];
    assert_eq!(
        told(Event::PodsListed(&pod)),
        expected("workload_added", "idle to active")
    );
    let failed = Event::Failed {
        reason: "JoiningTimeout",
    };
    assert_eq!(
        told(failed),
        expected("failed", "idle to unhealthy: JoiningTimeout")
    );
}
