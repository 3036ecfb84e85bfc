//! R7: what no name and no address links.

use std::sync::Arc;

use crate::testing::{GROUP, baseline, claim, group, machine, node, snapshot, told_unexplained};
use crate::tests::{check, check_all};
use crate::{Baseline, ClusterShape, match_fleet};

/// R7: the earliest request gets the oldest machine, then uid; the pair comes with its Node.
#[test]
fn earliest_request_gets_the_oldest_machine() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([
            claim("a").since(&empty).requested(2),
            claim("b").since(&empty).requested(1),
            claim("c").since(&empty).requested(2),
        ])
        .machines([
            machine(3).created(5).addressed(&["10.0.0.3"]),
            machine(4),
            machine(5).created(4),
        ])
        .nodes([node("n3").addressed(&["10.0.0.3"]).created(6)]);
    check(
        &world,
        &[
            "a: matched 3 + n3 by anonymous, address",
            "b: matched 5 by anonymous",
            "c: matched 4 by anonymous",
        ],
    );
}

/// R7: unknown ages sort newest, ties by smallest id.
#[test]
fn unknown_ages_sort_newest_then_smallest_id() {
    let empty = baseline(&[]);
    let claims = ["a", "b", "c"].map(|name| claim(name).since(&empty));
    let world = snapshot(9)
        .claims(claims)
        .machines([machine(7), machine(6), machine(9).created(8)]);
    check(
        &world,
        &[
            "a: matched 9 by anonymous",
            "b: matched 6 by anonymous",
            "c: matched 7 by anonymous",
        ],
    );
}

/// R7: what is left over makes the whole component ambiguous.
#[test]
fn leftover_makes_everything_connected_ambiguous() {
    let (old, new) = (baseline(&[]), baseline(&["1"]));
    let world = snapshot(9)
        .claims([claim("a").since(&old), claim("b").since(&new).requested(1)])
        .machines([machine(1), machine(2), machine(3)]);
    check_all(
        &world,
        &["a: ambiguous surplus-machines", "b: ambiguous surplus-machines"],
        &["1 candidate", "2 candidate", "3 candidate"],
    );
}

/// R7: another component is not concerned.
#[test]
fn surplus_of_one_group_leaves_another_alone() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([claim("a").since(&empty), claim("b").since(&empty).in_group(7)])
        .machines([
            machine(1).in_group(GROUP),
            machine(2).in_group(GROUP),
            machine(3).in_group(7),
        ]);
    check(
        &world,
        &["a: ambiguous surplus-machines", "b: matched 3 by anonymous"],
    );
}

/// R7: it can be switched off.
#[test]
fn anonymous_matching_can_be_switched_off() {
    let mut world = snapshot(9)
        .claims([claim("a").since(&baseline(&[]))])
        .machines([machine(1)]);
    world.settings.anonymous = false;
    check_all(&world, &["a: waiting anonymous-switched-off"], &["1 candidate"]);
}

/// R2c: the control plane is never handed out.
#[test]
fn control_plane_is_never_handed_out() {
    let empty = baseline(&[]);
    let mut role = machine(1);
    role.role = Some("master".into());
    let mut control_plane = node("m").addressed(&["10.0.0.1"]);
    control_plane.control_plane = true;
    for machine in [
        role,
        machine(1).named("HEL-Kubernetes-49ab-MASTER-main"),
        machine(1).addressed(&["10.0.0.1"]),
    ] {
        let world = snapshot(9)
            .claims([claim("a").since(&empty)])
            .machines([machine])
            .nodes([control_plane.clone()]);
        check_all(
            &world,
            &["a: waiting no-candidates"],
            &["1 control-plane", "m control-plane"],
        );
    }
}

/// R2c: the Node of a control-plane machine is not handed out either, nor one that VPSie names so.
#[test]
fn node_of_the_control_plane_is_never_handed_out() {
    let mut master = machine(1).addressed(&["10.0.0.1"]);
    master.role = Some("master".into());
    for (machines, name) in [
        (vec![master], "a-x"),
        (Vec::new(), "hel-kubernetes-49ab-MASTER-1"),
        (
            vec![machine(1).named("z").addressed(&["10.0.0.1"])],
            "hel-kubernetes-49ab-master-1",
        ),
    ] {
        let world = snapshot(9)
            .claims([claim("a").since(&baseline(&[]))])
            .machines(machines)
            .nodes([node(name).addressed(&["10.0.0.1"])]);
        let told = world.told();
        assert!(told[0].starts_with("a: waiting"), "{name}: {told:?}");
        let node = format!("{name} control-plane");
        let matching = match_fleet(&world);
        assert!(
            told_unexplained(&matching).contains(&node),
            "{name}: {matching:#?}"
        );
    }
}

/// R2c: while the cluster changes, nobody can tell.
#[test]
fn changing_cluster_is_ambiguous() {
    let shape = |version: &str, locked, managers| ClusterShape {
        version: Some(version.to_owned()),
        locked: Some(locked),
        managers: Some(managers),
    };
    let before = Arc::new(Baseline::new(true, []).with_shape(shape("1.30", false, 3)));
    let world = |now| {
        snapshot(9)
            .claims([claim("a").since(&before)])
            .machines([machine(1)])
            .shape(now)
    };
    check(&world(shape("1.30", false, 3)), &["a: matched 1 by anonymous"]);
    check(&world(ClusterShape::default()), &["a: matched 1 by anonymous"]);
    for now in [
        shape("1.31", false, 3),
        shape("1.30", true, 3),
        shape("1.30", false, 2),
    ] {
        check(&world(now), &["a: ambiguous cluster-changing"]);
    }
}

