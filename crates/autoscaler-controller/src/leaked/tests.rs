//! Which machines are leaked, and when nobody can tell.

use super::*;
use crate::convert;
use crate::intent::Outcome;
use crate::testing::{
    CLUSTER, NUMBER, TestWorld, at, claim, group, intent, provider_group, reply, tombstone, world,
};
use node_match::match_fleet;
use std::sync::Arc;

/// A group whose first baseline has one machine.
fn since(before: &[&str]) -> TestWorld {
    let mut world = world().group(group("web"));
    let baseline = Baseline::new(true, before.iter().copied());
    world.baselines.insert("b1".to_owned(), Arc::new(baseline));
    let first = FirstBaseline {
        cluster: CLUSTER.to_owned(),
        group: NUMBER,
        baseline: "b1".to_owned(),
    };
    world.firsts.insert(first.place(), first);
    world
}

#[track_caller]
fn check(world: &TestWorld, expected: Option<&[&str]>) {
    let observed = world.observe();
    let snapshot = convert::snapshot(&observed);
    let matching = match_fleet(&snapshot);
    let leaked = leaked(&observed, &matching, &observed.groups[0]);
    let names = leaked.map(|machines| {
        let names = machines
            .iter()
            .map(|machine| machine.identifier().unwrap_or_default());
        names.collect::<Vec<_>>()
    });
    assert_eq!(names.as_deref(), expected);
}

/// Leaked: new since the first baseline of the group, and unexplained; what was there before, and what is recorded, is not.
#[test]
fn machine_that_came_later_and_is_nobodys_is_leaked() {
    let world = since(&["m1"])
        .claim(claim("web-1").machine("m2"))
        .polled(&["m1", "m2", "m3"]);
    check(&world, Some(&["m3"]));
    check(&since(&["m1"]).polled(&["m1"]), Some(&[]));
}

/// Leaked: nothing is said while a request is open, of a living VPSieNode or of one that was released.
#[test]
fn nothing_is_leaked_while_a_request_is_open() {
    let asked = claim("web-1").asked(&intent(Outcome::Unknown, -60));
    check(&since(&[]).claim(asked).polled(&["m1"]), None);
    let refused = claim("web-1").asked(&intent(Outcome::Refused, -60));
    check(&since(&[]).claim(refused).polled(&["m1"]), Some(&["m1"]));
    let mut released = since(&[]).polled(&["m1"]);
    let stone = tombstone("u1", 0);
    assert_eq!(stone.cluster, CLUSTER, "the tombstone is of this cluster");
    released.tombstones.insert(stone.uid.clone(), stone);
    check(&released, None);
    released.now = at(2 * 86_400);
    let late = reply(2 * 86_400 - 10, &["m1"]);
    check(&released.answered(Ok(late)), Some(&["m1"]));
}

/// Leaked: without a first baseline, an answer of VPSie, or a group of its own size, nobody can tell.
#[test]
fn what_cannot_be_told_is_not_called_leaked() {
    check(&world().group(group("web")).polled(&["m1"]), None);
    check(&since(&[]), None);
    let alike = crate::poll::Reply {
        groups: vec![provider_group("web", NUMBER), provider_group("other", NUMBER + 1)],
        ..reply(-10, &["m1"])
    };
    check(&since(&[]).answered(Ok(alike)), Some(&[]));
    let mut other = provider_group("web", NUMBER);
    other.cpu = Some(64);
    let of_another_size = crate::poll::Reply {
        groups: vec![other],
        ..reply(-10, &["m1"])
    };
    check(&since(&[]).answered(Ok(of_another_size)), Some(&[]));
}

/// I1: first baselines leave room for those of requests.
#[test]
fn first_baselines_are_limited() {
    let large = |start: u64| Arc::new(Baseline::from_hashes(true, start..start + 9_000));
    let baselines = Baselines::from([("b1".to_owned(), large(0)), ("b2".to_owned(), large(50_000))]);
    let mut firsts = FirstBaselines::new();
    assert!(has_room(&firsts, &baselines, "b1"));
    let first = FirstBaseline {
        cluster: CLUSTER.to_owned(),
        group: 1,
        baseline: "b1".to_owned(),
    };
    firsts.insert(first.place(), first);
    assert!(
        has_room(&firsts, &baselines, "b1"),
        "the same baseline takes no more room"
    );
    assert!(!has_room(&firsts, &baselines, "b2"));
}
