//! The snapshot, sorted and prepared, so that every question about it is a look-up.

mod machines;
mod nodes;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::address::{AddressBook, all_usable};
use crate::bearers::Bearers;
use crate::home;
use crate::hostname::NameIndex;
use crate::merge::text;
use crate::order::sort_by_text;
use crate::provider_id::ProviderId;
use crate::words::{ClusterNumber, Clusters, Word, Words, long, lower, short};
use crate::{Claim, ClusterShape, Group, Settings, Snapshot};

pub(crate) use machines::MachineFacts;
pub(crate) use nodes::{Label, NodeFacts};

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
    /// The newest first, unknown ages last.
    pub(crate) nodes: Vec<NodeFacts<'a>>,
    pub(crate) clusters: Clusters<'a>,
    pub(crate) groups: BTreeMap<(ClusterNumber, u64), &'a Group>,
    pub(crate) shapes: BTreeMap<ClusterNumber, &'a ClusterShape>,
    pub(crate) words: Words<'a>,
    pub(crate) names: NameIndex,
    pub(crate) addresses: AddressBook,
    /// The cluster of all Nodes.
    pub(crate) home: ClusterNumber,
    /// One entry per claim.
    claim_clusters: Vec<ClusterNumber>,
    /// By the number of the identifier.
    by_identifier: Bearers,
    /// Sorted. One id may stand in several lists for different machines.
    by_id: Vec<(ClusterNumber, u64, u32)>,
    /// By the number of the Node's name.
    by_node_name: Bearers,
}

// === impl Fleet ===

