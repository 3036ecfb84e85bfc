//! What is told of locks, counts, records and times where two stories are in one snapshot, or a number is at its limit.

use super::check;
use crate::explain::phrases::moment;
use crate::explain::{BaselineState, Missing};
use crate::testing::{GROUP, at, baseline, claim, group, machine, node, snapshot};
use crate::{Baseline, ClusterShape, Snapshot, explain_claim, match_fleet};

fn locked(before: Option<bool>, now: Option<bool>) -> Snapshot<'static> {
    let shape = |locked| ClusterShape {
        locked,
        ..ClusterShape::default()
    };
    let before = Baseline::clone(&baseline(&[])).with_shape(shape(before));
    snapshot(5)
        .shape(shape(now))
        .claims([claim("a").since(&before.into())])
        .machines([machine(1)])
}

/// R2c: a lock is told whether or not the one before is known, and what is to be done depends on whether it is there.
#[test]
fn lock_is_told_as_long_as_it_is_there_and_afterwards() {
    for before in [None, Some(false), Some(true)] {
        check(
            &locked(before, Some(true)),
            "a",
            &[
                "Ambiguous: VPSie is working on the cluster: it is locked; 1 machine was considered:",
                "Machine 1 (machine-1) could be its own.",
                "It goes on by itself when the lock is gone.",
            ],
        );
    }
    check(
        &locked(Some(true), Some(false)),
        "a",
        &[
            "Ambiguous: VPSie is working on the cluster: it was locked at the request; 1 machine was considered:",
            "Machine 1 (machine-1) could be its own.",
            "Nothing will undo that: a person has to record which machine is its own.",
        ],
    );
}

/// R7: a surplus in one group is counted with the claims and machines of that group alone.
#[test]
fn surplus_of_another_group_is_not_counted() {
    let before = baseline(&[]);
    let other = |id| machine(id).in_group(7);
    let world = snapshot(5)
        .claims([
            claim("a").since(&before),
            claim("b").since(&before).in_group(7),
            claim("c").since(&before).in_group(7),
        ])
        .machines([machine(1).in_group(412), machine(2).in_group(412)])
        .machines([other(3), other(4), other(5)]);
    let matching = match_fleet(&world);
    let missing = |uid| {
        let why = explain_claim(&world, &matching, uid).expect("the claim is in the world");
        why.missing
    };
    assert_eq!(missing("a"), Some(Missing::Owners { new: 2, open: 1 }));
    assert_eq!(missing("b"), Some(Missing::Owners { new: 3, open: 2 }));
}

/// R0: a conflict names those with whom it is, and no others.
#[test]
fn conflict_of_others_is_not_told() {
    let world = snapshot(5)
        .claims([claim("a").with_id(1), claim("b").with_id(1)])
        .claims([claim("c").with_node("n"), claim("d").with_node("n")])
        .claims([claim("e").with_id(2), claim("f").with_id(2)])
        .machines([machine(1), machine(2)])
        .nodes([node("n")]);
    for (uid, other) in [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("e", "f")] {
        let matching = match_fleet(&world);
        let why = explain_claim(&world, &matching, uid).expect("the claim is in the world");
        let Some(Missing::OneRecord { others, .. }) = why.missing else {
            panic!("{uid}: {:?}", why.missing);
        };
        let others: Vec<&str> = others.iter().map(|other| other.uid).collect();
        assert_eq!(others, [other], "{uid}");
    }
}

/// D6: the limit is over only after it.
#[test]
fn limit_is_over_only_after_it() {
    let last = |minutes| {
        let world = snapshot(minutes).claims([claim("web").since(&baseline(&[]))]);
        let matching = match_fleet(&world);
        let why = explain_claim(&world, &matching, "web").expect("the claim is in the world");
        why.sentences().pop()
    };
    let advice = last(15).unwrap_or_default();
    assert_eq!(advice, "It times out 15 min after the request.");
    let advice = last(16).unwrap_or_default();
    assert!(advice.starts_with("The limit of 15 min is over;"), "{advice}");
}

/// R2b: what is known of the time before a request is nothing, a part, or all.
#[test]
fn baseline_is_absent_incomplete_or_complete() {
    let partial = Baseline::new(false, ["1"]);
    assert_eq!(BaselineState::of(&claim("a")), BaselineState::Absent);
    assert_eq!(
        BaselineState::of(&claim("a").since(&partial.into())),
        BaselineState::Incomplete
    );
    assert_eq!(
        BaselineState::of(&claim("a").since(&baseline(&["1"]))),
        BaselineState::Complete
    );
}

#[test]
fn time_that_is_to_come_is_told_as_such() {
    assert_eq!(moment(at(0), at(0)), "00:00:00 UTC (0 s ago)");
    assert_eq!(moment(at(5), at(0)), "00:05:00 UTC (in 5 min)");
    assert_eq!(moment(at(0), at(5)), "00:00:00 UTC (5 min ago)");
}

