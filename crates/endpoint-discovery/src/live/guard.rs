//! Every call to the API server: with a time limit, a size limit and the breaker (EP-15).

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use kube::Client;
use kube::client::Body;
use tokio::sync::watch;
use tower::BoxError;

use super::Shared;

/// The largest list that is read: a page has 500 objects, and none of them is over a megabyte and a half. This is far
/// more than any real page, and far less than would end the process.
const BODY_LIMIT: usize = 64 << 20;

/// Tells what the last call of a source said: nothing, or what went wrong.
pub(super) type Contact = watch::Receiver<Option<String>>;

/// Why a call was not made, or what became of it.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("calls to the API server rest for {} s more after too many failures", wait.as_secs())]
    Resting { wait: Duration },
    #[error("the API server did not answer within {} s", limit.as_secs())]
    TimedOut { limit: Duration },
}

/// Makes a client whose calls are limited, and tells how they go.
pub(super) fn guard(shared: &Arc<Shared>) -> (Client, Contact) {
    let (told, contact) = watch::channel(None);
    let told = Arc::new(told);
    let namespace = shared.client.default_namespace().to_owned();
    let shared = Arc::clone(shared);
    let service = tower::service_fn(move |request| {
        let (shared, told) = (Arc::clone(&shared), Arc::clone(&told));
        async move { call(&shared, &told, request).await }
    });
    (Client::new(service, namespace), contact)
}

async fn call(
    shared: &Shared,
    told: &watch::Sender<Option<String>>,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let tell = |trouble: Option<String>| {
        told.send_if_modified(|before| {
            let changed = *before != trouble;
            *before = trouble;
            changed
        });
    };
    let pass = shared
        .with_breaker(|breaker, now| breaker.admit(now))
        .map_err(|wait| {
            let error = CallError::Resting { wait };
            // The number of seconds would wake every reader each second.
            tell(Some(
                "calls to the API server rest after too many failures".to_owned(),
            ));
            error
        })?;
    let limit = shared.settings.call_limit;
    let made = tokio::time::timeout(limit, make(&shared.client, request)).await;
    let made = made.unwrap_or_else(|_| Err(CallError::TimedOut { limit }.into()));
    let (failed, trouble) = match &made {
        Err(error) => (true, Some(error.to_string())),
        Ok(response) => {
            let status = response.status();
            // What is too old is answered with 410 and listed again: that is no trouble.
            let is_well = status.is_success() || status.as_u16() == 410;
            let trouble = (!is_well).then(|| format!("the API server answers {status}"));
            (status.is_server_error() || status.as_u16() == 429, trouble)
        }
    };
    shared.with_breaker(|breaker, now| breaker.report(&pass, failed, now));
    tell(trouble);
    made
}

/// Makes the call. The answer is read to its end, but for a watch, whose end is nobody's to wait for.
async fn make(client: &Client, request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let query = request.uri().query().unwrap_or_default();
    let is_watch = query.split('&').any(|part| part == "watch=true");
    let response = client.send(request).await?;
    if is_watch && response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await?.to_bytes();
    Ok(Response::from_parts(parts, Body::from(body)))
}
