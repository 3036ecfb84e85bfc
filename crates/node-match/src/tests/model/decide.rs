//! The second half of the model: who gets what.

mod anonymous;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::eligible::Age;
use super::{Answer, Record, Told, World, created};
use crate::Text;
use crate::testing::CLUSTER;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Own {
    Claim(usize),
    Conflict,
}

struct State<'w, 'a> {
    world: &'w World<'a>,
    records: Vec<Record>,
    ties: Vec<(usize, usize, usize)>,
    machine_owner: BTreeMap<usize, Own>,
    node_owner: BTreeMap<usize, Own>,
    /// Per claim, with the rank of the evidence: 0 record, 1 provider id, 2 address, 3 hostname, 4 label, 5 pattern.
    machine: BTreeMap<usize, (usize, usize)>,
    node: BTreeMap<usize, (usize, usize)>,
    reserved: BTreeSet<usize>,
    ambiguous: BTreeSet<usize>,
    waiting: BTreeSet<usize>,
}

impl<'a> World<'a> {
    pub(super) fn decide(&self) -> Answer<'a> {
        let records = self.records();
        let ties = self.ties(&records);
        let mut state = State {
            world: self,
            records,
            ties,
            machine_owner: BTreeMap::new(),
            node_owner: BTreeMap::new(),
            machine: BTreeMap::new(),
            node: BTreeMap::new(),
            reserved: BTreeSet::new(),
            ambiguous: BTreeSet::new(),
            waiting: BTreeSet::new(),
        };
        state.settle_records();
        state.settle_named();
        state.settle_anonymous();
        let rivals = |machine: &usize| (0..self.claims.len()).any(|claim| state.is_rival(claim, *machine));
        let contested = (0..self.machines.len()).filter(rivals);
        let told = (0..self.claims.len()).map(|claim| state.tell(claim));
        (
            told.collect(),
            contested.map(|machine| state.reports(machine)).collect(),
        )
    }
}

