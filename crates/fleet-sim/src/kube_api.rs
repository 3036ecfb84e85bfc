//! A Kubernetes API in memory behind a real [`kube::Client`]: no sockets, no threads, no real time.
//!
//! What it keeps of the real server, because an operator can only be wrong about it: one global
//! `resourceVersion`, optimistic locking, `generation`, the status subresource, finalizers and
//! `deletionTimestamp`, preconditions, generated names, label syntax, list in pages and watch with bookmarks and
//! `410 Gone`, custom resource definitions with pruning, defaults and validation, evictions that ask disruption
//! budgets, and errors as `Status`. `tests/conformance.rs` asks both servers the same.
//!
//! What it leaves out: conflicts between appliers (every server-side apply is as if forced), CEL rules,
//! admission plugins (a new Node gets no `not-ready` taint) and webhooks, RBAC, garbage collection by owner
//! reference, grace periods of Pods, aggregated discovery, and the
//! controllers of a control plane: a Namespace that is deleted stays `Terminating`, and the status of a disruption
//! budget is what a test writes. Custom resource definitions are served the moment they are stored.
//!
//! ```no_run
//! # async fn example() -> Result<(), kube::Error> {
//! use fleet_sim::{clock::SimClock, kube_api::KubeApi};
//! use k8s_openapi::api::core::v1::Node;
//!
//! let api = KubeApi::new(SimClock::starting_at(chrono::DateTime::UNIX_EPOCH));
//! let nodes: kube::Api<Node> = kube::Api::all(api.client());
//! assert!(nodes.list(&Default::default()).await?.items.is_empty());
//! # Ok(())
//! # }
//! ```

mod admit;
mod answer;
mod builtin;
mod definition;
mod discovery;
mod fault;
mod metadata;
mod patch;
mod path;
mod read;
mod record;
mod schema;
mod selector;
mod service;
mod status_error;
mod store;
mod watch;
mod write;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::clock::SimClock;

pub use fault::{KubeFault, KubeFaultEffect};
pub use record::{Verb, WriteRecord};

use status_error::ApiError;
use store::State;

/// Simulates a Kubernetes API server; a cheap handle, every clone is the same server.
#[derive(Clone)]
pub struct KubeApi {
    shared: Arc<Shared>,
}

struct Shared {
    clock: SimClock,
    state: Mutex<State>,
    /// Raised whenever an open watch may have something to do.
    changed: tokio::sync::watch::Sender<u64>,
}

/// Why an object could not be put into the simulated server by [`KubeApi::install_crd`].
#[derive(Debug, thiserror::Error)]
#[error("the simulated API server refused the definition, correct it and install again: {message}")]
pub struct InstallError {
    message: String,
}

// === impl KubeApi ===

impl KubeApi {
    /// Starts an empty server: the namespaces every cluster has, the built-in kinds, nothing else.
    pub fn new(clock: SimClock) -> KubeApi {
        Self::with_seed(clock, 0)
    }

    /// Starts an empty server whose uids and generated names follow from `seed`.
    pub fn with_seed(clock: SimClock, seed: u64) -> KubeApi {
        let state = State::starting_at(clock.now(), seed);
        let (changed, _) = tokio::sync::watch::channel(0);
        KubeApi {
            shared: Arc::new(Shared {
                clock,
                state: Mutex::new(state),
                changed,
            }),
        }
    }

    /// Connects an ordinary client in process. Must be called inside a tokio runtime.
    pub fn client(&self) -> kube::Client {
        self.client_in("default")
    }

    /// Connects a client whose default namespace is `namespace`.
    pub fn client_in(&self, namespace: &str) -> kube::Client {
        kube::Client::new(service::InProcess::new(self.clone()), namespace)
    }

    /// Installs a custom resource definition, or brings an installed one up to date. Takes anything that
    /// serialises like a `CustomResourceDefinition`, a `serde_json::Value` among them.
    pub fn install_crd<D: serde::Serialize>(&self, definition: &D) -> Result<(), InstallError> {
        let refused = |message: String| InstallError { message };
        let object = serde_json::to_value(definition).map_err(|error| refused(error.to_string()))?;
        let now = self.shared.clock.now();
        let outcome = write::apply_definition(&mut self.lock(), object, now);
        self.wake_watches();
        outcome
            .map(|_| ())
            .map_err(|error: ApiError| refused(error.message().to_owned()))
    }

    /// Reads all objects of a resource as stored, ordered by namespace and name. `resource` is the plural
    /// name (`nodes`), with the group when two groups share it (`events.events.k8s.io`).
    pub fn objects(&self, resource: &str) -> Vec<Value> {
        self.lock().objects(resource)
    }

    /// Reads one object as stored; `namespace` is empty for cluster-wide kinds.
    pub fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let key = (namespace.to_owned(), name.to_owned());
        let state = self.lock();
        let found = state.shelves(resource).find_map(|shelf| shelf.objects.get(&key));
        found.map(|object| (**object).clone())
    }

    /// Lists the write requests so far, refused ones included, oldest first; bounded, the oldest are dropped.
    pub fn writes(&self) -> Vec<WriteRecord> {
        self.lock().writes.to_vec()
    }

    /// Lists the write requests after the first `seen`, as [`Self::write_count`] counts them, oldest first; of those
    /// only the ones that are still kept.
    pub fn writes_after(&self, seen: u64) -> Vec<WriteRecord> {
        self.lock().writes.after(seen)
    }

    /// Counts the write requests since the start, including those no longer listed by [`Self::writes`].
    pub fn write_count(&self) -> u64 {
        self.lock().writes.total()
    }

    /// Lists the last version of every object that was removed, oldest first; bounded like the writes.
    pub fn deleted(&self) -> Vec<Value> {
        self.lock().deleted.to_vec()
    }

    /// Tells the newest `resourceVersion`.
    pub fn resource_version(&self) -> u64 {
        self.lock().version
    }

    /// Queues a fault; the first call it matches suffers it, once.
    pub fn fault(&self, fault: KubeFault) {
        self.lock().faults.push(fault);
    }

    /// Tells how many queued faults have not struck yet.
    pub fn faults_left(&self) -> usize {
        self.lock().faults.len()
    }

    /// Ends every open watch at once, as a restarting load balancer does. Nothing is lost: a client resumes.
    pub fn cut_watches(&self) {
        self.lock().cut_watches(None);
        self.wake_watches();
    }

    /// Forgets the history of changes, so that watches from older versions are answered with `410 Gone`.
    pub fn compact(&self) {
        self.lock().compact();
    }

    /// Limits how many changes per resource stay available to resuming watches (default 20,000).
    pub fn keep_history(&self, changes: usize) {
        self.lock().keep_history(changes);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_watches(&self) {
        self.shared.changed.send_modify(|count| *count += 1);
    }
}

impl std::fmt::Debug for KubeApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubeApi")
            .field("version", &self.resource_version())
            .finish_non_exhaustive()
    }
}
