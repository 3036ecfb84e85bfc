//! What pools count, for Prometheus: read when somebody looks, and gone with the pool (EP-28).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::{ConnectionPool, Connector, PoolStats};

/// Returns what a pool counts now; nothing once there is no pool.
type Stats = Box<dyn Fn() -> Option<PoolStats> + Send + Sync>;

/// The end of the name of a counter, its description, and what it counts.
type Counted = (&'static str, &'static str, fn(&PoolStats) -> u64);

/// Shows the numbers of pools, each under a name. Clones show the same.
#[derive(Clone, Default)]
pub struct PoolSeries(Arc<Mutex<BTreeMap<String, Stats>>>);

// === impl PoolSeries ===

impl PoolSeries {
    /// Registers the series: `discovery_pool_connections` by `pool` and `state`, and the counters
    /// `discovery_pool_connections_created`, `…_closed` and `…_failed` by `pool`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// Shows a pool under a name, such as that of its Service, until the pool is dropped. It takes the place of one that was
    /// shown under the same name.
    pub fn show<C: Connector>(&self, name: impl Into<String>, pool: &ConnectionPool<C>) {
        let inner = Arc::downgrade(&pool.inner);
        let stats: Stats = Box::new(move || inner.upgrade().map(|inner| inner.stats()));
        self.pools().insert(name.into(), stats);
    }

    /// Reads all pools, and forgets those that are gone.
    fn read(&self) -> Vec<(String, PoolStats)> {
        let mut read = Vec::new();
        self.pools().retain(|name, stats| match stats() {
            Some(stats) => {
                read.push((name.clone(), stats));
                true
            }
            None => false,
        });
        read
    }

    fn pools(&self) -> MutexGuard<'_, BTreeMap<String, Stats>> {
        // Whoever panicked while holding it left a map that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for PoolSeries {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let pools = self.read();
        let help = "Connections of a pool, by what they do";
        let mut metric =
            encoder.encode_descriptor("discovery_pool_connections", help, None, MetricType::Gauge)?;
        for (name, stats) in &pools {
            for (state, count) in [("idle", stats.idle), ("in-use", stats.in_use)] {
                let labels = [("pool", name.as_str()), ("state", state)];
                let gauge = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
                gauge.encode(metric.encode_family(&labels)?)?;
            }
        }
        let counters: [Counted; 3] = [
            ("created", "Connections dialled", |stats| stats.created),
            ("closed", "Connections closed", |stats| stats.closed),
            (
                "failed",
                "Connections that could not be dialled, or were found broken",
                |stats| stats.failed,
            ),
        ];
        for (what, help, count) in counters {
            let name = format!("discovery_pool_connections_{what}");
            let mut metric = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
            for (name, stats) in &pools {
                let labels = [("pool", name.as_str())];
                ConstCounter::new(count(stats)).encode(metric.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PoolSeries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.pools().keys().cloned().collect();
        formatter.debug_tuple("PoolSeries").field(&names).finish()
    }
}
