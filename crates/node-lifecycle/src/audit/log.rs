//! The log in memory: what is recorded goes through here, once.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::flood::Flood;
use super::{Draft, Entry, Ring};

/// Records what happens: gives it its time, keeps floods out, holds the newest.
///
/// What is to outlive the process goes on from here into a [`Chain`](super::Chain).
///
/// # Examples
/// ```
/// use chrono::DateTime;
/// use node_lifecycle::Decider;
/// use node_lifecycle::audit::{Action, Chain, Draft, Log, Outcome};
///
/// let mut log = Log::new(1000);
/// let draft = Draft::new(Action::NodeDecommission, Outcome::Rejected, Decider::Manual, "workload_pods");
/// let draft = draft.node("worker-1").message("Node has 3 workload pods");
/// let recorded = log.record(draft, DateTime::UNIX_EPOCH);
/// assert_eq!(log.ring().by_node("worker-1"), recorded);
///
/// let record = Chain::new(1, None).bind(recorded[0].clone());
/// assert!(record.link().fits(record.body()));
/// ```
#[derive(Debug, Clone)]
pub struct Log {
    flood: Flood,
    ring: Ring,
}

// === impl Log ===

impl Log {
    /// Makes an empty log; see [`Ring::new`] for the capacity.
    #[must_use]
    pub fn new(capacity: i64) -> Self {
        Self {
            flood: Flood::default(),
            ring: Ring::new(capacity),
        }
    }

    /// Shows entries of an earlier run in the ring, the oldest first, before all that was recorded since.
    pub fn restore(&mut self, older: impl DoubleEndedIterator<Item = Arc<Entry>>) {
        self.ring.restore(older);
    }

    /// Records what happened and returns the entries for a durable sink, in order.
    ///
    /// Mostly there is one. There is none when the same was rejected less than a minute ago, and more than one when
    /// such rejections waited and something else happened to their node (`LC-38`).
    pub fn record(&mut self, draft: Draft, now: DateTime<Utc>) -> Vec<Arc<Entry>> {
        let admitted = self.flood.admit(draft, now);
        self.append(admitted)
    }

    /// Records rejections that waited for a minute and were not followed by others; call it now and then.
    pub fn settle(&mut self, now: DateTime<Utc>) -> Vec<Arc<Entry>> {
        let settled = self.flood.settle(Some(now));
        self.append(settled)
    }

    /// Records every rejection that waits; call it before the end.
    pub fn settle_all(&mut self) -> Vec<Arc<Entry>> {
        let settled = self.flood.settle(None);
        self.append(settled)
    }

    /// Returns the newest entries.
    #[must_use]
    pub const fn ring(&self) -> &Ring {
        &self.ring
    }

    fn append(&mut self, drafts: Vec<(Draft, DateTime<Utc>)>) -> Vec<Arc<Entry>> {
        let stamped = drafts.into_iter().map(|(draft, at)| Arc::new(draft.stamped(at)));
        let entries: Vec<Arc<Entry>> = stamped.collect();
        for entry in &entries {
            self.ring.push(Arc::clone(entry));
        }
        entries
    }
}
