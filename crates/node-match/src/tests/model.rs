//! A slow and obvious model of the rules: it shares the input types with the crate, and nothing else.

mod decide;
mod eligible;
mod merge;
mod small;

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use self::merge::merged;
use crate::testing::CLUSTER;
use crate::tests::fleets::{fleets, runner};
use crate::{Claim, Group, Machine, MergedMachine, Node, Snapshot, Text, UnexplainedReason, match_fleet};

/// How many fleets both are asked about.
const FLEETS: u32 = 800;

/// What both are asked for each claim: the verdict, the machine's reports, the Node, whether it is contested.
type Told<'a> = (String, &'static str, BTreeSet<Machine<'a>>, Option<String>, bool);

/// What both say: of each claim, and the reports of machines that nobody has and that contest a match.
type Answer<'a> = (Vec<Told<'a>>, BTreeSet<BTreeSet<Machine<'a>>>);

/// The crate and the model agree about every generated fleet.
#[test]
fn crate_and_model_agree() {
    let mut runner = runner(FLEETS);
    let agree = |mut fleet: Snapshot<'static>| {
        fleet.nodes_cluster = Some(CLUSTER.into());
        prop_assert_eq!(answer(&fleet), World::new(&fleet).decide());
        Ok(())
    };
    runner
        .run(&fleets(), agree)
        .unwrap_or_else(|error| panic!("{error}"));
}

fn set<'a>(machine: &MergedMachine<'a>) -> BTreeSet<Machine<'a>> {
    machine.reports().iter().map(|&report| report.clone()).collect()
}

fn answer<'a>(fleet: &'a Snapshot<'a>) -> Answer<'a> {
    let tell = |answer: &crate::Answer<'a>| {
        let found = answer.verdict.matched();
        let (machine, node) = (
            found.and_then(|found| found.machine.as_ref()),
            found.and_then(|found| found.node),
        );
        let reports = machine.map(set);
        let node = node.map(|node| node.name.to_string());
        (
            answer.claim.uid.to_string(),
            answer.verdict.as_str(),
            reports.unwrap_or_default(),
            node,
            found.is_some_and(|found| found.contested),
        )
    };
    let matching = match_fleet(fleet);
    let left = matching.unexplained.machines.iter();
    let contested = left.filter(|entry| entry.reason == UnexplainedReason::Contested);
    (
        matching.claims.iter().map(tell).collect(),
        contested.map(|entry| set(&entry.machine)).collect(),
    )
}

/// Holds the snapshot with its machines merged.
struct World<'a> {
    fleet: &'a Snapshot<'a>,
    claims: Vec<&'a Claim<'a>>,
    /// Newest first.
    machines: Vec<Vec<&'a Machine<'a>>>,
    /// Newest first.
    nodes: Vec<&'a Node<'a>>,
    /// Each once.
    groups: Vec<Group<'a>>,
}

/// Holds what the records of a claim name.
#[derive(Default, Clone)]
struct Record {
    named: BTreeSet<usize>,
    machine: Option<usize>,
    is_by_address: bool,
    machine_missing: bool,
    node: Option<usize>,
    node_missing: bool,
    conflict: bool,
}

impl<'a> World<'a> {
    fn new(fleet: &'a Snapshot<'a>) -> Self {
        let mut claims: Vec<&Claim<'_>> = fleet.claims.iter().collect();
        claims.sort_by_key(|claim| &claim.uid);
        let mut machines = merged(&fleet.machines);
        machines.sort_by_key(|machine| {
            (
                last(created(machine).map(|(at, _)| std::cmp::Reverse(at))),
                identity(machine),
                machine.clone(),
            )
        });
        let mut nodes: Vec<&Node<'_>> = fleet.nodes.iter().collect();
        nodes.sort_by_key(|node| (last(node.created_at.map(std::cmp::Reverse)), &node.name));
        Self {
            fleet,
            claims,
            machines,
            nodes,
            groups: eligible::described(&fleet.groups),
        }
    }

