//! R2a: several reports, one machine.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::address::AddressNumber;
use crate::bearers::Bearers;
use crate::marks::Marks;
use crate::words::{ClusterNumber, Word, long, lower, short};
use crate::{Machine, ReportedAt};

/// Joins the reports of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedMachine<'a> {
    reports: Reports<'a>,
}

/// Holds reports; mostly there is one, which needs no list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reports<'a> {
    One(&'a Machine<'a>),
    /// Apart, so that the many of which there is one do not make room for a list.
    Several(Box<Joined<'a>>),
}

/// Holds all reports of a machine that has several.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Joined<'a> {
    reports: Vec<&'a Machine<'a>>,
}

/// The roles of control-plane machines, in lower case.
const CONTROL_PLANE_ROLES: [&str; 3] = ["master", "control-plane", "controlplane"];
/// What VPSie puts into the hostnames of control-plane machines.
pub(crate) const CONTROL_PLANE_MARK: &str = "-master-";
/// The status of a machine that runs.
const RUNNING: &str = "running";

// === impl MergedMachine ===

impl<'a> MergedMachine<'a> {
    /// Makes a machine of its first report.
    pub(crate) fn new(report: &'a Machine<'a>) -> Self {
        Self {
            reports: Reports::One(report),
        }
    }

    /// Adds a further report.
    pub(crate) fn add(&mut self, report: &'a Machine<'a>) {
        match &mut self.reports {
            Reports::One(first) => {
                let reports = vec![*first, report];
                self.reports = Reports::Several(Box::new(Joined { reports }));
            }
            Reports::Several(joined) => joined.reports.push(report),
        }
    }

    /// Returns the reports, at least one, in a fixed order.
    #[must_use]
    pub fn reports(&self) -> &[&'a Machine<'a>] {
        match &self.reports {
            Reports::One(report) => std::slice::from_ref(report),
            Reports::Several(joined) => &joined.reports,
        }
    }

    /// Returns the cluster.
    #[must_use]
    pub fn cluster(&self) -> &'a str {
        self.reports().first().map_or("", |report| &*report.cluster)
    }

    /// Returns the id, from the first list that reports one.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        self.reports().iter().find_map(|report| known_id(report))
    }

    /// Returns the identifier.
    #[must_use]
    pub fn identifier(&self) -> Option<&'a str> {
        self.reports()
            .iter()
            .find_map(|report| text(report.identifier.as_deref()))
    }

    /// Returns the hostname.
    #[must_use]
    pub fn hostname(&self) -> Option<&'a str> {
        self.reports()
            .iter()
            .find_map(|report| text(report.hostname.as_deref()))
    }

    /// Returns the group that a report names.
    #[must_use]
    pub fn group(&self) -> Option<u64> {
        self.reports().iter().find_map(|report| report.group)
    }

    /// Returns the addresses of all reports as printed, sorted, each once.
    #[must_use]
    pub fn addresses(&self) -> Vec<&'a str> {
        let mut all: Vec<&str> = self
            .reports()
            .iter()
            .flat_map(|report| report.addresses.iter().map(AsRef::as_ref))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns the status: one that is not running before one that is.
    #[must_use]
    pub fn status(&self) -> Option<&'a str> {
        let all = || {
            self.reports()
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
        self.reports().iter().any(|report| report.is_deleted)
    }

    /// Tells whether any report shows it as part of the control plane (R2c).
    #[must_use]
    pub fn is_control_plane(&self) -> bool {
        self.reports().iter().any(|report| {
            let role = text(report.role.as_deref());
            let has_role =
                role.is_some_and(|role| CONTROL_PLANE_ROLES.iter().any(|it| it.eq_ignore_ascii_case(role)));
            has_role
                || text(report.hostname.as_deref())
                    .is_some_and(|name| lower(name).contains(CONTROL_PLANE_MARK))
        })
    }

    /// Returns when it was created: the earliest time with a zone, else the earliest without.
    #[must_use]
    pub fn created_at(&self) -> Option<ReportedAt> {
        self.reports()
            .iter()
            .filter_map(|report| report.created_at)
            .min_by_key(|time| (!time.zoned, time.at))
    }
}

/// Holds a report with what is compared about it.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) machine: &'a Machine<'a>,
    pub(crate) marks: Marks,
}

