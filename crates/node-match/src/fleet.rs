//! The snapshot, sorted and prepared, so that every question about it is a look-up.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::address::{self, AddressBook};
use crate::hostname::NameIndex;
use crate::merge::{CONTROL_PLANE_MARK, absent_last, merge, text};
use crate::provider_id::ProviderId;
use crate::{Baseline, Claim, ClusterShape, Group, Machine, MergedMachine, Node, Settings, Snapshot, home};

/// Holds a snapshot in an order that does not depend on the input's.
///
/// Claims, machines and Nodes are referred to by their index here.
#[derive(Debug)]
pub(crate) struct Fleet<'a> {
    pub(crate) now: DateTime<Utc>,
    pub(crate) settings: &'a Settings,
    /// Sorted by uid.
    pub(crate) claims: Vec<&'a Claim>,
    pub(crate) machines: Vec<MachineFacts<'a>>,
    pub(crate) nodes: Vec<NodeFacts<'a>>,
    pub(crate) groups: BTreeMap<(&'a str, u64), &'a Group>,
    pub(crate) shapes: BTreeMap<&'a str, &'a ClusterShape>,
    pub(crate) names: NameIndex<'a>,
    /// The cluster of all Nodes.
    pub(crate) home: Option<&'a str>,
    pub(crate) machine_addresses: AddressBook<(&'a str, IpAddr)>,
    pub(crate) node_addresses: AddressBook<IpAddr>,
    pub(crate) by_identifier: BTreeMap<(&'a str, String), usize>,
    /// One id may stand in several lists for different machines.
    pub(crate) by_id: BTreeMap<(&'a str, u64), Vec<usize>>,
}

/// Holds a machine with what is compared about it.
#[derive(Debug)]
pub(crate) struct MachineFacts<'a> {
    pub(crate) merged: MergedMachine<'a>,
    pub(crate) hostnames: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    /// Its place among all machines: newest first (R6).
    pub(crate) newest_order: usize,
    /// Its place among all machines: oldest first (R7).
    pub(crate) oldest_order: usize,
    key_hashes: Vec<u64>,
}

/// Holds a Node with what is compared about it.
#[derive(Debug)]
pub(crate) struct NodeFacts<'a> {
    pub(crate) node: &'a Node,
    /// Its name and hostname.
    pub(crate) names: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) provider_id: Option<ProviderId>,
    pub(crate) label: Label,
    /// Whether its labels or its name show it as part of the control plane (R2c).
    pub(crate) is_control_plane: bool,
    name_hash: u64,
}

/// Tells which claim the labels of a Node name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// There is none.
    None,
    /// This one.
    Claim(usize),
    /// One of several of the same name.
    Unclear,
    /// One that is not in the snapshot.
    Unknown,
}

// === impl Fleet ===

