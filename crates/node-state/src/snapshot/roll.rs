//! States in the order of their subjects, in as little room as pointers to them take.

use std::sync::Arc;

use crate::key::Subject;
use crate::state::NodeState;

/// Lists states in the order of their subjects, each subject once.
///
/// It is copied for every generation, which a tree with a key of its own for each state makes seven times as large.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Roll(Vec<Arc<NodeState>>);

// === impl Roll ===

impl Roll {
    pub(super) fn get(&self, subject: &Subject) -> Option<&Arc<NodeState>> {
        self.place(subject).ok().and_then(|place| self.0.get(place))
    }

    /// Puts a state in its place, instead of the one that its subject had.
    pub(super) fn put(&mut self, state: &Arc<NodeState>) {
        let state = Arc::clone(state);
        match self.place(&state.subject) {
            Ok(place) => self.0[place] = state,
            Err(place) => self.0.insert(place, state),
        }
    }

    pub(super) fn remove(&mut self, subject: &Subject) -> Option<Arc<NodeState>> {
        self.place(subject).ok().map(|place| self.0.remove(place))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<NodeState>> {
        self.0.iter()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, subject: &Subject) -> Result<usize, usize> {
        self.0.binary_search_by(|state| state.subject.cmp(subject))
    }
}

#[cfg(test)]
mod tests;