/// Finds out which reports are one machine: returns, for each, the first report of its machine.
///
/// Two reports are one machine when they share the identifier, or the id in the same list, or the
/// hostname together with a usable address and no differing identifier; always within one cluster.
/// The reports must come in the order of their machines, which is that of list and id.
pub(crate) fn first_reports(reports: &[Report<'_>], words: usize, identifiers: usize) -> Sets {
    let mut strong = Sets::new(reports.len());
    let mut by_identifier = Bearers::new(identifiers);
    for (index, report) in reports.iter().enumerate() {
        for identifier in report.marks.identifiers() {
            by_identifier.add(identifier.index(), index);
            strong.join(by_identifier.first(identifier.index()).unwrap_or(index), index);
        }
    }
    drop(by_identifier);
    join_equal_ids(reports, &mut strong);
    join_by_hostname_and_address(reports, words, strong)
}

/// Joins what shares the id in the same list.
fn join_equal_ids(reports: &[Report<'_>], sets: &mut Sets) {
    let id = |index: usize| Some((reports[index].machine.list, known_id(reports[index].machine)?));
    let mut start = 0;
    for run in reports.chunk_by(|left, right| {
        (left.machine.list, left.machine.id) == (right.machine.list, right.machine.id)
    }) {
        if run.len() > 1 && id(start).is_some() {
            let mut first: BTreeMap<ClusterNumber, usize> = BTreeMap::new();
            for (index, report) in (start..).zip(run) {
                let first = *first.entry(report.marks.cluster).or_insert(index);
                sets.join(first, index);
            }
        }
        start += run.len();
    }
}

/// Joins what shares hostname and address, unless that would join two identifiers.
fn join_by_hostname_and_address(reports: &[Report<'_>], words: usize, strong: Sets) -> Sets {
    let mut by_hostname = Bearers::new(words);
    for (index, report) in reports.iter().enumerate() {
        for hostname in report.marks.hostnames() {
            by_hostname.add(hostname.index(), index);
        }
    }
    let mut weak = strong.clone();
    let mut first: BTreeMap<(Word, AddressNumber), usize> = BTreeMap::new();
    for (index, report) in reports.iter().enumerate() {
        let hostnames = report.marks.hostnames().iter();
        for hostname in hostnames.filter(|it| by_hostname.are_several(it.index())) {
            for address in report.marks.addresses() {
                weak.join(*first.entry((*hostname, *address)).or_insert(index), index);
            }
        }
    }
    if first.is_empty() {
        return strong;
    }
    let mut identifiers = Bearers::new(reports.len());
    for (index, report) in reports.iter().enumerate() {
        for identifier in report.marks.identifiers() {
            identifiers.add(weak.root(index), identifier.index());
        }
    }
    // Where two identifiers would become one machine, nobody can tell to which of them a third report
    // belongs: only what is certain stays joined there.
    let mut joined = strong;
    for index in 0..reports.len() {
        let root = weak.root(index);
        if !identifiers.are_several(root) {
            joined.join(index, root);
        }
    }
    joined
}

/// Drops texts that say nothing.
pub(crate) fn text(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

/// Drops the id 0, which means unreported.
pub(crate) fn known_id(report: &Machine<'_>) -> Option<u64> {
    report.id.filter(|id| *id != 0)
}

/// Keeps disjoint sets of indexes.
#[derive(Debug, Clone)]
pub(crate) struct Sets {
    parents: Vec<u32>,
}

// === impl Sets ===

impl Sets {
    pub(crate) fn new(len: usize) -> Self {
        Self {
            parents: (0..short(len)).collect(),
        }
    }

    /// Returns the smallest index of the set, and shortens the way to it.
    pub(crate) fn root(&mut self, index: usize) -> usize {
        let parent = |sets: &Self, index: usize| long(sets.parents[index]);
        let mut root = index;
        while parent(self, root) != root {
            root = parent(self, root);
        }
        let mut step = index;
        while parent(self, step) != root {
            step = long(std::mem::replace(&mut self.parents[step], short(root)));
        }
        root
    }

    pub(crate) fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.parents[left.max(right)] = short(left.min(right));
    }
}

impl MergedMachine<'_> {
    /// Returns every id, each once.
    pub(crate) fn ids(&self) -> SmallVec<[u64; 2]> {
        let mut ids: SmallVec<[u64; 2]> = self
            .reports()
            .iter()
            .filter_map(|report| known_id(report))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
