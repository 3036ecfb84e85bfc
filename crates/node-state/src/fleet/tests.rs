//! Who is evaluated again after a change, and what others hear of it.

use super::*;
use crate::evaluate::Rules;
use crate::testing::{Counting, at, group, group_key, node, owner, pod, selector};
use std::collections::BTreeMap;

mod laws;
mod shared;

/// A fleet of three groups: two nodes of `web` by label, one of `db` by its owner, one that nobody selects, and all
/// evaluated.
fn fleet() -> Fleet {
    let mut fleet = Fleet::default();
    for name in ["web", "db", "idle"] {
        fleet.put_group(group(name));
    }
    fleet.put_node(node("web-1").of_group("web"));
    fleet.put_node(node("web-2").of_group("web"));
    fleet.put_owner(owner("db-claim", "db", Some("db-1")));
    fleet.put_node(node("db-1").of_group("db"));
    fleet.put_node(node("lone").label("pool", "lone"));
    assert_eq!(fleet.settle(&Rules::default(), at(0)).evaluated, 4);
    fleet
}

/// Settles and returns the names of what changed, the NodeGroups that are told, and how many were evaluated.
fn settle(fleet: &mut Fleet) -> (Vec<String>, Vec<String>, u64) {
    let evaluator = Counting::default();
    let batch = fleet.settle(&evaluator, at(1));
    assert_eq!(evaluator.take(), batch.evaluated);
    let changed = batch.changes.keys().map(|subject| subject.name().to_string());
    let groups = batch.groups.keys().map(|group| group.name.to_string());
    (changed.collect(), groups.collect(), batch.evaluated)
}

fn words(changed: &[&str], groups: &[&str], evaluated: u64) -> (Vec<String>, Vec<String>, u64) {
    let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    (texts(changed), texts(groups), evaluated)
}

/// NS-12: a change of a node, of its pods or of its VPSieNode evaluates that node once, and concerns its group.
#[test]
fn change_of_a_node_evaluates_it_alone() {
    let mut fleet = fleet();
    fleet.put_pod("web-1", pod("a"));
    fleet.put_pod("web-1", pod("b"));
    assert_eq!(settle(&mut fleet), words(&["web-1"], &["web"], 1));
    fleet.put_pod("web-1", pod("a"));
    fleet.put_pod(
        "web-1",
        PodFacts {
            is_of_daemon_set: true,
            ..pod("c")
        },
    );
    fleet.remove_pod("web-1", "d");
    assert_eq!(settle(&mut fleet), words(&[], &[], 0), "nothing is different");
    fleet.put_pod(
        "web-1",
        PodFacts {
            is_finished: true,
            ..pod("a")
        },
    );
    fleet.remove_pod("web-1", "b");
    assert_eq!(settle(&mut fleet), words(&["web-1"], &["web"], 1));
    assert!(
        fleet.pods.on("web-1").next().is_none(),
        "what is gone takes no room"
    );
    fleet.put_owner(owner("db-claim", "db", Some("db-1")).in_state(node_lifecycle::State::Idle));
    assert_eq!(settle(&mut fleet), words(&["db-1"], &["db"], 1));
}

/// NS-7: a Node that is deleted has no state at once, and the node and its group are told.
#[test]
fn deleted_node_is_gone_and_its_group_is_told() {
    let mut fleet = fleet();
    fleet.remove_node("web-2");
    let batch = fleet.settle(&Rules::default(), at(1));
    let change = &batch.changes[&Subject::node("web-2")];
    assert!(change.before.is_some() && change.now.is_none());
    assert_eq!(batch.groups, BTreeMap::from([(group_key("web"), true)]));
    assert_eq!((batch.evaluated, fleet.entries.len()), (0, 3));
    fleet.remove_node("web-2");
    assert_eq!(settle(&mut fleet), words(&[], &[], 0));
}

