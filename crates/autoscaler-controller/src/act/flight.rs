//! Requests on their way: each leaves by itself, and writes down by itself what came of it (`SC-8`).
//!
//! ```text
//!   pass:    baseline ─▶ intent ─▶ read-back ─┐ one after the other     ┌─▶ trouble, pause of its cluster
//!   flight:                                   └─▶ POST ─▶ outcome ──────┘ many at once
//! ```
//! Passes go on meanwhile and leave the VPSieNodes of such requests alone, so that nobody else of ours writes them.

use super::effect::{Opened, may_start};
use super::writer::Writer;
use super::{ActError, report};
use crate::clock::Clock;
use crate::command::{Context, Request};
use crate::intent::{Intent, Outcome, say_accepted};
use crate::lease::{EFFECT_START, Mandate};
use crate::resources::{VPSieNode, keys};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};
use vpsie_api::{ClusterId, RequestId, VpsieApi};

/// A request whose intent is written and read back: nothing is missing but the request.
pub(super) struct Flight {
    pub(super) request: Request,
    pub(super) id: RequestId,
    pub(super) intent: Intent,
    pub(super) opened: Opened,
    pub(super) mandate: Mandate,
    pub(super) clock: Clock,
    pub(super) api: Arc<dyn VpsieApi>,
    pub(super) writer: Writer,
}

/// What came of a request, once that is written down or could not be.
pub(super) struct Landed {
    /// What its batch was about.
    pub(super) subject: String,
    /// The name of its command.
    pub(super) label: &'static str,
    /// The cluster that was asked for a worker.
    pub(super) cluster: ClusterId,
    /// Whether VPSie took the request.
    pub(super) is_accepted: bool,
    /// Whether it could be written down.
    pub(super) written: Result<(), ActError>,
}

/// All requests that are on their way. Dropped, they end as those of a process that dies.
#[derive(Default)]
pub(super) struct Flights {
    flying: JoinSet<Landed>,
    /// Those that have landed since somebody looked.
    landed: Vec<Landed>,
    /// What the batches of all of these are about.
    subjects: BTreeSet<String>,
}

// === impl Flight ===

impl Flight {
    /// Asks VPSie, and writes down what came of it.
    ///
    /// The first poll looks at the mandate once more and begins to send, without a wait between the two.
    async fn fly(mut self, subject: String, label: &'static str, context: Context) -> Landed {
        let began = Instant::now();
        let (cluster, group) = (self.request.cluster.clone(), self.request.group);
        match may_start(&self.clock, &self.mandate, self.opened) {
            Ok(()) => {
                let answer = self.api.add_worker(&cluster, group, &self.id).await;
                self.intent.settle(&answer);
            }
            Err(error) => self.intent.give_up(&error),
        }
        let (target, intent) = (&self.request.target, &self.intent);
        tracing::info!(
            vpsie_node = format!("{}/{}", target.namespace, target.name), request_id = %self.id, %cluster, %group,
            outcome = ?intent.outcome, error = intent.error, "worker asked for"
        );
        let is_accepted = intent.outcome == Outcome::Accepted;
        // A failure here leaves the intent open, which is the same as unknown: it is never sent again.
        let written = self.settle().await;
        if let Err(error) = &written {
            report(&subject, label, &context, began.elapsed(), error);
        }
        Landed {
            subject,
            label,
            cluster,
            is_accepted,
            written,
        }
    }

    /// Writes what came of a request, and the status that follows: in one write where VPSie took the request.
    ///
    /// When that write fails, and for every other answer, the record comes first, however often its object changes.
    async fn settle(&mut self) -> Result<(), ActError> {
        let (target, status) = (&self.request.target, &self.request.status);
        if let (Outcome::Accepted, Some(mut write)) = (self.intent.outcome, status.clone()) {
            say_accepted(&mut write.status, self.clock.now());
            match self.writer.write_vpsie_node_status(target.clone(), &write).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::info!(name = target.name, %error, "that VPSie took the request is written into its record")
                }
            }
        }
        let key = keys::ANNOTATION_CREATION_INTENT;
        self.writer
            .settle_intent::<VPSieNode>(target.clone(), key, &self.intent)
            .await?;
        // The status is not worth a write under another leader.
        match status.as_deref().filter(|_| self.mandate.covers(EFFECT_START)) {
            Some(write) => self.writer.write_vpsie_node_status(target.clone(), write).await,
            None => Ok(()),
        }
    }
}

// === impl Flights ===

impl Flights {
    /// Counts the requests on their way.
    pub(super) fn count(&self) -> usize {
        self.flying.len()
    }

    /// Tells whether the request of a batch is on its way, or has landed since somebody looked.
    pub(super) fn is_of(&self, subject: &str) -> bool {
        self.subjects.contains(subject)
    }

    /// Lets a request leave: it has begun to send when this returns.
    pub(super) fn launch(&mut self, flight: Flight, subject: &str, label: &'static str, context: &Context) {
        let flying = flight.fly(subject.to_owned(), label, context.clone());
        let mut flying: BoxFuture<'static, Landed> = flying.instrument(Span::current()).boxed();
        self.subjects.insert(subject.to_owned());
        // Polled here, it takes its room in the rate limit before anybody looks for room for the next.
        match (&mut flying).now_or_never() {
            Some(landed) => self.landed.push(landed),
            None => drop(self.flying.spawn(flying)),
        }
    }

    /// Waits until one more has landed; for ever when none is on its way.
    pub(super) async fn one_landed(&mut self) {
        match self.flying.join_next().await {
            Some(joined) => self.landed.extend(landed(joined)),
            None => pending().await,
        }
    }

    /// Waits until none is on its way.
    pub(super) async fn all_landed(&mut self) {
        while let Some(joined) = self.flying.join_next().await {
            self.landed.extend(landed(joined));
        }
    }

    /// Returns those that have landed since the last call; does not wait.
    pub(super) fn take_landed(&mut self) -> Vec<Landed> {
        while let Some(joined) = self.flying.try_join_next() {
            self.landed.extend(landed(joined));
        }
        let landed = std::mem::take(&mut self.landed);
        for landed in &landed {
            self.subjects.remove(&landed.subject);
        }
        landed
    }
}

/// Returns what a task came to; one that panicked takes everything with it, as it would without a task of its own.
fn landed(joined: Result<Landed, JoinError>) -> Option<Landed> {
    match joined.map_err(JoinError::try_into_panic) {
        Ok(landed) => Some(landed),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // Only who drops all of them ends one.
        Err(Err(_)) => None,
    }
}
