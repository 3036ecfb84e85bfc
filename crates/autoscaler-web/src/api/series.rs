//! What is counted and measured of the API itself.

use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::State as Shared;

/// The metrics of the API. Clones count together.
#[derive(Clone)]
pub struct Series {
    requests: Family<Answered, Counter>,
    duration: Family<OfPath, Histogram, fn() -> Histogram>,
    events: Family<OfEvent, Counter>,
    streams: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    path: String,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPath {
    path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEvent {
    event: &'static str,
}

// === impl Series ===

impl Default for Series {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            duration: Family::new_with_constructor(moments),
            events: Family::default(),
            streams: Gauge::default(),
        }
    }
}

impl Series {
    /// Names all of them, without the prefix, with the kind and the words of each.
    pub const DESCRIBED: [(&str, &str, &str); 4] = [
        (
            "api_requests",
            "counter",
            "Requests to the HTTP API by method, path and status",
        ),
        (
            "api_request_duration_seconds",
            "histogram",
            "Time until the HTTP API answered, by path; for the stream, until it began",
        ),
        (
            "api_stream_events",
            "counter",
            "Events sent to the clients of the stream of the HTTP API, by kind",
        ),
        (
            "api_stream_clients",
            "gauge",
            "Clients of the stream of the HTTP API",
        ),
    ];

    /// Puts them into a registry of their own, all beginning with this.
    #[must_use]
    pub fn registry(&self, prefix: &str) -> Registry {
        let mut registry = Registry::with_prefix(prefix);
        let [requests, duration, events, streams] = Self::DESCRIBED;
        registry.register(requests.0, requests.2, self.requests.clone());
        registry.register(duration.0, duration.2, self.duration.clone());
        registry.register(events.0, events.2, self.events.clone());
        registry.register(streams.0, streams.2, self.streams.clone());
        registry
    }

    /// Counts an event of the stream.
    pub(super) fn sent(&self, event: &'static str) {
        self.events.get_or_create(&OfEvent { event }).inc();
    }

    /// Shows how many streams there are.
    pub(super) fn streams(&self, count: usize) {
        self.streams.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").finish_non_exhaustive()
    }
}

/// From a tenth of a millisecond to three seconds.
fn moments() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 15))
}

/// Measures a request, and counts its answer. What is asked for in vain is one path, whatever it was.
pub(super) async fn measured(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let path = matched.map_or("other", MatchedPath::as_str).to_owned();
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    };
    let began = Instant::now();
    let response = next.run(request).await;
    let series = &shared.series;
    let of_path = OfPath { path: path.clone() };
    let took = began.elapsed().as_secs_f64();
    series.duration.get_or_create(&of_path).observe(took);
    let code = response.status().as_u16();
    series
        .requests
        .get_or_create(&Answered { method, path, code })
        .inc();
    response
}
