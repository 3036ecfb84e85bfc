//! Who may decide that a machine goes.

use crate::word::words;

words! {
    /// Says on whose decision a machine is to go (`LC-24`).
    Decider, "decider" {
        /// The scale-down policy of the group.
        ScaleDownPolicy => "scale_down_policy",
        /// A consolidation plan.
        ConsolidationPolicy => "consolidation_policy",
        /// A person, who deleted the VPSieNode or its NodeGroup.
        Manual => "manual",
        /// The clean-up of broken nodes.
        UnhealthyCleanup => "unhealthy_cleanup",
        /// The undoing of something that went only half way.
        Rollback => "rollback",
    }
}
