//! The client: sends what is asked, over a transport.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Accepted, Call, CallError, Cluster, ClusterId, ClusterSummary, CreateGroup, Credentials, DatacenterId,
    EffectError, GroupNumber, NodeGroup, NodeUuid, Offer, RemoveWorker, RequestId, Settings, SettingsError,
    Transport, VpsieApi,
};

/// Calls VPSie.
pub struct Client {
    settings: Settings,
    _credentials: Credentials,
    _transport: Arc<dyn Transport>,
}

impl Client {
    /// Checks the settings; sends nothing yet.
    ///
    /// # Errors
    /// When a setting cannot work.
    pub fn new(
        settings: Settings,
        credentials: Credentials,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            settings,
            _credentials: credentials,
            _transport: transport,
        })
    }

    fn not_sent(&self, call: Call) -> CallError {
        CallError::NotSent {
            call,
            reason: "nothing is connected".to_owned(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl VpsieApi for Client {
    async fn clusters(&self) -> Result<Vec<ClusterSummary>, CallError> {
        Err(self.not_sent(Call::ListClusters))
    }

    async fn cluster(&self, _cluster: &ClusterId) -> Result<Cluster, CallError> {
        Err(self.not_sent(Call::GetCluster))
    }

    async fn node_groups(&self, _cluster: &ClusterId) -> Result<Vec<NodeGroup>, CallError> {
        Err(self.not_sent(Call::ListNodeGroups))
    }

    async fn offers(&self, _datacenter: &DatacenterId) -> Result<Vec<Offer>, CallError> {
        Err(self.not_sent(Call::ListOffers))
    }

    async fn create_group(&self, _group: &CreateGroup) -> Result<(), EffectError> {
        Err(self.not_sent(Call::CreateGroup).into())
    }

    async fn add_worker(
        &self,
        _cluster: &ClusterId,
        _group: GroupNumber,
        _request: &RequestId,
    ) -> Result<Accepted, EffectError> {
        Err(self.not_sent(Call::AddWorker).into())
    }
}

#[async_trait]
impl RemoveWorker for Client {
    async fn remove_worker(&self, _cluster: &ClusterId, _node: &NodeUuid) -> Result<(), EffectError> {
        Err(self.not_sent(Call::RemoveWorker).into())
    }
}
