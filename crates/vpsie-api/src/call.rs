//! The calls this crate makes, by name: for messages, labels and tables.

use std::fmt;

/// Names a call of the VPSie API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// Exchanges a client id and secret for a token.
    Authenticate,
    /// Lists the clusters of the account.
    ListClusters,
    /// Reads one cluster with its nodes.
    GetCluster,
    /// Lists the node groups of a cluster.
    ListNodeGroups,
    /// Lists the machine sizes of a data centre.
    ListOffers,
    /// Creates a node group.
    CreateGroup,
    /// Asks for one more worker in a group.
    AddWorker,
    /// Removes a named worker.
    RemoveWorker,
    /// Deletes a node group.
    DeleteGroup,
    /// Lists the virtual machines of the account.
    ListVms,
    /// Reads one virtual machine.
    GetVm,
    /// Asks the hypervisor about a virtual machine.
    GetVmStatus,
    /// Lists virtual machines that are still being made.
    ListPendingVms,
    /// Lists the machines that a volume can attach to.
    ListVolumeHosts,
    /// Lists the categories of plans.
    ListPlanCategories,
    /// Lists the plans of a category with their prices.
    ListPlans,
    /// Lists the data centres.
    ListDatacenters,
    /// Lists the SSH keys of the account.
    ListSshKeys,
    /// Lists the projects of the account.
    ListProjects,
    /// Lists the tags of the account.
    ListTags,
}

impl Call {
    /// Returns the name for metrics and logs.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Authenticate => "authenticate",
            Self::ListClusters => "list_clusters",
            Self::GetCluster => "get_cluster",
            Self::ListNodeGroups => "list_node_groups",
            Self::ListOffers => "list_offers",
            Self::CreateGroup => "create_group",
            Self::AddWorker => "add_worker",
            Self::RemoveWorker => "remove_worker",
            Self::DeleteGroup => "delete_group",
            Self::ListVms => "list_vms",
            Self::GetVm => "get_vm",
            Self::GetVmStatus => "get_vm_status",
            Self::ListPendingVms => "list_pending_vms",
            Self::ListVolumeHosts => "list_volume_hosts",
            Self::ListPlanCategories => "list_plan_categories",
            Self::ListPlans => "list_plans",
            Self::ListDatacenters => "list_datacenters",
            Self::ListSshKeys => "list_ssh_keys",
            Self::ListProjects => "list_projects",
            Self::ListTags => "list_tags",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Authenticate => "exchanging the client id and secret for a token",
            Self::ListClusters => "listing the clusters",
            Self::GetCluster => "reading the cluster",
            Self::ListNodeGroups => "listing the node groups",
            Self::ListOffers => "listing the machine sizes",
            Self::CreateGroup => "creating the node group",
            Self::AddWorker => "adding a worker",
            Self::RemoveWorker => "removing a worker",
            Self::DeleteGroup => "deleting the node group",
            Self::ListVms => "listing the virtual machines",
            Self::GetVm => "reading the virtual machine",
            Self::GetVmStatus => "asking the hypervisor about the virtual machine",
            Self::ListPendingVms => "listing the pending virtual machines",
            Self::ListVolumeHosts => "listing the hosts of volumes",
            Self::ListPlanCategories => "listing the categories of plans",
            Self::ListPlans => "listing the plans",
            Self::ListDatacenters => "listing the data centres",
            Self::ListSshKeys => "listing the SSH keys",
            Self::ListProjects => "listing the projects",
            Self::ListTags => "listing the tags",
        })
    }
}
