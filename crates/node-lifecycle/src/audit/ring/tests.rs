//! What the ring keeps, and what it answers.

use std::collections::BTreeMap;

use crate::Decider;
use crate::audit::{Draft, Stats};
use crate::testing::requested;

use super::*;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_242_200 + 60 * minutes, 0).unwrap()
}

/// Makes a ring of entries whose node is their number, recorded one minute after the other.
fn ring(capacity: i64, drafts: Vec<Draft>) -> Ring {
    let mut ring = Ring::new(capacity);
    for (minute, draft) in (0..).zip(drafts) {
        ring.push(Arc::new(draft.stamped(at(minute))));
    }
    ring
}

fn removal(node: &str, result: Outcome, decider: Decider) -> Draft {
    Draft::new(Action::NodeDecommission, result, decider, "why")
        .node(node)
        .group("kube-system/workers")
}

fn four() -> Ring {
    ring(
        10,
        vec![
            requested("a"),
            removal("a", Outcome::Rejected, Decider::Manual),
            requested("b"),
            removal("a", Outcome::Success, Decider::ScaleDownPolicy),
        ],
    )
}

#[track_caller]
fn check(found: &[Arc<Entry>], expected: &[i64]) {
    let number = |entry: &Arc<Entry>| (entry.timestamp - at(0)).num_minutes() + 1;
    let numbers: Vec<i64> = found.iter().map(number).collect();
    assert_eq!(numbers, expected);
}

/// LC-31: 1,000 unless somebody says how many; then the first makes room for the last.
#[test]
fn oldest_entry_makes_room() {
    for (asked, capacity) in [
        (0, 1000),
        (-1, 1000),
        (i64::MIN, 1000),
        (3, 3),
        (1, 1),
        (i64::MAX, 1_000_000),
    ] {
        assert_eq!(Ring::new(asked).stats().max_size, capacity, "{asked}");
    }
    let ring = ring(
        0,
        (0..1001).map(|number| requested(&number.to_string())).collect(),
    );
    let all = ring.recent(0);
    assert_eq!(all.len(), 1000);
    assert_eq!(all[0].node.as_deref(), Some("1"));
    assert_eq!(all[999].node.as_deref(), Some("1000"));
    assert_eq!(all[999].timestamp, at(1000));
}

/// LC-37: what was there before a restart comes before what was recorded since, as far as there is room.
#[test]
fn restored_entries_come_first_and_push_nothing_out() {
    let older = four().recent(0);
    let mut whole = ring(10, Vec::new());
    whole.restore(older.clone().into_iter());
    check(&whole.recent(0), &[1, 2, 3, 4]);
    let mut full = Ring::new(3);
    full.push(Arc::new(requested("new").stamped(at(9))));
    full.restore(older.into_iter());
    check(&full.recent(0), &[3, 4, 10]);
}

/// LC-32: the last ones, the oldest of them first; all when the number makes no sense.
#[test]
fn recent_entries_are_the_last_ones() {
    let ring = four();
    check(&ring.recent(2), &[3, 4]);
    check(&ring.recent(4), &[1, 2, 3, 4]);
    for all in [0, -5, 5, i64::MAX, i64::MIN] {
        check(&ring.recent(all), &[1, 2, 3, 4]);
    }
}

/// LC-32: one question each.
#[test]
fn entries_are_found_by_one_property() {
    let ring = four();
    check(&ring.by_node("a"), &[1, 2, 4]);
    check(&ring.by_node("c"), &[]);
    check(&ring.by_action(Action::NodeProvision), &[1, 3]);
    check(&ring.by_result(Outcome::Rejected), &[2]);
    check(&ring.by_decider(Decider::ScaleDownPolicy), &[4]);
    check(&ring.by_decider(Author::MinNodes), &[1, 3]);
    check(&ring.since(at(2)), &[3, 4]);
    check(&ring.since(at(4)), &[]);
}

/// LC-32: questions together, and each of them by itself changes the answer.
#[test]
fn filter_asks_everything_at_once() {
    let ring = four();
    let removals = Filter {
        node: Some("a".into()),
        group: Some("kube-system/workers".into()),
        action: Some(Action::NodeDecommission),
        ..Filter::default()
    };
    check(&ring.select(&Filter::default()), &[1, 2, 3, 4]);
    check(&ring.select(&removals), &[2, 4]);
    let asked = |change: fn(&mut Filter)| {
        let mut filter = removals.clone();
        change(&mut filter);
        ring.select(&filter)
    };
    check(&asked(|filter| filter.node = Some("b".into())), &[]);
    check(&asked(|filter| filter.group = Some("workers".into())), &[]);
    check(&asked(|filter| filter.action = Some(Action::NodeProvision)), &[]);
    check(&asked(|filter| filter.result = Some(Outcome::Success)), &[4]);
    check(&asked(|filter| filter.decision_by = Some(Author::Manual)), &[2]);
    check(&asked(|filter| filter.since = Some(at(3))), &[4]);
    check(&asked(|filter| filter.until = Some(at(3))), &[2]);
    check(&asked(|filter| filter.limit = 1), &[4]);
    check(&asked(|filter| filter.limit = 9), &[2, 4]);
}

/// LC-33: the numbers.
#[test]
fn statistics_count_what_is_in_the_ring() {
    let empty = Stats {
        total_entries: 0,
        max_size: 10,
        by_action: BTreeMap::new(),
        by_result: BTreeMap::new(),
        last_action: None,
        last_timestamp: None,
    };
    assert_eq!(ring(10, Vec::new()).stats(), empty);
    let stats = four().stats();
    assert_eq!(
        serde_json::to_string(&stats).unwrap(),
        concat!(
            r#"{"total_entries":4,"max_size":10,"by_action":{"node_decommission":2,"node_provision":2},"#,
            r#""by_result":{"success":3,"rejected":1},"last_action":"node_decommission","#,
            r#""last_timestamp":"2026-01-24T08:13:00Z"}"#,
        )
    );
}
