//! The evaluated state of one node, free of any CRD type.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use node_lifecycle::{Health, Phase, State, Workload};
use smol_str::SmolStr;

use crate::condition::{Status, Topic};
use crate::conditions::Conditions;
use crate::facts::OwnerFacts;
use crate::hash::StateHash;
use crate::key::{GroupKey, OwnerKey, Subject};
use crate::membership::Scope;
use crate::version::is_older;
use crate::warning::Warning;

/// Holds everything that consumers see of one node (`NS-1`).
#[derive(Debug, Clone, PartialEq)]
pub struct NodeState {
    /// What it is about.
    pub subject: Subject,
    /// The uid of the Node, or of the VPSieNode that has none.
    pub uid: Arc<str>,
    /// Its NodeGroup.
    pub node_group: Option<GroupKey>,
    /// The VPSieNode that owns it.
    pub owner: Option<OwnerState>,
    /// Whose business it is.
    pub scope: Scope,
    /// Its zone.
    pub zone: Option<SmolStr>,
    /// The version of its kubelet.
    pub kubelet_version: Option<SmolStr>,
    /// The version that it should have.
    pub desired_version: Option<SmolStr>,
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
    pub message: Box<str>,
    /// When it was evaluated.
    pub last_evaluated: DateTime<Utc>,
    /// How many times it was evaluated.
    pub evaluation_count: u64,
    /// The version of the object that it was read from.
    pub source_version: SmolStr,
    /// When it must be evaluated again although no fact changes; nothing when time alone changes nothing.
    pub expires_at: Option<DateTime<Utc>>,
    /// The hash of all that a consumer can see, but for the four before it.
    pub state_hash: StateHash,
}

/// Holds what is counted of the VPSieNode that owns a node (`S1`, `S2`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerState {
    /// Its namespace and name.
    pub key: OwnerKey,
    /// The NodeGroup that it names, whether that is there or not.
    pub group: Option<GroupKey>,
    /// Its phase; nothing when it is a word of somebody else.
    pub phase: Option<Phase>,
    /// Whether it is being deleted.
    pub is_ending: bool,
}

// === impl NodeState ===

impl NodeState {
    /// Returns the name of the Node, or of the VPSieNode that has none.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        self.subject.name()
    }

    /// Lists the NodeGroups to which it matters: the one that it is of, and the one that its VPSieNode names.
    pub fn groups(&self) -> impl Iterator<Item = &GroupKey> {
        let named = self.owner.as_ref().and_then(|owner| owner.group.as_ref());
        let named = named.filter(|named| self.node_group.as_ref() != Some(*named));
        self.node_group.iter().chain(named)
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

// === impl OwnerState ===

impl OwnerState {
    /// Takes what is counted out of what is known of a VPSieNode.
    pub(crate) fn of(facts: &OwnerFacts) -> Self {
        Self {
            key: facts.key.clone(),
            group: facts.group_key(),
            phase: facts.phase,
            is_ending: facts.deleted_at.is_some(),
        }
    }
}
