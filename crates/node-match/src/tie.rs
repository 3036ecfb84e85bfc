//! Which machine and which Node are the same thing, whoever claims them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::bearers::Bearers;
use crate::clue::Clue;
use crate::facts::Facts;
use crate::fleet::{Fleet, MachineFacts, NodeFacts, before};
use crate::words::{Word, long, short};

/// Holds the ties between machines and Nodes: at most one for each.
#[derive(Debug)]
pub(crate) struct Ties {
    /// One entry per machine: its Node, and why, where more than records say so.
    machines: Vec<Option<(u32, Option<Clue>)>>,
    /// One entry per Node: its machine.
    nodes: Vec<Option<u32>>,
    /// One entry per Node: the machine that its provider id names; it is tied to no other.
    provided: Vec<Option<u32>>,
    /// Whether any link leads to a control-plane Node (R2c).
    pub(crate) is_control_plane: Vec<bool>,
}

// === impl Ties ===

impl Ties {
    /// Ties machines to Nodes: records first, then provider ids, addresses and hostnames.
    pub(crate) fn new(fleet: &Fleet<'_>, facts: &[Facts]) -> Self {
        let mut ties = Self {
            machines: vec![None; fleet.machines.len()],
            nodes: vec![None; fleet.nodes.len()],
            provided: fleet.nodes.iter().map(|facts| provided(fleet, facts)).collect(),
            is_control_plane: fleet
                .machines
                .iter()
                .map(|facts| facts.merged.is_control_plane())
                .collect(),
        };
        ties.tie_recorded_pairs(fleet, facts);
        ties.tie_all(fleet, ties.provider_id_links());
        ties.tie_all(fleet, address_links(fleet));
        ties.tie_hostnames(fleet);
        ties
    }

    pub(crate) fn node_of(&self, machine: usize) -> Option<usize> {
        self.machines[machine].map(|(node, _)| long(node))
    }

    pub(crate) fn machine_of(&self, node: usize) -> Option<usize> {
        self.nodes[node].map(long)
    }

    /// Tells whether the provider id of a Node names another machine, tied to it or not.
    pub(crate) fn is_of_another(&self, node: usize, machine: usize) -> bool {
        self.provided[node].is_some_and(|provided| long(provided) != machine)
    }

    /// Tells whether it is known which machine a Node is, even if they are not tied.
    pub(crate) fn is_machine_known(&self, node: usize) -> bool {
        self.nodes[node].or(self.provided[node]).is_some()
    }

    /// Returns why a machine is tied to its Node; `None` when only records say so.
    pub(crate) fn clue(&self, machine: usize) -> Option<Clue> {
        self.machines[machine]?.1
    }

    fn tie(&mut self, machine: usize, node: usize, clue: Option<Clue>) {
        self.machines[machine] = Some((short(node), clue));
        self.nodes[node] = Some(short(machine));
    }

    fn are_free(&self, machine: usize, node: usize) -> bool {
        self.machines[machine].is_none() && self.nodes[node].is_none() && !self.is_of_another(node, machine)
    }

    fn provider_id_links(&self) -> Vec<(usize, usize, Clue)> {
        let provided = self.provided.iter().enumerate();
        provided
            .filter_map(|(node, machine)| Some((long((*machine)?), node, Clue::ProviderId)))
            .collect()
    }

    fn tie_recorded_pairs(&mut self, fleet: &Fleet<'_>, facts: &[Facts]) {
        for facts in facts.iter().filter(|facts| facts.conflict.is_none()) {
            if let (Some((machine, _)), Some(node)) = (facts.machine, facts.node) {
                self.tie(machine, node, clue_between(fleet, machine, node));
            }
        }
    }

    /// Ties along links of one kind: the newest machine first, then the newest Node (R6).
    fn tie_all(&mut self, fleet: &Fleet<'_>, mut links: Vec<(usize, usize, Clue)>) {
        links.sort_by_key(|(machine, node, _)| (fleet.machines[*machine].newest_order(), *node));
        for (machine, node, clue) in links {
            if !could_be_node_of(fleet, machine, node) {
                continue;
            }
            self.is_control_plane[machine] |= fleet.nodes[node].is_control_plane;
            if self.are_free(machine, node) {
                self.tie(machine, node, Some(clue));
            }
        }
    }

    /// Ties along hostnames: the newest machine first takes the newest Node of any of its hostnames.
    fn tie_hostnames(&mut self, fleet: &Fleet<'_>) {
        let mut named = Named::new(fleet);
        let mut machines: Vec<usize> = at_home(fleet).map(|(machine, _)| machine).collect();
        machines.sort_unstable_by_key(|machine| fleet.machines[*machine].newest_order());
        for machine in machines {
            let fits = |node: usize| could_be_node_of(fleet, machine, node);
            let mut newest: Option<(usize, Word)> = None;
            for hostname in &fleet.machines[machine].hostnames {
                self.is_control_plane[machine] |= named.control_plane(fleet, *hostname).any(fits);
                if let Some(node) = named.newest_free(*hostname, self, fits)
                    && newest.is_none_or(|(known, _)| node < known)
                {
                    newest = Some((node, *hostname));
                }
            }
            if let (Some((node, hostname)), None) = (newest, self.machines[machine]) {
                self.tie(machine, node, Some(Clue::Hostname(hostname)));
            }
        }
    }
}

/// Finds Nodes by name.
#[derive(Debug)]
struct Named {
    /// By name; most names are those of one Node.
    nodes: Bearers,
    /// Only for names that several Nodes bear.
    several: BTreeMap<Word, Namesakes>,
}

