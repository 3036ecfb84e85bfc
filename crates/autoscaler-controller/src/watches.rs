//! Kubernetes, watched: eleven kinds in memory, never listed in a loop.

mod first;
pub(crate) mod fitting;
mod followed;
mod lean;
mod store;
mod supplies;
mod trim;
mod unreadable;

use crate::backlog::Backlog;
use crate::kept::{Node, VPSieNode};
use crate::pods::PodIndex;
use crate::resources::{self, NodeGroup};
use first::{Told, check};
use followed::Followed;
pub use followed::{Marked, News, Place};
use futures::{FutureExt as _, Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{self, Pod};
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use lean::{Lean, Watched, kept};
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use store::Store;
pub use supplies::Supplies;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use unreadable::Sieve;
pub use unreadable::{Places, Unreadable};

/// Objects of one answer to a list. Of an answer the whole text is in memory, twice for a moment, and a Node with its images
/// has some twenty kB: so it is two MB, and 150,000 pods are still listed in some seconds.
const PAGE: u32 = 100;

/// The watched objects, and a signal that any of them changed.
pub struct Watches {
    groups: Followed<NodeGroup>,
    vpsie_nodes: Followed<VPSieNode>,
    nodes: Followed<Node>,
    pods: Arc<Mutex<PodIndex>>,
    backlog: Arc<Mutex<Backlog>>,
    supplies: Supplies,
    signals: Signals,
    tasks: JoinSet<()>,
}

/// What changed since it was last asked for.
#[derive(Debug)]
pub struct Changes {
    /// NodeGroups.
    pub groups: News<NodeGroup>,
    /// VPSieNodes.
    pub vpsie_nodes: News<VPSieNode>,
    /// Nodes.
    pub nodes: News<Node>,
    /// The Nodes on which workload pods changed.
    pub pods: Marked,
}

/// Wakes who waits for a change.
#[derive(Clone, Default)]
struct Signals {
    /// Something changed that decisions may depend on.
    changed: Arc<Notify>,
    /// The same, for who gathers changes and takes none away from who waits for the next.
    stirred: Arc<Notify>,
    /// Something changed, be it one pod among others.
    marked: Arc<Notify>,
    /// Pods are called unschedulable, or no longer, since somebody asked.
    called: Arc<AtomicBool>,
    /// How much the watches have told.
    told: Arc<Told>,
}

/// Why the watches did not start.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// A kind is not known to the API server.
    #[error(
        "{kind} is not known to the API server; apply the resource definitions: `autoscaler crd | kubectl apply -f -`"
    )]
    NotInstalled {
        /// The missing kind.
        kind: String,
    },
    /// The API server does not let us list a kind.
    #[error(
        "the API server forbids list on {resource}; grant list and watch on {resource} to the autoscaler's service account"
    )]
    Forbidden {
        /// What may not be listed, in the word that a role has for it.
        resource: String,
    },
    /// The API server could not be asked.
    #[error("listing {kind} failed; check the kubeconfig and that the API server is reachable")]
    Unreachable {
        /// The kind that was being listed.
        kind: String,
        /// What the client says.
        #[source]
        source: Box<kube::Error>,
    },
    /// The first lists did not arrive in time.
    #[error(
        "the first lists of the API server did not arrive: nothing for 60 seconds, or not all in 10 minutes"
    )]
    TimedOut,
}

// === impl Watches ===

