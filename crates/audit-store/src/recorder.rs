//! Records what happens off the way of whoever acts: a ring to read, a queue with an end, and a store behind it.
//!
//! ```text
//!  Draft ──▶ Log ──▶ ring ◀── select, stats
//!             ├────▶ the tracing log
//!             └────▶ queue ──▶ writer: bind, append, again until it is stored ──▶ AuditStore
//! ```

mod queue;
mod writer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::audit::{Draft, Entry, Filter, Log, Stats};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinSet;

use crate::mirror::mirror;
use crate::{Access, AuditStore, Cause, Location, StoreError, open};
use queue::Queue;
use writer::Writer;

/// Entries that a listener who does not listen may miss at most before it is told so: as many as an hour brings.
const NEWS: usize = 256;

/// Takes entries of the audit log, and stores them in the background; clones are the same recorder.
///
/// # Guarantees
/// Nobody who records ever waits for the store. While the store is in trouble, entries wait in memory, 10,000 at most;
/// what comes on top is left out of the store, and an entry `audit_dropped` says in its place how many that were. The
/// newest entries can be read whatever the store does. Entries are bound into the chain when they are stored, so what
/// was left out leaves no gap in it. What the store has acknowledged is never given up.
///
/// # Examples
/// ```
/// use audit_store::Recorder;
/// use chrono::DateTime;
/// use node_lifecycle::audit::{Action, Author, Draft, Filter, Outcome};
///
/// let recorder = Recorder::in_memory(1000);
/// let draft = Draft::new(Action::ScaleUp, Outcome::Success, Author::MinNodes, "below_min_nodes").count(2);
/// recorder.record(draft, DateTime::UNIX_EPOCH);
/// assert_eq!(recorder.select(&Filter::default())[0].count, Some(2));
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    /// Ends with the last clone, unless it was waited for.
    writer: Arc<Mutex<JoinSet<()>>>,
}

/// How a recorder stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderState {
    /// The store, without its password; nothing when there is none.
    pub store: Option<String>,
    /// What is wrong with the store now.
    pub trouble: Option<StoreTrouble>,
    /// Entries that the store has acknowledged since the start.
    pub stored: u64,
    /// Entries that were left out of the store since the start.
    pub dropped: u64,
    /// Entries that wait for the store.
    pub queued: usize,
}

/// What is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreTrouble {
    /// What kind of trouble it is.
    pub cause: Cause,
    /// What to do about it, in a sentence.
    pub message: String,
}

/// What recorder and writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Never held while anything is waited for.
    state: Mutex<State>,
    /// Wakes the writer when there is something to store.
    work: Notify,
    /// Wakes the writer when it waits for a store that is in trouble, and the end is near.
    closing: Notify,
    /// Tells whoever listens; nobody waits for them.
    news: broadcast::Sender<Arc<Entry>>,
}

#[derive(Debug)]
struct State {
    log: Log,
    /// The lease term of what is recorded now.
    term: u64,
    /// What is on its way to the store; nothing without a store.
    queue: Option<Queue>,
    standing: RecorderState,
    is_closing: bool,
    keeps_all: bool,
}

/// Opens the store again and again.
#[async_trait]
pub(crate) trait Opener: Send + Sync + 'static {
    /// Opens the store to write.
    async fn open(&self) -> Result<Box<dyn AuditStore>, StoreError>;
    /// Names the store, without its password.
    fn name(&self) -> String;
}

#[async_trait]
impl Opener for Location {
    async fn open(&self) -> Result<Box<dyn AuditStore>, StoreError> {
        open(self, Access::Write).await
    }

    fn name(&self) -> String {
        self.to_string()
    }
}

// === impl Recorder ===

impl Recorder {
    /// Keeps the newest entries in memory and stores nothing; see [`Ring::new`](node_lifecycle::audit::Ring::new) for
    /// the capacity.
    #[must_use]
    pub fn in_memory(capacity: i64) -> Self {
        Self {
            shared: Arc::new(Shared::new(capacity, None)),
            writer: Arc::default(),
        }
    }

    /// Keeps the newest entries in memory, and stores all of them. Must be called inside a tokio runtime.
    ///
    /// The store is opened in the background, and again and again until that succeeds; then what it holds is shown
    /// before what was recorded since. Entries that are older than `retention`, seen from the newest one, are pruned
    /// once an hour.
    #[must_use]
    pub fn start(location: Location, capacity: i64, retention: Option<TimeDelta>) -> Self {
        Self::with(location, capacity, retention)
    }

