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
    uuid_of_number: BTreeMap<u64, String>,
    uuid_of_node: BTreeMap<String, String>,
    /// Places in `claims`, by the machine that they record.
    holders: BTreeMap<String, Vec<usize>>,
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
        let all = cloud.machines();
        let mut facts = Self {
            claims,
            former: former.into_values().collect(),
            nodes: objects.nodes,
            postings: cloud.ledger(),
            removals: cloud.removals(),
            uuid_of_number: all
                .iter()
                .map(|machine| (machine.number, machine.uuid.clone()))
                .collect(),
            uuid_of_node: all
                .iter()
                .map(|machine| (machine.node_name(), machine.uuid.clone()))
                .collect(),
            machines: all
                .into_iter()
                .map(|machine| (machine.uuid.clone(), machine))
                .collect(),
            holders: BTreeMap::new(),
        };
        let mut holders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, claim) in facts.claims.iter().enumerate() {
            if let Some(machine) = facts.recorded(claim) {
                holders.entry(machine.uuid.clone()).or_default().push(place);
            }
        }
        facts.holders = holders;
        facts
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
        self.machine(self.uuid_of_node.get(name)?)
    }

    /// Finds the machine that a claim records; the identifier counts before the number.
    pub(super) fn recorded(&self, claim: &Claim) -> Option<&SimMachine> {
        match &claim.identifier {
            Some(identifier) => self.machine(identifier),
            None => self.machine(self.uuid_of_number.get(&claim.number?)?),
        }
    }

    /// Lists the existing claims that record a machine.
    pub(super) fn holders(&self, machine: &SimMachine) -> impl Iterator<Item = &Claim> {
        self.holders
            .get(&machine.uuid)
            .into_iter()
            .flatten()
            .map(|place| &self.claims[*place])
    }

    /// Finds the request that made a machine.
    pub(super) fn posting_of(&self, machine: &SimMachine) -> Option<&Posting> {
        let place = usize::try_from(machine.made_by?).ok()?.checked_sub(1)?;
        self.postings.get(place)
    }

    /// Reports whether a request for the claim's own cluster and group made the machine.
    pub(super) fn was_made_for_group_of(&self, machine: &SimMachine, claim: &Claim) -> bool {
        self.posting_of(machine).is_some_and(|posting| {
            posting.cluster == claim.cluster && Some(posting.group) == self.group_of(claim)
        })
    }

    /// Returns the group of a claim: the one in its spec, else the one that its own request asked for.
    pub(super) fn group_of(&self, claim: &Claim) -> Option<u64> {
        let own = || {
            self.postings
                .iter()
                .find(|posting| posting.request_id.as_deref() == Some(&claim.uid))
        };
        claim.group.or_else(|| own().map(|posting| posting.group))
    }

    /// Reports whether a claim of this uid exists or ever existed.
    pub(super) fn knows_uid(&self, uid: &str) -> bool {
        self.claims
            .iter()
            .chain(&self.former)
            .any(|claim| claim.uid == uid)
    }
}
