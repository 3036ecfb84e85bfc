//! Named worlds that broke earlier rule sets.

use std::sync::Arc;

use crate::testing::{GROUP, baseline, claim, group, machine, node, snapshot};
use crate::tests::{check, check_all};
use crate::{Baseline, ClusterShape};

/// World: a foreign machine comes first in our group.
#[test]
fn foreign_machine_first_in_our_group() {
    let empty = baseline(&[]);
    let first = snapshot(2)
        .claims([claim("a").since(&empty)])
        .machines([machine(1).created(1)]);
    check(&first, &["a: matched 1 by anonymous"]);
    // Nothing could tell it from ours. When ours comes, both are contested and neither is deleted.
    let second = snapshot(3)
        .claims([claim("a").since(&empty).with_id(1).found_anonymously()])
        .machines([machine(1).created(1), machine(2).created(2)]);
    check_all(
        &second,
        &["a: matched 1 by recorded-id contested"],
        &["2 contested"],
    );
}

/// World: ours is still provisioning while a foreign one runs.
#[test]
fn ours_still_provisioning_while_a_foreign_one_runs() {
    let empty = baseline(&[]);
    let world = snapshot(5)
        .claims([claim("a").since(&empty)])
        .machines([machine(1).in_status("provisioning"), machine(2)]);
    check(&world, &["a: ambiguous surplus-machines"]);
    let alone = snapshot(5)
        .claims([claim("a").since(&empty)])
        .machines([machine(1).in_status("provisioning")]);
    check_all(&alone, &["a: waiting machine-not-running"], &["1 candidate"]);
}

/// World: two claims, two machines, and both fit only one claim.
#[test]
fn two_machines_that_fit_only_one_of_two_claims() {
    let (old, new) = (baseline(&[]), baseline(&["1", "2"]));
    let world = snapshot(9)
        .claims([claim("a").since(&old), claim("b").since(&new).requested(5)])
        .machines([machine(1), machine(2)]);
    check(
        &world,
        &["a: ambiguous surplus-machines", "b: waiting no-candidates"],
    );
}

/// World: a greedy choice would starve another claim.
#[test]
fn greedy_choice_starves_nobody() {
    // Machine 1 is new for both, machine 2 (listed late, and newer) only for the claim that asks first.
    let (early, late) = (baseline(&[]), baseline(&["2"]));
    let world = snapshot(9)
        .claims([claim("a").since(&early), claim("b").since(&late).requested(5)])
        .machines([machine(1).created(6), machine(2).created(7)]);
    check(
        &world,
        &["a: matched 2 by anonymous", "b: matched 1 by anonymous"],
    );
}

/// World: one machine reported by two lists.
#[test]
fn machine_reported_by_two_lists_is_one() {
    let by_number = machine(1).named("Hel-1").addressed(&["10.0.0.1"]);
    let mut by_number = by_number;
    by_number.identifier = None;
    let mut by_identifier = machine(900)
        .named("hel-1")
        .addressed(&["10.0.0.1", "198.51.100.1"]);
    by_identifier.list = 1;
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([claim("a").since(&empty)])
        .machines([by_number, by_identifier])
        .nodes([node("hel-1").addressed(&["10.0.0.1"])]);
    check_all(&world, &["a: matched 1 + hel-1 by anonymous, address"], &[]);
}

/// R2a: a differing identifier keeps two reports apart, and a third that fits both joins neither.
#[test]
fn reports_with_differing_identifiers_stay_apart() {
    let report = |id: u64| machine(id).named("h").addressed(&["10.0.0.1"]);
    let mut third = report(3);
    third.identifier = None;
    let world = snapshot(9).machines([report(1), report(2), third]);
    check_all(&world, &[], &["1 unlinked", "2 unlinked", "3 unlinked"]);
}

/// R2a: ids are comparable only within one list, and reports only within one cluster.
#[test]
fn equal_ids_of_different_lists_are_different_machines() {
    let mut other_list = machine(1);
    (other_list.list, other_list.identifier) = (1, Some("other".into()));
    let world = snapshot(9).machines([machine(1), other_list, machine(1).in_cluster("b")]);
    check_all(&world, &[], &["1 unlinked", "1 unlinked", "1 unlinked"]);
}

/// World: a machine that is not yet linked to its own Node.
#[test]
fn machine_not_yet_linked_to_its_own_node() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([claim("a").since(&empty), claim("b").since(&empty)])
        .machines([machine(1).created(1)])
        .nodes([node("n").created(3)]);
    check_all(
        &world,
        &["a: matched 1 by anonymous", "b: waiting no-candidates"],
        &["n unlinked"],
    );
}

