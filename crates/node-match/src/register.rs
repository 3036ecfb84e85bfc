//! R0: who bears an id, an identifier or a Node's name that a record may name.

use crate::bearers::Bearers;
use crate::fleet::{MachineFacts, NodeFacts};
use crate::provider_id::ProviderId;
use crate::words::{ClusterNumber, Words, long, lower, short};

/// Finds machines and Nodes by what is recorded; once all records are read, nobody asks any more.
#[derive(Debug)]
pub(crate) struct Register<'a> {
    pub(crate) identifiers: Words<'a>,
    /// By the number of the identifier.
    by_identifier: Bearers,
    /// Sorted. One id may stand in several lists for different machines.
    by_id: Vec<(ClusterNumber, u64, u32)>,
    /// By the number of the Node's name.
    by_node_name: Bearers,
}

// === impl Register ===

impl<'a> Register<'a> {
    /// Makes room for as many machines.
    pub(crate) fn with_capacity(machines: usize) -> Self {
        Self {
            identifiers: Words::with_capacity(machines),
            by_identifier: Bearers::new(0),
            by_id: Vec::with_capacity(machines),
            by_node_name: Bearers::new(0),
        }
    }

    pub(crate) fn add_machines(&mut self, machines: &[MachineFacts<'_>]) {
        self.by_identifier = Bearers::new(self.identifiers.len());
        for (index, machine) in machines.iter().enumerate() {
            for identifier in machine.marks.identifiers() {
                self.by_identifier.add(identifier.index(), index);
            }
            for id in machine.merged.ids() {
                self.by_id.push((machine.marks.cluster, id, short(index)));
            }
        }
        self.by_id.sort_unstable();
    }

    pub(crate) fn add_nodes(&mut self, nodes: &[NodeFacts<'_>], words: &Words<'_>) {
        self.by_node_name = Bearers::new(words.len());
        for (index, facts) in nodes.iter().enumerate() {
            if let Some(name) = facts.name {
                self.by_node_name.add(name.index(), index);
            }
        }
    }

    /// Returns the machine with an identifier, given in lower case.
    pub(crate) fn machine_of_identifier(&self, cluster: ClusterNumber, identifier: &str) -> Option<usize> {
        self.by_identifier
            .first(self.identifiers.find(cluster, identifier)?.index())
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
    pub(crate) fn machine_of_provider_id(
        &self,
        home: ClusterNumber,
        provider_id: &ProviderId<'_>,
    ) -> Option<usize> {
        match provider_id {
            ProviderId::Identifier(identifier) => self.machine_of_identifier(home, identifier),
            ProviderId::Number(id) => {
                let mut machines = self.machines_of_id(home, *id);
                match (machines.next(), machines.next()) {
                    (Some(machine), None) => Some(machine),
                    // Nothing tells to which list the number belongs.
                    (Some(_), Some(_)) | (None, _) => None,
                }
            }
        }
    }

    /// Returns the Node of a name, whatever its letter case.
    pub(crate) fn node_of_name(&self, home: ClusterNumber, words: &Words<'_>, name: &str) -> Option<usize> {
        let word = words.find(home, &lower(name))?;
        self.by_node_name.first(word.index())
    }
}
