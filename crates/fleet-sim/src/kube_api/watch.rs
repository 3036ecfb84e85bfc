//! The watch verb: a stream of changes that resumes from any version still in the history.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream};
use http_body::Frame;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::KubeApi;
use super::builtin::Kind;
use super::path::{Query, ResourcePath};
use super::read;
use super::selector::Selector;
use super::status_error::ApiError;
use super::store::{Change, State};

/// How often an idle watch that allows bookmarks is told the newest version.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long a watch lasts that names no limit; the real server picks 30 to 60 minutes.
const LONGEST: Duration = Duration::from_secs(45 * 60);

/// One open watch.
pub(super) struct Watch {
    api: KubeApi,
    kind: Arc<Kind>,
    namespace: Option<String>,
    selector: Selector,
    metadata_only: bool,
    bookmarks: bool,
    /// Changes up to this version have been told.
    told: u64,
    cuts: u64,
    ready: VecDeque<Value>,
    ends: Instant,
    next_bookmark: Instant,
    changed: Receiver<u64>,
    over: bool,
}

/// Opens a watch; its first events are decided under the same lock.
pub(super) fn open(
    api: &KubeApi,
    state: &mut State,
    kind: &Arc<Kind>,
    path: &ResourcePath,
    query: &Query,
    metadata_only: bool,
) -> Result<Watch, ApiError> {
    let selector = read::selector(kind, path, query)?;
    // As the real server: a list refuses an unreadable version, a watch breaks on it.
    read::wanted_version(query).map_err(|error| ApiError::internal(error.message()))?;
    let from = read::refuse_the_future(query, state.version)?;
    let initial = query.is_true("sendInitialEvents");
    if initial && query.get("resourceVersionMatch") != Some("NotOlderThan") {
        return Err(ApiError::match_required());
    }
    let seconds = query.get("timeoutSeconds").and_then(|text| text.parse().ok());
    let now = Instant::now();
    let mut watch = Watch {
        api: api.clone(),
        kind: kind.clone(),
        namespace: path.namespace.clone(),
        selector,
        metadata_only,
        bookmarks: query.is_true("allowWatchBookmarks"),
        told: from,
        cuts: state.shelf(&kind.key).cuts,
        ready: VecDeque::new(),
        ends: now + seconds.map_or(LONGEST, Duration::from_secs),
        next_bookmark: now + BOOKMARK_EVERY,
        changed: api.shared.changed.subscribe(),
        over: false,
    };
    if initial || from == 0 {
        watch.begin_with_all(state, initial);
    }
    Ok(watch)
}

// === impl Watch ===

impl Watch {
    /// Ends at once with an error event, as the real server does with a version that is too old.
    pub(super) fn fail(mut self, error: &ApiError) -> Watch {
        self.ready = VecDeque::from([json!({"type": "ERROR", "object": error.to_status()})]);
        self.over = true;
        self
    }

    /// Turns the watch into the frames of a response body, one JSON document per line.
    pub(super) fn into_frames(self) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Send {
        stream::unfold(self, |mut watch| async move {
            let event = watch.next_event().await?;
            let mut line = event.to_string();
            line.push('\n');
            Some((Ok(Frame::data(Bytes::from(line))), watch))
        })
    }

    async fn next_event(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            self.changed.mark_unchanged();
            self.collect();
            if self.ready.is_empty() && !self.over {
                self.wait().await;
            }
        }
    }

    /// Waits for a change, the next bookmark or the end, whichever comes first.
    async fn wait(&mut self) {
        let until = if self.bookmarks {
            self.ends.min(self.next_bookmark)
        } else {
            self.ends
        };
        let waited = tokio::time::timeout_at(until, self.changed.changed()).await;
        if waited.is_ok_and(|changed| changed.is_ok()) {
            return;
        }
        self.collect();
        self.over |= Instant::now() >= self.ends;
        if self.bookmarks {
            self.next_bookmark = Instant::now() + BOOKMARK_EVERY;
            let bookmark = self.bookmark(json!({}));
            self.ready.push_back(bookmark);
        }
    }

    /// Collects what happened since the last look.
    fn collect(&mut self) {
        let api = self.api.clone();
        let mut state = api.lock();
        let newest = state.version;
        let shelf = state.shelf(&self.kind.key);
        if shelf.cuts != self.cuts {
            self.over = true;
            return;
        }
        if self.told < shelf.forgotten {
            let gone = ApiError::expired(self.told, shelf.forgotten);
            self.ready
                .push_back(json!({"type": "ERROR", "object": gone.to_status()}));
            self.over = true;
            return;
        }
        let start = shelf
            .changes
            .partition_point(|change| change.version <= self.told);
        let events: Vec<Value> = shelf
            .changes
            .range(start..)
            .filter_map(|change| self.event(change))
            .collect();
        self.ready.extend(events);
        self.told = newest;
    }

    fn begin_with_all(&mut self, state: &mut State, mark_the_end: bool) {
        self.told = state.version;
        let wanted = state
            .shelf(&self.kind.key)
            .objects
            .values()
            .filter(|object| self.concerns(object));
        let events: Vec<Value> = wanted.map(|object| self.shown("ADDED", object)).collect();
        self.ready.extend(events);
        if mark_the_end {
            let end = self.bookmark(json!({"annotations": {"k8s.io/initial-events-end": "true"}}));
            self.ready.push_back(end);
        }
    }

    fn concerns(&self, object: &Value) -> bool {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("");
        self.namespace.as_deref().is_none_or(|it| it == namespace) && self.selector.matches(object)
    }

    /// What a change is to this watch: an object that stops matching is gone for it.
    fn event(&self, change: &Change) -> Option<Value> {
        let was = change.before.as_ref().is_some_and(|before| self.concerns(before));
        let is = !change.gone && self.concerns(&change.after);
        match (was, is) {
            (false, false) => None,
            (false, true) => Some(self.shown("ADDED", &change.after)),
            (true, true) => Some(self.shown("MODIFIED", &change.after)),
            (true, false) if change.gone => Some(self.shown("DELETED", &change.after)),
            (true, false) => {
                let mut last = change.before.as_deref().cloned().unwrap_or_default();
                last["metadata"]["resourceVersion"] = change.version.to_string().into();
                Some(self.shown("DELETED", &last))
            }
        }
    }

    fn shown(&self, event: &str, object: &Value) -> Value {
        let object = if self.metadata_only {
            read::metadata_only(object)
        } else {
            read::view(&self.kind, object)
        };
        json!({"type": event, "object": object})
    }

    fn bookmark(&self, mut metadata: Value) -> Value {
        metadata["resourceVersion"] = self.told.to_string().into();
        // Typed clients decode a bookmark like any object, and every object has a creation time.
        metadata["creationTimestamp"] = Value::Null;
        let (api_version, kind) = if self.metadata_only {
            ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata")
        } else {
            (self.kind.api_version(), self.kind.kind.as_str())
        };
        json!({"type": "BOOKMARK", "object": {"apiVersion": api_version, "kind": kind, "metadata": metadata}})
    }
}
