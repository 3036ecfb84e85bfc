//! Which Node is a machine's by name, where several bear it.

use crate::testing::{baseline, claim, machine, node, snapshot};
use crate::tests::{check, check_all};
use crate::{Machine, Node, Snapshot, match_fleet};

fn called(mut node: Node<'static>, hostname: &str) -> Node<'static> {
    node.hostname = Some(hostname.to_owned().into());
    node
}

fn of_the_control_plane(mut node: Node<'static>) -> Node<'static> {
    node.control_plane = true;
    node
}

/// Two reports of machine 1, each with a hostname of its own.
fn twice_named(first: &str, second: &str) -> [Machine<'static>; 2] {
    let mut other = machine(1).named(second);
    other.list = 1;
    [machine(1).named(first), other]
}

/// R6: of machines and Nodes of one name the newest belong together.
#[test]
fn newest_machine_of_a_name_has_its_newest_node() {
    let claims = || [1, 2, 3].map(|id| claim(&format!("c{id}")).with_id(id));
    let machines = || [1, 2, 3].map(|id| machine(id).named("w").created(i64::try_from(id).unwrap_or(0)));
    let world = snapshot(9).claims(claims()).machines(machines()).nodes([
        called(node("n1").created(4), "w"),
        called(node("n2").created(5), "w"),
        called(node("n3").created(6), "w"),
    ]);
    check(
        &world,
        &[
            "c1: matched 1 + n1 by recorded-id, hostname",
            "c2: matched 2 + n2 by recorded-id, hostname",
            "c3: matched 3 + n3 by recorded-id, hostname",
        ],
    );
    let partly_dated = snapshot(9).claims(claims()).machines(machines()).nodes([
        called(node("n1"), "w"),
        called(node("n2").created(5), "w"),
        called(node("old").created(-60), "w"),
    ]);
    check_all(
        &partly_dated,
        &[
            "c1: matched 1 by recorded-id",
            "c2: matched 2 + n1 by recorded-id, hostname",
            "c3: matched 3 + n2 by recorded-id, hostname",
        ],
        &["old unlinked"],
    );
}

/// R6: a machine of two names has the newest Node of either, and the evidence is the name that led there first.
#[test]
fn machine_of_two_names_has_the_newest_node_of_either() {
    for (first, second) in [("x", "y"), ("y", "x")] {
        let world = snapshot(9)
            .claims([claim("a").with_id(1)])
            .machines(twice_named(first, second))
            .nodes([node("x").created(3), node("y").created(4)]);
        check_all(
            &world,
            &["a: matched 1 + y by recorded-id, hostname"],
            &["x unlinked"],
        );
    }
    let same = snapshot(9)
        .claims([claim("a").with_id(1)])
        .machines(twice_named("x", "y"))
        .nodes([called(node("x"), "y")]);
    assert_eq!(tie(&same).as_deref(), Some("x"));
}

/// Returns the detail of what ties the Node to the machine of the first claim.
fn tie(world: &Snapshot<'_>) -> Option<String> {
    let matching = match_fleet(world);
    let found = matching.claims[0].verdict.matched()?;
    found.evidence.last().map(|evidence| evidence.detail.to_string())
}

/// R2c: a machine that bears the name of a control-plane Node is barred, also when other Nodes bear it.
#[test]
fn name_of_a_control_plane_node_bars_a_machine() {
    let world = || {
        snapshot(5)
            .claims([claim("web").since(&baseline(&["cp", "other"]))])
            .machines([machine(1).named("cp")])
    };
    let alone = world().nodes([of_the_control_plane(node("cp"))]);
    let expected = ["web: waiting no-candidates"];
    check_all(&alone, &expected, &["1 control-plane", "cp control-plane"]);
    let among = world().nodes([of_the_control_plane(node("cp")), called(node("other"), "cp")]);
    assert!(match_fleet(&among).unexplained.machines[0].reason.as_str() == "control-plane");
}

/// R3: between a recorded machine and a recorded Node the strongest link is told.
#[test]
fn strongest_link_between_what_is_recorded_is_told() {
    const IDENTIFIER: &str = "0d6c2f6e-6d3c-4f5e-9a53-3a0c5b9d7f11";
    let world = |machines: Vec<Machine<'static>>, node: Node<'static>| {
        // The first address of machine 1 is carried by another Node, the second by another machine too.
        let other = crate::testing::node("m").addressed(&["10.0.0.7"]);
        let machines = machines.into_iter().chain([machine(2).addressed(&["10.0.0.8"])]);
        snapshot(5)
            .claims([claim("a").with_id(1).with_node("n")])
            .machines(machines)
            .nodes([node, other])
    };
    let mut bearer = machine(1)
        .named("n")
        .addressed(&["10.0.0.7", "10.0.0.8", "10.0.0.9"]);
    bearer.identifier = Some(IDENTIFIER.into());
    let addressed = || node("n").addressed(&["10.0.0.8", "10.0.0.9"]);
    let table = [
        (
            addressed().provided(&format!("vpsie://{IDENTIFIER}")),
            "provider-id",
            None,
        ),
        (addressed(), "address", Some("10.0.0.9")),
        (node("n"), "hostname", Some("n")),
    ];
    for (node, kind, detail) in table {
        let world = world(vec![bearer.clone()], node);
        check(
            &world,
            &[&format!("a: matched 1 + n by recorded-id, recorded-node, {kind}")],
        );
        if detail.is_some() {
            assert_eq!(tie(&world).as_deref(), detail);
        }
    }
    let foreign = node("n").provided("vpsie://5b0f3a52-94a4-4a05-8f0c-6d2b1a9e7c33");
    check(
        &world(vec![machine(1)], foreign),
        &["a: matched 1 + n by recorded-id, recorded-node"],
    );
}

/// R2: a Node whose label names two claims of one name is not for a third, whatever its own name says.
#[test]
fn label_that_two_claims_share_keeps_others_away() {
    let mut twin = claim("web").in_namespace("other");
    twin.uid = "web-of-other".into();
    let world = snapshot(9)
        .claims([claim("db"), claim("web"), twin])
        .nodes([node("db-1").labelled("web").created(2)]);
    check(
        &world,
        &[
            "db: waiting claimed-by-another",
            "web: waiting no-candidates",
            "web-of-other: waiting no-candidates",
        ],
    );
}

/// R3: the provider id of a Node says whose it is; no weaker link ties it to another machine, and no claim has both.
#[test]
fn node_is_tied_to_no_other_machine_than_its_provider_id_names() {
    let spoken_for = |machines: [Machine<'static>; 2]| {
        snapshot(9)
            .claims([claim("c1").with_id(1).with_node("n")])
            .machines(machines)
            .nodes([
                node("n").provided("vpsie://machine-2").addressed(&["10.0.0.1"]),
                node("newer").provided("vpsie://machine-2").created(5),
            ])
    };
    let mut contradicting = spoken_for([machine(1).addressed(&["10.0.0.1"]), machine(2)]);
    check(&contradicting, &["c1: conflict recorded-node-of-another-machine"]);
    // With the Node alone recorded, neither its address nor a name brings the other machine to it.
    for other in [machine(1).addressed(&["10.0.0.1"]), machine(1).named("c1-1")] {
        contradicting = spoken_for([other, machine(2)]);
        contradicting.claims[0].instance_id = None;
        check(&contradicting, &["c1: matched n by recorded-node"]);
    }
    // With the machine alone recorded, a label does not bring the Node.
    let mut labelled = spoken_for([machine(1).named("w"), machine(2)]);
    labelled.claims[0].node_name = None;
    labelled.nodes[0] = labelled.nodes[0].clone().labelled("c1");
    check(&labelled, &["c1: matched 1 by recorded-id"]);
}

/// R3: only a recorded machine may have a Node that nothing ties to it; one that was found by its name may not.
#[test]
fn machine_found_by_its_name_has_no_node_but_its_own() {
    let world = |claim| {
        let machines = [machine(1).named("web")];
        let world = snapshot(9).claims([claim]).machines(machines);
        world.nodes([node("web-x")])
    };
    check_all(
        &world(claim("web")),
        &["web: matched 1 by hostname"],
        &["web-x unlinked"],
    );
    check(
        &world(claim("web").with_id(1)),
        &["web: matched 1 + web-x by recorded-id, hostname-pattern"],
    );
}

/// R7: a claim whose labelled Node names its machine by provider id is open for no other.
#[test]
fn claim_of_a_node_whose_machine_is_known_is_not_open() {
    let baseline = baseline(&["2"]);
    let world = snapshot(9)
        .claims([claim("web").since(&baseline)])
        .machines([machine(1).created(6), machine(2)])
        .nodes([
            node("n").labelled("web").provided("vpsie://machine-2"),
            node("newer").provided("vpsie://machine-2").created(5),
        ]);
    check(&world, &["web: matched n by claim-label"]);
}
