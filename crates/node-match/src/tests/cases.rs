//! The named unit cases of discovery and of Node matching.

use crate::testing::{claim, machine, node, snapshot, told_candidates};
use crate::tests::{check, check_all};
use crate::{EvidenceKind, Link, Snapshot, Verdict, match_fleet};

/// Names the Node of a claim's machine that the claim may not have.
fn withheld(world: &Snapshot<'_>, claim: &str) -> Option<String> {
    let matching = match_fleet(world);
    let mut answers = matching.claims.iter();
    let found = answers
        .find(|answer| answer.claim.name == claim)?
        .verdict
        .matched()?;
    found.withheld.map(|node| node.name.to_string())
}

/// D4, R4: success by hostname.
#[test]
fn success_by_hostname() {
    let world = snapshot(5)
        .claims([claim("my-node")])
        .machines([machine(1).named("my-node-k8s-worker").addressed(&["10.0.0.4"])])
        .nodes([node("my-node-k8s-worker").addressed(&["10.0.0.4"])]);
    check_all(
        &world,
        &["my-node: matched 1 + my-node-k8s-worker by hostname-pattern, address"],
        &[],
    );
}

/// D5: success by IP, through a Node.
#[test]
fn success_by_ip() {
    let world = snapshot(5)
        .claims([claim("my-node")])
        .machines([machine(1)
            .named("hel-x")
            .addressed(&["198.51.100.12", "10.0.0.4"])])
        .nodes([node("other").labelled("my-node").addressed(&["10.0.0.4/24"])]);
    check(&world, &["my-node: matched 1 + other by claim-label, address"]);
}

/// D5: the pattern names the Node, and its address leads to the machine that VPSie named.
#[test]
fn success_by_ip_of_a_node_that_the_pattern_names() {
    let world = snapshot(5)
        .claims([claim("my-node")])
        .machines([machine(1)
            .named("hel-kubernetes-49ab-slave-11cc")
            .addressed(&["10.0.0.4"])])
        .nodes([node("my-node-k8s-worker").addressed(&["10.0.0.4"])]);
    check(
        &world,
        &["my-node: matched 1 + my-node-k8s-worker by hostname-pattern, address"],
    );
}

/// D6: timeout, and evidence beats the clock.
#[test]
fn timeout_comes_only_when_nothing_is_found() {
    check(
        &snapshot(15).claims([claim("web")]),
        &["web: waiting no-candidates"],
    );
    check(
        &snapshot(16).claims([claim("web")]),
        &["web: timed-out discovery-timeout"],
    );
    let late = snapshot(600)
        .claims([claim("web")])
        .machines([machine(1).named("web-1")]);
    check(&late, &["web: matched 1 by hostname-pattern"]);
    let booting = snapshot(600)
        .claims([claim("web")])
        .machines([machine(1).named("web-1").in_status("installing")]);
    check(&booting, &["web: waiting machine-not-running"]);
}

/// P2: the timeout is configurable.
#[test]
fn timeout_is_a_setting() {
    let mut world = snapshot(16).claims([claim("web")]);
    world.settings.discovery_timeout = chrono::TimeDelta::minutes(20);
    check(&world, &["web: waiting no-candidates"]);
}

/// No candidates.
#[test]
fn no_candidates() {
    let world = snapshot(5)
        .claims([claim("my-node")])
        .machines([machine(1).named("other").created(-60)]);
    check_all(&world, &["my-node: waiting no-candidates"], &["1 unlinked"]);
}

/// R4: exact prefix, no match, shorter hostname.
#[test]
fn exact_prefix_no_match_and_shorter_hostname() {
    for (hostname, told) in [
        ("my-node-k8s-worker", "my-node: matched 1 by hostname-pattern"),
        ("MY-NODE.local", "my-node: matched 1 by hostname-pattern"),
        ("my-node", "my-node: matched 1 by hostname"),
        ("my-node1", "my-node: waiting not-provably-new"),
        ("your-node-k8s", "my-node: waiting not-provably-new"),
        ("my", "my-node: waiting not-provably-new"),
    ] {
        let world = snapshot(5)
            .claims([claim("my-node")])
            .machines([machine(1).named(hostname)]);
        check(&world, &[told]);
    }
}

