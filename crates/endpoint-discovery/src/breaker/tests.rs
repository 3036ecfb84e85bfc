//! When the breaker opens and closes.

use std::time::Duration;

use proptest::prelude::*;

use super::{Breaker, BreakerRules, BreakerState};

const fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn call(breaker: &mut Breaker, failed: bool, now: Duration) {
    let pass = breaker.admit(now).expect("calls are made");
    breaker.report(&pass, failed, now);
}

fn opened() -> Breaker {
    let mut breaker = Breaker::new(BreakerRules::default());
    for _ in 0..10 {
        call(&mut breaker, true, second(0));
    }
    breaker
}

/// EP-15: it opens when 60 % of at least 10 calls in a minute failed, and not before.
#[test]
fn breaker_opens_at_sixty_percent_of_ten_calls() {
    let cases = [
        (9, 0, false),
        (10, 0, true),
        (6, 4, true),
        (5, 5, false),
        (59, 41, false),
        (60, 40, true),
    ];
    for (failed, well, expected) in cases {
        let mut breaker = Breaker::new(BreakerRules::default());
        for _ in 0..well {
            call(&mut breaker, false, second(0));
        }
        for _ in 0..failed {
            call(&mut breaker, true, second(0));
        }
        let is_open = breaker.state(second(0)) == BreakerState::Open;
        assert_eq!(is_open, expected, "{failed} failed, {well} well");
    }
}

/// EP-15: a call counts for a minute.
#[test]
fn failures_are_forgotten_after_a_minute() {
    let mut breaker = Breaker::new(BreakerRules::default());
    for _ in 0..9 {
        call(&mut breaker, true, second(0));
    }
    call(&mut breaker, true, second(61));
    assert_eq!(breaker.state(second(61)), BreakerState::Closed);
}

/// EP-15: after 30 s one call tries; its end decides.
#[test]
fn one_call_tries_after_the_rest() {
    let mut breaker = opened();
    assert_eq!(breaker.admit(second(29)).unwrap_err(), second(1));
    assert_eq!(breaker.state(second(30)), BreakerState::HalfOpen);
    let pass = breaker.admit(second(30)).unwrap();
    assert!(breaker.admit(second(31)).is_err(), "one is under way");
    breaker.report(&pass, true, second(32));
    assert_eq!(breaker.state(second(61)), BreakerState::Open);
    let pass = breaker.admit(second(62)).unwrap();
    breaker.report(&pass, false, second(63));
    assert_eq!(breaker.state(second(63)), BreakerState::Closed);
}

/// EP-15: a try of which nothing is heard does not block for ever.
#[test]
fn lost_try_is_followed_by_another() {
    let mut breaker = opened();
    let _lost = breaker.admit(second(30)).unwrap();
    assert!(breaker.admit(second(59)).is_err());
    assert!(breaker.admit(second(60)).is_ok());
}

/// EP-15: the answer to a call from before a change does not count after it.
#[test]
fn late_answer_does_not_count() {
    let mut breaker = Breaker::new(BreakerRules::default());
    let late = breaker.admit(second(0)).unwrap();
    for _ in 0..10 {
        call(&mut breaker, true, second(0));
    }
    breaker.report(&late, false, second(1));
    assert_eq!(breaker.state(second(1)), BreakerState::Open);
}

proptest! {
    /// EP-15: whatever happens, it lets a call through again within its rest.
    #[test]
    fn breaker_never_closes_the_way_for_longer_than_its_rest(
        steps in proptest::collection::vec((0..20_u64, any::<Option<bool>>()), 0..200),
    ) {
        let mut breaker = Breaker::new(BreakerRules::default());
        let mut now = second(0);
        for (wait, end) in steps {
            now += second(wait);
            match breaker.admit(now) {
                Ok(pass) => if let Some(failed) = end {
                    breaker.report(&pass, failed, now);
                },
                Err(wait) => prop_assert!(wait <= second(30)),
            }
        }
        prop_assert!(breaker.admit(now + second(30)).is_ok());
    }
}
