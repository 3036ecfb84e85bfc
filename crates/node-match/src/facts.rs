//! R0: what is recorded on the claims, and where records contradict each other.

mod reader;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

use smallvec::SmallVec;

use crate::ConflictReason;
use crate::bearers::Bearers;
use crate::clue::Clue;
use crate::directory::Directory;
use crate::facts::reader::Reader;
use crate::facts::records::recorded_provider_ids;
use crate::fleet::{Fleet, Label, Prepared};
use crate::place::Place;
use crate::provider_id::ProviderId;

pub(crate) use records::{has_record, recorded_id, recorded_identifier};

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

/// Lists the claims whose uid another one has, too: they take no part.
pub(crate) fn claims_of_one_uid(fleet: &Fleet<'_>) -> BTreeSet<usize> {
    let equal = |index: &usize| fleet.claims[*index].uid == fleet.claims[index + 1].uid;
    (0..fleet.claims.len().saturating_sub(1))
        .filter(equal)
        .flat_map(|index| [index, index + 1])
        .collect()
}
