//! Texts that several facts and states have are kept once, and go on to be.

use super::*;

/// A VPSieNode, its Node and the states of both, as they come from the API: with no text shared.
fn joined(node_version: &str, owner_version: &str) -> (NodeFacts, OwnerFacts) {
    let node = NodeFacts {
        marked_for: Some("uid-of-w".into()),
        resource_version: node_version.into(),
        zones: ["a-zone-of-more-than-23-letters".into()].into(),
        ..node("n")
    };
    let owner = OwnerFacts {
        resource_version: owner_version.into(),
        ..owner("w", "web", Some("n"))
    };
    (node, owner)
}

/// Checks that each text is there once.
fn check(fleet: &Fleet, state: &NodeState, why: &str) {
    let owner = fleet.owner(&OwnerKey::new(crate::testing::NAMESPACE, "w"));
    let owner = owner.expect("it is known");
    let (node, _) = fleet.people.of(&Subject::node("n"));
    let node = node.expect("it is known");
    let group = fleet.groups.get(&crate::testing::group_key("web"));
    let group = &group.expect("it is known").key;
    let told = state.owner.as_ref().expect("it has one");
    let named = told.group.as_ref().expect("it names one");
    let home = state.node_group.as_ref().expect("it is of one");
    let same = [
        (state.name(), &node.name),
        (&node.name, owner.node.as_ref().expect("it names one")),
        (&state.uid, &node.uid),
        (node.marked_for.as_ref().expect("it is marked"), &owner.uid),
        (&told.key.name, &owner.key.name),
        (&owner.group, &group.name),
        (&owner.key.namespace, &group.namespace),
        (&named.name, &group.name),
        (&home.name, &group.name),
        (&home.namespace, &group.namespace),
    ];
    let zone = state.zone.as_deref().expect("it is told");
    assert!(std::ptr::eq(zone, &*node.zones[0]), "{why}: the zone");
    for (number, (one, other)) in same.into_iter().enumerate() {
        assert!(Arc::ptr_eq(one, other), "{why}: {number}, {one}");
    }
}

/// NS-30: whether the VPSieNode is known first or the Node, and whatever is read anew, texts are kept once.
#[test]
fn texts_are_kept_once() {
    for is_owner_first in [true, false] {
        let mut fleet = Fleet::default();
        fleet.put_group(group("web"));
        let (node, owner) = joined("1", "1");
        if is_owner_first {
            fleet.put_owner(owner);
            fleet.put_node(node);
        } else {
            let awaited = OwnerFacts {
                node: None,
                ..owner.clone()
            };
            fleet.put_owner(awaited);
            fleet.put_node(node);
            fleet.put_owner(owner);
        }
        let batch = fleet.settle(&Rules::default(), at(0));
        let state = batch.changes[&Subject::node("n")].now.clone();
        let state = state.expect("it was evaluated");
        check(&fleet, &state, "at first");

        let (newer, _) = joined("2", "1");
        fleet.put_node(newer);
        let (_, newer) = joined("2", "2");
        fleet.put_owner(newer);
        assert_eq!(fleet.pending(), 2);
        assert!(fleet.settle(&Rules::default(), at(1)).is_empty());
        check(&fleet, &state, "read anew");
        let entry = fleet.entries.iter().next().expect("there is a state");
        assert!(Arc::ptr_eq(&entry.state, &state));
    }
}
