//! Vectors of scores and statuses, and the law that better input is never worse.

use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::{Basis, Check, HealthRules, Quality, Signals, Status, score, status};
use crate::sighting::Phase;

fn passed(milliseconds: Option<u64>, quality: Option<f64>) -> Option<Check> {
    Some(Check::Passed {
        latency: milliseconds.map(Duration::from_millis),
        quality: quality.and_then(Quality::new),
    })
}

fn signals(is_ready: bool, is_terminating: bool, check: Option<Check>) -> Signals {
    Signals {
        is_ready,
        is_terminating,
        check,
    }
}

/// EP-17: the vectors of the score.
#[test]
fn scores_are_those_of_the_vectors() {
    let cases = [
        ("perfect", signals(true, false, passed(Some(50), Some(1.0))), 100),
        (
            "latency just full",
            signals(true, false, passed(Some(100), Some(1.0))),
            100,
        ),
        ("550 ms", signals(true, false, passed(Some(550), Some(1.0))), 85),
        ("1000 ms", signals(true, false, passed(Some(1000), Some(1.0))), 70),
        (
            "a minute",
            signals(true, false, passed(Some(60_000), Some(1.0))),
            70,
        ),
        (
            "latency unknown",
            signals(true, false, passed(None, Some(1.0))),
            70,
        ),
        (
            "half the quality",
            signals(true, false, passed(Some(50), Some(0.5))),
            90,
        ),
        (
            "more than all quality",
            signals(true, false, passed(Some(50), Some(7.0))),
            100,
        ),
        (
            "less than no quality",
            signals(true, false, passed(Some(50), Some(-1.0))),
            80,
        ),
        (
            "not ready, else perfect",
            signals(false, false, passed(Some(50), Some(1.0))),
            75,
        ),
        ("all down", signals(false, true, Some(Check::Failed)), 0),
        (
            "no quality told: 80 are the whole",
            signals(true, false, passed(Some(50), None)),
            100,
        ),
        (
            "no quality told, 550 ms: 65 of 80",
            signals(true, false, passed(Some(550), None)),
            81,
        ),
        (
            "no port: 35 are the whole",
            signals(true, false, Some(Check::NoPort)),
            100,
        ),
        (
            "no port, not ready: 10 of 35",
            signals(false, false, Some(Check::NoPort)),
            29,
        ),
        ("no probe yet", signals(true, false, None), 100),
        (
            "probe failed: 35 of 80",
            signals(true, false, Some(Check::Failed)),
            44,
        ),
    ];
    for (name, signals, expected) in cases {
        assert_eq!(score(&signals).0, expected, "{name}");
    }
}

/// EP-17: a score that rests on readiness alone says so.
#[test]
fn score_without_a_probe_is_flagged() {
    assert_eq!(
        score(&signals(true, false, Some(Check::NoPort))).1,
        Basis::ReadinessOnly
    );
    assert_eq!(score(&signals(true, false, None)).1, Basis::ReadinessOnly);
    assert_eq!(score(&signals(true, false, Some(Check::Failed))).1, Basis::Probed);
}

/// EP-17: what is not a number is no quality.
#[test]
fn quality_is_a_number() {
    assert_eq!(Quality::new(f64::NAN), None);
    assert_eq!(Quality::new(f64::INFINITY), Quality::new(1.0));
}

#[track_caller]
fn check(what: &str, signals: Signals, points: u8, minutes: i64, expected: Status) {
    let age = TimeDelta::minutes(minutes);
    let told = status(&signals, points, Phase::Untold, age, &HealthRules::default());
    assert_eq!(told, expected, "{what}");
}

/// EP-18: what Kubernetes calls ready is ready or degraded.
#[test]
fn ready_instance_is_ready_or_degraded() {
    let ready = signals(true, false, passed(Some(50), Some(1.0)));
    let failed = signals(true, false, Some(Check::Failed));
    check("well enough", ready, 70, 5, Status::Ready);
    check("not well enough", ready, 69, 5, Status::Degraded);
    check("the probe failed", failed, 100, 5, Status::Degraded);
}

/// EP-18: what Kubernetes does not call ready is never ready.
#[test]
fn instance_that_is_not_ready_boots_or_is_not_ready() {
    let fine = passed(Some(50), Some(1.0));
    check(
        "however well",
        signals(false, false, fine),
        100,
        5,
        Status::NotReady,
    );
    check("young", signals(false, false, fine), 100, 4, Status::Booting);
    check(
        "leaving is not booting",
        signals(false, true, fine),
        90,
        4,
        Status::NotReady,
    );
    check(
        "leaving is never ready",
        signals(true, true, fine),
        90,
        5,
        Status::NotReady,
    );
}

/// EP-13: what is known for certain comes before all else.
#[test]
fn phase_that_is_told_decides() {
    let young = TimeDelta::minutes(4);
    for (phase, expected) in [
        (Phase::Booting, Status::Booting),
        (Phase::Failed, Status::Error),
        (Phase::Unknown, Status::Unknown),
    ] {
        let ready = signals(true, false, None);
        assert_eq!(
            status(&ready, 100, phase, young, &HealthRules::default()),
            expected
        );
    }
}

fn any_check() -> impl Strategy<Value = (u64, f64)> {
    (0..2000_u64, 0.0..1.2_f64)
}

proptest! {
    /// EP-17: no input that gets better makes the score worse.
    #[test]
    fn score_never_falls_when_an_input_rises(
        (slow, poor) in any_check(),
        faster in 0..2000_u64,
        better in 0.0..1.2_f64,
        is_ready: bool,
        is_terminating: bool,
        has_latency: bool,
    ) {
        let latency = has_latency.then_some(slow);
        let of = |is_ready, is_terminating, check| score(&signals(is_ready, is_terminating, check)).0;
        let base = of(is_ready, is_terminating, passed(latency, Some(poor)));
        prop_assert!(of(true, is_terminating, passed(latency, Some(poor))) >= base);
        prop_assert!(of(is_ready, false, passed(latency, Some(poor))) >= base);
        prop_assert!(of(is_ready, is_terminating, passed(Some(faster.min(slow)), Some(poor))) >= base);
        prop_assert!(of(is_ready, is_terminating, passed(latency, Some(better.max(poor)))) >= base);
        let unsaid = of(is_ready, is_terminating, passed(latency, None));
        prop_assert!(of(is_ready, is_terminating, Some(Check::Failed)) <= unsaid);
        prop_assert!(base <= 100);
    }
}
