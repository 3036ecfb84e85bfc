//! What was made and is not seen yet: nothing is planned before the watch shows it (`SC-4`).

use crate::act::Creation;
use chrono::{DateTime, TimeDelta, Utc};

/// Longest wait for the watch to show what was made: a creation without an answer may not have happened.
const UNSEEN_LIMIT: TimeDelta = TimeDelta::seconds(10);

/// The VPSieNodes that were made and are not seen yet.
#[derive(Debug, Default)]
pub(super) struct Made(Vec<Creation>);

// === impl Made ===

impl Made {
    /// Adds what a pass has made.
    pub(super) fn extend(&mut self, made: Vec<Creation>) {
        self.0.extend(made);
    }

    /// Forgets what is seen and what was waited for long enough; tells whether something is left.
    ///
    /// Our clock may have been set back meanwhile: how far apart two times are is what counts.
    pub(super) fn is_awaited(&mut self, now: DateTime<Utc>, is_seen: impl Fn(&Creation) -> bool) -> bool {
        self.0
            .retain(|creation| !is_seen(creation) && (now - creation.at).abs() < UNSEEN_LIMIT);
        !self.0.is_empty()
    }

    /// Tells whether all that is waited for is seen now.
    pub(super) fn is_seen(&self, is_seen: impl Fn(&Creation) -> bool) -> bool {
        self.0.iter().all(is_seen)
    }

    /// Tells whether a machine is still to be asked for by what was waited for, and all of that is seen now.
    pub(super) fn may_ask(&self, is_seen: impl Fn(&Creation) -> bool) -> bool {
        let mut unasked = self.0.iter().filter(|creation| !creation.is_asked).peekable();
        unasked.peek().is_some() && unasked.all(is_seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn creation(name: &str, seconds: i64) -> Creation {
        Creation {
            place: ("kube-system".to_owned(), name.to_owned()),
            at: at(seconds),
            is_asked: false,
        }
    }

    fn asked(name: &str) -> Creation {
        Creation {
            is_asked: true,
            ..creation(name, 0)
        }
    }

    /// SC-4: what was made is waited for until it is seen, however many passes there are meanwhile, and not for ever.
    #[test]
    fn what_was_made_is_awaited_until_it_is_seen() {
        let mut made = Made::default();
        made.extend(vec![creation("web-1", 0), creation("web-2", 0)]);
        let nothing = |_: &Creation| false;
        let first = |seen: &Creation| seen.place.1 == "web-1";
        let second = |seen: &Creation| seen.place.1 == "web-2";
        assert!(!made.may_ask(first));
        assert!(made.may_ask(|_| true));
        for seconds in [0, 1, 2] {
            assert!(made.is_awaited(at(seconds), nothing), "after {seconds} s");
            made.extend(Vec::new());
        }
        assert!(made.is_awaited(at(3), first), "the other one is not there");
        assert!(
            made.is_awaited(at(4), nothing),
            "nor is it when the first is gone again"
        );
        made.extend(vec![creation("web-3", 9)]);
        assert!(
            made.is_awaited(at(9), second),
            "the one that came later is not there"
        );
        assert!(made.is_awaited(at(18), nothing));
        assert!(!made.is_awaited(at(19), nothing), "it was waited for long enough");
        assert!(!made.may_ask(|_| true), "there is nothing to see");
    }

    /// SC-1: what has asked already wakes nobody, and holds nobody up that has not.
    #[test]
    fn only_what_has_not_asked_yet_goes_on() {
        let mut made = Made::default();
        made.extend(vec![asked("web-1")]);
        assert!(!made.may_ask(|_| true));
        made.extend(vec![creation("web-2", 0)]);
        assert!(!made.may_ask(|_| false));
        assert!(made.may_ask(|seen| seen.place.1 == "web-2"));
        assert!(!made.is_seen(|seen| seen.place.1 == "web-2"));
        assert!(made.is_seen(|_| true));
    }

    /// SC-4: a clock that is set back an hour does not stop planning for an hour.
    #[test]
    fn clock_that_is_set_back_ends_the_wait() {
        let mut made = Made::default();
        made.extend(vec![creation("web-1", 3_600)]);
        assert!(made.is_awaited(at(3_595), |_| false));
        assert!(!made.is_awaited(at(0), |_| false));
    }
}
