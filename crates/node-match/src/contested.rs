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
/// time in which the claim's own machine had to appear. Without a complete baseline, a time with a zone shows
/// that it is new: times were the proof of the match, so they are proof against it. That holds whatever else
/// has appeared since: a machine without a time does not make the others less doubtful.
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
        let mut by_request: Vec<(DateTime<Utc>, usize)> =
            batch.iter().map(|claim| (requested(*claim), *claim)).collect();
        by_request.sort_unstable();
        let mut doubtful: Vec<(usize, usize)> = Vec::new();
        for machine in &surplus {
            let Some((first, last)) = requests(assignment, batch[0], *machine) else {
                continue;
            };
            let from = by_request.partition_point(|(at, _)| *at < first);
            let to = by_request.partition_point(|(at, _)| *at <= last);
            if from < to {
                machines.insert(*machine);
                doubtful.push((from, to));
            }
        }
        doubtful.sort_unstable();
        // Where the ranges overlap, each claim is taken once.
        let mut next = 0;
        for (from, to) in doubtful {
            let range = by_request.get(from.max(next)..to).unwrap_or_default();
            claims.extend(range.iter().map(|(_, claim)| *claim));
            next = next.max(to);
        }
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

/// Returns the first and the last moment of a request by which a machine could have been made.
///
/// `None` when it cannot be new for the claim, which stands for all of its cluster, group and baseline.
fn requests(
    assignment: &Assignment<'_, '_>,
    claim: usize,
    machine: usize,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let fleet = assignment.fleet;
    if standing_obstacle(fleet, assignment.ties, claim, machine).is_some() {
        return None;
    }
    let last = match newness(fleet, claim, machine) {
        Newness::Proven => DateTime::<Utc>::MAX_UTC,
        Newness::InBaseline => return None,
        // These depend on the moment of the request, which is another one for each claim.
        Newness::Later | Newness::OlderThanRequest | Newness::Unproven => {
            let created = fleet.machines[machine].zoned_created_at()?;
            created.checked_add_signed(fleet.settings.clock_skew)?
        }
    };
    Some((earliest_request(assignment, machine), last))
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
