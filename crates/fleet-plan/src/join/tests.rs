//! What is learned of machines that joined, and of those that did not.

use proptest::prelude::*;

use super::*;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn joined(asked: i64, after: i64) -> Attempt {
    Attempt {
        asked_at: at(asked),
        end: End::Joined(at(asked + after)),
    }
}

fn given_up(asked: i64) -> Attempt {
    Attempt {
        asked_at: at(asked),
        end: End::GivenUp(at(asked + 15)),
    }
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// SC-9: the usual time is learned from the first machine on, and one that is given up is no time.
#[test]
fn usual_time_is_that_of_half_of_the_last() {
    let usual = |attempts: &[Attempt]| Joins::of(attempts.iter().copied()).usual();
    assert_eq!(usual(&[]), None);
    assert_eq!(usual(&[given_up(0)]), None);
    assert_eq!(usual(&[joined(0, 3), given_up(5)]), Some(minutes(3)));
    assert_eq!(
        usual(&[joined(0, 9), joined(20, 3), joined(40, 4)]),
        Some(minutes(4))
    );
    assert_eq!(usual(&[joined(0, 9), joined(20, 3)]), Some(minutes(3)));
    // By another clock a machine may be there before it was asked for.
    assert_eq!(usual(&[joined(9, -3)]), Some(minutes(0)));
}

/// SC-9: a machine is overdue after twice the slowest of the last, once five have joined, and a minute at least.
#[test]
fn machine_is_overdue_after_twice_the_slowest() {
    let four: Vec<Attempt> = (0..4).map(|number| joined(number * 20, 5)).collect();
    assert!(!Joins::of(four.clone()).is_overdue(minutes(1000)));
    let five = Joins::of(four.into_iter().chain([joined(100, 2)]));
    assert!(!five.is_overdue(minutes(10)));
    assert!(five.is_overdue(minutes(10) + TimeDelta::seconds(1)));
    let quick = Joins::of((0..5).map(|number| joined(number, 0)));
    assert!(!quick.is_overdue(minutes(1)) && quick.is_overdue(minutes(2)));
}

/// SC-9: only the last twenty machines count, so that a group that became faster is believed.
#[test]
fn old_machines_are_forgotten() {
    let old = (0..9).map(|number| joined(number, 60));
    let new = (0..20).map(|number| joined(1000 + number * 10, 4));
    let joins = Joins::of(old.chain(new));
    assert_eq!(
        (joins.usual(), joins.patience()),
        (Some(minutes(4)), Some(minutes(8)))
    );
}

/// SC-9: two machines in a row that never join stop the group, each further one for twice as long, four hours at most.
#[test]
fn machines_that_never_join_stop_the_group_for_a_growing_period() {
    for (missing, stop) in [
        (0, None),
        (1, None),
        (2, Some(10)),
        (3, Some(20)),
        (6, Some(160)),
        (7, Some(240)),
        (40, Some(240)),
    ] {
        let attempts = (0..missing).map(|number| given_up(100 + number));
        let last = at(100 + missing - 1 + 15);
        let expected = stop.map(|stop| last + minutes(stop));
        let joins = Joins::of(attempts.chain([joined(0, 5)]));
        assert_eq!(joins.stopped_until(), expected, "{missing} never joined");
    }
}

/// SC-9: one that joins ends the stop, also when it was asked for before those that did not.
#[test]
fn machine_that_joins_lets_the_group_go_on() {
    let missing = [given_up(0), given_up(1), given_up(2)];
    assert!(Joins::of(missing).stopped_until().is_some());
    let late = joined(0, 17);
    assert_eq!(Joins::of(missing.into_iter().chain([late])).stopped_until(), None);
    let again = [given_up(20), given_up(21)];
    let joins = Joins::of(missing.into_iter().chain([late]).chain(again));
    assert_eq!(joins.stopped_until(), Some(at(46)));
}

/// SC-9: one that is still on its way is no word for or against its group.
#[test]
fn open_machines_say_nothing() {
    let open = Attempt {
        asked_at: at(50),
        end: End::Open,
    };
    let known = [given_up(0), given_up(1)];
    assert_eq!(Joins::of(known.into_iter().chain([open])), Joins::of(known));
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    (0..500_i64, 0..90_i64, 0..3_u8).prop_map(|(asked, after, end)| Attempt {
        asked_at: at(asked),
        end: match end {
            0 => End::Joined(at(asked + after)),
            1 => End::GivenUp(at(asked + after)),
            _ => End::Open,
        },
    })
}

proptest! {
    /// SC-9: the order in which machines are looked at changes nothing, and what is remembered is bounded.
    #[test]
    fn order_of_machines_changes_nothing(
        attempts in proptest::collection::vec(any_attempt(), 0..60), turns in 0..60_usize,
    ) {
        let joins = Joins::of(attempts.iter().copied());
        let mut turned = attempts.clone();
        turned.rotate_left(turns % attempts.len().max(1));
        turned.reverse();
        prop_assert_eq!(&Joins::of(turned), &joins);
        prop_assert!(joins.times.len() + joins.given_up as usize <= Joins::REMEMBERED);
    }

    /// SC-9: a stop begins with the last that was given up, and is within its bounds.
    #[test]
    fn stop_is_within_its_bounds(attempts in proptest::collection::vec(any_attempt(), 0..60)) {
        let joins = Joins::of(attempts.iter().copied());
        let last = attempts.iter().filter_map(|one| match one.end {
            End::GivenUp(at) => Some(at),
            End::Joined(_) | End::Open => None,
        });
        if let (Some(until), Some(last)) = (joins.stopped_until(), last.max()) {
            prop_assert!(until >= last + Joins::FIRST_STOP && until <= last + Joins::LONGEST_STOP);
        }
    }
}
