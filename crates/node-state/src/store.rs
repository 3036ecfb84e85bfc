//! The states in generations, and everyone who is told of them. Needs no runtime: whoever waits brings his own.

use std::sync::Arc;

use crate::fleet::{Batch, Fleet};
use crate::key::{GroupKey, Subject};
use crate::snapshot::Snapshot;
use crate::state::NodeState;

#[cfg(test)]
mod checked;
mod desk;
mod pending;
mod subscription;
mod sync;
mod update;

use desk::Desk;
use pending::{News, Pending};
pub use subscription::Subscription;
pub use update::{Filter, GroupNotice, SnapshotReason, Update};

/// Most entries that wait for one consumer, unless it asks for another limit: about what a large group can change at once.
pub const DEFAULT_CAPACITY: usize = 1024;

/// Keeps the newest generation and publishes the next. There is one writer: publishing needs the store itself.
///
/// Once it is dropped, every subscription ends after what it was told until then (`NS-19`).
#[derive(Debug)]
pub struct Store {
    desk: Arc<Desk<Snapshot, Pending>>,
    newest: Arc<Snapshot>,
}

/// Reads the newest generation and subscribes to the next ones. Copies are cheap and read the same store.
#[derive(Debug, Clone)]
pub struct Reader {
    desk: Arc<Desk<Snapshot, Pending>>,
}

/// Tells of one consumer how it keeps up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerReport {
    /// The name under which it subscribed.
    pub name: Arc<str>,
    /// Entries that wait for it; a whole snapshot counts as one.
    pub pending: usize,
    /// Entries that it never got one by one, because it was too slow.
    pub dropped: u64,
}

// === impl Store ===

impl Store {
    /// Begins without a state, at generation 0.
    #[must_use]
    pub fn new() -> Self {
        let newest = Arc::<Snapshot>::default();
        Self {
            desk: Arc::new(Desk::new(Arc::clone(&newest))),
            newest,
        }
    }

    /// Publishes what an evaluation changed, and returns the new generation; nothing when nobody could see a difference.
    ///
    /// The first batch is published even if it is empty: that there is nothing is news, too (`NS-6`).
    ///
    /// # Guarantees
    /// Whoever is told of a change can read it: the generation is in place before anyone hears of it (`NS-13`). It never
    /// waits for a consumer.
    pub fn commit(&mut self, batch: &Batch) -> Option<u64> {
        if batch.is_empty() && self.newest.generation() > 0 {
            return None;
        }
        let next = Arc::new(self.newest.next(batch));
        let news = News::of(batch, Arc::clone(&next));
        self.newest = Arc::clone(&next);
        self.desk.publish(next, |pending| pending.put(&news));
        Some(self.newest.generation())
    }

    /// Takes a state out of the fleet and of here, and publishes that; tells whether there was one (`NS-5`).
    ///
    /// The facts decide in the end: what there still are some about comes back, as new, when the fleet is next settled.
    pub fn remove(&mut self, fleet: &mut Fleet, subject: &Subject) -> bool {
        let batch = fleet.drop_state(subject);
        !batch.is_empty() && self.commit(&batch).is_some()
    }

    /// Makes a handle to read with.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader {
            desk: Arc::clone(&self.desk),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.desk.close();
    }
}

// === impl Reader ===

impl Reader {
    /// Returns the newest generation: no lock, and nothing that a writer waits for (`NS-5`).
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.desk.current()
    }

    /// Returns the newest state of a subject.
    #[must_use]
    pub fn get(&self, subject: &Subject) -> Option<Arc<NodeState>> {
        self.snapshot().get(subject).cloned()
    }

    /// Lists the newest states, in order of their subjects.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<NodeState>> {
        self.snapshot().all().cloned().collect()
    }

    /// Lists the newest states of the nodes of a NodeGroup, in order of their subjects.
    #[must_use]
    pub fn by_group(&self, group: &GroupKey) -> Vec<Arc<NodeState>> {
        self.snapshot().by_group(group).cloned().collect()
    }

    /// Counts the newest states.
    #[must_use]
    pub fn count(&self) -> usize {
        self.snapshot().count()
    }

    /// Subscribes to what this filter lets through, with the usual limit of entries that wait.
    #[must_use]
    pub fn subscribe(&self, name: &str, filter: Filter) -> Subscription {
        self.subscribe_with(name, filter, DEFAULT_CAPACITY)
    }

    /// Subscribes with a limit of one's own; a limit of 0 counts as 1.
    ///
    /// The first update is the newest snapshot, as soon as there is one; then only later generations follow (`NS-15`).
    #[must_use]
    pub fn subscribe_with(&self, name: &str, filter: Filter, capacity: usize) -> Subscription {
        let begin = |snapshot| Pending::new(name, filter, capacity, snapshot);
        Subscription::new(Arc::clone(&self.desk), self.desk.subscribe(begin))
    }

    /// Tells of every consumer how it keeps up, in the order in which they subscribed.
    #[must_use]
    pub fn consumers(&self) -> Vec<ConsumerReport> {
        self.desk.look(Pending::report)
    }
}

#[cfg(test)]
mod tests;