/// M1: node found by IP; the evidence says so.
#[test]
fn node_found_by_ip() {
    let world = snapshot(5)
        .claims([claim("web").with_id(1)])
        .machines([machine(1).named("hel-1").addressed(&["::ffff:10.0.0.4"])])
        .nodes([node("hel-1").addressed(&["10.0.0.4"])]);
    let matching = match_fleet(&world);
    let Some(Verdict::Matched(found)) = matching.verdict("web") else {
        panic!("{matching:?}")
    };
    let evidence: Vec<_> = found
        .evidence
        .iter()
        .map(|it| (it.link, it.kind, it.detail.to_string()))
        .collect();
    assert_eq!(
        evidence,
        [
            (Link::ClaimMachine, EvidenceKind::RecordedId, "1".to_owned()),
            (Link::MachineNode, EvidenceKind::Address, "10.0.0.4".to_owned())
        ]
    );
}

/// M2: hostname is the fallback.
#[test]
fn node_found_by_hostname_when_no_address_links() {
    let world = snapshot(5)
        .claims([claim("web").with_id(1)])
        .machines([machine(1).named("HEL-1").addressed(&["10.0.0.4"])])
        .nodes([node("hel-1").addressed(&["10.0.0.5"])]);
    check(&world, &["web: matched 1 + hel-1 by recorded-id, hostname"]);
}

/// M1 before M2: address first.
#[test]
fn address_beats_hostname() {
    let world = snapshot(5)
        .claims([claim("web").with_id(1)])
        .machines([machine(1).named("hel-1").addressed(&["10.0.0.4"])])
        .nodes([node("hel-1"), node("hel-2").addressed(&["10.0.0.4"])]);
    check_all(
        &world,
        &["web: matched 1 + hel-2 by recorded-id, address"],
        &["hel-1 unlinked"],
    );
}

/// Node not found by IP.
#[test]
fn node_not_found_by_ip() {
    let world = snapshot(5)
        .claims([claim("web").with_id(1)])
        .machines([machine(1).addressed(&["10.0.0.4"])])
        .nodes([node("hel-1").addressed(&["10.0.0.5"])]);
    check_all(&world, &["web: matched 1 by recorded-id"], &["hel-1 unlinked"]);
}

/// Claimed by another: the Node is left alone.
#[test]
fn node_claimed_by_another() {
    for label in ["other", "deleted-long-ago"] {
        let world = snapshot(5)
            .claims([claim("other").not_requested(), claim("web").with_id(1)])
            .machines([machine(1).addressed(&["10.0.0.4"])])
            .nodes([node("hel-1").addressed(&["10.0.0.4"]).labelled(label)]);
        assert_eq!(world.told()[1], "web: matched 1 by recorded-id", "{label}");
        assert_eq!(withheld(&world, "web"), Some("hel-1".to_owned()), "{label}");
    }
}

/// Not claimed, and claimed by the same VPSieNode.
#[test]
fn node_not_claimed_or_claimed_by_the_same_claim() {
    let node = node("hel-1").addressed(&["10.0.0.4"]);
    for node in [node.clone(), node.labelled("web")] {
        let world = snapshot(5)
            .claims([claim("web").with_id(1)])
            .machines([machine(1).addressed(&["10.0.0.4"])])
            .nodes([node]);
        check(&world, &["web: matched 1 + hel-1 by recorded-id, address"]);
        assert_eq!(withheld(&world, "web"), None);
    }
}

