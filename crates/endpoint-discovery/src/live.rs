//! Services watched through the API server: the only room that waits, besides probes and the pool.

mod feed;
mod follow;
mod guard;
mod meters;
#[cfg(feature = "probe")]
mod probing;
mod shelf;
mod tracker;
mod view;
mod zone;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kube::Client;
use tokio::sync::{broadcast, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use guard::Trouble;
pub use meters::{ApiLabels, CallLabels, Meters, ServiceLabels};
pub use view::{Origin, Stale, View, Views};
pub use zone::zone_of_node;

use crate::alert::Alert;
use crate::breaker::{Breaker, BreakerRules, BreakerState};
use crate::identity::InstanceId;
use crate::instance::{Instance, NodeFacts};
use crate::mode::Mode;
use crate::score::{Check, HealthRules};
use crate::service::{ServiceFacts, ServiceKey};

/// Says which Services to discover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Named(Vec<ServiceKey>),
    /// Those of a namespace that have certain labels, as they come and go.
    Labelled {
        /// The namespace.
        namespace: String,
        /// A label selector, such as `app=web`.
        selector: String,
    },
}

/// Holds what to discover and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to read.
    pub mode: Mode,
    /// Which Services.
    pub services: Selection,
    /// Whether EndpointSlices come before Endpoints.
    pub use_endpoint_slices: bool,
    /// The last part of every name of the cluster.
    pub cluster_domain: String,
    /// Thresholds of the health of instances.
    pub health: HealthRules,
    /// What to show until the first live result, flagged as a hint and never after it (EP-14).
    pub hints: BTreeMap<ServiceKey, Vec<Instance>>,
    /// How long the answer to a call may take.
    pub call_limit: Duration,
    /// When calls are given up for a while.
    pub breaker: BreakerRules,
    /// The Node that we are on, such as `NODE_NAME` names it: with its zone in the inputs, each view says which instances are
    /// near, and a choice that changes is logged once (EP-22).
    pub own_node: Option<String>,
    /// What is counted and measured; a program that serves metrics registers a clone of it.
    pub meters: Meters,
}

/// Says of which Service an instance is not well (EP-21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAlert {
    /// The Service.
    pub service: ServiceKey,
    /// The instance.
    pub alert: Alert,
}

/// Holds what discovery takes into account besides Kubernetes objects of endpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// What is known of Nodes, by their names.
    pub nodes: BTreeMap<String, NodeFacts>,
    /// What came of the last probe of each instance of each Service.
    pub checks: BTreeMap<ServiceKey, BTreeMap<InstanceId, Check>>,
}

/// Follows Services until it is dropped.
pub struct Discovery {
    shared: Arc<Shared>,
    /// Dropped with it, and with it everything that runs.
    _tasks: JoinSet<()>,
}

/// What all parts of a discovery share.
struct Shared {
    settings: Settings,
    client: Client,
    views: watch::Sender<Arc<Views>>,
    inputs: watch::Sender<Arc<Inputs>>,
    alerts: broadcast::Sender<ServiceAlert>,
    /// What is known of the Services with the labels.
    selection: watch::Sender<Listed>,
    /// Grows whenever somebody wants everything to be read anew.
    refreshes: watch::Sender<u64>,
    breaker: Mutex<Breaker>,
    started: Instant,
    now: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

/// What is known of the Services that are chosen by labels.
#[derive(Clone, Debug, Default)]
struct Listed {
    /// Whether they were listed, and there was none.
    is_empty: bool,
    /// Since when they cannot be listed.
    stale: Option<Stale>,
}

/// Ends a callback when it is dropped.
#[derive(Debug)]
pub struct Subscription(AbortHandle);

/// More Services than this are not followed at once: each costs two watches.
const MOST_SERVICES: usize = 100;

/// As many alerts wait for who listens: one for each of a large Service. Whoever is slower loses the oldest.
const KEPT_ALERTS: usize = 1024;

// === impl Settings ===

impl Settings {
    /// Discovers these Services in the usual way.
    pub fn new(services: Selection) -> Self {
        Self {
            mode: Mode::default(),
            services,
            use_endpoint_slices: true,
            cluster_domain: ServiceFacts::USUAL_CLUSTER_DOMAIN.to_owned(),
            health: HealthRules::default(),
            hints: BTreeMap::new(),
            call_limit: Duration::from_secs(10),
            breaker: BreakerRules::default(),
            own_node: None,
            meters: Meters::default(),
        }
    }
}

// === impl Discovery ===

impl Discovery {
    /// Begins to follow the Services, on the tokio runtime of the caller and by the clock of the machine.
    pub fn start(client: Client, settings: Settings) -> Self {
        Self::start_at(client, settings, system_time)
    }

