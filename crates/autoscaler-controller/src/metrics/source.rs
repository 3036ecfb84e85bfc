//! What the client of VPSie counts itself, read whenever the metrics are.

use super::labels::{CallLabels, StateLabels};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::{Arc, OnceLock};
use vpsie_api::{BreakerState, ClientState};

/// Asks a client how it stands.
type Ask = Box<dyn Fn() -> ClientState + Send + Sync>;

/// The client of VPSie, once it is known; until then there is nothing to show.
#[derive(Clone, Default)]
pub(super) struct Source(Arc<OnceLock<Ask>>);

const REQUESTS: (&str, MetricType, &str) = (
    "vpsie_api_requests",
    MetricType::Counter,
    "Attempts of calls of VPSie by what came of them: answered, or the kind of error",
);
const BREAKER: (&str, MetricType, &str) = (
    "vpsie_api_circuit_breaker_state",
    MetricType::Gauge,
    "Whether requests to VPSie leave: 1 for the present state, closed, open or probing",
);

/// What a source shows: name, kind and help.
pub(super) const DESCRIBED: [(&str, MetricType, &str); 2] = [REQUESTS, BREAKER];

// === impl Source ===

impl Source {
    /// Takes the client; the first one stays.
    pub(super) fn set(&self, ask: Ask) {
        drop(self.0.set(ask));
    }
}

impl Collector for Source {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(ask) = self.0.get() else {
            return Ok(());
        };
        let state = ask();
        if !state.attempts.is_empty() {
            let (name, kind, help) = REQUESTS;
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for ((call, status), count) in state.attempts {
                let method = call.label();
                let labels = CallLabels { method, status };
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let (name, kind, help) = BREAKER;
        let mut family = encoder.encode_descriptor(name, help, None, kind)?;
        let now = state.breaker.label();
        for state in BreakerState::LABELS {
            let value = i64::from(state == now);
            ConstGauge::new(value).encode(family.encode_family(&StateLabels { state })?)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Source")
    }
}
