//! R7: open claims that can be swapped for each other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::Baseline;
use crate::assign::{Assignment, Owner, Part};
use crate::eligible::{Newness, newness, node_obstacle, standing_obstacle};
use crate::fleet::Label;
use crate::grouping::Grouping;
use crate::words::{ClusterNumber, Word};

/// Holds open claims of one cluster and group that share what was there before.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) cluster: ClusterNumber,
    pub(crate) group: Option<u64>,
    /// Never matched anonymously; its claims only keep their seats (I7).
    pub(crate) is_taken_over: bool,
    /// Its claims have a Node already and need a machine beside it.
    has_nodes: bool,
    /// The name of its claims, where that of anything free starts with it (R4).
    name: Option<Word>,
    /// In the order of uid.
    pub(crate) claims: Vec<usize>,
    /// The groups that have grown since.
    pub(crate) risen: BTreeSet<u64>,
    /// Whether times may prove that something is new, for want of a complete baseline.
    are_times_proof: bool,
    /// Whether a new Node without a machine can only be a machine that VPSie does not list.
    do_lone_nodes_count: bool,
}

/// Holds whatever tells two open claims apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    cluster: ClusterNumber,
    group: Option<u64>,
    is_taken_over: bool,
    has_node: bool,
    name: Option<Word>,
    baseline: Option<usize>,
    has_request_time: bool,
    older_machines: usize,
    older_nodes: usize,
}

/// Holds when things appeared: requests between which nothing appeared need not be told apart.
struct Moments {
    /// Of machines, where the zone is known.
    machines: Vec<DateTime<Utc>>,
    /// Of Nodes that anonymous matching may hand out.
    nodes: Vec<DateTime<Utc>>,
}

/// Collects the open claims: nothing is recorded for them and nothing else matched them.
pub(crate) fn batches(assignment: &Assignment<'_, '_>, grouping: &Grouping<'_, '_>) -> Vec<Batch> {
    let fleet = assignment.fleet;
    let open: Vec<usize> = (0..fleet.claims.len())
        .filter(|claim| is_open(assignment, *claim))
        .collect();
    let numbers = number_baselines(assignment, &open);
    let moments = Moments::new(assignment);
    let names: BTreeSet<Word> = assignment.names.iter().map(|(_, name)| *name).collect();
    let mut batches: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for claim in open {
        let facts = fleet.claims[claim];
        let baseline = facts.baseline.as_deref();
        // A complete baseline is proof enough: the times of machines do not matter beside it.
        let is_complete = baseline.is_some_and(Baseline::is_complete);
        let number = baseline.and_then(|baseline| numbers.get(&std::ptr::from_ref(baseline)).copied());
        let key = Key {
            cluster: fleet.cluster_of(claim),
            group: facts.group,
            is_taken_over: facts.taken_over,
            has_node: assignment.holdings[claim].node.is_some(),
            name: fleet.name_of(claim).filter(|name| names.contains(name)),
            baseline: number,
            has_request_time: facts.requested_at.is_some(),
            older_machines: if is_complete {
                0
            } else {
                older(&moments.machines, fleet.earliest(claim))
            },
            older_nodes: older(&moments.nodes, fleet.earliest(claim)),
        };
        batches.entry(key).or_default().push(claim);
    }
    batches
        .into_iter()
        .map(|(key, claims)| Batch::new(assignment, grouping, key, claims))
        .collect()
}

// === impl Moments ===

impl Moments {
    fn new(assignment: &Assignment<'_, '_>) -> Self {
        let fleet = assignment.fleet;
        let free = fleet.nodes.iter().zip(&assignment.node_owners);
        let free = free.filter(|(facts, owner)| **owner == Owner::Nobody && facts.label == Label::None);
        let mut nodes: Vec<DateTime<Utc>> = free.filter_map(|(facts, _)| facts.node.created_at).collect();
        let mut machines: Vec<DateTime<Utc>> = fleet
            .machines
            .iter()
            .filter_map(|facts| facts.zoned_created_at())
            .collect();
        nodes.sort_unstable();
        machines.sort_unstable();
        Self { machines, nodes }
    }
}

/// Counts how many are older than a moment.
fn older(moments: &[DateTime<Utc>], earliest: Option<DateTime<Utc>>) -> usize {
    earliest.map_or(0, |earliest| moments.partition_point(|moment| *moment < earliest))
}

fn is_open(assignment: &Assignment<'_, '_>, claim: usize) -> bool {
    let holding = &assignment.holdings[claim];
    let is_machine_known = holding
        .node
        .as_ref()
        .is_some_and(|held| assignment.ties.is_machine_known(assignment.fleet, held.index()));
    assignment.wants_machine(claim)
        && !assignment.facts[claim].has_record
        && holding.reserved.is_none()
        && !is_machine_known
}

/// Numbers the baselines by content: claims share them, but not always behind one pointer.
///
/// The pointers are only looked up, never iterated over, so that their order decides nothing.
fn number_baselines(assignment: &Assignment<'_, '_>, open: &[usize]) -> BTreeMap<*const Baseline, usize> {
    let of = |claim: &usize| assignment.fleet.claims[*claim].baseline.as_deref();
    let by_pointer: BTreeMap<*const Baseline, &Baseline> = open
        .iter()
        .filter_map(of)
        .map(|baseline| (std::ptr::from_ref(baseline), baseline))
        .collect();
    let distinct: BTreeSet<&Baseline> = by_pointer.values().copied().collect();
    let numbers: BTreeMap<&Baseline, usize> = distinct.into_iter().zip(0..).collect();
    by_pointer
        .into_iter()
        .filter_map(|(pointer, baseline)| Some((pointer, *numbers.get(baseline)?)))
        .collect()
}

