//! R2a: several reports, one machine.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::{Machine, ReportedAt, address};

/// Joins the reports of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedMachine<'a> {
    reports: Vec<&'a Machine>,
}

/// The roles of control-plane machines, in lower case.
const CONTROL_PLANE_ROLES: [&str; 3] = ["master", "control-plane", "controlplane"];
/// What VPSie puts into the hostnames of control-plane machines.
pub(crate) const CONTROL_PLANE_MARK: &str = "-master-";
/// The status of a machine that runs.
const RUNNING: &str = "running";

// === impl MergedMachine ===

impl<'a> MergedMachine<'a> {
    /// Returns the reports, at least one, in a fixed order.
    #[must_use]
    pub fn reports(&self) -> &[&'a Machine] {
        &self.reports
    }

    /// Returns the cluster.
    #[must_use]
    pub fn cluster(&self) -> &'a str {
        self.reports.first().map_or("", |report| report.cluster.as_str())
    }

    /// Returns the id, from the first list that reports one.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        self.reports.iter().find_map(|report| known_id(report))
    }

    /// Returns the identifier.
    #[must_use]
    pub fn identifier(&self) -> Option<&'a str> {
        self.reports
            .iter()
            .find_map(|report| text(report.identifier.as_deref()))
    }

    /// Returns the hostname.
    #[must_use]
    pub fn hostname(&self) -> Option<&'a str> {
        self.reports
            .iter()
            .find_map(|report| text(report.hostname.as_deref()))
    }

    /// Returns the group that a report names.
    #[must_use]
    pub fn group(&self) -> Option<u64> {
        self.reports.iter().find_map(|report| report.group)
    }

    /// Returns the addresses of all reports as printed, sorted, each once.
    #[must_use]
    pub fn addresses(&self) -> Vec<&'a str> {
        let mut all: Vec<&str> = self
            .reports
            .iter()
            .flat_map(|report| report.addresses.iter().map(String::as_str))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns the status: one that is not running before one that is.
    #[must_use]
    pub fn status(&self) -> Option<&'a str> {
        let all = || {
            self.reports
                .iter()
                .filter_map(|report| text(report.status.as_deref()))
        };
        all()
            .find(|status| !status.eq_ignore_ascii_case(RUNNING))
            .or_else(|| all().next())
    }

    /// Tells whether it runs: every report that has a status says running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status()
            .is_none_or(|status| status.eq_ignore_ascii_case(RUNNING))
    }

    /// Tells whether any report marks it deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.reports.iter().any(|report| report.is_deleted)
    }

    /// Tells whether any report shows it as part of the control plane (R2c).
    #[must_use]
    pub fn is_control_plane(&self) -> bool {
        self.reports.iter().any(|report| {
            let role = text(report.role.as_deref()).map(str::to_lowercase);
            let hostname = text(report.hostname.as_deref()).map(str::to_lowercase);
            role.is_some_and(|role| CONTROL_PLANE_ROLES.contains(&role.as_str()))
                || hostname.is_some_and(|hostname| hostname.contains(CONTROL_PLANE_MARK))
        })
    }

    /// Returns when it was created: the earliest time with a zone, else the earliest without.
    #[must_use]
    pub fn created_at(&self) -> Option<ReportedAt> {
        self.reports
            .iter()
            .filter_map(|report| report.created_at)
            .min_by_key(|time| (!time.zoned, time.at))
    }
}

/// Merges reports; the machines come in a fixed order, whatever the order of the reports.
///
/// Two reports are one machine when they share the identifier, or the id in the same list, or the
/// hostname together with a usable address and no differing identifier; always within one cluster.
pub(crate) fn merge(reports: &[Machine]) -> Vec<MergedMachine<'_>> {
    let mut sorted: Vec<&Machine> = reports.iter().collect();
    sorted.sort_unstable();
    let mut strong = Sets::new(sorted.len());
    strong.join_equal(sorted.iter().enumerate().filter_map(|(index, report)| {
        Some((
            (
                report.cluster.as_str(),
                text(report.identifier.as_deref())?.to_lowercase(),
            ),
            index,
        ))
    }));
    strong.join_equal(sorted.iter().enumerate().filter_map(|(index, report)| {
        Some(((report.cluster.as_str(), report.list, known_id(report)?), index))
    }));
    let mut all = join_by_hostname_and_address(&sorted, strong);
    let mut merged: BTreeMap<usize, Vec<&Machine>> = BTreeMap::new();
    for (index, report) in sorted.into_iter().enumerate() {
        merged.entry(all.root(index)).or_default().push(report);
    }
    let mut machines: Vec<MergedMachine<'_>> = merged
        .into_values()
        .map(|reports| MergedMachine { reports })
        .collect();
    machines.sort_by_cached_key(|machine| {
        (
            machine.cluster(),
            absent_last(machine.id()),
            absent_last(machine.identifier()),
            machine.hostname(),
        )
    });
    machines
}

