//! R7: surplus machines that make an earlier anonymous match doubtful.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::assign::{Assignment, Owner};
use crate::eligible::{Newness, newness, standing_obstacle};
use crate::words::ClusterNumber;
use crate::{Baseline, EvidenceKind};

/// How far a time without a zone may be off: zones reach from -12 to +14 hours.
const ZONE_SLACK: TimeDelta = TimeDelta::hours(14);

/// Cluster, group and baseline of claims.
type Key = (ClusterNumber, Option<u64>, Option<*const Baseline>);

/// Finds claims that were matched anonymously and machines that could as well have been theirs.
///
/// A machine counts when nobody has it, it is new for the claim, and nothing proves that it came after the
/// time in which the claim's own machine had to appear.
pub(crate) fn contested(assignment: &Assignment<'_, '_>) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let surplus = surplus(assignment);
    let (mut claims, mut machines) = (BTreeSet::new(), BTreeSet::new());
    if surplus.is_empty() {
        return (claims, machines);
    }
    for batch in anonymous_batches(assignment) {
        let requested = |claim: usize| {
            assignment.fleet.claims[claim]
                .requested_at
                .unwrap_or(DateTime::<Utc>::MAX_UTC)
        };
        let rivals: Vec<(usize, DateTime<Utc>)> = surplus
            .iter()
            .filter(|machine| is_new_for(assignment, batch[0], **machine))
            .map(|machine| (*machine, earliest_request(assignment, *machine)))
            .collect();
        let Some(earliest) = rivals.iter().map(|(_, earliest)| *earliest).min() else {
            continue;
        };
        let latest = batch
            .iter()
            .map(|claim| requested(*claim))
            .max()
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        claims.extend(
            batch
                .iter()
                .copied()
                .filter(|claim| requested(*claim) >= earliest),
        );
        machines.extend(
            rivals
                .iter()
                .filter(|(_, earliest)| latest >= *earliest)
                .map(|(machine, _)| *machine),
        );
    }
    (claims, machines)
}

/// Collects claims that have an anonymously found machine, by group and baseline.
fn anonymous_batches(assignment: &Assignment<'_, '_>) -> Vec<Vec<usize>> {
    let mut batches: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (index, claim) in assignment.fleet.claims.iter().enumerate() {
        let is_anonymous = claim.recorded_by == Some(EvidenceKind::Anonymous)
            && assignment.holdings[index].machine.is_some();
        if is_anonymous {
            // The pointers only tell batches apart; the order of the batches decides nothing.
            let baseline = claim.baseline.as_deref().map(std::ptr::from_ref);
            batches
                .entry((assignment.fleet.cluster_of(index), claim.group, baseline))
                .or_default()
                .push(index);
        }
    }
    batches.into_values().collect()
}

fn surplus(assignment: &Assignment<'_, '_>) -> Vec<usize> {
    let is_node_free = |machine: usize| {
        assignment
            .ties
            .node_of(machine)
            .is_none_or(|node| assignment.node_owners[node] == Owner::Nobody)
    };
    (0..assignment.fleet.machines.len())
        .filter(|machine| assignment.machine_owners[*machine] == Owner::Nobody && is_node_free(*machine))
        .collect()
}

fn is_new_for(assignment: &Assignment<'_, '_>, claim: usize, machine: usize) -> bool {
    newness(assignment.fleet, claim, machine) == Newness::Proven
        && standing_obstacle(assignment.fleet, assignment.ties, claim, machine).is_none()
}

/// Returns the earliest request whose time for discovery was not over when the machine was created.
fn earliest_request(assignment: &Assignment<'_, '_>, machine: usize) -> DateTime<Utc> {
    let settings = assignment.fleet.settings;
    assignment.fleet.machines[machine]
        .merged
        .created_at()
        .and_then(|created| {
            let slack = if created.zoned {
                TimeDelta::zero()
            } else {
                ZONE_SLACK
            };
            created
                .at
                .checked_sub_signed(settings.discovery_timeout)?
                .checked_sub_signed(settings.clock_skew)?
                .checked_sub_signed(slack)
        })
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}
