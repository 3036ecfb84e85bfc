//! The client: sends the request values and reads the answers.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::envelope::Reply;
use crate::request::Request;
use crate::{
    Accepted, Call, CallError, ClientState, Cluster, ClusterId, ClusterSummary, CreateGroup, Credentials,
    DatacenterId, EffectError, GroupNumber, NodeGroup, NodeUuid, Offer, RemoveWorker, RequestId, ServerTime,
    Settings, SettingsError, Transport, VpsieApi,
};

mod breaker;
mod counts;
mod inventory;
mod lanes;
mod line;
mod repeat;
mod session;

use line::Line;
use session::{Key, Session};

/// Calls VPSie: proves who we are, sends, and reads the answer.
///
/// # Guarantees
/// A request that changes something is sent once. Only after an answer that says
/// *not authenticated* it is sent once more, with a new token. Either time it is sent within
/// [`Settings::start_within`] of the call, or not at all.
///
/// All callers together send at most [`Settings::calls_per_minute`]; a part of them is kept
/// for removals. After [`BreakerSettings::failures`](crate::BreakerSettings::failures) in a
/// row nothing is sent for a while. What only reads is repeated as [`Settings::retry`] says.
pub struct Client {
    line: Line,
    settings: Settings,
    session: RwLock<Arc<Session>>,
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
        let session = Session::new(credentials, &settings)?;
        Ok(Self {
            line: Line::new(&settings, transport)?,
            session: RwLock::new(Arc::new(session)),
            settings,
        })
    }

    /// Proves with other credentials who we are from now on; `true` if they differ.
    ///
    /// The same ones again change nothing, so a Secret may simply be read every minute. A
    /// request that is refused for want of authentication while its credentials are
    /// replaced is sent once more with the new ones.
    ///
    /// # Errors
    /// When the credentials cannot work; those in use stay.
    pub fn replace_credentials(&self, credentials: Credentials) -> Result<bool, SettingsError> {
        let session = Session::new(credentials, &self.settings)?;
        let mut current = self.session.write().unwrap_or_else(PoisonError::into_inner);
        let differs = !current.is_same(&session);
        if differs {
            *current = Arc::new(session);
        }
        Ok(differs)
    }

    /// Shows the breaker and how many attempts of each call ended in which way.
    ///
    /// Cheap enough to be read whenever metrics are; asks VPSie nothing.
    ///
    /// # Examples
    /// ```
    /// use vpsie_api::{BreakerState, Client};
    ///
    /// fn print(vpsie: &Client) {
    ///     let state = vpsie.state();
    ///     println!("VPSie is left alone: {}", matches!(state.breaker, BreakerState::Open { .. }));
    ///     for ((call, outcome), count) in &state.attempts {
    ///         println!("{} {outcome}: {count}", call.label());
    ///     }
    /// }
    /// ```
    pub fn state(&self) -> ClientState {
        self.line.state()
    }

    /// No assignment can stop half-way, so a panic elsewhere leaves the session sound.
    fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a request that only reads, and repeats it where that can help.
    async fn read(&self, request: &Request) -> Result<Reply, CallError> {
        self.line.check(request)?;
        repeat::read(&self.settings.retry, async || {
            Ok(self.exchange(request, None).await?)
        })
        .await
    }

    /// Sends a request that changes something: soon, or not at all.
    async fn change(&self, request: &Request) -> Result<Reply, EffectError> {
        Ok(self
            .exchange(request, Some(Instant::now() + self.settings.start_within))
            .await?)
    }

    /// Sends a request, with another key once more if the first is not accepted.
    async fn exchange(&self, request: &Request, latest: Option<Instant>) -> Result<Reply, Failure> {
        let session = self.session();
        let key = session.key(&self.line).await;
        let key = key.map_err(Failure::BeforeSending)?;
        let refused = match self.attempt(request, &session, &key, latest).await {
            Err(error @ CallError::Unauthorized { .. }) => error,
            result => return result.map_err(Failure::Answered),
        };
        let session = match self.session() {
            current if !Arc::ptr_eq(&current, &session) => current,
            session if session.can_renew() => session,
            _fixed => return Err(Failure::Answered(refused)),
        };
        let key = session.renewed(&self.line, &key).await;
        let key = key.map_err(Failure::BeforeSending)?;
        let second = self.attempt(request, &session, &key, latest).await;
        second.map_err(Failure::Answered)
    }

    /// Sends a request once and counts what came of it.
    async fn attempt(
        &self,
        request: &Request,
        session: &Session,
        key: &Key,
        latest: Option<Instant>,
    ) -> Result<Reply, CallError> {
        let result = self.try_once(request, session, key, latest).await;
        self.line.count(request.call, &result);
        result
    }

    async fn try_once(
        &self,
        request: &Request,
        session: &Session,
        key: &Key,
        latest: Option<Instant>,
    ) -> Result<Reply, CallError> {
        if latest.is_some_and(|latest| Instant::now() > latest) {
            let limit = self.settings.start_within.as_secs_f32();
            let reason = format!("getting a token took longer than {limit} s");
            return Err(CallError::NotSent {
                call: request.call,
                reason,
            });
        }
        let response = self.line.send(request, Some(key.header()), latest).await?;
        Reply::read(request.call, &response, &[session.secret(), key.secret()])
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
        reply.object(Cluster::decode)
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
        Ok(Accepted::decode(reply.acceptance()?.as_ref()))
    }

    async fn await_room(&self, call: Call) {
        self.line.await_room(call).await;
    }

    fn server_time(&self) -> Option<ServerTime> {
        self.line.server_time()
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
