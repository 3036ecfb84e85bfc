//! What an evaluation changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::key::{GroupKey, Subject};
use crate::state::NodeState;

/// Holds what an evaluation changed, all of which becomes visible at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The states that are different.
    pub changes: BTreeMap<Subject, Change>,
    /// The NodeGroups that are different, or have or had such a node, and whether each is there.
    pub groups: BTreeMap<GroupKey, bool>,
    /// How many times the evaluator was called.
    pub evaluated: u64,
}

/// Holds a state as it was and as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it was; nothing when it is new.
    pub before: Option<Arc<NodeState>>,
    /// What it is; nothing when it is gone.
    pub now: Option<Arc<NodeState>>,
}

// === impl Batch ===

impl Batch {
    /// Tells whether nobody could see a difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.groups.is_empty()
    }

    /// Adds a change, unless it is none.
    pub(super) fn push(&mut self, subject: Subject, change: Change) {
        if change.is_none() {
            return;
        }
        self.groups
            .extend(change.groups().map(|group| (group.clone(), false)));
        self.changes.insert(subject, change);
    }

    pub(super) fn touch(&mut self, groups: BTreeSet<GroupKey>) {
        self.groups.extend(groups.into_iter().map(|group| (group, false)));
    }
}

// === impl Change ===

impl Change {
    /// Tells whether nobody could see a difference.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let hash = |state: &Option<Arc<NodeState>>| state.as_ref().map(|state| state.state_hash);
        hash(&self.before) == hash(&self.now)
    }

    /// Lists the NodeGroups that it concerns: the old ones and the new ones.
    pub fn groups(&self) -> impl Iterator<Item = &GroupKey> {
        let states = [&self.before, &self.now].into_iter().flatten();
        states.flat_map(|state| state.groups())
    }
}
