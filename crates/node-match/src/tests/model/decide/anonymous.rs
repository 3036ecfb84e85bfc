//! R7 by trying everything.

use std::collections::{BTreeMap, BTreeSet};

use super::super::eligible::Age;
use super::super::{created, identity, last};
use super::{Own, State};
use crate::testing::{CLUSTER, GROUP};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Machine(usize),
    Node(usize),
}

impl State<'_, '_> {
    pub(super) fn settle_anonymous(&mut self) {
        let open: Vec<usize> = (0..self.records.len())
            .filter(|claim| self.is_open(*claim))
            .collect();
        let machines = (0..self.world.machines.len()).map(Part::Machine);
        let parts: Vec<Part> = machines
            .chain((0..self.world.nodes.len()).map(Part::Node))
            .collect();
        let mut edges: Vec<(usize, Part)> = Vec::new();
        let mut groups: BTreeMap<Part, Option<u64>> = BTreeMap::new();
        for part in parts {
            let mut claims: Vec<usize> = open
                .iter()
                .copied()
                .filter(|claim| self.is_new(*claim, part))
                .collect();
            let risen: BTreeSet<u64> = claims.iter().flat_map(|claim| self.risen(*claim)).collect();
            let only_risen = risen.first().copied().filter(|_| risen.len() == 1);
            let group = self.group_of(part).or(only_risen);
            claims.retain(|claim| {
                let wanted = self.world.claims[*claim].group;
                group.is_none() || wanted.is_none() || group == wanted
            });
            groups.insert(part, group);
            if claims.iter().any(|claim| !self.world.claims[*claim].taken_over) {
                edges.extend(claims.into_iter().map(|claim| (claim, part)));
            }
        }
        let mut left: BTreeSet<usize> = edges.iter().map(|(claim, _)| *claim).collect();
        while let Some(first) = left.first().copied() {
            let (mut claims, mut parts) = (BTreeSet::from([first]), BTreeSet::new());
            for _ in 0..edges.len() {
                for (claim, part) in &edges {
                    if claims.contains(claim) || parts.contains(part) {
                        claims.insert(*claim);
                        parts.insert(*part);
                    }
                }
            }
            left.retain(|claim| !claims.contains(claim));
            let is_unknown = parts.iter().any(|part| groups[part].is_none());
            self.settle_component(&open, &edges, claims, parts, is_unknown);
        }
    }

    fn settle_component(
        &mut self,
        open: &[usize],
        edges: &[(usize, Part)],
        claims: BTreeSet<usize>,
        parts: BTreeSet<Part>,
        is_any_unknown: bool,
    ) {
        let world = self.world;
        if !world.fleet.settings.anonymous {
            return;
        }
        let facts = |claim: usize| world.claims[claim];
        let cluster = &facts(*claims.first().unwrap()).cluster;
        let groups: BTreeSet<Option<u64>> = claims.iter().map(|claim| facts(*claim).group).collect();
        let open_groups: BTreeSet<Option<u64>> = open
            .iter()
            .filter(|c| facts(**c).cluster == *cluster)
            .map(|c| facts(*c).group)
            .collect();
        let reports = || world.fleet.clusters.iter().filter(|report| report.id == *cluster);
        let versions: BTreeSet<_> = reports()
            .filter_map(|report| report.shape.version.as_ref())
            .collect();
        // No baseline tells of a version, and before the request nothing was locked.
        let is_changing = versions.len() > 1 || reports().any(|report| report.shape.locked == Some(true));
        let is_unknown = groups.len() > 1 || (open_groups.len() > 1 && is_any_unknown);
        let mut order: Vec<usize> = claims.iter().copied().collect();
        order.sort_by_key(|claim| (facts(*claim).taken_over, last(facts(*claim).requested_at), *claim));
        let mut oldest: Vec<Part> = parts.into_iter().collect();
        oldest.sort_by_key(|part| match part {
            Part::Machine(machine) => {
                let reports = &world.machines[*machine];
                (
                    false,
                    0,
                    Some((
                        last(created(reports).map(|(at, _)| at)),
                        identity(reports),
                        reports.clone(),
                    )),
                )
            }
            Part::Node(node) => (true, usize::MAX - node, None),
        });
        let given = if is_changing || is_unknown || oldest.len() > order.len() {
            None
        } else {
            try_everything(&order, &oldest, edges)
        };
        let Some(given) = given else {
            self.ambiguous.extend(claims);
            return;
        };
        for (claim, part) in given {
            self.give(claim, part);
        }
    }

    fn give(&mut self, claim: usize, part: Part) {
        if self.world.claims[claim].taken_over {
            self.ambiguous.insert(claim);
            return;
        }
        match part {
            Part::Node(node) => self.give_node(claim, node, 6),
            Part::Machine(machine) if self.world.is_running(machine) => {
                self.give_machine(claim, machine, 6);
                if let Some(node) = self.node_of(machine) {
                    self.give_node(claim, node, 6);
                }
            }
            Part::Machine(machine) => {
                self.machine_owner.insert(machine, Own::Claim(claim));
                self.waiting.insert(claim);
            }
        }
    }

