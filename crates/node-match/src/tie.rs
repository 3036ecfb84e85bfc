//! Which machine and which Node are the same thing, whoever claims them.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use crate::EvidenceKind;
use crate::facts::Facts;
use crate::fleet::{Fleet, NodeFacts, before};

/// Holds the ties between machines and Nodes: at most one for each.
#[derive(Debug)]
pub(crate) struct Ties {
    machines: Vec<Option<usize>>,
    nodes: Vec<Option<usize>>,
    evidence: BTreeMap<usize, (EvidenceKind, String)>,
    /// Whether any link leads to a control-plane Node (R2c).
    pub(crate) is_control_plane: Vec<bool>,
}

/// The kinds of links, strongest first (R3).
const KINDS: [EvidenceKind; 3] = [
    EvidenceKind::ProviderId,
    EvidenceKind::Address,
    EvidenceKind::Hostname,
];

// === impl Ties ===

impl Ties {
    /// Ties machines to Nodes: records first, then provider ids, addresses and hostnames.
    pub(crate) fn new(fleet: &Fleet<'_>, facts: &[Facts]) -> Self {
        let mut ties = Self {
            machines: vec![None; fleet.machines.len()],
            nodes: vec![None; fleet.nodes.len()],
            evidence: BTreeMap::new(),
            is_control_plane: fleet
                .machines
                .iter()
                .map(|facts| facts.merged.is_control_plane())
                .collect(),
        };
        ties.tie_recorded_pairs(fleet, facts);
        ties.tie_all(fleet, EvidenceKind::ProviderId, provider_id_links(fleet));
        ties.tie_all(fleet, EvidenceKind::Address, address_links(fleet));
        ties.tie_hostnames(fleet);
        ties
    }

    pub(crate) fn node_of(&self, machine: usize) -> Option<usize> {
        self.machines[machine]
    }

    pub(crate) fn machine_of(&self, node: usize) -> Option<usize> {
        self.nodes[node]
    }

    /// Returns why a machine is tied to its Node; `None` when only records say so.
    pub(crate) fn evidence(&self, machine: usize) -> Option<&(EvidenceKind, String)> {
        self.evidence.get(&machine)
    }

    fn tie(&mut self, machine: usize, node: usize, evidence: Option<(EvidenceKind, String)>) {
        self.machines[machine] = Some(node);
        self.nodes[node] = Some(machine);
        if let Some(evidence) = evidence {
            self.evidence.insert(machine, evidence);
        }
    }

    fn are_free(&self, machine: usize, node: usize) -> bool {
        self.machines[machine].is_none() && self.nodes[node].is_none()
    }

    fn tie_recorded_pairs(&mut self, fleet: &Fleet<'_>, facts: &[Facts]) {
        for facts in facts.iter().filter(|facts| facts.conflict.is_none()) {
            if let (Some((machine, ..)), Some(node)) = (&facts.machine, facts.node) {
                self.tie(*machine, node, link_between(fleet, *machine, node));
            }
        }
    }

    /// Ties along links of one kind: the newest machine first, then the newest Node (R6).
    fn tie_all(&mut self, fleet: &Fleet<'_>, kind: EvidenceKind, mut links: Vec<(usize, usize, String)>) {
        links.sort_by_key(|(machine, node, _)| (fleet.machines[*machine].newest_order, *node));
        for (machine, node, detail) in links {
            if !could_be_node_of(fleet, machine, node) {
                continue;
            }
            self.is_control_plane[machine] |= fleet.nodes[node].is_control_plane;
            if self.are_free(machine, node) {
                self.tie(machine, node, Some((kind, detail)));
            }
        }
    }

    /// Ties along hostnames: the newest machine first takes the newest Node of any of its hostnames.
    fn tie_hostnames(&mut self, fleet: &Fleet<'_>) {
        let mut bearers: BTreeMap<&str, Bearers> = BTreeMap::new();
        for (node, facts) in fleet.nodes.iter().enumerate() {
            for name in &facts.names {
                bearers.entry(name).or_default().add(facts, node);
            }
        }
        let mut machines: Vec<usize> = at_home(fleet).map(|(machine, _)| machine).collect();
        machines.sort_by_key(|machine| fleet.machines[*machine].newest_order);
        for machine in machines {
            let mut newest: Option<(usize, &str)> = None;
            for hostname in &fleet.machines[machine].hostnames {
                let Some(found) = bearers.get_mut(hostname.as_str()) else {
                    continue;
                };
                let is_barred = found
                    .control_plane()
                    .any(|node| could_be_node_of(fleet, machine, node));
                self.is_control_plane[machine] |= is_barred;
                if let Some(node) =
                    found.newest_free(&self.nodes, |node| could_be_node_of(fleet, machine, node))
                    && newest.is_none_or(|(known, _)| node < known)
                {
                    newest = Some((node, hostname));
                }
            }
            if let (Some((node, hostname)), None) = (newest, self.machines[machine]) {
                self.tie(machine, node, Some((EvidenceKind::Hostname, hostname.to_owned())));
            }
        }
    }
}