/// NS-7: the VPSieNode of a deleted Node has a state of its own from then on, until it is gone, too.
#[test]
fn owner_of_a_deleted_node_is_awaiting_again() {
    let mut fleet = fleet();
    fleet.remove_node("db-1");
    assert_eq!(settle(&mut fleet), words(&["db-1", "db-claim"], &["db"], 1));
    fleet.remove_owner(&OwnerKey::new("kube-system", "db-claim"));
    assert_eq!(settle(&mut fleet), words(&["db-claim"], &["db"], 0));
}

/// NS-8: a node that leaves its group becomes unmanaged, and the old group is told.
#[test]
fn node_that_leaves_its_group_becomes_unmanaged() {
    let mut fleet = fleet();
    fleet.put_node(node("web-2"));
    let batch = fleet.settle(&Rules::default(), at(1));
    let change = &batch.changes[&Subject::node("web-2")];
    let scope = |state: &Option<Arc<NodeState>>| state.as_ref().map(|state| state.scope);
    assert_eq!(
        (scope(&change.before), scope(&change.now)),
        (Some(Scope::Worker), Some(Scope::Unmanaged))
    );
    assert_eq!(batch.groups, BTreeMap::from([(group_key("web"), true)]));
    fleet.put_node(node("web-2").of_group("db"));
    assert_eq!(settle(&mut fleet), words(&["web-2"], &["db"], 1));
    fleet.put_node(node("web-2").of_group("web"));
    assert_eq!(
        settle(&mut fleet),
        words(&["web-2"], &["db", "web"], 1),
        "the old one and the new one"
    );
}

/// NS-8: where unmanaged Nodes are not wanted, one that leaves its group is gone, and comes back with it.
#[test]
fn unmanaged_nodes_are_dropped_where_nobody_wants_them() {
    let mut fleet = Fleet::new(UnmanagedNodes::Dropped);
    fleet.put_group(group("web"));
    fleet.put_node(node("n").of_group("web"));
    fleet.put_node(NodeFacts {
        is_of_control_plane: true,
        ..node("master")
    });
    fleet.put_node(node("stranger"));
    assert_eq!(settle(&mut fleet), words(&["master", "n"], &["web"], 3));
    fleet.put_node(node("n"));
    let batch = fleet.settle(&Rules::default(), at(1));
    assert_eq!(batch.changes[&Subject::node("n")].now, None);
    assert_eq!(batch.groups, BTreeMap::from([(group_key("web"), true)]));
    fleet.put_node(node("n").of_group("web"));
    assert_eq!(settle(&mut fleet), words(&["n"], &["web"], 1));
}

/// NS-9: a group that is paused or wants another version has its members evaluated again, and nobody else.
#[test]
fn pause_and_version_of_a_group_concern_its_members() {
    let mut fleet = fleet();
    fleet.put_group(GroupFacts {
        is_paused: true,
        ..group("web")
    });
    assert_eq!(settle(&mut fleet), words(&["web-1", "web-2"], &["web"], 2));
    fleet.put_group(GroupFacts {
        version: Some("v1.34.0".into()),
        ..group("db")
    });
    assert_eq!(settle(&mut fleet), words(&["db-1"], &["db"], 1));
    fleet.put_group(GroupFacts {
        is_paused: true,
        ..group("idle")
    });
    assert_eq!(
        settle(&mut fleet),
        words(&[], &["idle"], 0),
        "a group without nodes is told nevertheless"
    );
    fleet.put_group(GroupFacts {
        is_paused: true,
        ..group("idle")
    });
    assert_eq!(settle(&mut fleet), words(&[], &[], 0));
}

