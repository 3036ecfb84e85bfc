//! R8: what is described twice, and who has a say in whose the Nodes are.

use std::sync::Arc;

use crate::testing::{GROUP, baseline, claim, group, machine, node, snapshot};
use crate::tests::{check, check_all};
use crate::{Baseline, ClusterShape, Snapshot};

fn turned(mut world: Snapshot<'static>) -> Snapshot<'static> {
    world.groups.reverse();
    world.clusters.reverse();
    world.claims.reverse();
    world
}

/// R8: what two descriptions of a group contradict each other about is unknown, in any order.
#[test]
fn contradicting_descriptions_of_a_group_say_nothing() {
    let world = |second: crate::Group<'static>| {
        snapshot(5)
            .groups([group(GROUP, 2, 4096, 80), second])
            .claims([claim("web")])
            .machines([machine(1).named("web-1").sized(4, 4096, 80)])
    };
    let unknown = world(group(GROUP, 4, 4096, 80));
    check(&unknown, &["web: matched 1 by hostname-pattern"]);
    check(&turned(unknown), &["web: matched 1 by hostname-pattern"]);
    let mut silent = group(GROUP, 2, 4096, 80);
    silent.cpu = None;
    let known = world(silent);
    check(&known, &["web: waiting candidates-not-eligible"]);
    check(&turned(known), &["web: waiting candidates-not-eligible"]);
    // Two agree and a third does not: a majority proves nothing.
    let third = world(group(GROUP, 4, 4096, 80)).groups([group(GROUP, 2, 4096, 80)]);
    check(&third, &["web: matched 1 by hostname-pattern"]);
    check(&turned(third), &["web: matched 1 by hostname-pattern"]);
}

/// R2c, R8: two reports of one cluster that differ were taken while it changed.
#[test]
fn differing_reports_of_a_cluster_show_that_it_changes() {
    let shape = |version: Option<&str>, locked, managers| ClusterShape {
        version: version.map(str::to_owned),
        locked,
        managers,
    };
    let world = |first: &ClusterShape, second: &ClusterShape| {
        snapshot(5)
            .shape(first.clone())
            .shape(second.clone())
            .claims([claim("a").since(&Arc::new(Baseline::new(true, [])))])
            .machines([machine(1)])
    };
    let quiet = shape(Some("1.30"), Some(false), Some(3));
    for other in [
        shape(Some("1.31"), None, None),
        shape(None, Some(true), None),
        shape(None, None, Some(4)),
    ] {
        let world = world(&quiet, &other);
        check_all(&world, &["a: ambiguous cluster-changing"], &["1 candidate"]);
        check_all(
            &turned(world),
            &["a: ambiguous cluster-changing"],
            &["1 candidate"],
        );
    }
    check(&world(&quiet, &quiet), &["a: matched 1 by anonymous"]);
    check(
        &world(&quiet, &ClusterShape::default()),
        &["a: matched 1 by anonymous"],
    );
}

/// R8: a claim of another cluster that takes no part has no say in whose the Nodes are.
#[test]
fn claim_that_takes_no_part_has_no_say_in_whose_the_nodes_are() {
    let world = snapshot(5)
        .claims([claim("web").since(&baseline(&[]))])
        .machines([machine(1).named("web-1")])
        .nodes([node("n").labelled("web")]);
    let matched = "web: matched n by claim-label";
    check(&world, &[matched]);
    for name in ["idle", "web"] {
        let mut idle = claim(name).not_requested().in_cluster("cluster-b");
        idle.uid = "x".into();
        let both = world
            .clone()
            .claims([idle])
            .machines([machine(2).in_cluster("cluster-b").named("n")]);
        let told = [matched, "x: not-participating nothing-requested"];
        check(&both, &told);
        check(&turned(both), &told);
    }
}

/// R8: one that only a label makes take part has a say, unless a claim that asked bears the name.
#[test]
fn label_gives_a_claim_a_say_in_whose_the_nodes_are() {
    let world = snapshot(5)
        .claims([
            claim("idle").not_requested(),
            claim("web").in_cluster("cluster-b"),
        ])
        .nodes([node("n").labelled("idle")]);
    check(
        &world,
        &["idle: matched n by claim-label", "web: waiting no-candidates"],
    );
    let mut by_uid = world.clone();
    by_uid.nodes[0] = node("n").labelled("other");
    by_uid.nodes[0].claim_uid = Some("idle".into());
    check(
        &by_uid,
        &["idle: matched n by claim-label", "web: waiting no-candidates"],
    );
}
