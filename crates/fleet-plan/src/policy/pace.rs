//! When the size of a group was changed, and how long that holds back the next change (`LC-43`).

use chrono::{DateTime, TimeDelta, Utc};

use super::Held;

/// Says how long to wait between changes of a group. What is unset takes the figure of `LC-43`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoolDowns {
    /// After any change; unset means five minutes.
    pub general: Option<TimeDelta>,
    /// From growing to shrinking; unset means twenty minutes.
    pub down_after_up: Option<TimeDelta>,
    /// From one consolidation to the next; unset means two hours.
    pub consolidation: Option<TimeDelta>,
}

/// Remembers when a group was last changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// When it last grew.
    pub grown_at: Option<DateTime<Utc>>,
    /// When it last shrank.
    pub shrunk_at: Option<DateTime<Utc>>,
    /// When it was last consolidated.
    pub consolidated_at: Option<DateTime<Utc>>,
}

/// Says from which change a wait counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// From the last one of any kind.
    Change,
    /// From the last growth.
    Growth,
    /// From the last consolidation.
    Consolidation,
}

// === impl CoolDowns ===

impl CoolDowns {
    /// Is the wait after any change where none is set.
    pub const GENERAL: TimeDelta = TimeDelta::minutes(5);
    /// Is the wait from growing to shrinking where none is set.
    pub const DOWN_AFTER_UP: TimeDelta = TimeDelta::minutes(20);
    /// Is the wait between consolidations where none is set.
    pub const CONSOLIDATION: TimeDelta = TimeDelta::hours(2);

    pub(super) fn general(&self) -> (Since, Option<TimeDelta>) {
        (Since::Change, Some(self.general.unwrap_or(Self::GENERAL)))
    }

    pub(super) fn down_after_up(&self) -> (Since, Option<TimeDelta>) {
        let wait = self.down_after_up.unwrap_or(Self::DOWN_AFTER_UP);
        (Since::Growth, Some(wait))
    }

    pub(super) fn consolidation(&self) -> (Since, Option<TimeDelta>) {
        let wait = self.consolidation.unwrap_or(Self::CONSOLIDATION);
        (Since::Consolidation, Some(wait))
    }
}

// === impl History ===

impl History {
    fn last(&self, since: Since) -> Option<DateTime<Utc>> {
        match since {
            Since::Change => self.grown_at.max(self.shrunk_at).max(self.consolidated_at),
            Since::Growth => self.grown_at,
            Since::Consolidation => self.consolidated_at,
        }
    }

    /// Says until when the longest of these waits lasts; nothing when all are over.
    pub(super) fn cooling<const N: usize>(
        &self,
        waits: [(Since, Option<TimeDelta>); N],
        now: DateTime<Utc>,
    ) -> Option<Held> {
        let ends = waits.into_iter().filter_map(|(since, wait)| {
            let end = self.last(since)?.checked_add_signed(wait?);
            Some(end.unwrap_or(DateTime::<Utc>::MAX_UTC))
        });
        let until = ends.max().filter(|until| *until > now)?;
        Some(Held::CoolingDown { until })
    }
}
