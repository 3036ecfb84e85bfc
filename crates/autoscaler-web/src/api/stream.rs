//! `/api/stream`: server-sent events of everything that changes, at the pace of whoever reads them (EP-27).
//!
//! ```text
//!  node states ── subscription, coalesced ──┐
//!  details     ── the newest alone ─────────┼──▶ one event at a time ──▶ client
//!  discovery   ── the newest alone ─────────┤    made when the last one is on its way
//!  audit log   ── the last 256 ─────────────┘
//! ```
//!
//! Nothing queues up for a client: what it has not taken is merged, and a client that never reads is let go by the time
//! limit of the connection.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, stream};
use node_lifecycle::audit::Entry;
use node_state::store::{Filter, Subscription, Update};
use node_state::{GroupKey, Subject};
use serde::Serialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;

use super::State as Shared;
use super::clients::Client;
use super::discovered::Discovered;
use super::facts::Details;
use super::groups::GroupShown;
use super::guard;
use super::instances::DiscoveryShown;
use super::nodes::{NodeShown, Nodes};
use super::pending::{Pending, PendingChanged};
use super::problem::Problem;

/// Longest silence, so that client and proxies know that the connection lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client waits before it comes again.
const COME_AGAIN: Duration = Duration::from_secs(1);

/// What a stream was told and has to tell.
struct Told {
    shared: Arc<Shared>,
    _client: Client,
    until: Instant,
    states: watch::Receiver<Option<node_state::store::Reader>>,
    subscription: Option<Subscription>,
    details: watch::Receiver<Arc<Details>>,
    discovered: watch::Receiver<Option<Arc<Discovered>>>,
    audit: broadcast::Receiver<Arc<Entry>>,
    /// What the client knows of nodes and NodeGroups; nothing while this replica stands by.
    known: Option<Nodes>,
    /// The same details once more, for the pods that wait.
    plans: watch::Receiver<Arc<Details>>,
    /// The pods that wait, as the client heard of last.
    pending: Option<Arc<Pending>>,
}

/// What has happened.
enum News {
    /// The stream has lasted long enough.
    Over,
    /// This replica begins to lead, or stands by.
    Term,
    States(Option<Update>),
    Details,
    Pending,
    Discovered,
    Audit(Result<Arc<Entry>, RecvError>),
}

/// The event `snapshot`: everything, in place of all that was told before.
#[derive(Serialize, ToSchema)]
pub(super) struct SnapshotTold<'a> {
    /// The generation of node states.
    generation: u64,
    nodes: Vec<NodeShown<'a>>,
    groups: Vec<GroupShown<'a>>,
}

/// The event `changes`: what is different of nodes and NodeGroups, and what is gone.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangesTold<'a> {
    /// The generation of node states.
    generation: u64,
    /// The nodes that are new or different.
    nodes: Vec<NodeShown<'a>>,
    /// The nodes that are gone.
    gone_nodes: Vec<GoneNode<'a>>,
    /// The NodeGroups that are new or different.
    groups: Vec<GroupShown<'a>>,
    /// The NodeGroups that are gone, as `namespace/name`.
    gone_groups: Vec<String>,
}

/// A node that is gone.
#[derive(Serialize, ToSchema)]
pub(super) struct GoneNode<'a> {
    /// The name that it had.
    name: &'a str,
    /// Whether there was a Node, or only a VPSieNode that has its Node now or is gone.
    joined: bool,
}

/// The event `audit-missed`: the client read too slowly for some entries.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditMissed {
    /// How many; `/api/audit` has them.
    missed: u64,
}

