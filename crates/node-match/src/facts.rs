//! R0: what is recorded on the claims, and where records contradict each other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

use smallvec::SmallVec;

use crate::address::all_usable;
use crate::bearers::Bearers;
use crate::clue::Clue;
use crate::directory::Directory;
use crate::fleet::{Fleet, Label, Prepared};
use crate::merge::text;
use crate::place::Place;
use crate::provider_id::{ProviderId, is_uuid};
use crate::words::{ClusterNumber, lower};
use crate::{Claim, ConflictReason};

/// Holds what the records of all claims lead to, by the index of the claim.
#[derive(Debug)]
pub(crate) struct AllFacts<'a> {
    of_claims: Vec<Facts>,
    /// Every machine that the records of a claim name, where they name several: a conflict.
    several_machines: BTreeMap<usize, NamedMachines>,
    /// Provider ids of machines that are recorded but not listed, and the claim, where there is only one.
    pub(crate) unlisted: BTreeMap<ProviderId<'a>, Option<usize>>,
}

/// Holds what the records of one claim lead to.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The recorded machine, and by which record.
    pub(crate) machine: Option<(Place, Clue)>,
    /// The recorded Node.
    pub(crate) node: Option<Place>,
    pub(crate) conflict: Option<ConflictReason>,
    /// Whether anything is recorded on the claim itself.
    pub(crate) has_record: bool,
    /// Whether it takes part in matching at all.
    pub(crate) participates: bool,
    /// A machine is recorded by id or identifier, but not listed.
    pub(crate) is_machine_missing: bool,
    /// A Node is recorded, but not there.
    pub(crate) is_node_missing: bool,
}

/// Lists every machine that a record names, the one of the strongest record first.
type NamedMachines = SmallVec<[Place; 4]>;

/// Holds the records of a claim that name a machine.
struct Records<'a> {
    /// In lower case, each once.
    identifiers: SmallVec<[Cow<'a, str>; 2]>,
    id: Option<u64>,
    /// The number in the provider id, where an id is recorded too: it may stem from another list.
    second_id: Option<u64>,
}

/// Reads the records of all claims, and lets go of what only they are looked up in.
pub(crate) fn facts(prepared: Prepared<'_>) -> (Fleet<'_>, Directory<'_>, AllFacts<'_>) {
    let mut all = AllFacts::read(&prepared);
    let Prepared {
        fleet,
        directory,
        register,
    } = prepared;
    drop(register);
    all.find_shared_machines(fleet.machines.len());
    all.find_shared_nodes(fleet.nodes.len());
    (fleet, directory, all)
}

// === impl AllFacts ===

impl Index<usize> for AllFacts<'_> {
    type Output = Facts;

    fn index(&self, claim: usize) -> &Facts {
        &self.of_claims[claim]
    }
}

impl<'a> AllFacts<'a> {
    fn read(prepared: &Prepared<'a>) -> Self {
        let fleet = &prepared.fleet;
        let mut all = Self {
            of_claims: Vec::with_capacity(fleet.claims.len()),
            several_machines: BTreeMap::new(),
            unlisted: BTreeMap::new(),
        };
        for claim in 0..fleet.claims.len() {
            let (facts, named) = Reader::read(prepared, claim);
            all.of_claims.push(facts);
            if named.len() > 1 {
                all.several_machines.insert(claim, named);
            }
        }
        for node in &fleet.nodes {
            if let Label::Claim(claim) = node.label {
                all.of_claims[claim.index()].participates = true;
            }
        }
        for claim in claims_of_one_uid(fleet) {
            all.of_claims[claim] = Facts::default();
            all.several_machines.remove(&claim);
        }
        all.find_unlisted(prepared);
        all
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Facts> {
        self.of_claims.iter()
    }

    /// Lists every machine that a record of the claim names; more than one is a conflict.
    pub(crate) fn named_machines(&self, claim: usize) -> impl Iterator<Item = usize> {
        let several = self.several_machines.get(&claim);
        let only = self.of_claims[claim].machine.filter(|_| several.is_none());
        let several = several.into_iter().flatten().copied();
        several.chain(only.map(|(machine, _)| machine)).map(Place::index)
    }

    fn find_shared_machines(&mut self, machines: usize) {
        let mut owners = Bearers::new(machines);
        for claim in 0..self.of_claims.len() {
            for machine in self.named_machines(claim) {
                owners.add(machine, claim);
            }
        }
        for claim in 0..self.of_claims.len() {
            if self
                .named_machines(claim)
                .any(|machine| owners.are_several(machine))
            {
                let conflict = &mut self.of_claims[claim].conflict;
                conflict.get_or_insert(ConflictReason::MachineRecordedTwice);
            }
        }
    }

    fn find_shared_nodes(&mut self, nodes: usize) {
        let mut owners = Bearers::new(nodes);
        for (claim, facts) in self.of_claims.iter().enumerate() {
            if let Some(node) = facts.node {
                owners.add(node.index(), claim);
            }
        }
        for facts in &mut self.of_claims {
            if facts.node.is_some_and(|node| owners.are_several(node.index())) {
                facts.conflict.get_or_insert(ConflictReason::NodeRecordedTwice);
            }
        }
    }

    fn find_unlisted(&mut self, prepared: &Prepared<'a>) {
        for (claim, facts) in self.of_claims.iter().enumerate() {
            if facts.is_machine_missing && prepared.fleet.is_at_home(claim) {
                for id in recorded_provider_ids(prepared, claim) {
                    let owner = self.unlisted.entry(id);
                    owner.and_modify(|owner| *owner = None).or_insert(Some(claim));
                }
            }
        }
    }
}

/// Reads the records of one claim.
struct Reader<'r, 'a> {
    prepared: &'r Prepared<'a>,
    facts: Facts,
    named_machines: NamedMachines,
}

// === impl Reader ===

impl<'r, 'a> Reader<'r, 'a> {
    fn read(prepared: &'r Prepared<'a>, index: usize) -> (Facts, NamedMachines) {
        let fleet = &prepared.fleet;
        let claim = fleet.claims[index];
        let has_record = has_record(claim);
        let mut reader = Self {
            prepared,
            facts: Facts {
                has_record,
                participates: claim.creation_requested || has_record,
                ..Facts::default()
            },
            named_machines: NamedMachines::new(),
        };
        reader.read_machine(index, &Records::of(prepared, index));
        if let Some(name) = text(claim.node_name.as_deref()) {
            reader.read_node(index, name);
        }
        if reader.facts.conflict.is_none() && reader.is_node_of_another_machine() {
            reader.facts.conflict = Some(ConflictReason::RecordedNodeOfAnotherMachine);
        }
        (reader.facts, reader.named_machines)
    }

