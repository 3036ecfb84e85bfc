//! The operator's two wires: every call to Kubernetes and to VPSie in order, and a cut at any of them.
//!
//! A cut is what the world sees of a process that dies: from one effect on nothing leaves any more, and no
//! answer arrives.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Notify;
use vpsie_api::{Transport, TransportError};

/// What a process says when it dies, in the span of what it was doing.
pub const LAST_WORDS: &str = "the process dies here";

/// Records both wires of one operator; clones are the same wires.
#[derive(Clone, Default)]
pub struct Wire(Arc<Shared>);

/// One call as it left.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Which API it went to.
    pub to: Side,
    /// What it does.
    pub method: Method,
    /// What it is about, without the query.
    pub path: String,
    /// Its body; null when there is none.
    pub body: Value,
}

/// Names the two outside worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The Kubernetes API.
    Kubernetes,
    /// The VPSie API.
    Vpsie,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    happened: Notify,
    released: Notify,
}

/// Says whether a call is one of those that something is to happen to.
type Fits = fn(&Sent) -> bool;

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    /// How many effects are left until the process dies.
    left: Option<usize>,
    is_dead: bool,
    /// Whether nothing passes to Kubernetes, in silence.
    is_cut_off: bool,
    held: Option<Fits>,
    /// Which call is done and its answer held.
    answer_held: Option<Fits>,
    /// What the API server forbids the operator, and with which code.
    refused: Option<(Fits, u16)>,
    /// How many requests for workers are under way.
    adding: usize,
    /// How many there ever were at once.
    most_adding: usize,
}

/// Counts a request for a worker for as long as somebody waits for its answer.
struct Adding(Wire);

/// What becomes of a call.
enum Fate {
    Passes,
    Waits,
    AnswerWaits,
    NeverLeaves,
    NeverReturns,
    Refused(u16),
}

/// A transport whose calls are recorded.
struct Recorded {
    wire: Wire,
    inner: Arc<dyn Transport>,
}

// === impl Wire ===

