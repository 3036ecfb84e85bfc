//! One pass: observe, match, keep the states, decide, act.

use super::Operator;
use super::beside::beside;
use super::unfound::unfound;
use crate::act::Creation;
use crate::chronicle::Sight;
use crate::chronicle::pods::JustMade;
use crate::command::Batch;
use crate::convert;
use crate::decide::{Decision, decide};
use crate::lease::{Mandate, Rule};
use crate::metrics::Metrics;
use crate::metrics::labels::Part;
use crate::pending::Pending;
use crate::prospect::{self, Prospect};
use crate::states::Trigger;
use crate::thresholds::Trends;
use crate::watches::Watches;
use crate::world::{ClaimObject, Index, World};
use chrono::{DateTime, Utc};
use node_match::match_fleet;
use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;
use tracing::Instrument as _;

impl Operator {
    /// Makes one pass on what is known.
    pub(super) async fn pass(&mut self, mandate: &Mandate) -> usize {
        self.debounce.begin();
        self.watches.hear_calls();
        let span = self.numbers.span();
        let metrics = Arc::clone(&self.telemetry.metrics);
        let (batches, pending) = span.in_scope(|| {
            let now = self.clock.now();
            self.compare_clocks(now);
            self.telemetry.journal().begin_pass(self.numbers.id());
            self.record();
            self.think(mandate, now, &metrics)
        });
        let began = Instant::now();
        let acting = self.actor.act(batches, &self.polls, &self.watches, mandate);
        let following = self
            .states
            .follow(&self.watches, &self.lives, &self.clock, &metrics);
        let done = tokio::select! {
            biased;
            done = acting.instrument(span) => done,
            never = following => match never {},
        };
        let (founded, made) = (self.actor.take_founded(), self.actor.take_made());
        if let Some(pending) = &pending {
            let members = made.iter().map(|creation| creation.place.clone());
            let made = JustMade {
                groups: founded.into_iter().collect(),
                members: members.collect(),
            };
            self.telemetry.tell_of_pods(pending, &made);
        }
        self.made.extend(made);
        metrics.took(Part::Act, began);
        if self.round.goes_on() {
            self.watches.look_again();
        }
        metrics.passes.inc();
        self.numbers.advance();
        done
    }

    /// Observes, matches, lets lives and states go on, and decides; returns what is to be done, and the pods for which some of
    /// it is, where anybody knows. Nothing has an effect yet.
    fn think(
        &mut self,
        mandate: &Mandate,
        now: DateTime<Utc>,
        metrics: &Metrics,
    ) -> (Vec<Batch>, Option<Arc<Pending>>) {
        let began = Instant::now();
        let claims = self.claims();
        let is_hand_over = |age| Rule::REAL.is_hand_over(age, self.settings.request_timeout);
        let stored = self.actor.stored();
        // The observation borrows what it looks at. Lives and states belong to the operator, and go on beside it.
        let world = World {
            now,
            skew: self.comparison.skew(),
            is_hand_over: mandate.age().is_some_and(is_hand_over),
            began_at: Some(self.began_at),
            settings: &self.settings,
            groups: self.watches.groups(),
            claims,
            nodes: self.watches.nodes(),
            unreadable: self.watches.unreadable(),
            polls: &self.polls,
            baselines: &stored.baselines,
            firsts: &stored.firsts,
            tombstones: &stored.tombstones,
            troubles: self.actor.troubles(),
            credentials: self.credentials.problem(),
            without_candidate: &self.without_candidate,
            endpoints: self.endpoints.views(),
            growth: OnceLock::new(),
            index: Index::default(),
        }
        .in_order();
        let is_awaited = self.made.is_awaited(now, |creation| is_there(&world, creation));
        let mut trends = std::mem::take(&mut self.trends);
        let snapshot = OnceCell::new();
        let has_waiting = self.watches.backlog().has_unschedulable();
        let planning = || plan(&world, &self.watches, is_awaited, metrics, &mut trends);
        let (prospect, (matching, steps)) = beside(has_waiting, planning, || {
            let matching = match_fleet(snapshot.get_or_init(|| convert::snapshot(&world)));
            // A life that counts time is not lived by a wrong clock.
            let is_time_right = world.skew.is_none();
            let steps = is_time_right.then(|| self.lives.look(&world, &matching, &self.watches.pods()));
            (matching, steps)
        });
        self.trends = trends;
        let due = prospect.growth.thresholds.due_at();
        metrics.took(Part::Match, began);
        let began = Instant::now();
        let unfound = unfound(&world, &matching);
        for step in steps.iter().flatten() {
            self.telemetry.journal().step(step, now);
        }
        world.growth.get_or_init(|| prospect.growth);
        // Marks are read after the objects, so that no state is older than the observation.
        self.states.take_in(self.watches.changes(), &self.lives);
        self.states.take_in_lives(&world.claims, &self.lives);
        let evaluated = self
            .states
            .settle(&self.watches.pods(), Trigger::Pass, now, metrics);
        self.telemetry.pulse.synced();
        let Decision {
            batches,
            entries,
            look_at,
            round,
        } = decide(&world, &matching, &self.lives, &evaluated, &self.round);
        self.look_at = look_at.into_iter().chain(due).min();
        self.telemetry.journal().hear(entries, now);
        metrics.took(Part::Decide, began);
        metrics.show(&world, &matching, &evaluated);
        self.boards.show(&world, &matching, &self.lives);
        self.telemetry.let_go(&batches);
        drop(world);
        self.show(prospect.pending.as_ref());
        self.without_candidate.observe_each(unfound);
        self.round = round;
        (batches, prospect.pending)
    }

