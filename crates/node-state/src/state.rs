//! The evaluated state of one node, free of any CRD type.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use node_lifecycle::{Health, State, Workload};

use crate::condition::{Conditions, Status, Topic};
use crate::hash::StateHash;
use crate::key::{GroupKey, Subject};
use crate::membership::Scope;
use crate::version::is_older;
use crate::warning::Warning;

/// Holds everything that consumers see of one node (`NS-1`).
#[derive(Debug, Clone, PartialEq)]
pub struct NodeState {
    /// What it is about.
    pub subject: Subject,
    /// The uid of the Node, or of the VPSieNode that has none.
    pub uid: String,
    /// Its NodeGroup.
    pub node_group: Option<GroupKey>,
    /// Whose business it is.
    pub scope: Scope,
    /// Its zone.
    pub zone: Option<String>,
    /// The version of its kubelet.
    pub kubelet_version: Option<String>,
    /// The version that it should have.
    pub desired_version: Option<String>,
    /// Where it is in its life.
    pub lifecycle_state: State,
    /// How well it is.
    pub health: Health,
    /// Whether it is left alone on purpose: somebody excepted it, or its NodeGroup is paused.
    pub is_excluded: bool,
    /// What holds of it.
    pub conditions: Conditions,
    /// What is wrong with the facts about it.
    pub warnings: BTreeSet<Warning>,
    /// Its workload pods, and what they request.
    pub workload: Workload,
    /// What is most worth knowing, in a sentence; empty when all is well.
    pub message: String,
    /// When it was evaluated.
    pub last_evaluated: DateTime<Utc>,
    /// How many times it was evaluated.
    pub evaluation_count: u64,
    /// The version of the object that it was read from.
    pub source_version: String,
    /// The hash of all that a consumer can see, but for the three before it.
    pub state_hash: StateHash,
}

// === impl NodeState ===

impl NodeState {
    /// Returns the name of the Node, or of the VPSieNode that has none.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        self.subject.name()
    }

    /// Tells whether a condition holds.
    #[must_use]
    pub fn is(&self, topic: Topic) -> bool {
        self.conditions
            .get(&topic)
            .is_some_and(|condition| condition.status == Status::True)
    }

    /// Tells whether its kubelet is older than it should be; nothing when one of the versions is not known (`NS-11`).
    #[must_use]
    pub fn is_outdated(&self) -> Option<bool> {
        is_older(self.kubelet_version.as_deref(), self.desired_version.as_deref())
    }

    /// Puts the hash of everything else in its place; an evaluator does so last.
    #[must_use]
    pub fn hashed(mut self) -> Self {
        self.state_hash = StateHash::of(&self);
        self
    }
}
