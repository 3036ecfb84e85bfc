//! What an interceptor does to lists and watches: it answers them with errors, and cuts the watches that are open.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::wire::status;

/// The kinds that the operator follows, by their plural names.
const KINDS: [&str; 4] = ["nodegroups", "nodes", "pods", "vpsienodes"];

/// Longest wait for the operator to try again; it waits longer after each error in a row.
const LIMIT: Duration = Duration::from_secs(60);

/// A list or a watch of all objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    kind: &'static str,
    is_watch: bool,
}

/// The lists and watches that pass through one interceptor; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(watch::Sender<Traffic>);

/// What is done to them, and what was.
#[derive(Debug, Default)]
struct Traffic {
    /// Which code answers them; nothing while they pass.
    refusal: Option<u16>,
    /// Of which kinds one was refused since that began.
    refused: BTreeSet<&'static str>,
    /// The watches that are open, by their numbers.
    open: BTreeMap<u64, &'static str>,
    /// How many watches were opened so far.
    opened: u64,
}

/// One open watch, which is open no longer once it is dropped.
struct Open {
    reads: Reads,
    number: u64,
}

// === impl Read ===

impl Read {
    /// Recognises a list or watch of a kind that the operator follows.
    pub(super) fn of(head: &Parts) -> Option<Self> {
        let name = head.uri.path().rsplit('/').next()?;
        let kind = KINDS.into_iter().find(|kind| *kind == name)?;
        let mut parameters = head.uri.query().unwrap_or_default().split('&');
        let is_watch = parameters.any(|parameter| parameter == "watch=true");
        (head.method == Method::GET).then_some(Self { kind, is_watch })
    }

    /// Writes a refusal as an API server does: that a version is too old is said in the stream of a watch.
    fn refusal(self, code: u16) -> Response<Body> {
        let status = status(code);
        let (code, body) = if self.is_watch && code == 410 {
            (200, format!("{}\n", json!({ "type": "ERROR", "object": status })))
        } else {
            (code, status.to_string())
        };
        let mut reply = Response::new(Body::from(body));
        *reply.status_mut() = StatusCode::from_u16(code).expect("a code of HTTP");
        reply
    }
}

// === impl Reads ===

impl Reads {
    /// Answers every read with this code from now on, or lets all pass again.
    pub(super) fn refuse(&self, refusal: Option<u16>) {
        self.0.send_modify(|traffic| {
            traffic.refusal = refusal;
            traffic.refused.clear();
        });
    }

    /// Breaks every watch that is open off in the middle of its stream.
    pub(super) fn cut(&self) {
        self.0.send_modify(|traffic| traffic.open.clear());
    }

    /// Waits until a read of every kind was refused.
    pub(super) async fn are_refused(&self) {
        self.reach("every kind is refused", |traffic| {
            traffic.refused.len() == KINDS.len()
        })
        .await;
    }

    /// Waits until a watch of every kind is open.
    pub(super) async fn are_open(&self) {
        let all = |traffic: &Traffic| {
            let open = |kind| traffic.open.values().any(|other| *other == kind);
            KINDS.into_iter().all(open)
        };
        self.reach("every kind is watched", all).await;
    }

    async fn reach(&self, what: &str, is_so: impl FnMut(&Traffic) -> bool) {
        let mut traffic = self.0.subscribe();
        let reached = timeout(LIMIT, traffic.wait_for(is_so))
            .await
            .is_ok_and(|is| is.is_ok());
        assert!(reached, "it did not come to this: {what}: {:?}", self.0.borrow());
    }

    /// Answers a read, where it is not to pass.
    pub(super) fn stop(&self, read: Read) -> Option<Response<Body>> {
        let code = self.0.borrow().refusal?;
        self.0.send_modify(|traffic| {
            traffic.refused.insert(read.kind);
        });
        Some(read.refusal(code))
    }

    /// Lets the reply to a read go on its way; that to a watch ends with an error when watches are cut.
    pub(super) fn follow(&self, read: Read, reply: Response<Body>) -> Response<Body> {
        if !read.is_watch || !reply.status().is_success() {
            return reply;
        }
        let open = self.open(read.kind);
        reply.map(|body| Body::from_stream(open.pass(body.into_data_stream())))
    }

    fn open(&self, kind: &'static str) -> Open {
        let mut number = 0;
        self.0.send_modify(|traffic| {
            traffic.opened += 1;
            number = traffic.opened;
            traffic.open.insert(number, kind);
        });
        let reads = self.clone();
        Open { reads, number }
    }
}

// === impl Open ===

impl Open {
    /// Passes events on until the watch is cut.
    fn pass<E>(
        self,
        events: impl Stream<Item = Result<Bytes, E>> + Unpin + Send + 'static,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        stream::unfold((self, events), |(open, mut events)| async move {
            let event = tokio::select! {
                biased;
                () = open.cut() => Err(io::ErrorKind::ConnectionReset.into()),
                event = events.next() => event?.map_err(io::Error::other),
            };
            Some((event, (open, events)))
        })
    }

    async fn cut(&self) {
        let mut traffic = self.reads.0.subscribe();
        let cut = traffic.wait_for(|traffic| !traffic.open.contains_key(&self.number));
        // The sender is in `self`, so this ends with a cut only.
        let _ = cut.await;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.reads.0.send_modify(|traffic| {
            traffic.open.remove(&self.number);
        });
    }
}
