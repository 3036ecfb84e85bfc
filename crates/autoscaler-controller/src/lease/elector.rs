//! The election over the network: one task that asks the API server what the pure election wants to know.

use super::election::{Answer, Election, Step};
use super::record::Record;
use super::{Leadership, Standing, Timing};
use crate::clock::Clock;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::PostParams;
use kube::{Api, Client};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Which Lease is contended for, by whom, and how fast.
#[derive(Clone, Debug)]
pub struct Candidacy {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who this replica is: no two processes may ever have the same.
    pub identity: String,
    /// The durations.
    pub timing: Timing,
}

/// The running election of one replica.
///
/// Dropped without [`release`](Self::release) it ends at once, and the others wait until the lease is over.
#[derive(Debug)]
pub struct Elector {
    task: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

/// What the task works with.
struct Contest {
    api: Api<Lease>,
    name: String,
    identity: String,
    timing: Timing,
    clock: Clock,
    election: Election,
    /// The Lease as it was last read or written: what others put on it stays on it.
    stored: Option<Lease>,
    standing: watch::Sender<Standing>,
    tries: u32,
    /// Whether a write of ours may be done that was not heard of, since the Lease was last read.
    is_unheard: bool,
}

// === impl Elector ===

impl Elector {
    /// Begins to contend for the Lease. Must be called inside a tokio runtime.
    ///
    /// The client should not retry by itself: every call has its own time limit here.
    pub fn start(client: Client, clock: Clock, candidacy: Candidacy) -> (Self, Leadership) {
        let (standing, watched) = watch::channel(Standing::default());
        let contest = Contest {
            api: Api::namespaced(client, &candidacy.namespace),
            election: Election::new(&candidacy.identity, candidacy.timing),
            name: candidacy.name,
            identity: candidacy.identity,
            timing: candidacy.timing,
            clock: clock.clone(),
            stored: None,
            standing,
            tries: 0,
            is_unheard: false,
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(contest.run(stopped));
        let stop = Some(stop);
        (Self { task, stop }, Leadership::elected(clock, watched))
    }

    /// Lets go of the Lease, so that another replica takes over at once; nothing may be under way any more.
    ///
    /// It takes a few calls' time limits at most; when they fail, the others wait until the lease is over.
    pub async fn release(mut self) {
        drop(self.stop.take());
        if let Err(error) = (&mut self.task).await {
            tracing::warn!(%error, "the leader election ended by itself");
        }
    }
}

impl Drop for Elector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

// === impl Contest ===

impl Contest {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let step = self.election.step(self.clock.monotonic());
            self.publish();
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                () = self.carry_out(step) => {}
            }
        }
        self.release().await;
        self.publish();
    }

    async fn carry_out(&mut self, step: Step) {
        let sent = self.clock.monotonic();
        let answer = match step {
            Step::Wait(duration) => return self.wait(duration).await,
            Step::Read => self.read().await,
            Step::Create(record) | Step::Replace(record) => self.write(&record).await,
        };
        self.election.hear(answer, sent, self.clock.monotonic());
    }

    /// Waits; one who does not lead up to a fifth longer, so that replicas do not try in step.
    async fn wait(&mut self, duration: Duration) {
        if let Some(rest) = self.rest() {
            return self.clock.sleep(duration.min(rest)).await;
        }
        self.tries = self.tries.wrapping_add(1);
        let factor = 1.0 + (Timing::JITTER - 1.0) * spread(&self.identity, self.tries);
        self.clock.sleep(duration.mul_f64(factor)).await;
    }

    /// Returns how long the term lasts, if there is one: nothing may keep us from saying that it is over.
    fn rest(&self) -> Option<Duration> {
        let now = self.clock.monotonic();
        Some(self.election.term(now)?.until.since(now))
    }

    /// Returns how long one call may take.
    fn limit(&self) -> Duration {
        let call = self.timing.call;
        self.rest().map_or(call, |rest| rest.min(call))
    }

    async fn read(&mut self) -> Answer {
        let answer = self
            .clock
            .within(self.limit(), self.api.get_opt(&self.name))
            .await;
        match answer {
            Some(Ok(Some(lease))) => {
                self.is_unheard = false;
                let record = Record::read(&lease);
                self.stored = Some(lease);
                Answer::Read(record)
            }
            Some(Ok(None)) => {
                self.is_unheard = false;
                self.stored = None;
                Answer::Absent
            }
            Some(Err(error)) => failed(&error),
            None => timed_out(),
        }
    }

    /// Creates the Lease, or replaces it at the version that the record rests on.
    async fn write(&mut self, record: &Record) -> Answer {
        let lease = record.write(self.stored.as_ref(), &self.name, self.clock.now());
        let params = PostParams::default();
        let call = async {
            if record.version.is_empty() {
                self.api.create(&params, &lease).await
            } else {
                self.api.replace(&self.name, &params, &lease).await
            }
        };
        // Also where this is dropped, or what is told of it is no answer.
        self.is_unheard = true;
        match self.clock.within(self.limit(), call).await {
            Some(Ok(lease)) => {
                let record = Record::read(&lease);
                self.stored = Some(lease);
                self.is_unheard = false;
                Answer::Written(record)
            }
            Some(Err(kube::Error::Api(status))) if status.code == 409 || status.code == 404 => {
                tracing::debug!(lease = self.name, "somebody else wrote the Lease first");
                self.is_unheard = false;
                Answer::Conflict
            }
            Some(Err(error)) => failed(&error),
            None => timed_out(),
        }
    }

    /// Lets go of the Lease if it is ours, from a fresh read: a renewal may just have been cut short, or the write that would
    /// have made us the leader.
    async fn release(&mut self) {
        let sent = self.clock.monotonic();
        let is_leading = self.election.term(sent).is_some();
        if !is_leading && !self.is_unheard {
            return;
        }
        let answer = self.read().await;
        self.election.hear(answer, sent, self.clock.monotonic());
        let record = if is_leading {
            self.election.release(self.clock.monotonic())
        } else {
            self.election.let_go()
        };
        let Some(record) = record else { return };
        match self.write(&record).await {
            Answer::Written(_) => {
                tracing::info!(lease = self.name, term = record.term, "the Lease is released")
            }
            Answer::Absent | Answer::Read(_) | Answer::Conflict | Answer::Failed => {
                tracing::warn!(lease = self.name, "the Lease is not released; it runs out");
            }
        }
    }

    /// Tells everybody how the election stands, and the log when that is news.
    fn publish(&self) {
        let term = self.election.term(self.clock.monotonic());
        let holder = self.election.holder().map(str::to_owned);
        self.standing.send_if_modified(|standing| {
            let number = term.map(|term| term.number);
            let is_news = standing.term.map(|term| term.number) != number || standing.holder != holder;
            let has_changed = is_news || standing.term != term;
            if is_news {
                standing.since = Some(self.clock.now());
                let (lease, identity) = (&self.name, &self.identity);
                match number {
                    Some(term) => tracing::info!(lease, identity, term, "leading"),
                    None => tracing::info!(lease, identity, holder = holder.as_deref(), "standing by"),
                }
            }
            standing.term = term;
            standing.holder = holder;
            has_changed
        });
    }
}

fn failed(error: &kube::Error) -> Answer {
    let is_forbidden = matches!(error, kube::Error::Api(status) if status.code == 403);
    let advice = is_forbidden.then_some("grant get, create and update on leases in its namespace");
    tracing::warn!(%error, advice, "the Lease could not be read or written");
    Answer::Failed
}

fn timed_out() -> Answer {
    tracing::warn!("the API server did not answer about the Lease in time");
    Answer::Failed
}

/// Returns a number from 0 to 1 that differs between replicas and between tries.
fn spread(identity: &str, tries: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (identity, tries).hash(&mut hasher);
    let part = u8::try_from(hasher.finish() % 256).expect("it is less than 256");
    f64::from(part) / f64::from(u8::MAX)
}
