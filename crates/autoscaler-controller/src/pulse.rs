//! Whether the work goes on, for whoever probes the process: no decision is made from it.

use crate::poll::Polls;
use crate::skew::{Offsets, Skew};
use chrono::{DateTime, Utc};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long the operator may be silent before it counts as stuck.
///
/// It beats between any two effects and polls. The longest of them waits a minute for room at VPSie's limit of
/// calls, sends for half a minute, and then writes to an API server that may take as long.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(600);

/// The signs of life of one operator; clones are the same.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<Mutex<Signs>>);

#[derive(Debug)]
struct Signs {
    /// The last sign; none while there is no work to do.
    beat: Option<Instant>,
    vpsie: Option<Answering>,
    clock: Option<Compared>,
    is_synced: bool,
}

/// How VPSie answered the newest poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// How many clusters were asked for.
    pub asked: usize,
    /// Why those that did not answer did not, one sentence each.
    pub errors: Vec<String>,
    /// Since when it answers, or does not.
    pub since: DateTime<Utc>,
}

/// How the clock of this host compares with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// In which way it cannot be believed; nothing while it can.
    pub skew: Option<Skew>,
    /// How far it is ahead of the others.
    pub offsets: Offsets,
}

// === impl Pulse ===

impl Default for Pulse {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Signs {
            beat: None,
            vpsie: None,
            clock: None,
            is_synced: false,
        })))
    }
}

impl Pulse {
    /// Says that the work goes on.
    pub fn beat(&self) {
        self.signs().beat = Some(Instant::now());
    }

    /// Says that there is no work to do until the next sign.
    pub(crate) fn rest(&self) {
        let mut signs = self.signs();
        signs.beat = None;
        signs.clock = None;
    }

    /// Returns the time since the last sign, by a clock that nobody can set; none while there is no work to do.
    pub fn silence(&self) -> Option<Duration> {
        self.signs().beat.map(|beat| beat.elapsed())
    }

    /// Says that the first lists of all watches are there, and that every node was evaluated where this replica leads.
    pub(crate) fn synced(&self) {
        self.signs().is_synced = true;
    }

    /// Tells whether the first lists of all watches are there, and every node was evaluated where this replica leads.
    pub fn is_synced(&self) -> bool {
        self.signs().is_synced
    }

    /// Notes how VPSie answered the newest poll.
    pub(crate) fn polled(&self, polls: &Polls, now: DateTime<Utc>) {
        let errors = polls.clusters().filter_map(|(id, view)| {
            let error = view.error()?;
            Some(format!("cluster {id}: {error}"))
        });
        self.answered(polls.clusters().count(), errors.collect(), now);
    }

    fn answered(&self, asked: usize, errors: Vec<String>, now: DateTime<Utc>) {
        let mut signs = self.signs();
        let same = signs.vpsie.as_ref();
        let same = same.filter(|before| before.errors.is_empty() == errors.is_empty());
        let since = same.map_or(now, |before| before.since);
        signs.vpsie = Some(Answering { asked, errors, since });
    }

    /// Returns how VPSie answered the newest poll, if there was one.
    pub fn vpsie(&self) -> Option<Answering> {
        self.signs().vpsie.clone()
    }

    /// Notes how the clock of this host compares with others.
    pub(crate) fn compared(&self, compared: Compared) {
        self.signs().clock = Some(compared);
    }

    /// Returns how the clock of this host compares with others, as long as there is work to do.
    pub fn clock(&self) -> Option<Compared> {
        self.signs().clock.clone()
    }

    /// No assignment can stop half-way, so a panic elsewhere leaves the signs sound.
    fn signs(&self) -> MutexGuard<'_, Signs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_grows_until_the_next_beat() {
        let pulse = Pulse::default();
        assert_eq!(pulse.silence(), None, "the work has not begun");
        pulse.beat();
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(pulse.silence(), Some(Duration::from_secs(7)));
        pulse.beat();
        assert_eq!(pulse.silence(), Some(Duration::ZERO));
        pulse.rest();
        assert_eq!(pulse.silence(), None, "another replica leads");
    }

    /// A wrong clock is shown while there is work to do, and is no reason to be silent or unready.
    #[test]
    fn clock_is_shown_until_the_work_rests() {
        let pulse = Pulse::default();
        let compared = Compared {
            skew: Some(Skew::Behind),
            offsets: Offsets::new(),
        };
        assert_eq!(pulse.clock(), None);
        pulse.compared(compared.clone());
        assert_eq!(pulse.clock(), Some(compared));
        pulse.rest();
        assert_eq!(pulse.clock(), None, "another replica leads");
    }

    #[tokio::test]
    async fn provider_is_well_or_ill_since_it_changed() {
        let pulse = Pulse::default();
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let since = || pulse.vpsie().unwrap().since;
        assert_eq!(pulse.vpsie(), None);
        pulse.answered(1, Vec::new(), at(10));
        pulse.answered(1, Vec::new(), at(20));
        assert_eq!(since(), at(10));
        pulse.answered(1, vec!["no answer".to_owned()], at(30));
        pulse.answered(1, vec!["still none".to_owned()], at(40));
        assert_eq!(since(), at(30));
    }
}