impl<'a> Fleet<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        let mut claims: Vec<&Claim> = snapshot.claims.iter().collect();
        claims.sort_unstable();
        let machines = sorted_machines(&snapshot.machines);
        let mut nodes = sorted_nodes(&snapshot.nodes);
        let mut names = name_index(&claims, &machines);
        let machine_addresses = AddressBook::new(machines.iter().enumerate().flat_map(|(index, machine)| {
            let cluster = machine.merged.cluster();
            machine
                .addresses
                .iter()
                .map(move |address| ((cluster, *address), index))
        }));
        let node_addresses = AddressBook::new(
            nodes
                .iter()
                .enumerate()
                .flat_map(|(index, node)| node.addresses.iter().map(move |address| (*address, index))),
        );
        let mut by_identifier = BTreeMap::new();
        let mut by_id: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, machine) in machines.iter().enumerate() {
            let cluster = machine.merged.cluster();
            for identifier in machine.merged.identifiers() {
                by_identifier.insert((cluster, identifier), index);
            }
            for id in machine.merged.ids() {
                by_id.entry((cluster, id)).or_default().push(index);
            }
        }
        let home = home::cluster_of_nodes(snapshot, &claims, &machines, &nodes, &by_identifier);
        label_nodes(&mut nodes, &claims, home);
        // Where VPSie reports no machines, only the Nodes show how it names them.
        for (cluster, node) in home
            .into_iter()
            .flat_map(|home| nodes.iter().map(move |node| (home, node)))
        {
            for name in &node.names {
                names.learn_scheme(cluster, name);
            }
        }
        Self {
            now: snapshot.now,
            settings: &snapshot.settings,
            groups: snapshot
                .groups
                .iter()
                .map(|group| ((group.cluster.as_str(), group.id), group))
                .collect(),
            shapes: snapshot
                .clusters
                .iter()
                .map(|cluster| (cluster.id.as_str(), &cluster.shape))
                .collect(),
            claims,
            machines,
            nodes,
            names,
            home,
            machine_addresses,
            node_addresses,
            by_identifier,
            by_id,
        }
    }

    /// Returns the group of a claim, where VPSie describes it.
    pub(crate) fn group_of(&self, claim: usize) -> Option<&'a Group> {
        let claim = self.claims[claim];
        self.groups.get(&(claim.cluster.as_str(), claim.group?)).copied()
    }

    /// Returns the machines that a provider id names, in the cluster of the Nodes.
    pub(crate) fn machine_of_provider_id(&self, provider_id: &ProviderId) -> Option<usize> {
        let home = self.home?;
        match provider_id {
            ProviderId::Identifier(identifier) => {
                self.by_identifier.get(&(home, identifier.clone())).copied()
            }
            ProviderId::Number(id) => match self.by_id.get(&(home, *id)).map(Vec::as_slice) {
                Some([machine]) => Some(*machine),
                // Nothing tells to which list the number belongs.
                Some(_) | None => None,
            },
        }
    }

    /// Tells whether a claim lives in the cluster of the Nodes.
    pub(crate) fn is_at_home(&self, claim: usize) -> bool {
        self.home == Some(self.claims[claim].cluster.as_str())
    }

    /// Returns the earliest moment at which something made for the claim can have appeared.
    pub(crate) fn earliest(&self, claim: usize) -> Option<DateTime<Utc>> {
        self.claims[claim]
            .requested_at
            .map(|at| before(at, self.settings))
    }
}

/// Subtracts the clock-skew allowance.
pub(crate) fn before(at: DateTime<Utc>, settings: &Settings) -> DateTime<Utc> {
    at.checked_sub_signed(settings.clock_skew)
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

// === impl MachineFacts ===

impl<'a> MachineFacts<'a> {
    fn new(merged: MergedMachine<'a>) -> Self {
        let hostnames = merged.hostnames();
        let key_hashes = merged
            .ids()
            .iter()
            .map(|id| Baseline::hash(&id.to_string()))
            .chain(
                merged
                    .identifiers()
                    .iter()
                    .map(|identifier| Baseline::hash(identifier)),
            )
            .chain(hostnames.iter().map(|hostname| Baseline::hash(hostname)))
            .collect();
        let addresses = merged.usable_addresses();
        Self {
            hostnames,
            addresses,
            key_hashes,
            newest_order: 0,
            oldest_order: 0,
            merged,
        }
    }

    /// Tells whether the machine was there when the baseline was taken.
    pub(crate) fn is_in(&self, baseline: &Baseline) -> bool {
        self.key_hashes.iter().any(|hash| baseline.contains_hash(*hash))
    }

    /// Returns when it was created, where that is certain.
    pub(crate) fn zoned_created_at(&self) -> Option<DateTime<Utc>> {
        self.merged
            .created_at()
            .filter(|time| time.zoned)
            .map(|time| time.at)
    }
}

// === impl NodeFacts ===

impl<'a> NodeFacts<'a> {
    fn new(node: &'a Node) -> Self {
        let mut names: Vec<String> = [Some(node.name.as_str()), node.hostname.as_deref()]
            .into_iter()
            .filter_map(|name| text(name).map(str::to_lowercase))
            .collect();
        names.dedup();
        let is_named_so = names.iter().any(|name| name.contains(CONTROL_PLANE_MARK));
        Self {
            is_control_plane: node.control_plane || is_named_so,
            names,
            addresses: address::all_usable(&node.addresses),
            provider_id: node.provider_id.as_deref().and_then(ProviderId::parse),
            label: Label::None,
            name_hash: Baseline::hash(&node.name),
            node,
        }
    }

    /// Tells whether the Node was there when the baseline was taken.
    pub(crate) fn is_in(&self, baseline: &Baseline) -> bool {
        baseline.contains_hash(self.name_hash)
    }
}

fn sorted_machines(reports: &[Machine]) -> Vec<MachineFacts<'_>> {
    let mut machines: Vec<MachineFacts<'_>> = merge(reports).into_iter().map(MachineFacts::new).collect();
    // The index breaks the last ties: the machines are sorted by id, identifier and hostname already.
    let mut order: Vec<usize> = (0..machines.len()).collect();
    let created = |index: usize, machines: &[MachineFacts<'_>]| machines[index].merged.created_at();
    order.sort_by_key(|index| {
        (
            absent_last(created(*index, &machines).map(|time| std::cmp::Reverse(time.at))),
            tie(&machines[*index], *index),
        )
    });
    for (place, index) in order.iter().enumerate() {
        machines[*index].newest_order = place;
    }
    order.sort_by_key(|index| {
        (
            absent_last(created(*index, &machines).map(|time| time.at)),
            tie(&machines[*index], *index),
        )
    });
    for (place, index) in order.iter().enumerate() {
        machines[*index].oldest_order = place;
    }
    machines
}

type Tie<'m> = (
    (bool, Option<u64>),
    (bool, Option<&'m str>),
    (bool, Option<&'m str>),
    usize,
);

/// Orders machines of one age: the smallest id, then identifier, then hostname.
fn tie<'m>(machine: &MachineFacts<'m>, index: usize) -> Tie<'m> {
    let merged = &machine.merged;
    (
        absent_last(merged.id()),
        absent_last(merged.identifier()),
        absent_last(merged.hostname()),
        index,
    )
}

