//! How much is in the ring, and of what.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Action, Entry, Outcome};

/// Counts the entries of a ring (`LC-33`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Entries in the ring.
    pub total_entries: usize,
    /// Entries that it holds at most.
    pub max_size: usize,
    /// Entries of each action that there is.
    pub by_action: BTreeMap<Action, usize>,
    /// Entries of each result that there is.
    pub by_result: BTreeMap<Outcome, usize>,
    /// What was done last.
    pub last_action: Option<Action>,
    /// When.
    pub last_timestamp: Option<DateTime<Utc>>,
}

// === impl Stats ===

impl Stats {
    /// Counts entries, the oldest first.
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry>, max_size: usize) -> Self {
        let mut stats = Self {
            total_entries: 0,
            max_size,
            by_action: BTreeMap::new(),
            by_result: BTreeMap::new(),
            last_action: None,
            last_timestamp: None,
        };
        for entry in entries {
            stats.total_entries += 1;
            *stats.by_action.entry(entry.action).or_default() += 1;
            *stats.by_result.entry(entry.result).or_default() += 1;
            stats.last_action = Some(entry.action);
            stats.last_timestamp = Some(entry.timestamp);
        }
        stats
    }
}
