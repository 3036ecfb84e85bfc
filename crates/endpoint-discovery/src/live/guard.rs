//! Every call to the API server: with a time limit, a size limit and the breaker (EP-15).

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use kube::Client;
use kube::client::Body;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::BoxError;

use super::Shared;
use crate::mode::is_refusal;

/// The largest list that is read: a page has 500 objects, and none of them is over a megabyte and a half. This is far
/// more than any real page, and far less than would end the process.
const BODY_LIMIT: usize = 64 << 20;

/// Hears how the last call of a watch went, and of any other watch that takes its place.
#[derive(Debug)]
pub(super) struct Contact {
    told: Arc<watch::Sender<Option<Trouble>>>,
    heard: watch::Receiver<Option<Trouble>>,
}

/// Says what went wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The status code of an answer.
    code: Option<u16>,
    pub(super) error: String,
}

/// Why a call was not made, or what became of it.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("calls to the API server rest for {} s more after too many failures", wait.as_secs())]
    Resting { wait: Duration },
    #[error("the API server did not answer within {} s", limit.as_secs())]
    TimedOut { limit: Duration },
}

// === impl Contact ===

impl Contact {
    /// Has heard of no trouble.
    pub(super) fn new() -> Self {
        let (told, heard) = watch::channel(None);
        let told = Arc::new(told);
        Self { told, heard }
    }

    /// Makes a client whose calls are limited, and heard of here.
    pub(super) fn guard(&self, shared: &Arc<Shared>) -> Client {
        let (shared, told) = (Arc::clone(shared), Arc::clone(&self.told));
        let namespace = shared.client.default_namespace().to_owned();
        let service = tower::service_fn(move |request| {
            let (shared, told) = (Arc::clone(&shared), Arc::clone(&told));
            async move { call(&shared, &told, request).await }
        });
        Client::new(service, namespace)
    }

    /// Waits until something else is heard.
    pub(super) async fn changed(&mut self) {
        // It cannot fail while the other end is held here, too.
        let _still_held = self.heard.changed().await;
    }

    /// Tells what was wrong with the last call; nothing when it went well.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.heard.borrow().clone()
    }

    /// Forgets what was wrong, because nobody makes such calls any longer.
    pub(super) fn forget(&self) {
        tell(&self.told, None);
    }
}

// === impl Trouble ===

impl Trouble {
    /// Tells whether the API server understood the call and will not answer it.
    pub(super) fn is_refusal(&self) -> bool {
        self.code.is_some_and(is_refusal)
    }
}

/// Tells what a call said, if that is news.
fn tell(told: &watch::Sender<Option<Trouble>>, trouble: Option<Trouble>) {
    told.send_if_modified(|before| {
        let changed = *before != trouble;
        *before = trouble;
        changed
    });
}

async fn call(
    shared: &Shared,
    told: &watch::Sender<Option<Trouble>>,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let unanswered = |error: String| Trouble { code: None, error };
    let (meters, path) = (&shared.settings.meters, request.uri().path().to_owned());
    let pass = shared
        .with_breaker(|breaker, now| breaker.admit(now))
        .map_err(|wait| {
            meters.called(&path, "rested");
            let error = CallError::Resting { wait };
            // The number of seconds would wake every reader each second.
            let resting = "calls to the API server rest after too many failures".to_owned();
            tell(told, Some(unanswered(resting)));
            error
        })?;
    let limit = shared.settings.call_limit;
    let (began, is_watch) = (Instant::now(), is_watch(&request));
    let made = tokio::time::timeout(limit, make(&shared.client, request)).await;
    let made = made.unwrap_or_else(|_| Err(CallError::TimedOut { limit }.into()));
    let (failed, trouble) = match &made {
        Err(error) => (true, Some(unanswered(error.to_string()))),
        Ok(response) => {
            let status = response.status();
            // What is too old is answered with 410 and listed again: that is no trouble.
            let is_well = status.is_success() || status.as_u16() == 410;
            let trouble = (!is_well).then(|| Trouble {
                code: Some(status.as_u16()),
                error: format!("the API server answers {status}"),
            });
            (status.is_server_error() || status.as_u16() == 429, trouble)
        }
    };
    meters.took(&path, is_watch, began.elapsed().as_secs_f64());
    meters.called(&path, result(&made));
    shared.with_breaker(|breaker, now| breaker.report(&pass, failed, now));
    meters.show_breaker(shared.breaker_state());
    tell(told, trouble);
    made
}

/// Names what came of a call, for a metric.
fn result(made: &Result<Response<Body>, BoxError>) -> &'static str {
    match made {
        Ok(response) if response.status().is_success() => "answered",
        Ok(response) if is_refusal(response.status().as_u16()) => "refused",
        Ok(_) | Err(_) => "failed",
    }
}

fn is_watch(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|part| part == "watch=true")
}

/// Makes the call. The answer is read to its end, but for a watch, whose end is nobody's to wait for.
async fn make(client: &Client, request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let is_watch = is_watch(&request);
    let response = client.send(request).await?;
    if is_watch && response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await?.to_bytes();
    Ok(Response::from_parts(parts, Body::from(body)))
}
