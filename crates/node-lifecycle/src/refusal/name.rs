//! The stable names of refusals, and what to do about each.

use crate::word::words;

words! {
    /// Is the stable name of a refusal: the `reason` of an audit entry and the label of a metric.
    RefusalName, "refusal" {
        /// Nobody knows a node of this name (`LC-15`).
        NodeNotFound => "node_not_found",
        /// The node is protected (`LC-14`).
        NotManagedNode => "not_managed_node",
        /// Node and machine are not proven to be one (`LC-14a`).
        IdentityUnproven => "identity_unproven",
        /// Its pods were not listed completely yet (`LC-21`).
        WorkloadSyncInProgress => "workload_sync_in_progress",
        /// Its pods were listed, but only just (`LC-21`).
        PostSyncGracePeriod => "post_sync_grace_period",
        /// It has not been ready yet (`LC-16`).
        StillStartingUp => "still_starting_up",
        /// It carries workload pods (`LC-17`).
        WorkloadPods => "workload_pods",
        /// It carries no workload pods, and yet some of it is requested (`LC-17`).
        WorkloadRequests => "workload_requests",
        /// It has been ready for too short a time (`LC-18`).
        ReadyNodeTooYoung => "ready_node_too_young",
        /// Nothing says for how long it has been ready or idle (`LC-18`).
        TimestampMissing => "timestamp_missing",
        /// It has been idle for too short a time (`LC-19`).
        IdleTooShort => "idle_too_short",
        /// Its state is one from which nothing is removed (`LC-19`).
        InvalidState => "invalid_state",
        /// It failed and waits for a person (`LC-20`).
        ManualCleanupRequired => "manual_cleanup_required",
        /// Its group would have fewer nodes than `minNodes` (`LC-23`).
        BelowMinNodes => "below_min_nodes",
        /// Its group has workload pods and would have no node (`LC-23`).
        LastNodeOfWorkload => "last_node_of_workload",
        /// Watched Services would have no ready endpoint (`SC-12`).
        LastReadyEndpoint => "last_ready_endpoint",
    }
}

// === impl RefusalName ===

impl RefusalName {
    /// Says what the name means, in words for `docs/operating.md`.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NodeNotFound => {
                "nobody knows a node of this name; counted as failed. The operator asks about VPSieNodes that it sees, so only another program that uses the gate is told this"
            }
            Self::NotManagedNode => {
                "the node belongs to the control plane, has no VPSieNode, is of an unmanaged group, or was excepted"
            }
            Self::IdentityUnproven => "Node and machine are not linked by what is seen now",
            Self::WorkloadSyncInProgress => {
                "the pods of the node were not listed completely yet, or more than 1,000 that are not over are on it"
            }
            Self::PostSyncGracePeriod => {
                "the node was found again, and its pods were listed too short a time ago"
            }
            Self::StillStartingUp => "the node has not been ready yet",
            Self::WorkloadPods => "workload pods run on the node",
            Self::WorkloadRequests => {
                "no workload pod runs on the node, and yet CPU or memory of it is requested. The operator sums up both from the same pods, so only another program that uses the gate is told this"
            }
            Self::ReadyNodeTooYoung => {
                "the node has been ready for too short a time and has carried nothing yet"
            }
            Self::TimestampMissing => "nothing says for how long the node has been ready or idle",
            Self::IdleTooShort => "the last workload pod left too short a time ago",
            Self::InvalidState => {
                "the node is gone, or it counts as used and no workload pod was ever seen on it"
            }
            Self::ManualCleanupRequired => "the VPSieNode failed, and a failed one waits for a person",
            Self::BelowMinNodes => "the group would have fewer usable nodes than minNodes",
            Self::LastNodeOfWorkload => "the group has workload pods and would have no usable node",
            Self::LastReadyEndpoint => "a watched Service would have no ready endpoint",
        }
    }

    /// Says what a person can do, in words for `docs/operating.md`.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NodeNotFound => "correct the name",
            Self::NotManagedNode => {
                "nothing; to have it removed, take the exception away or let its group be managed"
            }
            Self::IdentityUnproven => "see what matching says of the VPSieNode, and remove the wrong record",
            Self::WorkloadSyncInProgress => {
                "nothing; if it lasts, pods cannot be listed, or something makes too many on the node"
            }
            Self::PostSyncGracePeriod
            | Self::ReadyNodeTooYoung
            | Self::IdleTooShort
            | Self::StillStartingUp => "nothing",
            Self::WorkloadPods => "nothing; to empty the node at once, use `kubectl drain`",
            Self::WorkloadRequests => "nothing; if it lasts, report it: two sources disagree",
            Self::TimestampMissing => "remove the lifecycle annotation of the VPSieNode, and it begins anew",
            Self::InvalidState => "delete the VPSieNode if its machine still runs and nothing needs it",
            Self::ManualCleanupRequired => "see why it failed; then delete the VPSieNode",
            Self::BelowMinNodes => {
                "nothing while a replacement comes; else lower minNodes, or delete the NodeGroup"
            }
            Self::LastNodeOfWorkload => "move the pods, or delete the NodeGroup",
            Self::LastReadyEndpoint => {
                "let another endpoint become ready on a node that stays, or watch the Service no longer"
            }
        }
    }
}
