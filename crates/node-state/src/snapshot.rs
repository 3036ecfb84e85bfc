//! All states of one generation. It never changes; a new generation is a new snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fleet::Batch;
use crate::key::{GroupKey, Subject};
use crate::state::NodeState;
use crate::summary::GroupSummary;

/// Holds all states of one generation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    generation: u64,
    states: BTreeMap<Subject, Arc<NodeState>>,
    groups: BTreeMap<GroupKey, Arc<BTreeSet<Subject>>>,
}

// === impl Snapshot ===

impl Snapshot {
    /// Returns its number; 0 before anything was published.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the state of a subject.
    #[must_use]
    pub fn get(&self, subject: &Subject) -> Option<&Arc<NodeState>> {
        self.states.get(subject)
    }

    /// Lists all states, in order of their subjects.
    pub fn all(&self) -> impl Iterator<Item = &Arc<NodeState>> {
        self.states.values()
    }

    /// Lists the states of the nodes of a NodeGroup, in order of their subjects.
    pub fn by_group(&self, group: &GroupKey) -> impl Iterator<Item = &Arc<NodeState>> {
        let members = self
            .groups
            .get(group)
            .into_iter()
            .flat_map(|members| members.iter());
        members.filter_map(|subject| self.states.get(subject))
    }

    /// Lists the NodeGroups that are there, those without nodes included.
    pub fn groups(&self) -> impl Iterator<Item = &GroupKey> {
        self.groups.keys()
    }

    /// Sums up a NodeGroup; nothing when it is not there.
    #[must_use]
    pub fn summary(&self, group: &GroupKey) -> Option<GroupSummary> {
        self.groups.get(group)?;
        Some(GroupSummary::of(self.by_group(group).map(|state| &**state)))
    }

    /// Counts the states.
    #[must_use]
    pub fn count(&self) -> usize {
        self.states.len()
    }

    /// Makes the next generation. What did not change is shared with this one.
    #[must_use]
    pub fn next(&self, batch: &Batch) -> Self {
        let mut next = self.clone();
        next.generation += 1;
        for group in batch
            .groups
            .iter()
            .filter(|(_, is_there)| **is_there)
            .map(|(group, _)| group)
        {
            next.groups.entry(group.clone()).or_default();
        }
        for (subject, change) in &batch.changes {
            next.leave(subject);
            if let Some(state) = &change.now {
                next.enter(subject, state);
            }
        }
        for group in batch
            .groups
            .iter()
            .filter(|(_, is_there)| !**is_there)
            .map(|(group, _)| group)
        {
            next.groups.remove(group);
        }
        next
    }

    /// Takes a state out, and its subject out of its NodeGroup.
    fn leave(&mut self, subject: &Subject) {
        let state = self.states.remove(subject);
        let group = state.and_then(|state| state.node_group.clone());
        if let Some(members) = group.and_then(|group| self.groups.get_mut(&group)) {
            Arc::make_mut(members).remove(subject);
        }
    }

    fn enter(&mut self, subject: &Subject, state: &Arc<NodeState>) {
        if let Some(group) = &state.node_group {
            let members = self.groups.entry(group.clone()).or_default();
            Arc::make_mut(members).insert(subject.clone());
        }
        self.states.insert(subject.clone(), Arc::clone(state));
    }
}
