//! When pods were called unschedulable, when a node was promised to each, and when the requests left.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use autoscaler_controller::board::Board;
use autoscaler_controller::pending::Fate;
use bytes::Bytes;
use tokio::sync::watch;
use vpsie_api::{Transport, TransportError};

/// The header of a request that says whose it is: the uid of a VPSieNode.
const REQUEST_ID: &str = "x-request-id";

/// All stamps; clones share them.
#[derive(Clone, Default)]
pub(super) struct Stamps(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    called: BTreeMap<String, Instant>,
    /// By pod: when it was promised a node, and the name of the VPSieNode.
    promised: BTreeMap<String, (Instant, String)>,
    /// Uids of VPSieNodes by their names.
    uids: BTreeMap<String, String>,
    /// When requests left, by the uid of the VPSieNode.
    requested: BTreeMap<String, Instant>,
}

/// How long one pod waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    /// Until a node was promised to it: a new one, or one that is on its way already.
    pub(super) promised: Duration,
    /// Until the request for that node left; nothing where it had left before the pod came.
    pub(super) asked: Option<Duration>,
}

/// A transport that notes when requests leave.
struct Stamped {
    stamps: Stamps,
    inner: Arc<dyn Transport>,
}

// === impl Wait ===

impl Wait {
    /// Returns how long it was until both had happened.
    pub(super) fn all(self) -> Duration {
        self.asked.unwrap_or_default().max(self.promised)
    }
}

// === impl Stamps ===

impl Stamps {
    /// Notes that a pod is called unschedulable now.
    pub(super) fn called(&self, pod: &str) {
        self.kept().called.insert(pod.to_owned(), Instant::now());
    }

    /// Wraps a transport to VPSie.
    pub(super) fn transport(&self, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(Stamped {
            stamps: self.clone(),
            inner,
        })
    }

    /// Notes what each pass shows, until the operator ends.
    pub(super) async fn watch(self, mut boards: watch::Receiver<Arc<Board>>) {
        while boards.changed().await.is_ok() {
            let now = Instant::now();
            let board = Arc::clone(&boards.borrow_and_update());
            let mut kept = self.kept();
            for member in &board.members {
                let (name, uid) = (member.object.name_any(), member.object.uid());
                kept.uids.entry(name).or_insert_with(|| uid.unwrap_or_default());
            }
            for pod in board.pending.iter().flat_map(|pending| &pending.pods) {
                let node = match &pod.fate {
                    Fate::Incoming((_, name)) => name,
                    Fate::NewNode { member, .. } => member,
                    Fate::FitsNow(_) | Fate::Unhelpable(_) | Fate::Unreadable(_) | Fate::Ignored(_) => {
                        continue;
                    }
                };
                let promise = kept.promised.entry(pod.name.name.to_string());
                promise.or_insert_with(|| (now, node.clone()));
            }
        }
    }

    /// Returns how long each pod waited that is provided for: its node is promised and was asked for.
    pub(super) fn waits(&self) -> BTreeMap<String, Wait> {
        let kept = self.kept();
        let waits = kept.promised.iter().filter_map(|(pod, (promised, node))| {
            let called = *kept.called.get(pod)?;
            let requested = *kept.requested.get(kept.uids.get(node)?)?;
            let wait = Wait {
                promised: promised.duration_since(called),
                asked: requested.checked_duration_since(called),
            };
            Some((pod.clone(), wait))
        });
        waits.collect()
    }

    /// Counts the requests so far.
    pub(super) fn requests(&self) -> usize {
        self.kept().requested.len()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Stamped ===

#[async_trait]
impl Transport for Stamped {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let id = request.headers().get(REQUEST_ID);
        if let Some(id) = id.and_then(|id| id.to_str().ok()) {
            let mut kept = self.stamps.kept();
            kept.requested.entry(id.to_owned()).or_insert_with(Instant::now);
        }
        self.inner.send(request).await
    }
}