/// L5: the uid tells an earlier claim of the same name apart.
#[test]
fn node_of_an_earlier_claim_of_the_same_name_is_left_alone() {
    let mut old = node("hel-1").addressed(&["10.0.0.4"]).labelled("web");
    old.claim_uid = Some("an-earlier-uid".into());
    let world = snapshot(5)
        .claims([claim("web").with_id(1)])
        .machines([machine(1).addressed(&["10.0.0.4"])])
        .nodes([old]);
    check_all(
        &world,
        &["web: matched 1 by recorded-id"],
        &["hel-1 unknown-claim"],
    );
}

/// R6: several candidates select the newest; then the smallest id; unknown ages come last.
#[test]
fn several_candidates_select_the_newest() {
    let named = |id| machine(id).named(&format!("web-{id}"));
    for (machines, chosen) in [
        (
            vec![named(1).created(1), named(2).created(3), named(3).created(2)],
            2,
        ),
        (vec![named(3).created(1), named(2).created(1)], 2),
        (vec![named(1), named(2).created(1)], 2),
        (vec![named(2), named(1)], 1),
    ] {
        let world = snapshot(5).claims([claim("web")]).machines(machines);
        check(&world, &[&format!("web: matched {chosen} by hostname-pattern")]);
    }
}

/// R2: machines that are not running are skipped; an empty status counts as running.
#[test]
fn machines_that_are_not_running_are_skipped() {
    let named = |id, status: &str| {
        machine(id)
            .named(&format!("web-{id}"))
            .in_status(status)
            .created(id as i64)
    };
    let world = snapshot(5)
        .claims([claim("web")])
        .machines([named(1, "running"), named(2, "stopped")]);
    check_all(&world, &["web: matched 1 by hostname-pattern"], &["2 unlinked"]);
    let world = snapshot(5).claims([claim("web")]).machines([named(1, "")]);
    check(&world, &["web: matched 1 by hostname-pattern"]);
    let world = snapshot(5).claims([claim("web")]).machines([named(2, "stopped")]);
    check_all(&world, &["web: waiting machine-not-running"], &["2 candidate"]);
}

/// N1: who asked for nothing and has nothing takes no part.
#[test]
fn claim_without_request_and_record_takes_no_part() {
    let world = snapshot(5)
        .claims([claim("web").not_requested()])
        .machines([machine(1).named("web-1")]);
    check_all(
        &world,
        &["web: not-participating nothing-requested"],
        &["1 unlinked"],
    );
}

/// M4: a Node that joined before discovery ran.
#[test]
fn node_that_joined_before_discovery_is_found() {
    let world = snapshot(10)
        .claims([claim("web")])
        .machines([machine(1).named("web-1").created(1).addressed(&["10.0.0.4"])])
        .nodes([node("web-1").created(2).addressed(&["10.0.0.4"])]);
    check(&world, &["web: matched 1 + web-1 by hostname-pattern, address"]);
}

/// R2: every obstacle that a named machine can meet has a name.
#[test]
fn obstacles_of_named_machines_are_told() {
    let named = machine(1).named("web-1");
    let mut deleted = named.clone();
    deleted.is_deleted = true;
    let mut master = named.clone();
    master.role = Some("Master".into());
    for (machine, candidate) in [
        (deleted, "1 deleted"),
        (master, "1 control-plane"),
        (named.clone().in_group(7), "1 other-group"),
        (named.clone().sized(9, 9, 9), "1 size-contradicts-group"),
        (named.clone().created(-3), "1 older-than-request"),
    ] {
        let world = snapshot(5)
            .claims([claim("web")])
            .groups([crate::testing::group(crate::testing::GROUP, 2, 4096, 80)])
            .machines([machine]);
        let matching = match_fleet(&world);
        let verdict = matching.verdict("web").unwrap();
        assert_eq!(verdict.reason(), Some("candidates-not-eligible"), "{candidate}");
        assert_eq!(told_candidates(verdict), [candidate]);
    }
}
