//! Each term by its facts, one at a time.

use crate::testing::{at, pod};

use super::*;

/// Terms: DaemonSet, mirror and finished pods are no workload, nor is one that is not bound.
#[test]
fn workload_pod_is_bound_unfinished_and_of_no_daemon_set_or_mirror() {
    let changed = |change: fn(&mut PodFacts)| {
        let mut pod = pod("a");
        change(&mut pod);
        pod.is_workload()
    };
    assert!(changed(|_| {}));
    assert!(!changed(|pod| pod.is_bound = false));
    assert!(!changed(|pod| pod.is_finished = true));
    assert!(!changed(|pod| pod.is_of_daemon_set = true));
    assert!(!changed(|pod| pod.is_mirror = true));
}

fn terminating(due: i64, grace_seconds: i64) -> PodFacts {
    PodFacts {
        removal: Some(Box::new(PodRemoval {
            due_at: at(due),
            grace: TimeDelta::seconds(grace_seconds),
        })),
        ..pod("a")
    }
}

/// Terms, LC-17: a terminating pod counts; on a broken node until grace and five minutes after its due end.
#[test]
fn stuck_pod_counts_everywhere_but_on_a_broken_node() {
    let patience = TimeDelta::minutes(5);
    let counted = |pod: &PodFacts, state| Workload::of([pod], state, patience, at(0)).pods;
    for state in State::ALL {
        assert_eq!(counted(&pod("a"), *state), 1, "{state}");
        assert_eq!(
            counted(&terminating(-6, 60), *state),
            1,
            "exactly at the limit, {state}"
        );
        let is_broken = *state == State::Unhealthy;
        assert_eq!(
            counted(&terminating(-6, 59), *state),
            u64::from(!is_broken),
            "{state}"
        );
    }
    let mut endless = terminating(-1_000_000, 0);
    endless.removal.as_mut().unwrap().grace = TimeDelta::MAX;
    assert_eq!(counted(&endless, State::Unhealthy), 1);
    endless.removal.as_mut().unwrap().grace = TimeDelta::MIN;
    assert_eq!(counted(&endless, State::Unhealthy), 1);
}

/// LC-17: what workload pods request is summed up, and what others request is not.
#[test]
fn workload_sums_what_its_pods_request() {
    let mut of_daemon_set = pod("d");
    of_daemon_set.is_of_daemon_set = true;
    let huge = PodFacts {
        requested_cpu_m: u64::MAX,
        requested_memory_bytes: u64::MAX,
        ..pod("h")
    };
    let sum = |pods: &[PodFacts]| Workload::of(pods, State::Active, TimeDelta::zero(), at(0));
    assert_eq!(sum(&[of_daemon_set.clone()]), Workload::default());
    let expected = Workload {
        pods: 2,
        requested_cpu_m: 1000,
        requested_memory_bytes: 512 << 20,
    };
    assert_eq!(sum(&[pod("a"), of_daemon_set, pod("b")]), expected);
    let expected = Workload {
        pods: 2,
        requested_cpu_m: u64::MAX,
        requested_memory_bytes: u64::MAX,
    };
    assert_eq!(sum(&[huge, pod("a")]), expected);
}

/// LC-14: by facts; there is no name among them, so neither "proxyman-1" nor "control-lab" can be protected by it.
#[test]
fn protection_follows_from_facts_in_their_order() {
    let facts = |control_plane, owner, managed, opted_out| {
        ProtectionFacts {
            is_of_control_plane: control_plane,
            has_owner: owner,
            is_group_managed: managed,
            has_opted_out: opted_out,
        }
        .protection()
    };
    assert_eq!(facts(false, true, true, false), None);
    assert_eq!(facts(true, false, false, true), Some(Protection::ControlPlane));
    assert_eq!(facts(true, true, true, false), Some(Protection::ControlPlane));
    assert_eq!(facts(false, false, false, true), Some(Protection::NoOwner));
    assert_eq!(facts(false, false, true, false), Some(Protection::NoOwner));
    assert_eq!(facts(false, true, false, true), Some(Protection::UnmanagedGroup));
    assert_eq!(facts(false, true, false, false), Some(Protection::UnmanagedGroup));
    assert_eq!(facts(false, true, true, true), Some(Protection::OptedOut));
    assert_eq!(ProtectionFacts::default().protection(), Some(Protection::NoOwner));
}

/// Terms, LC-41: asked for and not joined, failed or on its way out.
#[test]
fn incoming_is_asked_for_and_not_there() {
    let incoming = |requested, joined, failed, deleted| {
        IncomingFacts {
            is_creation_requested: requested,
            has_joined: joined,
            has_failed: failed,
            is_being_deleted: deleted,
        }
        .is_incoming()
    };
    assert!(incoming(true, false, false, false));
    assert!(!incoming(false, false, false, false));
    assert!(!incoming(true, true, false, false));
    assert!(!incoming(true, false, true, false));
    assert!(!incoming(true, false, false, true));
}
