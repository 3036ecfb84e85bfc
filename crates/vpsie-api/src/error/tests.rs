//! Tests of the errors: labels, next steps and messages.

use super::*;

const CALL: Call = Call::AddWorker;

/// Every error.
fn all() -> Vec<CallError> {
    [answered(), unanswered()].concat()
}

/// Every error that an answer leads to.
fn answered() -> Vec<CallError> {
    let why = || "why".to_owned();
    let refused = |status| CallError::Refused {
        call: CALL,
        status,
        code: Some(1),
        message: why(),
        request_id: None,
    };
    vec![
        CallError::Unauthorized {
            call: CALL,
            request_id: None,
        },
        CallError::Forbidden {
            call: CALL,
            message: why(),
            request_id: None,
        },
        CallError::NotFound {
            call: CALL,
            message: why(),
            request_id: None,
        },
        CallError::Absent { call: CALL },
        CallError::RateLimited {
            call: CALL,
            retry_after: None,
            request_id: None,
        },
        CallError::RateLimited {
            call: CALL,
            retry_after: Some(Duration::from_secs(7)),
            request_id: None,
        },
        refused(400),
        refused(408),
        CallError::Html {
            call: CALL,
            status: 502,
            prefix: why(),
            request_id: None,
        },
        CallError::Server {
            call: CALL,
            status: 500,
            message: why(),
            request_id: None,
        },
        CallError::Undecodable {
            call: CALL,
            status: 200,
            problem: why(),
            request_id: None,
        },
        CallError::BodyTooLarge { call: CALL },
    ]
}

/// Every error that arises without an answer.
fn unanswered() -> Vec<CallError> {
    let why = || "why".to_owned();
    vec![
        CallError::NotSent {
            call: CALL,
            reason: why(),
        },
        CallError::HeldBack {
            call: CALL,
            retry_after: Duration::from_secs(8),
        },
        CallError::BreakerOpen {
            call: CALL,
            retry_after: Duration::from_secs(9),
        },
        CallError::TimedOut { call: CALL },
        CallError::ConnectionLost {
            call: CALL,
            reason: why(),
        },
    ]
}

/// The label and the next step of each of [`all`], for a read.
const EXPECTED: [(&str, NextStep); 17] = [
    ("unauthorized", NextStep::Never),
    ("forbidden", NextStep::Never),
    ("not_found", NextStep::Never),
    ("absent", NextStep::Never),
    ("rate_limited", NextStep::After(RATE_LIMIT_WINDOW)),
    ("rate_limited", NextStep::After(Duration::from_secs(7))),
    ("refused", NextStep::Never),
    ("refused", NextStep::Soon),
    ("html", NextStep::Soon),
    ("server", NextStep::Soon),
    ("undecodable", NextStep::Soon),
    ("body_too_large", NextStep::Never),
    ("not_sent", NextStep::Soon),
    ("held_back", NextStep::After(Duration::from_secs(8))),
    ("breaker_open", NextStep::After(Duration::from_secs(9))),
    ("timed_out", NextStep::Soon),
    ("connection_lost", NextStep::Soon),
];

#[test]
fn every_cause_has_a_label_and_a_next_step() {
    let found: Vec<_> = all()
        .iter()
        .map(|error| (error.label(), error.next_step()))
        .collect();
    assert_eq!(found, EXPECTED);
    assert!(all().iter().all(|error| error.call() == CALL));
}

/// A reader learns what was called, and what to do: the part after the semicolon.
#[test]
fn every_message_says_what_was_called_and_what_to_do() {
    for error in all() {
        let text = error.to_string();
        assert!(text.starts_with("adding a worker: "), "{text}");
        let (_, advice) = text
            .split_once("; ")
            .unwrap_or_else(|| panic!("no advice in {text:?}"));
        let verb = advice.split(' ').next();
        assert!(
            verb.is_some_and(|verb| ["check", "try", "wait", "change"].contains(&verb)),
            "{text}"
        );
        assert!(!text.ends_with('.'), "{text}");
    }
}

/// I2: refused and not sent follow their cause; after unknown the world is asked.
#[test]
fn unknown_outcome_asks_the_world_whatever_its_cause() {
    for cause in all() {
        let next_step = cause.next_step();
        assert_eq!(EffectError::Refused(cause.clone()).next_step(), next_step);
        assert_eq!(EffectError::NotSent(cause.clone()).next_step(), next_step);
        assert_eq!(EffectError::Unknown(cause).next_step(), NextStep::AskTheWorld);
    }
}

#[test]
fn only_words_of_vpsie_have_a_refusal_reason() {
    for error in all() {
        let label = error.label();
        let expected = ["refused", "forbidden", "not_found"].contains(&label);
        assert_eq!(
            error.refusal(),
            expected.then_some(RefusalReason::Other),
            "{label}"
        );
    }
}
