//! Gauges of which each pass knows all series: one that a pass does not name any more disappears.

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Most series of one metric; a thousand NodeGroups in eight phases, and nobody's mistake fills the memory.
pub(crate) const MOST_SERIES: usize = 10_000;

/// A gauge for each set of labels that there is.
pub(crate) struct Series<L> {
    family: Family<L, Gauge>,
    shown: Arc<Mutex<Vec<L>>>,
}

// === impl Series ===

impl<L: Clone + Ord + Hash + EncodeLabelSet> Series<L> {
    /// Shows these values and no others.
    pub(crate) fn replace(&self, values: BTreeMap<L, i64>) {
        // Nothing can stop half-way; a panic elsewhere leaves the list sound.
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for labels in shown.iter().filter(|labels| !values.contains_key(*labels)) {
            self.family.remove(labels);
        }
        shown.clear();
        for (labels, value) in values.into_iter().take(MOST_SERIES) {
            self.family.get_or_create(&labels).set(value);
            shown.push(labels);
        }
    }
}

impl<L: Clone + Hash + Eq> Default for Series<L> {
    fn default() -> Self {
        Self {
            family: Family::default(),
            shown: Arc::default(),
        }
    }
}

impl<L> Clone for Series<L> {
    fn clone(&self) -> Self {
        Self {
            family: self.family.clone(),
            shown: Arc::clone(&self.shown),
        }
    }
}

impl<L> Debug for Series<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Series")
    }
}

impl<L> TypedMetric for Series<L> {
    const TYPE: MetricType = MetricType::Gauge;
}

impl<L: Clone + Hash + Eq + EncodeLabelSet> EncodeMetric for Series<L> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        self.family.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }

    fn is_empty(&self) -> bool {
        self.family.is_empty()
    }
}
