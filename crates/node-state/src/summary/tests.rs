//! Phases of nodes, counts of groups, and which word comes first.

use super::*;
use crate::evaluate::Rules;
use crate::fleet::Fleet;
use crate::snapshot::Snapshot;
use crate::testing::{at, group, group_key, node, owner, ready};
use node_lifecycle::State;

fn summary(counts: &[(NodePhase, u64)]) -> GroupSummary {
    GroupSummary {
        phases: counts.iter().copied().collect(),
    }
}

/// NS-21: for every set of phases that a group can have nodes in, the first word that holds counts.
#[test]
fn assessments_come_in_their_order() {
    for set in 0..1_u32 << NodePhase::ALL.len() {
        let has = |phase: NodePhase| {
            let place = NodePhase::ALL.iter().position(|other| *other == phase);
            set & (1 << place.expect("it is one of all")) != 0
        };
        let counts: Vec<(NodePhase, u64)> = NodePhase::ALL
            .iter()
            .map(|phase| (*phase, u64::from(has(*phase)) * 2))
            .collect();
        let expected = match set {
            0 => "pending",
            _ if has(NodePhase::Degraded) => "degraded",
            _ if has(NodePhase::Excluded) => "excluded",
            _ if has(NodePhase::Progressing) || has(NodePhase::Draining) => "progressing",
            _ if has(NodePhase::Outdated) || has(NodePhase::Pending) => "pending",
            _ => "completed",
        };
        let summary = summary(&counts);
        assert_eq!(summary.assessment().as_str(), expected, "{counts:?}");
        assert_eq!(summary.total(), u64::from(set.count_ones()) * 2);
    }
}

/// NS-21: the share is rounded down, and that of an empty group is 0.
#[test]
fn completion_is_rounded_down() {
    let done =
        |done, others| summary(&[(NodePhase::Available, done), (NodePhase::Outdated, others)]).completion();
    assert_eq!(
        (done(0, 0), done(1, 2), done(2, 1), done(199, 1), done(3, 0)),
        (0, 33, 66, 99, 100)
    );
    let empty = GroupSummary::of([]);
    assert_eq!((empty.total(), empty.assessment()), (0, Assessment::Pending));
}

/// Evaluates a node of a NodeGroup and returns its phase.
#[track_caller]
fn phase(
    change: impl FnOnce(&mut crate::NodeFacts, &mut crate::OwnerFacts, &mut crate::GroupFacts),
) -> NodePhase {
    let (mut node, mut owner, mut group) = (node("n"), owner("w", "workers", Some("n")), group("workers"));
    change(&mut node, &mut owner, &mut group);
    let mut fleet = Fleet::default();
    fleet.put_group(group);
    fleet.put_owner(owner);
    fleet.put_node(node);
    let snapshot = Snapshot::default().next(&fleet.settle(&Rules::default(), at(0)));
    let states: Vec<_> = snapshot.by_group(&group_key("workers")).collect();
    assert_eq!(states.len(), 1);
    let summary = snapshot.summary(&group_key("workers")).expect("it is there");
    let phase = NodePhase::of(states[0]);
    assert_eq!((summary.total(), summary.count(phase)), (1, 1), "it counts once");
    phase
}

/// NS-21: each node counts in one phase, the first that holds.
#[test]
fn node_is_in_the_first_phase_that_holds() {
    let old = || Some("v1.32.0".into());
    assert_eq!(phase(|_, _, _| ()), NodePhase::Available);
    assert_eq!(
        phase(|node, _, _| node.kubelet_version = old()),
        NodePhase::Outdated
    );
    let starting = phase(|node, owner, _| {
        node.ready = Some(ready(Some(false), -1));
        *owner = owner.clone().in_state(State::Initializing);
    });
    assert_eq!(starting, NodePhase::Progressing);
    let draining = phase(|node, owner, _| {
        node.kubelet_version = old();
        *owner = owner.clone().in_state(State::Draining);
    });
    assert_eq!(draining, NodePhase::Draining);
    let excepted = phase(|node, owner, _| {
        node.has_opted_out = true;
        owner.deleted_at = Some(at(-1));
    });
    assert_eq!(excepted, NodePhase::Excluded);
    assert_eq!(phase(|_, _, group| group.is_paused = true), NodePhase::Excluded);
    let broken = phase(|node, _, group| {
        group.is_paused = true;
        node.ready = Some(ready(Some(false), -1));
    });
    assert_eq!(broken, NodePhase::Degraded);
    let awaited = phase(|_, owner, _| *owner = crate::testing::owner("w", "workers", None));
    assert_eq!(awaited, NodePhase::Pending);
}

