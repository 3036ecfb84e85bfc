//! What the audit log counts: attempts and transitions as they are recorded, and how its store stands when asked.

use super::Metrics;
use super::labels::{DecommissionLabels, TransitionLabels};
use crate::lives::Step;
use audit_store::RecorderState;
use node_lifecycle::audit::Entry;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Asks a recorder how it stands.
type Ask = Box<dyn Fn() -> RecorderState + Send + Sync>;

/// The recorder, once it is known; until then there is nothing to show.
#[derive(Clone, Default)]
pub(super) struct AuditSource(Arc<OnceLock<Ask>>);

const STORED: (&str, MetricType, &str) = (
    "audit_entries",
    MetricType::Counter,
    "Entries of the audit log that the store has taken",
);
const DROPPED: (&str, MetricType, &str) = (
    "audit_dropped",
    MetricType::Counter,
    "Entries of the audit log that found the queue full and are not stored",
);
const QUEUED: (&str, MetricType, &str) = (
    "audit_queue",
    MetricType::Gauge,
    "Entries of the audit log that wait for the store",
);
const UP: (&str, MetricType, &str) = (
    "audit_store_up",
    MetricType::Gauge,
    "Whether the store of the audit log takes entries (1) or is in trouble (0)",
);

/// What it shows: name, kind and help.
pub(super) const DESCRIBED: [(&str, MetricType, &str); 4] = [STORED, DROPPED, QUEUED, UP];

// === impl AuditSource ===

impl AuditSource {
    /// Takes the recorder; the first one stays.
    pub(super) fn set(&self, ask: Ask) {
        drop(self.0.set(ask));
    }
}

impl Collector for AuditSource {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let state = self.0.get().map(|ask| ask());
        let Some(state) = state.filter(|state| state.store.is_some()) else {
            return Ok(());
        };
        for ((name, kind, help), value) in [(STORED, state.stored), (DROPPED, state.dropped)] {
            ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        let queued = i64::try_from(state.queued).unwrap_or(i64::MAX);
        for ((name, kind, help), value) in [(QUEUED, queued), (UP, i64::from(state.trouble.is_none()))] {
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        Ok(())
    }
}

impl fmt::Debug for AuditSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuditSource")
    }
}

// === impl Metrics ===

impl Metrics {
    /// Shows how a recorder stands. The first one that is given stays.
    pub fn show_audit(&self, state: impl Fn() -> RecorderState + Send + Sync + 'static) {
        self.audit.set(Box::new(state));
    }

    /// Counts an attempt to remove a machine. Its reason is a word of ours, so their number is bounded.
    pub(crate) fn note_attempt(&self, entry: &Entry) {
        let labels = DecommissionLabels {
            decision_by: entry.decision_by.as_str(),
            result: entry.result.as_str(),
            reason: entry.reason.as_str().into(),
        };
        self.decommissions.get_or_create(&labels).inc();
    }

    /// Counts a transition.
    pub(crate) fn note_transition(&self, step: &Step) {
        let (from, to) = (step.transition.from.as_str(), step.transition.to.as_str());
        self.lifecycle_transitions
            .get_or_create(&TransitionLabels { from, to })
            .inc();
    }
}
