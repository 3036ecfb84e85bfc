//! R7: what belongs together when new machines are counted, and how much of it can be told apart.

use crate::testing::{GROUP, baseline, claim, machine, node, snapshot};
use crate::tests::{check, check_all};
use crate::{Claim, Snapshot, match_fleet};

fn of_any_group(name: &str) -> Claim<'static> {
    let mut claim = claim(name);
    claim.group = None;
    claim
}

/// R7: a claim of no group may not take what a claim of a group waits for, though the group of everything new is known.
#[test]
fn claims_with_and_without_a_group_are_not_told_apart() {
    let empty = baseline(&[]);
    let world = snapshot(5)
        .claims([of_any_group("a").since(&empty), claim("b").since(&empty)])
        .machines([machine(1).in_group(GROUP), machine(2).in_group(GROUP)]);
    check_all(
        &world,
        &["a: ambiguous group-unknown", "b: ambiguous group-unknown"],
        &["1 candidate", "2 candidate"],
    );
}

/// Each claim was made after one machine more than the one before it, so that no two can be swapped.
fn staircase(steps: u64) -> Snapshot<'static> {
    let keys: Vec<String> = (1..=steps).map(|id| id.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let claims = (0..keys.len()).map(|step| claim(&format!("c{step:03}")).since(&baseline(&keys[..step])));
    snapshot(5).claims(claims).machines((1..=steps).map(machine))
}

/// R7, R9: as many as 10,000 pairs of claims and machines of different pasts are told apart, and no more.
#[test]
fn most_pairs_are_told_apart_and_no_more() {
    let told = staircase(100).told();
    assert_eq!(told.len(), 100);
    for (told, id) in told.iter().zip(1..) {
        assert!(told.ends_with(&format!(": matched {id} by anonymous")), "{told}");
    }
    let told = staircase(101).told();
    assert_eq!(told.len(), 101);
    for told in told {
        assert!(told.ends_with(": ambiguous too-many-candidates"), "{told}");
    }
}

/// R7, R9: the names of Nodes that claims have already tell no claims apart, and so make no further pairs.
#[test]
fn names_of_what_claims_have_make_no_further_pairs() {
    let keys: Vec<String> = (1..=200).map(|id| id.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let names: Vec<String> = (0..200).map(|number| format!("c{number:03}")).collect();
    let pairs = names.iter().enumerate();
    let claims = pairs.map(|(number, name)| claim(name).since(&baseline(&keys[..number / 2 * 2])));
    let world = snapshot(5).claims(claims).machines((1..=200).map(machine));
    let told = world.nodes(names.iter().map(|name| node(name))).told();
    for ((told, name), id) in told.iter().zip(&names).zip(1..) {
        assert_eq!(
            *told,
            format!("{name}: matched {id} + {name} by anonymous, hostname")
        );
    }
}

/// R7: a Node without a machine can be what a claim still gets, and so can one whose machine can.
#[test]
fn nodes_stand_to_choice_alone_or_with_their_machine() {
    let surplus = || snapshot(5).claims([claim("a").since(&baseline(&[]))]);
    check_all(
        &surplus().nodes([node("m"), node("n")]),
        &["a: ambiguous surplus-machines"],
        &["m candidate", "n candidate"],
    );
    let tied = surplus()
        .machines([machine(1).addressed(&["10.0.0.1"]), machine(2)])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check_all(
        &tied,
        &["a: ambiguous surplus-machines"],
        &["1 candidate", "2 candidate", "n candidate"],
    );
}

/// R3: a label finds the Node of a recorded machine that nothing ties to any.
#[test]
fn label_finds_the_node_of_a_recorded_machine() {
    let world = snapshot(5)
        .claims([claim("a").with_id(1)])
        .machines([machine(1)])
        .nodes([node("n").labelled("a")]);
    check(&world, &["a: matched 1 + n by recorded-id, claim-label"]);
}

/// The answer lists at most sixteen of what was linked to a claim and could not be had, each once.
#[test]
fn refused_candidates_are_limited() {
    let machines = || (10..40).map(|id| machine(id).named(&format!("web-{id}")));
    let keys: Vec<String> = (10..40).map(|id| id.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let world = snapshot(5)
        .claims([claim("web").since(&baseline(&keys))])
        .machines(machines());
    let matching = match_fleet(&world);
    assert_eq!(matching.claims[0].verdict.candidates().len(), 16);
}
