//! The timing rule as numbers: when an effect may still start, and when a new leader may conclude that none will.

use std::time::Duration;

/// The rule that stands in for fencing, which VPSie does not know.
///
/// A model checks it exhaustively with small numbers; the program uses [`Rule::REAL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Longest time from the write of an intent to the start of its effect.
    within: Duration,
    /// Longest time from the last look at the rule to the start of the effect.
    start: Duration,
}

/// Why an effect must not start any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLate {
    /// Its intent was written too long ago.
    Intent,
    /// Leadership may end before it has started.
    Leadership,
}

// === impl Rule ===

impl Rule {
    /// Five seconds from intent to start, of which the client of VPSie may need two for a token and for its own rate
    /// limit; it sends nothing later.
    pub const REAL: Self = Self::new(super::EFFECT_WITHIN, super::EFFECT_START);

    /// Makes a rule of other numbers.
    pub const fn new(within: Duration, start: Duration) -> Self {
        Self { within, start }
    }

    /// Tells whether an intent may be written; `lasts` tells whether leadership surely lasts for so long.
    pub fn may_open(&self, lasts: impl Fn(Duration) -> bool) -> bool {
        lasts(self.within)
    }

    /// Looks once more, right before the effect of an intent that is so old.
    ///
    /// # Errors
    ///
    /// Says what is too late.
    pub fn may_start(&self, intent_age: Duration, lasts: impl Fn(Duration) -> bool) -> Result<(), TooLate> {
        if intent_age + self.start > self.within {
            return Err(TooLate::Intent);
        }
        if !lasts(self.start) {
            return Err(TooLate::Leadership);
        }
        Ok(())
    }

    /// Tells whether a request of the last leader may still be under way in a term that is so old.
    pub fn is_hand_over(&self, term_age: Duration, request_timeout: Duration) -> bool {
        term_age < self.patience(request_timeout)
    }

    /// Returns how long after the end of a term a request of it may still be under way.
    pub fn patience(&self, request_timeout: Duration) -> Duration {
        self.within + request_timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// five seconds from the intent, two before the end of the leadership, and the request's time after it.
    #[test]
    fn effect_starts_within_five_seconds_of_its_intent_and_under_leadership_or_not_at_all() {
        let seconds = Duration::from_secs;
        let rule = Rule::REAL;
        let lasting = |limit| move |within| within < seconds(limit);
        assert!(rule.may_open(lasting(6)) && !rule.may_open(lasting(5)));
        assert_eq!(rule.may_start(seconds(3), lasting(3)), Ok(()));
        assert_eq!(
            rule.may_start(Duration::from_millis(3001), lasting(9)),
            Err(TooLate::Intent)
        );
        assert_eq!(rule.may_start(seconds(0), lasting(2)), Err(TooLate::Leadership));
        assert!(rule.is_hand_over(Duration::from_millis(34_999), seconds(30)));
        assert!(!rule.is_hand_over(seconds(35), seconds(30)));
    }
}
