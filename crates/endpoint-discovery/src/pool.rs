//! Connections to the instances of a Service, of whatever kind: only to ready ones, checked, limited and counted.
//!
//! ```text
//!  Discovery ─▶ update ─▶ one deadpool for each ready instance ◀─ get: chosen first, least used first
//!                 │                    ▲
//!                 └ gone: drained,     └ every so often: idle ones are checked, broken ones dialled again
//!                   then closed
//! ```

mod dialler;
mod lease;
mod series;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::managed::{PoolError, Timeouts};
use deadpool::{Runtime, managed};
use serde::Serialize;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

pub use lease::Lease;
pub use series::PoolSeries;

use crate::identity::InstanceId;
use crate::instance::Instance;
use crate::topology::{Account, choose};
use dialler::{Counts, Dialler};

/// Dials connections of some kind, and tells whether one still works.
pub trait Connector: Send + Sync + 'static {
    /// The connection.
    type Connection: Send + 'static;
    /// Why dialling failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Connects to an instance.
    fn dial(&self, instance: &Instance)
    -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// Tells whether a connection still works.
    fn is_healthy(&self, connection: &mut Self::Connection) -> impl Future<Output = bool> + Send;
}

/// Holds the limits of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// How many connections there are to one instance at most.
    pub most_per_instance: usize,
    /// How long dialling may take.
    pub dial_limit: Duration,
    /// How long a check may take.
    pub check_limit: Duration,
    /// How often each idle connection is checked.
    pub check_every: Duration,
    /// How long to wait for a connection when all are in use.
    pub wait_limit: Duration,
    /// How long one call for a connection may take, however many instances it tries.
    pub get_limit: Duration,
    /// How long to leave an instance alone after a failed dial; doubled with each further one.
    pub back_off: Duration,
    /// The longest time to leave an instance alone.
    pub most_back_off: Duration,
}

/// Counts the connections of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PoolStats {
    /// How many there are.
    pub total: usize,
    /// How many of them wait to be used.
    pub idle: usize,
    /// How many of them are in use.
    pub in_use: usize,
    /// How many could not be dialled, or were found broken, since the beginning.
    pub failed: u64,
    /// How many were dialled since the beginning.
    pub created: u64,
    /// How many were closed since the beginning.
    pub closed: u64,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum NoConnection {
    /// There is no ready instance.
    #[error("no instance is ready: try again when one is")]
    NoneReady,
    /// Every connection to every ready instance is in use.
    #[error("all connections are in use: give some back, or allow more for each instance")]
    AllInUse,
    /// No ready instance could be connected to in time.
    #[error("no connection within {} s: try again, or look at the instances", limit.as_secs_f32())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// No ready instance could be connected to; this is what the last one tried said.
    #[error("connecting failed: {0}")]
    Failed(String),
}

/// Holds connections to the ready instances of one Service.
pub struct ConnectionPool<C: Connector> {
    inner: Arc<Inner<C>>,
    sweeper: AbortHandle,
}

struct Inner<C: Connector> {
    connector: Arc<C>,
    settings: PoolSettings,
    counts: Arc<Counts>,
    members: Mutex<BTreeMap<InstanceId, Member<C>>>,
    turn: AtomicUsize,
    /// How the last choice came about, so that only another one is told.
    told: Mutex<Option<Account>>,
}

type InstancePool<C> = managed::Pool<Dialler<C>>;

struct Member<C: Connector> {
    pool: InstancePool<C>,
    instance: Arc<Instance>,
    rank: Rank,
}

/// Says which instances are tried before which others (EP-22, EP-24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The choice by zone and Node.
    Chosen,
    /// It is far, and stays.
    Other,
    /// Its Node is about to go.
    Draining,
}

