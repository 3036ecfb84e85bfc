//! The machines of a fleet: reports read once, merged and sorted.

use std::cell::OnceCell;
use std::cmp::{Ordering, Reverse};

use chrono::{DateTime, Utc};
use smallvec::SmallVec;

use crate::address::{AddressBook, AddressNumber, all_usable};
use crate::directory::Directory;
use crate::marks::Marks;
use crate::merge::{MergedMachine, Report, first_reports, text};
use crate::order::absent_last;
use crate::words::{ClusterNumber, Clusters, Words, long, short};
use crate::{Baseline, Machine};

/// Holds a machine with what is compared about it.
#[derive(Debug)]
pub(crate) struct MachineFacts<'a> {
    pub(crate) merged: MergedMachine<'a>,
    pub(crate) marks: Marks,
    newest_order: u32,
    oldest_order: u32,
    /// Apart, for they are asked of few machines.
    key_hashes: OnceCell<Box<KeyHashes>>,
}

/// Holds hashes of an id, an identifier and a hostname, mostly.
type KeyHashes = SmallVec<[u64; 3]>;

// === impl MachineFacts ===

impl<'a> MachineFacts<'a> {
    fn new(report: Report<'a>) -> Self {
        Self {
            merged: MergedMachine::new(report.machine),
            marks: report.marks,
            newest_order: 0,
            oldest_order: 0,
            key_hashes: OnceCell::new(),
        }
    }

    fn add(&mut self, report: &Report<'a>, words: &Words<'_>, book: &AddressBook) {
        self.merged.add(report.machine);
        self.marks.add(&report.marks, words, book);
    }

    /// Returns its place among all machines: newest first (R6).
    pub(crate) fn newest_order(&self) -> usize {
        long(self.newest_order)
    }

    /// Returns its place among all machines: oldest first (R7).
    pub(crate) fn oldest_order(&self) -> usize {
        long(self.oldest_order)
    }

    /// Returns the hashes under which a baseline may remember it.
    fn key_hashes(&self) -> &[u64] {
        self.key_hashes.get_or_init(|| {
            let ids = self.merged.ids();
            let ids = ids.iter().map(|id| Baseline::hash(&id.to_string()));
            let reports = self.merged.reports().iter();
            let names = reports.flat_map(|report| [&report.identifier, &report.hostname]);
            let names = names.filter_map(|name| text(name.as_deref()));
            Box::new(ids.chain(names.map(Baseline::hash)).collect())
        })
    }

    /// Tells whether the machine was there when the baseline was taken.
    pub(crate) fn is_in(&self, baseline: &Baseline) -> bool {
        self.key_hashes().iter().any(|hash| baseline.contains_hash(*hash))
    }

    /// Returns when it was created, where that is certain.
    pub(crate) fn zoned_created_at(&self) -> Option<DateTime<Utc>> {
        self.merged
            .created_at()
            .filter(|time| time.zoned)
            .map(|time| time.at)
    }
}

/// Reads, merges and sorts machines, by cluster, id, identifier and hostname.
pub(super) fn sorted<'a>(
    machines: &'a [Machine<'a>],
    clusters: &Clusters<'_>,
    directory: &mut Directory<'a>,
    identifiers: &mut Words<'a>,
) -> Vec<MachineFacts<'a>> {
    let mut listed: Vec<&Machine<'_>> = machines.iter().collect();
    listed.sort_unstable_by(|left, right| in_fixed_order(left, right));
    let mut reports: Vec<Report<'a>> = Vec::with_capacity(listed.len());
    for machine in listed {
        let cluster = clusters.number(&machine.cluster);
        reports.push(read(machine, cluster, directory, identifiers));
    }
    let mut firsts = first_reports(&reports, directory.words.len(), identifiers.len());
    let mut merged: Vec<MachineFacts<'a>> = Vec::with_capacity(reports.len());
    // Where the machine of a first report is; the first comes before all others.
    let mut places: Vec<u32> = Vec::with_capacity(reports.len());
    for (index, report) in reports.into_iter().enumerate() {
        let first = firsts.root(index);
        if first == index {
            places.push(short(merged.len()));
            merged.push(MachineFacts::new(report));
        } else {
            places.push(places[first]);
            merged[long(places[first])].add(&report, &directory.words, &directory.addresses);
        }
    }
    drop((firsts, places));
    let in_order = |left: &MachineFacts<'_>, right: &MachineFacts<'_>| {
        let by_cluster = left.marks.cluster.cmp(&right.marks.cluster);
        by_cluster.then_with(|| by_id_and_names(&left.merged, &right.merged))
    };
    // Sorting makes room for a copy, even of what is sorted; that of one list and cluster is.
    if !merged.is_sorted_by(|left, right| in_order(left, right).is_le()) {
        merged.sort_by(in_order);
    }
    order_by_age(&mut merged);
    merged
}

/// Compares reports; the order in which one lists its addresses says nothing (R8).
fn in_fixed_order(left: &Machine<'_>, right: &Machine<'_>) -> Ordering {
    let identity = |it: &Machine<'_>| (it.list, it.id);
    identity(left).cmp(&identity(right)).then_with(|| {
        if left.addresses.len() < 2 && right.addresses.len() < 2 {
            return left.cmp(right);
        }
        let [mut left, mut right] = [left, right].map(Machine::clone);
        left.addresses.sort_unstable();
        right.addresses.sort_unstable();
        left.cmp(&right)
    })
}

fn read<'a>(
    machine: &'a Machine<'a>,
    cluster: ClusterNumber,
    directory: &mut Directory<'a>,
    identifiers: &mut Words<'a>,
) -> Report<'a> {
    let identifier = text(machine.identifier.as_deref()).map(|text| identifiers.learn(cluster, text));
    let hostname = text(machine.hostname.as_deref()).map(|text| directory.words.learn(cluster, text));
    let addresses: SmallVec<[AddressNumber; 4]> = all_usable(&machine.addresses)
        .into_iter()
        .map(|address| directory.addresses.learn(cluster, address))
        .collect();
    Report {
        machine,
        marks: Marks::new(cluster, hostname, identifier, &addresses),
    }
}

/// Compares the ids, then the identifiers, then the hostnames; absent ones come last.
fn by_id_and_names(left: &MergedMachine<'_>, right: &MergedMachine<'_>) -> Ordering {
    absent_last(left.id())
        .cmp(&absent_last(right.id()))
        .then_with(|| absent_last(left.identifier()).cmp(&absent_last(right.identifier())))
        .then_with(|| absent_last(left.hostname()).cmp(&absent_last(right.hostname())))
}

/// Notes each machine's place by age; of one age, the smallest id, then identifier, then hostname is first.
fn order_by_age(machines: &mut [MachineFacts<'_>]) {
    let mut order: Vec<u32> = (0..short(machines.len())).collect();
    let merged = |index: u32| &machines[long(index)].merged;
    order.sort_by(|left, right| by_id_and_names(merged(*left), merged(*right)));
    let created = |index: u32| merged(index).created_at().map(|time| time.at);
    let mut oldest_first = order.clone();
    oldest_first.sort_by_key(|index| absent_last(created(*index)));
    order.sort_by_key(|index| absent_last(created(*index).map(Reverse)));
    for (place, index) in (0..).zip(oldest_first) {
        machines[long(index)].oldest_order = place;
    }
    for (place, index) in (0..).zip(order) {
        machines[long(index)].newest_order = place;
    }
}