/// NS-9: another selector has the old members and the new ones evaluated again, and nobody else.
#[test]
fn selector_of_a_group_concerns_its_old_and_new_members() {
    let mut fleet = fleet();
    fleet.put_node(node("pool-1").label("pool", "a"));
    fleet.put_node(node("pool-2").label("pool", "b"));
    fleet.put_group(group("idle").selecting("pool", "a"));
    assert_eq!(settle(&mut fleet), words(&["pool-1", "pool-2"], &["idle"], 2));
    let why = fleet.put_group(group("idle").selecting("pool", "b"));
    assert_eq!(why, BTreeSet::from([Why::Selector]));
    assert_eq!(settle(&mut fleet), words(&["pool-1", "pool-2"], &["idle"], 2));
    fleet.put_group(GroupFacts {
        selector: Some(selector("pool", "")),
        ..group("idle")
    });
    assert_eq!(
        settle(&mut fleet),
        words(&["pool-2"], &["idle"], 1),
        "the old member alone"
    );
}

/// NS-9: with other rules everything is evaluated again, and only what comes out otherwise is told.
#[test]
fn change_of_the_rules_evaluates_everything() {
    let mut fleet = fleet();
    fleet.mark_all();
    assert_eq!((fleet.pending(), settle(&mut fleet)), (4, words(&[], &[], 4)));
}

/// Bad input: a group that is deleted while it has nodes leaves them unmanaged, with a warning; they come back with it.
#[test]
fn nodes_of_a_deleted_group_are_unmanaged_with_a_warning() {
    let mut fleet = fleet();
    fleet.remove_group(&group_key("web"));
    let batch = fleet.settle(&Rules::default(), at(1));
    assert_eq!(batch.groups, BTreeMap::from([(group_key("web"), false)]));
    assert_eq!((batch.changes.len(), batch.evaluated), (2, 2));
    for change in batch.changes.values() {
        let state = change.now.as_ref().expect("it is there");
        assert_eq!(state.scope, Scope::Unmanaged);
        assert_eq!(
            state.warnings.iter().map(Warning::name).collect::<Vec<_>>(),
            ["GroupMissing"]
        );
    }
    fleet.put_group(group("web"));
    assert_eq!(settle(&mut fleet), words(&["web-1", "web-2"], &["web"], 2));
}

/// Bad input: a selector that makes no sense is told with the group, also when no node is left to say it.
#[test]
fn invalid_selector_is_told_with_its_group() {
    let mut fleet = fleet();
    let why = fleet.put_group(group("idle").selecting("-", "a"));
    assert_eq!(why, BTreeSet::from([Why::SelectorInvalid]));
    assert!(fleet.groups().invalid_selector(&group_key("idle")).is_some());
    assert_eq!(settle(&mut fleet), words(&[], &["idle"], 0));
}

/// Bad input: of two VPSieNodes that name one Node the first has it, the other waits, and both say so.
#[test]
fn first_of_two_owners_has_the_node() {
    let mut fleet = fleet();
    fleet.put_owner(owner("another", "db", Some("db-1")));
    let batch = fleet.settle(&Rules::default(), at(1));
    let warnings = |name: Subject| {
        let state = batch.changes[&name].now.as_ref().expect("it is there");
        state.warnings.iter().map(Warning::name).collect::<Vec<_>>()
    };
    assert_eq!(warnings(Subject::node("db-1")), ["SeveralOwners"]);
    let late = Subject::Awaited(OwnerKey::new("kube-system", "db-claim"));
    assert_eq!(warnings(late), ["NodeTaken"], "`another` comes first");
    fleet.remove_owner(&OwnerKey::new("kube-system", "another"));
    assert_eq!(settle(&mut fleet), words(&["db-1", "db-claim"], &["db"], 1));
}

