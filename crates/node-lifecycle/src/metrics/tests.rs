//! The names that dashboards and alerts rest on.

use super::*;

/// LC-39: names and labels do not change.
#[test]
fn names_of_metrics_are_stable() {
    assert_eq!(
        [DECOMMISSION_TOTAL, TRANSITIONS_TOTAL, NODES, AUDIT_DROPPED_TOTAL],
        [
            "vpsie_autoscaler_decommission_total",
            "vpsie_autoscaler_lifecycle_transitions_total",
            "vpsie_autoscaler_lifecycle_nodes",
            "vpsie_autoscaler_audit_dropped_total",
        ]
    );
    assert_eq!(DECOMMISSION_LABELS, ["decision_by", "result", "reason"]);
    assert_eq!(TRANSITIONS_LABELS, ["from", "to"]);
    assert_eq!(NODES_LABELS, ["state"]);
}
