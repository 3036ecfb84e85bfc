//! R2b, R7: what is provably new, and what a surplus makes doubtful.

use std::sync::Arc;

use crate::testing::{CLUSTER, GROUP, baseline, claim, machine, node, snapshot};
use crate::tests::{check, check_all};
use crate::{Baseline, Claim, Machine};

/// R2b: what the baseline contains is not new, by id, identifier or hostname.
#[test]
fn what_the_baseline_contains_is_not_new() {
    for key in ["1", "MACHINE-1", "Hel-1"] {
        let world = snapshot(9)
            .claims([claim("a").since(&baseline(&[key]))])
            .machines([machine(1).named("hel-1")]);
        check_all(&world, &["a: waiting no-candidates"], &["1 unlinked"]);
    }
}

/// R2b: without a complete baseline, times prove newness only when all are known and zoned.
#[test]
fn times_prove_newness_only_when_all_are_known() {
    let partial = Arc::new(Baseline::new(false, ["8"]));
    let claims = [claim("a"), claim("a").since(&partial)];
    for claim in claims {
        let world = |others: &[crate::Machine<'static>]| {
            snapshot(9)
                .claims([claim.clone()])
                .machines([machine(1).created(1)])
                .machines(others.to_vec())
        };
        check(&world(&[]), &["a: matched 1 by anonymous"]);
        check(&world(&[machine(2).created(-9)]), &["a: matched 1 by anonymous"]);
        check(
            &world(&[machine(2).created_somewhere(-9)]),
            &["a: waiting not-provably-new"],
        );
        check(&world(&[machine(2)]), &["a: waiting not-provably-new"]);
        check(&world(&[machine(2).in_group(7)]), &["a: matched 1 by anonymous"]);
    }
    let world = snapshot(9)
        .claims([claim("a").since(&partial)])
        .machines([machine(8), machine(1).created(1)]);
    check(&world, &["a: matched 1 by anonymous"]);
}

/// R7: a new Node counts alone only when no new machine can be its own.
#[test]
fn lone_node_counts_only_without_untied_new_machines() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([claim("a").since(&empty)])
        .nodes([node("n").created(1)]);
    check(&world, &["a: matched n by anonymous"]);
    let untied = world.clone().machines([machine(1)]);
    check_all(&untied, &["a: matched 1 by anonymous"], &["n unlinked"]);
    let owned = world
        .clone()
        .claims([claim("b").with_id(1)])
        .machines([machine(1)]);
    check(
        &owned,
        &["a: waiting no-candidates", "b: matched 1 by recorded-id"],
    );
    let tied = owned.nodes([node("n1").provided("vpsie://1")]);
    check(
        &tied,
        &[
            "a: matched n by anonymous",
            "b: matched 1 + n1 by recorded-id, provider-id",
        ],
    );
}

/// R7: a surplus after an anonymous match makes both contested, within the time of discovery.
#[test]
fn later_surplus_is_contested() {
    let empty = baseline(&[]);
    let world = |other| {
        snapshot(99)
            .claims([claim("a").since(&empty).with_id(1).found_anonymously()])
            .machines([machine(1).created(1), other])
    };
    check_all(
        &world(machine(2).created(9)),
        &["a: matched 1 by recorded-id contested"],
        &["2 contested"],
    );
    check_all(
        &world(machine(2)),
        &["a: matched 1 by recorded-id contested"],
        &["2 contested"],
    );
    check_all(
        &world(machine(2).created(60)),
        &["a: matched 1 by recorded-id"],
        &["2 unlinked"],
    );
    check_all(
        &world(machine(2).in_group(7)),
        &["a: matched 1 by recorded-id"],
        &["2 unlinked"],
    );
}

/// R7: where times were the proof of a match, a time makes it doubtful, whatever has no time since.
#[test]
fn later_surplus_is_contested_by_times_alone() {
    let matched = snapshot(5).claims([claim("a")]).machines([machine(5).created(1)]);
    check(&matched, &["a: matched 5 by anonymous"]);
    let world = |other: Machine<'static>| {
        snapshot(99)
            .claims([claim("a").with_id(5).found_anonymously()])
            .machines([machine(5).created(1), other])
    };
    let contested = "a: matched 5 by recorded-id contested";
    check_all(&world(machine(6).created(2)), &[contested], &["6 contested"]);
    let with_timeless = world(machine(6).created(2)).machines([machine(7)]);
    check_all(&with_timeless, &[contested], &["6 contested", "7 unlinked"]);
    // As early as the allowance, and as late as the time for discovery and the allowance.
    for (minutes, is_rival) in [(-3, false), (-2, true), (17, true), (18, false)] {
        let told = if is_rival {
            contested
        } else {
            "a: matched 5 by recorded-id"
        };
        let left = if is_rival { "6 contested" } else { "6 unlinked" };
        check_all(&world(machine(6).created(minutes)), &[told], &[left]);
    }
    let certain = "a: matched 5 by recorded-id";
    check_all(
        &world(machine(6).created_somewhere(2)),
        &[certain],
        &["6 unlinked"],
    );
    check_all(&world(machine(6)), &[certain], &["6 unlinked"]);
    let mut of_no_moment = world(machine(6).created(2));
    of_no_moment.claims[0].requested_at = None;
    check_all(&of_no_moment, &[certain], &["6 unlinked"]);
}

