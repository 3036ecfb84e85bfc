//! Puts the answer together: verdicts, evidence, and what is left.

use std::collections::{BTreeMap, BTreeSet};

use crate::anonymous::{Outcome, settle};
use crate::assign::{Assignment, Owner, Part, assign};
use crate::contested::contested;
use crate::facts::facts;
use crate::fleet::{Fleet, Label, Prepared};
use crate::links::Links;
use crate::settled::Settled;
use crate::tie::Ties;
use crate::{
    Candidate, Matching, NotParticipatingReason, Obstacle, Snapshot, Subject, Unexplained,
    UnexplainedMachine, UnexplainedNode, UnexplainedReason, Verdict, WaitingReason,
};

/// Decides for every claim which machine and which Node are its own.
///
/// # Guarantees
/// - No machine and no Node is given to two claims (R1).
/// - The answer does not depend on the order of anything in the snapshot (R8).
/// - Every report of a machine and every Node is in exactly one place of the answer.
#[must_use]
pub fn match_fleet<'a>(snapshot: &'a Snapshot<'a>) -> Matching<'a> {
    // Whatever nobody asks any more is let go of, so that the peak is that of one step, not of all of them.
    let (fleet, directory, facts) = facts(Prepared::new(snapshot));
    let ties = Ties::new(&fleet, &directory, &facts);
    let links = Links::new(&fleet, &directory, &facts, &ties);
    let legend = directory.into_legend();
    let mut assignment = assign(&fleet, &facts, &ties, links);
    let outcomes = settle(&mut assignment);
    let (contested_claims, contested_machines) = contested(&assignment);
    let without = without(&assignment, &outcomes);
    let unexplained = unexplained(&assignment, &outcomes, &contested_machines);
    let holdings = assignment.into_holdings();
    drop((outcomes, contested_machines, facts));
    let settled = Settled::new(fleet, ties, legend, holdings);
    Matching {
        claims: settled.answers(without, &contested_claims),
        unexplained,
    }
}

/// Collects the verdicts on claims that have nothing, in the order of the claims.
fn without<'a>(
    assignment: &Assignment<'_, 'a>,
    outcomes: &BTreeMap<usize, Outcome>,
) -> Vec<(usize, Verdict<'a>)> {
    (0..assignment.fleet.claims.len())
        .filter_map(|claim| Some((claim, verdict_without(assignment, claim, outcomes.get(&claim))?)))
        .collect()
}

/// Finds the verdict on a claim; `None` when it has a machine or a Node.
fn verdict_without<'a>(
    assignment: &Assignment<'_, 'a>,
    claim: usize,
    outcome: Option<&Outcome>,
) -> Option<Verdict<'a>> {
    let (facts, holding) = (&assignment.facts[claim], &assignment.holdings[claim]);
    let fleet = assignment.fleet;
    if !facts.participates {
        let is_duplicate = |other: &usize| fleet.claims[*other].uid == fleet.claims[claim].uid;
        let neighbours = [
            claim.checked_sub(1),
            claim.checked_add(1).filter(|next| *next < fleet.claims.len()),
        ];
        let reason = if neighbours.iter().flatten().any(is_duplicate) {
            NotParticipatingReason::DuplicateUid
        } else {
            NotParticipatingReason::NothingRequested
        };
        return Some(Verdict::NotParticipating { reason });
    }
    if let Some(reason) = facts.conflict {
        let machines = assignment.facts.named_machines(claim);
        let machines = machines.map(|machine| (Part::Machine(machine), None));
        let nodes = facts.node.iter().map(|node| (Part::Node(node.index()), None));
        return Some(Verdict::Conflict {
            reason,
            candidates: candidates(fleet, machines.chain(nodes)),
        });
    }
    let has_nothing = holding.machine.is_none() && holding.node.is_none();
    has_nothing.then(|| unmatched(assignment, claim, outcome))
}

