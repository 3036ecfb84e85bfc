//! Whether the clock of this host may be believed: what other clocks say of it, and the judgement.
//!
//! ```text
//!  VPSie ───────Date──┐                                ┌─▶ decide: what counts time waits
//!                     ├─▶ Offsets ───judge──▶ Skew? ───┤
//!  Kubernetes ──Date──┘                                └─▶ condition, log, metric, /readyz
//! ```
//!
//! One other clock that agrees is enough to believe ours. Where others are heard and none agrees, ours is not believed.

mod comparison;
mod hearing;

pub(crate) use comparison::Comparison;

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

/// A clock that ours is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// That of the API server.
    Kubernetes,
    /// That of VPSie.
    Vpsie,
}

/// How far our clock is ahead of another one; negative is behind.
///
/// The other one is not known exactly: an answer is a second and its round trip wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    least: TimeDelta,
    most: TimeDelta,
}

/// How far our clock is ahead of each other one that is heard.
pub type Offsets = BTreeMap<Source, Offset>;

/// In which way our clock cannot be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skew {
    /// It is ahead of every other.
    Ahead,
    /// It is behind every other.
    Behind,
    /// It is ahead of one and behind another: no two agree.
    Disputed,
}

/// What another clock says of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saying {
    Agrees,
    Ahead,
    Behind,
    /// It is heard too vaguely.
    Unclear,
}

/// Judges our clock by the others, as it was judged before where they do not tell.
///
/// An offset that may be within the allowance or not changes nothing, so a clock at the edge does not waver.
pub fn judge(before: Option<Skew>, offsets: &Offsets, allowance: TimeDelta) -> Option<Skew> {
    let is_said = |wanted| offsets.values().any(|offset| offset.says(allowance) == wanted);
    let is_ahead = is_said(Saying::Ahead);
    let is_behind = is_said(Saying::Behind);
    if is_said(Saying::Agrees) {
        None
    } else if is_ahead && is_behind {
        Some(Skew::Disputed)
    } else if is_ahead {
        Some(Skew::Ahead)
    } else if is_behind {
        Some(Skew::Behind)
    } else {
        before
    }
}

/// Puts in words how our clock compares with the others.
pub fn describe(offsets: &Offsets) -> String {
    let each = offsets
        .iter()
        .map(|(source, offset)| format!("{offset} that of {source}"));
    let each: Vec<String> = each.collect();
    if each.is_empty() {
        "no other clock is heard".to_owned()
    } else {
        format!("the clock of this host is {}", each.join(" and "))
    }
}

// === impl Source ===

impl Source {
    /// Returns the word in labels of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Vpsie => "vpsie",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kubernetes => "Kubernetes",
            Self::Vpsie => "VPSie",
        })
    }
}

// === impl Offset ===

impl Offset {
    /// Compares what our clock shows with the least and the most that another one can show.
    pub fn of(ours: DateTime<Utc>, other: &RangeInclusive<DateTime<Utc>>) -> Self {
        Self {
            least: ours - *other.end(),
            most: ours - *other.start(),
        }
    }

    /// Returns the offset nearest to none that can be true.
    pub fn at_least(&self) -> TimeDelta {
        TimeDelta::zero().clamp(self.least, self.most)
    }

    fn says(&self, allowance: TimeDelta) -> Saying {
        if self.least > allowance {
            Saying::Ahead
        } else if self.most < -allowance {
            Saying::Behind
        } else if self.least >= -allowance && self.most <= allowance {
            Saying::Agrees
        } else {
            Saying::Unclear
        }
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at_least().num_seconds();
        let whole = seconds.unsigned_abs();
        match seconds.signum() {
            1 => write!(formatter, "{whole} s ahead of"),
            -1 => write!(formatter, "{whole} s behind"),
            _ => formatter.write_str("equal to"),
        }
    }
}

// === impl Skew ===

impl Skew {
    /// Says what it means and what a person can do; always the same, so that a status is written once.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Ahead => {
                "the clock of the autoscaler's host is ahead of every clock that it is compared with; set it right; until then no machine is asked for, given up or removed"
            }
            Self::Behind => {
                "the clock of the autoscaler's host is behind every clock that it is compared with; set it right; until then no machine is asked for, given up or removed"
            }
            Self::Disputed => {
                "the clocks of the autoscaler's host, of Kubernetes and of VPSie all differ; set the first two right; until then no machine is asked for, given up or removed"
            }
        }
    }
}

#[cfg(test)]
mod tests;
