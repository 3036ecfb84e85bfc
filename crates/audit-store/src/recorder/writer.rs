//! The one who stores: binds what waits into the chain, and tries again until the store has taken it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use node_lifecycle::audit::{Chain, Filter, Head, Record};
use tokio::time::Instant;

use super::queue::Batch;
use super::{Opener, Shared, StoreTrouble};
use crate::{AuditStore, Cause, StoreError};

/// Wait after the first failure; it doubles with each further one.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// Longest wait: a store that is back is found within a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Longest time for one answer of the store: twice what PostgreSQL may take for a statement.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// Time between two prunings.
const PRUNING: Duration = Duration::from_secs(3600);

/// Stores what waits in the queue.
pub(super) struct Writer<O> {
    opener: O,
    shared: Arc<Shared>,
    retention: Option<TimeDelta>,
    store: Option<Box<dyn AuditStore>>,
    /// The end of what is stored, and the term that it was read for; read again when it may be another.
    chain: Option<(u64, Chain)>,
    /// The batch that the store may or may not have taken, as it was given, and the chain after it.
    given: Option<(Vec<Arc<Record>>, Chain)>,
    is_restored: bool,
    pruned_at: Option<Instant>,
    failures: u32,
}

// === impl Writer ===

impl<O: Opener> Writer<O> {
    pub(super) fn new(opener: O, shared: Arc<Shared>, retention: Option<TimeDelta>) -> Self {
        Self {
            opener,
            shared,
            retention,
            store: None,
            chain: None,
            given: None,
            is_restored: false,
            pruned_at: None,
            failures: 0,
        }
    }

    /// Stores until it is told to end and nothing waits any longer.
    pub(super) async fn run(mut self) {
        // Trouble is known before there is anything to store.
        self.keep(&Batch::default()).await;
        while let Some(batch) = self.next().await {
            self.keep(&batch).await;
            self.stored(&batch);
            self.prune(&batch).await;
        }
    }

    /// Waits for something to store; nothing when there will be no more.
    async fn next(&self) -> Option<Batch> {
        loop {
            {
                let mut state = self.shared.state();
                let queue = state.queue.as_mut()?;
                let batch = queue.take();
                // There is room now, and whatever comes is later than what was left out.
                let gap = queue.gap();
                if let Some((term, draft, at)) = gap {
                    let later = std::mem::replace(&mut state.term, term);
                    let entries = state.log.record(draft, at);
                    state.enqueue(&entries);
                    state.term = later;
                    entries.iter().for_each(|entry| crate::mirror::mirror(entry));
                }
                if batch.is_some() {
                    return batch;
                }
                if state.is_closing {
                    return None;
                }
            }
            self.shared.work.notified().await;
        }
    }

    /// Gives a batch to the store until it takes it.
    async fn keep(&mut self, batch: &Batch) {
        loop {
            match self.give(batch).await {
                Ok(()) => return self.is_well(),
                Err(error) => self.is_ill(&error),
            }
            drop(tokio::time::timeout(self.pause(), self.shared.closing.notified()).await);
        }
    }

    /// Returns how long to wait before the store is tried again; near the end there is no time for more.
    fn pause(&self) -> Duration {
        if self.shared.state().is_closing {
            return SHORTEST_PAUSE;
        }
        // Doubled six times it is longer than the longest pause.
        let doubled = self.failures.saturating_sub(1).min(6);
        (SHORTEST_PAUSE * 2_u32.pow(doubled)).min(LONGEST_PAUSE)
    }

    async fn give(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let name = self.opener.name();
        let giving = tokio::time::timeout(ANSWER_LIMIT, self.open_and_give(batch));
        let given = giving.await.unwrap_or_else(|_| Err(unanswered(name)));
        if let Err(error) = &given {
            // Opened anew it may be well, and it may be another one: a damaged file is moved away.
            self.store = None;
            if error.cause() == Cause::Conflict {
                self.chain = None;
                self.given = None;
            }
        }
        given
    }

    async fn open_and_give(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if self.store.is_none() {
            self.open().await?;
        }
        let Some(store) = &self.store else { return Ok(()) };
        if batch.entries.is_empty() {
            return Ok(());
        }
        if self.given.is_none() {
            let chain = match self.chain.take() {
                Some((term, chain)) if term == batch.term => chain,
                Some(_) | None => begin(batch.term, store.head().await?),
            };
            self.chain = Some((batch.term, chain.clone()));
            self.given = Some(bind(batch, chain));
        }
        if let Some((records, after)) = &self.given {
            store.append(records).await?;
            self.chain = Some((batch.term, after.clone()));
            self.given = None;
        }
        Ok(())
    }