/// Says why a claim has nothing.
fn unmatched<'a>(assignment: &Assignment<'_, 'a>, claim: usize, outcome: Option<&Outcome>) -> Verdict<'a> {
    let (fleet, facts, holding) = (
        assignment.fleet,
        &assignment.facts[claim],
        &assignment.holdings[claim],
    );
    let refused = || {
        let refused = assignment.refused(claim).iter();
        refused.map(|(part, obstacle)| (*part, Some(*obstacle)))
    };
    let free = |parts: &[Part], obstacle| {
        let all = parts
            .iter()
            .map(move |part| (*part, obstacle))
            .collect::<Vec<_>>();
        candidates(fleet, refused().chain(all))
    };
    if facts.is_machine_missing || facts.is_node_missing {
        let reason = if facts.is_machine_missing {
            WaitingReason::RecordedMachineNotListed
        } else {
            WaitingReason::RecordedNodeNotListed
        };
        return Verdict::Waiting {
            reason,
            candidates: candidates(fleet, refused()),
        };
    }
    if let Some(machine) = holding.reserved {
        let machine = Part::Machine(machine.index());
        let candidates = candidates(fleet, [(machine, Some(Obstacle::NotRunning))]);
        return Verdict::Waiting {
            reason: WaitingReason::MachineNotRunning,
            candidates,
        };
    }
    let (reason, candidates) = match outcome {
        Some(Outcome::NotRunning(machine)) => {
            let candidates = candidates(fleet, [(Part::Machine(*machine), Some(Obstacle::NotRunning))]);
            return Verdict::Waiting {
                reason: WaitingReason::MachineNotRunning,
                candidates,
            };
        }
        Some(Outcome::Ambiguous(reason, parts)) => {
            return Verdict::Ambiguous {
                reason: *reason,
                candidates: free(parts, None),
            };
        }
        Some(Outcome::Unproven(parts)) => (
            WaitingReason::NotProvablyNew,
            free(parts, Some(Obstacle::NotProvablyNew)),
        ),
        Some(Outcome::SwitchedOff(parts)) => (WaitingReason::AnonymousSwitchedOff, free(parts, None)),
        None => (
            reason_of_refusals(assignment.refused(claim)),
            candidates(fleet, refused()),
        ),
    };
    if is_late(fleet, claim) {
        Verdict::TimedOut { candidates }
    } else {
        Verdict::Waiting { reason, candidates }
    }
}

fn reason_of_refusals(refused: &[(Part, Obstacle)]) -> WaitingReason {
    let is_of_another =
        |obstacle: &Obstacle| matches!(obstacle, Obstacle::OwnedByAnother | Obstacle::LabelledForAnother);
    if refused.is_empty() {
        WaitingReason::NoCandidates
    } else if refused.iter().any(|(_, obstacle)| is_of_another(obstacle)) {
        WaitingReason::ClaimedByAnother
    } else if refused
        .iter()
        .all(|(_, obstacle)| *obstacle == Obstacle::NotRunning)
    {
        WaitingReason::MachineNotRunning
    } else {
        WaitingReason::CandidatesNotEligible
    }
}

/// Tells whether the request is older than the timeout.
fn is_late(fleet: &Fleet<'_>, claim: usize) -> bool {
    let claim = fleet.claims[claim];
    claim.creation_requested
        && claim.requested_at.is_some_and(|requested| {
            fleet.now.signed_duration_since(requested) > fleet.settings.discovery_timeout
        })
}

fn candidates<'a>(
    fleet: &Fleet<'a>,
    parts: impl IntoIterator<Item = (Part, Option<Obstacle>)>,
) -> Vec<Candidate<'a>> {
    let distinct: BTreeMap<Part, Option<Obstacle>> = parts.into_iter().collect();
    distinct
        .into_iter()
        .map(|(part, obstacle)| Candidate {
            subject: match part {
                Part::Machine(machine) => Subject::Machine(fleet.machines[machine].merged.clone()),
                Part::Node(node) => Subject::Node(fleet.nodes[node].node),
            },
            obstacle,
        })
        .collect()
}