impl<'a> Fleet<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        let mut claims: Vec<&Claim> = snapshot.claims.iter().collect();
        sort_by_text(&mut claims, |claim| claim.uid.as_str());
        let of_claims = claims.iter().map(|claim| claim.cluster.as_str());
        let of_machines = snapshot.machines.iter().map(|machine| machine.cluster.as_str());
        let clusters = Clusters::new(of_claims.chain(of_machines));
        let number = |cluster: &str| clusters.number(cluster);
        let mut fleet = Self {
            now: snapshot.now,
            settings: &snapshot.settings,
            machines: Vec::new(),
            nodes: Vec::new(),
            groups: snapshot
                .groups
                .iter()
                .map(|group| ((number(&group.cluster), group.id), group))
                .collect(),
            shapes: snapshot
                .clusters
                .iter()
                .map(|cluster| (number(&cluster.id), &cluster.shape))
                .collect(),
            // A claim has a name, a machine an identifier and a hostname, which mostly is its Node's.
            words: Words::with_capacity(claims.len() + snapshot.machines.len() * 2),
            names: NameIndex::default(),
            addresses: AddressBook::with_capacity(snapshot.machines.len()),
            home: ClusterNumber::UNKNOWN,
            claim_clusters: claims.iter().map(|claim| number(&claim.cluster)).collect(),
            by_identifier: Bearers::default(),
            by_id: Vec::new(),
            by_node_name: Bearers::default(),
            claims,
            clusters,
        };
        fleet.learn_names_of_claims();
        fleet.learn_machines(&snapshot.machines);
        fleet.home = home::cluster_of_nodes(&fleet, snapshot);
        fleet.learn_nodes(&snapshot.nodes);
        fleet
    }

    fn learn_names_of_claims(&mut self) {
        for (index, claim) in self.claims.iter().enumerate() {
            let cluster = self.claim_clusters[index];
            if let Some(name) = text(Some(&claim.name)) {
                let name = self.words.learn(cluster, name);
                self.names.add_name(&self.words, name, index);
            }
            if let Some(hostname) = text(claim.hostname.as_deref()) {
                self.names
                    .add_recorded_hostname(self.words.learn(cluster, hostname), index);
            }
        }
    }

    fn learn_machines(&mut self, reports: &'a [crate::Machine]) {
        self.machines = machines::sorted(reports, &self.clusters, &mut self.words, &mut self.addresses);
        self.by_identifier = Bearers::new(self.words.len());
        for (index, machine) in self.machines.iter().enumerate() {
            for hostname in &machine.hostnames {
                self.names
                    .learn_scheme(machine.cluster, self.words.text(*hostname));
            }
            for address in &machine.addresses {
                self.addresses.add_machine(*address, index);
            }
            for identifier in &machine.identifiers {
                self.by_identifier.add(identifier.index(), index);
            }
            for id in machine.merged.ids() {
                self.by_id.push((machine.cluster, id, short(index)));
            }
        }
        self.by_id.sort_unstable();
    }

    fn learn_nodes(&mut self, nodes: &'a [crate::Node]) {
        self.nodes = nodes::sorted(nodes, self.home, &mut self.words);
        nodes::label(&mut self.nodes, self.home, &self.claims, &self.claim_clusters);
        self.by_node_name = Bearers::new(self.words.len());
        for (index, facts) in self.nodes.iter().enumerate() {
            if let Some(name) = facts.name {
                self.by_node_name.add(name.index(), index);
            }
            for address in all_usable(&facts.node.addresses) {
                let number = self.addresses.learn(self.home, address);
                self.addresses.add_node(number, index);
            }
            // Where VPSie reports no machines, only the Nodes show how it names them.
            for name in &facts.names {
                self.names.learn_scheme(self.home, self.words.text(*name));
            }
        }
    }

    pub(crate) fn cluster_of(&self, claim: usize) -> ClusterNumber {
        self.claim_clusters[claim]
    }

    /// Returns the group of a claim, where VPSie describes it.
    pub(crate) fn group_of(&self, claim: usize) -> Option<&'a Group> {
        let group = self.claims[claim].group?;
        self.groups.get(&(self.cluster_of(claim), group)).copied()
    }

    /// Returns the machine with an identifier, given in lower case.
    pub(crate) fn machine_of_identifier(&self, cluster: ClusterNumber, identifier: &str) -> Option<usize> {
        self.by_identifier
            .first(self.words.find(cluster, identifier)?.index())
    }

    /// Returns the machines with an id, one per list at most.
    pub(crate) fn machines_of_id(&self, cluster: ClusterNumber, id: u64) -> impl Iterator<Item = usize> {
        let start = self
            .by_id
            .partition_point(|(known, its, _)| (*known, *its) < (cluster, id));
        self.by_id[start..]
            .iter()
            .take_while(move |(known, its, _)| (*known, *its) == (cluster, id))
            .map(|(.., machine)| long(*machine))
    }

    /// Returns the machine that a provider id names, in the cluster of the Nodes.
    pub(crate) fn machine_of_provider_id(&self, provider_id: &ProviderId<'_>) -> Option<usize> {
        match provider_id {
            ProviderId::Identifier(identifier) => self.machine_of_identifier(self.home, identifier),
            ProviderId::Number(id) => {
                let mut machines = self.machines_of_id(self.home, *id);
                match (machines.next(), machines.next()) {
                    (Some(machine), None) => Some(machine),
                    // Nothing tells to which list the number belongs.
                    (Some(_), Some(_)) | (None, _) => None,
                }
            }
        }
    }

    /// Returns the Node of a name, whatever its letter case.
    pub(crate) fn node_of_name(&self, name: &str) -> Option<usize> {
        let word = self.words.find(self.home, &lower(name))?;
        self.by_node_name.first(word.index())
    }

    /// Returns the name of a claim, unless it is empty.
    pub(crate) fn name_of(&self, claim: usize) -> Option<Word> {
        let name = text(Some(&self.claims[claim].name))?;
        self.words.find(self.cluster_of(claim), &lower(name))
    }

    /// Tells whether a claim lives in the cluster of the Nodes.
    pub(crate) fn is_at_home(&self, claim: usize) -> bool {
        self.home == self.claim_clusters[claim]
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
