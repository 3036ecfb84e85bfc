//! R7: what no name and no address links.

use std::collections::{BTreeMap, BTreeSet};

use crate::AmbiguousReason;
use crate::assign::{Assignment, Held, MOST_CANDIDATES, Owner, Part};
use crate::batch::{Batch, batches};
use crate::change::changes;
use crate::clue::Clue;
use crate::flow::{Component, allocate};
use crate::grouping::Grouping;
use crate::merge::Sets;
use crate::order::absent_last;
use crate::place::Place;
use crate::words::ClusterNumber;

/// How many pairs of batch and kind one component may have; more cannot be told apart in time.
const MOST_PAIRS: usize = 10_000;

/// Tells what anonymous matching found for a claim that it gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its machine does not run yet.
    NotRunning(usize),
    /// Nobody can tell.
    Ambiguous(AmbiguousReason, Vec<Part>),
    /// There are machines, but nothing proves that they are new.
    Unproven(Vec<Part>),
    /// There would be something, but R7 is switched off.
    SwitchedOff(Vec<Part>),
}

/// Holds machines or Nodes that are new for the same batches.
#[derive(Debug)]
struct Kind {
    batches: Vec<usize>,
    parts: Vec<Part>,
    is_group_unknown: bool,
}

/// Gives new machines and Nodes to open claims, and tells why the others get none.
pub(crate) fn settle(assignment: &mut Assignment<'_, '_>) -> BTreeMap<usize, Outcome> {
    let grouping = Grouping::new(assignment.fleet, assignment.ties);
    let batches = batches(assignment, &grouping);
    let mut outcomes = BTreeMap::new();
    if batches.is_empty() {
        return outcomes;
    }
    let kinds = kinds(assignment, &grouping, &batches);
    for (batch_indexes, kind_indexes) in components(batches.len(), &kinds) {
        let members: Vec<&Batch> = batch_indexes.iter().map(|index| &batches[*index]).collect();
        if kind_indexes.is_empty() {
            note_unproven(assignment, &members, &mut outcomes);
            continue;
        }
        let kinds: Vec<&Kind> = kind_indexes.iter().map(|index| &kinds[*index]).collect();
        let parts = oldest_first(assignment, &kinds);
        let listed = || parts.iter().copied().take(MOST_CANDIDATES).collect::<Vec<_>>();
        let claims = members.iter().flat_map(|batch| batch.claims.iter().copied());
        if !assignment.fleet.settings.anonymous {
            outcomes.extend(claims.map(|claim| (claim, Outcome::SwitchedOff(listed()))));
        } else if let Some(reason) = obstacle(assignment, &batches, &members, &kinds) {
            outcomes.extend(claims.map(|claim| (claim, Outcome::Ambiguous(reason, listed()))));
        } else {
            match pairs(assignment, &batches, &batch_indexes, &kinds, &parts) {
                Some(pairs) => give(assignment, pairs, &listed(), &mut outcomes),
                None => {
                    let reason = AmbiguousReason::SurplusMachines;
                    outcomes.extend(claims.map(|claim| (claim, Outcome::Ambiguous(reason, listed()))));
                }
            }
        }
    }
    outcomes
}

/// Sorts what is new by the batches that it is new for.
fn kinds(assignment: &Assignment<'_, '_>, grouping: &Grouping<'_, '_>, batches: &[Batch]) -> Vec<Kind> {
    let mut by_cluster: BTreeMap<ClusterNumber, Vec<(Part, Vec<usize>)>> = BTreeMap::new();
    for (part, cluster) in free_parts(assignment) {
        by_cluster.entry(cluster).or_default().push((part, Vec::new()));
    }
    // One batch after the other, so that each baseline is read in one go.
    for (index, batch) in batches.iter().enumerate() {
        for (part, new_for) in by_cluster.get_mut(&batch.cluster).into_iter().flatten() {
            if batch.is_new(assignment, *part) {
                new_for.push(index);
            }
        }
    }
    let mut kinds: BTreeMap<(Vec<usize>, bool), Vec<Part>> = BTreeMap::new();
    for (part, mut new_for) in by_cluster.into_values().flatten() {
        let group = grouping.group_of(part).or_else(|| risen_group(batches, &new_for));
        if group.is_some() {
            new_for.retain(|index| batches[*index].group.is_none() || batches[*index].group == group);
        }
        // A claim of another program keeps its seat, but proves nothing.
        if new_for.iter().any(|index| !batches[*index].is_taken_over) {
            kinds.entry((new_for, group.is_none())).or_default().push(part);
        }
    }
    kinds
        .into_iter()
        .map(|((batches, is_group_unknown), parts)| Kind {
            batches,
            parts,
            is_group_unknown,
        })
        .collect()
}

