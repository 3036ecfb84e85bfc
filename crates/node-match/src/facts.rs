//! R0: what is recorded on the claims, and where records contradict each other.

use std::borrow::Cow;
use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::address::all_usable;
use crate::bearers::Bearers;
use crate::clue::Clue;
use crate::fleet::{Fleet, Label};
use crate::merge::text;
use crate::provider_id::{ProviderId, is_uuid};
use crate::words::{ClusterNumber, long, lower, short};
use crate::{Claim, ConflictReason};

/// Holds what the records of one claim lead to.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Whether anything is recorded on the claim itself.
    pub(crate) has_record: bool,
    /// Whether it takes part in matching at all.
    pub(crate) participates: bool,
    /// The recorded machine, and by which record.
    pub(crate) machine: Option<(usize, Clue)>,
    /// A machine is recorded by id or identifier, but not listed.
    pub(crate) is_machine_missing: bool,
    /// The recorded Node.
    pub(crate) node: Option<usize>,
    /// A Node is recorded, but not there.
    pub(crate) is_node_missing: bool,
    pub(crate) conflict: Option<ConflictReason>,
    /// Every machine that a record names; more than one is a conflict.
    pub(crate) named_machines: SmallVec<[u32; 4]>,
}

/// Holds the records of a claim that name a machine.
struct Records<'a> {
    /// In lower case, each once.
    identifiers: SmallVec<[Cow<'a, str>; 2]>,
    id: Option<u64>,
    /// The number in the provider id, where an id is recorded too: it may stem from another list.
    second_id: Option<u64>,
}

/// Reads the records of all claims.
pub(crate) fn facts(fleet: &Fleet<'_>) -> Vec<Facts> {
    let mut all: Vec<Facts> = (0..fleet.claims.len())
        .map(|claim| facts_of(fleet, claim))
        .collect();
    for node in &fleet.nodes {
        if let Label::Claim(claim) = node.label {
            all[claim].participates = true;
        }
    }
    for claim in claims_of_one_uid(fleet) {
        all[claim] = Facts::default();
    }
    find_shared_machines(&mut all, fleet.machines.len());
    find_shared_nodes(&mut all, fleet.nodes.len());
    all
}

fn facts_of(fleet: &Fleet<'_>, index: usize) -> Facts {
    let claim = fleet.claims[index];
    let records = Records::of(fleet, index);
    let mut facts = Facts {
        has_record: has_record(claim),
        ..Facts::default()
    };
    facts.participates = claim.creation_requested || facts.has_record;
    facts.read_machine(fleet, index, &records);
    if let Some(name) = text(claim.node_name.as_deref()) {
        facts.node = fleet
            .is_at_home(index)
            .then(|| fleet.node_of_name(name))
            .flatten();
        facts.is_node_missing = facts.node.is_none();
    }
    if facts.conflict.is_none() && facts.is_node_of_another_machine(fleet) {
        facts.conflict = Some(ConflictReason::RecordedNodeOfAnotherMachine);
    }
    facts
}

// === impl Facts ===

