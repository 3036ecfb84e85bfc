//! Who may act, for how long: asked right before every outside effect, answered from the local clock alone.

use crate::clock::{Clock, Monotonic};
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::sync::watch;

/// Longest time from the write of an intent to the start of its effect.
pub const EFFECT_WITHIN: Duration = Duration::from_secs(5);
/// Longest time from the last look at a mandate to the start of the effect: the client of VPSie may need it for a
/// token and for its own rate limit, and sends nothing later.
pub const EFFECT_START: Duration = Duration::from_secs(2);

/// What one replica knows of the leadership; clones are the same handle.
///
/// It is for the operator, and for everybody who wants to show it: readiness, metrics, logs.
#[derive(Clone, Debug)]
pub struct Leadership(Source);

#[derive(Clone, Debug)]
enum Source {
    /// Nobody else is there.
    Alone,
    /// The Lease decides.
    Elected {
        clock: Clock,
        standing: watch::Receiver<Standing>,
    },
}

/// How the election stands for one replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The term that this replica leads, if it does. It may be over already: see [`Term::until`].
    pub term: Option<Term>,
    /// Who holds the Lease as far as this replica knows; nobody after a release.
    pub holder: Option<String>,
    /// Since when it stands so, for people.
    pub since: Option<DateTime<Utc>>,
}

/// One replica's time as leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// Its number: `leaseTransitions` of the Lease, which grows with every take-over.
    pub number: u32,
    /// When it began, by the local monotonic clock.
    pub since: Monotonic,
    /// When it ends without another renewal, by the local monotonic clock: nobody else leads before.
    pub until: Monotonic,
}

/// Leave to act in one term. A later term of the same replica is another mandate.
#[derive(Clone, Debug)]
pub struct Mandate {
    leadership: Leadership,
    number: Option<u32>,
}

// === impl Leadership ===

impl Leadership {
    /// Makes the leadership of one who is alone: for a simulated world, and for a single process without election.
    pub fn alone() -> Self {
        Self(Source::Alone)
    }

    pub(super) fn elected(clock: Clock, standing: watch::Receiver<Standing>) -> Self {
        Self(Source::Elected { clock, standing })
    }

    /// Tells whether this replica may act now.
    pub fn is_leader(&self) -> bool {
        self.mandate().is_some()
    }

    /// Returns how the election stands; `None` when there is none, and this replica leads.
    ///
    /// A term that is over by the clock is left out.
    pub fn standing(&self) -> Option<Standing> {
        match &self.0 {
            Source::Alone => None,
            Source::Elected { clock, standing } => {
                let mut standing = standing.borrow().clone();
                standing.term = standing
                    .term
                    .filter(|term| term.covers(clock.monotonic(), Duration::ZERO));
                Some(standing)
            }
        }
    }

    /// Returns the mandate of the present term, if this replica leads.
    pub fn mandate(&self) -> Option<Mandate> {
        let number = match &self.0 {
            Source::Alone => None,
            Source::Elected { .. } => Some(self.standing()?.term?.number),
        };
        Some(Mandate {
            leadership: self.clone(),
            number,
        })
    }

    /// Waits until this replica leads; `None` when the election has ended, and it never will.
    pub async fn gained(&mut self) -> Option<Mandate> {
        loop {
            if let Some(mandate) = self.mandate() {
                return Some(mandate);
            }
            match &mut self.0 {
                Source::Alone => {}
                Source::Elected { standing, .. } => standing.changed().await.ok()?,
            }
        }
    }
}

// === impl Term ===

impl Term {
    /// Tells whether the term lasts for so long from now.
    pub fn covers(&self, now: Monotonic, within: Duration) -> bool {
        now + within < self.until
    }
}

// === impl Mandate ===

impl Mandate {
    /// Returns the number of the term; `None` without election.
    pub fn term(&self) -> Option<u32> {
        self.number
    }

    /// Tells whether leadership surely lasts for so long, without asking anybody.
    pub fn covers(&self, within: Duration) -> bool {
        match &self.leadership.0 {
            Source::Alone => true,
            Source::Elected { clock, standing } => {
                let term = standing
                    .borrow()
                    .term
                    .filter(|term| Some(term.number) == self.number);
                term.is_some_and(|term| term.covers(clock.monotonic(), within))
            }
        }
    }

    /// Returns how long the term has lasted; `None` without election, or when it is over.
    pub fn age(&self) -> Option<Duration> {
        match &self.leadership.0 {
            Source::Alone => None,
            Source::Elected { clock, standing } => {
                let term = standing
                    .borrow()
                    .term
                    .filter(|term| Some(term.number) == self.number)?;
                Some(clock.monotonic().since(term.since))
            }
        }
    }

    /// Waits until the term is over, and needs nobody to say so.
    pub async fn ended(&self) {
        let Source::Elected { clock, standing } = &self.leadership.0 else {
            return std::future::pending().await;
        };
        let mut standing = standing.clone();
        loop {
            let term = standing.borrow_and_update().term;
            let Some(term) = term.filter(|_| self.covers(Duration::ZERO)) else {
                return;
            };
            tokio::select! {
                () = clock.sleep_until(term.until) => {}
                changed = standing.changed() => if changed.is_err() {
                    // The election is gone: the term runs out by the clock.
                    clock.sleep_until(term.until).await;
                },
            }
        }
    }
}