/// Sorts the Nodes newest first, unknown ages last.
fn sorted_nodes(nodes: &[Node]) -> Vec<NodeFacts<'_>> {
    let mut sorted: Vec<&Node> = nodes.iter().collect();
    sorted.sort_by(|left, right| {
        let age = |node: &Node| absent_last(node.created_at.map(std::cmp::Reverse));
        age(left)
            .cmp(&age(right))
            .then_with(|| left.name.cmp(&right.name))
            .then_with(|| left.cmp(right))
    });
    sorted.into_iter().map(NodeFacts::new).collect()
}

fn name_index<'a>(claims: &[&'a Claim], machines: &[MachineFacts<'a>]) -> NameIndex<'a> {
    let mut names = NameIndex::default();
    for (index, claim) in claims.iter().enumerate() {
        names.add_claim(
            claim.cluster.as_str(),
            &claim.name,
            text(claim.hostname.as_deref()),
            index,
        );
    }
    for machine in machines {
        for hostname in &machine.hostnames {
            names.learn_scheme(machine.merged.cluster(), hostname);
        }
    }
    names
}

/// Finds out which claim each Node is labelled for.
///
/// The uid decides where it is given: a name may have belonged to an earlier claim.
fn label_nodes(nodes: &mut [NodeFacts<'_>], claims: &[&Claim], home: Option<&str>) {
    let at_home = || {
        claims
            .iter()
            .enumerate()
            .filter(|(_, claim)| home == Some(claim.cluster.as_str()))
    };
    let by_uid: BTreeMap<&str, usize> = at_home()
        .map(|(index, claim)| (claim.uid.as_str(), index))
        .collect();
    let mut by_name: BTreeMap<&str, Label> = BTreeMap::new();
    for (index, claim) in at_home() {
        by_name
            .entry(claim.name.as_str())
            .and_modify(|label| *label = Label::Unclear)
            .or_insert(Label::Claim(index));
    }
    for facts in nodes {
        let uid = text(facts.node.claim_uid.as_deref());
        let name = text(facts.node.claim_label.as_deref());
        facts.label = match (uid, name) {
            (Some(uid), _) => by_uid
                .get(uid)
                .map_or(Label::Unknown, |index| Label::Claim(*index)),
            (None, Some(name)) => by_name.get(name).copied().unwrap_or(Label::Unknown),
            (None, None) => Label::None,
        };
    }
}