impl Facts {
    fn read_machine(&mut self, fleet: &Fleet<'_>, claim: usize, records: &Records<'_>) {
        let cluster = fleet.cluster_of(claim);
        if records.contradict() {
            self.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
        for identifier in &records.identifiers {
            if let Some(machine) = fleet.machine_of_identifier(cluster, identifier) {
                self.find(machine, Clue::RecordedIdentifier);
            }
        }
        self.find_by_id(fleet, cluster, records.id);
        if self.machine.is_some() {
            // It names no machine of its own; it only may contradict.
            self.find_by_id(fleet, cluster, records.second_id);
        }
        self.refuse_other_identifier(fleet, records);
        self.is_machine_missing = !records.is_empty() && self.machine.is_none();
        if self.is_machine_missing {
            return;
        }
        for address in all_usable(&fleet.claims[claim].addresses) {
            let number = fleet.addresses.find(cluster, address);
            let carrier = number.and_then(|number| Some((number, fleet.addresses.only_machine(number)?)));
            if let Some((number, machine)) = carrier {
                self.find(machine, Clue::Address(number));
            }
        }
    }

    fn find_by_id(&mut self, fleet: &Fleet<'_>, cluster: ClusterNumber, id: Option<u64>) {
        let Some(id) = id else { return };
        let carriers = || fleet.machines_of_id(cluster, id);
        // Ids are comparable only within one list: any machine that is known already settles which.
        if carriers().any(|machine| self.named_machines.contains(&short(machine))) {
            return;
        }
        for machine in carriers() {
            self.find(machine, Clue::RecordedId);
        }
    }

    fn find(&mut self, machine: usize, clue: Clue) {
        if !self.named_machines.contains(&short(machine)) {
            self.named_machines.push(short(machine));
        }
        if self.named_machines.len() > 1 {
            self.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
        self.machine.get_or_insert((machine, clue));
    }

    /// Finds out whether the machine of the recorded id has an identifier other than the recorded one.
    fn refuse_other_identifier(&mut self, fleet: &Fleet<'_>, records: &Records<'_>) {
        let Some((machine, Clue::RecordedId)) = self.machine else {
            return;
        };
        // A machine that bore a recorded identifier would have been found by that.
        let has_another = !fleet.machines[machine].identifiers.is_empty();
        if has_another && !records.identifiers.is_empty() {
            self.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
    }

    fn is_node_of_another_machine(&self, fleet: &Fleet<'_>) -> bool {
        let (Some((machine, _)), Some(node)) = (self.machine, self.node) else {
            return false;
        };
        let provider_id = fleet.nodes[node].provider_id.as_ref();
        provider_id
            .and_then(|id| fleet.machine_of_provider_id(id))
            .is_some_and(|other| other != machine)
    }
}

// === impl Records ===

impl<'a> Records<'a> {
    fn of(fleet: &Fleet<'a>, index: usize) -> Self {
        let claim = fleet.claims[index];
        let mut identifiers: SmallVec<[Cow<'a, str>; 2]> = SmallVec::new();
        identifiers.extend(text(claim.identifier.as_deref()).map(lower));
        let (mut id, mut second_id) = (known(claim.instance_id), None);
        match claim.provider_id.as_deref().and_then(ProviderId::parse) {
            Some(ProviderId::Identifier(segment)) => {
                // `vpsie://hel/cluster/my-node` names nothing, unless a machine bears that very identifier.
                let is_one = is_uuid(&segment)
                    || fleet
                        .machine_of_identifier(fleet.cluster_of(index), &segment)
                        .is_some();
                if is_one && !identifiers.contains(&segment) {
                    identifiers.push(segment);
                }
            }
            Some(ProviderId::Number(number)) if id.is_some() => second_id = Some(number),
            Some(ProviderId::Number(number)) => id = Some(number),
            None => {}
        }
        identifiers.sort_unstable();
        Self {
            identifiers,
            id,
            second_id,
        }
    }

    fn contradict(&self) -> bool {
        self.identifiers.len() > 1
    }

    fn is_empty(&self) -> bool {
        self.identifiers.is_empty() && self.id.is_none()
    }
}

/// Lists what a provider id may say of the machine that is recorded on a claim.
pub(crate) fn recorded_provider_ids<'a>(fleet: &Fleet<'a>, claim: usize) -> Vec<ProviderId<'a>> {
    let records = Records::of(fleet, claim);
    let identifiers = records.identifiers.into_iter().map(ProviderId::Identifier);
    identifiers.chain(records.id.map(ProviderId::Number)).collect()
}

/// Returns the machine id that is recorded on a claim.
pub(crate) fn recorded_id(claim: &Claim) -> Option<u64> {
    let in_provider_id = || match claim.provider_id.as_deref().and_then(ProviderId::parse) {
        Some(ProviderId::Number(number)) => Some(number),
        Some(ProviderId::Identifier(_)) | None => None,
    };
    known(claim.instance_id).or_else(in_provider_id)
}

/// Returns the machine identifier that is recorded on a claim, in lower case.
pub(crate) fn recorded_identifier(claim: &Claim) -> Option<Cow<'_, str>> {
    let in_provider_id = || match claim.provider_id.as_deref().and_then(ProviderId::parse) {
        Some(ProviderId::Identifier(identifier)) => Some(identifier),
        Some(ProviderId::Number(_)) | None => None,
    };
    text(claim.identifier.as_deref())
        .map(lower)
        .or_else(in_provider_id)
}

/// Drops the id 0, which means unreported.
fn known(id: Option<u64>) -> Option<u64> {
    id.filter(|id| *id != 0)
}

fn has_record(claim: &Claim) -> bool {
    let texts = [
        &claim.identifier,
        &claim.provider_id,
        &claim.node_name,
        &claim.hostname,
    ];
    claim.instance_id.is_some_and(|id| id != 0)
        || texts.iter().any(|field| text(field.as_deref()).is_some())
        || claim.addresses.iter().any(|address| !address.trim().is_empty())
}

fn claims_of_one_uid(fleet: &Fleet<'_>) -> BTreeSet<usize> {
    let equal = |index: &usize| fleet.claims[*index].uid == fleet.claims[index + 1].uid;
    (0..fleet.claims.len().saturating_sub(1))
        .filter(equal)
        .flat_map(|index| [index, index + 1])
        .collect()
}

fn find_shared_machines(all: &mut [Facts], machines: usize) {
    let mut owners = Bearers::new(machines);
    for (claim, facts) in all.iter().enumerate() {
        for machine in &facts.named_machines {
            owners.add(long(*machine), claim);
        }
    }
    for facts in all {
        if facts
            .named_machines
            .iter()
            .any(|machine| owners.are_several(long(*machine)))
        {
            facts.conflict.get_or_insert(ConflictReason::MachineRecordedTwice);
        }
    }
}

fn find_shared_nodes(all: &mut [Facts], nodes: usize) {
    let mut owners = Bearers::new(nodes);
    for (claim, facts) in all.iter().enumerate() {
        if let Some(node) = facts.node {
            owners.add(node, claim);
        }
    }
    for facts in all {
        if facts.node.is_some_and(|node| owners.are_several(node)) {
            facts.conflict.get_or_insert(ConflictReason::NodeRecordedTwice);
        }
    }
}
