//! The HTTP API: nodes, NodeGroups, the audit log, decisions, live instances, and a stream of what changes.
//!
//! ```text
//!  Sources ──▶ newest values ──▶ pages with tags ──▶ /api/nodes  /api/groups  /api/instances …  304 while nothing changed
//!        └───▶ subscriptions ──▶ /api/stream         one event at a time, as fast as the client reads
//! ```
//!
//! Everything is answered from memory: no request asks Kubernetes for what it shows, and none waits for a writer.

mod access;
mod audit;
mod clients;
mod description;
mod discovered;
mod facts;
mod groups;
mod guard;
mod instance;
mod instances;
mod nodes;
mod page;
mod pending;
mod problem;
mod query;
mod quota;
mod series;
mod sources;
mod stream;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use http::StatusCode;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use async_trait::async_trait;

pub use access::{Access, AccessError, Doorkeeper, Leave, Token, Unanswered, Visit};
pub use description::description;
pub use discovered::{Discovered, DiscoveredService, Instance, InstanceStatus, Staleness};
pub use facts::{
    ConditionFacts, Details, EvidenceFacts, GroupDetails, MachineFacts, MatchFacts, Moments, OwnerDetails,
    TellsOwner,
};
pub use pending::{GroupRefusal, MisfitFacts, Pending, PendingPod};
pub use series::Series;
pub use sources::{AuditLog, Refresh, Sources};

pub(crate) use page::Page;

use crate::page as live_page;
use clients::Clients;
use nodes::Nodes;
use page::Shelf;
use quota::Quotas;

/// Nothing here reads a body; a larger one is a mistake of the caller.
const LARGEST_BODY: usize = 16 << 10;
/// An answer comes from memory; only the review of a token waits, and it has a limit of its own.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How much one client, and all of them, may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one address in a second, on average; three times as many may come at once.
    pub requests_per_second: u32,
    /// Refreshes in a minute, of everybody together (EP-26).
    pub refreshes_per_minute: u32,
    /// Streams at once, of everybody together.
    pub streams: usize,
    /// Streams at once of one address.
    pub streams_of_one: usize,
    /// How long a stream lasts before its client has to come again, and to show its token again.
    pub longest_stream: Duration,
}

/// The API over some sources, for those who may see it.
#[derive(Clone, Debug)]
pub struct Api {
    state: Arc<State>,
}

/// What every handler sees.
#[derive(Debug)]
pub(crate) struct State {
    sources: Sources,
    access: Access,
    limits: Limits,
    quotas: Quotas,
    clients: Clients,
    series: Series,
    nodes: Shelf<Nodes>,
    groups: Shelf<Nodes>,
    live: Shelf<Arc<Discovered>>,
    pending: Shelf<Arc<Pending>>,
}

// === impl Limits ===

impl Default for Limits {
    /// A page polls five times in a second at most; a stream outlasts no revoked token by more than four minutes.
    fn default() -> Self {
        Self {
            requests_per_second: 20,
            refreshes_per_minute: 5,
            streams: 64,
            streams_of_one: 16,
            longest_stream: Duration::from_secs(240),
        }
    }
}

// === impl Api ===

impl Api {
    /// Makes the API over these sources.
    #[must_use]
    pub fn new(sources: Sources, access: Access, limits: Limits, series: Series) -> Self {
        let state = State {
            sources,
            access,
            limits,
            quotas: Quotas::new(&limits),
            clients: Clients::new(&limits, series.clone()),
            series,
            nodes: Shelf::default(),
            groups: Shelf::default(),
            live: Shelf::default(),
            pending: Shelf::default(),
        };
        Self {
            state: Arc::new(state),
        }
    }

    /// Puts everything at its path, behind the guards.
    pub(crate) fn routes(&self) -> Router {
        let (routes, _) = description::described();
        // A browser has no token to show when it loads a page, and none for a stream.
        let routes = match &self.state.access {
            Access::Loopback { .. } => routes.merge(live_page::routes()),
            Access::Tokens(_) => routes,
        };
        let state = Arc::clone(&self.state);
        routes
            .fallback(problem::unknown_path)
            .method_not_allowed_fallback(problem::unknown_method)
            .with_state(Arc::clone(&state))
            .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::SERVICE_UNAVAILABLE,
                ANSWER_LIMIT,
            ))
            .layer(middleware::from_fn_with_state(Arc::clone(&state), guard::guarded))
            .layer(middleware::from_fn_with_state(state, series::measured))
            .layer(middleware::map_response(guard::secured))
    }
}
