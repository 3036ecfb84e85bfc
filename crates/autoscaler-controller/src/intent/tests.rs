//! What a record of a request says, and when another request is allowed.

use super::*;
use crate::testing::claim;

fn intent(outcome: Outcome, attempt: u32) -> Intent {
    Intent {
        outcome,
        ..Intent::open(DateTime::UNIX_EPOCH, attempt, None)
    }
}

/// I2: only refused and not sent allow another request, after a growing wait.
#[test]
fn only_a_request_without_effect_may_be_repeated() {
    let table = [
        (Outcome::Open, 1, None),
        (Outcome::Accepted, 1, None),
        (Outcome::Unknown, 1, None),
        (Outcome::Refused, 1, Some(30)),
        (Outcome::NotSent, 3, Some(120)),
        (Outcome::Refused, 99, Some(600)),
    ];
    for (outcome, attempt, seconds) in table {
        let expected = seconds.map(|seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds));
        assert_eq!(
            intent(outcome, attempt).may_repeat_at(),
            expected,
            "{outcome:?} after attempt {attempt}"
        );
    }
}

#[test]
fn annotation_reads_back_as_written() {
    let written = Intent {
        baseline: Some("b1".into()),
        ..intent(Outcome::Accepted, 2)
    };
    assert_eq!(
        serde_json::from_str::<Intent>(&written.to_annotation()).unwrap(),
        written
    );
}

/// I2: an intent of an earlier version has no term and stays readable.
#[test]
fn intent_without_a_term_is_read_and_one_with_a_term_keeps_it() {
    let stored = r#"{"requestedAt":"2026-01-24T08:05:00Z","outcome":"accepted","attempt":1}"#;
    let read: Intent = serde_json::from_str(stored).unwrap();
    assert_eq!(read.term, None);
    assert_eq!(read.to_annotation(), stored);
    let of_term = Intent {
        term: Some(7),
        ..read
    };
    assert!(of_term.to_annotation().contains(r#""term":7"#));
    assert_eq!(
        serde_json::from_str::<Intent>(&of_term.to_annotation()).unwrap(),
        of_term
    );
}

/// I1: the intent of a request names its slot; a name that the Go autoscaler made has none.
#[test]
fn intent_names_the_slot() {
    let of = |name: &str| Intent::open(DateTime::UNIX_EPOCH, 1, None).for_slot_of(name);
    assert!(of("web-12").to_annotation().contains(r#""slot":12"#));
    assert_eq!(of("web-x7k2p").slot, None);
    assert_eq!(of("web").slot, None);
    assert!(!of("web").to_annotation().contains("slot"));
}

fn stored(phase: Phase, annotations: &[(&str, &str)]) -> VPSieNode {
    let annotations = annotations.iter();
    let stored = annotations.fold(claim("web-1").in_phase(phase), |claim, (key, value)| {
        claim.annotated(key, value)
    });
    stored.kept()
}

/// I7: what the Go autoscaler left past Pending counts as asked for.
#[test]
fn provisioning_without_a_record_counts_as_taken_over() {
    let taken_over = Requested::TakenOver { since: None };
    for phase in [
        Phase::Provisioning,
        Phase::Provisioned,
        Phase::Joining,
        Phase::Ready,
        Phase::Failed,
    ] {
        assert_eq!(Requested::read(&stored(phase, &[])), taken_over);
    }
    let marked = [(keys::ANNOTATION_CREATION_REQUESTED, "true")];
    assert_eq!(Requested::read(&stored(Phase::Pending, &marked)), taken_over);
    assert_eq!(Requested::read(&stored(Phase::Pending, &[])), Requested::Never);
}

/// I2: a record that somebody edited is no proof that nothing was made.
#[test]
fn unreadable_record_counts_as_a_request_of_unknown_effect() {
    let edited = [(keys::ANNOTATION_CREATION_INTENT, "{\"outcome\":\"refused\"")];
    assert!(Requested::read(&stored(Phase::Provisioning, &edited)).may_have_effect());
}
