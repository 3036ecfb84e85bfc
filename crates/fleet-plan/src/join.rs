//! How long machines of a group take to join, when one takes far too long, and when its group stops (`SC-9`).

#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};

/// Is a machine that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// What became of it.
    pub end: End,
}

/// Says what became of a machine that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its Node was Ready then.
    Joined(DateTime<Utc>),
    /// It was given up then.
    GivenUp(DateTime<Utc>),
    /// It may still join.
    Open,
}

/// Knows how machines of one group joined lately.
///
/// It follows from the machines that are known, so that nothing of it has to be kept over a restart.
///
/// # Examples
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use fleet_plan::join::{Attempt, End, Joins};
///
/// let asked_at = DateTime::UNIX_EPOCH;
/// let joined = |minutes| Attempt { asked_at, end: End::Joined(asked_at + TimeDelta::minutes(minutes)) };
/// let joins = Joins::of([3, 4, 5, 4, 3].map(joined));
/// assert_eq!(joins.usual(), Some(TimeDelta::minutes(4)));
/// assert!(!joins.is_overdue(TimeDelta::minutes(10)) && joins.is_overdue(TimeDelta::minutes(11)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joins {
    /// How long the last ones took, the shortest first.
    times: Vec<TimeDelta>,
    /// How many in a row were given up, up to now.
    given_up: u32,
    /// When the last of these was.
    given_up_at: Option<DateTime<Utc>>,
}

// === impl Joins ===

impl Joins {
    /// Is how many of the last machines are looked at.
    pub const REMEMBERED: usize = 20;
    /// Is how many must have joined before one is called overdue.
    pub const NEEDED: usize = 5;
    /// Is how many in a row are given up before the group stops.
    pub const TOLERATED: u32 = 2;
    /// Is how long it stops at first; each further one doubles it.
    pub const FIRST_STOP: TimeDelta = TimeDelta::minutes(10);
    /// Is how long it stops at most.
    pub const LONGEST_STOP: TimeDelta = TimeDelta::hours(4);

    /// Looks at the machines of a group, in whatever order.
    pub fn of(attempts: impl IntoIterator<Item = Attempt>) -> Self {
        let ended = attempts.into_iter().filter_map(|one| match one.end {
            End::Joined(at) => Some((at, true, one.asked_at)),
            End::GivenUp(at) => Some((at, false, one.asked_at)),
            End::Open => None,
        });
        // At the same moment the one that joined is the later: it says that machines of this group do.
        let mut ended: Vec<_> = ended.collect();
        ended.sort_unstable_by(|one, other| other.cmp(one));
        ended.truncate(Self::REMEMBERED);
        let in_a_row = ended.iter().take_while(|(_, has_joined, _)| !has_joined);
        let given_up = u32::try_from(in_a_row.count()).unwrap_or(u32::MAX);
        let joined = ended.iter().filter(|(_, has_joined, _)| *has_joined);
        let mut times: Vec<TimeDelta> = joined
            .map(|(at, _, asked_at)| (*at - *asked_at).max(TimeDelta::zero()))
            .collect();
        times.sort_unstable();
        Self {
            times,
            given_up,
            given_up_at: ended.first().filter(|_| given_up > 0).map(|(at, _, _)| *at),
        }
    }

    /// Returns how long a machine takes: half of the last ones took no longer. None before the first has joined.
    #[must_use]
    pub fn usual(&self) -> Option<TimeDelta> {
        let middle = self.times.len().checked_sub(1)? / 2;
        self.times.get(middle).copied()
    }

    /// Returns after how long a machine is far beyond what is usual: twice as long as the slowest of the last ones took,
    /// and a minute at least. None before [`Joins::NEEDED`] have joined.
    #[must_use]
    pub fn patience(&self) -> Option<TimeDelta> {
        let slowest = self.times.last().filter(|_| self.times.len() >= Self::NEEDED)?;
        let twice = slowest.checked_add(slowest).unwrap_or(TimeDelta::MAX);
        Some(twice.max(TimeDelta::minutes(1)))
    }

    /// Tells whether a machine that was asked for so long ago is far beyond what is usual.
    ///
    /// It is a word of warning only: a replacement waits for the time-out (`I4`).
    #[must_use]
    pub fn is_overdue(&self, waited: TimeDelta) -> bool {
        self.patience().is_some_and(|patience| waited > patience)
    }

    /// Returns until when nothing more is asked for, because machines in a row never joined; none where that is no
    /// reason to wait.
    #[must_use]
    pub fn stopped_until(&self) -> Option<DateTime<Utc>> {
        let beyond = self.given_up.checked_sub(Self::TOLERATED)?;
        // Shifts beyond the longest stop are all the same.
        let stop = Self::FIRST_STOP * (1 << beyond.min(16));
        let until = self.given_up_at?.checked_add_signed(stop.min(Self::LONGEST_STOP));
        Some(until.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }
}
