//! The settled readings, each a test.

use crate::testing::{GROUP, baseline, claim, group, machine, node, snapshot};
use crate::tests::{check, check_all};

/// Settled: R2 does not apply to records; a recorded machine that is stopped or old stays matched.
#[test]
fn recorded_machine_stays_matched_whatever_its_state() {
    let mut deleted = machine(1);
    deleted.is_deleted = true;
    let mut master = machine(1);
    master.role = Some("master".into());
    let old = baseline(&["1"]);
    for machine in [
        machine(1).in_status("stopped"),
        deleted,
        master,
        machine(1).in_group(7),
        machine(1).sized(9, 9, 9),
        machine(1).created(-999),
    ] {
        let world = snapshot(5)
            .claims([claim("a").with_id(1).since(&old)])
            .groups([group(GROUP, 2, 4096, 80)])
            .machines([machine]);
        check(&world, &["a: matched 1 by recorded-id"]);
    }
}

/// Settled: a recorded machine that is not listed is never substituted by weaker evidence.
#[test]
fn unlisted_recorded_machine_is_not_substituted() {
    let empty = baseline(&[]);
    for claim in [claim("web").with_id(9), claim("web").with_identifier("gone")] {
        let world = snapshot(600)
            .claims([claim.since(&empty).with_addresses(&["10.0.0.1"])])
            .machines([machine(1).named("web-1").addressed(&["10.0.0.1"])])
            .nodes([node("web-1").addressed(&["10.0.0.1"])]);
        check_all(
            &world,
            &["web: waiting recorded-machine-not-listed"],
            &["1 unlinked", "web-1 unlinked"],
        );
    }
}

/// Settled: a recorded Node that is not there is never substituted either.
#[test]
fn missing_recorded_node_is_not_substituted() {
    let world = snapshot(600)
        .claims([claim("web").with_node("gone")])
        .nodes([node("web-1")]);
    check(&world, &["web: waiting recorded-node-not-listed"]);
}

/// Settled: a recorded Node name is a fact, whatever its age and its label.
#[test]
fn recorded_node_name_is_a_fact() {
    let world = snapshot(5)
        .claims([claim("web").with_node("N-1")])
        .nodes([node("n-1").created(-999).labelled("other")]);
    check(&world, &["web: matched n-1 by recorded-node"]);
}

/// Settled: id 0 is unreported and never equals another.
#[test]
fn id_zero_equals_nothing() {
    let nameless = |id| {
        let mut machine = machine(id);
        machine.identifier = None;
        machine
    };
    let empty = baseline(&[]);
    let world = snapshot(5)
        .claims([claim("a").with_id(0).since(&empty), claim("b").since(&empty)])
        .machines([nameless(0).created(1), nameless(0).created(2)]);
    check(
        &world,
        &["a: matched ? by anonymous", "b: matched ? by anonymous"],
    );
}

/// Settled: an absent status equals an empty one.
#[test]
fn absent_status_is_running() {
    let mut silent = machine(1).named("web-1");
    silent.status = None;
    check(
        &snapshot(5).claims([claim("web")]).machines([silent]),
        &["web: matched 1 by hostname-pattern"],
    );
}

/// Settled: a Node whose name is in the baseline is not eligible.
#[test]
fn node_in_the_baseline_is_not_eligible() {
    let old = baseline(&["web-1"]);
    let world = snapshot(600)
        .claims([claim("web").since(&old)])
        .nodes([node("web-1").created(1)]);
    check(&world, &["web: timed-out discovery-timeout"]);
}

/// R2: a Node older than the request less the allowance is not eligible.
#[test]
fn node_older_than_the_request_is_not_eligible() {
    let world = |minutes| {
        snapshot(5)
            .claims([claim("web")])
            .nodes([node("web-1").created(minutes)])
    };
    check(&world(-2), &["web: matched web-1 by hostname-pattern"]);
    check(&world(-3), &["web: waiting candidates-not-eligible"]);
}

/// Settled: a Node created before its machine is not that machine's Node, whatever they share.
#[test]
fn node_older_than_its_machine_is_not_its_node() {
    for node in [
        node("n").addressed(&["10.0.0.1"]).created(1),
        node("hel-1").created(1),
        node("n").provided("vpsie://machine-1").created(1),
    ] {
        let world = snapshot(9)
            .claims([claim("a").with_id(1)])
            .machines([machine(1).named("hel-1").addressed(&["10.0.0.1"]).created(4)])
            .nodes([node]);
        check(&world, &["a: matched 1 by recorded-id"]);
    }
}

/// Settled, R5: stopped and deleted machines count for duplicate addresses, too.
#[test]
fn address_of_two_machines_is_no_evidence() {
    let mut deleted = machine(2).addressed(&["10.0.0.1"]);
    deleted.is_deleted = true;
    for other in [deleted, machine(2).addressed(&["10.0.0.1"]).in_status("stopped")] {
        let world = snapshot(5)
            .claims([claim("a").with_id(1)])
            .machines([machine(1).addressed(&["10.0.0.1"]), other])
            .nodes([node("n").addressed(&["10.0.0.1"])]);
        check(&world, &["a: matched 1 by recorded-id"]);
    }
}

