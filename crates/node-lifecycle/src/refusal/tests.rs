//! The sentences of refusals, each with its numbers.

use super::sentence::Span;
use super::*;

fn of_node() -> Vec<(Refusal, &'static str)> {
    let remaining = TimeDelta::milliseconds(600);
    let (doubt, protection) = (Doubt::Ambiguous, Protection::ControlPlane);
    vec![
        (Refusal::NodeNotFound, "Node is not known"),
        (
            Refusal::NotManagedNode { protection },
            "Node is not managed: it belongs to the control plane",
        ),
        (
            Refusal::IdentityUnproven { doubt },
            "Node and machine are not proven to be one: several could be meant",
        ),
        (
            Refusal::WorkloadSyncInProgress,
            "Pods of the Node were not listed completely yet",
        ),
        (
            Refusal::PostSyncGracePeriod { remaining },
            "Node was found again a short time ago: 1 s remain",
        ),
        (
            Refusal::StillStartingUp {
                state: State::Initializing,
            },
            "Node is still starting up: initializing",
        ),
        (Refusal::WorkloadPods { pods: 3 }, "Node has 3 workload pods"),
        (
            Refusal::WorkloadRequests {
                cpu_m: 100,
                memory_bytes: 7,
            },
            "Node has no workload pods, and yet 100m CPU and 7 bytes of memory are requested",
        ),
    ]
}

/// The refusals of a state and of a group.
fn of_state_and_group() -> Vec<(Refusal, &'static str)> {
    let (age, remaining) = (TimeDelta::seconds(29 * 60 + 59), TimeDelta::milliseconds(600));
    let state = State::Idle;
    vec![
        (
            Refusal::ReadyNodeTooYoung { age, remaining },
            "Ready node too young: ready for 29 min 59 s, 1 s remain",
        ),
        (
            Refusal::TimestampMissing { state },
            "timestamp missing: nothing says for how long the Node has been idle",
        ),
        (
            Refusal::IdleTooShort {
                idle: TimeDelta::minutes(2),
                remaining: TimeDelta::seconds(61),
            },
            "Node is idle for too short a time: 2 min, 1 min 1 s remain",
        ),
        (
            Refusal::InvalidState { state },
            "invalid state: a Node that is idle and never carried a workload pod",
        ),
        (
            Refusal::ManualCleanupRequired {
                failure: "DiscoveryTimeout".into(),
            },
            "VPSieNode failed and waits for a person: DiscoveryTimeout",
        ),
        (
            Refusal::BelowMinNodes {
                remaining: 1,
                floor: 2,
            },
            "group would have 1 usable nodes, and needs 2",
        ),
        (
            Refusal::LastNodeOfWorkload { pods: 4 },
            "group has 4 workload pods and would have no usable node",
        ),
        (
            Refusal::LastReadyEndpoint {
                service: "shop/web".into(),
                services: 2,
            },
            "Node carries the last ready endpoint of 2 watched Services, first shop/web",
        ),
    ]
}

fn all() -> Vec<(Refusal, &'static str)> {
    let mut all = of_node();
    all.extend(of_state_and_group());
    all
}

/// LC-14 to LC-23: each refusal has its sentence, with its numbers.
#[test]
fn refusals_are_sentences_with_numbers() {
    for (refusal, sentence) in all() {
        assert_eq!(refusal.to_string(), sentence);
    }
}

/// Each name belongs to one refusal, and they are listed in the same order.
#[test]
fn every_name_is_that_of_a_refusal() {
    let names: Vec<RefusalName> = all().iter().map(|(refusal, _)| refusal.name()).collect();
    assert_eq!(names, RefusalName::ALL);
}

/// LC-14 to LC-21: the names that other programs look for.
#[test]
fn names_are_stable() {
    let names: Vec<&str> = RefusalName::ALL.iter().map(|name| name.as_str()).collect();
    let expected = [
        "node_not_found",
        "not_managed_node",
        "identity_unproven",
        "workload_sync_in_progress",
        "post_sync_grace_period",
        "still_starting_up",
        "workload_pods",
        "workload_requests",
        "ready_node_too_young",
        "timestamp_missing",
        "idle_too_short",
        "invalid_state",
        "manual_cleanup_required",
        "below_min_nodes",
        "last_node_of_workload",
        "last_ready_endpoint",
    ];
    assert_eq!(names, expected);
}

/// LC-15: only the unknown node is a failure.
#[test]
fn unknown_node_is_a_failure_and_all_else_a_rejection() {
    for (refusal, _) in all() {
        let is_failure = refusal == Refusal::NodeNotFound;
        let expected = if is_failure {
            Outcome::Failed
        } else {
            Outcome::Rejected
        };
        assert_eq!(refusal.outcome(), expected);
    }
}

/// What time heals says when.
#[test]
fn refusals_that_time_heals_say_when() {
    let healing: Vec<RefusalName> = all()
        .iter()
        .filter(|(refusal, _)| refusal.remaining().is_some())
        .map(|(refusal, _)| refusal.name())
        .collect();
    let expected = [
        RefusalName::PostSyncGracePeriod,
        RefusalName::ReadyNodeTooYoung,
        RefusalName::IdleTooShort,
    ];
    assert_eq!(healing, expected);
}

/// Each doubt and each protection has words of its own.
#[test]
fn doubts_and_protections_are_told_apart() {
    let mut sentences: Vec<String> = Doubt::ALL
        .iter()
        .map(|doubt| Refusal::IdentityUnproven { doubt: *doubt }.to_string())
        .collect();
    let protections = Protection::ALL
        .iter()
        .map(|&protection| Refusal::NotManagedNode { protection });
    sentences.extend(protections.map(|refusal| refusal.to_string()));
    let count = sentences.len();
    sentences.sort();
    sentences.dedup();
    assert_eq!((sentences.len(), count), (10, 10));
}

/// LC-18: what remains is never shown as nothing, and clocks that differ are shown as they are.
#[test]
fn spans_are_rounded_up() {
    let shown = |milliseconds| Span(TimeDelta::milliseconds(milliseconds)).to_string();
    for (milliseconds, expected) in [
        (0, "0 s"),
        (1, "1 s"),
        (1000, "1 s"),
        (1001, "2 s"),
        (59_001, "1 min"),
        (60_000, "1 min"),
        (61_500, "1 min 2 s"),
        (-61_000, "-1 min 1 s"),
        (-500, "0 s"),
    ] {
        assert_eq!(shown(milliseconds), expected, "{milliseconds} ms");
    }
}
