//! R3 to R5: every link from a claim to a machine or a Node that is not a record.

use std::collections::BTreeMap;

use crate::EvidenceKind;
use crate::address::{AddressBook, AddressNumber, all_usable};
use crate::assign::Part;
use crate::bearers::Bearers;
use crate::clue::Clue;
use crate::directory::Directory;
use crate::eligible::{machine_obstacle, node_obstacle};
use crate::facts::AllFacts;
use crate::fleet::{Fleet, Label};
use crate::hostname::NameIndex;
use crate::merge::text;
use crate::provider_id::ProviderId;
use crate::tie::Ties;
use crate::words::{Word, Words, lower};

/// Links a claim to the machine or Node with this index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) claim: usize,
    pub(crate) index: usize,
    pub(crate) clue: Clue,
}

/// Holds all links, each kind in the order in which a claim tries them (R6: the newest first).
#[derive(Debug, Default)]
pub(crate) struct Links {
    machines: BTreeMap<EvidenceKind, Vec<Link>>,
    nodes: BTreeMap<EvidenceKind, Vec<Link>>,
    labelled: BTreeMap<usize, usize>,
    /// R4: names of claims that those of machines and Nodes start with; a machine bears those of its Node, too.
    pub(crate) names: Vec<(Part, Word)>,
}

// === impl Links ===

impl Links {
    pub(crate) fn new(
        fleet: &Fleet<'_>,
        directory: &Directory<'_>,
        facts: &AllFacts<'_>,
        ties: &Ties,
    ) -> Self {
        let names = name_index(fleet, &directory.words);
        let mut links = Self::default();
        links.add_machines_by_name(fleet, &directory.words, &names);
        links.add_nodes_by_provider_id(fleet, facts);
        links.add_nodes_by_address(fleet, &directory.addresses);
        links.add_nodes_by_label(fleet, ties);
        links.add_nodes_by_name(fleet, ties, &directory.words, &names);
        for found in links.machines.values_mut() {
            found.sort_by_key(|link| (link.claim, fleet.machines[link.index].newest_order()));
        }
        for found in links.nodes.values_mut() {
            // Nodes are sorted newest first.
            found.sort_by_key(|link| (link.claim, link.index));
        }
        links.names.sort_unstable();
        links.names.dedup();
        links
    }