/// Lists machines that nobody has, and Nodes that nobody has and that have no machine.
fn free_parts(assignment: &Assignment<'_, '_>) -> impl Iterator<Item = (Part, ClusterNumber)> {
    let machines = assignment.fleet.machines.iter().enumerate();
    let nodes = 0..assignment.fleet.nodes.len();
    let machines = machines
        .filter(|(machine, _)| assignment.machine_owners[*machine] == Owner::Nobody)
        .map(|(machine, facts)| (Part::Machine(machine), facts.marks.cluster));
    let nodes = nodes
        .filter(|node| {
            assignment.node_owners[*node] == Owner::Nobody && assignment.ties.machine_of(*node).is_none()
        })
        .map(|node| (Part::Node(node), assignment.fleet.home));
    machines.chain(nodes)
}

/// Returns the only group that has grown since any of the baselines.
fn risen_group(batches: &[Batch], new_for: &[usize]) -> Option<u64> {
    let risen: BTreeSet<u64> = new_for
        .iter()
        .flat_map(|index| batches[*index].risen.iter().copied())
        .collect();
    match (risen.first(), risen.len()) {
        (Some(group), 1) => Some(*group),
        (_, _) => None,
    }
}

/// Splits the graph into what is connected: batches and kinds by index.
fn components(batches: usize, kinds: &[Kind]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut sets = Sets::new(batches);
    for kind in kinds {
        for batch in &kind.batches {
            sets.join(kind.batches[0], *batch);
        }
    }
    let mut found: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for batch in 0..batches {
        found.entry(sets.root(batch)).or_default().0.push(batch);
    }
    for (index, kind) in kinds.iter().enumerate() {
        found.entry(sets.root(kind.batches[0])).or_default().1.push(index);
    }
    found.into_values().collect()
}

/// Finds what keeps a whole component from being matched.
fn obstacle(
    assignment: &Assignment<'_, '_>,
    all: &[Batch],
    members: &[&Batch],
    kinds: &[&Kind],
) -> Option<AmbiguousReason> {
    if members.iter().any(|batch| is_cluster_changing(assignment, batch)) {
        return Some(AmbiguousReason::ClusterChanging);
    }
    let cluster = members[0].cluster;
    let open_groups: BTreeSet<Option<u64>> = all
        .iter()
        .filter(|batch| batch.cluster == cluster)
        .map(|batch| batch.group)
        .collect();
    let groups: BTreeSet<Option<u64>> = members.iter().map(|batch| batch.group).collect();
    if groups.len() > 1 || (open_groups.len() > 1 && kinds.iter().any(|kind| kind.is_group_unknown)) {
        return Some(AmbiguousReason::GroupUnknown);
    }
    (members.len().saturating_mul(kinds.len()) > MOST_PAIRS).then_some(AmbiguousReason::TooManyCandidates)
}

/// R2c: tells whether VPSie is working on the cluster or has done so since the baseline.
fn is_cluster_changing(assignment: &Assignment<'_, '_>, batch: &Batch) -> bool {
    let Some(now) = assignment.fleet.shapes.get(&batch.cluster) else {
        return false;
    };
    let baseline = assignment.fleet.claims[batch.claim()].baseline.as_deref();
    !changes(baseline.and_then(|it| it.shape()), now).is_empty()
}

/// Sorts by age (R6 reversed): machines before Nodes, for a machine is what was asked for.
fn oldest_first(assignment: &Assignment<'_, '_>, kinds: &[&Kind]) -> Vec<Part> {
    let mut parts: Vec<Part> = kinds.iter().flat_map(|kind| kind.parts.iter().copied()).collect();
    parts.sort_by_key(|part| age(assignment, *part));
    parts
}

fn age(assignment: &Assignment<'_, '_>, part: Part) -> (bool, usize) {
    match part {
        Part::Machine(machine) => (false, assignment.fleet.machines[machine].oldest_order()),
        // Nodes are sorted newest first.
        Part::Node(node) => (true, usize::MAX - node),
    }
}

