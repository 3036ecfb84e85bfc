//! One line of the audit log, and the words in it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Snapshot;
use crate::decider::Decider;
use crate::word::words;

words! {
    /// Says what was done or tried (`LC-30`).
    Action, "audit action" {
        /// The removal of a node and its machine.
        NodeDecommission => "node_decommission",
        /// A machine was asked for, discovered, or not obtained.
        NodeProvision => "node_provision",
        /// A pod was moved off a node.
        WorkloadMigrate => "workload_migrate",
        /// A group was to grow.
        ScaleUp => "scale_up",
        /// A group was to shrink.
        ScaleDown => "scale_down",
        /// A node went from one state to another.
        LifecycleTransition => "lifecycle_transition",
        /// Entries were lost before a sink could store them; `count` says how many.
        AuditDropped => "audit_dropped",
    }
}

words! {
    /// Says how it ended (`LC-30`).
    Outcome, "audit result" {
        /// It was done.
        Success => "success",
        /// It was refused; nothing was touched.
        Rejected => "rejected",
        /// It was tried and went wrong.
        Failed => "failed",
    }
}

words! {
    /// Says who decided: one of those who may remove machines, or somebody with less to decide.
    Author, "decider" {
        /// The scale-down policy of the group.
        ScaleDownPolicy => "scale_down_policy",
        /// A consolidation plan.
        ConsolidationPolicy => "consolidation_policy",
        /// A person.
        Manual => "manual",
        /// The clean-up of broken nodes.
        UnhealthyCleanup => "unhealthy_cleanup",
        /// The undoing of something that went only half way.
        Rollback => "rollback",
        /// The scale-up policy of the group.
        ScaleUpPolicy => "scale_up_policy",
        /// The rule that a group has at least `minNodes`.
        MinNodes => "min_nodes",
        /// Nobody: it happened, and was seen.
        Observation => "observation",
    }
}

/// Is one line of the audit log. Its JSON names do not change (`LC-30`).
///
/// New optional fields may come; readers ignore those that they do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was recorded.
    pub timestamp: DateTime<Utc>,
    /// What was done or tried.
    pub action: Action,
    /// Name of the Node, of the VPSieNode before a Node joined, or nothing where no single node is meant.
    #[serde(default)]
    pub node: Option<String>,
    /// NodeGroup, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Pod, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Why: a stable word, such as the name of a refusal.
    pub reason: String,
    /// Why, as a sentence with its numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The node as it was, where there was one.
    #[serde(default)]
    pub state_snapshot: Option<Snapshot>,
    /// Who decided.
    pub decision_by: Author,
    /// How it ended.
    pub result: Outcome,
    /// What went wrong, in the words of whoever reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many: dropped entries, added machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many identical rejections came since the last one that was recorded (`LC-38`).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeats: u64,
    /// The request that it belongs to: the uid of the VPSieNode, which VPSie is told as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The pass of the operator in which it was recorded: the same id stands in every line that the pass logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

// === impl Author ===

impl From<Decider> for Author {
    fn from(decider: Decider) -> Self {
        match decider {
            Decider::ScaleDownPolicy => Self::ScaleDownPolicy,
            Decider::ConsolidationPolicy => Self::ConsolidationPolicy,
            Decider::Manual => Self::Manual,
            Decider::UnhealthyCleanup => Self::UnhealthyCleanup,
            Decider::Rollback => Self::Rollback,
        }
    }
}

#[cfg(test)]
mod tests;