/// World: dates without a zone prove nothing.
#[test]
fn dates_without_a_zone_prove_nothing() {
    let world = snapshot(9)
        .claims([claim("a")])
        .machines([machine(1).created_somewhere(1)]);
    check(&world, &["a: waiting not-provably-new"]);
    let named = snapshot(9)
        .claims([claim("a")])
        .machines([machine(1).named("a-1").created_somewhere(-600)]);
    check(&named, &["a: matched 1 by hostname-pattern"]);
}

/// World: no baseline.
#[test]
fn no_baseline_gives_nothing_without_times() {
    let world = snapshot(9).claims([claim("a")]).machines([machine(1)]);
    check(&world, &["a: waiting not-provably-new"]);
}

/// World: a foreign addition to an unmanaged group of the same size.
#[test]
fn foreign_addition_to_an_unmanaged_group_of_the_same_size() {
    let counted = Arc::new(
        Baseline::new(true, [])
            .with_nodes_count(GROUP, 1)
            .with_nodes_count(7, 1),
    );
    let mut groups = [group(GROUP, 2, 4096, 80), group(7, 2, 4096, 80)];
    (groups[0].nodes_count, groups[1].nodes_count) = (Some(1), Some(2));
    let world = snapshot(9)
        .claims([claim("a").since(&counted)])
        .groups(groups)
        .machines([machine(1).sized(2, 4096, 80)]);
    check_all(&world, &["a: waiting no-candidates"], &["1 unlinked"]);
}

/// World: a replaced master during an upgrade.
#[test]
fn replaced_master_during_an_upgrade() {
    let shape = |version: &str| ClusterShape {
        version: Some(version.to_owned()),
        ..ClusterShape::default()
    };
    let before = Arc::new(Baseline::new(true, []).with_shape(shape("1.30")));
    let world = snapshot(9)
        .claims([claim("a").since(&before)])
        .machines([machine(1).named("hel-kubernetes-49ab-main")])
        .shape(shape("1.31"));
    check_all(&world, &["a: ambiguous cluster-changing"], &["1 candidate"]);
}

/// World, I5: a machine that comes late goes to the claim that timed out, never to its replacement.
#[test]
fn late_machine_goes_to_the_claim_that_timed_out() {
    let (first, second) = (baseline(&[]), Arc::new(Baseline::new(true, ["some-node"])));
    let world = snapshot(30)
        .claims([
            claim("z-old").since(&first),
            claim("a-new").since(&second).requested(20),
        ])
        .machines([machine(1).created(25)]);
    check(
        &world,
        &["a-new: waiting no-candidates", "z-old: matched 1 by anonymous"],
    );
}

/// World, I7: a VPSieNode taken over from the Go autoscaler in the middle of provisioning.
#[test]
fn claim_taken_over_in_the_middle_of_provisioning() {
    let mut old = claim("old");
    old.taken_over = true;
    let new = claim("new").since(&baseline(&[])).requested(1);
    let alone = snapshot(5)
        .claims([old.clone()])
        .machines([machine(1).created(1)]);
    check(&alone, &["old: waiting not-provably-new"]);
    let named = snapshot(5)
        .claims([old.clone()])
        .machines([machine(1).named("old-k8s")]);
    check(&named, &["old: matched 1 by hostname-pattern"]);
    // It keeps its seat: two machines for two claims are no surplus.
    let both = snapshot(5)
        .claims([old, new])
        .machines([machine(1).created(1), machine(2).created(2)]);
    check(
        &both,
        &["new: matched 1 by anonymous", "old: ambiguous taken-over"],
    );
}

/// World: two clusters share private addresses.
#[test]
fn two_clusters_share_private_addresses() {
    let there = |id| machine(id).in_cluster("cluster-b").addressed(&["10.0.0.1"]);
    let world = snapshot(5)
        .claims([claim("a").with_id(1)])
        .machines([machine(1).addressed(&["10.0.0.1"]), there(1), there(2)])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check(&world, &["a: matched 1 + n by recorded-id, address"]);
    let both = world.claims([claim("b").in_cluster("cluster-b").with_id(2)]);
    // Both clusters claim the Node by its address alone: nothing tells whose it is.
    check(
        &both,
        &["a: matched 1 by recorded-id", "b: matched 2 by recorded-id"],
    );
    let mut told = both.clone();
    told.nodes_cluster = Some("cluster-a".into());
    check(
        &told,
        &[
            "a: matched 1 + n by recorded-id, address",
            "b: matched 2 by recorded-id",
        ],
    );
    let mut named = both;
    named.machines[0].hostname = Some("n".into());
    check(
        &named,
        &[
            "a: matched 1 + n by recorded-id, address",
            "b: matched 2 by recorded-id",
        ],
    );
}
