//! Phases Pending and Provisioning in every situation, to the exact commands.

use super::*;
use crate::command::{Kind, MachineRecord};
use crate::decide::claim::{ERROR, NODE_JOINED};
use crate::intent::Intent;
use crate::resources::{NodeResources, keys};
use crate::testing::expected::{asked, check, conditions, prepared, target, write};
use crate::testing::{
    ClaimBuilder, ambiguous, at, claim, cluster_id, condition, conflict, found, intent, timed_out, waiting,
};
use node_match::{Evidence, EvidenceKind, Link, Machine};
use vpsie_api::{Call, CallError, GroupNumber};

/// I1: the request comes before the status that speaks of it, and which says what became of it.
#[test]
fn pending_vpsie_node_asks_for_a_machine() {
    let pending = claim("web-1");
    let status = write(&pending, |status| {
        status.phase = Some(Phase::Provisioning);
        status.created_at = Some(at(0));
        let message = "waiting for the machine: no-candidates";
        conditions(status, &[condition(VPS_READY, false, "Provisioning", message)]);
    });
    let Command::WriteVpsieNodeStatus(_, status) = status else {
        unreachable!("the helper writes a status");
    };
    let request = Request {
        target: target("web-1"),
        cluster: cluster_id(),
        group: GroupNumber::new(412),
        attempt: 1,
        life: None,
        status: Some(status),
    };
    check(
        prepared().claim(pending).polled(&[]),
        &[Command::RequestMachine(request)],
    );
}

/// I1: without the finalizer nothing is asked, but the finalizer is written.
#[test]
fn finalizer_comes_before_the_request() {
    let pending = claim("web-1").without_finalizer();
    let keep = Command::AddFinalizer(
        Kind::VpsieNode,
        target("web-1"),
        vec![keys::FINALIZER_VPSIE_NODE.to_owned()],
    );
    let message = "the finalizer is written before anything is asked of VPSie";
    let status = write(&pending, |status| {
        status.phase = Some(Phase::Pending);
        conditions(
            status,
            &[condition(VPS_READY, false, "WaitingForFinalizer", message)],
        );
    });
    check(prepared().claim(pending).polled(&[]), &[keep, status]);
}

/// E1: what VPSie says is shown beside what is waited for.
#[test]
fn wait_shows_the_error_of_vpsie() {
    let pending = claim("web-1");
    let error = CallError::TimedOut {
        call: Call::GetCluster,
    };
    let message = format!("two complete replies of VPSie are needed before a machine is asked for; {error}");
    let status = write(&pending, |status| {
        status.phase = Some(Phase::Pending);
        conditions(
            status,
            &[condition(VPS_READY, false, "WaitingForBaseline", &message)],
        );
    });
    check(prepared().claim(pending).answered(Err(error)), &[status]);
}

/// I2: a crash after the intent and before the status loses nothing.
#[test]
fn pending_vpsie_node_with_an_open_intent_is_provisioning() {
    let pending = claim("web-1").asked(&intent(Outcome::Open, -60));
    let status = write(&pending, |status| {
        status.phase = Some(Phase::Provisioning);
        status.created_at = Some(at(-60));
    });
    check(prepared().claim(pending).polled(&[]), &[status]);
}

/// D2, D3: the machine is recorded before the status moves on.
#[test]
fn discovered_machine_is_recorded() {
    let machine = Machine {
        id: Some(71_003),
        identifier: Some("m1".into()),
        hostname: Some("Web-1-k8s".into()),
        status: Some("running".into()),
        addresses: ["10.0.0.4/24", "fe80::1", "2001:db8::4", "127.0.0.1", "0.0.0.0"]
            .map(node_match::Text::from)
            .to_vec(),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        ..Machine::default()
    };
    let evidence = vec![Evidence {
        link: Link::ClaimMachine,
        kind: EvidenceKind::HostnamePattern,
        detail: "web-1".into(),
    }];
    let before = asked();
    let record = MachineRecord {
        instance_id: Some(71_003),
        identifier: Some("m1".to_owned()),
        group: Some(412),
        ip_address: Some("10.0.0.4".to_owned()),
        ipv6_address: Some("2001:db8::4".to_owned()),
        intent: Some(Intent {
            evidence: vec!["claim-machine by hostname-pattern: web-1".to_owned()],
            recorded_by: Some("hostname-pattern".to_owned()),
            ..intent(Outcome::Accepted, -60)
        }),
        life: None,
    };
    let status = write(&before, |status| {
        status.phase = Some(Phase::Provisioned);
        status.provisioned_at = Some(at(0));
        status.hostname = Some("web-1-k8s".to_owned());
        status.vpsie_status = Some("running".to_owned());
        status.resources = Some(NodeResources {
            cpu: 2,
            memory_mb: 4096,
            disk_gb: 80,
            bandwidth_gb: None,
        });
        let discovered = condition(VPS_READY, true, "Provisioned", "the machine is discovered");
        let message = "no Node of this machine is seen yet";
        let no_node = condition(NODE_JOINED, false, "WaitingForNode", message);
        conditions(status, &[discovered, no_node]);
    });
    check(
        prepared()
            .claim(before)
            .polled(&["m1"])
            .verdict("web-1", found(Some(machine), None, evidence)),
        &[Command::RecordMachine(target("web-1"), Box::new(record)), status],
    );
}

