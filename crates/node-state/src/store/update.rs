//! What a consumer asks for, and what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fleet::Change;
use crate::key::{GroupKey, Subject};
use crate::snapshot::Snapshot;

/// Says what a consumer wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    nodes: bool,
    groups: bool,
    only: Option<BTreeSet<GroupKey>>,
}

/// Tells a consumer what is new, together with the generation in which it can be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// Everything is to be looked at.
    Snapshot {
        /// The newest generation.
        snapshot: Arc<Snapshot>,
        /// Why it is told as a whole.
        reason: SnapshotReason,
    },
    /// Some things are different than when the consumer was last told.
    Changes {
        /// The generation in which all of it can be read.
        snapshot: Arc<Snapshot>,
        /// The states, as they were when it was last told and as they are.
        nodes: BTreeMap<Subject, Change>,
        /// The NodeGroups.
        groups: BTreeMap<GroupKey, GroupNotice>,
    },
}

/// Says why a consumer is told everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotReason {
    /// It has just subscribed.
    First,
    /// More had changed than may wait for it (`NS-16`).
    Overflow,
}

/// Tells what is new about a NodeGroup; its numbers are read from the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupNotice {
    /// Whether it is there.
    pub is_there: bool,
    /// Whether a node of it was deleted (`NS-7`).
    pub lost_a_node: bool,
}

// === impl Filter ===

impl Filter {
    /// Asks for all nodes and all NodeGroups.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            nodes: true,
            groups: true,
            only: None,
        }
    }

    /// Asks for nodes, and for no NodeGroup.
    #[must_use]
    pub fn nodes() -> Self {
        Self {
            groups: false,
            ..Self::all()
        }
    }

    /// Asks for NodeGroups, and for no node.
    #[must_use]
    pub fn groups() -> Self {
        Self {
            nodes: false,
            ..Self::all()
        }
    }

    /// Asks for these NodeGroups only, and for the nodes that are or were of them.
    #[must_use]
    pub fn only(self, groups: impl IntoIterator<Item = GroupKey>) -> Self {
        let only = Some(groups.into_iter().collect());
        Self { only, ..self }
    }

    pub(super) fn wants_node(&self, change: &Change) -> bool {
        let only = self.only.as_ref();
        self.nodes && only.is_none_or(|only| change.groups().any(|group| only.contains(group)))
    }

    pub(super) fn wants_group(&self, group: &GroupKey) -> bool {
        self.groups && self.only.as_ref().is_none_or(|only| only.contains(group))
    }
}

// === impl Update ===

impl Update {
    /// Returns the snapshot in which all that is told can be read.
    #[must_use]
    pub const fn snapshot(&self) -> &Arc<Snapshot> {
        match self {
            Self::Snapshot { snapshot, .. } | Self::Changes { snapshot, .. } => snapshot,
        }
    }
}

// === impl GroupNotice ===

impl GroupNotice {
    /// Joins it with what came before it.
    pub(super) const fn after(self, before: Self) -> Self {
        Self {
            is_there: self.is_there,
            lost_a_node: self.lost_a_node || before.lost_a_node,
        }
    }
}
