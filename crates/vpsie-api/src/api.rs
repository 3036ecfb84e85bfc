//! What VPSie can do for us, as traits, so that callers can be tested without it.

use async_trait::async_trait;

use crate::{
    Accepted, CallError, Cluster, ClusterId, ClusterSummary, CreateGroup, DatacenterId, EffectError,
    GroupNumber, NodeGroup, NodeUuid, Offer, RequestId,
};

/// Reads clusters and adds to them. Removing is [`RemoveWorker`].
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait VpsieApi: Send + Sync {
    /// Lists the clusters of the account.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn clusters(&self) -> Result<Vec<ClusterSummary>, CallError>;

    /// Reads one cluster with its nodes; check [`Cluster::is_complete`].
    ///
    /// # Errors
    /// [`CallError::Absent`] or [`CallError::NotFound`] when there is none, or any other.
    async fn cluster(&self, cluster: &ClusterId) -> Result<Cluster, CallError>;

    /// Lists the node groups of a cluster, deleted ones included.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn node_groups(&self, cluster: &ClusterId) -> Result<Vec<NodeGroup>, CallError>;

    /// Lists the machine sizes of a data centre.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    async fn offers(&self, datacenter: &DatacenterId) -> Result<Vec<Offer>, CallError>;

    /// Creates a node group; list the groups to learn its number.
    ///
    /// # Errors
    /// Says whether the group may have been made all the same.
    async fn create_group(&self, group: &CreateGroup) -> Result<(), EffectError>;

    /// Asks for one more worker. Every accepted call is a new, billed machine.
    ///
    /// # Errors
    /// Says whether a machine may be on its way all the same.
    async fn add_worker(
        &self,
        cluster: &ClusterId,
        group: GroupNumber,
        request: &RequestId,
    ) -> Result<Accepted, EffectError>;
}

/// Removes machines. A trait of its own, so that few can be given it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RemoveWorker: Send + Sync {
    /// Asks for the removal of one named worker; acceptance is not completion.
    ///
    /// # Errors
    /// Says whether the worker may be going all the same.
    async fn remove_worker(&self, cluster: &ClusterId, node: &NodeUuid) -> Result<(), EffectError>;
}

#[cfg(all(test, feature = "mock"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn mocks_stand_in_for_both_traits() {
        let mut api = MockVpsieApi::new();
        api.expect_add_worker()
            .withf(|cluster, group, request| {
                (cluster.as_str(), group.get(), request.as_str()) == ("c", 412, "slot-1")
            })
            .returning(|_, _, _| Ok(Accepted::default()));
        let api: &dyn VpsieApi = &api;
        let request = RequestId::new("slot-1").expect("a good id");
        let added = api
            .add_worker(&ClusterId::new("c"), GroupNumber::new(412), &request)
            .await;
        assert_eq!(added, Ok(Accepted::default()));

        let mut remover = MockRemoveWorker::new();
        remover.expect_remove_worker().times(1).returning(|_, _| Ok(()));
        let remover: &dyn RemoveWorker = &remover;
        assert_eq!(
            remover
                .remove_worker(&ClusterId::new("c"), &NodeUuid::new("n"))
                .await,
            Ok(())
        );
    }
}