/// Lists what no claim has, and why.
fn unexplained<'a>(
    assignment: &Assignment<'_, 'a>,
    outcomes: &BTreeMap<usize, Outcome>,
    contested: &BTreeSet<usize>,
) -> Unexplained<'a> {
    let considered = considered(assignment, outcomes);
    let machines = (0..assignment.fleet.machines.len())
        .filter(|machine| !matches!(assignment.machine_owners[*machine], Owner::Claim(_)))
        .map(|machine| UnexplainedMachine {
            machine: assignment.fleet.machines[machine].merged.clone(),
            reason: machine_reason(assignment, machine, &considered, contested),
        })
        .collect();
    let mut nodes: Vec<UnexplainedNode<'a>> = (0..assignment.fleet.nodes.len())
        .filter(|node| !matches!(assignment.node_owners[*node], Owner::Claim(_)))
        .map(|node| UnexplainedNode {
            node: assignment.fleet.nodes[node].node,
            reason: node_reason(assignment, node, &considered),
        })
        .collect();
    nodes.sort_by(|left, right| (&left.node.name, left.node).cmp(&(&right.node.name, right.node)));
    Unexplained { machines, nodes }
}

/// Collects what a claim may still get.
fn considered(assignment: &Assignment<'_, '_>, outcomes: &BTreeMap<usize, Outcome>) -> BTreeSet<Part> {
    let of_outcomes = outcomes.values().flat_map(|outcome| match outcome {
        Outcome::NotRunning(machine) => vec![Part::Machine(*machine)],
        Outcome::Ambiguous(_, parts) | Outcome::SwitchedOff(parts) => parts.clone(),
        Outcome::Unproven(_) => Vec::new(),
    });
    let reserved = assignment
        .holdings
        .iter()
        .filter_map(|holding| Some(Part::Machine(holding.reserved?.index())));
    of_outcomes.chain(reserved).collect()
}

fn machine_reason(
    assignment: &Assignment<'_, '_>,
    machine: usize,
    considered: &BTreeSet<Part>,
    contested: &BTreeSet<usize>,
) -> UnexplainedReason {
    if assignment.machine_owners[machine] == Owner::Conflict {
        UnexplainedReason::Conflict
    } else if assignment.ties.is_control_plane[machine] {
        UnexplainedReason::ControlPlane
    } else if assignment.fleet.machines[machine].merged.is_deleted() {
        UnexplainedReason::Deleted
    } else if contested.contains(&machine) {
        UnexplainedReason::Contested
    } else if considered.contains(&Part::Machine(machine))
        || matches!(assignment.machine_owners[machine], Owner::Reserved(_))
    {
        UnexplainedReason::Candidate
    } else {
        UnexplainedReason::Unlinked
    }
}

fn node_reason(
    assignment: &Assignment<'_, '_>,
    node: usize,
    considered: &BTreeSet<Part>,
) -> UnexplainedReason {
    let facts = &assignment.fleet.nodes[node];
    let machine = assignment.ties.machine_of(node);
    let is_machine = |test: &dyn Fn(Owner) -> bool| {
        machine.is_some_and(|machine| test(assignment.machine_owners[machine]))
    };
    if assignment.node_owners[node] == Owner::Conflict || is_machine(&|owner| owner == Owner::Conflict) {
        UnexplainedReason::Conflict
    } else if facts.is_control_plane
        || machine.is_some_and(|machine| assignment.ties.is_control_plane[machine])
    {
        UnexplainedReason::ControlPlane
    } else if matches!(facts.label, Label::Unknown | Label::Unclear) {
        UnexplainedReason::UnknownClaim
    } else if considered.contains(&Part::Node(node))
        || machine.is_some_and(|machine| considered.contains(&Part::Machine(machine)))
    {
        UnexplainedReason::Candidate
    } else {
        UnexplainedReason::Unlinked
    }
}