    fn record(&self, claim: &Claim<'_>) -> Record {
        let mut record = Record::default();
        let (mut identifiers, mut ids) = (BTreeSet::new(), BTreeSet::new());
        identifiers.extend(claim.identifier.clone());
        ids.extend(claim.instance_id.filter(|id| *id != 0));
        let is_listed = |identifier: &Text<'_>| {
            let same =
                |r: &Machine<'_>| r.cluster == claim.cluster && r.identifier.as_ref() == Some(identifier);
            self.fleet.machines.iter().any(same)
        };
        // Generated provider ids of claims name no UUID, so they count only where a machine bears the name.
        let provided = claim
            .provider_id
            .as_ref()
            .map(|id| id.trim_start_matches("vpsie://").to_owned().into());
        identifiers.extend(provided.filter(is_listed));
        let ours: Vec<usize> = (0..self.machines.len())
            .filter(|m| self.machines[*m][0].cluster == claim.cluster)
            .collect();
        let has_identifier = |m: usize| {
            self.machines[m]
                .iter()
                .any(|r| r.identifier.as_ref().is_some_and(|i| identifiers.contains(i)))
        };
        let has_id = |m: usize| {
            self.machines[m]
                .iter()
                .any(|r| r.id.is_some_and(|id| ids.contains(&id)))
        };
        let by_identifier: Vec<usize> = ours.iter().copied().filter(|m| has_identifier(*m)).collect();
        let by_id: Vec<usize> = ours.iter().copied().filter(|m| has_id(*m)).collect();
        record.named.extend(&by_identifier);
        if !by_identifier.iter().any(|m| by_id.contains(m)) {
            record.named.extend(&by_id);
        }
        let is_other = |m: &usize| {
            !identifiers.is_empty()
                && !has_identifier(*m)
                && self.machines[*m].iter().any(|r| r.identifier.is_some())
        };
        record.conflict = identifiers.len() > 1 || record.named.iter().any(is_other);
        record.machine_missing = !(identifiers.is_empty() && ids.is_empty()) && record.named.is_empty();
        record.is_by_address = record.named.is_empty();
        if !record.machine_missing {
            for address in usable(&claim.addresses) {
                let carriers: Vec<usize> = ours
                    .iter()
                    .copied()
                    .filter(|m| self.addresses(*m).contains(&address))
                    .collect();
                if let [carrier] = carriers[..] {
                    record.named.insert(carrier);
                }
            }
        }
        record.conflict |= record.named.len() > 1;
        record.machine = record.named.first().copied();
        if let Some(name) = &claim.node_name {
            record.node = self
                .nodes
                .iter()
                .position(|n| n.name == *name && claim.cluster == CLUSTER);
            record.node_missing = record.node.is_none();
        }
        if let (Some(machine), Some(node)) = (record.machine, record.node) {
            record.conflict |= self.is_of_another(node, machine);
        }
        record
    }

    fn records(&self) -> Vec<Record> {
        let mut records: Vec<Record> = self.claims.iter().map(|claim| self.record(claim)).collect();
        let plain = records.clone();
        for (index, record) in records.iter_mut().enumerate() {
            let others = plain.iter().enumerate().filter(|(other, _)| *other != index);
            for (_, other) in others {
                record.conflict |= record.named.intersection(&other.named).next().is_some();
                record.conflict |= record.node.is_some() && record.node == other.node;
            }
        }
        records
    }

    fn addresses(&self, machine: usize) -> BTreeSet<IpAddr> {
        usable(self.machines[machine].iter().flat_map(|report| &report.addresses))
    }

    fn at_home(&self, machine: usize) -> bool {
        self.machines[machine][0].cluster == CLUSTER
    }

    fn hostnames(&self, machine: usize) -> BTreeSet<String> {
        self.machines[machine]
            .iter()
            .filter_map(|r| r.hostname.as_ref())
            .map(|h| h.to_lowercase())
            .collect()
    }

    fn names(&self, node: usize) -> BTreeSet<String> {
        let node = self.nodes[node];
        [Some(&node.name), node.hostname.as_ref()]
            .into_iter()
            .flatten()
            .map(|name| name.to_lowercase())
            .collect()
    }

    /// The only machine at home that the provider id of a Node names.
    fn provided(&self, node: usize) -> Option<usize> {
        let name = self.nodes[node].provider_id.as_ref()?.rsplit('/').next()?;
        let number = name.parse::<u64>().ok();
        let is_named = |m: &usize| {
            self.at_home(*m)
                && self.machines[*m].iter().any(|r| match number {
                    Some(number) => r.id == Some(number),
                    None => r.identifier.as_deref() == Some(name),
                })
        };
        let named: Vec<usize> = (0..self.machines.len()).filter(is_named).collect();
        if let [machine] = named[..] {
            Some(machine)
        } else {
            None
        }
    }

    /// Whether the provider id of a Node names another machine.
    fn is_of_another(&self, node: usize, machine: usize) -> bool {
        self.provided(node).is_some_and(|other| other != machine)
    }

    /// Whether a link of this kind exists: 0 provider id, 1 address, 2 hostname.
    fn linked(&self, kind: usize, machine: usize, node: usize) -> bool {
        if !self.at_home(machine) {
            return false;
        }
        match kind {
            0 => self.provided(node) == Some(machine),
            1 => self.addresses(machine).into_iter().any(|address| {
                let machines = (0..self.machines.len())
                    .filter(|m| self.at_home(*m) && self.addresses(*m).contains(&address))
                    .count();
                let nodes = self
                    .nodes
                    .iter()
                    .filter(|n| usable(&n.addresses).contains(&address))
                    .count();
                machines == 1 && nodes == 1 && usable(&self.nodes[node].addresses).contains(&address)
            }),
            _ => !self.hostnames(machine).is_disjoint(&self.names(node)),
        }
    }

    fn is_young_enough(&self, machine: usize, node: usize) -> bool {
        match (created(&self.machines[machine]), self.nodes[node].created_at) {
            (Some((machine, true)), Some(node)) => node >= machine - self.fleet.settings.clock_skew,
            _ => true,
        }
    }

    /// Pairs machines and Nodes, and tells how: 0 to 2 as above, 3 by records alone.
    fn ties(&self, records: &[Record]) -> Vec<(usize, usize, usize)> {
        let mut ties: Vec<(usize, usize, usize)> = Vec::new();
        for record in records.iter().filter(|record| !record.conflict) {
            if let (Some(machine), Some(node)) = (record.machine, record.node) {
                let kind = (0..3).find(|kind| self.linked(*kind, machine, node)).unwrap_or(3);
                ties.push((machine, node, kind));
            }
        }
        for kind in 0..3 {
            for machine in 0..self.machines.len() {
                for node in 0..self.nodes.len() {
                    let is_free = ties.iter().all(|(m, n, _)| *m != machine && *n != node);
                    if is_free
                        && self.linked(kind, machine, node)
                        && self.is_young_enough(machine, node)
                        && !self.is_of_another(node, machine)
                    {
                        ties.push((machine, node, kind));
                    }
                }
            }
        }
        ties
    }

    fn is_control_plane_node(&self, node: usize) -> bool {
        self.nodes[node].control_plane || self.names(node).iter().any(|name| name.contains("-master-"))
    }

    fn is_control_plane(&self, machine: usize) -> bool {
        self.machines[machine].iter().any(|r| {
            r.role.as_deref() == Some("master")
                || r.hostname
                    .as_ref()
                    .is_some_and(|h| h.to_lowercase().contains("-master-"))
        }) || (0..self.nodes.len()).any(|node| {
            self.is_control_plane_node(node)
                && self.is_young_enough(machine, node)
                && (0..3).any(|kind| self.linked(kind, machine, node))
        })
    }
}

