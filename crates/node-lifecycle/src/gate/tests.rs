//! The gate, check by check.

use chrono::TimeDelta;

use crate::testing::{Candidate, at, candidate, life, pod};
use crate::{Event, PodRemoval, Protection, RefusalName, State, UnhealthyAfter};

use super::*;

mod model;
mod order;
mod permits;
mod states;

/// Asks the gate and compares the whole answer.
#[track_caller]
fn check(candidate: &Candidate, decided_by: Decider, expected: Option<Refusal>) {
    assert_eq!(candidate.ask(decided_by).err(), expected);
}

/// Expects the same answer for everybody.
#[track_caller]
fn check_all(candidate: &Candidate, expected: Option<&Refusal>) {
    for decided_by in Decider::ALL {
        check(candidate, *decided_by, expected.cloned());
    }
}

fn second() -> TimeDelta {
    TimeDelta::seconds(1)
}

/// LC-15: whom nobody knows, is not found.
#[test]
fn unknown_node_is_not_found() {
    let gate = Gate::new(Graces::default()).unwrap();
    for decided_by in Decider::ALL {
        assert_eq!(
            gate.decide(None, *decided_by, at(0)).err(),
            Some(Refusal::NodeNotFound)
        );
    }
}

/// LC-14: each kind of protection.
#[test]
fn protected_node_must_stay() {
    let protected = |change: fn(&mut ProtectionFacts), protection| {
        let mut candidate = candidate(State::Idle);
        change(&mut candidate.protection);
        check_all(&candidate, Some(&Refusal::NotManagedNode { protection }));
    };
    protected(|facts| facts.is_of_control_plane = true, Protection::ControlPlane);
    protected(|facts| facts.has_owner = false, Protection::NoOwner);
    protected(|facts| facts.is_group_managed = false, Protection::UnmanagedGroup);
    protected(|facts| facts.has_opted_out = true, Protection::OptedOut);
}

/// LC-14a: each kind of doubt.
#[test]
fn node_whose_machine_is_doubtful_must_stay() {
    for doubt in Doubt::ALL {
        let refusal = Refusal::IdentityUnproven { doubt: *doubt };
        check_all(&candidate(State::Idle).doubted(*doubt), Some(&refusal));
    }
}

/// LC-14a, E4: a machine that never joined is a person's, or of who asked for it and undoes that.
#[test]
fn machine_without_a_node_is_removed_by_hand_only() {
    for decided_by in Decider::ALL {
        let mut candidate = candidate(State::Unhealthy);
        candidate.binding.node_uid = None;
        let refused = Some(Refusal::IdentityUnproven {
            doubt: Doubt::NodeAbsent,
        });
        let expected = match decided_by {
            Decider::Manual | Decider::Rollback => None,
            Decider::ScaleDownPolicy | Decider::ConsolidationPolicy | Decider::UnhealthyCleanup => refused,
        };
        check(&candidate, *decided_by, expected);
    }
}

/// LC-14a, LC-26: whoever's removal may have begun while there was a Node, goes on with it once the Node is gone.
#[test]
fn machine_that_is_being_removed_needs_no_node_any_more() {
    for state in [State::Draining, State::Unhealthy] {
        let mut candidate = candidate(state);
        candidate.binding.node_uid = None;
        candidate.is_under_way = true;
        check_all(&candidate, None);
    }
}

/// LC-16: at any age, and for everybody.
#[test]
fn starting_node_must_stay() {
    for state in [State::Provisioning, State::Initializing] {
        let mut candidate = candidate(state);
        for age in [0, 120, 1_000_000] {
            candidate.created_at = Some(at(-age));
            check_all(&candidate, Some(&Refusal::StillStartingUp { state }));
        }
    }
}

/// LC-17: in every state that has been ready, the broken one included.
#[test]
fn node_with_workload_pods_must_stay() {
    for state in State::ALL.iter().filter(|state| !state.is_starting()) {
        for pods in [1, 3, u64::MAX / 500] {
            check_all(
                &candidate(*state).pods(pods),
                Some(&Refusal::WorkloadPods { pods }),
            );
        }
    }
}

/// LC-17: what is requested by no pod is requested by one that nobody listed.
#[test]
fn node_with_requests_and_no_pods_must_stay() {
    for (cpu_m, memory_bytes) in [(1, 0), (0, 1), (7, 9)] {
        let mut candidate = candidate(State::Unhealthy);
        candidate.workload = Some(Workload {
            pods: 0,
            requested_cpu_m: cpu_m,
            requested_memory_bytes: memory_bytes,
        });
        check_all(
            &candidate,
            Some(&Refusal::WorkloadRequests { cpu_m, memory_bytes }),
        );
    }
}

