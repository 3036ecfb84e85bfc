//! How well an instance is, as a number from 0 to 100 and as a word (EP-17, EP-18).

use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;

use crate::sighting::Phase;

/// Latency up to this is as good as none.
const FULL_LATENCY: Duration = Duration::from_millis(100);
/// Latency from this on is worth nothing.
const WORTHLESS_LATENCY: Duration = Duration::from_millis(1000);

/// What each part is worth, in thousandths of a point, so that nothing is lost before the end.
const READY: u64 = 25_000;
const HEALTH_ENDPOINT: u64 = 15_000;
const STAYS: u64 = 10_000;
const LATENCY: u64 = 30_000;
const QUALITY: u64 = 20_000;

/// Says how good the answers of an instance are, by its own account: a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Quality {
    #[serde(rename = "millionths")]
    millionths: u32,
}

/// Tells what came of asking an instance for its health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It has no port to ask.
    NoPort,
    /// It did not answer, or not with a success.
    Failed,
    /// It answered with a success.
    Passed {
        /// How long the answer took.
        latency: Option<Duration>,
        /// What the body says of itself.
        quality: Option<Quality>,
    },
}

/// Holds everything that the score of an instance rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    /// Whether it is ready.
    pub is_ready: bool,
    /// Whether it is being shut down.
    pub is_terminating: bool,
    /// What came of the last probe; nothing as long as there was none.
    pub check: Option<Check>,
}

/// Says what a score rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Readiness alone: there was no probe, or there is nothing to probe.
    ReadinessOnly,
    /// Readiness and the answer of its health endpoint.
    Probed,
}

/// Says in a word what an instance is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It serves.
    Ready,
    /// It serves, but badly.
    Degraded,
    /// It is young, and not ready yet.
    Booting,
    /// It does not serve.
    NotReady,
    /// It has failed for good.
    Error,
    /// Nobody knows.
    Unknown,
}

/// Holds the thresholds of scores and statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthRules {
    /// The score from which a ready instance is not degraded.
    pub healthy_from: u8,
    /// How long an instance may take to become ready.
    pub boot_window: TimeDelta,
}

// === impl Quality ===

impl Quality {
    /// Reads a quality: all above 1 is 1, all below 0 is 0; nothing when it is not a number.
    pub fn new(part_of_one: f64) -> Option<Self> {
        if part_of_one.is_nan() {
            return None;
        }
        let millionths = (part_of_one.clamp(0.0, 1.0) * 1_000_000.0).round() as u32;
        Some(Self { millionths })
    }

    /// Tells the quality as a part of one.
    pub fn as_f64(self) -> f64 {
        f64::from(self.millionths) / 1_000_000.0
    }
}

// === impl HealthRules ===

impl Default for HealthRules {
    /// Healthy from 70 points on; five minutes to boot, which is what an image pull and a slow start take.
    fn default() -> Self {
        Self {
            healthy_from: 70,
            boot_window: TimeDelta::minutes(5),
        }
    }
}

/// Scores an instance from 0 to 100, and says on what that rests (EP-17).
///
/// Availability is worth 50 (ready 25, health endpoint 15, not terminating 10), latency 30, quality 20. What cannot be
/// known does not count, and the rest is taken for the whole: quality where the body has none, and all that only a
/// probe can tell where there was none.
///
/// # Guarantees
///
/// No input that gets better makes the score worse.
///
/// # Examples
///
/// ```
/// use endpoint_discovery::{Check, Quality, Signals, score};
/// use std::time::Duration;
///
/// let check = Check::Passed { latency: Some(Duration::from_millis(550)), quality: Quality::new(1.0) };
/// let signals = Signals { is_ready: true, is_terminating: false, check: Some(check) };
/// assert_eq!(score(&signals).0, 85);
/// ```
pub fn score(signals: &Signals) -> (u8, Basis) {
    let mut worth = worth(signals.is_ready, READY) + worth(!signals.is_terminating, STAYS);
    let mut whole = READY + STAYS;
    let basis = match signals.check {
        None | Some(Check::NoPort) => Basis::ReadinessOnly,
        Some(Check::Failed) => {
            whole += HEALTH_ENDPOINT + LATENCY;
            Basis::Probed
        }
        Some(Check::Passed { latency, quality }) => {
            worth += HEALTH_ENDPOINT + latency.map_or(0, latency_worth);
            whole += HEALTH_ENDPOINT + LATENCY;
            if let Some(quality) = quality {
                worth += QUALITY * u64::from(quality.millionths) / 1_000_000;
                whole += QUALITY;
            }
            Basis::Probed
        }
    };
    let rounded = (worth * 100 + whole / 2) / whole;
    (
        u8::try_from(rounded).expect("no part is worth more than its share of 100"),
        basis,
    )
}

/// Says what an instance is good for (EP-18).
///
/// What the source knows for certain comes first: a pod that failed, or that is still starting (EP-13).
pub fn status(signals: &Signals, score: u8, phase: Phase, age: TimeDelta, rules: &HealthRules) -> Status {
    match phase {
        Phase::Failed => return Status::Error,
        Phase::Unknown => return Status::Unknown,
        Phase::Booting => return Status::Booting,
        Phase::Untold => {}
    }
    let probe_failed = signals.check == Some(Check::Failed);
    if signals.is_ready && !signals.is_terminating {
        return if probe_failed || score < rules.healthy_from {
            Status::Degraded
        } else {
            Status::Ready
        };
    }
    // What is on its way out is not booting, however young it is.
    if !signals.is_terminating && age < rules.boot_window {
        Status::Booting
    } else {
        Status::NotReady
    }
}

fn worth(holds: bool, points: u64) -> u64 {
    if holds { points } else { 0 }
}

fn latency_worth(latency: Duration) -> u64 {
    let late = latency.clamp(FULL_LATENCY, WORTHLESS_LATENCY);
    let left = u64::try_from((WORTHLESS_LATENCY - late).as_micros()).expect("it is at most a second");
    let span =
        u64::try_from((WORTHLESS_LATENCY - FULL_LATENCY).as_micros()).expect("it is less than a second");
    LATENCY * left / span
}

#[cfg(test)]
mod tests;