/// D2: VPSie may know no number; then the identifier is the identity, and a number once recorded stays.
#[test]
fn machine_without_a_number_is_recorded_by_its_identifier() {
    let recorded_id = |before: ClaimBuilder| {
        let machine = Machine {
            identifier: Some("m1".into()),
            ..Machine::default()
        };
        let world = prepared()
            .claim(before)
            .polled(&["m1"])
            .verdict("web-1", found(Some(machine), None, Vec::new()));
        match world.claim_commands("web-1").into_iter().next() {
            Some(Command::RecordMachine(_, record)) => record.instance_id,
            other => panic!("nothing recorded: {other:?}"),
        }
    };
    assert_eq!(recorded_id(asked()), None);
    let with_number = asked().but(|claim| claim.spec.vpsie_instance_id = 71_003);
    assert_eq!(recorded_id(with_number), Some(71_003));
}

#[test]
fn undiscovered_vpsie_node_says_why() {
    let table = [
        (
            waiting(),
            VPS_READY,
            false,
            "Provisioning",
            "waiting for the machine: no-candidates",
        ),
        (
            ambiguous(),
            VPS_READY,
            false,
            "Ambiguous",
            "nobody can tell which machine is its own: surplus-machines",
        ),
        (
            conflict(),
            ERROR,
            true,
            "Conflict",
            "records contradict each other: machine-recorded-twice; remove the wrong one",
        ),
    ];
    for (verdict, type_, holds, reason, message) in table {
        let status = write(&asked(), |status| {
            conditions(status, &[condition(type_, holds, reason, message)]);
        });
        check(
            prepared().claim(asked()).polled(&[]).verdict("web-1", verdict),
            &[status],
        );
    }
    check(prepared().claim(asked()).polled(&[]), &[]);
}

/// D6, E3, I4: after the time limit with nothing new.
#[test]
fn discovery_times_out() {
    let message = "no machine appeared in time; look for it in the VPSie console, then delete this VPSieNode";
    let status = write(&asked(), |status| {
        status.phase = Some(Phase::Failed);
        status.last_error = Some(message.to_owned());
        conditions(status, &[condition(ERROR, true, "DiscoveryTimeout", message)]);
    });
    check(
        prepared()
            .claim(asked())
            .polled(&[])
            .verdict("web-1", timed_out()),
        &[status],
    );
}

/// I4: nothing was found because nobody could look, which is no reason to buy another machine.
#[test]
fn discovery_does_not_time_out_while_vpsie_is_silent() {
    let message = "the time is over, but VPSie does not answer; waiting for an answer";
    let status = write(&asked(), |status| {
        conditions(status, &[condition(VPS_READY, false, "Provisioning", message)]);
    });
    let error = CallError::TimedOut {
        call: Call::GetCluster,
    };
    let silent = prepared().claim(asked()).polled(&[]).answered(Err(error));
    check(silent.verdict("web-1", timed_out()), &[status]);
}

/// I2, E2: the refusal is shown while the next request waits, and cleared when one is taken.
#[test]
fn refused_request_is_shown_and_repeated() {
    let refused = |seconds| {
        let refused = Intent {
            error: Some("no more machines".to_owned()),
            ..intent(Outcome::Refused, seconds)
        };
        claim("web-1").in_phase(Phase::Provisioning).asked(&refused)
    };
    let message = "the last request had no effect; it is repeated after a growing wait";
    let status = write(&refused(-29), |status| {
        status.last_error = Some("no more machines".to_owned());
        let error = condition(ERROR, true, "VPSieRefused", "no more machines");
        conditions(
            status,
            &[error, condition(VPS_READY, false, "BackingOff", message)],
        );
    });
    check(prepared().claim(refused(-29)).polled(&[]), &[status]);

    let commands = prepared().claim(refused(-30)).polled(&[]).claim_commands("web-1");
    assert!(matches!(&commands[0], Command::RequestMachine(request) if request.attempt == 2));

    let with_error = asked().status(|status| {
        conditions(
            status,
            &[condition(ERROR, true, "VPSieRefused", "no more machines")],
        );
    });
    let status = write(&with_error, |status| conditions(status, &[]));
    check(prepared().claim(with_error).polled(&[]), &[status]);
}

/// I7: what the Go autoscaler left in the middle of provisioning is awaited and never asked for again.
#[test]
fn vpsie_node_taken_over_is_never_asked_for() {
    let taken_over = claim("web-1")
        .in_phase(Phase::Provisioning)
        .status(|status| status.created_at = Some(at(-60)));
    let message = "waiting for the machine: no-candidates";
    let status = write(&taken_over, |status| {
        conditions(status, &[condition(VPS_READY, false, "Provisioning", message)]);
    });
    check(
        prepared()
            .claim(taken_over)
            .polled(&[])
            .verdict("web-1", waiting()),
        &[status],
    );
}

/// I2: a record that somebody edited is named, and never leads to another request.
#[test]
fn edited_record_of_a_request_is_named_and_buys_nothing() {
    let before = claim("web-1").in_phase(Phase::Provisioning).annotated(
        crate::resources::keys::ANNOTATION_CREATION_INTENT,
        "{\"outcome\":",
    );
    let commands = crate::testing::expected::prepared()
        .claim(before)
        .polled(&[])
        .claim_commands("web-1");
    let [Command::WriteVpsieNodeStatus(_, write)] = &commands[..] else {
        panic!("one status and nothing else: {commands:?}");
    };
    let shown = write.status.conditions.iter().flatten();
    let reasons: Vec<&str> = shown
        .filter_map(|condition| condition.reason.as_deref())
        .collect();
    assert_eq!(reasons, ["IntentUnreadable"]);
}