fn usable<'t>(texts: impl IntoIterator<Item = &'t Text<'t>>) -> BTreeSet<IpAddr> {
    let read = |text: &Text<'_>| text.trim().split('/').next()?.parse::<IpAddr>().ok();
    let plain = texts
        .into_iter()
        .filter_map(read)
        .map(|address| address.to_canonical());
    // The only useless ones that are generated.
    plain
        .filter(|address| !["127.0.0.1", "fe80::1"].contains(&address.to_string().as_str()))
        .collect()
}

fn created(machine: &[&Machine<'_>]) -> Option<(DateTime<Utc>, bool)> {
    let times = || machine.iter().filter_map(|report| report.created_at);
    let zoned = times()
        .filter(|time| time.zoned)
        .map(|time| (time.at, true))
        .min();
    zoned.or_else(|| times().map(|time| (time.at, false)).min())
}

type Absent<T> = (bool, Option<T>);

fn identity<'a>(machine: &[&Machine<'a>]) -> (Absent<u64>, Absent<Text<'a>>, Absent<Text<'a>>) {
    (
        last(machine.iter().find_map(|r| r.id.filter(|id| *id != 0))),
        last(machine.iter().find_map(|r| r.identifier.clone())),
        last(machine.iter().find_map(|r| r.hostname.clone())),
    )
}

fn last<T>(value: Option<T>) -> Absent<T> {
    (value.is_none(), value)
}
