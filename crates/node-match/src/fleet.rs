//! The snapshot, sorted and prepared, so that every question about it is a look-up.

mod groups;
mod machines;
mod nodes;

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::address::{AddressBook, all_usable};
use crate::directory::Directory;
use crate::home;
use crate::merge::text;
use crate::order::sort_by_text;
use crate::register::Register;
use crate::words::{ClusterNumber, Clusters, Word, Words};
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
    pub(crate) claims: Vec<&'a Claim<'a>>,
    pub(crate) machines: Vec<MachineFacts<'a>>,
    /// The newest first, unknown ages last.
    pub(crate) nodes: Vec<NodeFacts<'a>>,
    pub(crate) groups: BTreeMap<(ClusterNumber, u64), Cow<'a, Group<'a>>>,
    /// As many as there are reports of a cluster: mostly one.
    pub(crate) shapes: BTreeMap<ClusterNumber, Vec<&'a ClusterShape>>,
    /// The cluster of all Nodes.
    pub(crate) home: ClusterNumber,
    /// One entry per claim: its cluster and its name, unless that is empty.
    claim_names: Vec<(ClusterNumber, Option<Word>)>,
}

/// Holds a fleet together with what its records and links are found by.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) fleet: Fleet<'a>,
    pub(crate) directory: Directory<'a>,
    pub(crate) register: Register<'a>,
}

// === impl Prepared ===

impl<'a> Prepared<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot<'a>) -> Self {
        let mut claims: Vec<&Claim<'_>> = snapshot.claims.iter().collect();
        sort_by_text(&mut claims, |claim| &*claim.uid);
        let of_claims = claims.iter().map(|claim| &*claim.cluster);
        let of_machines = snapshot.machines.iter().map(|machine| &*machine.cluster);
        let clusters = Clusters::new(of_claims.chain(of_machines));
        // A claim has a name and a machine a hostname, which mostly is its Node's.
        let words = Words::with_capacity(claims.len() + snapshot.machines.len());
        let mut prepared = Self {
            fleet: Fleet::of_claims(snapshot, claims, &clusters),
            directory: Directory {
                words,
                addresses: AddressBook::with_capacity(snapshot.machines.len()),
            },
            register: Register::with_capacity(snapshot.machines.len()),
        };
        prepared.learn_names_of_claims();
        prepared.learn_machines(&snapshot.machines, &clusters);
        prepared.fleet.home = match &snapshot.nodes_cluster {
            Some(cluster) => clusters.number(cluster),
            None => home::cluster_of_nodes(&prepared, snapshot),
        };
        prepared.learn_nodes(&snapshot.nodes);
        prepared
    }

    fn learn_names_of_claims(&mut self) {
        let claims = self.fleet.claims.iter().zip(&mut self.fleet.claim_names);
        for (claim, (cluster, word)) in claims {
            *word = text(Some(&claim.name)).map(|name| self.directory.words.learn(*cluster, name));
        }
    }

    fn learn_machines(&mut self, reports: &'a [crate::Machine<'a>], clusters: &Clusters<'_>) {
        let (directory, identifiers) = (&mut self.directory, &mut self.register.identifiers);
        let machines = machines::sorted(reports, clusters, directory, identifiers);
        directory.addresses.make_room_for_bearers();
        for (index, machine) in machines.iter().enumerate() {
            for address in machine.marks.addresses() {
                directory.addresses.add_machine(*address, index);
            }
        }
        self.register.add_machines(&machines);
        self.fleet.machines = machines;
    }

    fn learn_nodes(&mut self, nodes: &'a [crate::Node<'a>]) {
        let (fleet, directory) = (&mut self.fleet, &mut self.directory);
        fleet.nodes = nodes::sorted(nodes, fleet.home, &mut directory.words, &self.register);
        nodes::label(&mut fleet.nodes, fleet.home, &fleet.claims, &fleet.claim_names);
        for (index, facts) in fleet.nodes.iter().enumerate() {
            for address in all_usable(&facts.node.addresses) {
                let number = directory.addresses.learn(fleet.home, address);
                directory.addresses.add_node(number, index);
            }
        }
        self.register.add_nodes(&fleet.nodes, &directory.words);
    }
}

// === impl Fleet ===

impl<'a> Fleet<'a> {
    fn of_claims(snapshot: &'a Snapshot<'a>, claims: Vec<&'a Claim<'a>>, clusters: &Clusters<'_>) -> Self {
        let number = |cluster: &str| clusters.number(cluster);
        Self {
            now: snapshot.now,
            settings: &snapshot.settings,
            machines: Vec::new(),
            nodes: Vec::new(),
            groups: groups::described(&snapshot.groups, clusters),
            shapes: groups::shapes(&snapshot.clusters, clusters),
            home: ClusterNumber::UNKNOWN,
            claim_names: claims
                .iter()
                .map(|claim| (number(&claim.cluster), None))
                .collect(),
            claims,
        }
    }

    pub(crate) fn cluster_of(&self, claim: usize) -> ClusterNumber {
        self.claim_names[claim].0
    }

    /// Returns the name of a claim, unless it is empty.
    pub(crate) fn name_of(&self, claim: usize) -> Option<Word> {
        self.claim_names[claim].1
    }

    /// Returns the group of a claim, where VPSie describes it.
    pub(crate) fn group_of(&self, claim: usize) -> Option<&Group<'_>> {
        let group = self.claims[claim].group?;
        self.groups.get(&(self.cluster_of(claim), group)).map(Cow::as_ref)
    }

    /// Tells whether a claim lives in the cluster of the Nodes.
    pub(crate) fn is_at_home(&self, claim: usize) -> bool {
        self.home == self.cluster_of(claim)
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