impl Watches {
    /// Checks that each kind can be listed, starts its watch, and waits for the first lists.
    ///
    /// # Errors
    ///
    /// Names the kind that cannot be listed and what to do about it.
    pub async fn start(client: &Client) -> Result<Self, WatchError> {
        check::<NodeGroup>(client).await?;
        check::<resources::VPSieNode>(client).await?;
        check::<v1::Node>(client).await?;
        check::<Pod>(client).await?;
        let mut tasks = JoinSet::new();
        let signals = Signals::default();
        let groups = watch::<NodeGroup>(client, &signals, &mut tasks);
        let vpsie_nodes = watch::<resources::VPSieNode>(client, &signals, &mut tasks);
        let nodes = watch::<v1::Node>(client, &signals, &mut tasks);
        let supplies = Supplies::start(client, &mut tasks).await?;
        let (pods, backlog) = (Arc::default(), Arc::default());
        let kept = (Arc::clone(&pods), Arc::clone(&backlog));
        let pods_listed = watch_pods(client, kept, &signals, &mut tasks);
        let first_lists = async {
            let listed =
                futures::future::join3(groups.is_listed(), vpsie_nodes.is_listed(), nodes.is_listed());
            listed.await == (true, true, true) && pods_listed.await.is_ok() && supplies.are_listed().await
        };
        match first::arrive(first_lists, &signals.told).await {
            Some(true) => Ok(Self {
                groups,
                vpsie_nodes,
                nodes,
                pods,
                backlog,
                supplies,
                signals,
                tasks,
            }),
            Some(false) | None => Err(WatchError::TimedOut),
        }
    }

    /// Returns all NodeGroups in order of namespace and name.
    pub fn groups(&self) -> Vec<Arc<NodeGroup>> {
        self.groups.sorted()
    }

    /// Returns all VPSieNodes in order of namespace and name.
    pub fn vpsie_nodes(&self) -> Vec<Arc<VPSieNode>> {
        self.vpsie_nodes.sorted()
    }

    /// Returns the VPSieNode of this namespace and name.
    pub fn vpsie_node(&self, place: &Place) -> Option<Arc<VPSieNode>> {
        self.vpsie_nodes.find(place)
    }

    /// Returns all Nodes in order of their name.
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.nodes.sorted()
    }

    /// Returns the workload pods of every Node. The watch waits while they are looked at.
    pub fn pods(&self) -> MutexGuard<'_, PodIndex> {
        followed::lock(&self.pods)
    }

    /// Returns what planning knows of pods. The watch waits while it is looked at.
    pub fn backlog(&self) -> MutexGuard<'_, Backlog> {
        followed::lock(&self.backlog)
    }

    /// Returns what else a plan is made from.
    pub fn supplies(&self) -> &Supplies {
        &self.supplies
    }

    /// Returns what is there of these kinds and cannot be read.
    pub fn unreadable(&self) -> Unreadable {
        Unreadable {
            groups: self.groups.unreadable(),
            vpsie_nodes: self.vpsie_nodes.unreadable(),
            nodes: self.nodes.unreadable(),
        }
    }

    /// Waits until some watched object changed since the last call. Of pods only the first and the last workload pod
    /// of a Node count; those in between are seen in the next pass.
    pub async fn changed(&self) {
        self.signals.changed.notified().await;
    }

    /// Waits until some watched object changed, or did so before; [`Self::changed`] tells of it all the same.
    pub async fn stirred(&self) {
        self.signals.stirred.notified().await;
    }

    /// Tells whether some watched object changed since the last call of this or of [`Self::changed`]; does not wait.
    pub fn has_changed(&self) -> bool {
        self.signals.changed.notified().now_or_never().is_some()
    }

    /// Lets the next call of [`Self::changed`] return at once, as if some object had changed.
    pub fn look_again(&self) {
        self.signals.changed.notify_one();
    }

    /// Tells whether pods are called unschedulable, or no longer, since [`Self::hear_calls`].
    pub fn has_calls(&self) -> bool {
        self.signals.called.load(Ordering::Relaxed)
    }

    /// Says that what pods are called so far is heard: a plan is made after this.
    pub fn hear_calls(&self) {
        self.signals.called.store(false, Ordering::Relaxed);
    }

    /// Returns what changed since the last call; each change is returned once, to whoever asks first.
    pub fn changes(&self) -> Changes {
        Changes {
            groups: self.groups.news(),
            vpsie_nodes: self.vpsie_nodes.news(),
            nodes: self.nodes.news(),
            pods: self.pods().take_touched(),
        }
    }

    /// Lets the next call of [`Self::changes`] return everything there is.
    pub fn mark_all(&self) {
        self.groups.mark_all();
        self.vpsie_nodes.mark_all();
        self.nodes.mark_all();
    }

    /// Waits until there is something that [`Self::changes`] would return.
    pub async fn marked(&self) {
        while !self.is_marked() {
            self.signals.marked.notified().await;
        }
    }

    fn is_marked(&self) -> bool {
        self.groups.is_marked()
            || self.vpsie_nodes.is_marked()
            || self.nodes.is_marked()
            || self.pods().is_touched()
    }

    /// Tells whether a watch ended, which none does by itself.
    pub fn is_broken(&mut self) -> bool {
        self.tasks.try_join_next().is_some()
    }
}

