//! The order of the checks, pair by pair.

use super::*;

/// Is a way to let exactly one check fail.
type Spoil = fn(Candidate) -> Candidate;

fn protect(mut candidate: Candidate) -> Candidate {
    candidate.protection.has_opted_out = true;
    candidate
}

fn doubt(candidate: Candidate) -> Candidate {
    candidate.doubted(Doubt::Contested)
}

fn unlist(candidate: Candidate) -> Candidate {
    candidate.recovered(-60)
}

fn load(candidate: Candidate) -> Candidate {
    candidate.pods(2)
}

/// Lets the state refuse, in a way that fits the state.
fn hurry(mut candidate: Candidate) -> Candidate {
    match candidate.life.state() {
        State::Ready => candidate.life.initialized_at = Some(at(-1)),
        State::Idle => candidate.life.last_workload_at = Some(at(-1)),
        State::Unhealthy => candidate.failure = Some("DiscoveryTimeout".to_owned()),
        State::Provisioning
        | State::Initializing
        | State::Active
        | State::Draining
        | State::Decommissioned => {}
    }
    candidate
}

fn need(candidate: Candidate) -> Candidate {
    candidate.needed()
}

/// Shows that each of two refuses alone, and that the first decides when both do, in whatever order they came to be.
#[track_caller]
fn check_pair(state: State, first: (Spoil, RefusalName), second: (Spoil, RefusalName)) {
    let asked = |candidate: Candidate| {
        candidate
            .ask(Decider::ScaleDownPolicy)
            .err()
            .map(|refusal| refusal.name())
    };
    let node = candidate(state);
    assert_eq!(asked(first.0(node.clone())), Some(first.1), "the first alone");
    assert_eq!(asked(second.0(node.clone())), Some(second.1), "the second alone");
    assert_eq!(asked(second.0(first.0(node.clone()))), Some(first.1), "both");
    assert_eq!(
        asked(first.0(second.0(node))),
        Some(first.1),
        "both, the other way round"
    );
}

/// LC-22: LC-15 before LC-14: of a node that nobody knows, no fact is known that could protect it.
#[test]
fn unknown_comes_before_protected() {
    let gate = Gate::new(Graces::default()).unwrap();
    let protected = protect(candidate(State::Idle));
    let facts = protected.facts();
    let asked = |facts| gate.decide(facts, Decider::Manual, at(0)).unwrap_err().name();
    assert_eq!(asked(Some(&facts)), RefusalName::NotManagedNode);
    assert_eq!(asked(None), RefusalName::NodeNotFound);
}

/// LC-22: LC-14 before LC-14a.
#[test]
fn protected_comes_before_unproven() {
    let first: (Spoil, _) = (protect, RefusalName::NotManagedNode);
    check_pair(State::Idle, first, (doubt, RefusalName::IdentityUnproven));
}

/// LC-22: LC-14a before LC-21.
#[test]
fn unproven_comes_before_unlisted() {
    let first: (Spoil, _) = (doubt, RefusalName::IdentityUnproven);
    check_pair(State::Idle, first, (unlist, RefusalName::WorkloadSyncInProgress));
}

/// LC-22: LC-21 before LC-16, with which a starting node is refused whatever else is.
#[test]
fn unlisted_comes_before_starting() {
    for state in [State::Provisioning, State::Initializing] {
        let starting = candidate(state);
        let refused = |candidate: Candidate| candidate.ask(Decider::Manual).unwrap_err().name();
        assert_eq!(refused(starting.clone()), RefusalName::StillStartingUp);
        assert_eq!(refused(unlist(starting)), RefusalName::WorkloadSyncInProgress);
    }
}

/// LC-22: LC-16 before LC-17.
#[test]
fn starting_comes_before_carrying() {
    for state in [State::Provisioning, State::Initializing] {
        let refused = load(candidate(state)).ask(Decider::Manual).unwrap_err();
        assert_eq!(refused, Refusal::StillStartingUp { state });
    }
    let carrying = load(candidate(State::Ready)).ask(Decider::Manual).unwrap_err();
    assert_eq!(carrying, Refusal::WorkloadPods { pods: 2 });
}

