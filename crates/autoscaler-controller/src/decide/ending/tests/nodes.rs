//! The Node of a deleted VPSieNode: kept free of new pods, then deleted, if it is its own.

use super::*;
use crate::kept::Pairs;

/// A marked Node whose kubelet no longer reports.
fn silent(name: &str) -> Node {
    Node {
        status: None,
        ..marked(name)
    }
}

/// LC-25: the Node takes no new pods for five seconds before its machine goes.
#[test]
fn node_is_drained_before_its_machine_goes() {
    let with = |node| {
        let world = world().claim(leaving()).polled(&["m1"]);
        world.node(node).verdict("web-1", tied())
    };
    let message = "its Node takes no new pods; its pods are looked at once more before the machine goes";
    let waits = || {
        let settling = condition(VPS_READY, false, "Settling", message);
        status(&leaving(), Phase::Terminating, &[settling])
    };
    let drain = |node: &Node| {
        let drain = Drain::begin(node, Decider::Manual, at(0));
        Command::DrainNode(node_target("n1"), drain)
    };
    check(with(marked("n1")), &[drain(&marked("n1")), waits()]);
    let mut cordoned = marked("n1");
    cordoned.spec.is_cordoned = true;
    check(with(cordoned.clone()), &[drain(&cordoned), waits()]);
    let mut of_late = marked("n1");
    drained(&mut of_late, -4);
    check(with(of_late), &[waits()]);
    let mut settled = marked("n1");
    drained(&mut settled, -5);
    check(with(settled.clone()), &removed());
    settled.spec.is_cordoned = false;
    check(with(settled.clone()), &[drain(&settled), waits()]);
}

/// A machine that is proven gone ends its Node, then its VPSieNode.
#[test]
fn vpsie_node_of_a_gone_machine_ends() {
    let gone = || world().claim(leaving()).polled_empty_thrice();
    check(gone(), &[release()]);
    check(
        gone().node(silent("n1")),
        &[Command::DeleteNode(node_target("n1")), release()],
    );
    check(gone().verdict("web-1", conflict()), &[release()]);
}

/// A machine with a joined Node is never leaked: while the Node is Ready, no list proves its machine gone.
#[test]
fn vpsie_node_of_a_ready_node_does_not_end() {
    let shown = shown(ERROR, Obstacle::NodeReady);
    check(
        world().claim(leaving()).polled_empty_thrice().node(marked("n1")),
        &[status(&leaving(), Phase::Terminating, &[shown])],
    );
}

/// Bad input: while a Node cannot be read, it may be that of any VPSieNode that has none: its machine stays, and so does it.
#[test]
fn node_that_cannot_be_read_may_be_its_own() {
    let bad = |mut world: TestWorld| {
        let place = (String::new(), "bad".to_owned());
        world.unreadable.nodes.insert(place, Default::default());
        world
    };
    let held = || {
        let shown = shown(ERROR, Obstacle::Unreadable);
        [status(&leaving(), Phase::Terminating, &[shown])]
    };
    let listed = world().claim(leaving()).polled(&["m1"]);
    check(bad(listed.verdict("web-1", own_machine())), &held());
    let gone = || world().claim(leaving()).polled_empty_thrice();
    check(gone(), &[release()]);
    check(bad(gone()), &held());
    let mut settled = marked("n1");
    drained(&mut settled, -5);
    let with_node = world().claim(leaving()).polled(&["m1"]).node(settled);
    check(bad(with_node.verdict("web-1", tied())), &removed());
}

/// L5, R2c: only a worker's Node that is marked for this very VPSieNode is touched.
#[test]
fn node_of_anybody_else_is_not_touched() {
    let mut of_a_namesake = marked("n1");
    let uid = (keys::ANNOTATION_VPSIE_NODE_UID.to_owned(), "older".to_owned());
    of_a_namesake.metadata.annotations = [uid].into();
    let mut of_another = marked("n2");
    of_another.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), "web-2".to_owned())].into();
    let mut of_control_plane = marked("n3");
    let role = "node-role.kubernetes.io/control-plane".to_owned();
    let labels = &mut of_control_plane.metadata.labels;
    labels.insert(role, String::new());
    let mut without_uid = marked("n4");
    without_uid.metadata.annotations = Pairs::default();
    let nodes = [of_a_namesake, of_another, of_control_plane, without_uid];
    let gone = world().claim(leaving()).polled_empty_thrice();
    check(nodes.into_iter().fold(gone, TestWorld::node), &[release()]);
}

/// I7: the Go autoscaler wrote no uid on Nodes; there the recorded name counts.
#[test]
fn node_of_the_go_autoscaler_is_deleted_by_its_recorded_name() {
    let before = leaving().status(|status| status.node_name = Some("n1".to_owned()));
    let mut without_uid = silent("n1");
    without_uid.metadata.annotations = Pairs::default();
    check(
        world().claim(before).polled_empty_thrice().node(without_uid),
        &[Command::DeleteNode(node_target("n1")), release()],
    );
}
