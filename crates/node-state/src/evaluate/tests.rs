//! States of single nodes, from good facts and from bad ones.

use super::*;
use crate::condition::Since;
use crate::facts::{Mark, Pressure};
use crate::fleet::Fleet;
use crate::testing::{Counting, at, group, node, owner, pod, ready};
use std::sync::Arc;

/// Evaluates a node of the NodeGroup `workers` with an owner, as the first and only thing of a fleet.
fn evaluated(change: impl FnOnce(&mut NodeFacts, &mut OwnerFacts)) -> Arc<NodeState> {
    let (mut node, mut owner) = (node("n").of_group("workers"), owner("w", "workers", Some("n")));
    change(&mut node, &mut owner);
    let mut fleet = Fleet::default();
    fleet.put_group(group("workers"));
    fleet.put_owner(owner);
    fleet.put_node(node);
    fleet.put_pod("n", pod("a"));
    only(&mut fleet, 0)
}

/// Evaluates what changed, and returns the state of the only node.
#[track_caller]
fn only(fleet: &mut Fleet, minutes: i64) -> Arc<NodeState> {
    let batch = fleet.settle(&Rules::default(), at(minutes));
    assert_eq!(batch.changes.len(), 1, "{batch:?}");
    let change = batch.changes.into_values().next();
    change.and_then(|change| change.now).expect("it is there")
}

/// Shows the conditions that hold or are not known, with their reasons.
fn news(state: &NodeState) -> Vec<String> {
    let usual = [
        (Topic::Provisioned, Status::True),
        (Topic::Available, Status::True),
    ];
    let is_usual = |topic: Topic, status: Status| {
        usual.contains(&(topic, status))
            || (status == Status::False && !usual.iter().any(|(it, _)| *it == topic))
    };
    let news = state
        .conditions
        .iter()
        .filter(|(topic, it)| !is_usual(**topic, it.status));
    news.map(|(topic, it)| format!("{topic}={}:{}", it.status, it.reason))
        .collect()
}

/// NS-1: a state says everything that consumers need, in values of no CRD.
#[test]
fn state_says_everything() {
    let state = evaluated(|_, _| ());
    assert_eq!(state.name().as_ref(), "n");
    assert_eq!(
        (state.uid.as_ref(), state.source_version.as_ref()),
        ("uid-of-n", "1")
    );
    assert_eq!(state.node_group, Some(crate::testing::group_key("workers")));
    assert_eq!((state.scope, state.zone.as_deref()), (Scope::Worker, Some("hel")));
    assert_eq!(state.kubelet_version.as_deref(), Some("v1.33.2"));
    assert_eq!(state.desired_version.as_deref(), Some("v1.33.2"));
    assert_eq!(
        (state.lifecycle_state, state.health),
        (State::Active, Health::Healthy)
    );
    let workload = Workload {
        pods: 1,
        requested_cpu_m: 500,
        requested_memory_bytes: 256 << 20,
    };
    assert_eq!(state.workload, workload);
    assert_eq!(
        (
            state.message.as_ref(),
            state.last_evaluated,
            state.evaluation_count
        ),
        ("", at(0), 1)
    );
    assert_eq!(news(&state), Vec::<String>::new());
    assert_eq!(
        state.conditions.len(),
        Topic::ALL.len(),
        "there is one condition for each topic"
    );
    assert_eq!(state.state_hash, StateHash::of(&state));
}

/// NS-1, NS-4: what is wrong comes first, then that it leaves, then that it is not available.
#[test]
fn troubles_are_conditions_and_the_worst_is_the_message() {
    type Change = fn(&mut NodeFacts, &mut OwnerFacts);
    let cases: [(Change, &[&str], &str); 10] = [
        (
            |node, _| node.ready = Some(ready(Some(false), -5)),
            &["Available=False:NodeNotReady", "Degraded=True:NodeNotReady"],
            "the Node is not Ready: KubeletSays",
        ),
        (
            |node, _| node.ready = Some(ready(None, -5)),
            &["Available=Unknown:NodeSilent", "Degraded=True:NodeSilent"],
            "its kubelet has fallen silent",
        ),
        (
            |node, _| node.ready = None,
            &["Available=Unknown:NodeSilent"],
            "its kubelet does not report",
        ),
        (
            |node, _| node.disk_pressure = Some(Pressure { since: Some(at(-3)) }),
            &["Degraded=True:DiskPressure"],
            "it is short of disk",
        ),
        (
            |_, owner| *owner = owner.clone().in_state(State::Unhealthy),
            &["Available=False:OutOfService", "Degraded=True:Unhealthy"],
            "it is broken",
        ),
        (
            |node, owner| {
                node.ready = Some(ready(Some(false), -5));
                owner.failure = Some("JoiningTimeout".into());
            },
            &["Available=False:NodeNotReady", "Degraded=True:VPSieNodeFailed"],
            "its VPSieNode has failed: JoiningTimeout",
        ),
        (
            |_, owner| *owner = owner.clone().in_state(State::Draining),
            &["Available=False:OutOfService", "Draining=True:Leaving"],
            "it is draining",
        ),
        (
            |_, owner| owner.deleted_at = Some(at(-2)),
            &["Draining=True:BeingDeleted"],
            "it is being deleted",
        ),
        (
            |node, _| node.drain_marked = Some(Mark { since: Some(at(-2)) }),
            &["Draining=True:DrainMarked"],
            "it is marked to be drained",
        ),
        (
            |node, owner| {
                node.ready = Some(ready(Some(false), -5));
                *owner = owner.clone().in_state(State::Initializing);
            },
            &["Available=False:NodeNotReady"],
            "the Node is not Ready: KubeletSays",
        ),
    ];
    for (change, expected, message) in cases {
        let state = evaluated(change);
        assert_eq!(news(&state), expected);
        assert_eq!(&*state.message, message);
    }
}