/// LC-22: LC-17 before LC-18.
#[test]
fn carrying_comes_before_too_young() {
    let second: (Spoil, _) = (hurry, RefusalName::ReadyNodeTooYoung);
    check_pair(State::Ready, (load, RefusalName::WorkloadPods), second);
}

/// LC-22: LC-17 before LC-19.
#[test]
fn carrying_comes_before_idle_for_too_short_a_time() {
    let second: (Spoil, _) = (hurry, RefusalName::IdleTooShort);
    check_pair(State::Idle, (load, RefusalName::WorkloadPods), second);
}

/// LC-22: LC-17 before LC-20.
#[test]
fn carrying_comes_before_failed() {
    let second: (Spoil, _) = (hurry, RefusalName::ManualCleanupRequired);
    check_pair(State::Unhealthy, (load, RefusalName::WorkloadPods), second);
}

/// LC-22: LC-18 before LC-23.
#[test]
fn too_young_comes_before_the_floor_of_the_group() {
    let first: (Spoil, _) = (hurry, RefusalName::ReadyNodeTooYoung);
    check_pair(State::Ready, first, (need, RefusalName::BelowMinNodes));
}

/// LC-22: LC-19 before LC-23.
#[test]
fn idle_for_too_short_a_time_comes_before_the_floor_of_the_group() {
    let first: (Spoil, _) = (hurry, RefusalName::IdleTooShort);
    check_pair(State::Idle, first, (need, RefusalName::BelowMinNodes));
}

/// LC-22: LC-20 before LC-23, which a broken node can never violate.
#[test]
fn failed_comes_before_the_floor_of_the_group() {
    let failed = need(hurry(candidate(State::Unhealthy)));
    let refused = failed.ask(Decider::Rollback).unwrap_err().name();
    assert_eq!(refused, RefusalName::ManualCleanupRequired);
    assert_eq!(
        need(candidate(State::Unhealthy)).ask(Decider::Rollback).err(),
        None
    );
}

/// LC-22, SC-12: LC-23 before the last ready endpoint of a Service.
#[test]
fn floor_of_the_group_comes_before_the_last_ready_endpoint() {
    let serve: Spoil = |candidate| candidate.serving("shop/web");
    let first: (Spoil, _) = (need, RefusalName::BelowMinNodes);
    check_pair(State::Idle, first, (serve, RefusalName::LastReadyEndpoint));
}

/// LC-17: pods come before what they request.
#[test]
fn pods_come_before_requests() {
    let refused = load(candidate(State::Idle)).ask(Decider::Manual).unwrap_err();
    assert_eq!(refused, Refusal::WorkloadPods { pods: 2 });
}

/// LC-22: the table is in the written order.
#[test]
fn checks_are_in_the_written_order() {
    let rules: Vec<&str> = CHECKS.iter().map(|check| check.rule).collect();
    let expected = [
        "LC-14",
        "LC-14a",
        "LC-21",
        "LC-16",
        "LC-17",
        "LC-18 to LC-20",
        "LC-23",
        "SC-12",
    ];
    assert_eq!(rules, expected);
}

/// LC-17, LC-21: no check relies on the ones before it to keep a node whose pods are unknown.
#[test]
fn each_check_of_pods_refuses_by_itself_when_they_are_unknown() {
    let mut node = candidate(State::Idle);
    node.workload = None;
    let graces = Graces::default();
    let question = Question {
        facts: &node.facts(),
        decided_by: Decider::Manual,
        graces: &graces,
        now: at(0),
    };
    let refusing: Vec<&str> = CHECKS
        .iter()
        .filter(|check| (check.refusal)(&question) == Some(Refusal::WorkloadSyncInProgress))
        .map(|check| check.rule)
        .collect();
    assert_eq!(refusing, ["LC-21", "LC-17"]);
    assert!(node.ask(Decider::Manual).is_err());
}
