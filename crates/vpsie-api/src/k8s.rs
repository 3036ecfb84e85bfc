//! Managed Kubernetes: clusters, their nodes and their node groups.

use crate::{
    ClusterId, DatacenterId, GroupNumber, GroupUuid, NodeNumber, NodeUuid, Price, SizeNumber, Timestamp,
};

mod decode;

/// Describes a cluster as the list of clusters shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSummary {
    /// The key of every other call.
    pub identifier: ClusterId,
    /// What people call it.
    pub name: Option<String>,
    /// Kubernetes version, without a leading `v`.
    pub version: Option<String>,
    /// Whether VPSie reports it as locked.
    pub locked: Option<bool>,
    /// Number of all nodes.
    pub node_count: Option<u32>,
    /// Number of control-plane nodes.
    pub manager_count: Option<u32>,
    /// Number of workers.
    pub worker_count: Option<u32>,
    /// What it costs, as VPSie reports it; whether for one node or all of them is not said.
    pub price: Price,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// Describes a cluster with its nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The identifier, if the reply repeats it.
    pub identifier: Option<ClusterId>,
    /// What people call it.
    pub name: Option<String>,
    /// Kubernetes version, without a leading `v`.
    pub version: Option<String>,
    /// How many nodes VPSie says there are.
    pub count: Option<u32>,
    /// The nodes that the reply lists, control plane included.
    pub nodes: Vec<ClusterNode>,
}

impl Cluster {
    /// Tells whether the reply is about `requested` and lists as many nodes as it counts.
    ///
    /// Absence from an incomplete reply means nothing.
    pub fn is_complete(&self, requested: &ClusterId) -> bool {
        self.identifier.as_ref() == Some(requested)
            && self
                .count
                .is_some_and(|count| usize::try_from(count) == Ok(self.nodes.len()))
    }
}

/// Describes one node of a cluster. Everything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterNode {
    /// The numeric id; 0 is read as none.
    pub number: Option<NodeNumber>,
    /// The UUID, without which it cannot be removed by name.
    pub identifier: Option<NodeUuid>,
    /// The host name, in VPSie's casing.
    pub hostname: Option<String>,
    /// Every address reported, private ones first, unchecked.
    pub addresses: Vec<String>,
    /// The state in VPSie's words; empty is read as none.
    pub status: Option<String>,
    /// The role in VPSie's words; `master` for entries of the list of masters.
    pub role: Option<String>,
    /// Processor cores.
    pub cpu: Option<u32>,
    /// Memory in MB.
    pub ram_mb: Option<u64>,
    /// Disk in GB.
    pub disk_gb: Option<u64>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// Describes a group of workers of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeGroup {
    /// The number that adding a worker needs.
    pub number: GroupNumber,
    /// The UUID.
    pub identifier: Option<GroupUuid>,
    /// The name; empty when VPSie reports none.
    pub name: String,
    /// The size of its machines.
    pub size: Option<SizeNumber>,
    /// Processor cores of each machine.
    pub cpu: Option<u32>,
    /// Memory of each machine in MB.
    pub ram_mb: Option<u64>,
    /// Disk of each machine in GB.
    pub disk_gb: Option<u64>,
    /// How many machines it has.
    pub nodes_count: Option<u32>,
    /// Where its machines are made.
    pub datacenter: Option<DatacenterId>,
    /// Whether it is active; true when VPSie does not say.
    pub is_active: bool,
    /// Whether it is deleted; false when VPSie does not say.
    pub is_deleted: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// Reports what VPSie tells about a worker it has agreed to make.
///
/// Usually nothing: the work is done in the background, and every field is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The UUID of the node to come.
    pub identifier: Option<NodeUuid>,
    /// The numeric id of the node to come; 0 is read as none.
    pub number: Option<NodeNumber>,
    /// The host name of the node to come.
    pub hostname: Option<String>,
}

/// Asks for a group of workers of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateGroup {
    /// The cluster it shall belong to.
    pub cluster: ClusterId,
    /// The name it shall have.
    pub name: String,
    /// The size of its machines; VPSie allows one group per size and cluster.
    pub size: SizeNumber,
}
