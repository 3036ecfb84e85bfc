//! The log in memory: what is recorded goes through here, once.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::flood::Flood;
use super::{Chain, Draft, Head, Record, Ring};

/// Records what happens: keeps floods out, binds entries into a chain, holds the newest.
///
/// # Examples
/// ```
/// use chrono::DateTime;
/// use node_lifecycle::Decider;
/// use node_lifecycle::audit::{Action, Chain, Draft, Log, Outcome};
///
/// let mut log = Log::new(1000, Chain::new(1, None));
/// let draft = Draft::new(Action::NodeDecommission, Outcome::Rejected, Decider::Manual, "workload_pods");
/// let draft = draft.node("worker-1").message("Node has 3 workload pods");
/// let recorded = log.record(draft, DateTime::UNIX_EPOCH);
/// assert!(recorded[0].link().fits(recorded[0].body()));
/// assert_eq!(log.ring().by_node("worker-1").len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Log {
    chain: Chain,
    flood: Flood,
    ring: Ring,
}

// === impl Log ===

impl Log {
    /// Makes an empty log; see [`Ring::new`] for the capacity.
    #[must_use]
    pub fn new(capacity: i64, chain: Chain) -> Self {
        Self {
            chain,
            flood: Flood::default(),
            ring: Ring::new(capacity),
        }
    }

    /// Shows entries of an earlier run in the ring, the oldest first. The chain is left as it is.
    pub fn restore(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.ring.push(Arc::new(record));
        }
    }

    /// Records what happened and returns the entries for a durable sink, in order.
    ///
    /// Mostly there is one. There is none when the same was rejected less than a minute ago, and more than one when
    /// such rejections waited and something else happened to their node (`LC-38`).
    pub fn record(&mut self, draft: Draft, now: DateTime<Utc>) -> Vec<Arc<Record>> {
        let admitted = self.flood.admit(draft, now);
        self.append(admitted)
    }

    /// Records rejections that waited for a minute and were not followed by others; call it now and then.
    pub fn settle(&mut self, now: DateTime<Utc>) -> Vec<Arc<Record>> {
        let settled = self.flood.settle(Some(now));
        self.append(settled)
    }

    /// Records every rejection that waits; call it before the end.
    pub fn settle_all(&mut self) -> Vec<Arc<Record>> {
        let settled = self.flood.settle(None);
        self.append(settled)
    }

    /// Goes on in the chain of another lease term; see [`Chain::new`].
    pub fn begin_term(&mut self, term: u64, newest: Option<Head>) {
        self.chain = Chain::new(term, newest);
    }

    /// Returns the end of the chain.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        self.chain.head()
    }

    /// Returns the newest entries.
    #[must_use]
    pub const fn ring(&self) -> &Ring {
        &self.ring
    }

    fn append(&mut self, drafts: Vec<(Draft, DateTime<Utc>)>) -> Vec<Arc<Record>> {
        let mut records = Vec::with_capacity(drafts.len());
        for (draft, at) in drafts {
            let record = Arc::new(self.chain.append(draft, at));
            self.ring.push(Arc::clone(&record));
            records.push(record);
        }
        records
    }
}
