//! Every phase of a VPSieNode in every situation, to the exact commands.

use super::*;
use crate::command::{Command, Kind, MachineRecord, NodeMarks, Request, StatusWrite, Target};
use crate::intent::{Intent, Outcome};
use crate::resources::{Condition, NodeResources, keys};
use crate::testing::{
    ClaimBuilder, TestWorld, ambiguous, at, claim, cluster_id, condition, conflict, found, group, intent,
    node, timed_out, waiting, world,
};
use chrono::TimeDelta;
use node_match::{Evidence, EvidenceKind, Link, Machine};
use vpsie_api::{Call, CallError, GroupNumber};

fn target(name: &str) -> Target {
    Target {
        namespace: "kube-system".to_owned(),
        name: name.to_owned(),
        uid: format!("kube-system/{name}"),
        resource_version: "1".to_owned(),
    }
}

/// The command that writes this status over that of a VPSieNode.
fn write(before: &ClaimBuilder, change: impl FnOnce(&mut VPSieNodeStatus)) -> Command {
    let mut status = before.0.status.clone().unwrap_or_default();
    change(&mut status);
    let write = StatusWrite {
        status,
        cleared: Vec::new(),
    };
    Command::WriteVpsieNodeStatus(target("web-1"), Box::new(write))
}

/// A group with its number and a baseline; VPSie lists `m1`.
fn prepared() -> TestWorld {
    world().group(group("web").min(1))
}

#[track_caller]
fn check(world: TestWorld, expected: &[Command]) {
    assert_eq!(world.claim_commands("web-1"), expected);
}

/// The only condition, or all of them.
fn conditions(status: &mut VPSieNodeStatus, conditions: &[Condition]) {
    status.conditions = Some(conditions.to_vec());
}

fn asked() -> ClaimBuilder {
    claim("web-1")
        .in_phase(Phase::Provisioning)
        .asked(&intent(Outcome::Accepted, -60))
}

// --- Pending ---

