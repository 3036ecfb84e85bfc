//! What wakes the operator for its next pass.

use super::Operator;
use super::debounce::{Haste, SETTLING};
use crate::act::Creation;
use crate::drain::next_settled;
use crate::kept::VPSieNode;
use crate::prospect::grace;
use crate::resources::keys;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

/// Wait after a write that met a newer version, or an object of its name, before the next pass decides on it anew.
///
/// A watch that shows what was in the way comes first; this is for one that does not (`NS-22`).
const AFTER_A_CONFLICT: Duration = Duration::from_secs(1);

impl Operator {
    /// Waits for a change, an answer of VPSie, the end of a request, the time of the next poll, until a Node has taken no
    /// new pods for long enough, a moment that changes a state or a decision, or a second after a conflict; which of them
    /// it was does not matter.
    pub(super) async fn woken(&mut self) {
        let now = self.clock.now();
        let poll = self.polls.due_in(now, self.settings.poll_interval);
        let nodes = self.watches.nodes();
        let settled = next_settled(nodes.iter().map(Arc::as_ref), self.settings.settle, now);
        let again = self.actor.has_conflicts().then_some(AFTER_A_CONFLICT);
        let waited = self.grace_over_in(now);
        let look = self.look_at.and_then(|at| (at - now).to_std().ok());
        let sooner = [settled, self.states.due_in(now), again, waited, look];
        let sooner = sooner.into_iter().flatten();
        let wait = sooner.fold(poll, Duration::min);
        let (watches, poller, debounce) = (&self.watches, &mut self.poller, &self.debounce);
        let actor = &mut self.actor;
        let made = &self.made;
        let haste = || {
            let seen = |creation: &Creation| watches.vpsie_node(&creation.place);
            // What was made for pods and could not ask for its machine at once does so when it is seen.
            if made.may_ask(|creation| seen(creation).is_some_and(|claim| is_planned(&claim))) {
                Haste::Now
            } else if watches.has_calls()
                && made.is_seen(|creation| seen(creation).is_some_and(|claim| creation.is_whole_in(&claim)))
            {
                // Before that nothing is planned.
                Haste::Soon
            } else {
                Haste::None
            }
        };
        // They were called while the last pass was made.
        let is_late = watches.has_calls();
        let changed = async {
            tokio::select! {
                () = watches.changed() => {}
                () = poller.answered() => {}
                () = actor.landed() => {}
            }
            debounce.settle(is_late, || watches.stirred(), haste).await;
        };
        let waited = tokio::time::timeout(wait.max(SETTLING), changed);
        let following = self
            .states
            .follow(watches, &self.lives, &self.clock, &self.telemetry.metrics);
        tokio::select! {
            biased;
            _ = waited => {}
            never = following => match never {},
        }
    }

    /// Returns how long it is until the next pod has waited for the whole grace period (`SC-1`).
    fn grace_over_in(&self, now: DateTime<Utc>) -> Option<Duration> {
        let settings = self.watches.supplies().config();
        let settings = settings.map(|config| config.spec.settings());
        let due = self.watches.backlog().due_at(grace(settings.as_ref()), now)?;
        (due - now).to_std().ok()
    }
}

/// Tells whether a VPSieNode was made for pods that wait.
fn is_planned(claim: &VPSieNode) -> bool {
    claim.annotations().contains_key(keys::ANNOTATION_PLANNED_FOR)
}
