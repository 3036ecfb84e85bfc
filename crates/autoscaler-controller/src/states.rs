//! The state of every node: what the watches marked becomes facts, is evaluated once, and is published as a generation.
//!
//! ```text
//!  Watches ── marked ──▶ Changes ──┐                                     ┌─▶ decisions: the counts of NodeGroups
//!                                  ├─▶ Fleet ─▶ Evaluator ─▶ Store ──────┼─▶ metrics
//!  lives (poll of VPSie, Nodes) ───┘   facts    what changed  generation └─▶ whoever subscribes
//! ```
//!
//! A pass does it before it decides; between passes, and while effects wait for answers, the watches and the clock alone
//! do. It reads and writes nothing in the cluster (`NS-32`).

mod facts;
mod measured;

use crate::clock::Clock;
use crate::lives::Lives;
use crate::metrics::Metrics;
use crate::pods::PodIndex;
use crate::watches::{Changes, Marked, Watches};
use crate::world::ClaimObject;
use chrono::{DateTime, Utc};
pub(crate) use facts::{group_key, of_owner};
use facts::{life_in_memory, of_group, of_node, owner_key};
use measured::Measured;
pub use measured::Trigger;
use node_state::store::{Reader, Store};
use node_state::{Batch, Evaluator, Fleet, GroupKey, OwnerFacts, OwnerKey, Rules, Snapshot, Subject};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Longest time from a change to its evaluation between passes.
///
/// It is counted from the first change of a burst, so that an object that changes all the time is not hidden by that.
const SETTLING: Duration = Duration::from_millis(100);

/// What reads node states. None of it can be switched off, so the states are there whenever the operator acts (`NS-24`).
const NEEDED_BY: &str = "lifecycle, metrics, node_group_status";

/// Evaluates nodes for one operator, and publishes their states.
pub struct States {
    evaluator: Box<dyn Evaluator + Send + Sync>,
    fleet: Fleet,
    store: Store,
    /// How many times something was evaluated together.
    evaluations: u64,
    /// Where the states of the present term are read, from the first generation on.
    readers: watch::Sender<Option<Reader>>,
}

// === impl States ===

impl Default for States {
    fn default() -> Self {
        Self {
            evaluator: Box::new(Rules::default()),
            fleet: Fleet::default(),
            store: Store::new(),
            evaluations: 0,
            readers: watch::Sender::new(None),
        }
    }
}

impl States {
    /// Evaluates with another evaluator, and with it everything anew: another rule may concern any node (`NS-9`).
    pub fn evaluate_with(&mut self, evaluator: Box<dyn Evaluator + Send + Sync>) {
        self.evaluator = evaluator;
        self.fleet.mark_all();
    }

    /// Returns where the states can be read and subscribed to: nothing before everything was evaluated, and while another
    /// replica leads.
    pub fn readers(&self) -> watch::Receiver<Option<Reader>> {
        self.readers.subscribe()
    }

    /// Forgets all states: subscriptions end after what they were told (`NS-19`, `NS-26`).
    pub fn forget(&mut self) {
        self.readers.send_replace(None);
        self.fleet = Fleet::default();
        self.store = Store::new();
    }

    /// Tells whether everything was evaluated, so that there is a generation (`NS-6`).
    pub fn is_whole(&self) -> bool {
        self.readers.borrow().is_some()
    }

    /// Returns how long it is until time alone changes a state; nothing while it never does.
    pub fn due_in(&self, now: DateTime<Utc>) -> Option<Duration> {
        let left = self.fleet.due_at()?.signed_duration_since(now);
        // What is due already waits no longer.
        Some(left.to_std().unwrap_or_default())
    }

    /// Evaluates what the watches mark and what falls due, for ever. Nothing is lost when it is dropped.
    ///
    /// Before everything was evaluated once, it waits (`NS-6`).
    pub async fn follow(
        &mut self,
        watches: &Watches,
        lives: &Lives,
        clock: &Clock,
        metrics: &Metrics,
    ) -> Infallible {
        if !self.is_whole() {
            return std::future::pending().await;
        }
        loop {
            let due = self.due_in(clock.now());
            let trigger = tokio::select! {
                biased;
                () = watches.marked() => {
                    tokio::time::sleep(SETTLING).await;
                    Trigger::Watch
                }
                () = passed(due) => Trigger::Time,
            };
            self.take_in(watches.changes(), lives);
            self.settle(&watches.pods(), trigger, clock.now(), metrics);
        }
    }

