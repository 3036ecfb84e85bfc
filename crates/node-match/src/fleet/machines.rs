//! The machines of a fleet: reports read once, merged and sorted.

use std::cell::OnceCell;
use std::cmp::{Ordering, Reverse};

use chrono::{DateTime, Utc};
use smallvec::SmallVec;

use crate::address::{AddressBook, AddressNumber, all_usable};
use crate::merge::{MergedMachine, Report, first_reports, text};
use crate::order::absent_last;
use crate::words::{ClusterNumber, Clusters, Word, Words, long, short};
use crate::{Baseline, Machine};

/// Holds a machine with what is compared about it.
#[derive(Debug)]
pub(crate) struct MachineFacts<'a> {
    pub(crate) merged: MergedMachine<'a>,
    pub(crate) cluster: ClusterNumber,
    /// Sorted by their texts, each once.
    pub(crate) hostnames: SmallVec<[Word; 4]>,
    /// Each once.
    pub(crate) identifiers: SmallVec<[Word; 4]>,
    /// Sorted as addresses, each once.
    pub(crate) addresses: SmallVec<[AddressNumber; 4]>,
    newest_order: u32,
    oldest_order: u32,
    key_hashes: OnceCell<Box<[u64]>>,
}

// === impl MachineFacts ===

impl<'a> MachineFacts<'a> {
    fn new(report: Report<'a>) -> Self {
        Self {
            merged: MergedMachine::new(report.machine),
            cluster: report.cluster,
            hostnames: report.hostname.into_iter().collect(),
            identifiers: report.identifier.into_iter().collect(),
            addresses: report.addresses,
            newest_order: 0,
            oldest_order: 0,
            key_hashes: OnceCell::new(),
        }
    }

    fn add(&mut self, report: Report<'a>, words: &Words<'_>, book: &AddressBook) {
        self.merged.add(report.machine);
        self.hostnames.extend(report.hostname);
        self.hostnames
            .sort_unstable_by(|left, right| words.text(*left).cmp(words.text(*right)));
        self.hostnames.dedup();
        self.identifiers.extend(report.identifier);
        self.identifiers.sort_unstable();
        self.identifiers.dedup();
        self.addresses.extend(report.addresses);
        self.addresses
            .sort_unstable_by_key(|number| book.address(*number));
        self.addresses.dedup();
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
    pub(crate) fn key_hashes(&self, words: &Words<'_>) -> &[u64] {
        self.key_hashes.get_or_init(|| {
            let ids = self.merged.ids();
            let ids = ids.iter().map(|id| Baseline::hash(&id.to_string()));
            let names = self.identifiers.iter().chain(&self.hostnames);
            ids.chain(names.map(|word| words.hash(*word))).collect()
        })
    }

    /// Tells whether the machine was there when the baseline was taken.
    pub(crate) fn is_in(&self, baseline: &Baseline, words: &Words<'_>) -> bool {
        self.key_hashes(words)
            .iter()
            .any(|hash| baseline.contains_hash(*hash))
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
    machines: &'a [Machine],
    clusters: &Clusters<'_>,
    words: &mut Words<'a>,
    book: &mut AddressBook,
) -> Vec<MachineFacts<'a>> {
    let mut listed: Vec<&Machine> = machines.iter().collect();
    listed.sort_unstable_by(|left, right| in_fixed_order(left, right));
    let reports: Vec<Report<'a>> = listed
        .into_iter()
        .map(|machine| read(machine, clusters.number(&machine.cluster), words, book))
        .collect();
    let mut firsts = first_reports(&reports, words.len());
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
            merged[long(places[first])].add(report, words, book);
        }
    }
    merged.sort_by(|left, right| {
        left.cluster
            .cmp(&right.cluster)
            .then_with(|| by_id_and_names(&left.merged, &right.merged))
    });
    order_by_age(&mut merged);
    merged
}

/// Compares reports; the order in which one lists its addresses says nothing (R8).
fn in_fixed_order(left: &Machine, right: &Machine) -> Ordering {
    let identity = |it: &Machine| (it.list, it.id);
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
    machine: &'a Machine,
    cluster: ClusterNumber,
    words: &mut Words<'a>,
    book: &mut AddressBook,
) -> Report<'a> {
    let mut learn =
        |value: &'a Option<String>| text(value.as_deref()).map(|value| words.learn(cluster, value));
    Report {
        machine,
        cluster,
        identifier: learn(&machine.identifier),
        hostname: learn(&machine.hostname),
        addresses: all_usable(&machine.addresses)
            .into_iter()
            .map(|address| book.learn(cluster, address))
            .collect(),
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
    let mut order: Vec<usize> = (0..machines.len()).collect();
    order.sort_by(|left, right| by_id_and_names(&machines[*left].merged, &machines[*right].merged));
    let created = |machines: &[MachineFacts<'_>], index: usize| machines[index].merged.created_at();
    let mut oldest_first = order.clone();
    oldest_first.sort_by_key(|index| absent_last(created(machines, *index).map(|time| time.at)));
    order.sort_by_key(|index| absent_last(created(machines, *index).map(|time| Reverse(time.at))));
    for (place, index) in oldest_first.into_iter().enumerate() {
        machines[index].oldest_order = short(place);
    }
    for (place, index) in order.into_iter().enumerate() {
        machines[index].newest_order = short(place);
    }
}