    fn with(opener: impl Opener, capacity: i64, retention: Option<TimeDelta>) -> Self {
        let shared = Arc::new(Shared::new(capacity, Some(opener.name())));
        let mut writer = JoinSet::new();
        writer.spawn(Writer::new(opener, Arc::clone(&shared), retention).run());
        Self {
            shared,
            writer: Arc::new(Mutex::new(writer)),
        }
    }

    /// Records what happened; returns at once.
    ///
    /// The same rejection of a node is recorded once a minute (`LC-38`).
    pub fn record(&self, draft: Draft, now: DateTime<Utc>) {
        let told = {
            let mut state = self.shared.state();
            let entries = state.log.record(draft, now);
            state.enqueue(&entries);
            entries
        };
        self.tell(&told);
    }

    /// Records rejections that waited for a minute and were not followed by others; call it now and then.
    pub fn settle(&self, now: DateTime<Utc>) {
        let told = {
            let mut state = self.shared.state();
            let entries = state.log.settle(now);
            state.enqueue(&entries);
            entries
        };
        self.tell(&told);
    }

    /// Says that what is recorded from now on belongs to another lease term: it gets a chain of its own.
    pub fn begin_term(&self, term: u64) {
        self.shared.state().term = term;
    }

    /// Says whether nothing may be pruned for now: what is old is seen from the time of the newest entry, and while the
    /// clock is in doubt that says nothing.
    pub fn keep_all(&self, is_so: bool) {
        self.shared.state().keeps_all = is_so;
    }

    /// Tells whether nothing may be pruned for now.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        self.shared.state().keeps_all
    }

    /// Returns entries that are held in memory, the oldest first.
    #[must_use]
    pub fn select(&self, filter: &Filter) -> Vec<Arc<Entry>> {
        self.shared.state().log.ring().select(filter)
    }

    /// Tells of every entry from now on. Who is more than 256 entries late is told how many it missed.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.shared.news.subscribe()
    }

    /// Counts what is held in memory.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.state().log.ring().stats()
    }

    /// Tells how the store stands.
    #[must_use]
    pub fn state(&self) -> RecorderState {
        self.shared.state().standing.clone()
    }

    /// Stores what waits, for so long at most, and ends the writer. What is recorded afterwards stays in memory.
    pub async fn finish(&self, limit: Duration) {
        let told = {
            let mut state = self.shared.state();
            let entries = state.log.settle_all();
            state.enqueue(&entries);
            state.is_closing = true;
            entries
        };
        self.tell(&told);
        self.shared.work.notify_one();
        self.shared.closing.notify_one();
        let mut writer = std::mem::take(&mut *self.writer.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = async { while writer.join_next().await.is_some() {} };
        let is_over = tokio::time::timeout(limit, ended).await.is_err();
        let mut state = self.shared.state();
        state.queue = None;
        let unstored = std::mem::take(&mut state.standing.queued);
        drop(state);
        if is_over || unstored > 0 {
            tracing::warn!(unstored, "the audit log was not stored to its end");
        }
    }

    fn tell(&self, entries: &[Arc<Entry>]) {
        if entries.is_empty() {
            return;
        }
        for entry in entries {
            mirror(entry);
            // It fails when nobody listens, which is usual.
            drop(self.shared.news.send(Arc::clone(entry)));
        }
        self.shared.work.notify_one();
    }
}

// === impl Shared ===

impl Shared {
    fn new(capacity: i64, store: Option<String>) -> Self {
        let state = State {
            log: Log::new(capacity),
            term: 0,
            queue: store.is_some().then(Queue::default),
            standing: RecorderState {
                store,
                trouble: None,
                stored: 0,
                dropped: 0,
                queued: 0,
            },
            is_closing: false,
            keeps_all: false,
        };
        Self {
            state: Mutex::new(state),
            work: Notify::new(),
            closing: Notify::new(),
            news: broadcast::Sender::new(NEWS),
        }
    }

    /// No change of the state can stop half-way but by a defect, and then the ring is still worth reading.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn enqueue(&mut self, entries: &[Arc<Entry>]) {
        let Some(queue) = &mut self.queue else { return };
        for entry in entries {
            if queue.push(self.term, Arc::clone(entry)) {
                self.standing.queued += 1;
            } else {
                self.standing.dropped += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
