//! Dials one instance, leaves it alone for a while when that fails, and checks what it has dialled.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use tokio::time::Instant;

use super::{Connector, PoolSettings};
use crate::instance::Instance;

/// Dials and checks the connections to one instance.
#[derive(Debug)]
pub(super) struct Dialler<C> {
    connector: Arc<C>,
    instance: Arc<Instance>,
    settings: PoolSettings,
    counts: Arc<Counts>,
    rest: Mutex<Rest>,
}

/// Holds a connection; it is counted as closed when it is dropped.
#[derive(Debug)]
pub(super) struct Line<T> {
    pub(super) connection: T,
    checked: Instant,
    counts: Arc<Counts>,
}

/// Why an instance was not dialled, or not successfully.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError<E> {
    /// It is left alone after a failure.
    #[error("the instance is left alone for {} ms after a failure", remaining.as_millis())]
    Resting {
        /// For how long.
        remaining: Duration,
    },
    /// It could not be dialled.
    #[error("the instance cannot be dialled: {0}")]
    Failed(E),
}

/// Counts what all diallers of a pool do.
#[derive(Debug, Default)]
pub(super) struct Counts {
    failed: AtomicU64,
    created: AtomicU64,
    closed: AtomicU64,
}

/// How often dialling failed in a row, and when to try again.
#[derive(Debug, Default)]
struct Rest {
    failures: u32,
    failed_at: Option<Instant>,
    until: Option<Instant>,
}

// === impl Dialler ===

impl<C: Connector> Dialler<C> {
    pub(super) fn new(
        connector: Arc<C>,
        instance: Arc<Instance>,
        settings: PoolSettings,
        counts: Arc<Counts>,
    ) -> Self {
        Self {
            connector,
            instance,
            settings,
            counts,
            rest: Mutex::default(),
        }
    }

    fn rest(&self) -> std::sync::MutexGuard<'_, Rest> {
        // It is never half changed.
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a dial that failed. One that began before the last failure is no further one in a row.
    fn fail(&self, began: Instant) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let mut rest = self.rest();
        if rest.failed_at.is_some_and(|failed_at| began <= failed_at) {
            return;
        }
        let wait = back_off(&self.settings, rest.failures);
        rest.failures = rest.failures.saturating_add(1);
        let now = Instant::now();
        rest.failed_at = Some(now);
        rest.until = Some(now + wait);
    }
}

impl<C: Connector> Manager for Dialler<C> {
    type Type = Line<C::Connection>;
    type Error = DialError<C::Error>;

    async fn create(&self) -> Result<Self::Type, Self::Error> {
        let now = Instant::now();
        let until = self.rest().until.filter(|until| *until > now);
        if let Some(until) = until {
            return Err(DialError::Resting {
                remaining: until - now,
            });
        }
        // Should the time limit end this, it has failed as well.
        let mut unfinished = Unfinished {
            dialler: Some(self),
            began: now,
        };
        let connection = self
            .connector
            .dial(&self.instance)
            .await
            .map_err(DialError::Failed)?;
        unfinished.dialler = None;
        *self.rest() = Rest::default();
        self.counts.created.fetch_add(1, Ordering::Relaxed);
        Ok(Line {
            connection,
            checked: Instant::now(),
            counts: Arc::clone(&self.counts),
        })
    }

    async fn recycle(&self, line: &mut Self::Type, _: &Metrics) -> RecycleResult<Self::Error> {
        if line.checked.elapsed() < self.settings.check_every {
            return Ok(());
        }
        let checking = self.connector.is_healthy(&mut line.connection);
        let is_healthy = tokio::time::timeout(self.settings.check_limit, checking).await;
        if is_healthy == Ok(true) {
            line.checked = Instant::now();
            return Ok(());
        }
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        Err(RecycleError::message("the connection is broken"))
    }
}

/// Counts a failure when it is dropped before the end of a dial.
struct Unfinished<'a, C: Connector> {
    dialler: Option<&'a Dialler<C>>,
    began: Instant,
}

impl<C: Connector> Drop for Unfinished<'_, C> {
    fn drop(&mut self) {
        if let Some(dialler) = self.dialler {
            dialler.fail(self.began);
        }
    }
}

// === impl Line ===

impl<T> Drop for Line<T> {
    fn drop(&mut self) {
        self.counts.closed.fetch_add(1, Ordering::Relaxed);
    }
}

// === impl Counts ===

impl Counts {
    /// Reads what failed, was created and was closed.
    pub(super) fn read(&self) -> (u64, u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.failed), read(&self.created), read(&self.closed))
    }
}

/// Doubles the wait with each failure in a row, up to the longest.
fn back_off(settings: &PoolSettings, failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures);
    settings
        .back_off
        .saturating_mul(factor)
        .min(settings.most_back_off)
}
