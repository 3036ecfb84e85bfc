//! A VPSieNode that is being deleted, in every situation, to the exact commands.

use super::*;
use crate::command::StatusWrite;
use crate::drain::Drain;
use crate::intent::Outcome;
use crate::kept::Node;
use crate::resources::{Condition, keys};
use crate::testing::expected::{node_target, target};
use crate::testing::{
    CLUSTER, ClaimBuilder, NAMESPACE, TestWorld, ambiguous, at, claim, condition, conflict, drained, found,
    intent, listed, node, reply, tied, timed_out, waiting, world,
};
use node_lifecycle::gate::{Binding, GroupFacts};
use node_lifecycle::{Gate, ProtectionFacts, State, Workload};
use node_match::{Machine, Verdict};
use vpsie_api::{Call, CallError};

mod holds;
mod nodes;
mod requests;
mod rest;

fn release() -> Command {
    Command::RemoveFinalizer(Kind::VpsieNode, target("web-1"), Vec::new())
}

/// A VPSieNode with machine `m1` that a person deletes.
fn leaving() -> ClaimBuilder {
    claim("web-1")
        .in_phase(Phase::Ready)
        .machine("m1")
        .lived(State::Ready)
        .deleted()
}

/// Compares the commands about `web-1` after it was looked at; its life is not the matter here.
#[track_caller]
fn check(world: TestWorld, expected: &[Command]) {
    let mut commands = world.seen().claim_commands("web-1");
    commands.retain(|command| !matches!(command, Command::WriteLife(..)));
    assert_eq!(commands, expected);
}

fn own_machine() -> Verdict<'static> {
    let machine = Machine {
        identifier: Some("m1".into()),
        ..Machine::default()
    };
    found(Some(machine), None, Vec::new())
}

fn status(before: &ClaimBuilder, phase: Phase, conditions: &[Condition]) -> Command {
    let conditions = (!conditions.is_empty()).then(|| conditions.to_vec());
    let mut status = before.0.status.clone().unwrap_or_default();
    if !matches!(status.phase, Some(Phase::Terminating | Phase::Deleting)) {
        status.terminating_at = Some(at(0));
    }
    status.phase = Some(phase);
    status.conditions = conditions.or(status.conditions);
    let write = StatusWrite {
        status,
        cleared: Vec::new(),
    };
    Command::WriteVpsieNodeStatus(target("web-1"), Box::new(write))
}

/// The removal that is asked for as the `attempt`th; of a VPSieNode with Node `n1`, or without one.
fn removal_again(attempt: u32, node: Option<&str>) -> Command {
    let binding = Binding {
        vpsie_node_uid: format!("{NAMESPACE}/web-1"),
        resource_version: "1".to_owned(),
        node_uid: node.map(|node| format!("{NAMESPACE}/{node}")),
        cluster: CLUSTER.to_owned(),
        machine: "m1".to_owned(),
    };
    let case = Case {
        claim: target("web-1"),
        node_group: "web".to_owned(),
        decided_by: Decider::Manual,
        node: node.map(str::to_owned),
        protection: ProtectionFacts {
            has_owner: true,
            is_group_managed: true,
            ..ProtectionFacts::default()
        },
        identity: Ok(binding),
        life: node_lifecycle::testing::life(State::Ready),
        created_at: None,
        failure: None,
        is_under_way: attempt > 1,
        workload: Some(Workload::default()),
        group: GroupFacts {
            is_deleted: true,
            ..GroupFacts::default()
        },
        last_endpoints: Vec::new(),
        hourly_cost: None,
    };
    let permit = case.ask(&Gate::default(), at(0));
    Command::RemoveMachine(permit.expect("it may go"), Box::new(case), attempt)
}

fn removal() -> Command {
    removal_again(1, Some("n1"))
}

/// A world in which the Node of `web-1` is matched, marked, and without new pods for a minute.
fn at_rest(claim: ClaimBuilder) -> TestWorld {
    let mut node = marked("n1");
    drained(&mut node, -60);
    world()
        .claim(claim)
        .node(node)
        .polled(&["m1"])
        .verdict("web-1", tied())
}

fn deleting() -> Condition {
    condition(
        VPS_READY,
        false,
        "Deleting",
        "the removal of the machine is asked for",
    )
}

/// LC-24, LC-25a: the machine is removed, and the status says so once that may have begun.
#[test]
fn machine_of_a_deleted_vpsie_node_is_removed() {
    check(at_rest(leaving()), &removed());
    let asked = leaving().removal(&intent(Outcome::Open, -1));
    let said = status(&asked, Phase::Deleting, &[deleting()]);
    check(at_rest(asked), &[said]);
}