/// I1: the request comes before the status that speaks of it.
#[test]
fn pending_vpsie_node_asks_for_a_machine() {
    let pending = claim("web-1");
    let request = Request {
        target: target("web-1"),
        cluster: cluster_id(),
        group: GroupNumber::new(412),
        attempt: 1,
    };
    let status = write(&pending, |status| {
        status.phase = Some(Phase::Provisioning);
        status.created_at = Some(at(0));
        let message = "waiting for the machine: no-candidates";
        conditions(status, &[condition(VPS_READY, false, "Provisioning", message)]);
    });
    check(
        prepared().claim(pending).polled(&[]),
        &[Command::RequestMachine(request), status],
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

// --- Provisioning ---

/// D2, D3: the machine is recorded before the status moves on.
#[test]
fn discovered_machine_is_recorded() {
    let machine = Machine {
        id: Some(71_003),
        identifier: Some("m1".to_owned()),
        hostname: Some("Web-1-k8s".to_owned()),
        status: Some("running".to_owned()),
        addresses: ["10.0.0.4/24", "fe80::1", "2001:db8::4", "127.0.0.1", "0.0.0.0"]
            .map(str::to_owned)
            .to_vec(),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        ..Machine::default()
    };
    let evidence = vec![Evidence {
        link: Link::ClaimMachine,
        kind: EvidenceKind::HostnamePattern,
        detail: "web-1".to_owned(),
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
        let message = "the machine is discovered";
        conditions(status, &[condition(VPS_READY, true, "Provisioned", message)]);
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
            identifier: Some("m1".to_owned()),
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

// --- Provisioned, Joining, Ready ---

fn with_machine(phase: Phase) -> ClaimBuilder {
    asked()
        .machine("m1")
        .in_phase(phase)
        .status(|status| status.provisioned_at = Some(at(-60)))
}

fn with_node() -> node_match::Verdict<'static> {
    found(None, Some("n1"), Vec::new())
}

fn not_ready(name: &str) -> k8s_openapi::api::core::v1::Node {
    let mut node = node(name);
    node.status = None;
    node
}

fn marks() -> NodeMarks {
    let text = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        pairs.collect()
    };
    NodeMarks {
        claim: "web-1".to_owned(),
        labels: text(&[
            (keys::LABEL_MANAGED, "true"),
            (keys::LABEL_NODE_GROUP, "web"),
            (keys::LABEL_VPSIE_NODE, "web-1"),
            (keys::LABEL_DATACENTER, "dc1"),
        ]),
        annotations: text(&[
            (keys::ANNOTATION_VPSIE_NODE_UID, "kube-system/web-1"),
            (keys::ANNOTATION_NODE_GROUP_NAMESPACE, "kube-system"),
        ]),
        group_taints: Vec::new(),
        taints: None,
    }
}

fn node_target() -> Target {
    Target {
        namespace: String::new(),
        ..target("n1")
    }
}

const JOINED: &str = "the Node of the machine is known and labelled";

/// M3, L4: the Node is labelled before the status says that it joined.
#[test]
fn node_that_is_ready_makes_its_vpsie_node_ready() {
    for phase in [Phase::Provisioned, Phase::Joining] {
        let before = with_machine(phase);
        let status = write(&before, |status| {
            status.phase = Some(Phase::Ready);
            status.node_name = Some("n1".to_owned());
            (status.joined_at, status.ready_at) = (Some(at(0)), Some(at(0)));
            let joined = condition(NODE_JOINED, true, "Joined", JOINED);
            let ready = condition(NODE_READY, true, "Ready", "the Node is Ready");
            conditions(status, &[joined, ready]);
        });
        let world = prepared().claim(before).polled(&["m1"]).node(node("n1"));
        check(
            world.verdict("web-1", with_node()),
            &[Command::LabelNode(node_target(), marks()), status],
        );
    }
}

#[test]
fn node_that_is_not_ready_is_joining() {
    let before = with_machine(Phase::Provisioned);
    let status = write(&before, |status| {
        status.phase = Some(Phase::Joining);
        status.node_name = Some("n1".to_owned());
        status.joined_at = Some(at(0));
        let joined = condition(NODE_JOINED, true, "Joined", JOINED);
        let ready = condition(NODE_READY, false, "NotReady", "the Node is not Ready");
        conditions(status, &[joined, ready]);
    });
    let world = prepared().claim(before).polled(&["m1"]).node(not_ready("n1"));
    check(
        world.verdict("web-1", with_node()),
        &[Command::LabelNode(node_target(), marks()), status],
    );
}

/// L5: a Node that is marked for another VPSieNode is left alone and reported.
#[test]
fn node_of_another_is_left_alone() {
    let mut claimed = node("n1");
    claimed.metadata.labels = Some([(keys::LABEL_VPSIE_NODE.to_owned(), "web-2".to_owned())].into());
    let before = with_machine(Phase::Joining);
    let message = "Node n1 is marked for VPSieNode web-2 and is left alone";
    let status = write(&before, |status| {
        conditions(status, &[condition(ERROR, true, "NodeClaimedByAnother", message)]);
    });
    let world = prepared().claim(before).polled(&["m1"]).node(claimed);
    check(world.verdict("web-1", with_node()), &[status]);
}

const NO_NODE: &str = "no Node of this machine is seen yet";

/// I4: joining has a time limit of its own, from the moment the machine was known.
#[test]
fn joining_times_out() {
    let waited = |seconds: i64| {
        with_machine(Phase::Joining).status(|status| status.provisioned_at = Some(at(-seconds)))
    };
    let no_node = condition(NODE_JOINED, false, "WaitingForNode", NO_NODE);
    let status = write(&waited(900), |status| {
        conditions(status, std::slice::from_ref(&no_node))
    });
    check(prepared().claim(waited(900)).polled(&["m1"]), &[status]);

    let message = "the machine runs but its Node did not join in time; delete this VPSieNode";
    let status = write(&waited(901), |status| {
        status.phase = Some(Phase::Failed);
        status.last_error = Some(message.to_owned());
        conditions(
            status,
            &[no_node.clone(), condition(ERROR, true, "JoiningTimeout", message)],
        );
    });
    check(prepared().claim(waited(901)).polled(&["m1"]), &[status]);

    let status = write(&waited(901), |status| {
        conditions(status, std::slice::from_ref(&no_node))
    });
    let error = CallError::TimedOut {
        call: Call::GetCluster,
    };
    check(
        prepared().claim(waited(901)).polled(&["m1"]).answered(Err(error)),
        &[status],
    );
}

/// A VPSieNode whose Node joined an hour ago.
fn long_joined(phase: Phase) -> ClaimBuilder {
    with_machine(phase).status(|status| {
        status.node_name = Some("n1".to_owned());
        (status.provisioned_at, status.joined_at) = (Some(at(-3700)), Some(at(-3600)));
        let mut joined = condition(NODE_JOINED, true, "Joined", JOINED);
        let mut ready = condition(NODE_READY, true, "Ready", "the Node is Ready");
        (joined.last_transition_time, ready.last_transition_time) = (Some(at(-3600)), Some(at(-3600)));
        conditions(status, &[joined, ready]);
    })
}

const VANISHED: &str = "the Node is gone while its machine runs";

/// A Node that vanishes is awaited from then on, however long ago the machine was made.
#[test]
fn vanished_node_is_awaited_again() {
    let gone = [
        condition(NODE_JOINED, false, "NodeVanished", VANISHED),
        condition(NODE_READY, false, "NodeVanished", VANISHED),
    ];
    for phase in [Phase::Ready, Phase::Joining] {
        let before = long_joined(phase);
        let status = write(&before, |status| {
            status.phase = Some(Phase::Joining);
            conditions(status, &gone);
        });
        check(prepared().claim(before).polled(&["m1"]), &[status]);
    }
    let awaited = long_joined(Phase::Joining).status(|status| conditions(status, &gone));
    check(prepared().claim(awaited.clone()).polled(&["m1"]), &[]);
    let mut late = prepared().claim(awaited).polled(&["m1"]);
    late.now += TimeDelta::seconds(901);
    let Some(Command::WriteVpsieNodeStatus(_, write)) = late.claim_commands("web-1").pop() else {
        panic!("no status");
    };
    assert_eq!(write.status.phase, Some(Phase::Failed), "it has a limit, too");
}

/// While VPSie is silent, matching vouches for nothing; a Node that is there stays joined.
#[test]
fn listed_node_stays_joined_while_vpsie_is_silent() {
    for phase in [Phase::Ready, Phase::Joining] {
        let error = CallError::TimedOut {
            call: Call::GetCluster,
        };
        let world = prepared().claim(long_joined(phase)).polled(&["m1"]);
        check(world.answered(Err(error)).node(node("n1")), &[]);
    }
}

/// R0: a contradiction is shown in every phase that has a machine, and nothing else is done.
#[test]
fn contradiction_is_shown_in_every_phase() {
    for phase in [
        Phase::Provisioning,
        Phase::Provisioned,
        Phase::Joining,
        Phase::Ready,
    ] {
        let before = with_machine(phase);
        let message = "records contradict each other: machine-recorded-twice; remove the wrong one";
        let status = write(&before, |status| {
            conditions(status, &[condition(ERROR, true, "Conflict", message)]);
        });
        let world = prepared().claim(before).polled(&["m1"]);
        check(world.verdict("web-1", conflict()), &[status]);
    }
}

/// A machine that vanished at the provider never leaves its VPSieNode Ready.
#[test]
fn vpsie_node_of_a_vanished_machine_has_failed() {
    for phase in [
        Phase::Provisioning,
        Phase::Provisioned,
        Phase::Joining,
        Phase::Ready,
    ] {
        let before = with_machine(phase);
        let message = "VPSie no longer lists the machine; delete this VPSieNode";
        let status = write(&before, |status| {
            status.phase = Some(Phase::Failed);
            status.last_error = Some(message.to_owned());
            conditions(status, &[condition(ERROR, true, "MachineNotFound", message)]);
        });
        check(prepared().claim(before).polled_empty_thrice(), &[status]);
    }
}

// --- Failed, and what is not ours ---

fn failed(reason: &str) -> ClaimBuilder {
    asked()
        .in_phase(Phase::Failed)
        .status(|status| conditions(status, &[condition(ERROR, true, reason, "as before")]))
}

/// E4: nothing brings a Failed VPSieNode back or deletes it.
#[test]
fn failed_vpsie_node_stays_failed() {
    for verdict in [waiting(), timed_out(), conflict(), ambiguous(), with_node()] {
        let world = prepared().claim(failed("DiscoveryTimeout")).polled(&["m1"]);
        check(world.node(node("n1")).verdict("web-1", verdict), &[]);
    }
    check(
        prepared()
            .claim(failed("JoiningTimeout").machine("m1"))
            .polled(&["m1"]),
        &[],
    );
}

const LATE: &str = "the machine came late; deleting this VPSieNode removes it";

/// I5: a machine that comes late is recorded on the Failed VPSieNode, so that a delete names it.
#[test]
fn late_machine_is_recorded_on_the_failed_vpsie_node() {
    let before = failed("DiscoveryTimeout");
    let machine = Machine {
        identifier: Some("m1".to_owned()),
        ..Machine::default()
    };
    let record = MachineRecord {
        identifier: Some("m1".to_owned()),
        group: Some(412),
        intent: Some(intent(Outcome::Accepted, -60)),
        ..MachineRecord::default()
    };
    let error = condition(ERROR, true, "DiscoveryTimeout", "as before");
    let late = condition(LATE_MACHINE, true, "LateMachine", LATE);
    let status = |before| {
        write(before, |status| {
            conditions(status, &[error.clone(), late.clone()])
        })
    };
    check(
        prepared()
            .claim(before.clone())
            .polled(&["m1"])
            .verdict("web-1", found(Some(machine), None, Vec::new())),
        &[
            Command::RecordMachine(target("web-1"), Box::new(record)),
            status(&before),
        ],
    );
    // A crash between the record and the status.
    let recorded = before.clone().machine("m1");
    check(
        prepared().claim(recorded.clone()).polled(&["m1"]),
        &[status(&recorded)],
    );
}

#[test]
fn phase_that_is_not_ours_is_left_alone() {
    for phase in [
        Phase::Terminating,
        Phase::Deleting,
        Phase::Unrecognised("Draining".to_owned()),
    ] {
        check(prepared().claim(claim("web-1").in_phase(phase)).polled(&[]), &[]);
    }
}