impl Wire {
    /// Wraps a client of the Kubernetes API. Must be called inside a tokio runtime.
    pub fn client(&self, inner: Client) -> Client {
        let namespace = inner.default_namespace().to_owned();
        let wire = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (wire, inner) = (wire.clone(), inner.clone());
            async move { wire.pass_kubernetes(&inner, request).await }
        });
        Client::new(service, namespace)
    }

    /// Wraps a transport to VPSie.
    pub fn transport(&self, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        let wire = self.clone();
        Arc::new(Recorded { wire, inner })
    }

    /// Returns every call so far, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// Counts the effects so far: the calls that may change something.
    pub fn effects(&self) -> usize {
        self.state().sent.iter().filter(|sent| sent.is_effect()).count()
    }

    /// Returns how many requests for workers there ever were at once.
    pub fn most_adds_at_once(&self) -> usize {
        self.state().most_adding
    }

    /// Plans a death at the nth effect from now: it does its work, and its answer never arrives.
    ///
    /// For the world this is also a death just before the next effect: what a process knows dies with it.
    pub fn die_at(&self, effect: usize) {
        self.state().left = Some(effect);
    }

    /// Holds the next call that fits, until it is released; meanwhile the world may change.
    pub fn hold(&self, fits: fn(&Sent) -> bool) {
        self.state().held = Some(fits);
    }

    /// Lets the next call that fits do its work, and holds its answer until it is released.
    pub fn hold_answer(&self, fits: fn(&Sent) -> bool) {
        self.state().answer_held = Some(fits);
    }

    /// Answers every call to Kubernetes that fits with this code, until it is allowed again; others may call it.
    pub fn refuse(&self, fits: fn(&Sent) -> bool, code: u16) {
        self.state().refused = Some((fits, code));
    }

    /// Lets every call through again.
    pub fn allow(&self) {
        self.state().refused = None;
    }

    /// Waits until the call to hold has come, or its answer.
    pub async fn is_held(&self) {
        self.0.happened.notified().await;
    }

    /// Lets the held call go on.
    pub fn release(&self) {
        self.0.released.notify_one();
    }

    /// Waits until the planned death has happened.
    pub async fn died(&self) {
        self.0.happened.notified().await;
    }

    /// Lets nothing pass to Kubernetes any more, and says so to nobody, or lets it pass again.
    ///
    /// What waits for an answer then waits for ever. Watches that are open already go on.
    pub fn cut_off(&self, is_cut_off: bool) {
        self.state().is_cut_off = is_cut_off;
    }

    /// Lets calls pass again, for the next process; a death that did not happen is forgotten.
    pub fn mend(&self) {
        let mut state = self.state();
        state.is_dead = false;
        state.left = None;
        (state.held, state.answer_held) = (None, None);
    }

    async fn pass_kubernetes(
        &self,
        inner: &Client,
        request: Request<Body>,
    ) -> Result<Response<Body>, kube::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect_bytes().await?;
        let fate = self.note(Side::Kubernetes, &head.method, head.uri.path(), &body);
        self.wait(&fate).await;
        if let Fate::Refused(code) = fate {
            return Ok(refusal(code));
        }
        let answer = inner.send(Request::from_parts(head, Body::from(body))).await;
        match fate {
            Fate::Passes | Fate::Waits | Fate::Refused(_) => answer,
            Fate::AnswerWaits => self.answer_late(answer).await,
            Fate::NeverLeaves | Fate::NeverReturns => self.die().await,
        }
    }

    /// Records a call and says what becomes of it.
    fn note(&self, to: Side, method: &Method, path: &str, body: &[u8]) -> Fate {
        let sent = Sent {
            to,
            method: method.clone(),
            path: path.to_owned(),
            body: serde_json::from_slice(body).unwrap_or(Value::Null),
        };
        let mut state = self.state();
        if state.is_dead || (state.is_cut_off && to == Side::Kubernetes) {
            return Fate::NeverLeaves;
        }
        let is_effect = sent.is_effect();
        let is_held = state.held.is_some_and(|fits| fits(&sent));
        let is_answer_held = state.answer_held.is_some_and(|fits| fits(&sent));
        let refused = state
            .refused
            .filter(|(fits, _)| to == Side::Kubernetes && fits(&sent));
        state.sent.push(sent);
        if let Some((_, code)) = refused {
            return Fate::Refused(code);
        }
        if is_held {
            state.held = None;
            self.0.happened.notify_one();
            return Fate::Waits;
        }
        if is_answer_held {
            state.answer_held = None;
            return Fate::AnswerWaits;
        }
        match &mut state.left {
            Some(1) if is_effect => {
                state.is_dead = true;
                return Fate::NeverReturns;
            }
            Some(left) if is_effect => *left -= 1,
            Some(_) | None => {}
        }
        Fate::Passes
    }

    /// Gives an answer of VPSie an id of its own, as gateways do.
    fn named<T>(&self, mut answer: Response<T>) -> Response<T> {
        let calls = self.state().sent.len();
        answer.headers_mut().insert("x-request-id", calls.into());
        answer
    }

    /// Keeps a call back as long as its fate says.
    async fn wait(&self, fate: &Fate) {
        match fate {
            Fate::Passes | Fate::AnswerWaits | Fate::NeverReturns | Fate::Refused(_) => {}
            Fate::Waits => self.0.released.notified().await,
            Fate::NeverLeaves => pending().await,
        }
    }

    /// Tells that an answer to hold has come, and returns it when it is released.
    async fn answer_late<T>(&self, answer: T) -> T {
        self.0.happened.notify_one();
        self.0.released.notified().await;
        answer
    }

    /// Tells that the planned death has happened, and never returns.
    async fn die<T>(&self) -> T {
        tracing::info!("{LAST_WORDS}");
        self.0.happened.notify_one();
        pending().await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Sent ===

impl Sent {
    /// Tells whether the call may change something. VPSie's list of offers is a POST that changes nothing, and a
    /// Kubernetes Event is read by persons only.
    pub fn is_effect(&self) -> bool {
        self.method != Method::GET && !self.path.ends_with("/k8s/offers") && !self.is_about("events")
    }

    /// Tells whether the call asks VPSie for a worker.
    pub fn is_add(&self) -> bool {
        self.to == Side::Vpsie && self.method == Method::POST && self.path.contains("/add/slave/")
    }

    /// Tells whether the call is about an object or collection of a Kubernetes resource, by plural name.
    pub fn is_about(&self, resource: &str) -> bool {
        self.to == Side::Kubernetes && self.path.split('/').any(|part| part == resource)
    }
}

// === impl Adding ===

impl Adding {
    fn begin(wire: &Wire) -> Self {
        let mut state = wire.state();
        state.adding += 1;
        state.most_adding = state.most_adding.max(state.adding);
        drop(state);
        Self(wire.clone())
    }
}

impl Drop for Adding {
    fn drop(&mut self) {
        self.0.state().adding -= 1;
    }
}

// === impl Recorded ===

#[async_trait]
impl Transport for Recorded {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let fate = self.wire.note(
            Side::Vpsie,
            request.method(),
            request.uri().path(),
            request.body(),
        );
        let adding = request
            .uri()
            .path()
            .contains("/add/slave/")
            .then(|| Adding::begin(&self.wire));
        self.wire.wait(&fate).await;
        let answer = self.inner.send(request).await;
        drop(adding);
        let answer = answer.map(|answer| self.wire.named(answer));
        match fate {
            Fate::Passes | Fate::Waits | Fate::Refused(_) => answer,
            Fate::AnswerWaits => self.wire.answer_late(answer).await,
            Fate::NeverLeaves | Fate::NeverReturns => self.wire.die().await,
        }
    }
}

/// Writes a refusal as an API server does.
fn refusal(code: u16) -> Response<Body> {
    let answer = Response::builder().status(code);
    answer
        .body(Body::from(status(code).to_string().into_bytes()))
        .expect("a response of plain parts")
}

/// Writes what an API server says of a failure.
pub(crate) fn status(code: u16) -> Value {
    let reason = match code {
        403 => "Forbidden",
        410 => "Expired",
        429 => "TooManyRequests",
        _ => "InternalError",
    };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "refused on the wire", "reason": reason, "code": code,
    })
}
