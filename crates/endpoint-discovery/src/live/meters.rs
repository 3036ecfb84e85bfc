//! What discovery counts and measures of its own work, for Prometheus (EP-28).

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::View;
use crate::breaker::BreakerState;
use crate::service::ServiceKey;

/// Holds the metrics of a discovery. Clones are the same metrics.
///
/// There are as many series as Services are followed, and a few more for each kind of object that is read.
#[derive(Clone, Debug)]
pub struct Meters {
    /// Instances of each Service, as they are known.
    pub instances: Family<ServiceLabels, Gauge>,
    /// Instances of each Service that are ready.
    pub instances_ready: Family<ServiceLabels, Gauge>,
    /// Calls of the Kubernetes API by the kind of object and what came of them.
    pub calls: Family<CallLabels, Counter>,
    /// Time until the Kubernetes API answered, by the kind of object; for a watch, until it began.
    pub call_duration: Family<ApiLabels, Histogram, fn() -> Histogram>,
    /// Watches that were begun, the first ones included, by the kind of object.
    pub watches: Family<ApiLabels, Counter>,
    /// Time from the word of the API server until subscribers can read what follows from it.
    pub update_duration: Histogram,
    /// Alerts that were raised.
    pub alerts: Counter,
    /// The state of the breaker: 0 closed, 1 half-open, 2 open.
    pub breaker: Gauge,
}

/// Names a Service in a metric.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ServiceLabels {
    namespace: String,
    service: String,
}

/// Names a kind of object in a metric.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ApiLabels {
    api: &'static str,
}

/// Names a kind of object, and what came of a call about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CallLabels {
    api: &'static str,
    result: &'static str,
}

/// Lists the kinds of objects that discovery reads.
const KINDS: [&str; 4] = ["services", "endpointslices", "endpoints", "pods"];

// === impl Meters ===

impl Default for Meters {
    fn default() -> Self {
        Self {
            instances: Family::default(),
            instances_ready: Family::default(),
            calls: Family::default(),
            // From a millisecond to sixteen seconds: a call ends after ten.
            call_duration: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.001, 2.0, 15))
            }),
            watches: Family::default(),
            // From a hundredth of a millisecond to a third of a second.
            update_duration: Histogram::new(exponential_buckets(0.000_01, 2.0, 16)),
            alerts: Counter::default(),
            breaker: Gauge::default(),
        }
    }
}

impl Meters {
    /// Registers all of them under the names that dashboards of older installations have.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Instances of a Service";
        registry.register("discovery_instances_total", help, self.instances.clone());
        let help = "Ready instances of a Service";
        registry.register("discovery_instances_ready", help, self.instances_ready.clone());
        let help = "Calls of the Kubernetes API";
        registry.register("discovery_api_calls", help, self.calls.clone());
        let help = "Time until the Kubernetes API answered";
        registry.register("discovery_api_duration_seconds", help, self.call_duration.clone());
        let help = "Watches begun";
        registry.register("discovery_watches", help, self.watches.clone());
        let help = "Time from the word of the API server to the view";
        registry.register(
            "discovery_update_duration_seconds",
            help,
            self.update_duration.clone(),
        );
        registry.register("discovery_alerts", "Alerts raised", self.alerts.clone());
        let help = "State of the breaker: 0 closed, 1 half-open, 2 open";
        registry.register("discovery_breaker_state", help, self.breaker.clone());
    }

    pub(super) fn show(&self, view: &View) {
        let labels = ServiceLabels::of(&view.service);
        let instances = view.instances();
        let ready = instances.iter().filter(|instance| instance.health.is_ready);
        self.instances_ready
            .get_or_create(&labels)
            .set(count(ready.count()));
        self.instances.get_or_create(&labels).set(count(instances.len()));
        self.show_breaker(view.breaker);
    }

    pub(super) fn forget(&self, service: &ServiceKey) {
        let labels = ServiceLabels::of(service);
        self.instances.remove(&labels);
        self.instances_ready.remove(&labels);
    }

    pub(super) fn show_breaker(&self, state: BreakerState) {
        self.breaker.set(match state {
            BreakerState::Closed => 0,
            BreakerState::HalfOpen => 1,
            BreakerState::Open => 2,
        });
    }

    /// Counts a call by its path and what came of it.
    pub(super) fn called(&self, path: &str, result: &'static str) {
        let api = kind(path);
        self.calls.get_or_create(&CallLabels { api, result }).inc();
    }

    /// Measures a call that was made, and counts it if it is a watch.
    pub(super) fn took(&self, path: &str, is_watch: bool, seconds: f64) {
        let labels = ApiLabels { api: kind(path) };
        self.call_duration.get_or_create(&labels).observe(seconds);
        if is_watch {
            self.watches.get_or_create(&labels).inc();
        }
    }
}

// === impl ServiceLabels ===

impl ServiceLabels {
    fn of(service: &ServiceKey) -> Self {
        Self {
            namespace: service.namespace.clone(),
            service: service.name.clone(),
        }
    }
}

/// Finds the kind of object at the end of the path of a list or a watch.
fn kind(path: &str) -> &'static str {
    let last = path.rsplit('/').next().unwrap_or_default();
    let known = KINDS.iter().find(|known| **known == last);
    known.copied().unwrap_or("others")
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