// === impl PoolSettings ===

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            most_per_instance: 8,
            dial_limit: Duration::from_secs(5),
            check_limit: Duration::from_secs(2),
            check_every: Duration::from_secs(30),
            wait_limit: Duration::from_secs(5),
            get_limit: Duration::from_secs(10),
            back_off: Duration::from_millis(100),
            most_back_off: Duration::from_secs(30),
        }
    }
}

// === impl ConnectionPool ===

impl<C: Connector> ConnectionPool<C> {
    /// Makes a pool without instances, on the tokio runtime of the caller.
    pub fn new(connector: C, settings: PoolSettings) -> Self {
        let inner = Arc::new(Inner {
            connector: Arc::new(connector),
            settings,
            counts: Arc::default(),
            members: Mutex::default(),
            turn: AtomicUsize::new(0),
            told: Mutex::default(),
        });
        let sweeper = tokio::spawn(sweep(Arc::clone(&inner))).abort_handle();
        Self { inner, sweeper }
    }

    /// Holds connections to these instances from now on, as far as they are ready.
    ///
    /// What is not among them is drained: connections in use stay with whoever has them and close when they are given
    /// back. Those in our zone are used first and those on draining Nodes last (EP-22, EP-24).
    pub fn update(&self, instances: &[Arc<Instance>], zone: Option<&str>) {
        let choice = choose(instances, zone);
        self.inner.tell(choice.account);
        let preferred = choice.instances;
        let ready = instances.iter().filter(|instance| instance.health.is_ready);
        let mut members = self.inner.members();
        let mut before = std::mem::take(&mut *members);
        for instance in ready {
            let kept = before.remove(&instance.id);
            let kept = kept.and_then(|member| {
                if is_reached_alike(&member.instance, instance) {
                    return Some(member.pool);
                }
                member.pool.close();
                None
            });
            let member = Member {
                pool: kept.unwrap_or_else(|| self.inner.open(instance)),
                instance: Arc::clone(instance),
                rank: match preferred.iter().any(|one| one.id == instance.id) {
                    true => Rank::Chosen,
                    false if instance.is_on_draining_node() => Rank::Draining,
                    false => Rank::Other,
                },
            };
            members.insert(instance.id.clone(), member);
        }
        for member in before.into_values() {
            member.pool.close();
        }
    }

    /// Takes a connection, to the best instance that can be connected to.
    ///
    /// # Errors
    ///
    /// When no instance is ready, none can be connected to, or all connections stay in use for the time limit.
    pub async fn get(&self) -> Result<Lease<C>, NoConnection> {
        let limit = self.inner.settings.get_limit;
        let got = tokio::time::timeout(limit, self.try_each()).await;
        got.unwrap_or(Err(NoConnection::TimedOut { limit }))
    }

    /// Tries one instance after the other, and then waits for the best of those that are full.
    async fn try_each(&self) -> Result<Lease<C>, NoConnection> {
        let candidates = self.inner.candidates();
        if candidates.is_empty() {
            return Err(NoConnection::NoneReady);
        }
        let mut failure = None;
        let mut busy = None;
        for (id, pool) in &candidates {
            match self.take(pool, Duration::ZERO).await {
                Ok(object) => return Ok(Lease::new(id.clone(), object)),
                Err(PoolError::Timeout(managed::TimeoutType::Wait)) => {
                    busy.get_or_insert((id, pool));
                }
                Err(error) => failure = Some(error.to_string()),
            }
        }
        let Some((id, pool)) = busy else {
            let failure = failure.unwrap_or_else(|| "the instance is gone".to_owned());
            return Err(NoConnection::Failed(failure));
        };
        match self.take(pool, self.inner.settings.wait_limit).await {
            Ok(object) => Ok(Lease::new(id.clone(), object)),
            Err(PoolError::Timeout(managed::TimeoutType::Wait)) => Err(NoConnection::AllInUse),
            Err(error) => Err(NoConnection::Failed(error.to_string())),
        }
    }

    /// Counts the connections.
    pub fn stats(&self) -> PoolStats {
        self.inner.stats()
    }