    /// The groups that have grown since the claim's baseline; only the first is ever counted there.
    fn risen(&self, claim: usize) -> Vec<u64> {
        let facts = self.world.claims[claim];
        let is_counted = facts
            .baseline
            .as_ref()
            .is_some_and(|baseline| !baseline.nodes_counts().is_empty());
        let groups = self
            .world
            .groups
            .iter()
            .filter(|group| is_counted && group.cluster == facts.cluster);
        let has_grown = |group: &&crate::Group<'_>| {
            group
                .nodes_count
                .is_some_and(|now| now > if group.id == GROUP { 1 } else { 0 })
        };
        groups.filter(has_grown).map(|group| group.id).collect()
    }

    fn is_open(&self, claim: usize) -> bool {
        let known = self
            .node
            .get(&claim)
            .and_then(|(node, _)| self.machine_of(*node).or(self.world.provided(*node)));
        self.wants_machine(claim)
            && !self.has_record(claim)
            && !self.reserved.contains(&claim)
            && known.is_none()
    }

    fn group_of(&self, part: Part) -> Option<u64> {
        let by_capacity = |node: usize| {
            let node = self.world.nodes[node];
            let has_memory = node.ram_mb.is_some_and(|ram| (3277..=4096).contains(&ram));
            self.by_cpu(node.cpu).filter(|_| has_memory)
        };
        match part {
            Part::Node(node) => by_capacity(node),
            Part::Machine(machine) => {
                let reports = &self.world.machines[machine];
                let cpu = reports
                    .iter()
                    .find_map(|r| r.cpu)
                    .filter(|_| self.world.at_home(machine));
                let node = self.node_of(machine);
                reports
                    .iter()
                    .find_map(|r| r.group)
                    .or(self.by_cpu(cpu))
                    .or(node.and_then(by_capacity))
            }
        }
    }

    /// The groups that are generated differ in their CPUs alone.
    fn by_cpu(&self, cpu: Option<u32>) -> Option<u64> {
        let groups = self.world.groups.iter().filter(|group| group.cluster == CLUSTER);
        let fitting: Vec<u64> = groups.filter(|g| g.cpu == cpu).map(|g| g.id).collect();
        if let ([group], Some(_)) = (&fitting[..], cpu) {
            Some(*group)
        } else {
            None
        }
    }

    fn is_unlabelled(&self, node: usize) -> bool {
        self.world.nodes[node].claim_label.is_none() && self.world.nodes[node].claim_uid.is_none()
    }

    fn could_have(&self, claim: usize, machine: usize) -> bool {
        let is_node_free = self.node_of(machine).is_none_or(|node| {
            !self.node.contains_key(&claim)
                && !self.node_owner.contains_key(&node)
                && self.is_unlabelled(node)
                && self.world.is_node_eligible(claim, node)
        });
        is_node_free
            && !self.machine_owner.contains_key(&machine)
            && !self
                .world
                .hostnames(machine)
                .iter()
                .any(|name| self.names_another(claim, name))
            && !self
                .node_of(machine)
                .is_some_and(|node| self.is_node_named_for_another(claim, node))
            && self.world.stands(claim, machine)
    }

    fn is_node_named_for_another(&self, claim: usize, node: usize) -> bool {
        self.world
            .names(node)
            .iter()
            .any(|name| self.names_another(claim, name))
    }

    fn names_another(&self, claim: usize, text: &str) -> bool {
        let facts = self.world.claims[claim];
        let longest = self.world.longest_name(&facts.cluster, text);
        longest.is_some_and(|name| *name != facts.name)
    }

    fn is_new(&self, claim: usize, part: Part) -> bool {
        let world = self.world;
        let facts = world.claims[claim];
        let is_complete = facts
            .baseline
            .as_ref()
            .is_some_and(|baseline| baseline.is_complete());
        match part {
            Part::Machine(machine) => {
                let is_time_enough = || {
                    let timeless = |m: &usize| {
                        let group = self.group_of(Part::Machine(*m));
                        !matches!(created(&world.machines[*m]), Some((_, true)))
                            && world.age(claim, *m) == Age::Unknown
                            && (group.is_none() || facts.group.is_none() || group == facts.group)
                            && self.could_have(claim, *m)
                    };
                    facts.requested_at.is_some() && !(0..world.machines.len()).any(|m| timeless(&m))
                };
                self.could_have(claim, machine)
                    && match world.age(claim, machine) {
                        Age::New => true,
                        Age::Later => facts.taken_over || is_time_enough(),
                        Age::Unknown => facts.taken_over,
                        Age::Old => false,
                    }
            }
            Part::Node(node) => {
                let is_untied_new = |machine: usize| {
                    world.machines[machine][0].cluster == facts.cluster
                        && self.node_of(machine).is_none()
                        && !world.machines[machine].iter().any(|r| r.is_deleted)
                        && world.age(claim, machine) != Age::Old
                };
                let is_dated = world.nodes[node].created_at.is_some() && facts.requested_at.is_some();
                (is_complete || is_dated)
                    && !self.node.contains_key(&claim)
                    && !self.node_owner.contains_key(&node)
                    && self.machine_of(node).is_none()
                    && self.is_unlabelled(node)
                    && !self.is_node_named_for_another(claim, node)
                    && world.is_node_eligible(claim, node)
                    && !(0..world.machines.len()).any(is_untied_new)
            }
        }
    }
}

fn try_everything(claims: &[usize], parts: &[Part], edges: &[(usize, Part)]) -> Option<Vec<(usize, Part)>> {
    let Some((claim, others)) = claims.split_first() else {
        return parts.is_empty().then(Vec::new);
    };
    if parts.len() > claims.len() {
        return None;
    }
    for (index, part) in parts.iter().enumerate() {
        if edges.contains(&(*claim, *part)) {
            let mut fewer = parts.to_vec();
            fewer.remove(index);
            if let Some(mut found) = try_everything(others, &fewer, edges) {
                found.push((*claim, *part));
                return Some(found);
            }
        }
    }
    try_everything(others, parts, edges)
}
