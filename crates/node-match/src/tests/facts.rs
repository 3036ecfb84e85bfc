//! R0: records are facts, and facts that contradict each other are a conflict.

use crate::testing::{claim, machine, node, snapshot};
use crate::tests::{check, check_all};

/// R0: no weaker evidence overrides a record.
#[test]
fn record_beats_a_matching_hostname() {
    let world = snapshot(5)
        .claims([claim("web").with_id(1)])
        .machines([machine(1).named("hel-1"), machine(2).named("web-2")]);
    check_all(&world, &["web: matched 1 by recorded-id"], &["2 unlinked"]);
}

/// R1: a machine recorded for one claim is never given to another that bears its name.
#[test]
fn owned_machine_is_not_given_away() {
    let world = snapshot(5)
        .claims([claim("old").with_id(1), claim("web")])
        .machines([machine(1).named("web-1")]);
    check(
        &world,
        &["old: matched 1 by recorded-id", "web: waiting claimed-by-another"],
    );
}

/// N1: every claim with a record is an owner, also when it asked for nothing.
#[test]
fn owner_need_not_have_requested() {
    let world = snapshot(5)
        .claims([claim("old").not_requested().with_id(1), claim("web")])
        .machines([machine(1).named("web-1")]);
    check(
        &world,
        &["old: matched 1 by recorded-id", "web: waiting claimed-by-another"],
    );
}

/// R0: records of one claim that name different machines are a conflict.
#[test]
fn records_that_name_different_machines_are_a_conflict() {
    let machines = [
        machine(1).addressed(&["10.0.0.1"]),
        machine(2).addressed(&["10.0.0.2"]),
    ];
    let claims = [
        claim("a").with_identifier("machine-1").with_id(2),
        claim("a").with_id(1).with_addresses(&["10.0.0.2"]),
        claim("a").with_addresses(&["10.0.0.1", "10.0.0.2"]),
    ];
    for claim in claims {
        let world = snapshot(5).claims([claim]).machines(machines.clone());
        check_all(
            &world,
            &["a: conflict recorded-machines-differ"],
            &["1 conflict", "2 conflict"],
        );
    }
    let mut two_identifiers = claim("a").with_identifier("machine-1");
    two_identifiers.provider_id = Some("vpsie://machine-2".into());
    let world = snapshot(5).claims([two_identifiers]).machines(machines);
    check(&world, &["a: conflict recorded-machines-differ"]);
}

/// R0: a recorded id and the number in the provider id that name different machines are a conflict.
#[test]
fn id_and_provider_id_of_different_machines_are_a_conflict() {
    let provided = |name: &str| {
        let mut claim = claim(name).with_id(1);
        claim.provider_id = Some("vpsie://hel/2".into());
        snapshot(5).claims([claim])
    };
    check_all(
        &provided("a").machines([machine(1), machine(2)]),
        &["a: conflict recorded-machines-differ"],
        &["1 conflict", "2 conflict"],
    );
    let mut other_list = machine(2);
    (other_list.list, other_list.identifier) = (1, Some("machine-1".into()));
    for (machines, expected) in [
        (vec![machine(1), other_list], "a: matched 1 by recorded-id"),
        (vec![machine(1)], "a: matched 1 by recorded-id"),
        (vec![machine(2)], "a: waiting recorded-machine-not-listed"),
    ] {
        check(&provided("a").machines(machines), &[expected]);
    }
}

/// Settled reading: the last segment is a UUID or a number; a name there is neither record nor contradiction.
#[test]
fn name_in_a_provider_id_is_no_record() {
    let provided = |mut claim: crate::Claim<'static>| {
        claim.provider_id = Some("vpsie://hel/cluster/a-1".into());
        snapshot(5).claims([claim]).machines([machine(1).named("a-1")])
    };
    check(
        &provided(claim("a").with_identifier("machine-1")),
        &["a: matched 1 by recorded-identifier"],
    );
    check(&provided(claim("a")), &["a: matched 1 by hostname-pattern"]);
}

/// R0: one machine or one Node recorded on two claims is a conflict of both.
#[test]
fn one_thing_recorded_twice_is_a_conflict_of_both() {
    let world = snapshot(5)
        .claims([
            claim("a").with_id(1),
            claim("b").with_identifier("machine-1"),
            claim("c"),
        ])
        .machines([machine(1).named("c-1")]);
    check_all(
        &world,
        &[
            "a: conflict machine-recorded-twice",
            "b: conflict machine-recorded-twice",
            "c: waiting claimed-by-another",
        ],
        &["1 conflict"],
    );
    let world = snapshot(5)
        .claims([claim("a").with_node("n"), claim("b").with_node("N")])
        .nodes([node("n")]);
    check_all(
        &world,
        &[
            "a: conflict node-recorded-twice",
            "b: conflict node-recorded-twice",
        ],
        &["n conflict"],
    );
}

