//! What happened, as counters and histograms.

use super::Metrics;
use super::fleet::word;
use super::labels::{OutcomeLabels, ReasonLabels, StrategyLabels, TransitionLabels};
use crate::chronicle::{Fact, What};
use crate::reason::Reason;
use crate::resources::Condition;
use chrono::TimeDelta;
use prometheus_client::metrics::histogram::Histogram;

/// Reasons of conditions that say that no machine was found, or none that can be told apart.
const NOT_DISCOVERED: [Reason; 3] = [Reason::DiscoveryTimeout, Reason::Ambiguous, Reason::Conflict];

impl Metrics {
    /// Counts and measures a fact.
    pub(crate) fn note(&self, fact: &Fact) {
        match &fact.what {
            What::Founded => {
                self.groups_made.inc();
            }
            What::Dismissed => {
                self.groups_dismissed.inc();
            }
            What::Grown { .. } | What::ProviderGroupKnown { .. } => {}
            What::Requested { outcome, .. } => {
                self.requests.get_or_create(&OutcomeLabels::of(*outcome)).inc();
            }
            What::RemovalAsked { outcome, .. } => {
                self.removals.get_or_create(&OutcomeLabels::of(*outcome)).inc();
            }
            What::Discovered { strategy, after, .. } => {
                let strategy = strategy.as_deref().unwrap_or("none").into();
                self.strategies.get_or_create(&StrategyLabels { strategy }).inc();
                observe(&self.discovery, *after);
            }
            What::Joined { after, .. } => {
                observe(&self.joining, *after);
            }
            What::Ready { after, .. } => {
                observe(&self.provisioning, *after);
            }
            What::Phase { from, to } => {
                let (from, to) = (word(from), word(to));
                self.transitions
                    .get_or_create(&TransitionLabels { from, to })
                    .inc();
            }
            What::Condition { condition, .. } => self.note_condition(condition),
            What::Ended { after, .. } => {
                observe(&self.termination, *after);
            }
            What::Claimed { .. } => {
                self.nodes_labelled.inc();
            }
        }
    }

    fn note_condition(&self, condition: &Condition) {
        let reason = condition.reason.as_deref().unwrap_or_default();
        if NOT_DISCOVERED.iter().any(|failure| failure.as_str() == reason) {
            let reason = reason.into();
            self.discovery_failures
                .get_or_create(&ReasonLabels { reason })
                .inc();
        }
    }
}

/// Measures a duration where it is known.
fn observe(histogram: &Histogram, duration: Option<TimeDelta>) {
    if let Some(duration) = duration {
        histogram.observe(duration.to_std().unwrap_or_default().as_secs_f64());
    }
}
