//! What waits for one consumer: at most one entry for each node and each NodeGroup, and no more than a limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ConsumerReport;
use super::update::{Filter, GroupNotice, SnapshotReason, Update};
use crate::fleet::{Batch, Change};
use crate::key::{GroupKey, Subject};
use crate::snapshot::Snapshot;

/// Holds what waits for one consumer.
#[derive(Debug)]
pub(super) struct Pending {
    name: Arc<str>,
    filter: Filter,
    capacity: usize,
    /// The whole snapshot is due, whatever else waits.
    due: Option<SnapshotReason>,
    /// The newest generation, in which all entries can be read.
    snapshot: Arc<Snapshot>,
    nodes: BTreeMap<Subject, Change>,
    groups: BTreeMap<GroupKey, GroupNotice>,
    dropped: u64,
}

/// Is what one generation brings.
#[derive(Debug)]
pub(super) struct News<'a> {
    snapshot: Arc<Snapshot>,
    nodes: &'a BTreeMap<Subject, Change>,
    groups: BTreeMap<GroupKey, GroupNotice>,
}

// === impl News ===

impl<'a> News<'a> {
    pub(super) fn of(batch: &'a Batch, snapshot: Arc<Snapshot>) -> Self {
        let notice = |(group, is_there): (&GroupKey, &bool)| {
            let notice = GroupNotice {
                is_there: *is_there,
                lost_a_node: false,
            };
            (group.clone(), notice)
        };
        let mut groups: BTreeMap<GroupKey, GroupNotice> = batch.groups.iter().map(notice).collect();
        let gone = batch.changes.values().filter(|change| change.now.is_none());
        for group in gone.flat_map(Change::groups) {
            if let Some(notice) = groups.get_mut(group) {
                notice.lost_a_node = true;
            }
        }
        Self {
            snapshot,
            nodes: &batch.changes,
            groups,
        }
    }
}

// === impl Pending ===

impl Pending {
    /// Begins with the newest snapshot, which waits to be told once it is more than the empty beginning.
    pub(super) fn new(name: &str, filter: Filter, capacity: usize, snapshot: Arc<Snapshot>) -> Self {
        Self {
            name: name.into(),
            filter,
            capacity: capacity.max(1),
            due: Some(SnapshotReason::First),
            snapshot,
            nodes: BTreeMap::new(),
            groups: BTreeMap::new(),
            dropped: 0,
        }
    }

    /// Adds what a generation brings; tells whether anything waits.
    pub(super) fn put(&mut self, news: &News<'_>) -> bool {
        match self.due {
            Some(SnapshotReason::First) => {}
            Some(SnapshotReason::Overflow) => self.drop_entries(self.wanted(news)),
            None => self.join(news),
        }
        self.snapshot = Arc::clone(&news.snapshot);
        self.is_ready()
    }

    /// Takes everything that waits, as one update.
    pub(super) fn take(&mut self) -> Option<Update> {
        if !self.is_ready() {
            return None;
        }
        let snapshot = Arc::clone(&self.snapshot);
        let nodes = std::mem::take(&mut self.nodes);
        let groups = std::mem::take(&mut self.groups);
        Some(match self.due.take() {
            Some(reason) => Update::Snapshot { snapshot, reason },
            None => Update::Changes {
                snapshot,
                nodes,
                groups,
            },
        })
    }

    pub(super) fn report(&self) -> ConsumerReport {
        ConsumerReport {
            name: Arc::clone(&self.name),
            pending: self.entries() + usize::from(self.due.is_some()),
            dropped: self.dropped,
        }
    }

    fn is_ready(&self) -> bool {
        self.snapshot.generation() > 0 && (self.due.is_some() || self.entries() > 0)
    }

    fn entries(&self) -> usize {
        self.nodes.len() + self.groups.len()
    }

    /// Counts the entries that a generation would bring.
    fn wanted(&self, news: &News<'_>) -> usize {
        let nodes = news
            .nodes
            .values()
            .filter(|change| self.filter.wants_node(change));
        let groups = news.groups.keys().filter(|group| self.filter.wants_group(group));
        nodes.count() + groups.count()
    }

    fn drop_entries(&mut self, entries: usize) {
        let entries = u64::try_from(entries).unwrap_or(u64::MAX);
        self.dropped = self.dropped.saturating_add(entries);
    }

    fn join(&mut self, news: &News<'_>) {
        for (subject, change) in news.nodes {
            self.join_node(subject, change);
        }
        for (group, notice) in &news.groups {
            if self.filter.wants_group(group) {
                let before = self.groups.get(group).copied().unwrap_or(*notice);
                self.groups.insert(group.clone(), notice.after(before));
            }
        }
        if self.entries() > self.capacity {
            self.drop_entries(self.entries());
            self.nodes.clear();
            self.groups.clear();
            self.due = Some(SnapshotReason::Overflow);
        }
    }

    /// Joins a change with one that waits. What waits is joined whatever the filter says: the consumer is about to hear
    /// of the node and must not hear something outdated. What is again as it was told last is no news.
    fn join_node(&mut self, subject: &Subject, change: &Change) {
        if let Some(waiting) = self.nodes.get_mut(subject) {
            waiting.now.clone_from(&change.now);
            if waiting.is_none() {
                self.nodes.remove(subject);
            }
        } else if self.filter.wants_node(change) {
            self.nodes.insert(subject.clone(), change.clone());
        }
    }
}