/// What is done when the machine goes now.
fn removed() -> [Command; 2] {
    [status(&leaving(), Phase::Terminating, &[]), removal()]
}

/// LC-14a: a machine without a Node is known by its listed identifier, and a person may end it.
#[test]
fn machine_without_a_node_is_removed_by_its_identifier() {
    for verdict in [own_machine(), waiting(), timed_out()] {
        let world = world()
            .claim(leaving())
            .polled(&["m1"])
            .verdict("web-1", verdict)
            .seen();
        let asked = world.claim_commands("web-1").into_iter().find_map(|command| {
            let Command::RemoveMachine(permit, case, _) = command else {
                return None;
            };
            Some((permit, case))
        });
        let (permit, case) = asked.expect("it is removed");
        assert_eq!((permit.binding().node_uid.clone(), case.node), (None, None));
        assert_eq!(permit.binding().machine, "m1");
    }
}

/// I2: a removal names its machine, so it may be repeated, but not at once.
#[test]
fn removal_is_repeated_only_after_a_wait() {
    let asked_before = |outcome, seconds| {
        let before = leaving().removal(&intent(outcome, seconds));
        let commands = at_rest(before).seen().claim_commands("web-1");
        let is_second = |command: &Command| matches!(command, Command::RemoveMachine(_, _, 2));
        commands.iter().any(is_second)
    };
    let table = [
        (Outcome::Accepted, -119, false),
        (Outcome::Accepted, -120, true),
        (Outcome::Open, -119, false),
        (Outcome::Unknown, -120, true),
        (Outcome::Refused, -29, false),
        (Outcome::Refused, -30, true),
        (Outcome::NotSent, -30, true),
    ];
    for (outcome, seconds, expected) in table {
        assert_eq!(
            asked_before(outcome, seconds),
            expected,
            "{outcome:?} {seconds} s ago"
        );
    }
}

#[test]
fn refused_removal_is_shown() {
    let mut refused = intent(Outcome::Refused, -1);
    refused.error = Some("the cluster is locked".to_owned());
    let before = leaving().removal(&refused);
    let error = condition(ERROR, true, "VPSDeleteFailed", "the cluster is locked");
    check(
        at_rest(before.clone()),
        &[status(&before, Phase::Deleting, &[deleting(), error])],
    );
}

fn shown(type_: &str, hold: impl Into<Hold>) -> Condition {
    let hold = hold.into();
    condition(type_, type_ == ERROR, hold.reason().as_str(), &hold.sentence())
}

/// Every reason of VPSie's lists for which the machine must stay, with the condition that shows it.
#[test]
fn machine_must_stay_and_says_why() {
    let stays = |world: TestWorld, type_: &str, obstacle: Obstacle| {
        let shown = shown(type_, obstacle);
        check(world, &[status(&leaving(), Phase::Terminating, &[shown])]);
    };
    let fresh = || world().claim(leaving()).verdict("web-1", own_machine());
    stays(fresh(), VPS_READY, Obstacle::ReplyIncomplete);
    let error = CallError::TimedOut {
        call: Call::GetCluster,
    };
    stays(
        fresh().polled(&["m1"]).answered(Err(error)),
        VPS_READY,
        Obstacle::ReplyIncomplete,
    );
    let mut cut = reply(-10, &["m1"]);
    cut.cluster.count = Some(2);
    stays(fresh().answered(Ok(cut)), VPS_READY, Obstacle::ReplyIncomplete);
    stays(fresh().polled(&["m2"]), VPS_READY, Obstacle::NotListed);
    let mut of_master = reply(-10, &[]);
    let mut master = listed("m1");
    master.role = Some("master".to_owned());
    (of_master.cluster.nodes, of_master.cluster.count) = (vec![master], Some(1));
    stays(fresh().answered(Ok(of_master)), ERROR, Obstacle::ControlPlane);
}

/// R7: a contested machine is deleted by a person's decision, which the deletion of its VPSieNode is.
#[test]
fn contested_machine_goes_with_its_vpsie_node() {
    let mut contested = tied();
    if let Verdict::Matched(found) = &mut contested {
        found.contested = true;
    }
    check(at_rest(leaving()).verdict("web-1", contested), &removed());
}

fn marked(name: &str) -> Node {
    let mut node = node(name);
    node.metadata.labels = [(keys::LABEL_VPSIE_NODE.to_owned(), "web-1".to_owned())].into();
    let uid = (
        keys::ANNOTATION_VPSIE_NODE_UID.to_owned(),
        "kube-system/web-1".to_owned(),
    );
    node.metadata.annotations = [uid].into();
    node
}
