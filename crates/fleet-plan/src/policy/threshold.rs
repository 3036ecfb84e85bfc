//! What lets a group grow or shrink by its use, and since when it does (`LC-43`).

use chrono::{DateTime, TimeDelta, Utc};

use super::Policy;
use crate::projection::Projection;

/// Says when a group grows by its use, whoever waits. What is unset takes the figure of `LC-43`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Up {
    /// Whether it grows at all; unset means that it does.
    pub is_enabled: Option<bool>,
    /// Percent of the CPU above which it grows; unset means [`Up::PERCENT`].
    pub cpu_percent: Option<u32>,
    /// Percent of the memory above which it grows; unset means [`Up::PERCENT`].
    pub memory_percent: Option<u32>,
    /// How long the use must have been above; unset means [`Up::WINDOW`]. One that is set is also the least time between
    /// the last change of size and a purchase for pods that wait.
    pub window: Option<TimeDelta>,
}

/// Says when a group shrinks by its use. What is unset takes the figure of `LC-43`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Down {
    /// Whether it shrinks at all; unset means that it does.
    pub is_enabled: Option<bool>,
    /// Percent of the CPU below which it shrinks; unset means [`Down::PERCENT`].
    pub cpu_percent: Option<u32>,
    /// Percent of the memory below which it shrinks; unset means [`Down::PERCENT`].
    pub memory_percent: Option<u32>,
    /// How long the use must have been below; unset means [`Down::WINDOW`].
    pub window: Option<TimeDelta>,
}

/// Remembers since when the use of a group is above what lets it grow, and since when below what lets it shrink.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trend {
    /// Since when CPU or memory is above its threshold.
    pub above_since: Option<DateTime<Utc>>,
    /// Since when both are below theirs.
    pub below_since: Option<DateTime<Utc>>,
}

// === impl Up ===

impl Up {
    /// Is the threshold where none is set (`LC-43`).
    pub const PERCENT: u32 = 85;
    /// Is the window where none is set.
    pub const WINDOW: TimeDelta = TimeDelta::seconds(60);

    pub(super) fn is_past(&self, projection: &Projection) -> bool {
        projection
            .cpu()
            .is_above(self.cpu_percent.unwrap_or(Self::PERCENT))
            || projection
                .memory()
                .is_above(self.memory_percent.unwrap_or(Self::PERCENT))
    }
}

// === impl Down ===

impl Down {
    /// Is the threshold where none is set (`LC-43`).
    pub const PERCENT: u32 = 30;
    /// Is the window where none is set.
    pub const WINDOW: TimeDelta = TimeDelta::minutes(10);

    pub(super) fn is_past(&self, projection: &Projection) -> bool {
        projection
            .cpu()
            .is_below(self.cpu_percent.unwrap_or(Self::PERCENT))
            && projection
                .memory()
                .is_below(self.memory_percent.unwrap_or(Self::PERCENT))
    }
}

// === impl Trend ===

impl Trend {
    /// Returns what is known after one more look at a group.
    #[must_use]
    pub fn after(self, policy: &Policy, projection: &Projection, now: DateTime<Utc>) -> Self {
        // Time that went back counts from where it is now.
        let since = |before: Option<DateTime<Utc>>, is_past: bool| {
            is_past.then(|| before.map_or(now, |before| before.min(now)))
        };
        Self {
            above_since: since(self.above_since, policy.up.is_past(projection)),
            below_since: since(self.below_since, policy.down.is_past(projection)),
        }
    }
}