/// NS-1: a VPSieNode has a state before its Node is there, and when that is gone.
#[test]
fn awaited_nodes_have_a_state() {
    let state = |owner: OwnerFacts| {
        let mut fleet = Fleet::default();
        fleet.put_group(group("workers"));
        fleet.put_owner(owner);
        only(&mut fleet, 0)
    };
    let awaited = state(owner("w", "workers", None));
    assert_eq!(
        news(&awaited),
        ["Provisioned=False:MachineAwaited", "Available=False:NodeAwaited"]
    );
    assert_eq!(
        (awaited.uid.as_ref(), awaited.health),
        ("uid-of-w", Health::Unknown)
    );
    let gone = state(owner("w", "workers", Some("n")));
    assert_eq!(
        news(&gone),
        ["Available=False:NodeAwaited", "Degraded=True:NodeMissing"]
    );
    let unrecorded = state(OwnerFacts {
        life: None,
        ..owner("w", "workers", None)
    });
    assert_eq!(
        unrecorded.lifecycle_state,
        State::Provisioning,
        "the phase says so (LC-5)"
    );
}

/// NS-1: a Node that nobody made is taken for active, and protected (LC-5).
#[test]
fn stranger_is_unmanaged_and_active() {
    let mut fleet = Fleet::default();
    fleet.put_node(node("stranger"));
    let state = only(&mut fleet, 0);
    assert_eq!(
        (state.scope, state.lifecycle_state),
        (Scope::Unmanaged, State::Active)
    );
    assert_eq!(state.health, Health::Healthy);
}

/// NS-2: anything that makes states can stand in for the rules, and is asked once for each change.
#[test]
fn evaluator_can_be_replaced() {
    let evaluator = Counting::default();
    let mut fleet = Fleet::default();
    fleet.put_node(node("a"));
    fleet.put_node(node("b"));
    let evaluated = fleet.settle(&evaluator, at(0)).evaluated;
    assert_eq!((evaluator.take(), evaluated), (2, 2));
    fleet.put_pod("a", pod("p"));
    fleet.put_pod("a", pod("q"));
    let evaluated = fleet.settle(&evaluator, at(1)).evaluated;
    assert_eq!(
        (evaluator.take(), evaluated),
        (1, 1),
        "once, however many of its pods changed"
    );
}

/// NS-4: a time that is known is used; one that is not is when it was seen, and stays while the status does.
#[test]
fn times_of_conditions_are_told_or_kept() {
    let since = |state: &NodeState, topic| state.conditions.get(&topic).unwrap().since;
    let mut fleet = Fleet::default();
    fleet.put_node(node("n"));
    let first = only(&mut fleet, 0);
    assert_eq!(since(&first, Topic::Available), Since::Told(at(-60)));
    assert_eq!(since(&first, Topic::Degraded), Since::Seen(at(0)));
    fleet.put_node(NodeFacts {
        ready: Some(ready(Some(false), 3)),
        ..node("n")
    });
    let broken = only(&mut fleet, 5);
    assert_eq!(
        since(&broken, Topic::Degraded),
        Since::Told(at(3)),
        "NotReady since, and not since it was seen"
    );
    assert_eq!(
        since(&broken, Topic::Draining),
        Since::Seen(at(0)),
        "its status is what it was"
    );
    fleet.put_node(node("n"));
    let recovered = only(&mut fleet, 9);
    assert_eq!(
        since(&recovered, Topic::Degraded),
        Since::Seen(at(9)),
        "its status is another one"
    );
}

