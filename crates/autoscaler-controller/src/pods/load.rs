//! What a Node carries, counted the same in deciding and right before a removal.

use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::{PodFacts, State, Workload};

/// How long after its due end a pod on a broken Node still counts (`LC-17`).
const STUCK_POD: TimeDelta = TimeDelta::minutes(5);

/// Names the Node of a VPSieNode with the workload pods that it was seen to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Name of the Node.
    pub node: String,
    /// The state of its life; on a broken Node, pods that should have ended long ago do not count.
    pub state: State,
    /// Workload pods on it.
    pub pods: u64,
}

// === impl Load ===

impl Load {
    /// Counts the workload pods on a Node in this state of its life.
    pub fn of<'p>(
        node: &str,
        state: State,
        pods: impl IntoIterator<Item = &'p PodFacts>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            node: node.to_owned(),
            state,
            pods: Workload::of(pods, state, STUCK_POD, now).pods,
        }
    }
}
