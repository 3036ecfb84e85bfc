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
        })
    }
}
