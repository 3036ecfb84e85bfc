//! Which path shows what.

use crate::health::Health;
use crate::metrics;
use axum::Router;
use axum::routing::get;
use http::StatusCode;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// Nothing here reads a body; a larger one is a mistake of the caller.
const LARGEST_BODY: usize = 64 << 10;
/// An answer takes microseconds; a probe of Kubernetes gives up after one second by default.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What is shown.
#[derive(Clone)]
pub struct Site {
    /// Shown at `/metrics`, one after the other; no two have a metric of one name.
    pub registries: Vec<Arc<Registry>>,
    /// Shown at `/healthz`, `/livez` and `/readyz`.
    pub health: Arc<Health>,
}

// === impl Site ===

impl Site {
    /// Puts everything at its path.
    ///
    /// A path that is not there answers 404, another method 405, a body of more than 64 KiB 413.
    pub(crate) fn routes(&self) -> Router {
        let (registries, health) = (self.registries.clone(), Arc::clone(&self.health));
        let live = {
            let health = Arc::clone(&health);
            move || async move { health.liveness().reply() }
        };
        let ready = move || async move { health.readiness().reply() };
        Router::new()
            .route(
                "/metrics",
                get(move || async move { metrics::reply(&registries) }),
            )
            .route("/healthz", get(live.clone()))
            .route("/livez", get(live))
            .route("/readyz", get(ready))
            .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::SERVICE_UNAVAILABLE,
                ANSWER_LIMIT,
            ))
    }
}
