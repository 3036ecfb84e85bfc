//! The evaluator with a clock and a trace on every evaluation (`NS-28`, `NS-29`).

use crate::metrics::Metrics;
use node_state::{Evaluator, Inputs, NodeState};
use tokio::time::Instant;

/// Why nodes are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A pass looks at what changed, with the lives that follow from it.
    Pass,
    /// A watch has told of changes between two passes.
    Watch,
    /// A moment has come that changes what is found, between two passes.
    Time,
}

/// An evaluator whose work is measured and traced; it changes no state.
pub(super) struct Measured<'a> {
    pub(super) inner: &'a dyn Evaluator,
    pub(super) metrics: &'a Metrics,
    pub(super) trigger: Trigger,
    /// The number of the settlement, which the spans of its notifications carry, too.
    pub(super) evaluation: u64,
}

// === impl Trigger ===

impl Trigger {
    /// Returns the word of the trace.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Watch => "watch",
            Self::Time => "time",
        }
    }
}

// === impl Measured ===

impl Evaluator for Measured<'_> {
    fn evaluate(&self, inputs: &Inputs<'_>) -> NodeState {
        let group = inputs.membership.group.as_ref();
        let span = tracing::debug_span!(
            "evaluation",
            evaluation = self.evaluation,
            node = %inputs.subject,
            resource_version = inputs.node.map(|node| node.resource_version.as_str()),
            operation = if inputs.previous.is_some() { "again" } else { "first" },
            node_group = group.map(tracing::field::display),
            trigger = self.trigger.as_str(),
        );
        let began = Instant::now();
        let state = span.in_scope(|| self.inner.evaluate(inputs));
        let is_changed = inputs
            .previous
            .is_none_or(|previous| previous.state_hash != state.state_hash);
        self.metrics.note_evaluation(group, is_changed, began);
        state
    }
}
