//! R3 to R5: every link from a claim to a machine or a Node that is not a record.

use std::collections::{BTreeMap, BTreeSet};

use crate::EvidenceKind;
use crate::address::{AddressNumber, all_usable};
use crate::bearers::Bearers;
use crate::clue::Clue;
use crate::eligible::{machine_obstacle, node_obstacle};
use crate::facts::{Facts, recorded_provider_ids};
use crate::fleet::{Fleet, Label};
use crate::provider_id::ProviderId;
use crate::tie::Ties;
use crate::words::Word;

/// Links a claim to the machine or Node with this index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) claim: usize,
    pub(crate) index: usize,
    pub(crate) clue: Clue,
}

/// Holds all links, each kind in the order in which a claim tries them (R6: the newest first).
#[derive(Debug)]
pub(crate) struct Links {
    machines: BTreeMap<EvidenceKind, Vec<Link>>,
    nodes: BTreeMap<EvidenceKind, Vec<Link>>,
    labelled: BTreeMap<usize, usize>,
}

// === impl Links ===

impl Links {
    pub(crate) fn new(fleet: &Fleet<'_>, facts: &[Facts], ties: &Ties) -> Self {
        let mut links = Self {
            machines: BTreeMap::new(),
            nodes: BTreeMap::new(),
            labelled: BTreeMap::new(),
        };
        links.add_machines_by_name(fleet);
        links.add_nodes_by_provider_id(fleet, facts);
        links.add_nodes_by_address(fleet);
        links.add_nodes_by_label(fleet, ties);
        links.add_nodes_by_name(fleet, ties);
        for found in links.machines.values_mut() {
            found.sort_by_key(|link| (link.claim, fleet.machines[link.index].newest_order()));
        }
        for found in links.nodes.values_mut() {
            // Nodes are sorted newest first.
            found.sort_by_key(|link| (link.claim, link.index));
        }
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

    fn add_machines_by_name(&mut self, fleet: &Fleet<'_>) {
        for (index, machine) in fleet.machines.iter().enumerate() {
            for hostname in &machine.hostnames {
                if let Some(claim) = fleet.names.exact(*hostname) {
                    push(&mut self.machines, claim, index, Clue::Hostname(*hostname));
                }
                if let Some(claim) = fleet.names.pattern(&fleet.words, machine.cluster, *hostname) {
                    push(&mut self.machines, claim, index, Clue::HostnamePattern(*hostname));
                }
            }
        }
    }

    /// Links Nodes whose provider id names the machine recorded on a claim, listed or not.
    fn add_nodes_by_provider_id(&mut self, fleet: &Fleet<'_>, facts: &[Facts]) {
        let mut owners: BTreeMap<ProviderId<'_>, BTreeSet<usize>> = BTreeMap::new();
        for (claim, facts) in facts.iter().enumerate() {
            if facts.is_machine_missing && fleet.is_at_home(claim) {
                for id in recorded_provider_ids(fleet, claim) {
                    owners.entry(id).or_default().insert(claim);
                }
            }
        }
        for (index, node) in fleet.nodes.iter().enumerate() {
            let claims = node.provider_id.as_ref().and_then(|id| owners.get(id));
            if let Some((1, Some(claim))) = claims.map(|claims| (claims.len(), claims.first())) {
                push(&mut self.nodes, *claim, index, Clue::ProviderId);
            }
        }
    }

    fn add_nodes_by_address(&mut self, fleet: &Fleet<'_>) {
        let mut recorded: Vec<(AddressNumber, usize)> = Vec::new();
        for claim in (0..fleet.claims.len()).filter(|claim| fleet.is_at_home(*claim)) {
            let addresses = all_usable(&fleet.claims[claim].addresses).into_iter();
            // An address that nothing carries links nothing.
            let known = addresses.filter_map(|address| fleet.addresses.find(fleet.home, address));
            recorded.extend(known.map(|number| (number, claim)));
        }
        let mut recorders = Bearers::default();
        for (number, claim) in &recorded {
            recorders.add(number.index(), *claim);
        }
        for (number, claim) in recorded {
            if let Some(node) = fleet
                .addresses
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
                push(&mut self.nodes, claim, index, Clue::ClaimLabel);
                if node_obstacle(fleet, ties, claim, index).is_none() {
                    // Nodes are sorted newest first.
                    self.labelled.entry(claim).or_insert(index);
                }
            }
        }
    }

    fn add_nodes_by_name(&mut self, fleet: &Fleet<'_>, ties: &Ties) {
        let mut bearers: Option<BTreeMap<Word, Vec<usize>>> = None;
        for (index, node) in fleet.nodes.iter().enumerate() {
            for name in &node.names {
                if let Some(claim) = fleet.names.exact(*name) {
                    push(&mut self.nodes, claim, index, Clue::Hostname(*name));
                }
                let Some(claim) = fleet.names.pattern(&fleet.words, fleet.home, *name) else {
                    continue;
                };
                let bearers = bearers.get_or_insert_with(|| machines_by_hostname(fleet));
                let is_machine_eligible = bearers.get(name).is_some_and(|machines| {
                    machines
                        .iter()
                        .any(|machine| machine_obstacle(fleet, ties, claim, *machine).is_none())
                });
                if !is_machine_eligible {
                    push(&mut self.nodes, claim, index, Clue::HostnamePattern(*name));
                }
            }
        }
    }
}

fn machines_by_hostname(fleet: &Fleet<'_>) -> BTreeMap<Word, Vec<usize>> {
    let mut bearers: BTreeMap<Word, Vec<usize>> = BTreeMap::new();
    for (index, machine) in fleet.machines.iter().enumerate() {
        for hostname in &machine.hostnames {
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