// === impl Signals ===

impl Signals {
    /// Says that something changed that decisions may depend on.
    fn change(&self) {
        self.changed.notify_one();
        self.stirred.notify_one();
    }
}

fn watch<K: Watched>(client: &Client, signals: &Signals, tasks: &mut JoinSet<()>) -> Followed<K::Kept> {
    let store = Arc::<Store<K::Kept>>::default();
    let (marked, sieve) = (Arc::<Mutex<Marked>>::default(), Arc::<Mutex<Sieve>>::default());
    let followed = Followed::new(Arc::clone(&store), Arc::clone(&marked), Arc::clone(&sieve));
    let (signals, events) = (signals.clone(), events::<K>(client));
    tasks.spawn(async move {
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            let Ok(event) = event else { continue };
            signals.told.more();
            let event =
                followed::lock(&sieve).take(event, |place| store.find(place).map(Arc::unwrap_or_clone));
            let Some(event) = event else {
                // That an object cannot be read, or is gone, is all that there is to see.
                signals.changed.notify_one();
                continue;
            };
            let told = followed::told_of(&event);
            // What is marked is there to be read.
            store.take(event);
            followed::lock(&marked).add_all(told);
            signals.marked.notify_one();
            signals.change();
        }
    });
    followed
}

/// Watches pods without keeping them; the answer comes once the first list is complete.
fn watch_pods(
    client: &Client,
    (index, backlog): (Arc<Mutex<PodIndex>>, Arc<Mutex<Backlog>>),
    signals: &Signals,
    tasks: &mut JoinSet<()>,
) -> oneshot::Receiver<()> {
    let (complete, listed) = oneshot::channel();
    let signals = signals.clone();
    // Before a machine goes, the pods of its Node are read once more: one that cannot be read holds it then.
    let mut sieve = Sieve::default();
    let events = events::<Pod>(client)
        .try_filter_map(move |event| std::future::ready(Ok(sieve.take(event, |_| None))));
    tasks.spawn(async move {
        let mut complete = Some(complete);
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            let Ok(event) = event else { continue };
            signals.told.more();
            let is_complete = matches!(event, Event::InitDone);
            let is_called = followed::lock(&backlog).take(&event);
            let is_news = followed::lock(&index).take(event);
            // Of a new list nobody can tell what is new in it, so it is taken in without haste.
            signals
                .called
                .fetch_or(is_called && !is_complete, Ordering::Relaxed);
            signals.marked.notify_one();
            if is_news || is_called {
                signals.change();
            }
            if let Some(complete) = complete.take_if(|_| is_complete) {
                // Nobody waits any longer when the other first lists took too long.
                let _ = complete.send(());
            }
        }
    });
    listed
}

/// Follows a kind for ever: after an error it waits a little longer each time and lists anew.
fn events<K: Watched>(
    client: &Client,
) -> impl Stream<Item = watcher::Result<Event<Lean<K::Kept>>>> + Send + 'static {
    watcher(
        Api::<Lean<K>>::all(client.clone()),
        watcher::Config::default().page_size(PAGE),
    )
    .default_backoff()
    .map_ok(kept)
    .inspect_err(|error| tracing::warn!(kind = %K::kind(&()), %error, "the watch was cut and resumes"))
}