    /// Shows the pods that are on no Node, where anybody knows, and tells of the settings of the cluster.
    fn show(&mut self, pending: Option<&Arc<Pending>>) {
        if let Some(pending) = pending {
            self.boards.plan(pending);
            self.telemetry.metrics.show_pending(pending);
        }
        if let Some(config) = self.watches.supplies().config() {
            let pending = pending.map(AsRef::as_ref);
            self.telemetry.tell_of_config(&config, pending);
        }
    }

    /// Compares what our clock shows with those of VPSie and Kubernetes, before anything is concluded from it.
    ///
    /// Once it is right again, what was seen by the wrong one is forgotten: its times are of no use.
    fn compare_clocks(&mut self, now: DateTime<Utc>) {
        let was_skewed = self.comparison.skew().is_some();
        let (vpsie, allowance) = (self.poller.api().server_time(), self.settings.clock_skew);
        let skew = self.comparison.compare(now, vpsie, allowance);
        self.telemetry.compared(skew, self.comparison.offsets());
        if was_skewed && skew.is_none() {
            self.forget();
        }
    }

    /// Tells what has happened since the last pass.
    fn record(&mut self) {
        let watches = &self.watches;
        let sight = Sight::of(&watches.groups(), &watches.vpsie_nodes(), &watches.nodes());
        self.telemetry.look(sight, self.clock.now());
    }

    pub(super) fn claims(&self) -> Vec<ClaimObject> {
        self.watches
            .vpsie_nodes()
            .into_iter()
            .map(ClaimObject::new)
            .collect()
    }
}

/// Tells whether the watch shows a VPSieNode that was made, be it one that cannot be read.
fn is_there(world: &World<'_>, creation: &Creation) -> bool {
    let (namespace, name) = &creation.place;
    match world.claim_at(&creation.place) {
        Some(claim) => creation.is_whole_in(&claim.object),
        None => world.has_claim(namespace, name),
    }
}

/// Plans for the pods that wait, unless something that was made is awaited: the plan would make it again.
fn plan(
    world: &World<'_>,
    watches: &Watches,
    is_awaited: bool,
    metrics: &Metrics,
    trends: &mut Trends,
) -> Prospect {
    if is_awaited {
        return Prospect::default();
    }
    let began = Instant::now();
    let prospect = prospect::look(world, watches, trends);
    metrics.took(Part::Plan, began);
    prospect
}