/// Holds the Nodes of one name, newest first, and apart those whose age is unknown.
#[derive(Debug, Default)]
struct Bearers {
    dated: VecDeque<usize>,
    undated: VecDeque<usize>,
    newest_control_plane: Option<usize>,
    undated_control_plane: Option<usize>,
}

// === impl Bearers ===

impl Bearers {
    fn add(&mut self, facts: &NodeFacts<'_>, index: usize) {
        let is_dated = facts.node.created_at.is_some();
        if is_dated {
            self.dated.push_back(index)
        } else {
            self.undated.push_back(index)
        }
        if facts.is_control_plane {
            let known = if is_dated {
                &mut self.newest_control_plane
            } else {
                &mut self.undated_control_plane
            };
            known.get_or_insert(index);
        }
    }

    /// Lists control-plane Nodes: if any of them can be a machine's, one of these can.
    fn control_plane(&self) -> impl Iterator<Item = usize> {
        self.newest_control_plane
            .into_iter()
            .chain(self.undated_control_plane)
    }

    /// Returns the newest Node that is not tied yet and is young enough.
    ///
    /// When the newest is too old, all that have an age are.
    fn newest_free(&mut self, tied: &[Option<usize>], fits: impl Fn(usize) -> bool) -> Option<usize> {
        for queue in [&mut self.dated, &mut self.undated] {
            while queue.front().is_some_and(|node| tied[*node].is_some()) {
                queue.pop_front();
            }
        }
        self.dated
            .front()
            .copied()
            .filter(|node| fits(*node))
            .or_else(|| self.undated.front().copied())
    }
}

fn at_home<'f, 'a>(
    fleet: &'f Fleet<'a>,
) -> impl Iterator<Item = (usize, &'f crate::fleet::MachineFacts<'a>)> {
    let home = fleet.home;
    fleet
        .machines
        .iter()
        .enumerate()
        .filter(move |(_, facts)| home == Some(facts.merged.cluster()))
}

fn provider_id_links(fleet: &Fleet<'_>) -> Vec<(usize, usize, String)> {
    let link = |(node, facts): (usize, &crate::fleet::NodeFacts<'_>)| {
        let machine = fleet.machine_of_provider_id(facts.provider_id.as_ref()?)?;
        Some((
            machine,
            node,
            facts.node.provider_id.as_deref()?.trim().to_owned(),
        ))
    };
    fleet.nodes.iter().enumerate().filter_map(link).collect()
}

fn address_links(fleet: &Fleet<'_>) -> Vec<(usize, usize, String)> {
    let mut links = Vec::new();
    for (machine, facts) in at_home(fleet) {
        for address in &facts.addresses {
            let alone = fleet
                .machine_addresses
                .only_carrier(&(facts.merged.cluster(), *address))
                .is_some();
            if let Some(node) = fleet.node_addresses.only_carrier(address).filter(|_| alone) {
                links.push((machine, node, address.to_string()));
            }
        }
    }
    links
}

/// Finds the strongest link between one machine and one Node.
fn link_between(fleet: &Fleet<'_>, machine: usize, node: usize) -> Option<(EvidenceKind, String)> {
    let (machine_facts, node_facts) = (&fleet.machines[machine], &fleet.nodes[node]);
    KINDS.iter().find_map(|kind| {
        let detail = match kind {
            EvidenceKind::ProviderId => {
                let named = fleet.machine_of_provider_id(node_facts.provider_id.as_ref()?);
                (named == Some(machine))
                    .then(|| node_facts.node.provider_id.clone())
                    .flatten()
            }
            EvidenceKind::Address => {
                let cluster = machine_facts.merged.cluster();
                let shared = machine_facts.addresses.iter().find(|address| {
                    fleet.node_addresses.only_carrier(address) == Some(node)
                        && fleet.machine_addresses.only_carrier(&(cluster, **address)) == Some(machine)
                });
                shared.map(ToString::to_string)
            }
            EvidenceKind::Hostname => machine_facts
                .hostnames
                .iter()
                .find(|hostname| node_facts.names.contains(hostname))
                .cloned(),
            EvidenceKind::RecordedId
            | EvidenceKind::RecordedIdentifier
            | EvidenceKind::RecordedNode
            | EvidenceKind::HostnamePattern
            | EvidenceKind::ClaimLabel
            | EvidenceKind::Anonymous => None,
        };
        detail.map(|detail| (*kind, detail))
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