/// R5: an address of two Nodes is no evidence for either.
#[test]
fn address_of_two_nodes_is_no_evidence() {
    let world = snapshot(5)
        .claims([claim("a").with_id(1)])
        .machines([machine(1).addressed(&["10.0.0.1"])])
        .nodes([
            node("n").addressed(&["10.0.0.1"]),
            node("m").addressed(&["10.0.0.1/8"]),
        ]);
    check(&world, &["a: matched 1 by recorded-id"]);
}

/// R4, settled: the longest of all claims wins, also one that takes no part.
#[test]
fn longest_name_wins_among_all_claims() {
    let world = snapshot(5)
        .claims([claim("web"), claim("web-1").not_requested()])
        .machines([machine(1).named("web-1-k8s")]);
    check_all(
        &world,
        &[
            "web: waiting no-candidates",
            "web-1: not-participating nothing-requested",
        ],
        &["1 unlinked"],
    );
}

/// R4, settled: what is named for one claim never goes to another, not even when the count would allow it.
#[test]
fn machine_named_for_a_settled_claim_is_never_matched_anonymously() {
    let old = [1].map(|id| id.to_string());
    let before = std::sync::Arc::new(crate::Baseline::new(true, old.iter().map(String::as_str)));
    let world = |hostname: &str, node_name: &str| {
        snapshot(5)
            .claims([claim("web").since(&before), claim("web-1").with_id(1)])
            .machines([machine(1), machine(2).named(hostname).addressed(&["10.0.0.2"])])
            .nodes([node(node_name).addressed(&["10.0.0.2"])])
    };
    let settled = "web-1: matched 1 by recorded-id";
    let nothing = ["web: waiting no-candidates", settled];
    check(&world("web-1-k8s", "hel-1"), &nothing);
    check(&world("hel-1", "WEB-1.k8s"), &nothing);
    check(
        &world("hel-1", "hel-1"),
        &["web: matched 2 + hel-1 by anonymous, address", settled],
    );
    let lone = snapshot(5)
        .claims([claim("web").since(&before), claim("web-1").with_id(1)])
        .machines([machine(1).addressed(&["10.0.0.1"])])
        .nodes([node("m").addressed(&["10.0.0.1"]), node("web-1-k8s")]);
    check(
        &lone,
        &[
            "web: waiting no-candidates",
            "web-1: matched 1 + m by recorded-id, address",
        ],
    );
}

/// R4, settled: two claims of one name get what is named for them by counting, and a shorter name does not.
#[test]
fn machine_named_for_two_claims_is_matched_anonymously_among_them() {
    let before = std::sync::Arc::new(crate::Baseline::new(true, ["9"]));
    let mut twin = claim("web-1").since(&before);
    twin.uid = "twin".into();
    let world = snapshot(5)
        .claims([
            claim("web").since(&before),
            claim("web-1").since(&before).requested(1),
            twin,
        ])
        .machines([machine(1).named("web-1-k8s")]);
    check(
        &world,
        &[
            "twin: matched 1 by anonymous",
            "web: waiting no-candidates",
            "web-1: waiting no-candidates",
        ],
    );
}

/// Settled: a name that prefixes the cluster's naming scheme gives no pattern evidence.
#[test]
fn name_of_the_naming_scheme_gives_no_pattern_evidence() {
    for name in ["hel", "hel-kubernetes", "HEL-Kubernetes-49ab"] {
        let world = snapshot(600)
            .claims([claim(name)])
            .machines([machine(1).named("hel-kubernetes-49ab-slave-11cc")]);
        check(&world, &[&format!("{name}: timed-out discovery-timeout")]);
    }
}

/// Settled: where VPSie reports no machines, its naming scheme is learned from the Nodes.
#[test]
fn naming_scheme_is_learned_from_nodes_too() {
    for name in ["hel", "hel-kubernetes"] {
        let world = snapshot(600)
            .claims([claim(name)])
            .nodes([node("hel-kubernetes-49ab-slave-11cc")]);
        let told = world.told();
        assert!(!told[0].contains("hostname-pattern"), "{told:?}");
    }
}

/// Settled: the pattern applies to a Node's name only when no eligible machine carries that name.
#[test]
fn node_pattern_yields_to_a_machine_of_that_name() {
    let world = snapshot(9)
        .claims([claim("web")])
        .machines([machine(1).named("web-1").created(8)])
        .nodes([node("web-1").created(1)]);
    check_all(
        &world,
        &["web: matched 1 by hostname-pattern"],
        &["web-1 unlinked"],
    );
    check(
        &snapshot(9).claims([claim("web")]).nodes([node("web-1")]),
        &["web: matched web-1 by hostname-pattern"],
    );
}