/// Tells of everything that changes, as server-sent events.
///
/// First comes `snapshot` with all nodes and NodeGroups, or `standby` while another replica leads; then `changes` with
/// those that differ, `audit` with each new entry, `audit-missed`, and `discovery` and `pending` when the live instances or
/// the pods that wait changed, without these. After a while the stream ends and the client comes again.
#[utoipa::path(
    get,
    path = "/api/stream",
    operation_id = "stream",
    tag = "fleet",
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        super::description::Refusals,
    )
)]
pub(super) async fn stream(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let client = shared.clients.open(guard::client(request.extensions()))?;
    let told = Told::new(shared, client);
    let events = stream::unfold(told, |mut told| async move {
        let event = told.next().await?;
        Some((Ok(event), told))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

// === impl Told ===

impl Told {
    fn new(shared: Arc<Shared>, client: Client) -> Self {
        let sources = &shared.sources;
        let mut states = sources.states.clone();
        // The first thing that is told is whether this replica leads.
        states.mark_changed();
        let mut discovered = sources.discovered.clone();
        discovered.mark_changed();
        let mut plans = sources.details.clone();
        plans.mark_changed();
        Self {
            until: Instant::now() + shared.limits.longest_stream,
            states,
            subscription: None,
            details: sources.details.clone(),
            discovered,
            audit: sources.audit.news(),
            known: None,
            plans,
            pending: None,
            shared,
            _client: client,
        }
    }

    /// Waits for the next event; nothing at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let told = match self.news().await {
                News::Over => return None,
                News::Term => self.term(),
                News::States(None) => {
                    self.subscription = None;
                    None
                }
                News::States(Some(update)) => self.states_changed(&update),
                News::Details => self.details_changed(),
                News::Pending => self.pending_changed(),
                News::Discovered => self.discovered_changed(),
                News::Audit(Ok(entry)) => event("audit", &*entry),
                News::Audit(Err(RecvError::Lagged(missed))) => event("audit-missed", &AuditMissed { missed }),
                // Whoever records is gone, and with him the process.
                News::Audit(Err(RecvError::Closed)) => return None,
            };
            if let Some((name, event)) = told {
                self.shared.series.sent(name);
                return Some(event);
            }
        }
    }

    async fn news(&mut self) -> News {
        let updates = async {
            match &mut self.subscription {
                Some(subscription) => subscription.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep_until(self.until) => News::Over,
            changed = self.states.changed() => changed.map_or(News::Over, |()| News::Term),
            update = updates => News::States(update),
            () = changes(&mut self.details) => News::Details,
            () = changes(&mut self.plans) => News::Pending,
            () = changes(&mut self.discovered) => News::Discovered,
            entry = self.audit.recv() => News::Audit(entry),
        }
    }

    /// Subscribes to the states of a new term, or says that there are none.
    fn term(&mut self) -> Option<(&'static str, Event)> {
        let reader = self.states.borrow_and_update().clone();
        self.subscription = reader.map(|reader| reader.subscribe("stream", Filter::all()));
        if self.subscription.is_some() {
            // The first update is the snapshot.
            return None;
        }
        self.known = None;
        event("standby", &serde_json::json!({}))
    }

    fn states_changed(&mut self, update: &Update) -> Option<(&'static str, Event)> {
        let now = Nodes {
            snapshot: Arc::clone(update.snapshot()),
            details: Arc::clone(&self.details.borrow()),
        };
        let told = match update {
            Update::Snapshot { .. } => event("snapshot", &SnapshotTold::of(&now)),
            Update::Changes { nodes, groups, .. } => {
                event("changes", &ChangesTold::of(&now, nodes.keys(), groups.keys()))
            }
        };
        // What the details have besides is told when they are looked at.
        let details = self.known.as_ref().map(|known| Arc::clone(&known.details));
        let details = match update {
            Update::Snapshot { .. } => Arc::clone(&now.details),
            Update::Changes { .. } => details.unwrap_or_default(),
        };
        self.known = Some(Nodes { details, ..now });
        told
    }

    /// Tells of the nodes and NodeGroups of which something else is known.
    fn details_changed(&mut self) -> Option<(&'static str, Event)> {
        let details = Arc::clone(&self.details.borrow_and_update());
        let before = self.known.take()?;
        let now = Nodes {
            snapshot: Arc::clone(&before.snapshot),
            details,
        };
        let states = now.snapshot.all();
        let differ = states.filter(|state| now.knows_otherwise(&before, state));
        let subjects: Vec<Subject> = differ.map(|state| state.subject.clone()).collect();
        let keys = now.snapshot.groups();
        let differ = keys.filter(|key| now.details.groups.get(*key) != before.details.groups.get(*key));
        let groups: Vec<GroupKey> = differ.cloned().collect();
        let is_same = subjects.is_empty() && groups.is_empty();
        let told =
            (!is_same).then(|| event("changes", &ChangesTold::of(&now, subjects.iter(), groups.iter())));
        self.known = Some(now);
        told.flatten()
    }

    /// Says that the pods that wait are different; who wants them asks for them.
    fn pending_changed(&mut self) -> Option<(&'static str, Event)> {
        let newest = self.plans.borrow_and_update().pending.clone()?;
        if self.pending.as_ref() == Some(&newest) {
            return None;
        }
        let told = event("pending", &PendingChanged::of(&newest));
        self.pending = Some(newest);
        told
    }

    /// Says that the live instances are different; who wants them asks for them, with the tag of those that it has.
    fn discovered_changed(&mut self) -> Option<(&'static str, Event)> {
        let newest = self.discovered.borrow_and_update().clone()?;
        event("discovery", &DiscoveryShown::of(&newest))
    }
}

/// Waits for a change; for ever where no more can come.
async fn changes<T>(receiver: &mut watch::Receiver<T>) {
    if receiver.changed().await.is_err() {
        std::future::pending().await
    }
}

fn event(name: &'static str, data: &impl Serialize) -> Option<(&'static str, Event)> {
    let event = Event::default().event(name).retry(COME_AGAIN).json_data(data);
    match event {
        Ok(event) => Some((name, event)),
        Err(error) => {
            tracing::error!(%error, name, "an event of the stream cannot be written");
            None
        }
    }
}

// === impl SnapshotTold ===

impl<'a> SnapshotTold<'a> {
    fn of(nodes: &'a Nodes) -> Self {
        let groups = nodes.snapshot.groups();
        Self {
            generation: nodes.snapshot.generation(),
            nodes: nodes.snapshot.all().map(|state| nodes.node(state)).collect(),
            groups: groups.filter_map(|key| nodes.group(key)).collect(),
        }
    }
}

// === impl ChangesTold ===

impl<'a> ChangesTold<'a> {
    fn of(
        now: &'a Nodes,
        subjects: impl Iterator<Item = &'a Subject>,
        groups: impl Iterator<Item = &'a GroupKey>,
    ) -> Self {
        let mut told = Self {
            generation: now.snapshot.generation(),
            nodes: Vec::new(),
            gone_nodes: Vec::new(),
            groups: Vec::new(),
            gone_groups: Vec::new(),
        };
        for subject in subjects {
            match now.snapshot.get(subject) {
                Some(state) => told.nodes.push(now.node(state)),
                None => told.gone_nodes.push(GoneNode {
                    name: subject.name(),
                    joined: matches!(subject, Subject::Node(_)),
                }),
            }
        }
        for key in groups.collect::<BTreeSet<_>>() {
            match now.group(key) {
                Some(group) => told.groups.push(group),
                None => told.gone_groups.push(key.to_string()),
            }
        }
        told
    }
}