    async fn take(
        &self,
        pool: &InstancePool<C>,
        wait: Duration,
    ) -> Result<managed::Object<Dialler<C>>, PoolError<dialler::DialError<C::Error>>> {
        pool.timeout_get(&self.inner.settings.timeouts(wait)).await
    }
}

impl<C: Connector> Drop for ConnectionPool<C> {
    fn drop(&mut self) {
        self.sweeper.abort();
        for member in self.inner.members().values() {
            member.pool.close();
        }
    }
}

// === impl PoolSettings ===

impl PoolSettings {
    fn timeouts(&self, wait: Duration) -> Timeouts {
        Timeouts {
            wait: Some(wait),
            create: Some(self.dial_limit),
            recycle: Some(self.check_limit),
        }
    }
}

// === impl Inner ===

impl<C: Connector> Inner<C> {
    fn members(&self) -> std::sync::MutexGuard<'_, BTreeMap<InstanceId, Member<C>>> {
        // Whoever panicked while holding it left a map that is whole.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stats(&self) -> PoolStats {
        let (failed, created, closed) = self.counts.read();
        let total = usize::try_from(created.saturating_sub(closed)).unwrap_or(usize::MAX);
        let members = self.members();
        let idle: usize = members
            .values()
            .map(|member| member.pool.status().available)
            .sum();
        let idle = idle.min(total);
        PoolStats {
            total,
            idle,
            in_use: total - idle,
            failed,
            created,
            closed,
        }
    }

    /// Logs a choice that came about in another way than the last one.
    fn tell(&self, account: Account) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.as_ref() != Some(&account) {
            tracing::info!(
                zone = account.zone,
                reason = ?account.reason,
                chosen = account.chosen,
                ready = account.ready,
                draining = account.draining,
                "instances are chosen anew"
            );
            *told = Some(account);
        }
    }

    fn open(&self, instance: &Arc<Instance>) -> InstancePool<C> {
        let dialler = Dialler::new(
            Arc::clone(&self.connector),
            Arc::clone(instance),
            self.settings,
            Arc::clone(&self.counts),
        );
        managed::Pool::builder(dialler)
            .max_size(self.settings.most_per_instance.max(1))
            .runtime(Runtime::Tokio1)
            .build()
            .expect("a pool with a runtime may have time limits")
    }

    /// Lists the instances in the order in which to try them: by rank, least used, and in turn.
    fn candidates(&self) -> Vec<(InstanceId, InstancePool<C>)> {
        let members = self.members();
        let mut candidates: Vec<_> = members.iter().collect();
        if candidates.is_empty() {
            return Vec::new();
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % candidates.len();
        candidates.rotate_left(turn);
        candidates.sort_by_key(|(_, member)| {
            let status = member.pool.status();
            (member.rank, status.size - status.available.min(status.size))
        });
        let candidates = candidates.into_iter();
        candidates
            .map(|(id, member)| (id.clone(), member.pool.clone()))
            .collect()
    }
}

/// Checks idle connections for ever. What is broken is dialled again, or closed when that fails.
async fn sweep<C: Connector>(inner: Arc<Inner<C>>) {
    let mut ticks = tokio::time::interval(inner.settings.check_every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let pools: Vec<InstancePool<C>> = inner
            .members()
            .values()
            .map(|member| member.pool.clone())
            .collect();
        for pool in pools {
            for _ in 0..pool.status().available {
                // Taking it is checking it; the oldest comes first, and goes back to the end. A failure is counted.
                let checked = pool.timeout_get(&inner.settings.timeouts(Duration::ZERO)).await;
                drop(checked);
            }
        }
    }
}

/// Tells whether connections to one are as good as connections to the other.
fn is_reached_alike(one: &Instance, other: &Instance) -> bool {
    one.addresses == other.addresses && one.ports == other.ports && !one.is_another_pod_than(other)
}

#[cfg(test)]
mod tests;
