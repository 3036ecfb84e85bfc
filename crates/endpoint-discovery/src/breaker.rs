//! When too many calls fail, none is made for a while (EP-15). No clock: time is an argument.
//!
//! ```text
//!            60 % of 10 or more calls in 60 s fail        30 s later, one call
//!   closed ─────────────────────────────────────▶ open ─────────────────────▶ half-open
//!     ▲                                             ▲          it fails            │ │
//!     │                                             └──────────────────────────────┘ │
//!     └────────────────────────────────── it succeeds ───────────────────────────────┘
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

/// Holds when a breaker opens and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerRules {
    /// Fewer calls than this within the window say nothing.
    pub calls: usize,
    /// Which part of the calls has to fail, in percent.
    pub failed_percent: usize,
    /// For how long a call counts.
    pub window: Duration,
    /// How long no call is made once it is open.
    pub rest: Duration,
}

/// Shows the state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// Calls are made.
    Closed,
    /// No call is made.
    Open,
    /// One call may show whether the API server is back.
    HalfOpen,
}

/// Decides which calls are made. Times are those of some monotonic clock.
#[derive(Clone, Debug)]
pub struct Breaker {
    rules: BreakerRules,
    state: State,
    /// When recent calls ended, and whether they failed.
    recent: VecDeque<(Duration, bool)>,
    /// Grows with every change of state: what was asked before a change does not count after it.
    era: u64,
}

/// Allows one call, and is handed back with what became of it.
#[derive(Debug)]
pub struct Pass {
    era: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open {
        until: Duration,
    },
    /// One call is under way. If nothing is heard of it until then, another may try.
    Trying {
        until: Duration,
    },
}

/// More calls than this are not remembered; they are as telling as those of a whole window.
const MEMORY: usize = 1000;

// === impl BreakerRules ===

impl Default for BreakerRules {
    fn default() -> Self {
        Self {
            calls: 10,
            failed_percent: 60,
            window: Duration::from_secs(60),
            rest: Duration::from_secs(30),
        }
    }
}

// === impl Breaker ===

impl Breaker {
    /// Begins closed.
    pub fn new(rules: BreakerRules) -> Self {
        Self {
            rules,
            state: State::Closed,
            recent: VecDeque::new(),
            era: 0,
        }
    }

    /// Shows the state at a time.
    pub fn state(&self, now: Duration) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open,
            State::Open { .. } | State::Trying { .. } => BreakerState::HalfOpen,
        }
    }

    /// Allows a call, or says after how long to ask again.
    ///
    /// # Errors
    ///
    /// How long no call will be allowed.
    pub fn admit(&mut self, now: Duration) -> Result<Pass, Duration> {
        match self.state {
            State::Closed => {}
            State::Open { until } | State::Trying { until } if now < until => return Err(until - now),
            State::Open { .. } | State::Trying { .. } => self.enter(State::Trying {
                until: now + self.rules.rest,
            }),
        }
        Ok(Pass { era: self.era })
    }

    /// Learns what became of a call.
    pub fn report(&mut self, pass: &Pass, failed: bool, now: Duration) {
        if pass.era != self.era {
            return;
        }
        let open = State::Open {
            until: now + self.rules.rest,
        };
        match self.state {
            State::Closed => {
                self.remember(now, failed);
                if self.is_too_much() {
                    self.enter(open);
                }
            }
            State::Open { .. } | State::Trying { .. } => {
                self.enter(if failed { open } else { State::Closed })
            }
        }
    }

    fn remember(&mut self, now: Duration, failed: bool) {
        self.recent.push_back((now, failed));
        let window = self.rules.window;
        let is_past = |ended: Duration| now.saturating_sub(ended) > window;
        while self.recent.len() > MEMORY || self.recent.front().is_some_and(|(ended, _)| is_past(*ended)) {
            self.recent.pop_front();
        }
    }

    fn is_too_much(&self) -> bool {
        let failed = self.recent.iter().filter(|(_, failed)| *failed).count();
        let all = self.recent.len();
        all >= self.rules.calls && failed * 100 >= all * self.rules.failed_percent
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.recent.clear();
        self.era += 1;
    }
}

#[cfg(test)]
mod tests;