impl<'a> State<'_, 'a> {
    fn node_of(&self, machine: usize) -> Option<usize> {
        self.ties.iter().find(|(m, ..)| *m == machine).map(|(_, n, _)| *n)
    }

    fn machine_of(&self, node: usize) -> Option<usize> {
        self.ties.iter().find(|(_, n, _)| *n == node).map(|(m, ..)| *m)
    }

    fn has_record(&self, claim: usize) -> bool {
        let c = self.world.claims[claim];
        c.instance_id.is_some_and(|id| id != 0)
            || c.identifier.is_some()
            || c.provider_id.is_some()
            || c.node_name.is_some()
            || c.hostname.is_some()
            || !c.addresses.is_empty()
    }

    fn participates(&self, claim: usize) -> bool {
        self.world.claims[claim].creation_requested
            || self.has_record(claim)
            || (0..self.world.nodes.len()).any(|node| self.world.is_labelled(claim, node))
    }

    fn settle_records(&mut self) {
        for (claim, record) in self.records.iter().enumerate() {
            let own = if record.conflict {
                Own::Conflict
            } else {
                Own::Claim(claim)
            };
            self.machine_owner
                .extend(record.named.iter().map(|machine| (*machine, own)));
            self.node_owner.extend(record.node.map(|node| (node, own)));
            if !record.conflict {
                let rank = if record.is_by_address { 2 } else { 0 };
                self.machine
                    .extend(record.machine.map(|machine| (claim, (machine, rank))));
                self.node.extend(record.node.map(|node| (claim, (node, 0))));
            }
        }
        for claim in 0..self.records.len() {
            let Some((machine, 2)) = self.machine.get(&claim).copied() else {
                continue;
            };
            let labelled = self
                .labelled(claim)
                .filter(|node| !self.node_owner.contains_key(node));
            if labelled.is_some_and(|node| self.node_of(machine) != Some(node)) {
                self.machine.remove(&claim);
            }
        }
    }

    fn labelled(&self, claim: usize) -> Option<usize> {
        let world = self.world;
        (0..world.nodes.len()).find(|n| world.is_labelled(claim, *n) && self.is_node_eligible(claim, *n))
    }

    fn is_node_eligible(&self, claim: usize, node: usize) -> bool {
        let machine = self.machine_of(node);
        self.world.is_node_eligible(claim, node)
            && !machine.is_some_and(|machine| self.world.is_control_plane(machine))
    }

    fn is_free(owner: Option<&Own>, claim: usize) -> bool {
        owner.is_none_or(|own| *own == Own::Claim(claim))
    }

    fn wants_machine(&self, claim: usize) -> bool {
        let record = &self.records[claim];
        self.world.claims[claim].creation_requested
            && !record.conflict
            && !record.machine_missing
            && record.machine.is_none()
            && !self.machine.contains_key(&claim)
    }

    /// Whether nothing but its status keeps a machine from the claim.
    fn may_have_machine(&self, claim: usize, machine: usize) -> bool {
        self.is_beside_node(claim, machine) && self.may_have_machine_elsewhere(claim, machine)
    }

    /// Whether the machine can be that of the Node which the claim has or is labelled on.
    fn is_beside_node(&self, claim: usize, machine: usize) -> bool {
        let tied = self.node_of(machine);
        let label_elsewhere = self
            .labelled(claim)
            .filter(|node| Self::is_free(self.node_owner.get(node), claim))
            .is_some_and(|node| tied != Some(node));
        let fits = match (self.node.get(&claim), tied) {
            (None, tied) => tied.is_none() || !self.records[claim].node_missing,
            (Some((node, _)), Some(tied)) => *node == tied,
            (Some((node, rank)), None) => {
                *rank == 0 && self.machine_of(*node).is_none() && !self.world.is_of_another(*node, machine)
            }
        };
        !label_elsewhere && fits
    }

    fn may_have_machine_elsewhere(&self, claim: usize, machine: usize) -> bool {
        let tied = self.node_of(machine);
        self.wants_machine(claim)
            && !self.machine_owner.contains_key(&machine)
            && tied.is_none_or(|node| Self::is_free(self.node_owner.get(&node), claim))
            && self.world.stands(claim, machine)
            && self.world.age(claim, machine) != Age::Old
    }

    fn may_have_node(&self, claim: usize, node: usize, rank: usize) -> bool {
        let record = &self.records[claim];
        let tied = self.machine_of(node);
        let fits = match self.machine.get(&claim) {
            None => true,
            Some((machine, _)) if tied.is_some() => tied == Some(*machine),
            Some((machine, rank)) => {
                *rank == 0 && self.node_of(*machine).is_none() && !self.world.is_of_another(node, *machine)
            }
        };
        self.participates(claim)
            && !record.conflict
            && !record.node_missing
            && (!record.machine_missing || rank == 1)
            && !self.node.contains_key(&claim)
            && !self.node_owner.contains_key(&node)
            && tied.is_none_or(|machine| Self::is_free(self.machine_owner.get(&machine), claim))
            && fits
            && self.is_node_eligible(claim, node)
    }

    fn is_node_linked(&self, claim: usize, node: usize, rank: usize) -> bool {
        let world = self.world;
        let c = world.claims[claim];
        if c.cluster != CLUSTER {
            return false;
        }
        let named = |rank| {
            world
                .names(node)
                .iter()
                .any(|name| world.named(rank, CLUSTER, name) == Some(claim))
        };
        match rank {
            1 => self.is_provided(claim, node),
            2 => super::usable(&c.addresses).into_iter().any(|address| {
                let carriers = world
                    .nodes
                    .iter()
                    .filter(|n| super::usable(&n.addresses).contains(&address))
                    .count();
                let recorders = world
                    .claims
                    .iter()
                    .filter(|c| c.cluster == CLUSTER && super::usable(&c.addresses).contains(&address))
                    .count();
                carriers == 1
                    && recorders == 1
                    && super::usable(&world.nodes[node].addresses).contains(&address)
            }),
            3 => named(3),
            4 => world.is_labelled(claim, node),
            _ => world.names(node).iter().any(|name| {
                let is_taken_by_machine = (0..world.machines.len()).any(|machine| {
                    world.at_home(machine)
                        && world.hostnames(machine).contains(name)
                        && world.stands(claim, machine)
                        && world.age(claim, machine) != Age::Old
                        && world.is_running(machine)
                });
                world.named(5, CLUSTER, name) == Some(claim) && !is_taken_by_machine
            }),
        }
    }

    fn is_provided(&self, claim: usize, node: usize) -> bool {
        let Some(provider_id) = &self.world.nodes[node].provider_id else {
            return false;
        };
        let name = provider_id.rsplit('/').next().unwrap_or_default();
        let name = Text::from(name);
        let records = |claim: usize| {
            let c = self.world.claims[claim];
            self.records[claim].machine_missing
                && c.cluster == CLUSTER
                && [
                    c.identifier.clone(),
                    c.instance_id
                        .filter(|id| *id != 0)
                        .map(|id| id.to_string().into()),
                ]
                .contains(&Some(name.clone()))
        };
        records(claim) && (0..self.records.len()).filter(|other| records(*other)).count() == 1
    }

    fn settle_named(&mut self) {
        let (machines, nodes) = (self.world.machines.len(), self.world.nodes.len());
        for rank in 1..=5 {
            for (claim, machine) in pairs(self.records.len(), machines) {
                let is_named = matches!(rank, 3 | 5) && self.world.names_machine(rank, claim, machine);
                if is_named && self.world.is_running(machine) && self.may_have_machine(claim, machine) {
                    self.give_machine(claim, machine, rank);
                }
            }
            for (claim, node) in pairs(self.records.len(), nodes) {
                if self.is_node_linked(claim, node, rank) && self.may_have_node(claim, node, rank) {
                    self.give_node(claim, node, rank);
                }
            }
            for claim in 0..self.records.len() {
                self.follow(claim, rank);
            }
        }
        for rank in [3, 5] {
            for (claim, machine) in pairs(self.records.len(), machines) {
                let is_named = self.world.names_machine(rank, claim, machine);
                let is_open = !self.reserved.contains(&claim);
                let is_beside = self.is_beside_node(claim, machine);
                let is_labelled = self.node.get(&claim).is_some_and(|(_, rank)| *rank == 4);
                let is_kept = if is_beside {
                    !self.world.is_running(machine)
                } else {
                    is_labelled
                };
                if is_named && is_open && is_kept && self.may_have_machine_elsewhere(claim, machine) {
                    self.machine_owner.insert(machine, Own::Claim(claim));
                    self.reserved.insert(claim);
                }
            }
        }
    }

    fn follow(&mut self, claim: usize, turn: usize) {
        let tie = self.ties.iter().copied().find(|(machine, node, _)| {
            self.machine.get(&claim).map(|(m, _)| m) == Some(machine)
                || self.node.get(&claim).map(|(n, _)| n) == Some(node)
        });
        let Some((machine, node, kind)) = tie else { return };
        let weaker = |held: usize| held.max(kind + 1) == turn && kind < 3;
        match (self.machine.get(&claim).copied(), self.node.get(&claim).copied()) {
            (Some((_, rank)), None) if weaker(rank) && self.may_have_node(claim, node, kind + 1) => {
                self.give_node(claim, node, kind + 1);
            }
            (None, Some((_, rank)))
                if weaker(rank)
                    && self.world.is_running(machine)
                    && self.may_have_machine(claim, machine) =>
            {
                self.give_machine(claim, machine, kind + 1);
            }
            _ => {}
        }
    }

    fn give_machine(&mut self, claim: usize, machine: usize, rank: usize) {
        self.machine_owner.insert(machine, Own::Claim(claim));
        self.machine.insert(claim, (machine, rank));
    }

    fn give_node(&mut self, claim: usize, node: usize, rank: usize) {
        self.node_owner.insert(node, Own::Claim(claim));
        self.node.insert(claim, (node, rank));
    }

    fn reports(&self, machine: usize) -> BTreeSet<crate::Machine<'a>> {
        self.world.machines[machine]
            .iter()
            .map(|&report| report.clone())
            .collect()
    }

    /// R7: whether the machine could as well be that of a claim which was matched anonymously.
    fn is_rival(&self, claim: usize, machine: usize) -> bool {
        let (world, facts) = (self.world, self.world.claims[claim]);
        let is_node_taken = self
            .node_of(machine)
            .is_some_and(|node| self.node_owner.contains_key(&node));
        let is_new = matches!(world.age(claim, machine), Age::New | Age::Later);
        let is_in_time = created(&world.machines[machine]).is_none_or(|(at, zoned)| {
            let settings = &world.fleet.settings;
            let slack = TimeDelta::hours(if zoned { 0 } else { 14 });
            let requested = facts.requested_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
            requested >= at - settings.discovery_timeout - settings.clock_skew - slack
        });
        facts.recorded_by == Some(crate::EvidenceKind::Anonymous)
            && self.machine.contains_key(&claim)
            && !self.machine_owner.contains_key(&machine)
            && !is_node_taken
            && is_new
            && is_in_time
            && world.stands(claim, machine)
    }

    fn tell(&self, claim: usize) -> Told<'a> {
        let world = self.world;
        let (record, facts) = (&self.records[claim], world.claims[claim]);
        let machine = self.machine.get(&claim).map(|(machine, _)| *machine);
        let node = self.node.get(&claim).map(|(node, _)| *node);
        let is_late = facts.creation_requested
            && facts
                .requested_at
                .is_some_and(|at| world.fleet.now - at > world.fleet.settings.discovery_timeout);
        let is_waiting = record.machine_missing
            || record.node_missing
            || self.reserved.contains(&claim)
            || self.waiting.contains(&claim);
        let word = if !self.participates(claim) {
            "not-participating"
        } else if record.conflict {
            "conflict"
        } else if machine.is_some() || node.is_some() {
            "matched"
        } else if is_waiting {
            "waiting"
        } else if self.ambiguous.contains(&claim) {
            "ambiguous"
        } else if is_late {
            "timed-out"
        } else {
            "waiting"
        };
        let is_contested = word == "matched" && (0..world.machines.len()).any(|m| self.is_rival(claim, m));
        let name = node.map(|node| world.nodes[node].name.to_string());
        let reports = machine.map(|machine| self.reports(machine));
        (
            facts.uid.to_string(),
            word,
            reports.unwrap_or_default(),
            name,
            is_contested,
        )
    }
}

fn pairs(left: usize, right: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..left).flat_map(move |left| (0..right).map(move |right| (left, right)))
}
