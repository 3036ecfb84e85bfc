//! How well a node is: beside its state, and never mixed in.

use crate::word::words;

words! {
    /// Says how well a node is, whatever its state (`LC-2`).
    Health, "health" {
        /// The Node reports Ready.
        Healthy => "healthy",
        /// The Node reports that it is not Ready, or its VPSieNode failed.
        Unhealthy => "unhealthy",
        /// Nothing was heard of it yet.
        Unknown => "unknown",
    }
}
