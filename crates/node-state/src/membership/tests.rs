//! Who has a node, whoever claims it.

use super::*;
use crate::facts::GroupFacts;
use crate::testing::{group, group_key, node, owner};

fn groups(facts: impl IntoIterator<Item = GroupFacts>) -> Groups {
    let mut groups = Groups::default();
    for facts in facts {
        groups.ingest(facts);
    }
    groups
}

/// Asks for the name of the NodeGroup and the names of the warnings.
fn answer(
    node: &NodeFacts,
    owner: Option<&OwnerFacts>,
    groups: &Groups,
) -> (Scope, Option<String>, Vec<&'static str>) {
    let membership = Membership::of(Some(node), owner, groups);
    let warnings = membership.warnings.iter().map(Warning::name).collect();
    let group = membership.group.map(|group| group.name.to_string());
    assert_eq!(
        group.is_some(),
        membership.scope == Scope::Worker,
        "exactly workers are of a group"
    );
    (membership.scope, group, warnings)
}

/// NS-10: the VPSieNode goes before the label, and the label before the selector.
#[test]
fn strongest_word_decides() {
    let groups = three();
    let (by_owner, nameless) = (owner("w", "by-owner", Some("n")), owner("w", "", Some("n")));
    let selected = node("n").label("pool", "web");
    let labelled = selected.clone().of_group("by-label");
    let agreed = node("n").of_group("by-owner");
    let cases = [
        (&agreed, Some(&by_owner), "by-owner", vec![]),
        (
            &labelled,
            Some(&by_owner),
            "by-owner",
            vec!["GroupLabelContradicts"],
        ),
        (&selected, Some(&by_owner), "by-owner", vec!["GroupLabelMissing"]),
        (&labelled, Some(&nameless), "by-label", vec![]),
        (&labelled, None, "by-label", vec![]),
        (&selected, None, "by-selector", vec![]),
    ];
    for (node, owner, name, warnings) in cases {
        let expected = (Scope::Worker, Some(name.to_owned()), warnings);
        assert_eq!(answer(node, owner, &groups), expected, "{node:?} {owner:?}");
    }
    assert_eq!(
        answer(&node("n"), None, &groups),
        (Scope::Unmanaged, None, vec![])
    );
}

/// NS-10: the control plane wins over any group. That a wide selector takes it, is nothing odd; other claims are.
#[test]
fn control_plane_is_of_no_group() {
    let groups = three();
    let master = |node: NodeFacts| NodeFacts {
        is_of_control_plane: true,
        ..node
    };
    let selected = master(node("n").label("pool", "web"));
    let labelled = selected.clone().of_group("by-label");
    let by_owner = owner("w", "by-owner", Some("n"));
    let claimed = || (Scope::ControlPlane, None, vec!["ControlPlaneClaimed"]);
    assert_eq!(answer(&labelled, None, &groups), claimed());
    assert_eq!(answer(&labelled, Some(&by_owner), &groups), claimed());
    assert_eq!(
        answer(&selected, None, &groups),
        (Scope::ControlPlane, None, vec![])
    );
}

fn three() -> Groups {
    groups([
        group("by-owner"),
        group("by-label"),
        group("by-selector").selecting("pool", "web"),
    ])
}

/// NS-10: of several NodeGroups with equal right the first by namespace and name has it, and a warning says so.
#[test]
fn first_of_several_groups_has_the_node() {
    let elsewhere = GroupFacts {
        key: GroupKey::new("a-team", "workers"),
        ..group("workers")
    };
    let groups = groups([
        group("zeta").selecting("pool", "web"),
        group("alpha").selecting("pool", "web"),
        group("workers"),
        elsewhere.clone(),
    ]);
    let selected = Membership::of(Some(&node("n").label("pool", "web")), None, &groups);
    let both = vec![group_key("alpha"), group_key("zeta")];
    assert_eq!(selected.group, Some(group_key("alpha")));
    assert_eq!(
        selected.warnings,
        BTreeSet::from([Warning::SeveralGroups(both.clone())])
    );
    assert_eq!(
        selected.considered,
        both.into_iter().collect(),
        "the one that did not get it counts, too"
    );
    let label = NodeFacts {
        group_label: Some("workers".into()),
        ..node("n")
    };
    let labelled = Membership::of(Some(&label), None, &groups);
    assert_eq!(labelled.group, Some(elsewhere.key.clone()));
    let namesakes = vec![elsewhere.key, group_key("workers")];
    assert_eq!(
        labelled.warnings,
        BTreeSet::from([Warning::SeveralGroups(namesakes)])
    );
}

/// Bad input: who names a NodeGroup that is not there has none, and no weaker word takes its place.
#[test]
fn missing_group_is_told_and_replaced_by_no_other() {
    let groups = groups([group("by-selector").selecting("pool", "web")]);
    let selected = node("n").label("pool", "web");
    let bare = NodeFacts {
        group_label: Some("gone".into()),
        ..selected.clone()
    };
    for node in [&selected.clone().of_group("gone"), &bare] {
        assert_eq!(
            answer(node, None, &groups),
            (Scope::Unmanaged, None, vec!["GroupMissing"])
        );
    }
    let gone = owner("w-1", "gone", Some("n"));
    let membership = Membership::of(Some(&selected.of_group("gone")), Some(&gone), &groups);
    assert_eq!(membership.group, None);
    assert_eq!(
        membership.warnings,
        BTreeSet::from([Warning::GroupMissing("kube-system/gone".to_owned())])
    );
    assert_eq!(
        membership.considered,
        BTreeSet::from([group_key("gone")]),
        "when it comes, that matters"
    );
}

/// Bad input: a NodeGroup that ends or has a selector without sense keeps the nodes that are its own, with a warning.
#[test]
fn odd_group_keeps_its_nodes_with_a_warning() {
    let ending = GroupFacts {
        is_ending: true,
        ..group("ending")
    };
    let groups = groups([ending, group("broken").selecting("-", "web")]);
    let warnings = |name: &str| {
        answer(
            &node("n").of_group(name),
            Some(&owner("w", name, Some("n"))),
            &groups,
        )
    };
    let worker = |name: &str, warning| (Scope::Worker, Some(name.to_owned()), vec![warning]);
    assert_eq!(warnings("ending"), worker("ending", "GroupEnding"));
    assert_eq!(warnings("broken"), worker("broken", "SelectorInvalid"));
}