/// LC-17: on a broken node a stuck pod is no pod; on any other it is.
#[test]
fn stuck_pod_keeps_no_broken_node() {
    let gate = Gate::new(Graces::default()).unwrap();
    let mut stuck = pod("a");
    stuck.removal = Some(Box::new(PodRemoval {
        due_at: at(-6),
        grace: TimeDelta::seconds(30),
    }));
    for (state, expected) in [
        (State::Unhealthy, None),
        (State::Idle, Some(Refusal::WorkloadPods { pods: 1 })),
    ] {
        let mut candidate = candidate(state);
        candidate.workload = Some(gate.workload([&stuck], &candidate.life, at(0)));
        check(&candidate, Decider::Manual, expected);
    }
}

/// LC-21: until the pods were listed, and for ten minutes after.
#[test]
fn recovered_node_rests_after_its_pods_were_listed() {
    let mut node = candidate(State::Idle).recovered(-60);
    check_all(&node, Some(&Refusal::WorkloadSyncInProgress));
    let mut listed = |minute, seconds| {
        let rules = UnhealthyAfter::default();
        node.life.recover(at(-60));
        let time = at(minute) + TimeDelta::seconds(seconds);
        node.life
            .apply("n", Event::PodsListed(&[]), &rules, time)
            .unwrap();
        node.ask(Decider::Manual).err()
    };
    assert_eq!(
        listed(-10, 1),
        Some(Refusal::PostSyncGracePeriod { remaining: second() })
    );
    assert_eq!(listed(-10, 0), None);
}

/// LC-21: nothing is decided about a node whose pods could not be listed, recovered or not.
#[test]
fn node_whose_pods_are_unknown_must_stay() {
    for state in State::ALL.iter().filter(|state| !state.is_starting()) {
        let mut node = candidate(*state);
        node.workload = None;
        check_all(&node, Some(&Refusal::WorkloadSyncInProgress));
    }
}

/// Makes an idle node in such a group, in which there is room for one more.
fn in_group(capacity_nodes: u32, min_nodes: u32, workload_pods: u64) -> Candidate {
    let mut node = candidate(State::Idle);
    node.group = GroupFacts {
        min_nodes,
        max_nodes: min_nodes + 1,
        is_replaced: true,
        capacity_nodes,
        workload_pods,
        is_deleted: false,
    };
    node
}

fn below(remaining: u32, floor: u32) -> Refusal {
    Refusal::BelowMinNodes { remaining, floor }
}

/// LC-23: over nodes that count as capacity.
#[test]
fn group_keeps_its_floor() {
    check_all(&in_group(3, 2, 9), None);
    check_all(&in_group(2, 2, 9), Some(&below(1, 2)));
    check_all(&in_group(0, 1, 0), Some(&below(0, 1)));
    check_all(&in_group(1, 0, 0), None);
    check_all(&in_group(0, 0, 0), None);
    check_all(&in_group(1, 0, 4), Some(&Refusal::LastNodeOfWorkload { pods: 4 }));
    check_all(&in_group(2, 0, 4), None);
}

/// LC-23: a person waits for a replacement while there is room for one, and while one comes.
#[test]
fn person_waits_for_a_replacement_that_can_come() {
    let by_hand = |capacity_nodes, min_nodes, max_nodes, is_replaced, expected| {
        let mut node = in_group(capacity_nodes, min_nodes, 0);
        (node.group.max_nodes, node.group.is_replaced) = (max_nodes, is_replaced);
        check(&node, Decider::Manual, expected);
        let needed = (capacity_nodes.saturating_sub(1) < min_nodes)
            .then(|| below(capacity_nodes.saturating_sub(1), min_nodes));
        for decided_by in Decider::ALL.iter().filter(|by| **by != Decider::Manual) {
            check(&node, *decided_by, needed.clone());
        }
    };
    by_hand(2, 2, 3, true, Some(below(1, 2)));
    by_hand(3, 2, 3, true, None);
    // Without room the node goes first, but never two at a time.
    by_hand(2, 2, 2, true, None);
    by_hand(1, 2, 2, true, Some(below(0, 1)));
    by_hand(1, 1, 1, true, None);
    by_hand(1, 1, 0, true, None);
    // Nobody waits for what does not come.
    by_hand(2, 2, 3, false, None);
    by_hand(1, 2, 3, false, None);
}

