//! What the clock of the API server shows: noted from every answer, and nothing is asked for it.

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;
use vpsie_api::ServerTime;

/// What was heard last; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<Mutex<Option<ServerTime>>>);

// === impl Heard ===

impl Heard {
    /// Wraps a client, so that the date of every answer is noted. Must be called inside a tokio runtime.
    pub(super) fn follow(&self, inner: Client) -> Client {
        let namespace = inner.default_namespace().to_owned();
        let heard = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (heard, inner) = (heard.clone(), inner.clone());
            async move { heard.send(&inner, request).await }
        });
        Client::new(service, namespace)
    }

    /// Returns what the API server's clock showed last.
    pub(super) fn last(&self) -> Option<ServerTime> {
        *self.told()
    }

    async fn send(&self, inner: &Client, request: Request<Body>) -> Result<Response<Body>, kube::Error> {
        let sent = Instant::now();
        let answer = inner.send(request).await?;
        if let Some(told) = ServerTime::read(answer.headers(), sent) {
            *self.told() = Some(told);
        }
        Ok(answer)
    }

    /// No assignment can stop half-way, so a panic elsewhere leaves it sound.
    fn told(&self) -> MutexGuard<'_, Option<ServerTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
