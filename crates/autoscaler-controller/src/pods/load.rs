//! What a Node carries, counted the same in deciding and right before a removal.

use node_lifecycle::Workload;

/// Names the Node of a VPSieNode with the workload that it was seen to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Name of the Node.
    pub node: String,
    /// Its workload pods; on a broken Node, those that should have ended long ago do not count.
    pub workload: Workload,
}
