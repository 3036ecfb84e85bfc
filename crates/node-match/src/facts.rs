//! R0: what is recorded on the claims, and where records contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::fleet::{Fleet, Label};
use crate::merge::text;
use crate::provider_id::{ProviderId, is_uuid};
use crate::{Claim, ConflictReason, EvidenceKind};

/// Holds what the records of one claim lead to.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Whether anything is recorded on the claim itself.
    pub(crate) has_record: bool,
    /// Whether it takes part in matching at all.
    pub(crate) participates: bool,
    /// The recorded machine, by which kind of record, and the record.
    pub(crate) machine: Option<(usize, EvidenceKind, String)>,
    /// A machine is recorded by id or identifier, but not listed.
    pub(crate) is_machine_missing: bool,
    /// The recorded Node.
    pub(crate) node: Option<usize>,
    /// A Node is recorded, but not there.
    pub(crate) is_node_missing: bool,
    pub(crate) conflict: Option<ConflictReason>,
    /// Every machine that a record names; more than one is a conflict.
    pub(crate) named_machines: BTreeSet<usize>,
}

/// Holds the records of a claim that name a machine.
struct Records {
    identifiers: BTreeSet<String>,
    id: Option<u64>,
    /// The number in the provider id, where an id is recorded too: it may stem from another list.
    second_id: Option<u64>,
}

/// Reads the records of all claims.
pub(crate) fn facts(fleet: &Fleet<'_>) -> Vec<Facts> {
    let node_names = node_names(fleet);
    let mut all: Vec<Facts> = (0..fleet.claims.len())
        .map(|claim| facts_of(fleet, claim, &node_names))
        .collect();
    for node in &fleet.nodes {
        if let Label::Claim(claim) = node.label {
            all[claim].participates = true;
        }
    }
    for claim in claims_of_one_uid(fleet) {
        all[claim] = Facts::default();
    }
    find_shared_machines(&mut all);
    find_shared_nodes(&mut all);
    all
}

