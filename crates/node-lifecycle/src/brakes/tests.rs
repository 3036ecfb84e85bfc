//! The brakes at their limits.

use super::*;

#[track_caller]
fn check(seen: u32, affected: u32, nodes: u32, expected: Option<Brake>) {
    assert_eq!(Brakes::default().brake(seen, affected, nodes), expected);
}

/// LC-13a: three observations; more than one node and more than 20 % hold it, one of both does not.
#[test]
fn many_broken_nodes_at_once_hold_the_clean_up() {
    let too_many = |affected, nodes| Some(Brake::TooManyAffected { affected, nodes });
    check(2, 1, 10, Some(Brake::TooFewObservations { seen: 2, needed: 3 }));
    check(0, 9, 10, Some(Brake::TooFewObservations { seen: 0, needed: 3 }));
    check(3, 1, 10, None);
    check(u32::MAX, 1, 10, None);
    // One node is all of its group, and still one node.
    check(3, 1, 1, None);
    check(3, 2, 10, None);
    check(3, 3, 10, too_many(3, 10));
    check(3, 2, 9, too_many(2, 9));
    check(3, 2, 2, too_many(2, 2));
    check(3, 20, 100, None);
    check(3, 21, 100, too_many(21, 100));
    check(3, u32::MAX, u32::MAX, too_many(u32::MAX, u32::MAX));
    check(3, 2, 0, too_many(2, 0));
}

/// LC-13a: the figures are settings.
#[test]
fn brakes_can_be_set() {
    let brakes = Brakes {
        observations: 1,
        nodes: 4,
        share_percent: 50,
    };
    assert_eq!(brakes.brake(1, 4, 4), None);
    assert_eq!(brakes.brake(1, 5, 10), None);
    let brake = brakes.brake(1, 6, 10).unwrap();
    assert_eq!(brake.name().as_str(), "too_many_affected");
    assert_eq!(
        brake.to_string(),
        "6 of 10 nodes of the group are affected, which is no matter of single nodes"
    );
    let brake = brakes.brake(0, 6, 10).unwrap();
    assert_eq!(brake.name().as_str(), "too_few_observations");
    assert_eq!(brake.to_string(), "seen 0 times, and 1 are needed");
}

/// Impossible brakes are refused by the name of their field.
#[test]
fn impossible_brakes_are_refused_by_name() {
    let usual = Brakes::default();
    assert_eq!(usual.validate(), Ok(()));
    let share = |share_percent| {
        Brakes {
            share_percent,
            ..usual
        }
        .validate()
    };
    assert_eq!((share(0), share(100)), (Ok(()), Ok(())));
    let message = share(101).unwrap_err().to_string();
    assert_eq!(
        message,
        "brakes.sharePercent must be between 0 and 100, and is 101"
    );
    let never_seen = Brakes {
        observations: 0,
        ..usual
    };
    assert_eq!(never_seen.validate().unwrap_err().field, "observations");
    let seen_once = Brakes {
        observations: 1,
        ..usual
    };
    assert_eq!(seen_once.validate(), Ok(()));
}
