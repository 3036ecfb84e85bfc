//! What VPSie can do for us, as traits, so that callers can be tested without it.

use async_trait::async_trait;

use crate::{
    Accepted, Call, CallError, Cluster, ClusterId, ClusterSummary, CreateGroup, DatacenterId, EffectError,
    GroupNumber, NodeGroup, NodeUuid, Offer, RequestId, ServerTime,
};

/// Reads clusters and adds to them. Removing is [`RemoveWorker`].
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait VpsieApi: Send + Sync {
    /// Lists the clusters of the account.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, VpsieApi};
    /// async fn print_clusters(vpsie: &dyn VpsieApi) -> Result<(), CallError> {
    ///     for cluster in vpsie.clusters().await? {
    ///         println!("{}: {:?} nodes", cluster.identifier, cluster.node_count);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn clusters(&self) -> Result<Vec<ClusterSummary>, CallError>;

    /// Reads one cluster with its nodes; check [`Cluster::is_complete`].
    ///
    /// # Errors
    /// [`CallError::Absent`] or [`CallError::NotFound`] when there is none, or any other.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, ClusterId, VpsieApi};
    /// async fn count(vpsie: &dyn VpsieApi) -> Result<(), CallError> {
    ///     let id = ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc");
    ///     let cluster = vpsie.cluster(&id).await?;
    ///     if cluster.is_complete(&id) {
    ///         println!("exactly {} nodes", cluster.nodes.len());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn cluster(&self, cluster: &ClusterId) -> Result<Cluster, CallError>;

    /// Lists the node groups of a cluster, deleted ones included.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, ClusterId, VpsieApi};
    /// async fn print_groups(vpsie: &dyn VpsieApi) -> Result<(), CallError> {
    ///     let id = ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc");
    ///     for group in vpsie.node_groups(&id).await?.iter().filter(|group| !group.is_deleted) {
    ///         println!("{} is number {}", group.name, group.number);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn node_groups(&self, cluster: &ClusterId) -> Result<Vec<NodeGroup>, CallError>;

    /// Lists the machine sizes of a data centre.
    ///
    /// # Errors
    /// When VPSie cannot be asked or does not answer with a list.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, DatacenterId, VpsieApi};
    /// async fn print_prices(vpsie: &dyn VpsieApi) -> Result<(), CallError> {
    ///     let datacenter = DatacenterId::new("55f06b85-c9ee-11e3-9845-005056aa8af7");
    ///     for offer in vpsie.offers(&datacenter).await? {
    ///         println!("{}: {:?} a month", offer.number, offer.price.per_month());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn offers(&self, datacenter: &DatacenterId) -> Result<Vec<Offer>, CallError>;

    /// Creates a node group; list the groups to learn its number.
    ///
    /// # Errors
    /// Says whether the group may have been made all the same.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{ClusterId, CreateGroup, EffectError, SizeNumber, VpsieApi};
    /// async fn create(vpsie: &dyn VpsieApi) -> Result<(), EffectError> {
    ///     let group = CreateGroup {
    ///         cluster: ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc"),
    ///         name: "workers".to_owned(),
    ///         size: SizeNumber::new(58),
    ///     };
    ///     vpsie.create_group(&group).await?;
    ///     Ok(())
    /// }
    /// ```
    async fn create_group(&self, group: &CreateGroup) -> Result<(), EffectError>;

    /// Asks for one more worker. Every accepted call is a new, billed machine.
    ///
    /// # Errors
    /// Says whether a machine may be on its way all the same.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{CallError, ClusterId, EffectError, GroupNumber, RequestId, VpsieApi};
    /// async fn add(vpsie: &dyn VpsieApi) -> Result<(), CallError> {
    ///     let cluster = ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc");
    ///     let Ok(request) = RequestId::new("workers-1") else { return Ok(()) };
    ///     match vpsie.add_worker(&cluster, GroupNumber::new(412), &request).await {
    ///         Ok(_) => println!("accepted; look for the new node"),
    ///         Err(EffectError::Refused(error) | EffectError::NotSent(error)) => return Err(error),
    ///         Err(EffectError::Unknown(error)) => println!("{error}: look before asking again"),
    ///     }
    ///     Ok(())
    /// }
    /// ```
    async fn add_worker(
        &self,
        cluster: &ClusterId,
        group: GroupNumber,
        request: &RequestId,
    ) -> Result<Accepted, EffectError>;

    /// Waits until the caller's own rate limit would let a call through at once; asks VPSie nothing.
    ///
    /// Takes nothing of the limit, so the wait can be given up at any moment, and another caller may come first. Who
    /// has no such limit does not wait.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{Accepted, Call, ClusterId, EffectError, GroupNumber, RequestId, VpsieApi};
    /// async fn add(vpsie: &dyn VpsieApi, cluster: &ClusterId, id: &RequestId) -> Result<Accepted, EffectError> {
    ///     vpsie.await_room(Call::AddWorker).await;
    ///     vpsie.add_worker(cluster, GroupNumber::new(57), id).await
    /// }
    /// ```
    async fn await_room(&self, _call: Call) {}

    /// Returns what VPSie's clock showed in the newest answer that tells; asks VPSie nothing.
    ///
    /// Any answer counts, an error as well. Who hears no dates says nothing.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::VpsieApi;
    /// fn warn(vpsie: &dyn VpsieApi, ours: chrono::DateTime<chrono::Utc>) {
    ///     if vpsie.server_time().is_some_and(|told| !told.now().contains(&ours)) {
    ///         println!("our clock or VPSie's is wrong");
    ///     }
    /// }
    /// ```
    fn server_time(&self) -> Option<ServerTime> {
        None
    }
}

/// Removes machines. A trait of its own, so that few can be given it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RemoveWorker: Send + Sync {
    /// Asks for the removal of one named worker; acceptance is not completion.
    ///
    /// # Errors
    /// Says whether the worker may be going all the same.
    ///
    /// # Examples
    /// ```
    /// # use vpsie_api::{ClusterId, EffectError, NodeUuid, RemoveWorker};
    /// async fn remove(vpsie: &dyn RemoveWorker) -> Result<(), EffectError> {
    ///     let cluster = ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc");
    ///     let node = NodeUuid::new("2a7e4c44-f8f3-11f0-9b1e-0050569c68dc");
    ///     vpsie.remove_worker(&cluster, &node).await?;
    ///     Ok(())
    /// }
    /// ```
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
