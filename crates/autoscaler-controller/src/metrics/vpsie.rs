//! Calls of VPSie, measured.

use super::Metrics;
use super::labels::MethodLabels;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::time::Instant;
use vpsie_api::{
    Accepted, Call, CallError, Cluster, ClusterId, ClusterSummary, CreateGroup, DatacenterId, EffectError,
    GroupNumber, NodeGroup, Offer, RequestId, ServerTime, VpsieApi,
};

/// VPSie, with a clock on every call.
pub(crate) struct Measured {
    inner: Arc<dyn VpsieApi>,
    metrics: Arc<Metrics>,
}

// === impl Measured ===

impl Measured {
    /// Puts a clock on every call.
    pub(crate) fn new(inner: Arc<dyn VpsieApi>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl VpsieApi for Measured {
    async fn clusters(&self) -> Result<Vec<ClusterSummary>, CallError> {
        self.metrics.time(Call::ListClusters, self.inner.clusters()).await
    }

    async fn cluster(&self, cluster: &ClusterId) -> Result<Cluster, CallError> {
        self.metrics
            .time(Call::GetCluster, self.inner.cluster(cluster))
            .await
    }

    async fn node_groups(&self, cluster: &ClusterId) -> Result<Vec<NodeGroup>, CallError> {
        let call = self.inner.node_groups(cluster);
        self.metrics.time(Call::ListNodeGroups, call).await
    }

    async fn offers(&self, datacenter: &DatacenterId) -> Result<Vec<Offer>, CallError> {
        self.metrics
            .time(Call::ListOffers, self.inner.offers(datacenter))
            .await
    }

    async fn create_group(&self, group: &CreateGroup) -> Result<(), EffectError> {
        self.metrics
            .time(Call::CreateGroup, self.inner.create_group(group))
            .await
    }

    async fn add_worker(
        &self,
        cluster: &ClusterId,
        group: GroupNumber,
        request: &RequestId,
    ) -> Result<Accepted, EffectError> {
        let call = self.inner.add_worker(cluster, group, request);
        self.metrics.time(Call::AddWorker, call).await
    }

    async fn await_room(&self, call: Call) {
        self.inner.await_room(call).await;
    }

    fn server_time(&self) -> Option<ServerTime> {
        self.inner.server_time()
    }
}

impl Metrics {
    /// Measures a call of VPSie, whatever comes of it.
    pub(crate) async fn time<T>(&self, call: Call, calling: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let answer = calling.await;
        let method = call.label();
        let took = began.elapsed().as_secs_f64();
        self.vpsie_duration
            .get_or_create(&MethodLabels { method })
            .observe(took);
        answer
    }
}