/// Settled: two claims of one name in two namespaces get no label and no name evidence.
#[test]
fn one_name_in_two_namespaces_is_no_evidence() {
    let world = snapshot(600)
        .claims([claim("web").in_namespace("a"), claim("web").in_namespace("b")])
        .machines([machine(1).named("web-1"), machine(2).named("web")])
        .nodes([node("n").labelled("web")]);
    check_all(
        &world,
        &[
            "a/web: timed-out discovery-timeout",
            "b/web: timed-out discovery-timeout",
        ],
        &["1 unlinked", "2 unlinked", "n unknown-claim"],
    );
}

/// Settled: the uid beside the label tells the two claims of one name apart.
#[test]
fn uid_tells_claims_of_one_name_apart() {
    let mut labelled = node("n").labelled("web");
    labelled.claim_uid = Some("b/web".into());
    let world = snapshot(5)
        .claims([claim("web").in_namespace("a"), claim("web").in_namespace("b")])
        .nodes([labelled]);
    check(
        &world,
        &["a/web: waiting no-candidates", "b/web: matched n by claim-label"],
    );
}

/// Settled: a size that contradicts the group makes a machine ineligible for names, too.
#[test]
fn size_that_contradicts_the_group_is_ineligible() {
    let world = |machine| {
        snapshot(5)
            .claims([claim("web")])
            .groups([group(GROUP, 2, 4096, 80)])
            .machines([machine])
    };
    check(
        &world(machine(1).named("web-1").sized(2, 8192, 80)),
        &["web: waiting candidates-not-eligible"],
    );
    let mut unknown_disk = machine(1).named("web-1").sized(2, 4096, 80);
    unknown_disk.disk_gb = None;
    check(&world(unknown_disk), &["web: matched 1 by hostname-pattern"]);
}

/// Settled: a label binds a Node and a name or address another machine: the Node alone is reported.
#[test]
fn label_and_name_that_do_not_meet_report_the_node_alone() {
    let world = snapshot(5)
        .claims([claim("web")])
        .machines([machine(1).named("web-1").addressed(&["10.0.0.1"])])
        .nodes([node("n").labelled("web")]);
    check(&world, &["web: matched n by claim-label"]);
    let world = snapshot(5)
        .claims([claim("web").with_addresses(&["10.0.0.1"])])
        .machines([machine(1).addressed(&["10.0.0.1"])])
        .nodes([node("n").labelled("web")]);
    check_all(&world, &["web: matched n by claim-label"], &["1 candidate"]);
    // Nor is the recorded machine replaced by the one whose Node the label is on.
    let world = snapshot(5)
        .claims([claim("web").with_addresses(&["10.0.0.1"])])
        .machines([machine(1).addressed(&["10.0.0.1"]), machine(2)])
        .nodes([node("n").labelled("web").provided("vpsie://machine-2")]);
    check(&world, &["web: matched n by claim-label"]);
    // Nor does counting give the machine: not to this claim, not to another.
    for (age, unexplained) in [("new", "1 candidate"), ("old", "1 unlinked")] {
        let baseline = baseline(if age == "new" { &[] } else { &["1"] });
        let world = snapshot(5)
            .claims([claim("web").since(&baseline), claim("other").since(&baseline)])
            .machines([machine(1).named("web-1")])
            .nodes([node("n").labelled("web")]);
        check_all(
            &world,
            &["other: waiting no-candidates", "web: matched n by claim-label"],
            &[unexplained],
        );
    }
}

/// Settled: a label that names a claim counts as recorded for taking part, without a request, too.
#[test]
fn labelled_claim_takes_part_without_a_request() {
    let world = snapshot(5)
        .claims([claim("web").not_requested()])
        .nodes([node("n").labelled("web")]);
    check(&world, &["web: matched n by claim-label"]);
}

/// Settled: any other scheme than `vpsie://` is no evidence.
#[test]
fn foreign_provider_id_is_no_evidence() {
    let world = snapshot(5)
        .claims([claim("a").with_id(1)])
        .machines([machine(1)])
        .nodes([
            node("n").provided("k3s://machine-1"),
            node("m").provided("aws:///1"),
        ]);
    check(&world, &["a: matched 1 by recorded-id"]);
    let by_number = snapshot(5)
        .claims([claim("a").with_id(1)])
        .machines([machine(1)])
        .nodes([node("n").provided("vpsie://1")]);
    check(&by_number, &["a: matched 1 + n by recorded-id, provider-id"]);
}

/// Settled: a number that two lists give to different machines names none of them.
#[test]
fn number_of_two_lists_is_no_provider_id() {
    let mut other = machine(1);
    (other.list, other.identifier) = (1, Some("other".into()));
    let world = snapshot(5)
        .claims([claim("a").with_identifier("machine-1")])
        .machines([machine(1), other])
        .nodes([node("n").provided("vpsie://1")]);
    check(&world, &["a: matched 1 by recorded-identifier"]);
}
