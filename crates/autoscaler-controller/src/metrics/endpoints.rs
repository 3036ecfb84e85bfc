//! What the discovery of endpoints counts and measures, among our own metrics (`EP-28`).

use super::Catalogue;
use endpoint_discovery::Meters;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// Counts what becomes of alerts on their way to a webhook. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct AlertSeries(Family<ResultLabels, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

// === impl AlertSeries ===

impl AlertSeries {
    /// Makes the series and adds it to the catalogue.
    pub(super) fn added(catalogue: &mut Catalogue) -> Self {
        let series = Self::default();
        catalogue.add(
            "discovery_alerts_posted",
            "Alerts about instances on their way to the webhook, by what became of them: sent, failed, missed",
            series.0.clone(),
        );
        series
    }

    pub(crate) fn count(&self, result: &'static str, number: u64) {
        if number > 0 {
            self.0.get_or_create(&ResultLabels { result }).inc_by(number);
        }
    }

    #[cfg(test)]
    pub(crate) fn read(&self, result: &'static str) -> u64 {
        self.0.get_or_create(&ResultLabels { result }).get()
    }
}

/// Makes the metrics of discovery and adds them to the catalogue.
pub(super) fn meters(catalogue: &mut Catalogue) -> Meters {
    let meters = Meters::default();
    catalogue.add(
        "discovery_instances_total",
        "Instances of a watched Service",
        meters.instances.clone(),
    );
    catalogue.add(
        "discovery_instances_ready",
        "Ready instances of a watched Service",
        meters.instances_ready.clone(),
    );
    catalogue.add(
        "discovery_api_calls",
        "Calls of the Kubernetes API for watched Services, by kind of object and what came of them",
        meters.calls.clone(),
    );
    catalogue.add(
        "discovery_api_duration_seconds",
        "Time until the Kubernetes API answered about watched Services; for a watch, until it began",
        meters.call_duration.clone(),
    );
    catalogue.add(
        "discovery_watches",
        "Watches for watched Services that were begun, by kind of object; the API server ends each after a minute",
        meters.watches.clone(),
    );
    catalogue.add(
        "discovery_update_duration_seconds",
        "Time from the word of the API server until what follows from it can be read",
        meters.update_duration.clone(),
    );
    catalogue.add(
        "discovery_alerts",
        "Alerts about instances that are not well, each once in five minutes",
        meters.alerts.clone(),
    );
    catalogue.add(
        "discovery_breaker_state",
        "State of the breaker of calls for watched Services: 0 closed, 1 half-open, 2 open",
        meters.breaker.clone(),
    );
    meters
}