fn facts_of(fleet: &Fleet<'_>, index: usize, node_names: &BTreeMap<String, usize>) -> Facts {
    let claim = fleet.claims[index];
    let records = Records::of(fleet, claim);
    let mut facts = Facts {
        has_record: has_record(claim),
        ..Facts::default()
    };
    facts.participates = claim.creation_requested || facts.has_record;
    facts.read_machine(fleet, claim, &records);
    if let Some(name) = text(claim.node_name.as_deref()) {
        facts.node = fleet
            .is_at_home(index)
            .then(|| node_names.get(&name.to_lowercase()).copied())
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
    fn read_machine(&mut self, fleet: &Fleet<'_>, claim: &Claim, records: &Records) {
        let cluster = claim.cluster.as_str();
        if records.contradict() {
            self.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
        for identifier in &records.identifiers {
            if let Some(machine) = fleet.by_identifier.get(&(cluster, identifier.clone())) {
                self.find(*machine, EvidenceKind::RecordedIdentifier, identifier);
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
        for address in crate::address::all_usable(&claim.addresses) {
            if let Some(machine) = fleet.machine_addresses.only_carrier(&(cluster, address)) {
                self.find(machine, EvidenceKind::Address, &address.to_string());
            }
        }
    }

    fn find_by_id(&mut self, fleet: &Fleet<'_>, cluster: &str, id: Option<u64>) {
        let Some(id) = id else { return };
        let carriers = fleet.by_id.get(&(cluster, id)).map_or(&[][..], Vec::as_slice);
        // Ids are comparable only within one list: a machine that is known already settles which.
        let known = self.machine.as_ref().map(|(machine, ..)| machine);
        if known.is_some_and(|machine| carriers.contains(machine)) {
            return;
        }
        for machine in carriers {
            self.find(*machine, EvidenceKind::RecordedId, &id.to_string());
        }
    }

    fn find(&mut self, machine: usize, kind: EvidenceKind, detail: &str) {
        self.named_machines.insert(machine);
        if self.named_machines.len() > 1 {
            self.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
        self.machine
            .get_or_insert_with(|| (machine, kind, detail.to_owned()));
    }

    /// Finds out whether the machine of the recorded id has an identifier other than the recorded one.
    fn refuse_other_identifier(&mut self, fleet: &Fleet<'_>, records: &Records) {
        let Some((machine, EvidenceKind::RecordedId, _)) = &self.machine else {
            return;
        };
        let identifiers = fleet.machines[*machine].merged.identifiers();
        let differs = !identifiers.is_empty()
            && records
                .identifiers
                .iter()
                .any(|recorded| !identifiers.contains(recorded));
        if differs {
            self.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
    }

    fn is_node_of_another_machine(&self, fleet: &Fleet<'_>) -> bool {
        let (Some((machine, ..)), Some(node)) = (&self.machine, self.node) else {
            return false;
        };
        let provider_id = fleet.nodes[node].provider_id.as_ref();
        provider_id
            .and_then(|id| fleet.machine_of_provider_id(id))
            .is_some_and(|other| other != *machine)
    }
}

// === impl Records ===

impl Records {
    fn of(fleet: &Fleet<'_>, claim: &Claim) -> Self {
        let mut identifiers = BTreeSet::new();
        identifiers.extend(text(claim.identifier.as_deref()).map(str::to_lowercase));
        let mut id = claim.instance_id.filter(|id| *id != 0);
        let mut second_id = None;
        match claim.provider_id.as_deref().and_then(ProviderId::parse) {
            Some(ProviderId::Identifier(segment)) => {
                // `vpsie://hel/cluster/my-node` names nothing, unless a machine bears that very identifier.
                let cluster = claim.cluster.as_str();
                if is_uuid(&segment) || fleet.by_identifier.contains_key(&(cluster, segment.clone())) {
                    identifiers.insert(segment);
                }
            }
            Some(ProviderId::Number(number)) if id.is_some() => second_id = Some(number),
            Some(ProviderId::Number(number)) => id = Some(number),
            None => {}
        }
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

/// Returns the identifiers, in lower case, and the id of the machine that is recorded on a claim.
pub(crate) fn recorded_identity(fleet: &Fleet<'_>, claim: &Claim) -> (BTreeSet<String>, Option<u64>) {
    let records = Records::of(fleet, claim);
    (records.identifiers, records.id)
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

fn node_names(fleet: &Fleet<'_>) -> BTreeMap<String, usize> {
    fleet
        .nodes
        .iter()
        .enumerate()
        .rev()
        .map(|(index, facts)| (facts.node.name.to_lowercase(), index))
        .collect()
}

fn claims_of_one_uid(fleet: &Fleet<'_>) -> BTreeSet<usize> {
    let equal = |index: &usize| fleet.claims[*index].uid == fleet.claims[index + 1].uid;
    (0..fleet.claims.len().saturating_sub(1))
        .filter(equal)
        .flat_map(|index| [index, index + 1])
        .collect()
}

fn find_shared_machines(all: &mut [Facts]) {
    let mut owners: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (claim, facts) in all.iter().enumerate() {
        for machine in &facts.named_machines {
            owners.entry(*machine).or_default().push(claim);
        }
    }
    for claim in owners.into_values().filter(|claims| claims.len() > 1).flatten() {
        all[claim]
            .conflict
            .get_or_insert(ConflictReason::MachineRecordedTwice);
    }
}

fn find_shared_nodes(all: &mut [Facts]) {
    let mut owners: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (claim, facts) in all.iter().enumerate() {
        if let Some(node) = facts.node {
            owners.entry(node).or_default().push(claim);
        }
    }
    for claim in owners.into_values().filter(|claims| claims.len() > 1).flatten() {
        all[claim]
            .conflict
            .get_or_insert(ConflictReason::NodeRecordedTwice);
    }
}
