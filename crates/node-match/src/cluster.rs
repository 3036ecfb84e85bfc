//! A managed cluster and its node groups, as VPSie reports them.

use crate::Text;

/// Holds what changes while VPSie works on a cluster.
///
/// R2c: when it differs from the baseline, anonymous matching answers `cluster-changing`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterShape {
    /// The Kubernetes version.
    pub version: Option<String>,
    /// Whether VPSie has locked the cluster for work of its own.
    pub locked: Option<bool>,
    /// How many control-plane machines there are.
    pub managers: Option<u32>,
}

/// Names a cluster and its present shape.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cluster<'s> {
    /// The provider's identifier of the cluster.
    pub id: Text<'s>,
    /// The shape it has now.
    pub shape: ClusterShape,
}

/// Describes a node group of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group<'s> {
    /// The cluster it belongs to.
    pub cluster: Text<'s>,
    /// Its number.
    pub id: u64,
    /// Virtual CPUs of each machine.
    pub cpu: Option<u32>,
    /// Memory of each machine, in MB.
    pub ram_mb: Option<u64>,
    /// Disk of each machine, in GB.
    pub disk_gb: Option<u64>,
    /// How many machines VPSie counts in it now.
    pub nodes_count: Option<u32>,
}
