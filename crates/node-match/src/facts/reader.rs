//! R0: what the records of one claim lead to.

use smallvec::SmallVec;

use crate::ConflictReason;
use crate::address::all_usable;
use crate::clue::Clue;
use crate::facts::records::{Records, has_record};
use crate::facts::{Facts, NamedMachines};
use crate::fleet::Prepared;
use crate::merge::text;
use crate::place::Place;
use crate::words::ClusterNumber;

/// Reads the records of one claim.
pub(super) struct Reader<'r, 'a> {
    prepared: &'r Prepared<'a>,
    facts: Facts,
    named_machines: NamedMachines,
}

// === impl Reader ===

impl<'r, 'a> Reader<'r, 'a> {
    pub(super) fn read(prepared: &'r Prepared<'a>, index: usize) -> (Facts, NamedMachines) {
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
        let carriers = self.prepared.register.machines_of_id(cluster, id);
        let carriers: SmallVec<[usize; 2]> = carriers.collect();
        // Ids are comparable only within one list: any machine that is known already settles which.
        let is_known = |machine: &usize| self.named_machines.contains(&Place::new(*machine));
        if carriers.iter().any(is_known) {
            return;
        }
        for machine in carriers {
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
