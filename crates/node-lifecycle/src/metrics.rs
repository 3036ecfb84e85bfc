//! The names of the metrics, their labels, and what is counted (`LC-39`).
//!
//! Every label value is a word of this crate, so the number of series is bounded.

/// Counts attempts to remove a node, refused ones too, each of them whether it is in the log or not.
///
/// Labels: [`DECOMMISSION_LABELS`]. The reason is the name of a [`Refusal`](crate::Refusal) or of a
/// [`Ground`](crate::gate::Ground).
pub const DECOMMISSION_TOTAL: &str = "vpsie_autoscaler_decommission_total";

/// Are the labels of [`DECOMMISSION_TOTAL`].
pub const DECOMMISSION_LABELS: [&str; 3] = ["decision_by", "result", "reason"];

/// Counts transitions. Labels: [`TRANSITIONS_LABELS`].
pub const TRANSITIONS_TOTAL: &str = "vpsie_autoscaler_lifecycle_transitions_total";

/// Are the labels of [`TRANSITIONS_TOTAL`].
pub const TRANSITIONS_LABELS: [&str; 2] = ["from", "to"];

/// Shows how many nodes are in each state. Label: [`NODES_LABELS`].
pub const NODES: &str = "vpsie_autoscaler_lifecycle_nodes";

/// Is the label of [`NODES`].
pub const NODES_LABELS: [&str; 1] = ["state"];

/// Counts audit entries that no sink stored.
pub const AUDIT_DROPPED_TOTAL: &str = "vpsie_autoscaler_audit_dropped_total";

#[cfg(test)]
mod tests;
