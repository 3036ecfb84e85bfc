//! Every reason why a node must stay, each with its name, its numbers and its sentence.

use chrono::TimeDelta;

use crate::audit::Outcome;
use crate::word::words;
use crate::{Protection, State};

mod name;
mod sentence;

pub use name::RefusalName;

words! {
    /// Says why Node and machine are not proven to be one.
    Doubt, "doubt" {
        /// Several machines or Nodes could be meant.
        Ambiguous => "ambiguous",
        /// Facts contradict each other.
        Conflict => "conflict",
        /// A surplus machine makes the match doubtful.
        Contested => "contested",
        /// Nothing was matched, or no identifier names the machine.
        Absent => "absent",
        /// Only the record says so, and nothing that is seen now.
        RecordOnly => "record_only",
        /// There is no Node, and only a person removes a machine without one.
        NodeAbsent => "node_absent",
    }
}

/// Says why a node must stay. It is a result, not an error: kept, shown, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody knows a node of this name.
    NodeNotFound,
    /// The node is protected.
    NotManagedNode {
        /// Why.
        protection: Protection,
    },
    /// Node and machine are not proven to be one.
    IdentityUnproven {
        /// Why not.
        doubt: Doubt,
    },
    /// Its pods were not listed completely yet.
    WorkloadSyncInProgress,
    /// Its pods were listed, but only just.
    PostSyncGracePeriod {
        /// How long it still takes.
        remaining: TimeDelta,
    },
    /// It has not been ready yet.
    StillStartingUp {
        /// How far it is.
        state: State,
    },
    /// It carries workload pods.
    WorkloadPods {
        /// How many; never zero.
        pods: u64,
    },
    /// It carries no workload pods, and yet some of it is requested.
    WorkloadRequests {
        /// CPU, in thousandths of a core.
        cpu_m: u64,
        /// Memory, in bytes.
        memory_bytes: u64,
    },
    /// It has been ready for too short a time.
    ReadyNodeTooYoung {
        /// For how long.
        age: TimeDelta,
        /// How long it still takes.
        remaining: TimeDelta,
    },
    /// Nothing says for how long it has been ready or idle.
    TimestampMissing {
        /// Its state.
        state: State,
    },
    /// It has been idle for too short a time.
    IdleTooShort {
        /// For how long.
        idle: TimeDelta,
        /// How long it still takes.
        remaining: TimeDelta,
    },
    /// Its state is one from which nothing is removed.
    InvalidState {
        /// The state; active and idle are meant where no workload pod was ever seen.
        state: State,
    },
    /// It failed and waits for a person.
    ManualCleanupRequired {
        /// Why it failed, as its status says.
        failure: String,
    },
    /// Its group would have fewer nodes than it must.
    BelowMinNodes {
        /// How many would remain.
        remaining: u32,
        /// How many must: `minNodes`, or for a person as many as there can be beside the one that goes.
        floor: u32,
    },
    /// Its group has workload pods and would have no node.
    LastNodeOfWorkload {
        /// Workload pods in the group.
        pods: u64,
    },
    /// Watched Services would have no ready endpoint.
    LastReadyEndpoint {
        /// The first of them, as `namespace/name`.
        service: String,
        /// How many they are; never zero.
        services: u64,
    },
}

// === impl Refusal ===

impl Refusal {
    /// Returns the stable name.
    #[must_use]
    pub const fn name(&self) -> RefusalName {
        match self {
            Self::NodeNotFound => RefusalName::NodeNotFound,
            Self::NotManagedNode { .. } => RefusalName::NotManagedNode,
            Self::IdentityUnproven { .. } => RefusalName::IdentityUnproven,
            Self::WorkloadSyncInProgress => RefusalName::WorkloadSyncInProgress,
            Self::PostSyncGracePeriod { .. } => RefusalName::PostSyncGracePeriod,
            Self::StillStartingUp { .. } => RefusalName::StillStartingUp,
            Self::WorkloadPods { .. } => RefusalName::WorkloadPods,
            Self::WorkloadRequests { .. } => RefusalName::WorkloadRequests,
            Self::ReadyNodeTooYoung { .. } => RefusalName::ReadyNodeTooYoung,
            Self::TimestampMissing { .. } => RefusalName::TimestampMissing,
            Self::IdleTooShort { .. } => RefusalName::IdleTooShort,
            Self::InvalidState { .. } => RefusalName::InvalidState,
            Self::ManualCleanupRequired { .. } => RefusalName::ManualCleanupRequired,
            Self::BelowMinNodes { .. } => RefusalName::BelowMinNodes,
            Self::LastNodeOfWorkload { .. } => RefusalName::LastNodeOfWorkload,
            Self::LastReadyEndpoint { .. } => RefusalName::LastReadyEndpoint,
        }
    }

    /// Returns how long it takes until this refusal alone is over; nothing when time does not help.
    #[must_use]
    pub const fn remaining(&self) -> Option<TimeDelta> {
        match self {
            Self::PostSyncGracePeriod { remaining }
            | Self::ReadyNodeTooYoung { remaining, .. }
            | Self::IdleTooShort { remaining, .. } => Some(*remaining),
            Self::NodeNotFound
            | Self::NotManagedNode { .. }
            | Self::IdentityUnproven { .. }
            | Self::WorkloadSyncInProgress
            | Self::StillStartingUp { .. }
            | Self::WorkloadPods { .. }
            | Self::WorkloadRequests { .. }
            | Self::TimestampMissing { .. }
            | Self::InvalidState { .. }
            | Self::ManualCleanupRequired { .. }
            | Self::BelowMinNodes { .. }
            | Self::LastNodeOfWorkload { .. }
            | Self::LastReadyEndpoint { .. } => None,
        }
    }

    /// Returns how the log calls it: an unknown node is a failure, all else a rejection (`LC-15`).
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.name() == RefusalName::NodeNotFound {
            Outcome::Failed
        } else {
            Outcome::Rejected
        }
    }
}

#[cfg(test)]
mod tests;
