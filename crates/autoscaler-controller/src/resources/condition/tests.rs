//! Tests of conditions: the time of the transition stays while the status stays.

use chrono::{DateTime, Utc};

use super::{Condition, ConditionStatus, find_condition, set_condition};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn ready(status: ConditionStatus, message: &str) -> Condition {
    Condition::new("Ready", status, "Reconciling", message, Some(3))
}

#[test]
fn transition_time_stays_while_the_status_stays() {
    let mut conditions = None;
    set_condition(
        &mut conditions,
        ready(ConditionStatus::False, "one"),
        at("2026-01-24T08:00:00.75Z"),
    );
    set_condition(
        &mut conditions,
        ready(ConditionStatus::False, "two"),
        at("2026-01-24T08:01:00Z"),
    );
    let expected = Condition {
        last_transition_time: Some(at("2026-01-24T08:00:00Z")),
        ..ready(ConditionStatus::False, "two")
    };
    assert_eq!(conditions, Some(vec![expected]));
}

#[test]
fn transition_time_moves_with_the_status() {
    let mut conditions = None;
    set_condition(
        &mut conditions,
        ready(ConditionStatus::False, "one"),
        at("2026-01-24T08:00:00Z"),
    );
    set_condition(
        &mut conditions,
        ready(ConditionStatus::True, "two"),
        at("2026-01-24T08:01:00Z"),
    );
    let stored = find_condition(conditions.as_deref(), "Ready").expect("it was set");
    assert_eq!(stored.last_transition_time, Some(at("2026-01-24T08:01:00Z")));
    assert!(stored.is_true());
}

/// Two places that set the same condition must not wake each other for ever.
#[test]
fn setting_the_same_condition_again_changes_nothing() {
    let mut conditions = None;
    set_condition(
        &mut conditions,
        ready(ConditionStatus::True, "one"),
        at("2026-01-24T08:00:00Z"),
    );
    let before = conditions.clone();
    set_condition(
        &mut conditions,
        ready(ConditionStatus::True, "one"),
        at("2026-01-24T09:00:00Z"),
    );
    assert_eq!(conditions, before);
}

#[test]
fn other_conditions_stay_where_they_are() {
    let foreign = Condition {
        type_: "Foreign".to_owned(),
        status: "True".to_owned(),
        ..Condition::default()
    };
    let mut conditions = Some(vec![foreign.clone()]);
    set_condition(
        &mut conditions,
        ready(ConditionStatus::True, "one"),
        at("2026-01-24T08:00:00Z"),
    );
    set_condition(
        &mut conditions,
        ready(ConditionStatus::Unknown, "two"),
        at("2026-01-24T08:01:00Z"),
    );
    let conditions = conditions.expect("two were set");
    assert_eq!(conditions.len(), 2);
    assert_eq!(conditions[0], foreign);
    assert_eq!(conditions[1].status, "Unknown");
}

/// N2: a stored condition without a transition time gets one instead of failing.
#[test]
fn condition_of_the_go_autoscaler_without_a_time_gets_one() {
    let stored = Condition {
        type_: "Ready".to_owned(),
        status: "True".to_owned(),
        ..Condition::default()
    };
    let mut conditions = Some(vec![stored]);
    set_condition(
        &mut conditions,
        ready(ConditionStatus::True, "one"),
        at("2026-01-24T08:00:00Z"),
    );
    let stored = find_condition(conditions.as_deref(), "Ready").expect("it was set");
    assert_eq!(stored.last_transition_time, Some(at("2026-01-24T08:00:00Z")));
}
