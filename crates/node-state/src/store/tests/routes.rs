//! The table of who is told what, one test for each row (NS-18), and what filters let through.

use super::*;
use crate::facts::GroupFacts;
use crate::membership::Scope;

/// Begins with a second NodeGroup that selects by a label, and a node in it.
fn world() -> World {
    let mut world = World::new(2);
    world.fleet.put_group(group("pool").selecting("pool", "a"));
    world.fleet.put_node(node("pool-a").label("pool", "a"));
    world.fleet.put_node(node("pool-b").label("pool", "b"));
    world.publish();
    world.evaluator.take();
    world
}

/// NS-18: one node or its pods change: that node is evaluated and told, and its group.
#[test]
fn change_of_a_node_reaches_its_consumers_and_its_group() {
    let mut world = world();
    let mut consumer = world.consumer("all");
    world.fleet.put_pod("web-1", pod("a"));
    world.publish();
    assert_eq!(world.evaluator.take(), 1);
    assert_eq!(told(consumer.try_next()), (3, texts(&["web-1"]), texts(&["web"])));
}

/// NS-18: a group's selector, pause or version changes: its old and new members, and that group.
#[test]
fn change_of_a_group_reaches_its_old_and_new_members() {
    let mut world = world();
    let mut consumer = world.consumer("all");
    world.fleet.put_group(group("pool").selecting("pool", "b"));
    world.publish();
    assert_eq!(world.evaluator.take(), 2);
    assert_eq!(
        told(consumer.try_next()),
        (3, texts(&["pool-a", "pool-b"]), texts(&["pool"]))
    );
    world.fleet.put_group(GroupFacts {
        is_paused: true,
        ..group("web")
    });
    world.publish();
    assert_eq!(world.evaluator.take(), 2);
    assert_eq!(
        told(consumer.try_next()),
        (4, texts(&["web-0", "web-1"]), texts(&["web"]))
    );
    let old = Some("v1.34.0".into());
    world.fleet.put_group(GroupFacts {
        version: old,
        ..group("pool").selecting("pool", "b")
    });
    world.publish();
    assert_eq!(world.evaluator.take(), 1);
    assert_eq!(
        told(consumer.try_next()),
        (5, texts(&["pool-b"]), texts(&["pool"]))
    );
}

/// NS-18: a global setting changes: everything is evaluated, and all that differs is told.
#[test]
fn change_of_the_rules_reaches_everyone() {
    let mut world = world();
    let mut consumer = world.consumer("all");
    world.fleet.mark_all();
    let batch = world.fleet.settle(&Renamed, at(2));
    assert_eq!(batch.evaluated, 4);
    world.store.commit(&batch);
    let everyone = texts(&["pool-a", "pool-b", "web-0", "web-1"]);
    assert_eq!(told(consumer.try_next()), (3, everyone, texts(&["pool", "web"])));
}

/// Other rules: each state says something else.
struct Renamed;

impl crate::evaluate::Evaluator for Renamed {
    fn evaluate(&self, inputs: &crate::evaluate::Inputs<'_>) -> NodeState {
        let state = Rules::default().evaluate(inputs);
        NodeState {
            message: "by other rules".into(),
            ..state
        }
        .hashed()
    }
}

/// NS-7, NS-18: a node is deleted: that is told of the node and of its group, whose numbers are computed anew.
#[test]
fn deletion_reaches_node_and_group() {
    let mut world = world();
    let mut consumer = world.consumer("all");
    world.fleet.remove_node("web-1");
    world.publish();
    let Some(Update::Changes {
        snapshot,
        nodes,
        groups,
    }) = consumer.try_next()
    else {
        panic!("it is told");
    };
    let deleted = &nodes[&Subject::node("web-1")];
    assert!(deleted.now.is_none() && deleted.before.is_some());
    let notice = GroupNotice {
        is_there: true,
        lost_a_node: true,
    };
    assert_eq!(groups, BTreeMap::from([(group_key("web"), notice)]));
    assert_eq!(
        snapshot.summary(&group_key("web")).map(|summary| summary.total()),
        Some(1)
    );
    world.fleet.remove_group(&group_key("web"));
    world.publish();
    let Some(Update::Changes { snapshot, groups, .. }) = consumer.try_next() else {
        panic!("it is told");
    };
    let notice = GroupNotice {
        is_there: false,
        lost_a_node: false,
    };
    assert_eq!(groups, BTreeMap::from([(group_key("web"), notice)]));
    assert_eq!(snapshot.summary(&group_key("web")), None);
}

/// NS-15: a filter lets through what was asked for, and nothing else.
#[test]
fn filters_let_through_what_was_asked_for() {
    let mut world = world();
    let mut nodes = world.subscribed("nodes", Filter::nodes(), 9);
    let mut groups = world.subscribed("groups", Filter::groups(), 9);
    let mut pool = world.subscribed("pool", Filter::all().only([group_key("pool")]), 9);
    world.fleet.put_pod("web-1", pod("a"));
    world.publish();
    assert_eq!(told(nodes.try_next()), (3, texts(&["web-1"]), vec![]));
    assert_eq!(told(groups.try_next()), (3, vec![], texts(&["web"])));
    assert_eq!(pool.try_next(), None);
}

/// NS-8, NS-15: who asked for one group hears that a node leaves it, and of that node hears nothing outdated.
#[test]
fn node_that_leaves_is_told_to_the_old_group() {
    let mut world = world();
    let mut pool = world.subscribed("pool", Filter::all().only([group_key("pool")]), 9);
    world.fleet.put_node(node("pool-a"));
    world.publish();
    world.fleet.put_node(node("pool-a").of_group("web"));
    world.publish();
    let Some(Update::Changes {
        snapshot,
        nodes,
        groups,
    }) = pool.try_next()
    else {
        panic!("it is told");
    };
    let now = nodes[&Subject::node("pool-a")].now.as_ref();
    assert_eq!(
        now.map(|state| (state.scope, state.node_group.clone())),
        Some((Scope::Worker, Some(group_key("web"))))
    );
    assert_eq!(snapshot.get(&Subject::node("pool-a")), now);
    assert_eq!(groups.keys().collect::<Vec<_>>(), [&group_key("pool")]);
    world.fleet.put_pod("pool-a", pod("a"));
    world.publish();
    assert_eq!(pool.try_next(), None, "it is the other group's business now");
}
