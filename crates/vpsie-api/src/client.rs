//! The client: sends the request values and reads the answers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::envelope::Reply;
use crate::request::Request;
use crate::{
    Accepted, CallError, Cluster, ClusterId, ClusterSummary, CreateGroup, Credentials, DatacenterId,
    EffectError, GroupNumber, NodeGroup, NodeUuid, Offer, RemoveWorker, RequestId, Retry, Settings,
    SettingsError, Transport, VpsieApi,
};

mod breaker;
mod lanes;
mod line;
mod repeat;
mod session;

use line::Line;
use session::Session;

/// Calls VPSie: proves who we are, sends, and reads the answer.
///
/// # Guarantees
/// A request that changes something is sent once. Only after an answer that says
/// *not authenticated* it is sent once more, with a new token. Either time it is sent within
/// [`Settings::start_within`] of the call, or not at all.
pub struct Client {
    line: Line,
    session: Session,
    start_within: Duration,
    retry: Retry,
}

impl Client {
    /// Checks the settings; sends nothing yet.
    ///
    /// # Errors
    /// When a setting or a credential cannot work.
    pub fn new(
        settings: Settings,
        credentials: Credentials,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, SettingsError> {
        let session = Session::new(credentials, Arc::clone(&settings.now))?;
        let start_within = settings.start_within;
        Ok(Self {
            line: Line::new(&settings, transport)?,
            session,
            start_within,
            retry: settings.retry,
        })
    }

    /// Sends a request that only reads, and repeats it where that can help.
    async fn read(&self, request: &Request) -> Result<Reply, CallError> {
        self.line.check(request)?;
        repeat::read(&self.retry, async || Ok(self.exchange(request, None).await?)).await
    }

    /// Sends a request that changes something: soon, or not at all.
    async fn change(&self, request: &Request) -> Result<Reply, EffectError> {
        Ok(self
            .exchange(request, Some(Instant::now() + self.start_within))
            .await?)
    }

    /// Sends a request, with a new token once more if the first is not accepted.
    async fn exchange(&self, request: &Request, latest: Option<Instant>) -> Result<Reply, Failure> {
        let key = self
            .session
            .key(&self.line)
            .await
            .map_err(Failure::BeforeSending)?;
        let key = match self.attempt(request, &key, latest).await {
            Err(CallError::Unauthorized { .. }) if self.session.can_renew() => {
                let renewed = self.session.renewed(&self.line, &key).await;
                renewed.map_err(Failure::BeforeSending)?
            }
            result => return result.map_err(Failure::Answered),
        };
        self.attempt(request, &key, latest)
            .await
            .map_err(Failure::Answered)
    }

    async fn attempt(
        &self,
        request: &Request,
        key: &session::Key,
        latest: Option<Instant>,
    ) -> Result<Reply, CallError> {
        if latest.is_some_and(|latest| Instant::now() > latest) {
            let limit = self.start_within.as_secs_f32();
            let reason = format!("getting a token took longer than {limit} s");
            return Err(CallError::NotSent {
                call: request.call,
                reason,
            });
        }
        let response = self.line.send(request, Some(key.header()), latest).await?;
        Reply::read(request.call, &response, &[self.session.secret(), key.secret()])
    }
}

/// Shows where the client calls, and no credential.
impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// Keeps apart what failed before the request itself could leave.
enum Failure {
    /// No token could be had.
    BeforeSending(CallError),
    /// The request was tried.
    Answered(CallError),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::BeforeSending(error) | Failure::Answered(error) => error,
        }
    }
}

impl From<Failure> for EffectError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::BeforeSending(error) => Self::NotSent(error),
            Failure::Answered(error) => error.into(),
        }
    }
}

#[async_trait]
impl VpsieApi for Client {
    async fn clusters(&self) -> Result<Vec<ClusterSummary>, CallError> {
        self.read(&Request::clusters())
            .await?
            .list(ClusterSummary::decode)
    }

    async fn cluster(&self, cluster: &ClusterId) -> Result<Cluster, CallError> {
        let reply = self.read(&Request::cluster(cluster)).await?;
        Ok(Cluster::decode(reply.object()?))
    }

    async fn node_groups(&self, cluster: &ClusterId) -> Result<Vec<NodeGroup>, CallError> {
        self.read(&Request::node_groups(cluster))
            .await?
            .list(NodeGroup::decode)
    }

    async fn offers(&self, datacenter: &DatacenterId) -> Result<Vec<Offer>, CallError> {
        self.read(&Request::offers(datacenter)).await?.list(Offer::decode)
    }

    async fn create_group(&self, group: &CreateGroup) -> Result<(), EffectError> {
        let reply = self.change(&Request::create_group(group)).await?;
        reply.acceptance()?;
        Ok(())
    }

    async fn add_worker(
        &self,
        cluster: &ClusterId,
        group: GroupNumber,
        request: &RequestId,
    ) -> Result<Accepted, EffectError> {
        let reply = self.change(&Request::add_worker(cluster, group, request)).await?;
        Ok(Accepted::decode(reply.acceptance()?))
    }
}

#[async_trait]
impl RemoveWorker for Client {
    async fn remove_worker(&self, cluster: &ClusterId, node: &NodeUuid) -> Result<(), EffectError> {
        let reply = self.change(&Request::remove_worker(cluster, node)).await?;
        reply.acceptance()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
