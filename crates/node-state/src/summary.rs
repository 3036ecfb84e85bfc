//! A NodeGroup in numbers: each of its nodes counts in exactly one phase.

use std::collections::BTreeMap;

use node_lifecycle::{Phase, words};

use crate::condition::Topic;
use crate::membership::Scope;
use crate::state::NodeState;

words! {
    /// Says in one word how it stands with a node. The first that holds counts.
    NodePhase, "phase of a node" {
        /// Something is wrong with it.
        Degraded => "degraded",
        /// It is left alone on purpose.
        Excluded => "excluded",
        /// It is on its way out.
        Draining => "draining",
        /// It has joined with a known version and is not available yet.
        Progressing => "progressing",
        /// It is available, and its version is older than it should be.
        Outdated => "outdated",
        /// It is available, and nothing is left to do.
        Available => "available",
        /// It is awaited, or too little is known of it.
        Pending => "pending",
    }
}

words! {
    /// Says in one word how it stands with a NodeGroup. The first that holds counts.
    Assessment, "assessment" {
        /// Something is wrong with one of its nodes.
        Degraded => "degraded",
        /// One of its nodes is left alone on purpose.
        Excluded => "excluded",
        /// One of its nodes comes or goes.
        Progressing => "progressing",
        /// All its nodes are available and of the right version.
        Completed => "completed",
        /// It has no nodes, or waits for some.
        Pending => "pending",
    }
}

/// Counts the nodes of a NodeGroup by their phase (`NS-21`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupSummary {
    phases: BTreeMap<NodePhase, u64>,
}

/// Counts the VPSieNodes of a NodeGroup, as its status reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnerCounts {
    /// All of them, in whatever phase (`S1`).
    pub current: u64,
    /// Those in the phase Ready (`S2`).
    pub ready: u64,
    /// Those that are to stay: neither being deleted nor Failed.
    pub wanted: u64,
}

// === impl NodePhase ===

impl NodePhase {
    /// Says how it stands with a node.
    ///
    /// While its version, or the one that it should have, is not known, it is neither outdated nor progressing (`NS-11`).
    #[must_use]
    pub fn of(state: &NodeState) -> Self {
        let is_available = state.is(Topic::Available);
        let is_outdated = state.is_outdated();
        if state.is(Topic::Degraded) {
            Self::Degraded
        } else if state.is_excluded {
            Self::Excluded
        } else if state.is(Topic::Draining) {
            Self::Draining
        } else if !is_available && is_outdated.is_some() {
            Self::Progressing
        } else if !is_available {
            Self::Pending
        } else if is_outdated == Some(true) {
            Self::Outdated
        } else {
            Self::Available
        }
    }

    /// Counts states by phase; a phase without nodes is there, with zero (`NS-28`).
    pub fn count<'a>(states: impl IntoIterator<Item = &'a NodeState>) -> BTreeMap<Self, u64> {
        let mut phases: BTreeMap<Self, u64> = Self::ALL.iter().map(|phase| (*phase, 0)).collect();
        for state in states {
            *phases.entry(Self::of(state)).or_default() += 1;
        }
        phases
    }
}

// === impl GroupSummary ===

impl GroupSummary {
    /// Sums up the nodes of a NodeGroup; what is of none does not count.
    pub fn of<'a>(members: impl IntoIterator<Item = &'a NodeState>) -> Self {
        let workers = members.into_iter().filter(|state| state.scope == Scope::Worker);
        Self {
            phases: NodePhase::count(workers),
        }
    }

    /// Counts the nodes in a phase.
    #[must_use]
    pub fn count(&self, phase: NodePhase) -> u64 {
        self.phases.get(&phase).copied().unwrap_or_default()
    }

    /// Counts all nodes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.phases.values().sum()
    }

    /// Returns the share of nodes with which nothing is left to do, in whole percent, rounded down; 0 of none.
    #[must_use]
    pub fn completion(&self) -> u64 {
        let done = self.count(NodePhase::Available).saturating_mul(100);
        done.checked_div(self.total()).unwrap_or(0)
    }

    /// Says in one word how it stands with the NodeGroup.
    #[must_use]
    pub fn assessment(&self) -> Assessment {
        let some = |phase| self.count(phase) > 0;
        if some(NodePhase::Degraded) {
            Assessment::Degraded
        } else if some(NodePhase::Excluded) {
            Assessment::Excluded
        } else if some(NodePhase::Progressing) || some(NodePhase::Draining) {
            Assessment::Progressing
        } else if some(NodePhase::Available) && self.count(NodePhase::Available) == self.total() {
            Assessment::Completed
        } else {
            Assessment::Pending
        }
    }
}

// === impl OwnerCounts ===

impl OwnerCounts {
    /// Counts the owners of these; what has none does not count.
    pub fn of<'a>(states: impl IntoIterator<Item = &'a NodeState>) -> Self {
        let owners = states.into_iter().filter_map(|state| state.owner.as_ref());
        owners.fold(Self::default(), |counts, owner| {
            let is_wanted = !owner.is_ending && owner.phase != Some(Phase::Failed);
            Self {
                current: counts.current + 1,
                ready: counts.ready + u64::from(owner.phase == Some(Phase::Ready)),
                wanted: counts.wanted + u64::from(is_wanted),
            }
        })
    }
}

#[cfg(test)]
mod tests;
