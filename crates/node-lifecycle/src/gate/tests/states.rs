//! What each state demands before a node may go.

use super::*;

/// Expects the same answer for everybody who is no person.
#[track_caller]
fn check_policies(candidate: &Candidate, expected: Option<&Refusal>) {
    for decided_by in Decider::ALL.iter().filter(|by| **by != Decider::Manual) {
        check(candidate, *decided_by, expected.cloned());
    }
}

/// LC-18: 29 min 59 s stay, 30 min 00 s go, for whoever is no person.
#[test]
fn ready_node_stays_for_half_an_hour() {
    let mut young = candidate(State::Ready);
    let grace = TimeDelta::minutes(30);
    young.life.initialized_at = Some(at(-30) + second());
    let refusal = Refusal::ReadyNodeTooYoung {
        age: grace - second(),
        remaining: second(),
    };
    check_policies(&young, Some(&refusal));
    assert_eq!(
        refusal.to_string(),
        "Ready node too young: ready for 29 min 59 s, 1 s remain"
    );
    young.life.initialized_at = Some(at(-30));
    check_policies(&young, None);
}

/// LC-18: the age counts from initialized-at, else from created-at, else nothing is known.
#[test]
fn age_counts_from_the_better_stamp() {
    let mut node = candidate(State::Ready);
    node.life.initialized_at = None;
    node.created_at = Some(at(-30));
    check_policies(&node, None);
    node.created_at = Some(at(-10));
    let refusal = Refusal::ReadyNodeTooYoung {
        age: TimeDelta::minutes(10),
        remaining: TimeDelta::minutes(20),
    };
    check_policies(&node, Some(&refusal));
    node.life.initialized_at = Some(at(-30));
    check_policies(&node, None);
    node.life.initialized_at = None;
    node.created_at = None;
    check_all(&node, Some(&Refusal::TimestampMissing { state: State::Ready }));
}

/// LC-18: a stamp in the future lets nothing go.
#[test]
fn stamp_in_the_future_lets_nothing_go() {
    let mut node = candidate(State::Ready);
    node.life.initialized_at = Some(at(5));
    let refused = |remaining| Refusal::ReadyNodeTooYoung {
        age: TimeDelta::minutes(-5),
        remaining: TimeDelta::minutes(remaining),
    };
    check_policies(&node, Some(&refused(35)));
    check(&node, Decider::Manual, Some(refused(5)));
}

/// LC-18: a person who names a node means it, however young it is; the pods are looked at all the same.
#[test]
fn person_may_have_a_node_that_was_never_used_at_once() {
    let mut young = candidate(State::Ready);
    young.life.initialized_at = Some(at(0));
    check(&young, Decider::Manual, None);
    check(
        &young.pods(1),
        Decider::Manual,
        Some(Refusal::WorkloadPods { pods: 1 }),
    );
}

/// LC-19: 30 minutes for the scale-down policy, 15 for a consolidation, none for a person.
#[test]
fn idle_node_rests_for_as_long_as_its_decider_must_wait() {
    for (decided_by, minutes) in [
        (Decider::ScaleDownPolicy, 30),
        (Decider::ConsolidationPolicy, 15),
        (Decider::UnhealthyCleanup, 30),
        (Decider::Rollback, 30),
    ] {
        let grace = TimeDelta::minutes(minutes);
        let mut node = candidate(State::Idle);
        node.life.last_workload_at = Some(at(-minutes) + second());
        let refusal = Refusal::IdleTooShort {
            idle: grace - second(),
            remaining: second(),
        };
        check(&node, decided_by, Some(refusal));
        node.life.last_workload_at = Some(at(-minutes));
        check(&node, decided_by, None);
    }
    let mut node = candidate(State::Idle);
    node.life.last_workload_at = Some(at(0));
    check(&node, Decider::Manual, None);
}

/// LC-19: an active node that turns out to be empty has rested for no time: a person may have it, a policy may not.
#[test]
fn empty_active_node_rests_from_now() {
    let node = candidate(State::Active);
    check(&node, Decider::Manual, None);
    let refusal = Refusal::IdleTooShort {
        idle: TimeDelta::zero(),
        remaining: TimeDelta::minutes(15),
    };
    check(&node, Decider::ConsolidationPolicy, Some(refusal));
    let mut rested = node;
    rested.life.entered_at = at(-60);
    rested.life.last_workload_at = Some(at(-30));
    check_all(&rested, None);
}

/// LC-19: used and never used is a contradiction; so is idle since nobody knows when.
#[test]
fn node_that_counts_as_used_must_have_been_used() {
    for state in [State::Active, State::Idle] {
        let mut node = candidate(state);
        node.life.pods = Default::default();
        check_all(&node, Some(&Refusal::InvalidState { state }));
    }
    let mut node = candidate(State::Idle);
    node.life.last_workload_at = None;
    check_all(&node, Some(&Refusal::TimestampMissing { state: State::Idle }));
    let protected = Candidate {
        life: Life::protected(at(-60)),
        ..candidate(State::Active)
    };
    check_all(&protected, Some(&Refusal::InvalidState { state: State::Active }));
}

/// LC-20: what is empty and on its way out, or broken, goes at once.
#[test]
fn empty_draining_or_broken_node_goes_at_once() {
    for state in [State::Draining, State::Unhealthy] {
        let mut node = candidate(state);
        node.life.entered_at = at(0);
        check_all(&node, None);
    }
}

/// LC-20, E4: a failed VPSieNode is a person's, whatever made it fail.
#[test]
fn failed_node_waits_for_a_person() {
    for reason in ["DiscoveryTimeout", "", "whatever"] {
        let node = candidate(State::Unhealthy).failed(reason);
        for decided_by in Decider::ALL {
            let refusal = Refusal::ManualCleanupRequired {
                failure: reason.to_owned(),
            };
            let expected = (*decided_by != Decider::Manual).then_some(refusal);
            check(&node, *decided_by, expected);
        }
    }
}

/// LC-20: what is gone cannot go.
#[test]
fn node_that_is_gone_cannot_go() {
    let state = State::Decommissioned;
    check_all(&candidate(state), Some(&Refusal::InvalidState { state }));
}
