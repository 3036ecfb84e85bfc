//! Everything an examination looks at, indexed once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::claim::Claim;
use super::report::Objects;
use crate::cloud::{Cloud, Posting, Removal, SimMachine};

/// Holds the facts of the cloud beside the objects as stored.
pub(super) struct Facts<'a> {
    /// The VPSieNodes that exist.
    pub(super) claims: Vec<Claim>,
    /// The last versions of those that do not exist any more.
    pub(super) former: Vec<Claim>,
    pub(super) nodes: &'a [Value],
    pub(super) postings: Vec<Posting>,
    pub(super) removals: Vec<Removal>,
    machines: BTreeMap<String, SimMachine>,
}

// === impl Facts ===

impl<'a> Facts<'a> {
    pub(super) fn gather(cloud: &Cloud, objects: &Objects<'a>) -> Self {
        let claims: Vec<Claim> = objects.vpsie_nodes.iter().map(Claim::read).collect();
        let mut former: BTreeMap<String, Claim> = objects
            .ever
            .iter()
            .map(Claim::read)
            .map(|claim| (claim.uid.clone(), claim))
            .collect();
        former.retain(|uid, _| claims.iter().all(|claim| claim.uid != *uid));
        Self {
            claims,
            former: former.into_values().collect(),
            nodes: objects.nodes,
            postings: cloud.ledger(),
            removals: cloud.removals(),
            machines: cloud
                .machines()
                .into_iter()
                .map(|machine| (machine.uuid.clone(), machine))
                .collect(),
        }
    }

    /// Lists every machine that ever was, by identifier.
    pub(super) fn machines(&self) -> impl Iterator<Item = &SimMachine> {
        self.machines.values()
    }

    pub(super) fn machine(&self, uuid: &str) -> Option<&SimMachine> {
        self.machines.get(uuid)
    }

    /// Finds the machine whose kubelet registers a Node of this name.
    pub(super) fn machine_of_node(&self, name: &str) -> Option<&SimMachine> {
        self.machines().find(|machine| machine.node_name() == name)
    }

    /// Finds the machine that a claim records; the identifier counts before the number.
    pub(super) fn recorded(&self, claim: &Claim) -> Option<&SimMachine> {
        match &claim.identifier {
            Some(identifier) => self.machine(identifier),
            None => self
                .machines()
                .find(|machine| Some(machine.number) == claim.number),
        }
    }

    /// Finds the request that made a machine.
    pub(super) fn posting_of(&self, machine: &SimMachine) -> Option<&Posting> {
        self.postings
            .iter()
            .find(|posting| posting.machine.as_deref() == Some(&machine.uuid))
    }

    /// Reports whether a request for the claim's own cluster and group made the machine.
    pub(super) fn was_made_for_group_of(&self, machine: &SimMachine, claim: &Claim) -> bool {
        self.posting_of(machine)
            .is_some_and(|posting| posting.cluster == claim.cluster && Some(posting.group) == claim.group)
    }

    /// Reports whether a claim of this uid exists or ever existed.
    pub(super) fn knows_uid(&self, uid: &str) -> bool {
        self.claims
            .iter()
            .chain(&self.former)
            .any(|claim| claim.uid == uid)
    }
}