/// R0: the provider id of a recorded Node names another machine than the recorded one.
#[test]
fn recorded_node_of_another_machine_is_a_conflict() {
    let world = snapshot(5)
        .claims([claim("a").with_id(1).with_node("n")])
        .machines([machine(1), machine(2)])
        .nodes([node("n").provided("vpsie://machine-2")]);
    check(&world, &["a: conflict recorded-node-of-another-machine"]);
}

/// R3: a recorded address names the machine.
#[test]
fn recorded_address_is_a_fact() {
    let world = snapshot(5)
        .claims([claim("a").with_addresses(&[" 10.0.0.1/24"])])
        .machines([machine(1).addressed(&["10.0.0.1"]), machine(2).named("a-2")])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check(&world, &["a: matched 1 + n by address, address"]);
}

/// R3, R5: a recorded address finds the Node that carries it where no machine does, unless two claims record it.
#[test]
fn recorded_address_finds_a_node_without_a_machine() {
    let recorded = |name| claim(name).with_addresses(&["10.0.0.1", "10.0.0.2"]);
    let one = snapshot(5)
        .claims([recorded("a")])
        .nodes([node("m"), node("n").addressed(&["::ffff:10.0.0.1"])]);
    check_all(&one, &["a: matched n by address"], &["m unlinked"]);
    check_all(
        &one.claims([recorded("b")]),
        &["a: waiting no-candidates", "b: waiting no-candidates"],
        &["m unlinked", "n unlinked"],
    );
}

/// R1: an address is a record that makes a claim take part; one that says nothing is not.
#[test]
fn recorded_address_makes_a_claim_take_part() {
    let recorded = |name, addresses: &[&str]| claim(name).not_requested().with_addresses(addresses);
    let world = snapshot(5)
        .claims([
            recorded("a", &["10.0.0.1"]),
            recorded("b", &[" "]),
            recorded("c", &[]),
        ])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check(
        &world,
        &[
            "a: matched n by address",
            "b: not-participating nothing-requested",
            "c: not-participating nothing-requested",
        ],
    );
}

/// R3: the provider id of a Node names the recorded machine, listed or not.
#[test]
fn provider_id_finds_the_node() {
    let node = node("n").provided("vpsie://hel/cluster/machine-1");
    let listed = snapshot(5)
        .claims([claim("a").with_identifier("MACHINE-1")])
        .machines([machine(1)])
        .nodes([node.clone()]);
    check(&listed, &["a: matched 1 + n by recorded-identifier, provider-id"]);
    let unlisted = snapshot(5)
        .claims([claim("a").with_identifier("machine-1")])
        .nodes([node]);
    check(&unlisted, &["a: matched n by provider-id"]);
}

/// R3: a record of the Node leads to its machine, as strong as the tie between them.
#[test]
fn recorded_node_leads_to_its_machine() {
    let world = snapshot(5)
        .claims([claim("a").with_node("n"), claim("hel")])
        .machines([machine(1).named("hel-1").addressed(&["10.0.0.1"])])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check(
        &world,
        &[
            "a: matched 1 + n by recorded-node, address",
            "hel: waiting claimed-by-another",
        ],
    );
}

/// N1: a claim that requested nothing keeps its Node, but is given no machine.
#[test]
fn claim_without_request_is_given_no_machine() {
    let world = snapshot(5)
        .claims([claim("a").not_requested().with_node("n")])
        .machines([machine(1).addressed(&["10.0.0.1"])])
        .nodes([node("n").addressed(&["10.0.0.1"])]);
    check_all(&world, &["a: matched n by recorded-node"], &["1 unlinked"]);
}

/// R3: weak evidence never takes what another claim has strong evidence for, in any order.
#[test]
fn strong_evidence_wins_over_the_whole_set() {
    let machines = [machine(1).named("a-1").created(1)];
    for claims in [
        [claim("a"), claim("b").with_hostname("a-1")],
        [claim("b").with_hostname("a-1"), claim("a")],
    ] {
        let world = snapshot(5).claims(claims).machines(machines.clone());
        check(
            &world,
            &["a: waiting claimed-by-another", "b: matched 1 by hostname"],
        );
    }
}

/// R0: an id that a machine of the same records bears in one list says nothing about another list.
#[test]
fn id_of_a_recorded_machine_names_no_machine_of_another_list() {
    let identified = |id, identifier: &str, list| {
        let mut machine = machine(id);
        (machine.identifier, machine.list) = (Some(identifier.to_owned().into()), list);
        machine
    };
    let mut doubtful = claim("b").with_id(7).with_identifier("machine-2");
    doubtful.provider_id = Some("vpsie://machine-3".into());
    let world = snapshot(5)
        .claims([claim("a").with_identifier("machine-4"), doubtful])
        .machines([
            identified(2, "machine-2", 0),
            identified(7, "machine-3", 0),
            identified(7, "machine-4", 1),
        ]);
    check(
        &world,
        &[
            "a: matched 7 by recorded-identifier",
            "b: conflict recorded-machines-differ",
        ],
    );
}