    /// Takes in what the watches told of.
    pub fn take_in(&mut self, changes: Changes, lives: &Lives) {
        let fleet = &mut self.fleet;
        let place = |namespace: &str, name: &str| (namespace.to_owned(), name.to_owned());
        let known = fleet.groups().keys().map(|key| place(&key.namespace, &key.name));
        let (gone, there) = changes.groups.split(known);
        for (namespace, name) in gone {
            fleet.remove_group(&GroupKey::new(&namespace, &name));
        }
        for group in there {
            fleet.put_group(of_group(&group));
        }
        let known = fleet
            .owners()
            .map(|owner| place(&owner.key.namespace, &owner.key.name));
        let (gone, there) = changes.vpsie_nodes.split(known);
        for (namespace, name) in gone {
            fleet.remove_owner(&OwnerKey::new(&namespace, &name));
        }
        for object in there {
            fleet.put_owner(of_owner(&ClaimObject::new(object), lives));
        }
        let known = fleet.nodes().map(|name| place("", name));
        let (gone, there) = changes.nodes.split(known);
        for (_, name) in gone {
            fleet.remove_node(&name);
        }
        for node in there {
            fleet.put_node(of_node(&node));
        }
        match changes.pods {
            Marked::Some(nodes) => nodes.iter().for_each(|(_, node)| fleet.mark(Subject::node(node))),
            Marked::All => fleet.mark_all(),
        }
    }

    /// Takes in which lives went on; what VPSie answers changes states in no other way.
    pub fn take_in_lives(&mut self, claims: &[ClaimObject], lives: &Lives) {
        for claim in claims {
            let Some(life) = life_in_memory(claim, lives) else {
                continue;
            };
            let known = self.fleet.owner(&owner_key(&claim.object));
            let known = known.filter(|known| *known.uid == *claim.uid() && known.life != Some(life));
            let gone_on = known.map(|known| OwnerFacts {
                life: Some(life),
                ..known.clone()
            });
            gone_on.into_iter().for_each(|facts| self.fleet.put_owner(facts));
        }
    }

    /// Evaluates what changed, publishes it, tells of it, and returns the newest generation.
    pub fn settle(
        &mut self,
        pods: &PodIndex,
        trigger: Trigger,
        now: DateTime<Utc>,
        metrics: &Metrics,
    ) -> Arc<Snapshot> {
        self.evaluations += 1;
        let evaluator = Measured {
            inner: &*self.evaluator,
            metrics,
            trigger,
            evaluation: self.evaluations,
        };
        let batch = self.fleet.settle_with(pods, &evaluator, now);
        let generation = self.store.commit(&batch);
        let reader = self.store.reader();
        let Some(generation) = generation else {
            return reader.snapshot();
        };
        tracing::debug!(
            evaluation = self.evaluations,
            trigger = trigger.as_str(),
            generation,
            evaluated = batch.evaluated,
            changed = batch.changes.len(),
            "a generation of node states is published"
        );
        let snapshot = reader.snapshot();
        self.notify(&batch, &snapshot, metrics);
        if !self.is_whole() {
            tracing::info!(
                needed_by = NEEDED_BY,
                nodes = snapshot.count(),
                "everything was evaluated once; node states are kept from now on"
            );
            self.readers.send_replace(Some(reader));
        }
        snapshot
    }

    /// Tells the metrics, which are a consumer like others but for having no task of their own.
    fn notify(&self, batch: &Batch, snapshot: &Snapshot, metrics: &Metrics) {
        let (consumer, generation) = ("metrics", snapshot.generation());
        let span = tracing::debug_span!(
            "notification",
            consumer,
            evaluation = self.evaluations,
            generation
        );
        span.in_scope(|| {
            let began = Instant::now();
            metrics.note_changes(batch);
            metrics.show_states(snapshot);
            metrics.note_notification(consumer, began);
        });
    }
}

/// Waits so long; for ever where there is nothing to wait for.
async fn passed(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
