//! Which machine and which Node are the same thing, whoever claims them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::address::AddressNumber;
use crate::bearers::Bearers;
use crate::clue::Clue;
use crate::directory::Directory;
use crate::facts::AllFacts;
use crate::fleet::{Fleet, before};
use crate::place::Place;
use crate::words::{Word, long, short};

/// Holds the ties between machines and Nodes: at most one for each.
#[derive(Debug)]
pub(crate) struct Ties {
    /// One entry per machine: its Node, and why, where more than records say so.
    machines: Vec<Option<(Place, Option<Clue>)>>,
    /// One entry per Node: its machine.
    nodes: Vec<Option<Place>>,
    /// Whether any link leads to a control-plane Node (R2c).
    pub(crate) is_control_plane: Vec<bool>,
}

// === impl Ties ===

impl Ties {
    /// Ties machines to Nodes: records first, then provider ids, addresses and hostnames.
    pub(crate) fn new(fleet: &Fleet<'_>, directory: &Directory<'_>, facts: &AllFacts<'_>) -> Self {
        let machines = fleet.machines.iter();
        let mut ties = Self {
            machines: vec![None; fleet.machines.len()],
            nodes: vec![None; fleet.nodes.len()],
            is_control_plane: machines.map(|facts| facts.merged.is_control_plane()).collect(),
        };
        ties.tie_recorded_pairs(fleet, directory, facts);
        ties.tie_provided(fleet);
        let newest_first = newest_first(fleet);
        ties.tie_addresses(fleet, directory, &newest_first);
        ties.tie_hostnames(fleet, directory, &newest_first);
        ties
    }

    pub(crate) fn node_of(&self, machine: usize) -> Option<usize> {
        self.machines[machine].map(|(node, _)| node.index())
    }

    pub(crate) fn machine_of(&self, node: usize) -> Option<usize> {
        self.nodes[node].map(Place::index)
    }

    /// Tells whether it is known which machine a Node is, even if they are not tied.
    pub(crate) fn is_machine_known(&self, fleet: &Fleet<'_>, node: usize) -> bool {
        self.nodes[node].or(fleet.nodes[node].provided).is_some()
    }

    /// Returns why a machine is tied to its Node; `None` when only records say so.
    pub(crate) fn clue(&self, machine: usize) -> Option<Clue> {
        self.machines[machine]?.1
    }

    fn tie(&mut self, machine: usize, node: usize, clue: Option<Clue>) {
        self.machines[machine] = Some((Place::new(node), clue));
        self.nodes[node] = Some(Place::new(machine));
    }

    fn tie_recorded_pairs(&mut self, fleet: &Fleet<'_>, directory: &Directory<'_>, facts: &AllFacts<'_>) {
        for facts in facts.iter().filter(|facts| facts.conflict.is_none()) {
            if let (Some((machine, _)), Some(node)) = (facts.machine, facts.node) {
                let (machine, node) = (machine.index(), node.index());
                self.tie(machine, node, clue_between(fleet, directory, machine, node));
            }
        }
    }

    /// Ties along provider ids: of several Nodes that name one machine, the newest is its own.
    fn tie_provided(&mut self, fleet: &Fleet<'_>) {
        // Nodes are sorted newest first, and each names one machine, so that machines need no order.
        for (node, facts) in fleet.nodes.iter().enumerate() {
            if let Some(machine) = facts.provided {
                self.try_tie(fleet, machine.index(), node, Clue::ProviderId);
            }
        }
    }

    /// Ties along addresses: the newest machine first, then the newest Node (R6).
    fn tie_addresses(&mut self, fleet: &Fleet<'_>, directory: &Directory<'_>, newest_first: &[u32]) {
        let book = &directory.addresses;
        let mut links: Vec<(usize, AddressNumber)> = Vec::new();
        for machine in newest_first.iter().map(|machine| long(*machine)) {
            let addresses = fleet.machines[machine].marks.addresses().iter();
            let addresses = addresses.filter(|address| book.only_machine(**address).is_some());
            links.extend(addresses.filter_map(|address| Some((book.only_node(*address)?, *address))));
            links.sort_by_key(|(node, _)| *node);
            for (node, address) in links.drain(..) {
                self.try_tie(fleet, machine, node, Clue::Address(address));
            }
        }
    }

