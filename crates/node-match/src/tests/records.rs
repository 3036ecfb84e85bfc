//! What records lead to: which machine, which cluster, and what is told of it.

use crate::testing::{baseline, claim, machine, node, snapshot, told_candidates};
use crate::tests::{check, check_all};
use crate::{Claim, Machine, Node, Snapshot, match_fleet};

const OTHER: &str = "0d6c2f6e-6d3c-4f5e-9a53-3a0c5b9d7f11";

fn provided(mut claim: Claim<'static>, provider_id: &str) -> Claim<'static> {
    claim.provider_id = Some(provider_id.to_owned().into());
    claim
}

/// Returns the details of the evidence for the first claim.
fn details(world: &Snapshot<'_>) -> Vec<String> {
    let matching = match_fleet(world);
    let found = matching.claims[0].verdict.matched();
    let evidence = found.map(|found| found.evidence.as_slice()).unwrap_or_default();
    evidence.iter().map(|entry| entry.detail.to_string()).collect()
}

/// R0: a provider id names a machine by its number or by its identifier, and the evidence says which.
#[test]
fn provider_id_names_the_machine_by_number_or_identifier() {
    let by_number = snapshot(5)
        .claims([provided(claim("a"), "vpsie://71003")])
        .machines([machine(71003)]);
    check(&by_number, &["a: matched 71003 by recorded-id"]);
    assert_eq!(details(&by_number), ["71003"]);
    let mut named = machine(1);
    named.identifier = Some(OTHER.to_uppercase().into());
    let by_identifier = snapshot(5)
        .claims([provided(claim("a"), &format!("vpsie://{OTHER}"))])
        .machines([named]);
    check(&by_identifier, &["a: matched 1 by recorded-identifier"]);
    assert_eq!(details(&by_identifier), [OTHER]);
    let by_field = snapshot(5)
        .claims([claim("a").with_identifier("Machine-1")])
        .machines([machine(1)]);
    check(&by_field, &["a: matched 1 by recorded-identifier"]);
    assert_eq!(details(&by_field), ["machine-1"]);
}

/// R0: a second identifier is a contradiction, also when no machine bears it.
#[test]
fn recorded_identifiers_that_differ_are_a_conflict_whoever_bears_them() {
    let both = provided(
        claim("a").with_identifier("machine-1"),
        &format!("vpsie://{OTHER}"),
    );
    let world = snapshot(5).claims([both]).machines([machine(1)]);
    check_all(&world, &["a: conflict recorded-machines-differ"], &["1 conflict"]);
}

/// R0: a machine of the recorded id with another identifier than the recorded one is a conflict; one without any is not.
#[test]
fn recorded_id_of_a_machine_with_another_identifier_is_a_conflict() {
    let recorded = || claim("a").with_id(1).with_identifier("gone");
    let world = snapshot(5).claims([recorded()]).machines([machine(1)]);
    check_all(&world, &["a: conflict recorded-machines-differ"], &["1 conflict"]);
    let mut nameless = machine(1);
    nameless.identifier = None;
    let world = snapshot(5).claims([recorded()]).machines([nameless]);
    check(&world, &["a: matched 1 by recorded-id"]);
    let world = snapshot(5).claims([claim("a").with_id(1)]).machines([machine(1)]);
    check(&world, &["a: matched 1 by recorded-id"]);
}

/// R1: claims of one uid take no part, whatever is recorded on them, and their neighbours do.
#[test]
fn claims_of_one_uid_take_no_part() {
    let mut twin = claim("b").with_id(2);
    twin.name = "twin".into();
    let world = snapshot(5)
        .claims([
            claim("a").with_id(1),
            claim("b").with_id(2),
            twin,
            claim("c").with_id(3),
        ])
        .machines([machine(1), machine(2), machine(3)]);
    check_all(
        &world,
        &[
            "a: matched 1 by recorded-id",
            "b: not-participating duplicate-uid",
            "b: not-participating duplicate-uid",
            "c: matched 3 by recorded-id",
        ],
        &["2 unlinked"],
    );
}

/// R0: a recorded machine and a recorded Node stay together although an address ties that machine to another Node.
#[test]
fn records_that_no_tie_joins_are_told_as_records() {
    let world = snapshot(5)
        .claims([claim("a").with_id(1).with_node("n")])
        .machines([machine(1).addressed(&["10.0.0.1"])])
        .nodes([node("n"), node("other").addressed(&["10.0.0.1"])]);
    check_all(
        &world,
        &["a: matched 1 + n by recorded-id, recorded-node"],
        &["other unlinked"],
    );
}

/// R2c: a Node of the control plane is told as such by its own sign or by that of its machine.
#[test]
fn node_of_the_control_plane_is_told_by_either_sign() {
    let mut master = node("m");
    master.control_plane = true;
    let machines = [machine(1)
        .named("hel-kubernetes-49ab-master-1")
        .addressed(&["10.0.0.1"])];
    let world = snapshot(5)
        .machines(machines)
        .nodes([master, node("n").addressed(&["10.0.0.1"])])
        .claims([claim("a").not_requested()]);
    check_all(
        &world,
        &["a: not-participating nothing-requested"],
        &["1 control-plane", "m control-plane", "n control-plane"],
    );
}

/// Two claims of two clusters, and what shows that the Node is of the first.
fn two_clusters(
    mut first: Claim<'static>,
    machines: Vec<Machine<'static>>,
    node: Node<'static>,
) -> Snapshot<'static> {
    first.cluster = "x".into();
    snapshot(5)
        .claims([first, claim("z").in_cluster("y")])
        .machines(machines.into_iter().map(|machine| machine.in_cluster("x")))
        .nodes([node])
}