// === impl Batch ===

impl Batch {
    fn new(
        assignment: &Assignment<'_, '_>,
        grouping: &Grouping<'_, '_>,
        key: Key,
        claims: Vec<usize>,
    ) -> Self {
        let baseline = assignment.fleet.claims[claims[0]].baseline.as_deref();
        let mut batch = Self {
            cluster: key.cluster,
            group: key.group,
            is_taken_over: key.is_taken_over,
            has_nodes: key.has_node,
            name: key.name,
            risen: grouping.risen(key.cluster, baseline),
            claims,
            are_times_proof: false,
            do_lone_nodes_count: false,
        };
        batch.are_times_proof = batch.are_all_times_known(assignment, grouping);
        batch.do_lone_nodes_count = batch.are_all_new_machines_tied(assignment);
        batch
    }

    /// Returns a claim that stands for all of them.
    pub(crate) fn claim(&self) -> usize {
        self.claims[0]
    }

    /// Tells whether a machine or Node is provably new for these claims and could be theirs.
    pub(crate) fn is_new(&self, assignment: &Assignment<'_, '_>, part: Part) -> bool {
        match part {
            Part::Machine(machine) => {
                self.could_have_machine(assignment, machine)
                    && match newness(assignment.fleet, self.claim(), machine) {
                        Newness::Proven => true,
                        Newness::Later => self.are_times_proof || self.is_taken_over,
                        Newness::Unproven => self.is_taken_over,
                        Newness::InBaseline | Newness::OlderThanRequest => false,
                    }
            }
            Part::Node(node) => self.could_have_node(assignment, node),
        }
    }

    /// Tells whether nothing but its age keeps a machine from these claims.
    pub(crate) fn could_have_machine(&self, assignment: &Assignment<'_, '_>, machine: usize) -> bool {
        let fleet = assignment.fleet;
        let is_node_in_the_way = assignment.ties.node_of(machine).is_some_and(|node| {
            self.has_nodes
                || assignment.node_owners[node] != Owner::Nobody
                || !self.is_node_eligible(assignment, node)
        });
        !is_node_in_the_way
            && !self.is_named_for_another(assignment, Part::Machine(machine))
            && standing_obstacle(fleet, assignment.ties, self.claim(), machine).is_none()
    }

    fn could_have_node(&self, assignment: &Assignment<'_, '_>, node: usize) -> bool {
        let fleet = assignment.fleet;
        let claim = fleet.claims[self.claim()];
        let is_proven = claim.baseline.as_deref().is_some_and(Baseline::is_complete)
            || (fleet.nodes[node].node.created_at.is_some() && claim.requested_at.is_some());
        is_proven
            && self.do_lone_nodes_count
            && !self.has_nodes
            && !self.is_named_for_another(assignment, Part::Node(node))
            && self.is_node_eligible(assignment, node)
    }

    /// R4: tells whether a name shows that something belongs to another claim, settled or not.
    fn is_named_for_another(&self, assignment: &Assignment<'_, '_>, part: Part) -> bool {
        assignment.names_of(part).any(|name| Some(name) != self.name)
    }

    /// Tells whether a Node could be any of these claims'.
    ///
    /// One with a label is nobody's without a name: whoever it names would have it by its label.
    fn is_node_eligible(&self, assignment: &Assignment<'_, '_>, node: usize) -> bool {
        assignment.fleet.nodes[node].label == Label::None
            && node_obstacle(assignment.fleet, assignment.ties, self.claim(), node).is_none()
    }

    /// Tells whether every machine that these claims could have carries a time with a zone (R2b).
    fn are_all_times_known(&self, assignment: &Assignment<'_, '_>, grouping: &Grouping<'_, '_>) -> bool {
        let claim = assignment.fleet.claims[self.claim()];
        if claim.baseline.as_deref().is_some_and(Baseline::is_complete) {
            return false;
        }
        let timeless = |machine: &usize| assignment.fleet.machines[*machine].zoned_created_at().is_none();
        !(0..assignment.fleet.machines.len())
            .filter(timeless)
            .any(|machine| {
                let group = grouping.group_of(Part::Machine(machine));
                assignment.machine_owners[machine] == Owner::Nobody
                    && (group.is_none() || self.group.is_none() || group == self.group)
                    && newness(assignment.fleet, self.claim(), machine) == Newness::Unproven
                    && self.could_have_machine(assignment, machine)
            })
    }

    /// Tells whether every new machine of the cluster, whoever has it, is tied to a Node.
    fn are_all_new_machines_tied(&self, assignment: &Assignment<'_, '_>) -> bool {
        let fleet = assignment.fleet;
        fleet.machines.iter().enumerate().all(|(machine, facts)| {
            facts.marks.cluster != self.cluster
                || assignment.ties.node_of(machine).is_some()
                || facts.merged.is_deleted()
                || matches!(
                    newness(fleet, self.claim(), machine),
                    Newness::InBaseline | Newness::OlderThanRequest
                )
        })
    }
}