    pub(crate) fn to_machines(&self, kind: EvidenceKind) -> &[Link] {
        self.machines.get(&kind).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn to_nodes(&self, kind: EvidenceKind) -> &[Link] {
        self.nodes.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Returns the newest Node that may be the claim's and is labelled for it.
    pub(crate) fn labelled_node(&self, claim: usize) -> Option<usize> {
        self.labelled.get(&claim).copied()
    }

    fn add_machines_by_name(&mut self, fleet: &Fleet<'_>, words: &Words<'_>, names: &NameIndex) {
        for (index, machine) in fleet.machines.iter().enumerate() {
            for hostname in machine.marks.hostnames() {
                if let Some(claim) = names.exact(*hostname) {
                    push(&mut self.machines, claim, index, Clue::Hostname(*hostname));
                }
                let Some(name) = names.longest(words, machine.marks.cluster, *hostname) else {
                    continue;
                };
                self.names.push((Part::Machine(index), name));
                if let Some(claim) = names.only(name) {
                    push(&mut self.machines, claim, index, Clue::HostnamePattern(*hostname));
                }
            }
        }
    }

    /// Links Nodes whose provider id names the machine recorded on a claim, listed or not.
    fn add_nodes_by_provider_id(&mut self, fleet: &Fleet<'_>, facts: &AllFacts<'_>) {
        if facts.unlisted.is_empty() {
            return;
        }
        for (index, facts_of_node) in fleet.nodes.iter().enumerate() {
            let provider_id = facts_of_node.node.provider_id.as_deref();
            let claim = provider_id
                .and_then(ProviderId::parse)
                .and_then(|id| *facts.unlisted.get(&id)?);
            if let Some(claim) = claim {
                push(&mut self.nodes, claim, index, Clue::ProviderId);
            }
        }
    }

    fn add_nodes_by_address(&mut self, fleet: &Fleet<'_>, book: &AddressBook) {
        let mut recorded: Vec<(AddressNumber, usize)> = Vec::new();
        for claim in (0..fleet.claims.len()).filter(|claim| fleet.is_at_home(*claim)) {
            let addresses = all_usable(&fleet.claims[claim].addresses).into_iter();
            // An address that nothing carries links nothing.
            let known = addresses.filter_map(|address| book.find(fleet.home, address));
            recorded.extend(known.map(|number| (number, claim)));
        }
        let mut recorders = Bearers::default();
        for (number, claim) in &recorded {
            recorders.add(number.index(), *claim);
        }
        for (number, claim) in recorded {
            if let Some(node) = book
                .only_node(number)
                .filter(|_| !recorders.are_several(number.index()))
            {
                push(&mut self.nodes, claim, node, Clue::Address(number));
            }
        }
    }

    fn add_nodes_by_label(&mut self, fleet: &Fleet<'_>, ties: &Ties) {
        for (index, node) in fleet.nodes.iter().enumerate() {
            if let Label::Claim(claim) = node.label {
                let claim = claim.index();
                push(&mut self.nodes, claim, index, Clue::ClaimLabel);
                if node_obstacle(fleet, ties, claim, index).is_none() {
                    // Nodes are sorted newest first.
                    self.labelled.entry(claim).or_insert(index);
                }
            }
        }
    }

    fn add_nodes_by_name(&mut self, fleet: &Fleet<'_>, ties: &Ties, words: &Words<'_>, names: &NameIndex) {
        let mut bearers: Option<BTreeMap<Word, Vec<usize>>> = None;
        // However many Nodes bear a name, its claim and its machines are the same.
        let mut are_eligible: BTreeMap<Word, bool> = BTreeMap::new();
        for (index, node) in fleet.nodes.iter().enumerate() {
            for name in node.names() {
                if let Some(claim) = names.exact(name) {
                    push(&mut self.nodes, claim, index, Clue::Hostname(name));
                }
                let Some(longest) = names.longest(words, fleet.home, name) else {
                    continue;
                };
                self.names.push((Part::Node(index), longest));
                let machine = ties.machine_of(index).map(Part::Machine);
                self.names.extend(machine.map(|machine| (machine, longest)));
                let Some(claim) = names.only(longest) else {
                    continue;
                };
                let bearers = bearers.get_or_insert_with(|| machines_by_hostname(fleet));
                let is_any_eligible = are_eligible.entry(name).or_insert_with(|| {
                    let mut machines = bearers.get(&name).into_iter().flatten();
                    machines.any(|machine| machine_obstacle(fleet, ties, claim, *machine).is_none())
                });
                if !*is_any_eligible {
                    push(&mut self.nodes, claim, index, Clue::HostnamePattern(name));
                }
            }
        }
    }
}

/// Reads the names of claims, and how VPSie names the machines of each cluster.
fn name_index(fleet: &Fleet<'_>, words: &Words<'_>) -> NameIndex {
    let mut names = NameIndex::with_capacity(fleet.claims.len());
    for (index, claim) in fleet.claims.iter().enumerate() {
        if let Some(name) = fleet.name_of(index) {
            names.add_name(words, name, index);
        }
        // A hostname that nothing else bears links nothing.
        let hostname = text(claim.hostname.as_deref());
        if let Some(hostname) = hostname.and_then(|text| words.find(fleet.cluster_of(index), &lower(text))) {
            names.add_recorded_hostname(hostname, index);
        }
    }
    for machine in &fleet.machines {
        for hostname in machine.marks.hostnames() {
            names.learn_scheme(machine.marks.cluster, &words.text(*hostname));
        }
    }
    // Where VPSie reports no machines, only the Nodes show how it names them.
    for name in fleet.nodes.iter().flat_map(|node| node.names()) {
        names.learn_scheme(fleet.home, &words.text(name));
    }
    names
}

fn machines_by_hostname(fleet: &Fleet<'_>) -> BTreeMap<Word, Vec<usize>> {
    let mut bearers: BTreeMap<Word, Vec<usize>> = BTreeMap::new();
    for (index, machine) in fleet.machines.iter().enumerate() {
        for hostname in machine.marks.hostnames() {
            bearers.entry(*hostname).or_default().push(index);
        }
    }
    bearers
}

fn push(links: &mut BTreeMap<EvidenceKind, Vec<Link>>, claim: usize, index: usize, clue: Clue) {
    links
        .entry(clue.kind())
        .or_default()
        .push(Link { claim, index, clue });
}