/// R7: of claims without a baseline, those are contested in whose time the surplus appeared, and no others.
#[test]
fn surplus_contests_the_claims_of_its_time() {
    let asked = |name: &str, minutes, id| claim(name).requested(minutes).with_id(id).found_anonymously();
    let world = snapshot(99)
        .claims([
            asked("a", 0, 1),
            asked("b", 30, 2),
            asked("c", 31, 3),
            asked("d", 60, 4),
        ])
        .machines([
            machine(1).created(1),
            machine(2).created(31),
            machine(3).created(32),
            machine(4).created(61),
        ])
        .machines([machine(5).created(33), machine(6).created(34)]);
    check_all(
        &world,
        &[
            "a: matched 1 by recorded-id",
            "b: matched 2 by recorded-id contested",
            "c: matched 3 by recorded-id contested",
            "d: matched 4 by recorded-id",
        ],
        &["5 contested", "6 contested"],
    );
}

/// R2: a Node that is too old for one claim of a batch may be young enough for another.
#[test]
fn claims_of_one_baseline_differ_by_their_requests() {
    let empty = baseline(&[]);
    let world = snapshot(20)
        .claims([
            claim("a").since(&empty).requested(10),
            claim("b").since(&empty).requested(1),
        ])
        .machines([machine(1).addressed(&["10.0.0.1"])])
        .nodes([node("n").addressed(&["10.0.0.1"]).created(5)]);
    check(
        &world,
        &[
            "a: waiting no-candidates",
            "b: matched 1 + n by anonymous, address",
        ],
    );
}

/// R2: a Node as old as the earliest that a claim accepts is new for it, and not for a claim that asked later.
#[test]
fn claims_are_told_apart_by_what_appeared_between_their_requests() {
    let empty = baseline(&[]);
    // Clocks may differ by two minutes, so the Node is not older than a request of minute 5.
    let world = snapshot(10)
        .claims([
            claim("late").since(&empty).requested(6),
            claim("on-time").since(&empty).requested(5),
        ])
        .nodes([node("n").created(3)]);
    check(
        &world,
        &["late: waiting no-candidates", "on-time: matched n by anonymous"],
    );
    let partial = Arc::new(Baseline::new(false, []));
    let world = snapshot(10)
        .claims([
            claim("late").since(&partial).requested(6),
            claim("on-time").since(&partial).requested(5),
        ])
        .machines([machine(1).created(3)]);
    check(
        &world,
        &["late: waiting no-candidates", "on-time: matched 1 by anonymous"],
    );
}

/// R2b: one machine without a time that a claim could have, whatever is known of its group, takes the proof from all times.
#[test]
fn machine_without_a_time_takes_the_proof_from_others() {
    let partial = Arc::new(Baseline::new(false, []));
    let told = |of: Option<u64>, timeless: Option<u64>| {
        let mut claim = claim("a").since(&partial);
        claim.group = of;
        let mut other = machine(2);
        other.group = timeless;
        let mut timed = machine(1).created(3);
        timed.group = of;
        let world = snapshot(5).claims([claim]).machines([timed, other]);
        world.told().concat()
    };
    let (unproven, proven) = ("a: waiting not-provably-new", "a: matched 1 by anonymous");
    assert_eq!(told(Some(GROUP), None), unproven);
    assert_eq!(told(Some(GROUP), Some(GROUP)), unproven);
    assert_eq!(told(Some(GROUP), Some(7)), proven);
    assert_eq!(told(None, Some(7)), unproven);
    assert_eq!(told(None, None), unproven);
}

/// R7: a lone Node counts beside machines that are deleted, of the past, or of another cluster.
#[test]
fn lone_node_counts_beside_machines_that_cannot_be_its_own() {
    let mut deleted = machine(1);
    deleted.is_deleted = true;
    for machine in [deleted, machine(5), machine(1).in_cluster("b")] {
        let mut world = snapshot(5)
            .claims([claim("a").since(&baseline(&["5"]))])
            .machines([machine])
            .nodes([node("n")]);
        world.nodes_cluster = Some(CLUSTER.into());
        check(&world, &["a: matched n by anonymous"]);
    }
}

/// R7: a surplus machine makes a match doubtful with or without a Node of its own, unless its Node is another claim's.
#[test]
fn machine_whose_node_is_taken_makes_nothing_doubtful() {
    let world = |others: &[Claim<'static>]| {
        snapshot(5)
            .claims([claim("a").with_id(1).since(&baseline(&[])).found_anonymously()])
            .claims(others.iter().cloned())
            .machines([machine(1), machine(2).addressed(&["10.0.0.2"])])
            .nodes([node("n").addressed(&["10.0.0.2"])])
    };
    check_all(
        &world(&[]),
        &["a: matched 1 by recorded-id contested"],
        &["2 contested", "n unlinked"],
    );
    check(
        &world(&[claim("b").not_requested().with_node("n")]),
        &["a: matched 1 by recorded-id", "b: matched n by recorded-node"],
    );
}
