//! What protects a node, and what its group counts.

use crate::command::Command;
use crate::kept::Node;
use crate::resources::{Phase, keys};
use crate::testing::{ClaimBuilder, TestWorld, claim, drained, group, node, tied, world};
use node_lifecycle::{Refusal, State};

fn leaving() -> ClaimBuilder {
    let claim = claim("web-1").in_phase(Phase::Ready).machine("m1");
    claim.lived(State::Ready).deleted()
}

fn own_node() -> Node {
    let mut node = node("n1");
    node.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), "web-1".to_owned())].into();
    let uid = (
        keys::ANNOTATION_VPSIE_NODE_UID.to_owned(),
        "kube-system/web-1".to_owned(),
    );
    node.metadata.annotations = [uid].into();
    drained(&mut node, -60);
    node
}

fn with(node: Node) -> TestWorld {
    let world = world().claim(leaving()).node(node);
    world.polled(&["m1"]).verdict("web-1", tied())
}

/// Returns the reasons of all conditions after the decision; nothing when the machine goes.
fn held_by(world: TestWorld) -> Vec<String> {
    let commands = world.seen().claim_commands("web-1");
    let is_removed = commands
        .iter()
        .any(|command| matches!(command, Command::RemoveMachine(..)));
    let written = commands.into_iter().find_map(|command| {
        let Command::WriteVpsieNodeStatus(_, write) = command else {
            return None;
        };
        write.status.conditions
    });
    let conditions = written.unwrap_or_default().into_iter();
    let reasons = conditions.filter_map(|one| one.reason).collect();
    if is_removed { Vec::new() } else { reasons }
}

/// LC-14: what somebody excepted stays, whoever wants it gone; any other value of the keys says nothing.
#[test]
fn excepted_node_stays() {
    let annotated = |value: &str| {
        let mut node = own_node();
        let annotations = &mut node.metadata.annotations;
        annotations.insert(keys::ANNOTATION_PROTECTED.to_owned(), value.to_owned());
        node
    };
    let labelled = |value: &str| {
        let mut node = own_node();
        let labels = &mut node.metadata.labels;
        labels.insert(keys::LABEL_SCALE_DOWN_DISABLED.to_owned(), value.to_owned());
        node
    };
    for node in [annotated("true"), labelled("true")] {
        assert_eq!(held_by(with(node)), ["NotManagedNode"]);
    }
    for node in [own_node(), annotated("false"), labelled("")] {
        assert_eq!(held_by(with(node)), Vec::<String>::new());
    }
}

/// LC-14: an unmanaged group keeps its nodes; one that goes, or is gone, does not.
#[test]
fn node_of_an_unmanaged_group_stays() {
    let of = |group| held_by(with(own_node()).group(group));
    let unmanaged = || group("web").unmanaged();
    assert_eq!(of(unmanaged()), ["NotManagedNode"]);
    assert_eq!(of(unmanaged().deleted()), Vec::<String>::new());
    assert_eq!(of(group("web")), Vec::<String>::new());
    assert_eq!(held_by(with(own_node())), Vec::<String>::new());
}

/// LC-14, R2c: a Node of the control plane stays, whatever its VPSieNode says.
#[test]
fn node_of_the_control_plane_stays() {
    let mut verdict = tied();
    if let node_match::Verdict::Matched(found) = &mut verdict {
        let node = found.node.cloned().unwrap_or_default();
        let node = node_match::Node {
            control_plane: true,
            ..node
        };
        found.node = Some(Box::leak(Box::new(node)));
    }
    let world = with(own_node()).verdict("web-1", verdict);
    assert_eq!(held_by(world), ["NotManagedNode"]);
}

/// LC-14: a Node that is marked for another VPSieNode is that one's.
#[test]
fn node_of_another_vpsie_node_stays() {
    let mut node = own_node();
    node.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), "web-2".to_owned())].into();
    assert_eq!(held_by(with(node)), ["NotManagedNode"]);
}

/// LC-23: what failed and waits for a person holds up no other end.
#[test]
fn failed_member_holds_up_no_other_end() {
    let failed = claim("web-2").in_phase(Phase::Failed).lived(State::Unhealthy);
    let full = with(own_node())
        .group(group("web").min(1).max(2))
        .claim(failed.clone());
    assert_eq!(held_by(full), Vec::<String>::new());
    let with_room = with(own_node()).group(group("web").min(1).max(3)).claim(failed);
    assert_eq!(held_by(with_room), ["BelowMinNodes"]);
}

/// The words of conditions are those of the gate, in CamelCase.
#[test]
fn reasons_are_the_names_of_refusals() {
    let refusal = Refusal::BelowMinNodes {
        remaining: 0,
        floor: 1,
    };
    let hold = crate::removal::Hold::from(refusal);
    assert_eq!(hold.reason().as_str(), "BelowMinNodes");
}
