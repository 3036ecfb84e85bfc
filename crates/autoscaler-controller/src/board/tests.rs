//! What is shown of a pass, and when.

use super::{Board, Boards, Lived};
use crate::pending::{Fate, Pending, PendingPod};
use crate::resources::Phase;
use crate::testing::expected::{prepared, with_machine, with_node};
use crate::testing::{TestWorld, group, node, waiting};
use fleet_plan::pod::PodName;
use node_match::WaitingReason;
use std::sync::Arc;

fn seen() -> TestWorld {
    let world = prepared().claim(with_machine(Phase::Ready)).node(node("n1"));
    world.polled(&["m1"]).verdict("web-1", with_node()).seen()
}

/// LC-38: how a node was matched is shown with its evidence, beside its life.
#[test]
fn board_shows_how_each_member_was_matched() {
    let (boards, world) = (Boards::default(), seen());
    let receiver = boards.subscribe();
    world.show(&boards);
    let board = receiver.borrow().clone();
    assert_eq!(board.groups.len(), world.groups.len());
    let [member] = board.members.as_slice() else {
        panic!("one VPSieNode: {board:?}");
    };
    assert!(Arc::ptr_eq(&member.object, &world.claims[0].object));
    assert_eq!(member.life, world.lives.of("kube-system/web-1").map(Lived::of));
    let sighting = member.sighting.as_ref().expect("it was matched");
    assert_eq!((sighting.verdict, sighting.reason), ("matched", None));
    let words = sighting.clues.iter().map(|clue| (clue.link, clue.kind));
    let expected = with_node();
    let evidence = expected.matched().expect("a match").evidence.iter();
    let evidence = evidence.map(|evidence| (evidence.link, evidence.kind));
    assert!(words.eq(evidence), "{sighting:?}");
}

#[test]
fn only_what_is_different_is_shown_again() {
    let boards = Boards::default();
    seen().show(&boards);
    let mut receiver = boards.subscribe();
    assert_eq!(
        **receiver.borrow(),
        Board::default(),
        "nobody looked, so none was made"
    );
    let world = seen();
    world.show(&boards);
    assert!(receiver.has_changed().unwrap());
    let first = receiver.borrow_and_update().clone();
    world.show(&boards);
    assert!(!receiver.has_changed().unwrap(), "nothing is different");
    let world = world.group(group("zebra"));
    world.show(&boards);
    assert!(receiver.has_changed().unwrap());
    let second = receiver.borrow_and_update().clone();
    assert!(Arc::ptr_eq(&first.members[0], &second.members[0]), "it is shared");
    let world = world.verdict("web-1", waiting());
    world.show(&boards);
    let third = receiver.borrow_and_update().clone();
    let sighting = third.members[0].sighting.clone().expect("it was asked");
    assert_eq!(sighting.verdict, "waiting");
    assert_eq!(sighting.reason, Some(WaitingReason::NoCandidates.as_str()));
}

#[test]
fn nothing_is_shown_once_another_may_lead() {
    let boards = Boards::default();
    let receiver = boards.subscribe();
    seen().show(&boards);
    assert_ne!(**receiver.borrow(), Board::default());
    boards.clear();
    assert_eq!(**receiver.borrow(), Board::default());
}

/// SC-3: what becomes of the pods that wait is shown while somebody looks, stays until something else is planned, and is
/// gone with the leadership.
#[test]
fn board_shows_what_was_planned_for_pods() {
    let boards = Boards::default();
    let planned = |uid: &str| {
        let pod = PendingPod {
            name: PodName {
                namespace: "shop".into(),
                name: uid.into(),
            },
            uid: uid.to_owned(),
            since: None,
            fate: Fate::FitsNow("n1".to_owned()),
        };
        Arc::new(Pending {
            pods: vec![pod],
            not_made: None,
        })
    };
    boards.plan(&planned("a"));
    let mut receiver = boards.subscribe();
    assert_eq!(receiver.borrow().pending, None, "nobody looked");
    boards.plan(&planned("a"));
    assert!(receiver.has_changed().unwrap());
    let first = receiver.borrow_and_update().clone();
    assert_eq!(first.pending, Some(planned("a")));
    boards.plan(&planned("a"));
    assert!(!receiver.has_changed().unwrap(), "nothing is different");
    seen().show(&boards);
    assert_eq!(receiver.borrow_and_update().pending, first.pending);
    boards.plan(&planned("b"));
    assert_eq!(receiver.borrow_and_update().pending, Some(planned("b")));
    boards.clear();
    assert_eq!(receiver.borrow().pending, None);
}
