//! What waits for the store: so many entries and no more, and a count of those that found no room.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Action, Author, Draft, Entry, Outcome};

/// Most entries that wait: hours of a busy cluster, and some ten megabytes.
pub(super) const LONGEST_QUEUE: usize = 10_000;

/// Most entries that are stored at once: one transaction takes a few milliseconds however many they are.
const LARGEST_BATCH: usize = 500;

/// Entries on their way to the store, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<(u64, Arc<Entry>)>,
    /// Entries that found no room since room was there last.
    dropped: Option<Dropped>,
}

/// Entries that are left out of the store.
#[derive(Debug)]
struct Dropped {
    term: u64,
    count: u64,
    /// When the last of them was recorded.
    at: DateTime<Utc>,
}

/// Entries of one lease term that are stored together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) term: u64,
    pub(super) entries: Vec<Arc<Entry>>,
}

// === impl Queue ===

impl Queue {
    /// Takes an entry in; tells whether there was room.
    ///
    /// Once one was left out, so are all others until the gap is told: its entry stands where they would be.
    pub(super) fn push(&mut self, term: u64, entry: Arc<Entry>) -> bool {
        let has_room = self.waiting.len() < LONGEST_QUEUE && self.dropped.is_none();
        if has_room {
            self.waiting.push_back((term, entry));
        } else {
            let count = self.dropped.as_ref().map_or(0, |dropped| dropped.count) + 1;
            let at = entry.timestamp;
            self.dropped = Some(Dropped { term, count, at });
        }
        has_room
    }

    /// Takes the oldest entries out, all of one term.
    pub(super) fn take(&mut self) -> Option<Batch> {
        let term = self.waiting.front()?.0;
        let of_term = self.waiting.iter().take_while(|(of, _)| *of == term);
        let count = of_term.take(LARGEST_BATCH).count();
        let entries = self.waiting.drain(..count).map(|(_, entry)| entry).collect();
        Some(Batch { term, entries })
    }

    /// Returns the entry that tells of those that found no room, its term and its time, once.
    pub(super) fn gap(&mut self) -> Option<(u64, Draft, DateTime<Utc>)> {
        let Dropped { term, count, at } = self.dropped.take()?;
        let draft = Draft::new(
            Action::AuditDropped,
            Outcome::Failed,
            Author::Observation,
            "queue_full",
        )
        .count(count)
        .message(format!(
            "{count} entries are not stored: the store took none for too long"
        ));
        Some((term, draft, at))
    }
}
