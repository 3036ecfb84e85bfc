//! The Services whose endpoints are watched: what is known of Nodes goes in, and what the gate and others look at comes out.
//!
//! ```text
//!  node states ─▶ zones, lives ─┐
//!                               ├─▶ Discovery ─▶ Views ─┬─▶ gate: is it the last ready endpoint? (SC-12)
//!  EndpointSlices, probes ──────┘                       └─▶ metrics, and whoever shows them
//! ```

mod last;
mod nodes;
mod webhook;

use std::sync::Arc;

use endpoint_discovery::{BreakerState, Discovery, Mode, ProbeSettings, Selection, Settings, Stale, Views};
use kube::Client;
use node_state::store::Reader;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::metrics::AlertSeries;
pub use last::last_endpoints;
pub use webhook::{Webhook, WebhookError};

/// Shows the endpoints of the watched Services as they are known now; clones show the same.
///
/// Without a Service to watch nothing runs, and there is nothing to show.
#[derive(Clone, Default)]
pub struct Endpoints(Option<Arc<Watched>>);

/// What runs while somebody holds a handle.
struct Watched {
    discovery: Discovery,
    mode: Mode,
    services: Selection,
    _probes: Option<endpoint_discovery::Subscription>,
}

// === impl Endpoints ===

impl Endpoints {
    /// Begins to watch, on the tokio runtime of the caller, and to ask instances for their health where that is wanted.
    pub fn start(client: Client, settings: Settings, probes: Option<ProbeSettings>, clock: Clock) -> Self {
        let (mode, services) = (settings.mode, settings.services.clone());
        let discovery = Discovery::start_at(client, settings, move || clock.now());
        let probes = probes.map(|probes| discovery.probe_all(probes));
        Self(Some(Arc::new(Watched {
            discovery,
            mode,
            services,
            _probes: probes,
        })))
    }

    /// Posts alerts about instances that are not well to an address from now on, on the tokio runtime of the caller, until
    /// the watched Services are dropped (`EP-21`).
    pub fn post_alerts(&self, webhook: Webhook, series: AlertSeries) {
        if let Some(watched) = &self.0 {
            let alerts = watched.discovery.alerts();
            // It ends when nobody can raise alerts any longer.
            tokio::spawn(webhook::deliver(alerts, webhook, series));
        }
    }

    /// Tells whether any Service is watched.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the mode of discovery; nothing when no Service is watched.
    pub fn mode(&self) -> Option<Mode> {
        self.0.as_ref().map(|watched| watched.mode)
    }

    /// Returns which Services are watched; nothing when none is.
    pub fn services(&self) -> Option<&Selection> {
        self.0.as_ref().map(|watched| &watched.services)
    }

    /// Returns what is known of each Service now, without waiting: empty when none is watched.
    pub fn views(&self) -> Arc<Views> {
        self.0
            .as_ref()
            .map_or_else(Arc::default, |watched| watched.discovery.views())
    }

    /// Tells of changes of what is known; nothing when no Service is watched.
    pub fn subscribe(&self) -> Option<watch::Receiver<Arc<Views>>> {
        self.0.as_ref().map(|watched| watched.discovery.subscribe())
    }

    /// Says since when the Services that are chosen by labels cannot be listed, and why.
    pub fn selection_stale(&self) -> Option<Stale> {
        self.0.as_ref()?.discovery.selection_stale()
    }

    /// Tells whether the Services that are chosen by labels were listed, and there is none.
    pub fn selects_nothing(&self) -> bool {
        let watched = self.0.as_ref();
        watched.is_some_and(|watched| watched.discovery.selects_nothing())
    }

    /// Has everything read anew from the API server, without waiting for it; does nothing when no Service is watched.
    pub fn refresh(&self) {
        if let Some(watched) = &self.0 {
            watched.discovery.refresh();
        }
    }

    /// Returns the state of the breaker of API calls; nothing when no Service is watched.
    pub fn breaker(&self) -> Option<BreakerState> {
        self.0.as_ref().map(|watched| watched.discovery.breaker())
    }

    /// Takes in what becomes known of Nodes, until the tasks are dropped (`NS-23`, `EP-22`, `EP-24`).
    pub(crate) fn follow(&self, states: watch::Receiver<Option<Reader>>, tasks: &mut JoinSet<()>) {
        if let Some(watched) = &self.0 {
            tasks.spawn(nodes::follow(Arc::downgrade(watched), states));
        }
    }
}