    /// Opens the store, and sees whether it still holds what was stored.
    async fn open(&mut self) -> Result<(), StoreError> {
        let store = self.opener.open().await?;
        let known = self.chain.as_ref().and_then(|(_, chain)| chain.head());
        if known.is_some() && is_behind(store.head().await?, known) {
            tracing::warn!(
                store = self.opener.name(),
                "the audit store lacks what was stored; a new chain begins"
            );
            self.chain = None;
            self.given = None;
        }
        if !self.is_restored {
            self.restore(store.as_ref()).await?;
            self.is_restored = true;
        }
        self.store = Some(store);
        Ok(())
    }

    /// Shows what an earlier process has stored.
    async fn restore(&self, store: &dyn AuditStore) -> Result<(), StoreError> {
        let limit = self.shared.state().log.ring().stats().max_size;
        let newest = Filter {
            limit,
            ..Filter::default()
        };
        let stored = store.select(&newest).await?;
        if stored.unreadable > 0 {
            tracing::warn!(
                store = self.opener.name(),
                unreadable = stored.unreadable,
                "entries of the audit log cannot be read and are not shown; see `autoscaler audit verify`"
            );
        }
        let entries = stored.records.iter().map(|record| Arc::clone(record.entry()));
        self.shared.state().log.restore(entries);
        Ok(())
    }

    fn stored(&self, batch: &Batch) {
        let standing = &mut self.shared.state().standing;
        standing.stored += batch.entries.len() as u64;
        standing.queued = standing.queued.saturating_sub(batch.entries.len());
    }

    /// Prunes what is older than anybody wants to know, seldom. What fails is tried with a later batch.
    async fn prune(&mut self, batch: &Batch) {
        let (Some(retention), Some(newest), Some(store)) =
            (self.retention, batch.entries.last(), &self.store)
        else {
            return;
        };
        let is_due = self.pruned_at.is_none_or(|at| at.elapsed() >= PRUNING);
        let may_prune = {
            let state = self.shared.state();
            !state.keeps_all && !state.is_closing
        };
        if !is_due || !may_prune {
            return;
        }
        self.pruned_at = Some(Instant::now());
        let Some(before) = newest.timestamp.checked_sub_signed(retention) else {
            return;
        };
        let pruning = tokio::time::timeout(ANSWER_LIMIT, store.prune(before));
        let pruned = tokio::select! {
            // The end has no time for it: what waits comes first.
            () = self.shared.closing.notified() => return,
            pruned = pruning => pruned,
        };
        match pruned {
            Ok(Ok(0)) => {}
            Ok(Ok(removed)) => tracing::info!(removed, %before, "old entries of the audit log are pruned"),
            Ok(Err(error)) => tracing::warn!(%error, "old entries of the audit log are not pruned"),
            Err(_) => tracing::warn!("old entries of the audit log are not all pruned in time"),
        }
    }

    /// Says once that the store is well again.
    fn is_well(&mut self) {
        let failures = std::mem::take(&mut self.failures);
        let trouble = self.shared.state().standing.trouble.take();
        if trouble.is_some() {
            tracing::info!(
                store = self.opener.name(),
                failures,
                "the audit log can be stored again"
            );
        }
    }

    /// Says what is wrong with the store, once for each kind of trouble.
    fn is_ill(&mut self, error: &StoreError) {
        self.failures = self.failures.saturating_add(1);
        let (cause, message) = (error.cause(), error.to_string());
        let trouble = StoreTrouble { cause, message };
        let before = self.shared.state().standing.trouble.replace(trouble);
        if before.is_none_or(|before| before.cause != cause) {
            let source = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(
                %error, source, cause = cause.as_str(),
                "the audit log is kept in memory only, and stored once that works"
            );
        }
    }
}

/// Begins or continues the chain of a term. A number that is lower than what is stored, as after the Lease was made
/// anew, continues the newest chain.
fn begin(term: u64, newest: Option<Head>) -> Chain {
    let least = newest.map_or(0, |head| head.term);
    Chain::new(term.max(least), newest)
}

/// Binds a batch; returns it with the chain after it.
fn bind(batch: &Batch, mut chain: Chain) -> (Vec<Arc<Record>>, Chain) {
    let entries = batch.entries.iter();
    let records = entries.map(|entry| Arc::new(chain.bind(Arc::clone(entry))));
    (records.collect(), chain)
}

/// Tells whether the newest stored entry is older than one that was acknowledged, or another one in its place.
fn is_behind(newest: Option<Head>, known: Option<Head>) -> bool {
    let place = |head: &Head| (head.term, head.sequence);
    match (newest, known) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(newest), Some(known)) => {
            place(&newest) < place(&known) || (place(&newest) == place(&known) && newest.hash != known.hash)
        }
    }
}

fn unanswered(store: String) -> StoreError {
    StoreError {
        doing: "writing",
        store,
        cause: Cause::Unreachable,
        source: None,
    }
}