    /// Ties what a link leads to, unless either is tied already or the Node is too old.
    fn try_tie(&mut self, fleet: &Fleet<'_>, machine: usize, node: usize, clue: Clue) {
        if !could_be_node_of(fleet, machine, node) {
            return;
        }
        self.is_control_plane[machine] |= fleet.nodes[node].is_control_plane;
        let are_free = self.machines[machine].is_none() && self.nodes[node].is_none();
        if are_free && !is_of_another(fleet, node, machine) {
            self.tie(machine, node, Some(clue));
        }
    }

    /// Ties along hostnames: the newest machine first takes the newest Node of any of its hostnames.
    fn tie_hostnames(&mut self, fleet: &Fleet<'_>, directory: &Directory<'_>, newest_first: &[u32]) {
        let mut named = Named::new(fleet, directory.words.len());
        for machine in newest_first.iter().map(|machine| long(*machine)) {
            let fits = |node: usize| could_be_node_of(fleet, machine, node);
            let mut newest: Option<(usize, Word)> = None;
            for hostname in fleet.machines[machine].marks.hostnames() {
                self.is_control_plane[machine] |= named.control_plane(fleet, *hostname).any(fits);
                if let Some(node) = named.newest_free(*hostname, fleet, self, fits)
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
    fn new(fleet: &Fleet<'_>, words: usize) -> Self {
        let mut nodes = Bearers::new(words);
        for (node, facts) in fleet.nodes.iter().enumerate() {
            for name in facts.names() {
                nodes.add(name.index(), node);
            }
        }
        let mut several: BTreeMap<Word, Namesakes> = BTreeMap::new();
        for (node, facts) in fleet.nodes.iter().enumerate() {
            for name in facts.names().filter(|name| nodes.are_several(name.index())) {
                several.entry(name).or_default().add(fleet, node);
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
    fn newest_free(
        &mut self,
        name: Word,
        fleet: &Fleet<'_>,
        ties: &Ties,
        fits: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if let Some(only) = self.nodes.only(name.index()) {
            return Some(only).filter(|node| !ties.is_machine_known(fleet, *node) && fits(*node));
        }
        let found = self.several.get_mut(&name)?;
        let undated = found.undated.newest_free(fleet, ties);
        found
            .dated
            .newest_free(fleet, ties)
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
    fn newest_free(&mut self, fleet: &Fleet<'_>, ties: &Ties) -> Option<usize> {
        while self
            .nodes
            .get(self.next)
            .is_some_and(|node| ties.is_machine_known(fleet, *node))
        {
            self.next += 1;
        }
        self.nodes.get(self.next).copied()
    }
}

/// Lists the machines of the Nodes' cluster, the newest first (R6).
fn newest_first(fleet: &Fleet<'_>) -> Vec<u32> {
    let mut order = vec![0; fleet.machines.len()];
    for (index, facts) in fleet.machines.iter().enumerate() {
        order[facts.newest_order()] = short(index);
    }
    order.retain(|machine| fleet.machines[long(*machine)].marks.cluster == fleet.home);
    order
}

/// Tells whether the provider id of a Node names another machine, tied to it or not.
pub(crate) fn is_of_another(fleet: &Fleet<'_>, node: usize, machine: usize) -> bool {
    let provided = fleet.nodes[node].provided;
    provided.is_some_and(|provided| provided.index() != machine)
}

/// Finds the strongest link between one machine and one Node.
fn clue_between(fleet: &Fleet<'_>, directory: &Directory<'_>, machine: usize, node: usize) -> Option<Clue> {
    let (marks, node_facts) = (&fleet.machines[machine].marks, &fleet.nodes[node]);
    if node_facts.provided == Some(Place::new(machine)) {
        return Some(Clue::ProviderId);
    }
    let book = &directory.addresses;
    let is_shared = |address: &&_| {
        book.only_node(**address) == Some(node) && book.only_machine(**address) == Some(machine)
    };
    let by_address = marks.addresses().iter().find(is_shared);
    by_address.map(|address| Clue::Address(*address)).or_else(|| {
        let mut hostnames = marks.hostnames().iter();
        hostnames
            .find(|hostname| node_facts.names().any(|name| name == **hostname))
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
