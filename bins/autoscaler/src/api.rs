//! The HTTP API of `run`: where it listens, whom it lets in, and what it shows of the operator.

mod details;
mod discovered;
mod pending;

use crate::args::ApiOptions;
use crate::exit::Failure;
use crate::site::Listen;
use audit_store::Recorder;
use autoscaler_controller::Operator;
use autoscaler_controller::endpoints::Endpoints;
use autoscaler_controller::visitors::{Judged, Visitors};
use autoscaler_web::api::{
    Access, Api, AuditLog, Doorkeeper, Leave, Limits, Refresh, Series, Sources, Unanswered, Visit,
    async_trait,
};
use autoscaler_web::{ListenError, Server};
use kube::Client;
use node_lifecycle::audit::{Entry, Filter, Stats};
use std::sync::Arc;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;

/// An address that is taken for the API, and who may use it.
pub(crate) struct Reserved(Option<(Server, Access)>);

/// The API in the background.
pub(crate) struct Served(Option<(oneshot::Sender<()>, JoinHandle<()>)>);

/// The audit log as the API reads it.
struct Log(Recorder);

/// Asks Kubernetes about tokens.
struct Door(Visitors);

/// Lists what the API shows of an operator, and of the Services that it watches. Must be called inside the tokio runtime
/// of that operator.
pub(crate) fn sources(operator: &Operator, endpoints: Endpoints, recorder: &Recorder) -> Sources {
    Sources {
        states: operator.states(),
        details: details::follow(operator.boards()),
        audit: Arc::new(Log(recorder.clone())),
        discovered: discovered::follow(endpoints.clone()),
        refresh: refresh(endpoints),
    }
}

/// Lets the Services be read anew, where some are watched. Who may ask for it is decided before.
fn refresh(endpoints: Endpoints) -> Option<Refresh> {
    endpoints.is_on().then(|| -> Refresh {
        Arc::new(move || {
            tracing::info!("the watched Services are read anew, as somebody asked for");
            endpoints.refresh();
        })
    })
}

// === impl Reserved ===

impl Reserved {
    /// Takes the address, as long as one is given.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub(crate) async fn take(options: &ApiOptions, kubernetes: &Client) -> Result<Self, Failure> {
        let Listen(Some(address)) = options.api_address else {
            return Ok(Self(None));
        };
        let unusable =
            |error: ListenError| Failure::input(anyhow::Error::new(error).context("--api-address"));
        let server = Server::bind(address).await.map_err(unusable)?;
        let address = server.address().map_err(Failure::broken)?;
        let door = Arc::new(Door(Visitors::new(kubernetes.clone())));
        let access = Access::at(address, options.api_refresh, Some(door));
        let access = access.map_err(Failure::input)?;
        tracing::info!(%address, ?access, "the HTTP API is served");
        Ok(Self(Some((server, access))))
    }

    /// Begins to serve what this operator knows.
    pub(crate) fn serve(
        self,
        operator: &Operator,
        endpoints: Endpoints,
        recorder: &Recorder,
        series: &Series,
    ) -> Served {
        let Some((server, access)) = self.0 else {
            return Served(None);
        };
        let sources = sources(operator, endpoints, recorder);
        let api = Api::new(sources, access, Limits::default(), series.clone());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.serve(api, async { drop(stopped.await) }));
        Served(Some((stop, task)))
    }
}

// === impl Served ===

impl Served {
    /// Ends the API; answers under way are still sent.
    pub(crate) async fn stop(self) {
        let Some((stop, task)) = self.0 else { return };
        drop(stop);
        if let Err(error) = task.await {
            tracing::warn!(%error, "the server of the HTTP API ended badly");
        }
    }
}

// === impl Log ===

impl AuditLog for Log {
    fn select(&self, filter: &Filter) -> Vec<Arc<Entry>> {
        self.0.select(filter)
    }

    fn stats(&self) -> Stats {
        self.0.stats()
    }

    fn news(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.0.news()
    }
}

// === impl Door ===

#[async_trait]
impl Doorkeeper for Door {
    async fn judge(&self, visit: &Visit) -> Result<Leave, Unanswered> {
        let verb = visit.method.as_str().to_lowercase();
        let judged = self.0.judge(visit.token.expose(), &verb, &visit.path).await;
        match judged {
            Ok(Judged::Granted) => Ok(Leave::Granted),
            Ok(Judged::Unknown) => Ok(Leave::Unknown),
            Ok(Judged::Denied) => Ok(Leave::Denied),
            Err(error) => Err(Unanswered(error.to_string())),
        }
    }
}
