//! The newest entries, in memory, and what can be asked of them.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Action, Author, Entry, Filter, Outcome, Stats};

/// Entries that a ring holds when nobody says how many.
const DEFAULT_CAPACITY: usize = 1000;

/// Entries that a ring holds at most: about a gigabyte. More belongs in a store.
const CAPACITY_LIMIT: usize = 1_000_000;

/// Holds the newest entries; the oldest makes room (`LC-31`).
///
/// All answers are in the order of recording, the oldest first.
#[derive(Debug, Clone)]
pub struct Ring {
    entries: VecDeque<Arc<Entry>>,
    capacity: usize,
}

// === impl Ring ===

impl Ring {
    /// Makes a ring for so many entries; for 1,000 when the number is not positive, for a million at most.
    #[must_use]
    pub fn new(capacity: i64) -> Self {
        let asked = usize::try_from(capacity).unwrap_or(0);
        let capacity = if asked == 0 {
            DEFAULT_CAPACITY
        } else {
            asked.min(CAPACITY_LIMIT)
        };
        Self {
            entries: VecDeque::new(),
            capacity,
        }
    }

    /// Takes an entry in.
    pub fn push(&mut self, entry: Arc<Entry>) {
        if self.entries.len() == self.capacity {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Takes entries in that are older than all that are there, the oldest of them first; those that find no room are
    /// left out.
    pub fn restore(&mut self, older: impl DoubleEndedIterator<Item = Arc<Entry>>) {
        let room = self.capacity - self.entries.len();
        for entry in older.rev().take(room) {
            self.entries.push_front(entry);
        }
    }

    /// Returns the last `count` entries, or all when the number is not positive or larger than their number.
    #[must_use]
    pub fn recent(&self, count: i64) -> Vec<Arc<Entry>> {
        let asked = usize::try_from(count).unwrap_or(0);
        let skipped = if asked == 0 {
            0
        } else {
            self.entries.len().saturating_sub(asked)
        };
        self.entries.iter().skip(skipped).cloned().collect()
    }

    /// Returns the entries about a node.
    #[must_use]
    pub fn by_node(&self, node: &str) -> Vec<Arc<Entry>> {
        self.newest(0, |entry| entry.node.as_deref() == Some(node))
    }

    /// Returns the entries of an action.
    #[must_use]
    pub fn by_action(&self, action: Action) -> Vec<Arc<Entry>> {
        self.newest(0, |entry| entry.action == action)
    }

    /// Returns the entries with a result.
    #[must_use]
    pub fn by_result(&self, result: Outcome) -> Vec<Arc<Entry>> {
        self.newest(0, |entry| entry.result == result)
    }

    /// Returns the entries that one decider decided.
    #[must_use]
    pub fn by_decider(&self, decider: impl Into<Author>) -> Vec<Arc<Entry>> {
        let decider = decider.into();
        self.newest(0, |entry| entry.decision_by == decider)
    }

    /// Returns the entries from a time on, itself included.
    #[must_use]
    pub fn since(&self, time: DateTime<Utc>) -> Vec<Arc<Entry>> {
        self.newest(0, |entry| entry.timestamp >= time)
    }

    /// Returns the entries that a filter asks for.
    #[must_use]
    pub fn select(&self, filter: &Filter) -> Vec<Arc<Entry>> {
        self.newest(filter.limit, |entry| filter.matches(entry))
    }

    /// Counts what is there.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::of(self.entries.iter().map(AsRef::as_ref), self.capacity)
    }

    /// Returns the newest that are wanted, so many of them; zero means all.
    fn newest(&self, limit: usize, is_wanted: impl Fn(&Entry) -> bool) -> Vec<Arc<Entry>> {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let wanted = self.entries.iter().rev().filter(|entry| is_wanted(entry));
        let mut found: Vec<Arc<Entry>> = wanted.take(limit).cloned().collect();
        found.reverse();
        found
    }
}

#[cfg(test)]
mod tests;