/// NS-11: while one of the versions is not known, a node is neither outdated nor progressing.
#[test]
fn unknown_version_is_neither_outdated_nor_progressing() {
    let unknown = [None, Some("".into()), Some("latest".into())];
    for version in unknown {
        for is_desired in [true, false] {
            for state in [State::Active, State::Initializing] {
                let phase = phase(|node, owner, group| {
                    *owner = owner.clone().in_state(state);
                    let place = if is_desired {
                        &mut group.version
                    } else {
                        &mut node.kubelet_version
                    };
                    place.clone_from(&version);
                });
                let expected = if state == State::Active {
                    NodePhase::Available
                } else {
                    NodePhase::Pending
                };
                assert_eq!(phase, expected, "{version:?}, desired {is_desired}, {state}");
            }
        }
    }
}

/// NS-21, NS-28: who is of no NodeGroup counts in none, and a phase without nodes is there with zero.
#[test]
fn phases_without_nodes_are_zero() {
    let mut fleet = Fleet::default();
    fleet.put_node(node("stranger"));
    let snapshot = Snapshot::default().next(&fleet.settle(&Rules::default(), at(0)));
    let states: Vec<&NodeState> = snapshot.all().map(|state| &**state).collect();
    assert_eq!(GroupSummary::of(states.iter().copied()).total(), 0);
    let phases = NodePhase::count(states);
    assert_eq!(phases.len(), NodePhase::ALL.len());
    assert_eq!(phases.values().sum::<u64>(), 1);
}

/// S1, S2: every VPSieNode counts once, with its Node or without, also where another has that Node or it is a master.
#[test]
fn each_vpsie_node_counts_once() {
    let mut fleet = Fleet::default();
    fleet.put_group(group("workers"));
    for (name, node) in [
        ("a", Some("a-1")),
        ("b", Some("a-1")),
        ("c", None),
        ("m", Some("master")),
    ] {
        fleet.put_owner(owner(name, "workers", node));
    }
    let (mut ending, mut failed) = (owner("d", "workers", None), owner("e", "workers", None));
    (ending.deleted_at, failed.phase) = (Some(at(-1)), Some(Phase::Failed));
    let foreign = crate::OwnerFacts {
        phase: None,
        ..owner("f", "workers", None)
    };
    for owner in [ending, failed, foreign, owner("x", "others", None)] {
        fleet.put_owner(owner);
    }
    fleet.put_node(node("a-1").of_group("workers"));
    fleet.put_node(crate::NodeFacts {
        is_of_control_plane: true,
        ..node("master")
    });
    fleet.put_node(node("labelled").of_group("workers"));
    let first = Snapshot::default().next(&fleet.settle(&Rules::default(), at(0)));
    let counts = |current, ready, wanted| OwnerCounts {
        current,
        ready,
        wanted,
    };
    assert_eq!(first.count_owned(&group_key("workers")), counts(7, 3, 5));
    assert_eq!(
        first.count_owned(&group_key("others")),
        counts(1, 0, 1),
        "that NodeGroup is not there"
    );

    fleet.remove_owner(&crate::OwnerKey::new(crate::testing::NAMESPACE, "x"));
    fleet.put_owner(owner("f", "others", None));
    let batch = fleet.settle(&Rules::default(), at(1));
    assert!(
        batch.groups.contains_key(&group_key("workers")),
        "who lost one is told"
    );
    let next = first.next(&batch);
    assert_eq!(next.count_owned(&group_key("workers")), counts(6, 3, 4));
    assert_eq!(next.count_owned(&group_key("others")), counts(1, 0, 1));

    fleet.remove_owner(&crate::OwnerKey::new(crate::testing::NAMESPACE, "m"));
    let batch = fleet.settle(&Rules::default(), at(2));
    let told: Vec<_> = batch.groups.keys().collect();
    assert_eq!(told, [&group_key("workers")], "who lost a master is told, too");
}

/// LC-39: a state without nodes is shown as zero, not left out; a Node without a VPSieNode has no life of its own.
#[test]
fn states_without_nodes_are_zero() {
    let mut fleet = Fleet::default();
    for name in ["a", "b"] {
        fleet.put_owner(owner(name, "workers", None).in_state(State::Idle));
    }
    fleet.put_owner(owner("c", "workers", Some("c-1")).in_state(State::Ready));
    fleet.put_node(node("c-1"));
    fleet.put_node(node("stranger"));
    let lives = Snapshot::default()
        .next(&fleet.settle(&Rules::default(), at(0)))
        .count_lives();
    assert_eq!(lives.len(), 8);
    assert_eq!(
        (lives[&State::Idle], lives[&State::Ready], lives[&State::Active]),
        (2, 1, 0)
    );
}
