//! R2: who may take part at all, or the reason not.

use crate::fleet::{Fleet, Label};
use crate::tie::Ties;
use crate::{Baseline, Group, Node, Obstacle};

/// A Node's memory is at least this share of its group's: the kernel keeps the rest for itself.
const LEAST_MEMORY_PERCENT: u64 = 80;

/// Finds what keeps a machine from a claim, whatever evidence links them.
///
/// `NotRunning` comes last: whoever meets it knows that nothing else is in the way. Newness is asked only as
/// far as named evidence needs it; see [`newness`] for anonymous evidence.
pub(crate) fn machine_obstacle(
    fleet: &Fleet<'_>,
    ties: &Ties,
    claim: usize,
    machine: usize,
) -> Option<Obstacle> {
    standing_obstacle(fleet, ties, claim, machine)
        .or_else(|| match newness(fleet, claim, machine) {
            Newness::InBaseline => Some(Obstacle::InBaseline),
            Newness::OlderThanRequest => Some(Obstacle::OlderThanRequest),
            Newness::Proven | Newness::Later | Newness::Unproven => None,
        })
        .or_else(|| (!fleet.machines[machine].merged.is_running()).then_some(Obstacle::NotRunning))
}

/// Finds what keeps a machine from a claim, its age and status aside.
pub(crate) fn standing_obstacle(
    fleet: &Fleet<'_>,
    ties: &Ties,
    claim: usize,
    machine: usize,
) -> Option<Obstacle> {
    let merged = &fleet.machines[machine].merged;
    if fleet.machines[machine].marks.cluster != fleet.cluster_of(claim) {
        return Some(Obstacle::OtherCluster);
    }
    if merged.is_deleted() {
        return Some(Obstacle::Deleted);
    }
    if ties.is_control_plane[machine] {
        return Some(Obstacle::ControlPlane);
    }
    if let (Some(reported), Some(wanted)) = (merged.group(), fleet.claims[claim].group)
        && reported != wanted
    {
        return Some(Obstacle::OtherGroup);
    }
    let contradicts = fleet
        .group_of(claim)
        .is_some_and(|group| size_contradicts(fleet, machine, group));
    contradicts.then_some(Obstacle::SizeContradictsGroup)
}

/// Tells how far it is proven that a machine appeared after a claim's request (R2b).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newness {
    /// A complete baseline does not contain it.
    Proven,
    /// Without a complete baseline: a time with a zone says so.
    Later,
    /// Nothing says anything.
    Unproven,
    /// The baseline contains it.
    InBaseline,
    /// Without a complete baseline: a time with a zone says that it is older.
    OlderThanRequest,
}

/// Compares a machine with the claim's baseline, or its time with the claim's request.
pub(crate) fn newness(fleet: &Fleet<'_>, claim: usize, machine: usize) -> Newness {
    let facts = &fleet.machines[machine];
    if let Some(baseline) = fleet.claims[claim].baseline.as_deref() {
        if facts.is_in(baseline) {
            return Newness::InBaseline;
        }
        if baseline.is_complete() {
            return Newness::Proven;
        }
    }
    match (facts.zoned_created_at(), fleet.earliest(claim)) {
        (Some(created), Some(earliest)) if created < earliest => Newness::OlderThanRequest,
        (Some(_), Some(_)) => Newness::Later,
        (None, _) | (_, None) => Newness::Unproven,
    }
}

/// Finds what keeps a Node from a claim, unless it is recorded there.
pub(crate) fn node_obstacle(fleet: &Fleet<'_>, ties: &Ties, claim: usize, node: usize) -> Option<Obstacle> {
    let facts = &fleet.nodes[node];
    if !fleet.is_at_home(claim) {
        return Some(Obstacle::OtherCluster);
    }
    if facts.is_control_plane
        || ties
            .machine_of(node)
            .is_some_and(|machine| ties.is_control_plane[machine])
    {
        return Some(Obstacle::ControlPlane);
    }
    let is_for_another = match facts.label {
        Label::None => false,
        Label::Claim(named) => named.index() != claim,
        Label::Unclear => facts.node.claim_label.as_deref() != Some(&*fleet.claims[claim].name),
        Label::Unknown => true,
    };
    if is_for_another {
        return Some(Obstacle::LabelledForAnother);
    }
    let baseline: Option<&Baseline> = fleet.claims[claim].baseline.as_deref();
    if baseline.is_some_and(|baseline| facts.is_in(baseline)) {
        return Some(Obstacle::InBaseline);
    }
    let is_older = match (facts.node.created_at, fleet.earliest(claim)) {
        (Some(created), Some(earliest)) => created < earliest,
        (None, _) | (_, None) => false,
    };
    is_older.then_some(Obstacle::OlderThanRequest)
}

/// Tells whether any known size of a machine differs from its group's.
pub(crate) fn size_contradicts(fleet: &Fleet<'_>, machine: usize, group: &Group<'_>) -> bool {
    fleet.machines[machine].merged.reports().iter().any(|report| {
        differs(report.cpu, group.cpu)
            || differs(report.ram_mb, group.ram_mb)
            || differs(report.disk_gb, group.disk_gb)
    })
}

/// Tells whether the capacity of a Node is that of a group.
pub(crate) fn capacity_fits(node: &Node<'_>, group: &Group<'_>) -> bool {
    let (Some(node_ram), Some(group_ram)) = (node.ram_mb, group.ram_mb) else {
        return false;
    };
    let least = group_ram.saturating_mul(LEAST_MEMORY_PERCENT).div_ceil(100);
    node.cpu.is_some() && node.cpu == group.cpu && (least..=group_ram).contains(&node_ram)
}

fn differs<T: PartialEq>(found: Option<T>, wanted: Option<T>) -> bool {
    matches!((found, wanted), (Some(found), Some(wanted)) if found != wanted)
}