/// Joins what shares hostname and address, unless that would join two identifiers.
fn join_by_hostname_and_address(sorted: &[&Machine], strong: Sets) -> Sets {
    let mut weak = strong.clone();
    weak.join_equal(sorted.iter().enumerate().flat_map(|(index, report)| {
        let hostname = text(report.hostname.as_deref()).map(str::to_lowercase);
        hostname.into_iter().flat_map(move |hostname| {
            address::all_usable(&report.addresses)
                .into_iter()
                .map(move |address| ((report.cluster.as_str(), hostname.clone(), address), index))
        })
    }));
    let mut identifiers: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (index, report) in sorted.iter().enumerate() {
        if let Some(identifier) = text(report.identifier.as_deref()) {
            identifiers
                .entry(weak.root(index))
                .or_default()
                .insert(identifier.to_lowercase());
        }
    }
    // Where two identifiers would become one machine, nobody can tell to which of them a third report
    // belongs: only what is certain stays joined there.
    let mut joined = strong;
    for index in 0..sorted.len() {
        let root = weak.root(index);
        if identifiers.get(&root).is_none_or(|found| found.len() <= 1) {
            joined.join(index, root);
        }
    }
    joined
}

/// Orders `None` behind every `Some`.
pub(crate) fn absent_last<T: Ord>(value: Option<T>) -> (bool, Option<T>) {
    (value.is_none(), value)
}

/// Drops texts that say nothing.
pub(crate) fn text(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

/// Drops the id 0, which means unreported.
fn known_id(report: &Machine) -> Option<u64> {
    report.id.filter(|id| *id != 0)
}

/// Keeps disjoint sets of indexes.
#[derive(Debug, Clone)]
pub(crate) struct Sets {
    parents: Vec<usize>,
}

// === impl Sets ===

impl Sets {
    pub(crate) fn new(len: usize) -> Self {
        Self {
            parents: (0..len).collect(),
        }
    }

    /// Returns the smallest index of the set, and shortens the way to it.
    pub(crate) fn root(&mut self, index: usize) -> usize {
        let mut root = index;
        while self.parents[root] != root {
            root = self.parents[root];
        }
        let mut step = index;
        while self.parents[step] != root {
            step = std::mem::replace(&mut self.parents[step], root);
        }
        root
    }

    pub(crate) fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.parents[left.max(right)] = left.min(right);
    }

    fn join_equal<Key: Ord>(&mut self, entries: impl Iterator<Item = (Key, usize)>) {
        let mut first: BTreeMap<Key, usize> = BTreeMap::new();
        for (key, index) in entries {
            let found = *first.entry(key).or_insert(index);
            self.join(found, index);
        }
    }
}

impl MergedMachine<'_> {
    /// Returns every hostname in lower case, each once.
    pub(crate) fn hostnames(&self) -> Vec<String> {
        distinct(
            self.reports
                .iter()
                .filter_map(|report| text(report.hostname.as_deref()))
                .map(str::to_lowercase),
        )
    }

    /// Returns every identifier in lower case, each once.
    pub(crate) fn identifiers(&self) -> Vec<String> {
        distinct(
            self.reports
                .iter()
                .filter_map(|report| text(report.identifier.as_deref()))
                .map(str::to_lowercase),
        )
    }

    /// Returns every id, each once.
    pub(crate) fn ids(&self) -> Vec<u64> {
        distinct(self.reports.iter().filter_map(|report| known_id(report)))
    }

    /// Returns every usable address, each once.
    pub(crate) fn usable_addresses(&self) -> Vec<IpAddr> {
        address::all_usable(self.reports.iter().flat_map(|report| &report.addresses))
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<BTreeSet<T>>().into_iter().collect()
}