/// Pairs the claims of a component with what is new for them; `None` when something is left over.
fn pairs(
    assignment: &Assignment<'_, '_>,
    all: &[Batch],
    members: &[usize],
    kinds: &[&Kind],
    parts: &[Part],
) -> Option<Vec<(usize, Part, bool)>> {
    let local: BTreeMap<usize, usize> = members
        .iter()
        .enumerate()
        .map(|(local, index)| (*index, local))
        .collect();
    let ages: BTreeMap<Part, usize> = parts.iter().enumerate().map(|(age, part)| (*part, age)).collect();
    let mut claims: Vec<(usize, usize)> = members
        .iter()
        .flat_map(|index| all[*index].claims.iter().map(|claim| (*claim, local[index])))
        .collect();
    let is_taken_over = |claim: usize| assignment.fleet.claims[claim].taken_over;
    // Claims are sorted by uid.
    claims.sort_by_key(|(claim, _)| {
        (
            is_taken_over(*claim),
            absent_last(assignment.fleet.claims[*claim].requested_at),
            *claim,
        )
    });
    let component = Component {
        claims: claims.iter().map(|(_, batch)| *batch).collect(),
        batches: members.len(),
        adjacent: kinds
            .iter()
            .map(|kind| kind.batches.iter().map(|index| local[index]).collect())
            .collect(),
        ages: kinds
            .iter()
            .map(|kind| {
                let mut all: Vec<usize> = kind.parts.iter().map(|part| ages[part]).collect();
                all.sort_unstable();
                all
            })
            .collect(),
    };
    let given = allocate(&component)?;
    let found = claims.iter().zip(given);
    Some(
        found
            .filter_map(|((claim, _), age)| Some((*claim, parts[age?], is_taken_over(*claim))))
            .collect(),
    )
}

fn give(
    assignment: &mut Assignment<'_, '_>,
    pairs: Vec<(usize, Part, bool)>,
    listed: &[Part],
    outcomes: &mut BTreeMap<usize, Outcome>,
) {
    for (claim, part, is_taken_over) in pairs {
        if is_taken_over {
            outcomes.insert(
                claim,
                Outcome::Ambiguous(AmbiguousReason::TakenOver, listed.to_vec()),
            );
            continue;
        }
        match part {
            Part::Machine(machine) if !assignment.fleet.machines[machine].merged.is_running() => {
                assignment.machine_owners[machine] = Owner::Reserved(Place::new(claim));
                outcomes.insert(claim, Outcome::NotRunning(machine));
            }
            Part::Machine(machine) => give_machine(assignment, claim, machine),
            Part::Node(node) => {
                assignment.give_node(claim, Held::direct(node, Clue::Anonymous));
            }
        }
    }
}

fn give_machine(assignment: &mut Assignment<'_, '_>, claim: usize, machine: usize) {
    assignment.give_machine(claim, Held::direct(machine, Clue::Anonymous));
    if let Some(node) = assignment.ties.node_of(machine)
        && let Some(clue) = assignment.ties.clue(machine)
    {
        assignment.give_node(claim, Held::new(node, clue, true));
    }
}

/// Lists what a claim without proof of newness could have.
fn note_unproven(
    assignment: &Assignment<'_, '_>,
    members: &[&Batch],
    outcomes: &mut BTreeMap<usize, Outcome>,
) {
    use crate::eligible::{Newness, newness};
    for batch in members {
        let mut machines: Vec<usize> = (0..assignment.fleet.machines.len())
            .filter(|machine| {
                assignment.machine_owners[*machine] == Owner::Nobody
                    && matches!(
                        newness(assignment.fleet, batch.claim(), *machine),
                        Newness::Unproven | Newness::Later
                    )
                    && batch.could_have_machine(assignment, *machine)
            })
            .collect();
        machines.sort_by_key(|machine| assignment.fleet.machines[*machine].newest_order());
        machines.truncate(MOST_CANDIDATES);
        if !machines.is_empty() {
            let parts: Vec<Part> = machines.into_iter().map(Part::Machine).collect();
            outcomes.extend(
                batch
                    .claims
                    .iter()
                    .map(|claim| (*claim, Outcome::Unproven(parts.clone()))),
            );
        }
    }
}
