//! A server on this machine between a process and an API, which kills the process at a chosen request, or refuses its
//! lists and cuts its watches.
//!
//! ```text
//!  process ──HTTP──▶ Interceptor ──▶ Kubernetes (over TLS, as the operator), or the simulated VPSie
//!     ▲                  │
//!     └───── SIGKILL ────┘ before the request is passed on, or after its reply has come and before it is given back
//! ```

mod reads;

use std::future::pending;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use kube::{Client, Config};
use reads::{Read, Reads};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use vpsie_api::Transport;

use crate::wire::{Sent, Side};

/// No request of the operator comes near; a larger one is a mistake.
const BODY_LIMIT: usize = 4 << 20;

/// When the process dies, seen from the request that it dies at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The request has left the process and arrives nowhere.
    Before,
    /// The request has done its work, and its reply arrives nowhere.
    After,
}

/// Serves until it is dropped.
pub struct Interceptor {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// The API behind an interceptor.
enum Behind {
    Kubernetes(Client),
    Vpsie(Arc<dyn Transport>),
}

struct Shared {
    behind: Behind,
    plan: Mutex<Option<Plan>>,
    killed: Notify,
    reads: Reads,
}

#[derive(Clone, Copy)]
struct Plan {
    moment: Moment,
    fits: fn(&Sent) -> bool,
    process: u32,
}

// === impl Interceptor ===

impl Interceptor {
    /// Serves the Kubernetes API with the rights of a client.
    pub async fn kubernetes(client: Client) -> Self {
        Self::start(Behind::Kubernetes(client)).await
    }

    /// Serves the VPSie API.
    pub async fn vpsie(transport: Arc<dyn Transport>) -> Self {
        Self::start(Behind::Vpsie(transport)).await
    }

    async fn start(behind: Behind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        let shared = Arc::new(Shared {
            behind,
            plan: Mutex::default(),
            killed: Notify::new(),
            reads: Reads::default(),
        });
        let answering = Arc::clone(&shared);
        let app = Router::new().fallback(move |request| answer(Arc::clone(&answering), request));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { port, shared, task }
    }

    /// Returns where it serves, without a path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes a kubeconfig that leads here; whoever comes has the rights of the client behind.
    ///
    /// # Panics
    /// Panics when the folder cannot be written.
    pub fn kubeconfig(&self, folder: &Path) -> PathBuf {
        let path = folder.join("intercepted.kubeconfig");
        let content = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": self.url()}}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        });
        std::fs::write(&path, content.to_string()).expect("the folder can be written");
        path
    }

    /// Makes a client that leads here, for an operator in this process; like that of `run`, it tries nothing twice.
    ///
    /// # Panics
    /// Panics outside a tokio runtime.
    pub fn client(&self) -> Client {
        let mut config = Config::new(self.url().parse().expect("an address"));
        config.default_retry = false;
        Client::try_from(config).expect("it needs no credentials")
    }

    /// Answers every list and watch of the kinds that the operator follows with this code, until they may pass again.
    pub fn refuse_reads(&self, code: u16) {
        self.shared.reads.refuse(Some(code));
    }

    /// Waits until a list or watch of every such kind was refused.
    ///
    /// # Panics
    /// Panics when that takes more than a minute.
    pub async fn reads_are_refused(&self) {
        self.shared.reads.are_refused().await;
    }

    /// Lets lists and watches pass again.
    pub fn allow_reads(&self) {
        self.shared.reads.refuse(None);
    }

    /// Breaks every open watch off in the middle of its stream.
    pub fn cut_watches(&self) {
        self.shared.reads.cut();
    }

    /// Waits until every kind that the operator follows is watched.
    ///
    /// # Panics
    /// Panics when that takes more than a minute.
    pub async fn watches_are_open(&self) {
        self.shared.reads.are_open().await;
    }

    /// Plans to kill a process at the next request that fits, with SIGKILL.
    pub fn kill_at(&self, moment: Moment, fits: fn(&Sent) -> bool, process: u32) {
        let plan = Plan {
            moment,
            fits,
            process,
        };
        *self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(plan);
    }

    /// Waits until the planned kill has happened.
    pub async fn killed(&self) {
        self.shared.killed.notified().await;
    }
}

impl Drop for Interceptor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

// === impl Shared ===

impl Shared {
    /// Kills the process if this is the moment and the request; then no answer is ever given.
    async fn at(&self, moment: Moment, sent: &Sent) {
        let due = {
            let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
            plan.take_if(|plan| plan.moment == moment && (plan.fits)(sent))
        };
        let Some(plan) = due else { return };
        let killed = Command::new("kill")
            .args(["-9", &plan.process.to_string()])
            .status();
        assert!(
            killed.is_ok_and(|status| status.success()),
            "the process was alive"
        );
        self.killed.notify_one();
        pending().await
    }

    async fn pass_on(&self, request: Request<Bytes>) -> Response<Body> {
        match &self.behind {
            Behind::Vpsie(transport) => match transport.send(request).await {
                Ok(answer) => answer.map(Body::from),
                Err(_) => nobody(),
            },
            Behind::Kubernetes(client) => match client.send(request.map(Into::into)).await {
                Ok(answer) => answer.map(Body::new),
                Err(_) => nobody(),
            },
        }
    }

    fn side(&self) -> Side {
        match &self.behind {
            Behind::Kubernetes(_) => Side::Kubernetes,
            Behind::Vpsie(_) => Side::Vpsie,
        }
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Body>) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return nobody();
    };
    let sent = Sent {
        to: shared.side(),
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let read = Read::of(&head);
    if let Some(refusal) = read.and_then(|read| shared.reads.stop(read)) {
        return refusal;
    }
    shared.at(Moment::Before, &sent).await;
    drop_hops(&mut head.headers);
    let mut reply = shared.pass_on(Request::from_parts(head, body)).await;
    drop_hops(reply.headers_mut());
    shared.at(Moment::After, &sent).await;
    match read {
        Some(read) => shared.reads.follow(read, reply),
        None => reply,
    }
}

/// Takes away what is said for one connection only.
fn drop_hops(headers: &mut HeaderMap) {
    for name in [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
}

fn nobody() -> Response<Body> {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = StatusCode::BAD_GATEWAY;
    reply
}