    fn read_machine(&mut self, claim: usize, records: &Records<'_>) {
        let (fleet, addresses) = (&self.prepared.fleet, &self.prepared.directory.addresses);
        let cluster = fleet.cluster_of(claim);
        if records.contradict() {
            self.facts.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
        for identifier in &records.identifiers {
            if let Some(machine) = self.prepared.register.machine_of_identifier(cluster, identifier) {
                self.find(machine, Clue::RecordedIdentifier);
            }
        }
        self.find_by_id(cluster, records.id);
        if self.facts.machine.is_some() {
            // It names no machine of its own; it only may contradict.
            self.find_by_id(cluster, records.second_id);
        }
        self.refuse_other_identifier(records);
        self.facts.is_machine_missing = !records.is_empty() && self.facts.machine.is_none();
        if self.facts.is_machine_missing {
            return;
        }
        for address in all_usable(&fleet.claims[claim].addresses) {
            let number = addresses.find(cluster, address);
            let carrier = number.and_then(|number| Some((number, addresses.only_machine(number)?)));
            if let Some((number, machine)) = carrier {
                self.find(machine, Clue::Address(number));
            }
        }
    }

    fn find_by_id(&mut self, cluster: ClusterNumber, id: Option<u64>) {
        let Some(id) = id else { return };
        let carriers = || self.prepared.register.machines_of_id(cluster, id);
        // Ids are comparable only within one list: any machine that is known already settles which.
        if carriers().any(|machine| self.named_machines.contains(&Place::new(machine))) {
            return;
        }
        for machine in carriers() {
            self.find(machine, Clue::RecordedId);
        }
    }

    fn find(&mut self, machine: usize, clue: Clue) {
        let machine = Place::new(machine);
        if !self.named_machines.contains(&machine) {
            self.named_machines.push(machine);
        }
        if self.named_machines.len() > 1 {
            self.facts.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
        self.facts.machine.get_or_insert((machine, clue));
    }

    /// Finds out whether the machine of the recorded id has an identifier other than the recorded one.
    fn refuse_other_identifier(&mut self, records: &Records<'_>) {
        let Some((machine, Clue::RecordedId)) = self.facts.machine else {
            return;
        };
        // A machine that bore a recorded identifier would have been found by that.
        let facts = &self.prepared.fleet.machines[machine.index()];
        if !facts.marks.identifiers().is_empty() && !records.identifiers.is_empty() {
            self.facts.conflict = Some(ConflictReason::RecordedMachinesDiffer);
        }
    }

    fn read_node(&mut self, claim: usize, name: &str) {
        let Prepared {
            fleet,
            directory,
            register,
        } = self.prepared;
        let find = || register.node_of_name(fleet.home, &directory.words, name);
        self.facts.node = fleet.is_at_home(claim).then(find).flatten().map(Place::new);
        self.facts.is_node_missing = self.facts.node.is_none();
    }

    fn is_node_of_another_machine(&self) -> bool {
        let (Some((machine, _)), Some(node)) = (self.facts.machine, self.facts.node) else {
            return false;
        };
        let provided = self.prepared.fleet.nodes[node.index()].provided;
        provided.is_some_and(|other| other != machine)
    }
}

// === impl Records ===

impl<'a> Records<'a> {
    fn of(prepared: &Prepared<'a>, index: usize) -> Self {
        let fleet = &prepared.fleet;
        let claim = fleet.claims[index];
        let mut identifiers: SmallVec<[Cow<'a, str>; 2]> = SmallVec::new();
        identifiers.extend(text(claim.identifier.as_deref()).map(lower));
        let (mut id, mut second_id) = (known(claim.instance_id), None);
        match claim.provider_id.as_deref().and_then(ProviderId::parse) {
            Some(ProviderId::Identifier(segment)) => {
                // `vpsie://hel/cluster/my-node` names nothing, unless a machine bears that very identifier.
                let is_one = is_uuid(&segment)
                    || prepared
                        .register
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
fn recorded_provider_ids<'a>(prepared: &Prepared<'a>, claim: usize) -> Vec<ProviderId<'a>> {
    let records = Records::of(prepared, claim);
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