/// R7: the group of a machine: size, then the Node's capacity, then the count that rose.
#[test]
fn group_of_a_machine_is_deduced() {
    let groups = [
        group(1, 2, 4096, 80),
        group(2, 4, 8192, 80),
        group(3, 4, 8192, 80),
    ];
    let counted = Arc::new(
        Baseline::new(true, [])
            .with_nodes_count(2, 5)
            .with_nodes_count(3, 5),
    );
    let claims = [1, 2, 3].map(|group| claim(&format!("g{group}")).in_group(group).since(&counted));
    let waiting = "waiting no-candidates";
    let world = |machine, ram_mb, count| {
        let node = node("n").addressed(&["10.0.0.1"]).sized(2, ram_mb);
        let mut world = snapshot(9)
            .claims(claims.clone())
            .groups(groups.clone())
            .machines([machine])
            .nodes([node]);
        world.groups[2].nodes_count = count;
        world
    };
    let first = |node: &str| format!("g1: matched 9{node} by anonymous, address");
    let rest = [format!("g2: {waiting}"), format!("g3: {waiting}")];
    let addressed = machine(9).addressed(&["10.0.0.1"]);
    let by_size = world(machine(9).sized(2, 4096, 80).addressed(&["10.0.0.1"]), 9, None).told();
    assert_eq!((&by_size[0], &by_size[1..]), (&first(" + n"), &rest[..]));
    let by_capacity = world(addressed.clone(), 3300, None).told();
    assert_eq!((&by_capacity[0], &by_capacity[1..]), (&first(" + n"), &rest[..]));
    check(
        &world(addressed.clone(), 3000, None),
        &[
            "g1: ambiguous group-unknown",
            "g2: ambiguous group-unknown",
            "g3: ambiguous group-unknown",
        ],
    );
    check(
        &world(addressed, 3000, Some(6)),
        &[
            &format!("g1: {waiting}"),
            &format!("g2: {waiting}"),
            "g3: matched 9 + n by anonymous, address",
        ],
    );
}

/// R7: an unknown group does not matter while only one group has open claims.
#[test]
fn unknown_group_does_not_matter_to_a_single_group() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([
            claim("a").since(&empty),
            claim("b").in_group(7).since(&empty).with_id(2),
        ])
        .machines([machine(1), machine(2)]);
    check(
        &world,
        &["a: matched 1 by anonymous", "b: matched 2 by recorded-id"],
    );
}

/// Settled: a claim that holds a Node alone still counts as open for machines.
#[test]
fn claim_with_a_node_alone_is_open_for_machines() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([claim("a").since(&empty)])
        .machines([machine(1)])
        .nodes([node("n").labelled("a")]);
    check(&world, &["a: matched 1 + n by anonymous, claim-label"]);
}

/// Settled: claims with any record are not open; they do not absorb a surplus.
#[test]
fn claim_with_a_record_is_not_open() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([claim("a").since(&empty).with_hostname("x")])
        .machines([machine(1)]);
    check(&world, &["a: waiting no-candidates"]);
}

/// R7: a Node with a label is nobody's without a name, also when two claims bear that name.
#[test]
fn labelled_node_is_nobodys_without_a_name() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([
            claim("web").in_namespace("a").since(&empty),
            claim("web").in_namespace("b").since(&empty),
            claim("z").since(&empty),
        ])
        .machines([machine(1).addressed(&["10.0.0.1"])])
        .nodes([
            node("n").addressed(&["10.0.0.1"]).labelled("web"),
            node("m").labelled("gone"),
        ]);
    check_all(
        &world,
        &[
            "a/web: waiting no-candidates",
            "b/web: waiting no-candidates",
            "z: waiting no-candidates",
        ],
        &["1 unlinked", "m unknown-claim", "n unknown-claim"],
    );
}

/// R1: what is tied is never split between two claims.
#[test]
fn machine_of_a_node_in_other_hands_is_not_given_away() {
    let world = snapshot(9)
        .claims([claim("old").not_requested().with_node("n"), claim("web")])
        .machines([machine(1).named("web-1").addressed(&["10.0.0.1"])])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check(
        &world,
        &[
            "old: matched n by recorded-node",
            "web: waiting claimed-by-another",
        ],
    );
}

/// R3: a machine that bears a claim's name waits for it, and only the other is handed out.
#[test]
fn named_machine_that_does_not_run_is_kept_for_its_claim() {
    let empty = baseline(&[]);
    let world = snapshot(9)
        .claims([claim("web").since(&empty), claim("z").since(&empty).requested(1)])
        .machines([
            machine(1).named("web-1").in_status("installing"),
            machine(2).named("hel-2").created(1),
        ]);
    check_all(
        &world,
        &["web: waiting machine-not-running", "z: matched 2 by anonymous"],
        &["1 candidate"],
    );
}