    /// Begins to follow the Services with the time of day from a function.
    pub fn start_at(
        client: Client,
        settings: Settings,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Self {
        tracing::info!("Using discovery mode: {}", settings.mode);
        let shared = Arc::new(Shared {
            breaker: Mutex::new(Breaker::new(settings.breaker)),
            settings,
            client,
            views: watch::Sender::default(),
            inputs: watch::Sender::default(),
            alerts: broadcast::Sender::new(KEPT_ALERTS),
            selection: watch::Sender::default(),
            refreshes: watch::Sender::default(),
            started: Instant::now(),
            now: Box::new(now),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(follow::run(Arc::clone(&shared)));
        Self {
            shared,
            _tasks: tasks,
        }
    }

    /// Shows all Services as they are known now, without waiting for anything.
    pub fn views(&self) -> Arc<Views> {
        Arc::clone(&self.shared.views.borrow())
    }

    /// Says since when the Services with the labels of [`Selection::Labelled`] cannot be listed, and why.
    ///
    /// Those that were listed before are still followed. Whoever is subscribed to the views is told of it.
    pub fn selection_stale(&self) -> Option<Stale> {
        self.shared.selection.borrow().stale.clone()
    }

    /// Tells whether the API server has listed the Services with the labels of [`Selection::Labelled`], and there is none.
    ///
    /// Then it is known that there is nothing to show. Of Services that are named this is never said: each has a view.
    pub fn selects_nothing(&self) -> bool {
        self.shared.selection.borrow().is_empty
    }

    /// Reads everything anew from the API server, as at the start: the Services, and their endpoints from the first source
    /// of the mode, even if that was refused before.
    ///
    /// Watches bring every change by themselves, so this is for who does not believe them, or has just granted a right. It
    /// returns at once; what was read stands until it is read again. Several calls at once are one.
    pub fn refresh(&self) {
        self.shared.refreshes.send_modify(|count| *count += 1);
    }

    /// Tells of changes. A receiver that does not look costs nothing: it finds the newest when it does.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Views>> {
        self.shared.views.subscribe()
    }

    /// Calls a function with the views, now and after each change, until the subscription is dropped.
    ///
    /// A function that panics is reported in the log, and called again with the next change.
    pub fn on_change(&self, callback: impl Fn(&Views) + Send + 'static) -> Subscription {
        let mut views = self.subscribe();
        let task = tokio::spawn(async move {
            loop {
                let newest = Arc::clone(&views.borrow_and_update());
                let called = AssertUnwindSafe(|| callback(&newest));
                if std::panic::catch_unwind(called).is_err() {
                    tracing::error!("a callback of endpoint discovery panicked; it will be called again");
                }
                if views.changed().await.is_err() {
                    break;
                }
            }
        });
        Subscription(task.abort_handle())
    }

    /// Tells of instances that are not well from now on, each once in five minutes: for a webhook, or whoever is to know.
    ///
    /// They are logged and counted as well. Each needs a receiver of its own, and one that does not look loses the oldest.
    pub fn alerts(&self) -> broadcast::Receiver<ServiceAlert> {
        self.shared.alerts.subscribe()
    }

    /// Changes what discovery knows of Nodes and probes; what follows from it is seen at once.
    pub fn update_inputs(&self, change: impl FnOnce(&mut Inputs)) {
        self.shared
            .inputs
            .send_modify(|inputs| change(Arc::make_mut(inputs)));
    }

    /// Shows the state of the breaker of API calls.
    pub fn breaker(&self) -> BreakerState {
        self.shared.breaker_state()
    }
}

// === impl Subscription ===

impl Drop for Subscription {
    fn drop(&mut self) {
        self.0.abort();
    }
}

// === impl Shared ===

impl Shared {
    fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    fn breaker_state(&self) -> BreakerState {
        self.with_breaker(|breaker, now| breaker.state(now))
    }

    fn with_breaker<T>(&self, work: impl FnOnce(&mut Breaker, Duration) -> T) -> T {
        // Nothing panics while it is held, and a breaker is never half changed.
        let mut breaker = self
            .breaker
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut breaker, self.started.elapsed())
    }

    /// Publishes the view of one Service, if anything can be seen to differ.
    fn publish(&self, view: View) {
        self.settings.meters.show(&view);
        self.views.send_if_modified(|views| {
            if views
                .get(&view.service)
                .is_some_and(|before| before.looks_like(&view))
            {
                // Kept for when everything was last seen, but nobody is woken for it.
                Arc::make_mut(views).insert(view.service.clone(), Arc::new(view));
                return false;
            }
            Arc::make_mut(views).insert(view.service.clone(), Arc::new(view));
            true
        });
    }

    /// Learns whether the Services with the labels can be listed, and wakes whoever looks at the views.
    fn mark_selection(&self, trouble: Option<Trouble>) {
        let now = self.now();
        self.selection
            .send_modify(|listed| listed.stale = Stale::after(listed.stale.as_ref(), trouble, now));
        self.views.send_modify(|_| {});
    }

    /// Learns whether there is any Service with the labels, and wakes whoever looks at the views if that is news.
    fn mark_listed(&self, is_empty: bool) {
        let is_news = self.selection.send_if_modified(|listed| {
            let is_news = listed.is_empty != is_empty;
            listed.is_empty = is_empty;
            is_news
        });
        if is_news {
            self.views.send_modify(|_| {});
        }
    }

    /// Takes the view of a Service away that is no longer followed.
    fn withdraw(&self, service: &ServiceKey) {
        self.settings.meters.forget(service);
        self.views
            .send_if_modified(|views| Arc::make_mut(views).remove(service).is_some());
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one place that reads the clock of the machine"
)]
fn system_time() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

#[cfg(test)]
mod tests;
