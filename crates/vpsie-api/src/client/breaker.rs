//! When VPSie fails again and again it is left alone for a while. No clock: time is an argument.
//!
//! ```text
//!            failures in a row            the wait is over
//!   Closed ─────────────────────▶ Open ─────────────────────▶ Probing
//!     ▲                            ▲                             │ │
//!     │                            └──────── it fails ───────────┘ │
//!     └───────────────────────────────────── it succeeds ──────────┘
//! ```

use std::time::Duration;

use tokio::time::Instant;

use crate::{BreakerSettings, BreakerState};

/// Counts failures and decides whether a request may leave.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// Grows with every change of state, so that an answer to a request from before a
    /// change does not count after it.
    era: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Requests leave.
    Closed { failures: u32 },
    /// None leaves before `until`.
    Open { until: Instant },
    /// One is under way. If nobody reports on it until then, another may try.
    Probing { until: Instant },
}

/// Allows one request to leave, and is handed back with what became of it.
#[derive(Debug)]
pub(super) struct Pass {
    era: u64,
}

/// Says what the answer to a request tells about VPSie's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It answers, be it with a refusal.
    Well,
    /// No connection, no answer in time, 5xx or 429.
    Ill,
}

// === impl Breaker ===

impl Breaker {
    /// Begins closed.
    pub(super) const fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            state: State::Closed { failures: 0 },
            era: 0,
        }
    }

    /// Tells how long nothing will leave; changes nothing.
    pub(super) fn closed_for(&self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Open { until } | State::Probing { until } if now < until => Err(until - now),
            State::Closed { .. } | State::Open { .. } | State::Probing { .. } => Ok(()),
        }
    }

    /// Shows the state as others may see it; changes nothing.
    pub(super) fn shown(&self, now: Instant) -> BreakerState {
        match self.state {
            State::Closed { failures } => BreakerState::Closed { failures },
            State::Probing { until } if now < until => BreakerState::Probing,
            State::Open { until } | State::Probing { until } => BreakerState::Open {
                retry_after: until.saturating_duration_since(now),
            },
        }
    }

    /// Lets a request leave, or says how long none will.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Pass, Duration> {
        self.closed_for(now)?;
        match self.state {
            State::Closed { .. } => {}
            State::Open { .. } | State::Probing { .. } => self.enter(State::Probing {
                until: now + self.settings.open_for,
            }),
        }
        Ok(Pass { era: self.era })
    }

    /// Learns what became of a request.
    pub(super) fn report(&mut self, pass: &Pass, health: Health, now: Instant) {
        if pass.era != self.era {
            return;
        }
        let open = State::Open {
            until: now + self.settings.open_for,
        };
        match (health, self.state) {
            (Health::Well, State::Closed { .. }) => self.state = State::Closed { failures: 0 },
            (Health::Well, State::Open { .. } | State::Probing { .. }) => {
                self.enter(State::Closed { failures: 0 });
            }
            (Health::Ill, State::Closed { failures }) => {
                let failures = failures.saturating_add(1);
                if failures >= self.settings.failures {
                    self.enter(open);
                } else {
                    self.state = State::Closed { failures };
                }
            }
            (Health::Ill, State::Open { .. } | State::Probing { .. }) => self.enter(open),
        }
    }

    const fn enter(&mut self, state: State) {
        self.state = state;
        self.era += 1;
    }
}

#[cfg(test)]
mod tests;