/// Holds the Nodes of one name, newest first, and apart those whose age is unknown.
#[derive(Debug, Default)]
struct Namesakes {
    dated: Queue,
    undated: Queue,
}

/// Hands out Nodes, newest first.
#[derive(Debug, Default)]
struct Queue {
    nodes: Vec<usize>,
    next: usize,
    newest_control_plane: Option<usize>,
}

// === impl Named ===

impl Named {
    fn new(fleet: &Fleet<'_>) -> Self {
        let mut nodes = Bearers::new(fleet.words.len());
        for (node, facts) in fleet.nodes.iter().enumerate() {
            for name in &facts.names {
                nodes.add(name.index(), node);
            }
        }
        let mut several: BTreeMap<Word, Namesakes> = BTreeMap::new();
        for (node, facts) in fleet.nodes.iter().enumerate() {
            for name in facts.names.iter().filter(|name| nodes.are_several(name.index())) {
                several.entry(*name).or_default().add(fleet, node);
            }
        }
        Self { nodes, several }
    }

    /// Lists control-plane Nodes of a name: if any of them can be a machine's, one of these can.
    fn control_plane(&self, fleet: &Fleet<'_>, name: Word) -> impl Iterator<Item = usize> {
        let only = self.nodes.only(name.index());
        let namesakes = self.several.get(&name).into_iter();
        only.filter(|node| fleet.nodes[*node].is_control_plane)
            .into_iter()
            .chain(
                namesakes
                    .flat_map(|found| [&found.dated, &found.undated])
                    .filter_map(|queue| queue.newest_control_plane),
            )
    }

    /// Returns the newest Node of a name whose machine is not known yet and that is young enough.
    ///
    /// When the newest is too old, all that have an age are.
    fn newest_free(&mut self, name: Word, ties: &Ties, fits: impl Fn(usize) -> bool) -> Option<usize> {
        if let Some(only) = self.nodes.only(name.index()) {
            return Some(only).filter(|node| !ties.is_machine_known(*node) && fits(*node));
        }
        let found = self.several.get_mut(&name)?;
        let undated = found.undated.newest_free(ties);
        found
            .dated
            .newest_free(ties)
            .filter(|node| fits(*node))
            .or(undated)
    }
}

// === impl Namesakes ===

impl Namesakes {
    fn add(&mut self, fleet: &Fleet<'_>, node: usize) {
        let facts = &fleet.nodes[node];
        let queue = if facts.node.created_at.is_some() {
            &mut self.dated
        } else {
            &mut self.undated
        };
        queue.nodes.push(node);
        if facts.is_control_plane {
            queue.newest_control_plane.get_or_insert(node);
        }
    }
}

// === impl Queue ===

impl Queue {
    fn newest_free(&mut self, ties: &Ties) -> Option<usize> {
        while self
            .nodes
            .get(self.next)
            .is_some_and(|node| ties.is_machine_known(*node))
        {
            self.next += 1;
        }
        self.nodes.get(self.next).copied()
    }
}

fn at_home<'f, 'a>(fleet: &'f Fleet<'a>) -> impl Iterator<Item = (usize, &'f MachineFacts<'a>)> {
    let machines = fleet.machines.iter().enumerate();
    machines.filter(|(_, facts)| facts.cluster == fleet.home)
}

/// Finds the machine that the provider id of a Node names.
fn provided(fleet: &Fleet<'_>, node: &NodeFacts<'_>) -> Option<u32> {
    fleet
        .machine_of_provider_id(node.provider_id.as_ref()?)
        .map(short)
}

fn address_links(fleet: &Fleet<'_>) -> Vec<(usize, usize, Clue)> {
    let mut links = Vec::new();
    for (machine, facts) in at_home(fleet) {
        for address in &facts.addresses {
            if fleet.addresses.only_machine(*address).is_some()
                && let Some(node) = fleet.addresses.only_node(*address)
            {
                links.push((machine, node, Clue::Address(*address)));
            }
        }
    }
    links
}

/// Finds the strongest link between one machine and one Node.
fn clue_between(fleet: &Fleet<'_>, machine: usize, node: usize) -> Option<Clue> {
    let (facts, node_facts) = (&fleet.machines[machine], &fleet.nodes[node]);
    let provider_id = node_facts.provider_id.as_ref();
    if provider_id.and_then(|id| fleet.machine_of_provider_id(id)) == Some(machine) {
        return Some(Clue::ProviderId);
    }
    let is_shared = |address: &&_| {
        fleet.addresses.only_node(**address) == Some(node)
            && fleet.addresses.only_machine(**address) == Some(machine)
    };
    let by_address = facts.addresses.iter().find(is_shared);
    by_address.map(|address| Clue::Address(*address)).or_else(|| {
        let mut hostnames = facts.hostnames.iter();
        hostnames
            .find(|hostname| node_facts.names.contains(hostname))
            .map(|hostname| Clue::Hostname(*hostname))
    })
}

/// Tells whether the Node is young enough: one created before its machine is not that machine's Node.
fn could_be_node_of(fleet: &Fleet<'_>, machine: usize, node: usize) -> bool {
    let node_created: Option<DateTime<Utc>> = fleet.nodes[node].node.created_at;
    match (fleet.machines[machine].zoned_created_at(), node_created) {
        (Some(machine), Some(node)) => node >= before(machine, fleet.settings),
        (None, _) | (_, None) => true,
    }
}