/// NS-4: what is looked at again and found as it was is no change; the count goes on nevertheless.
#[test]
fn equal_hash_is_no_change() {
    let mut fleet = Fleet::default();
    fleet.put_node(node("n"));
    let first = only(&mut fleet, 0);
    fleet.put_node(NodeFacts {
        resource_version: "2".into(),
        ..node("n")
    });
    let batch = fleet.settle(&Rules::default(), at(1));
    assert_eq!((batch.evaluated, batch.is_empty()), (1, true));
    fleet.put_node(NodeFacts {
        resource_version: "2".into(),
        ..node("n")
    });
    assert_eq!(
        fleet.settle(&Rules::default(), at(2)).evaluated,
        0,
        "the same facts twice"
    );
    fleet.put_pod("n", pod("a"));
    let third = only(&mut fleet, 3);
    assert_eq!((first.evaluation_count, third.evaluation_count), (1, 3));
    assert_eq!(
        (third.source_version.as_str(), third.last_evaluated),
        ("2", at(3))
    );
}

/// Bad input: every mistake gives a state with a warning, the same each time.
#[test]
fn bad_facts_give_a_state_with_a_warning() {
    type Change = fn(&mut NodeFacts, &mut OwnerFacts);
    let cases: [(Change, &str, &str); 7] = [
        (|node, _| node.zones = [].into(), "ZoneMissing", "no zone"),
        (
            |node, _| node.zones = ["hel".into(), "ams".into()].into(),
            "ZonesContradict",
            "two zones",
        ),
        (|node, _| node.group_label = None, "GroupLabelMissing", "no label"),
        (
            |node, _| node.group_label = Some("db".into()),
            "GroupLabelContradicts",
            "another label",
        ),
        (
            |_, owner| owner.group = "gone".into(),
            "GroupMissing",
            "a group that is gone",
        ),
        (
            |node, _| node.created_at = Some(at(2)),
            "FutureTimestamp",
            "made in the future",
        ),
        (
            |_, owner| owner.provisioned_at = Some(at(2)),
            "FutureTimestamp",
            "provisioned in the future",
        ),
    ];
    for (change, expected, why) in cases {
        let state = evaluated(change);
        let warning = state.conditions.get(&Topic::Warning).unwrap();
        assert!(
            state.warnings.iter().any(|it| it.name() == expected),
            "{why}: {:?}",
            state.warnings
        );
        assert_eq!(warning.status, Status::True, "{why}");
        assert_eq!(
            Some(warning.reason),
            state.warnings.first().map(Warning::name),
            "{why}"
        );
        assert!(!state.message.is_empty(), "{why}");
        assert_eq!(state.state_hash, evaluated(change).state_hash, "{why}");
    }
    let fine = evaluated(|node, _| node.created_at = Some(at(1)));
    assert!(fine.warnings.is_empty(), "clocks differ by a minute");
}

/// Bad input: a moment in the future dates nothing, and looking again later changes nothing.
#[test]
fn moment_in_the_future_dates_nothing() {
    let mut fleet = Fleet::default();
    let tomorrow = NodeFacts {
        ready: Some(ready(Some(false), 24 * 60)),
        ..node("n")
    };
    fleet.put_node(tomorrow.clone());
    let state = only(&mut fleet, 0);
    assert_eq!(
        state.conditions.get(&Topic::Degraded).unwrap().since,
        Since::Seen(at(0))
    );
    fleet.put_node(NodeFacts {
        resource_version: "2".into(),
        ..tomorrow
    });
    assert!(fleet.settle(&Rules::default(), at(7)).is_empty());
}

/// NS-1: on a broken node a pod that is long overdue does not count (LC-17).
#[test]
fn overdue_pods_of_a_broken_node_do_not_count() {
    let overdue = PodFacts {
        removal: Some(Box::new(node_lifecycle::PodRemoval {
            due_at: at(-10),
            grace: TimeDelta::zero(),
        })),
        ..pod("a")
    };
    for (state, expected) in [(State::Active, 1), (State::Unhealthy, 0)] {
        let mut fleet = Fleet::default();
        fleet.put_owner(owner("w", "workers", Some("n")).in_state(state));
        fleet.put_node(node("n"));
        fleet.put_pod("n", overdue.clone());
        assert_eq!(only(&mut fleet, 0).workload.pods, expected, "{state}");
    }
}

/// NS-1: what only the passing of time changes is found when its time has come (LC-17).
#[test]
fn pod_that_becomes_overdue_is_found_when_its_time_has_come() {
    let mut fleet = Fleet::default();
    fleet.put_owner(owner("w", "workers", Some("n")).in_state(State::Unhealthy));
    fleet.put_node(node("n"));
    let ending = PodFacts {
        removal: Some(Box::new(node_lifecycle::PodRemoval {
            due_at: at(0),
            grace: TimeDelta::zero(),
        })),
        ..pod("a")
    };
    fleet.put_pod("n", ending);
    assert_eq!(only(&mut fleet, 5).workload.pods, 1);
    assert_eq!(only(&mut fleet, 6).workload.pods, 0);
}
