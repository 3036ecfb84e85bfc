//! R3 to R5: every link from a claim to a machine or a Node that is not a record.

use std::collections::{BTreeMap, BTreeSet};

use crate::EvidenceKind;
use crate::address::{AddressBook, all_usable};
use crate::eligible::{machine_obstacle, node_obstacle};
use crate::facts::{Facts, recorded_identity};
use crate::fleet::{Fleet, Label};
use crate::provider_id::ProviderId;
use crate::tie::Ties;

/// Links a claim to the machine or Node with this index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) claim: usize,
    pub(crate) index: usize,
    pub(crate) kind: EvidenceKind,
    pub(crate) detail: String,
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
            found.sort_by_key(|link| (link.claim, fleet.machines[link.index].newest_order));
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
            let cluster = machine.merged.cluster();
            for hostname in &machine.hostnames {
                if let Some(claim) = fleet.names.exact(cluster, hostname) {
                    push(&mut self.machines, claim, index, EvidenceKind::Hostname, hostname);
                }
                if let Some(claim) = fleet.names.pattern(cluster, hostname) {
                    push(
                        &mut self.machines,
                        claim,
                        index,
                        EvidenceKind::HostnamePattern,
                        hostname,
                    );
                }
            }
        }
    }

    /// Links Nodes whose provider id names the machine recorded on a claim, listed or not.
    fn add_nodes_by_provider_id(&mut self, fleet: &Fleet<'_>, facts: &[Facts]) {
        let mut owners: BTreeMap<ProviderId, BTreeSet<usize>> = BTreeMap::new();
        for (claim, _) in facts
            .iter()
            .enumerate()
            .filter(|(_, facts)| facts.is_machine_missing)
        {
            if !fleet.is_at_home(claim) {
                continue;
            }
            let (identifiers, number) = recorded_identity(fleet, fleet.claims[claim]);
            let named = identifiers.into_iter().map(ProviderId::Identifier);
            for id in named.chain(number.map(ProviderId::Number)) {
                owners.entry(id).or_default().insert(claim);
            }
        }
        for (index, node) in fleet.nodes.iter().enumerate() {
            let Some(claims) = node.provider_id.as_ref().and_then(|id| owners.get(id)) else {
                continue;
            };
            if let (1, Some(claim)) = (claims.len(), claims.first()) {
                let detail = node.node.provider_id.as_deref().unwrap_or_default().trim();
                push(&mut self.nodes, *claim, index, EvidenceKind::ProviderId, detail);
            }
        }
    }

    fn add_nodes_by_address(&mut self, fleet: &Fleet<'_>) {
        let recorded = |claim: usize| all_usable(&fleet.claims[claim].addresses);
        let at_home = || (0..fleet.claims.len()).filter(|claim| fleet.is_at_home(*claim));
        let book = AddressBook::new(
            at_home().flat_map(|claim| recorded(claim).into_iter().map(move |address| (address, claim))),
        );
        for claim in at_home() {
            for address in recorded(claim) {
                if book.only_carrier(&address).is_none() {
                    continue;
                }
                if let Some(node) = fleet.node_addresses.only_carrier(&address) {
                    push(
                        &mut self.nodes,
                        claim,
                        node,
                        EvidenceKind::Address,
                        &address.to_string(),
                    );
                }
            }
        }
    }

    fn add_nodes_by_label(&mut self, fleet: &Fleet<'_>, ties: &Ties) {
        for (index, node) in fleet.nodes.iter().enumerate() {
            if let Label::Claim(claim) = node.label {
                let detail = fleet.claims[claim].name.as_str();
                push(&mut self.nodes, claim, index, EvidenceKind::ClaimLabel, detail);
                if node_obstacle(fleet, ties, claim, index).is_none() {
                    // Nodes are sorted newest first.
                    self.labelled.entry(claim).or_insert(index);
                }
            }
        }
    }

    fn add_nodes_by_name(&mut self, fleet: &Fleet<'_>, ties: &Ties) {
        let Some(home) = fleet.home else { return };
        let mut bearers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, machine) in fleet.machines.iter().enumerate() {
            if machine.merged.cluster() == home {
                for hostname in &machine.hostnames {
                    bearers.entry(hostname).or_default().push(index);
                }
            }
        }
        for (index, node) in fleet.nodes.iter().enumerate() {
            for name in &node.names {
                if let Some(claim) = fleet.names.exact(home, name) {
                    push(&mut self.nodes, claim, index, EvidenceKind::Hostname, name);
                }
                let Some(claim) = fleet.names.pattern(home, name) else {
                    continue;
                };
                let is_machine_eligible = bearers.get(name.as_str()).is_some_and(|machines| {
                    machines
                        .iter()
                        .any(|machine| machine_obstacle(fleet, ties, claim, *machine).is_none())
                });
                if !is_machine_eligible {
                    push(&mut self.nodes, claim, index, EvidenceKind::HostnamePattern, name);
                }
            }
        }
    }
}

fn push(
    links: &mut BTreeMap<EvidenceKind, Vec<Link>>,
    claim: usize,
    index: usize,
    kind: EvidenceKind,
    detail: &str,
) {
    links.entry(kind).or_default().push(Link {
        claim,
        index,
        kind,
        detail: detail.to_owned(),
    });
}
