//! All states of one generation. It never changes; a new generation is a new snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use node_lifecycle::State;

use crate::fleet::Batch;
use crate::key::{GroupKey, Subject};
use crate::roll::Roll;
use crate::state::NodeState;
use crate::summary::{GroupSummary, OwnerCounts};

/// Holds all states of one generation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    generation: u64,
    states: States,
    groups: Index,
    /// Whose VPSieNodes name which NodeGroup, whether it is there or not.
    owned: Index,
}

/// Lists states by their subjects; a generation is a copy of the list.
type States = Roll<Arc<NodeState>>;

/// Finds states by a NodeGroup. Generations share what is the same in both.
type Index = BTreeMap<GroupKey, Arc<States>>;

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
        self.states.iter()
    }

    /// Lists the states of the nodes of a NodeGroup, in order of their subjects.
    pub fn by_group(&self, group: &GroupKey) -> impl Iterator<Item = &Arc<NodeState>> {
        found(&self.groups, group)
    }

    /// Lists the states of what is owned by a VPSieNode that names this NodeGroup, in order of their subjects.
    ///
    /// Each VPSieNode is there once, with its Node or without. The control plane is of no NodeGroup, but may be owned.
    pub fn owned_by_group(&self, group: &GroupKey) -> impl Iterator<Item = &Arc<NodeState>> {
        found(&self.owned, group)
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

    /// Counts the VPSieNodes of a NodeGroup (`S1`, `S2`).
    #[must_use]
    pub fn count_owned(&self, group: &GroupKey) -> OwnerCounts {
        OwnerCounts::of(self.owned_by_group(group).map(|state| &**state))
    }

    /// Counts what is owned by a VPSieNode by the state of its life; a state without nodes is there, with zero (`LC-39`).
    #[must_use]
    pub fn count_lives(&self) -> BTreeMap<State, u64> {
        let mut lives: BTreeMap<State, u64> = State::ALL.iter().map(|state| (*state, 0)).collect();
        for state in self.states.iter().filter(|state| state.owner.is_some()) {
            *lives.entry(state.lifecycle_state).or_default() += 1;
        }
        lives
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
                next.enter(state);
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

    /// Takes a state out, and out of its NodeGroups.
    fn leave(&mut self, subject: &Subject) {
        let Some(state) = self.states.remove(subject) else {
            return;
        };
        if let Some(members) = state
            .node_group
            .as_ref()
            .and_then(|group| self.groups.get_mut(group))
        {
            Arc::make_mut(members).remove(subject);
        }
        let Some(named) = named_by_owner(&state) else {
            return;
        };
        if let Some(owned) = self.owned.get_mut(named) {
            Arc::make_mut(owned).remove(subject);
            if owned.is_empty() {
                self.owned.remove(named);
            }
        }
    }

    fn enter(&mut self, state: &Arc<NodeState>) {
        if let Some(group) = &state.node_group {
            let members = self.groups.entry(group.clone()).or_default();
            Arc::make_mut(members).put(Arc::clone(state));
        }
        if let Some(group) = named_by_owner(state) {
            let owned = self.owned.entry(group.clone()).or_default();
            Arc::make_mut(owned).put(Arc::clone(state));
        }
        self.states.put(Arc::clone(state));
    }
}

fn found<'a>(index: &'a Index, group: &GroupKey) -> impl Iterator<Item = &'a Arc<NodeState>> {
    index.get(group).into_iter().flat_map(|roll| roll.iter())
}

fn named_by_owner(state: &NodeState) -> Option<&GroupKey> {
    state.owner.as_ref()?.group.as_ref()
}