/// R7: what does not stand to choice is not counted among it, and what the answer has no room for is.
#[test]
fn only_what_stands_to_choice_is_counted() {
    let surplus = || {
        snapshot(5)
            .claims([claim("a").since(&baseline(&[]))])
            .nodes([node("n")])
    };
    check(
        &surplus().machines([machine(1), machine(2)]),
        "a",
        &[
            "Ambiguous: 2 candidates are new for 1 waiting VPSieNode, so somebody else adds machines, and nobody can tell which are ours; 2 machines and 1 Node without a machine were considered:",
            "Machine 1 (machine-1) could be its own.",
            "Machine 2 (machine-2) could be its own.",
            "Node n is not linked to this VPSieNode.",
            "A person has to record which machine is whose, or remove the machines that nobody asked for.",
        ],
    );
    let many = surplus().machines((0..100).map(machine));
    let matching = match_fleet(&many);
    let why = explain_claim(&many, &matching, "a").expect("the claim is in the world");
    assert_eq!(why.missing, Some(Missing::Owners { new: 100, open: 1 }));
}

/// R3: a machine of the recorded name, whose Node is another than the recorded one, is told as not tied to it.
#[test]
fn want_of_a_tie_is_told() {
    let world = snapshot(5)
        .claims([claim("a").with_node("gone")])
        .machines([machine(1).named("a").addressed(&["10.0.0.1"])])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check(
        &world,
        "a",
        &[
            "Waiting: Node gone is recorded on it, and there is no such Node; 1 machine was considered:",
            "Machine 1 (a, machine-1) is not tied to the Node that it has or that a label names.",
            "Nothing weaker takes its place. See why the Node left the cluster.",
        ],
    );
}

/// R2: what nothing links is told by what it lacks first: to run, to be new, a link.
#[test]
fn what_nothing_links_is_told_by_what_it_lacks_first() {
    let machines = || [machine(1).in_status("off"), machine(2), machine(3).created(1)];
    let world = |claim: crate::Claim<'static>| snapshot(5).claims([claim.with_id(7)]).machines(machines());
    let told = |world: &Snapshot<'_>| {
        let matching = match_fleet(world);
        let why = explain_claim(world, &matching, "a").expect("the claim is in the world");
        let sentences = why.sentences().into_iter();
        sentences
            .filter(|text| text.starts_with("Machine"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(&world(claim("a").since(&baseline(&[])))),
        [
            "Machine 1 (machine-1) is not running: its status is off.",
            "Machine 2 (machine-2) is not linked to this VPSieNode.",
            "Machine 3 (machine-3) is not linked to this VPSieNode.",
        ]
    );
    assert_eq!(
        told(&world(claim("a"))),
        [
            "Machine 1 (machine-1) is not running: its status is off.",
            "Machine 2 (machine-2) is not provably new: when it was created is not reported.",
            "Machine 3 (machine-3) is not provably new: it was created at 00:01:00 UTC (4 min ago), which proves \
             nothing while the times of other machines are unknown.",
        ]
    );
}

/// R7: a group that only the size of the Node singles out is told, and the first measure that really differs.
#[test]
fn group_and_size_are_told_by_what_differs() {
    let world = snapshot(5)
        .groups([group(GROUP, 2, 4096, 80), group(7, 4, 8192, 80)])
        .claims([claim("a").since(&baseline(&[]))])
        .machines([machine(1).addressed(&["10.0.0.1"]), machine(2).sized(2, 8192, 80)])
        .nodes([node("n").addressed(&["10.0.0.1"]).sized(4, 8192)]);
    check(
        &world,
        "a",
        &[
            "Waiting: nothing new that could be its own has appeared in group 412 since the request at 00:00:00 UTC (5 min ago); 2 machines were considered:",
            "Machine 2 (machine-2) has 8192 MB of memory, and machines of the group have 4096.",
            "Machine 1 (machine-1) is of group 7, not of 412.",
            "It times out 15 min after the request.",
        ],
    );
}

/// R9: when very many wait, the last of them are told only what is linked to them, and that it is so.
#[test]
fn looks_are_limited() {
    let world = snapshot(5)
        .claims(["a", "b", "c", "d"].map(|name| claim(name).with_id(9).since(&baseline(&[]))))
        .machines([machine(1), machine(2), machine(3).named("d")])
        .nodes([node("n"), node("m")]);
    let matching = match_fleet(&world);
    // Each look at three machines and two Nodes counts, so there are looks for two.
    let all = crate::explain::explained(&world, &matching, None, 10);
    let seen: Vec<_> = all
        .iter()
        .map(|why| {
            (
                why.considered.machines,
                why.considered.nodes,
                why.considered.is_cut,
            )
        })
        .collect();
    assert_eq!(seen, [(3, 2, false), (3, 2, false), (0, 0, true), (0, 0, true)]);
    let told = all.last().map(crate::Explanation::sentences).unwrap_or_default();
    assert!(
        told.iter()
            .any(|text| text.starts_with("Too many VPSieNodes wait")),
        "{told:?}"
    );
}