/// Settled: all Nodes are of one cluster, and each kind of link alone shows of which.
#[test]
fn any_link_shows_the_cluster_of_the_nodes() {
    let nowhere = two_clusters(claim("a"), vec![], node("n"));
    check(
        &nowhere,
        &["a: waiting no-candidates", "z: waiting no-candidates"],
    );
    let by_record = two_clusters(claim("a").with_node("N"), vec![], node("n"));
    let by_label = two_clusters(claim("a"), vec![], node("n").labelled("a"));
    let mut marked = node("n").labelled("a");
    marked.claim_uid = Some("a".into());
    let by_both = two_clusters(claim("a").with_node("n"), vec![], marked);
    for (world, kind) in [
        (by_record, "recorded-node"),
        (by_label, "claim-label"),
        (by_both, "recorded-node"),
    ] {
        check(
            &world,
            &[&format!("a: matched n by {kind}"), "z: waiting no-candidates"],
        );
    }
    let by_hostname = two_clusters(claim("a").with_id(1), vec![machine(1).named("N")], node("n"));
    check(
        &by_hostname,
        &[
            "a: matched 1 + n by recorded-id, hostname",
            "z: waiting no-candidates",
        ],
    );
    let carrier = machine(1).addressed(&["10.0.0.1"]);
    let by_address = two_clusters(
        claim("a").with_id(1),
        vec![carrier],
        node("n").addressed(&["10.0.0.1"]),
    );
    check(
        &by_address,
        &[
            "a: matched 1 + n by recorded-id, address",
            "z: waiting no-candidates",
        ],
    );
    let mut named = machine(1);
    named.identifier = Some(OTHER.into());
    let by_provider_id = two_clusters(
        claim("a").with_id(1),
        vec![named],
        node("n").provided(&format!("vpsie://{OTHER}")),
    );
    check(
        &by_provider_id,
        &[
            "a: matched 1 + n by recorded-id, provider-id",
            "z: waiting no-candidates",
        ],
    );
}

/// Settled: a label shows the cluster of the Nodes by the name of a claim, and so does a mark by its uid.
#[test]
fn name_and_uid_each_show_the_cluster_of_the_nodes() {
    let mut named = claim("a");
    named.uid = "of-a".into();
    let mut marked = node("n").labelled("b");
    marked.claim_uid = Some("of-a".into());
    for (node, told) in [
        (node("n").labelled("a"), "of-a: matched n by claim-label"),
        (marked, "of-a: matched n by claim-label"),
    ] {
        let world = two_clusters(named.clone(), vec![], node);
        check(&world, &[told, "z: waiting no-candidates"]);
    }
}