/// LC-23: the deletion of the NodeGroup lifts the floor, and a node that is no capacity is no loss.
#[test]
fn floor_is_lifted_with_the_group_and_for_what_is_no_capacity() {
    let mut node = candidate(State::Idle).needed();
    node.group.is_deleted = true;
    check_all(&node, None);
    for state in [State::Draining, State::Unhealthy] {
        check_all(&candidate(state).needed(), None);
    }
}

/// LC-18, LC-19, LC-21: graces are settings.
#[test]
fn graces_can_be_set() {
    let graces = Graces {
        ready_manual: TimeDelta::minutes(31),
        idle_manual: TimeDelta::minutes(31),
        ..Graces::default()
    };
    let gate = Gate::new(graces).unwrap();
    assert_eq!(gate.graces(), &graces);
    for state in [State::Ready, State::Idle] {
        let node = candidate(state);
        let refusal = gate
            .decide(Some(&node.facts()), Decider::Manual, at(0))
            .unwrap_err();
        assert_eq!(refusal.remaining(), Some(TimeDelta::minutes(1)));
        assert!(gate.decide(Some(&node.facts()), Decider::Manual, at(1)).is_ok());
    }
}

/// SC-12: a node without which a watched Service has no ready endpoint stays, for everybody and in every state from which
/// something is removed, unless its whole group goes or its removal may have begun.
#[test]
fn node_of_a_last_ready_endpoint_must_stay() {
    let serving = |state| candidate(state).serving("shop/web").serving("shop/worker");
    for state in [State::Ready, State::Idle, State::Draining, State::Unhealthy] {
        let refusal = Refusal::LastReadyEndpoint {
            service: "shop/web".to_owned(),
            services: 2,
        };
        check_all(&serving(state), Some(&refusal));
        let mut ending = serving(state);
        ending.group.is_deleted = true;
        check_all(&ending, None);
        let mut begun = serving(state);
        begun.is_under_way = true;
        check_all(&begun, None);
    }
}

/// Impossible graces are refused by the name of their field.
#[test]
fn impossible_graces_are_refused_by_name() {
    type Change = fn(&mut Graces, TimeDelta);
    let fields: [(&str, Change); 8] = [
        ("ready", |graces, value| graces.ready = value),
        ("readyManual", |graces, value| graces.ready_manual = value),
        ("idleScaleDown", |graces, value| graces.idle_scale_down = value),
        ("idleConsolidation", |graces, value| {
            graces.idle_consolidation = value
        }),
        ("idleManual", |graces, value| graces.idle_manual = value),
        ("postSync", |graces, value| graces.post_sync = value),
        ("stuckPod", |graces, value| graces.stuck_pod = value),
        ("permit", |graces, value| graces.permit = value),
    ];
    for (field, change) in fields {
        let with = |seconds| {
            let mut graces = Graces::default();
            change(&mut graces, TimeDelta::seconds(seconds));
            Gate::new(graces).err()
        };
        let (least, most) = if field == "permit" {
            (1, 300)
        } else {
            (0, 2_592_000)
        };
        for found in [least - 1, most + 1, i64::from(i32::MIN), i64::from(i32::MAX)] {
            assert_eq!(
                with(found),
                Some(InvalidGrace {
                    field,
                    least,
                    most,
                    found
                })
            );
        }
        assert_eq!((with(least), with(most)), (None, None));
    }
    let graces = Graces {
        ready: -second(),
        ..Graces::default()
    };
    let message = graces.validate().unwrap_err().to_string();
    assert_eq!(
        message,
        "graces.ready must be between 0 s and 2592000 s, and is -1 s"
    );
}

/// The builders of tests say which nodes may go; that must be so.
#[test]
fn usual_candidate_may_go_when_its_state_allows_it() {
    for state in State::ALL {
        let refused = candidate(*state)
            .ask(Decider::ScaleDownPolicy)
            .err()
            .map(|refusal| refusal.name());
        let expected = match state {
            State::Provisioning | State::Initializing => Some(RefusalName::StillStartingUp),
            State::Active => Some(RefusalName::IdleTooShort),
            State::Decommissioned => Some(RefusalName::InvalidState),
            State::Ready | State::Idle | State::Draining | State::Unhealthy => None,
        };
        assert_eq!(refused, expected, "{state}");
        assert_eq!(life(*state).state(), *state);
    }
}
