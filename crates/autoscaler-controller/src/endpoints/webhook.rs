//! Alerts about instances, posted to an address that somebody gave (`EP-21`).
//!
//! ```text
//!  Discovery ── alerts, the last 1,024 ──▶ up to 100 at once ──▶ POST ──▶ whoever is to know
//!                                                                  └ three tries, 10 s each
//! ```
//!
//! Nobody waits for it: what comes faster than it is taken is lost, and counted.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use endpoint_discovery::ServiceAlert;
use http::{Request, Uri, header};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use vpsie_api::{Transport, TransportError};

use crate::metrics::AlertSeries;

/// Most alerts of one request; the rest goes with the next.
const BATCH: usize = 100;
/// So often one request is tried.
const TRIES: u32 = 3;
/// The wait before the second try; it is doubled before the third.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Where alerts go. The address may hold a secret and cannot be printed.
#[derive(Clone)]
pub struct Webhook {
    address: Uri,
    transport: Arc<dyn Transport>,
}

/// The address of a webhook is no URL; it is not repeated, as it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is no URL with a host, such as https://hooks.example/abc")]
pub struct WebhookError;

/// Why alerts were not taken.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("no answer within {} s", ANSWER_LIMIT.as_secs())]
    TimedOut,
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("the answer is {0}")]
    Answer(http::StatusCode),
    #[error("the request cannot be made")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What is posted: the sentence is what chats show, the rest is for programs.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Message {
    text: String,
    alerts: Vec<Told>,
    /// How many came faster than they were taken, since the last message.
    missed: u64,
}

/// One alert.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Told {
    namespace: String,
    service: String,
    instance: String,
    score: u8,
    threshold: u8,
}

// === impl Webhook ===

impl Webhook {
    /// Takes an address, and what carries requests there; whether they may go there in the clear is for that to decide.
    ///
    /// # Errors
    /// When it is no address.
    pub fn new(address: &str, transport: Arc<dyn Transport>) -> Result<Self, WebhookError> {
        let address: Uri = address.parse().map_err(|_| WebhookError)?;
        let has_host = address.host().is_some_and(|host| !host.is_empty());
        if address.scheme().is_none() || !has_host {
            return Err(WebhookError);
        }
        Ok(Self { address, transport })
    }

    async fn post(&self, message: &Message) -> Result<(), Undelivered> {
        let body = serde_json::to_vec(message).map_err(|error| Undelivered::Request(error.into()))?;
        let request = Request::post(self.address.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body))
            .map_err(|error| Undelivered::Request(error.into()))?;
        let sent = tokio::time::timeout(ANSWER_LIMIT, self.transport.send(request)).await;
        let answer = sent.map_err(|_| Undelivered::TimedOut)??;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(Undelivered::Answer(status)),
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook(…)")
    }
}

// === impl Undelivered ===

impl Undelivered {
    /// Tells whether the same may work a little later.
    fn may_pass(&self) -> bool {
        match self {
            Self::TimedOut | Self::Transport(_) => true,
            Self::Answer(status) => status.is_server_error() || status.as_u16() == 429,
            Self::Request(_) => false,
        }
    }
}

// === impl Message ===

impl Message {
    fn of(alerts: &[ServiceAlert], missed: u64) -> Self {
        let told = alerts.iter().map(|ServiceAlert { service, alert }| Told {
            namespace: service.namespace.clone(),
            service: service.name.clone(),
            instance: alert.instance.clone(),
            score: alert.score,
            threshold: alert.threshold,
        });
        let alerts: Vec<Told> = told.collect();
        let words = alerts.iter().map(|told| {
            let Told {
                namespace,
                service,
                instance,
                score,
                threshold,
            } = told;
            format!("{namespace}/{service}: {instance} has a score of {score}, below {threshold}")
        });
        let mut text = words.collect::<Vec<_>>().join("\n");
        if missed > 0 {
            text.push_str(&format!("\n{missed} more are in the log"));
        }
        Self { text, alerts, missed }
    }
}

/// Posts alerts until nobody raises any more.
pub(super) async fn deliver(mut alerts: Receiver<ServiceAlert>, webhook: Webhook, series: AlertSeries) {
    while let Some((taken, missed)) = next(&mut alerts).await {
        series.count("missed", missed);
        let message = Message::of(&taken, missed);
        let count = u64::try_from(taken.len()).unwrap_or(u64::MAX);
        match post(&webhook, &message).await {
            Ok(()) => series.count("sent", count),
            Err(error) => {
                tracing::warn!(%error, alerts = count, "the webhook did not take alerts; they are in the log only");
                series.count("failed", count);
            }
        }
    }
}

/// Posts a message, again after a while where that may help.
async fn post(webhook: &Webhook, message: &Message) -> Result<(), Undelivered> {
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match webhook.post(message).await {
            Err(error) if error.may_pass() => tokio::time::sleep(wait).await,
            done => return done,
        }
        wait *= 2;
    }
    webhook.post(message).await
}

/// Waits for alerts and takes all that are there, with the number of those that are lost; nothing at the end.
async fn next(alerts: &mut Receiver<ServiceAlert>) -> Option<(Vec<ServiceAlert>, u64)> {
    let (mut taken, mut missed) = (Vec::new(), 0);
    match alerts.recv().await {
        Ok(alert) => taken.push(alert),
        Err(RecvError::Lagged(lost)) => missed += lost,
        Err(RecvError::Closed) => return None,
    }
    while taken.len() < BATCH {
        match alerts.try_recv() {
            Ok(alert) => taken.push(alert),
            Err(TryRecvError::Lagged(lost)) => missed += lost,
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    Some((taken, missed))
}

#[cfg(test)]
mod tests;
