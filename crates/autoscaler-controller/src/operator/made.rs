//! What was made and is not seen yet: nothing is planned before the watch shows it (`SC-4`).

use crate::watches::Place;
use chrono::{DateTime, TimeDelta, Utc};

/// Longest wait for the watch to show what was made: a creation without an answer may not have happened.
const UNSEEN_LIMIT: TimeDelta = TimeDelta::seconds(10);

/// The VPSieNodes that were made, each with the time when it was.
#[derive(Debug, Default)]
pub(super) struct Made(Vec<(Place, DateTime<Utc>)>);

// === impl Made ===

impl Made {
    /// Adds what a pass has made.
    pub(super) fn extend(&mut self, made: Vec<(Place, DateTime<Utc>)>) {
        self.0.extend(made);
    }

    /// Forgets what is seen and what was waited for long enough; tells whether something is left.
    ///
    /// Our clock may have been set back meanwhile: how far apart two times are is what counts.
    pub(super) fn is_awaited(&mut self, now: DateTime<Utc>, is_seen: impl Fn(&Place) -> bool) -> bool {
        self.0
            .retain(|(place, at)| !is_seen(place) && (now - *at).abs() < UNSEEN_LIMIT);
        !self.0.is_empty()
    }

    /// Tells whether something was waited for, and all of it is seen now.
    pub(super) fn is_seen(&self, is_seen: impl Fn(&Place) -> bool) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(place, _)| is_seen(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn place(name: &str) -> Place {
        ("kube-system".to_owned(), name.to_owned())
    }

    /// SC-4: what was made is waited for until it is seen, however many passes there are meanwhile, and not for ever.
    #[test]
    fn what_was_made_is_awaited_until_it_is_seen() {
        let mut made = Made::default();
        made.extend(vec![(place("web-1"), at(0)), (place("web-2"), at(0))]);
        let nothing = |_: &Place| false;
        let first = |seen: &Place| *seen == place("web-1");
        let second = |seen: &Place| *seen == place("web-2");
        assert!(!made.is_seen(first));
        assert!(made.is_seen(|_| true));
        for seconds in [0, 1, 2] {
            assert!(made.is_awaited(at(seconds), nothing), "after {seconds} s");
            made.extend(Vec::new());
        }
        assert!(made.is_awaited(at(3), first), "the other one is not there");
        assert!(
            made.is_awaited(at(4), nothing),
            "nor is it when the first is gone again"
        );
        made.extend(vec![(place("web-3"), at(9))]);
        assert!(
            made.is_awaited(at(9), second),
            "the one that came later is not there"
        );
        assert!(made.is_awaited(at(18), nothing));
        assert!(!made.is_awaited(at(19), nothing), "it was waited for long enough");
        assert!(!made.is_seen(|_| true), "there is nothing to see");
    }

    /// SC-4: a clock that is set back an hour does not stop planning for an hour.
    #[test]
    fn clock_that_is_set_back_ends_the_wait() {
        let mut made = Made::default();
        made.extend(vec![(place("web-1"), at(3_600))]);
        assert!(made.is_awaited(at(3_595), |_| false));
        assert!(!made.is_awaited(at(0), |_| false));
    }
}
