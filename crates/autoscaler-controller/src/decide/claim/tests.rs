//! What holds in every phase, and the end of phases: Failed, and words that are not ours.

use super::*;
use crate::act::ActError;
use crate::command::{Command, MachineRecord};
use crate::intent::Outcome;
use crate::resources::Condition;
use crate::testing::expected::{asked, check, conditions, prepared, target, with_machine, with_node, write};
use crate::testing::{
    ClaimBuilder, ambiguous, claim, condition, conflict, found, intent, node, timed_out, waiting,
};
use crate::trouble::Trouble;
use node_match::Machine;

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

/// Says that machine `m1` is its own.
fn matched(contested: bool) -> Verdict<'static> {
    let machine = Machine {
        identifier: Some("m1".into()),
        ..Machine::default()
    };
    let mut verdict = found(Some(machine), None, Vec::new());
    if let Verdict::Matched(found) = &mut verdict {
        found.contested = contested;
    }
    verdict
}

/// R7: a surplus machine is told of in every phase that may have a match, until it is explained.
#[test]
fn contested_match_is_shown_until_it_is_explained() {
    /// Returns whether the condition is there after the decision.
    fn is_shown(before: ClaimBuilder, verdict: Verdict<'static>) -> bool {
        let mut shown = before.0.status.clone();
        let world = prepared().claim(before).polled(&["m1"]);
        for command in world.verdict("web-1", verdict).claim_commands("web-1") {
            if let Command::WriteVpsieNodeStatus(_, write) = command {
                shown = Some(write.status);
            }
        }
        let conditions = shown.and_then(|status| status.conditions).unwrap_or_default();
        conditions
            .iter()
            .any(|one| one.type_ == CONTESTED && one.is_true())
    }
    for phase in [Phase::Provisioned, Phase::Joining, Phase::Ready, Phase::Failed] {
        let said = with_machine(phase.clone()).status(|status| {
            conditions(status, &[condition(CONTESTED, true, "Contested", "as before")]);
        });
        assert!(is_shown(with_machine(phase), matched(true)));
        assert!(
            is_shown(said.clone(), waiting()),
            "without a match nothing is known to have changed"
        );
        assert!(!is_shown(said, matched(false)));
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

fn failed(reason: &str) -> ClaimBuilder {
    asked()
        .in_phase(Phase::Failed)
        .status(|status| conditions(status, &[condition(ERROR, true, reason, "as before")]))
}

/// E4: nothing but a late join brings a Failed VPSieNode back, and nothing deletes it.
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

/// I4: a Node that joined late and is Ready clears a failure that was a matter of time, and no other.
#[test]
fn late_join_brings_a_timed_out_vpsie_node_back() {
    for reason in ["DiscoveryTimeout", "JoiningTimeout", "MachineNotFound"] {
        let before = failed(reason).machine("m1");
        let world = prepared().claim(before).polled(&["m1"]).node(node("n1"));
        let commands = world.verdict("web-1", with_node()).claim_commands("web-1");
        let mut phases = Vec::new();
        for command in &commands {
            if let Command::WriteVpsieNodeStatus(_, write) = command {
                phases.extend(write.status.phase.clone());
            }
        }
        let labelled = commands
            .iter()
            .any(|command| matches!(command, Command::LabelNode(..)));
        let is_back = reason != "MachineNotFound";
        assert_eq!(labelled, is_back, "{reason}");
        assert_eq!(
            phases,
            if is_back { vec![Phase::Ready] } else { vec![] },
            "{reason}"
        );
    }
}

const LATE: &str = "the machine came late; deleting this VPSieNode removes it";

/// I5: a machine that comes late is recorded on the Failed VPSieNode, so that a delete names it.
#[test]
fn late_machine_is_recorded_on_the_failed_vpsie_node() {
    let before = failed("DiscoveryTimeout");
    let machine = Machine {
        identifier: Some("m1".into()),
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

/// L5, E1: what Kubernetes forbids is said on the object before it is tried again, once, and taken back afterwards.
#[test]
fn what_kubernetes_forbids_is_said_first_and_once() {
    let before = with_machine(Phase::Provisioned);
    let error = ActError::Forbidden {
        verb: "patch",
        resource: "nodes".to_owned(),
    };
    let message = "the API server forbids patch on nodes; grant it to the autoscaler's service account";
    let blocked = condition("Blocked", true, "Forbidden", message);
    let decided = |claim: &ClaimBuilder, is_in_trouble: bool| {
        let mut world = prepared().claim(claim.clone()).polled(&["m1"]).node(node("n1"));
        let trouble = Trouble::of("label-node", &error).filter(|_| is_in_trouble);
        if let Some(trouble) = trouble {
            world.troubles.note("VPSieNode kube-system/web-1", trouble);
        }
        world.verdict("web-1", with_node()).claim_commands("web-1")
    };
    let said = write(&before, |status| {
        conditions(status, std::slice::from_ref(&blocked))
    });
    let commands = decided(&before, true);
    assert_eq!(commands[0], said);
    assert_eq!(commands[1].label(), "label-node");

    let told = before.clone().status(|status| conditions(status, &[blocked]));
    assert_eq!(decided(&told, true)[0].label(), "label-node", "once is enough");
    let Some(Command::WriteVpsieNodeStatus(_, write)) = decided(&told, false).pop() else {
        panic!("no status");
    };
    let kept = write.status.conditions.iter().flatten();
    assert!(kept.into_iter().all(|condition| condition.type_ != "Blocked"));
}

/// LC-25b: a living VPSieNode whose machine VPSie refused to remove for good says so for an hour, and not after.
#[test]
fn refusal_of_a_removal_for_good_is_said_for_an_hour() {
    let said = condition(ERROR, true, "VPSDeleteFailed", "no right to do that");
    let says = |seconds, before: &[Condition]| {
        let mut refused = intent(Outcome::Refused, seconds);
        (refused.is_final, refused.error) = (true, Some("no right to do that".to_owned()));
        let claim = with_machine(Phase::Ready).removal(&refused);
        let claim = claim.status(|status| conditions(status, before));
        let world = prepared()
            .claim(claim)
            .polled(&["m1"])
            .verdict("web-1", waiting());
        let written = world.claim_commands("web-1").into_iter().find_map(|command| {
            let Command::WriteVpsieNodeStatus(_, write) = command else {
                return None;
            };
            write.status.conditions
        });
        written.map(|conditions| conditions.contains(&said))
    };
    assert_eq!(says(-3599, &[]), Some(true));
    assert_eq!(says(-3600, std::slice::from_ref(&said)), Some(false));
}
