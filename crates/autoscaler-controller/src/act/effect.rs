//! The timing rule: an effect at VPSie starts within 5 s of its intent, under a mandate that lasts until then.
//!
//! VPSie knows no fencing, so nothing there can tell a request of a leader from one of its predecessor. Time does it:
//! see the decision record on leader election.

use super::{ActError, Actor, Pass};
use crate::clock::{Clock, Monotonic};
use crate::intent::Intent;
use crate::lease::{Mandate, Rule, TooLate};

/// When an intent was opened: from then on its effect has 5 s to start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened(Monotonic);

impl Actor {
    /// Begins the record of a request that is about to leave, of the present term.
    ///
    /// # Errors
    ///
    /// When leadership may not last until the effect has started; then not even the intent is written.
    pub(super) fn open(
        &self,
        attempt: u32,
        baseline: Option<String>,
        pass: &Pass<'_>,
    ) -> Result<(Intent, Opened), ActError> {
        if !Rule::REAL.may_open(|within| pass.mandate.covers(within)) {
            return Err(ActError::NotLeading);
        }
        let intent = Intent {
            term: pass.mandate.term(),
            ..Intent::open(self.clock.now(), attempt, baseline)
        };
        Ok((intent, Opened(self.clock.monotonic())))
    }

    /// Looks once more, right before the effect.
    ///
    /// # Errors
    ///
    /// When the intent is too old, or leadership may end before the effect has started.
    pub(super) fn may_start(&self, opened: Opened, pass: &Pass<'_>) -> Result<(), ActError> {
        may_start(&self.clock, pass.mandate, opened)
    }
}

/// Looks once more, right before an effect that is on its own.
///
/// # Errors
///
/// When the intent is too old, or leadership may end before the effect has started.
pub(super) fn may_start(clock: &Clock, mandate: &Mandate, opened: Opened) -> Result<(), ActError> {
    let age = clock.monotonic().since(opened.0);
    let may_start = Rule::REAL.may_start(age, |within| mandate.covers(within));
    may_start.map_err(|late| match late {
        TooLate::Intent => ActError::IntentExpired,
        TooLate::Leadership => ActError::NotLeading,
    })
}