/// Settled: a claim that only a mark by its uid makes take part has a say, too.
#[test]
fn claim_that_a_uid_marks_has_a_say_where_the_nodes_belong() {
    let mut marked = claim("a").not_requested();
    marked.uid = "of-a".into();
    let mut by_uid = node("n");
    by_uid.claim_uid = Some("of-a".into());
    let world = two_clusters(marked, vec![], by_uid);
    check(
        &world,
        &["of-a: matched n by claim-label", "z: waiting no-candidates"],
    );
}

/// R3: a provider id links a Node to the record of its own cluster only.
#[test]
fn provider_id_links_no_record_of_another_cluster() {
    let mut world = snapshot(5)
        .claims([claim("a").in_cluster("y").with_identifier(OTHER)])
        .nodes([node("n").provided(&format!("vpsie://{OTHER}"))]);
    world.nodes_cluster = Some("x".into());
    check_all(
        &world,
        &["a: waiting recorded-machine-not-listed"],
        &["n unlinked"],
    );
    world.nodes_cluster = Some("y".into());
    check(&world, &["a: matched n by provider-id"]);
}

/// R3: what a claim of another cluster records of a machine that is not listed does not count here.
#[test]
fn record_of_another_cluster_makes_no_provider_id_doubtful() {
    let mut world = snapshot(5)
        .claims([
            claim("a").in_cluster("x").with_id(7),
            claim("z").in_cluster("y").with_id(7),
        ])
        .nodes([node("n").provided("vpsie://7")]);
    world.nodes_cluster = Some("x".into());
    check(
        &world,
        &[
            "a: matched n by provider-id",
            "z: waiting recorded-machine-not-listed",
        ],
    );
}

/// R4: clusters of one naming scheme each learn it: in neither does a name that starts it prove anything.
#[test]
fn naming_scheme_of_two_clusters_proves_nothing_in_either() {
    let mut second = claim("hel").in_cluster("y");
    second.uid = "second".into();
    let world = snapshot(5)
        .claims([claim("hel").in_cluster("x"), second])
        .machines([
            machine(1).in_cluster("x").named("hel-kubernetes-49ab-slave-1"),
            machine(2).in_cluster("y").named("hel-kubernetes-49ab-slave-2"),
        ]);
    check(
        &world,
        &[
            "hel: waiting not-provably-new",
            "second: waiting not-provably-new",
        ],
    );
}

/// R4: a cluster of two naming schemes learns both.
#[test]
fn second_naming_scheme_of_a_cluster_proves_nothing_either() {
    let world = snapshot(5).claims([claim("ams"), claim("hel")]).machines([
        machine(1).named("hel-kubernetes-49ab-slave-1"),
        machine(2).named("ams-kubernetes-0c11-worker-2"),
    ]);
    check(
        &world,
        &["ams: waiting not-provably-new", "hel: waiting not-provably-new"],
    );
}

/// R4: a Node's name gives no pattern evidence while an eligible machine carries that name.
#[test]
fn name_of_a_node_counts_only_where_no_eligible_machine_bears_it() {
    // The Node is older than the machine, so it is not that machine's Node.
    let world = |machine: Machine<'static>| {
        snapshot(10)
            .claims([claim("old").with_id(1), claim("web").since(&baseline(&[]))])
            .machines([machine])
            .nodes([node("web-x").created(1)])
    };
    check_all(
        &world(machine(1).named("web-x").created(8)),
        &["old: matched 1 by recorded-id", "web: waiting claimed-by-another"],
        &["web-x unlinked"],
    );
    check(
        &world(machine(1).named("db").created(8)),
        &[
            "old: matched 1 by recorded-id",
            "web: matched web-x by hostname-pattern",
        ],
    );
}

/// Every candidate is named with what speaks against it.
#[test]
fn candidates_are_told_with_their_obstacle() {
    let world = snapshot(5)
        .claims([claim("web")])
        .machines([machine(1).named("web-1").in_status("off")]);
    let matching = match_fleet(&world);
    assert_eq!(told_candidates(&matching.claims[0].verdict), ["1 not-running"]);
}