/// NS-20: a Node that is marked for a VPSieNode is its Node, although that one does not record it yet, so both count once.
#[test]
fn node_that_is_marked_for_a_vpsie_node_counts_once() {
    let mut fleet = fleet();
    let late = owner("web-9", "web", None);
    let (key, uid) = (late.key.clone(), late.uid.clone());
    fleet.put_owner(late.clone());
    let waits = words(&["web-9"], &["web"], 1);
    assert_eq!(settle(&mut fleet), waits);
    let marked = NodeFacts {
        marked_for: Some(uid),
        ..node("n9").of_group("web")
    };
    fleet.put_node(marked.clone());
    let batch = fleet.settle(&Rules::default(), at(1));
    assert!(batch.changes[&Subject::Awaited(key.clone())].now.is_none());
    let state = batch.changes[&Subject::node("n9")]
        .now
        .as_ref()
        .expect("it is there");
    assert_eq!(state.owner.as_ref().map(|owner| &owner.key), Some(&key));
    fleet.put_owner(owner("web-9", "web", Some("elsewhere")));
    let apart = words(&["n9", "web-9"], &["web"], 2);
    assert_eq!(settle(&mut fleet), apart, "what is recorded goes before the mark");
    fleet.put_owner(late);
    assert_eq!(settle(&mut fleet).1, apart.1);
    fleet.remove_node("n9");
    let again = words(&["n9", "web-9"], &["web"], 1);
    assert_eq!(settle(&mut fleet), again, "it waits again");
}

/// LC-17, NS-12: when a moment comes that changes what is found, the node is evaluated again, once, and not before.
#[test]
fn time_alone_evaluates_again_when_it_matters() {
    let mut fleet = fleet();
    let removal = Some(Box::new(node_lifecycle::PodRemoval {
        due_at: at(2),
        grace: chrono::TimeDelta::seconds(30),
    }));
    fleet.put_pod("db-1", PodFacts { removal, ..pod("a") });
    fleet.put_owner(owner("db-claim", "db", Some("db-1")).in_state(node_lifecycle::State::Unhealthy));
    let mut early = node("web-1").of_group("web");
    early.created_at = Some(at(9));
    fleet.put_node(early);
    let mut evaluated = |minutes| {
        let batch = fleet.settle(&Rules::default(), at(minutes));
        let names = batch.changes.keys().map(|subject| subject.name().to_string());
        (
            names.collect::<Vec<_>>().join(" "),
            batch.evaluated,
            fleet.due_at(),
        )
    };
    let stuck = at(7) + chrono::TimeDelta::nanoseconds(30_000_000_001);
    assert_eq!(evaluated(1), ("db-1 web-1".to_owned(), 2, Some(stuck)));
    assert_eq!(evaluated(7), (String::new(), 0, Some(stuck)));
    assert_eq!(
        evaluated(8),
        ("db-1 web-1".to_owned(), 2, None),
        "the pod is stuck, the moment has come"
    );
    assert_eq!(evaluated(60), (String::new(), 0, None));
}

/// NS-30: however much comes and goes, nothing is kept of what is gone.
#[test]
fn churn_leaves_nothing_behind() {
    let mut fleet = Fleet::default();
    for round in 0..100 {
        let (name, claim) = (format!("node-{round}"), format!("claim-{round}"));
        let owner = owner(&claim, "web", (round % 2 == 0).then_some(&name));
        let (place, mark) = (owner.key.clone(), Arc::clone(&owner.uid));
        fleet.put_group(group("web").selecting("pool", &name));
        fleet.put_owner(owner);
        let node = node(&name).of_group("web").label("pool", &name);
        fleet.put_node(NodeFacts {
            marked_for: Some(mark),
            ..node
        });
        fleet.put_pod(&name, pod("pod"));
        assert!(!fleet.settle(&Rules::default(), at(round)).is_empty());
        fleet.remove_pod(&name, "pod");
        fleet.remove_node(&name);
        assert!(!fleet.settle(&Rules::default(), at(round)).is_empty());
        assert!(fleet.owner(&place).is_some());
        fleet.remove_owner(&place);
        fleet.remove_group(&group_key("web"));
        assert!(!fleet.settle(&Rules::default(), at(round)).is_empty());
    }
    assert_eq!(format!("{fleet:?}"), format!("{:?}", Fleet::default()));
}
