//! How often the same refusal is recorded.

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_242_200 + seconds, 0).unwrap()
}

fn rejected(node: &str, reason: &str) -> Draft {
    Draft::new(
        Action::NodeDecommission,
        Outcome::Rejected,
        Author::Manual,
        reason,
    )
    .node(node)
}

/// Shows what is recorded as (node and reason, second, repeats).
fn shown(drafts: Vec<(Draft, DateTime<Utc>)>) -> Vec<(String, i64, u64)> {
    let show = |(draft, time): (Draft, DateTime<Utc>)| {
        let entry = draft.stamped(time);
        let what = format!("{} {}", entry.node.unwrap_or_default(), entry.reason);
        (what, (time - at(0)).num_seconds(), entry.repeats)
    };
    drafts.into_iter().map(show).collect()
}

#[track_caller]
fn check(drafts: Vec<(Draft, DateTime<Utc>)>, expected: &[(&str, i64, u64)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(what, second, repeats)| ((*what).to_owned(), *second, *repeats))
        .collect();
    assert_eq!(shown(drafts), expected);
}

/// LC-38: at 59 s it waits, at 60 s it is recorded and says how many waited.
#[test]
fn identical_rejection_is_recorded_once_a_minute() {
    let mut flood = Flood::default();
    check(flood.admit(rejected("a", "young"), at(0)), &[("a young", 0, 0)]);
    for second in [10, 20, 59] {
        check(flood.admit(rejected("a", "young"), at(second)), &[]);
    }
    check(flood.admit(rejected("a", "young"), at(60)), &[("a young", 60, 3)]);
    check(flood.admit(rejected("a", "young"), at(119)), &[]);
    check(
        flood.admit(rejected("a", "young"), at(120)),
        &[("a young", 120, 1)],
    );
}

/// LC-38: another reason is another rejection; the last one that waited comes first and stands for those before it.
#[test]
fn another_reason_ends_the_row() {
    let mut flood = Flood::default();
    check(flood.admit(rejected("a", "young"), at(0)), &[("a young", 0, 0)]);
    check(flood.admit(rejected("a", "young"), at(10)), &[]);
    check(flood.admit(rejected("a", "young"), at(20)), &[]);
    check(
        flood.admit(rejected("a", "pods"), at(30)),
        &[("a young", 20, 1), ("a pods", 30, 0)],
    );
    check(flood.admit(rejected("a", "young"), at(31)), &[("a young", 31, 0)]);
}

/// LC-38: nodes, actions and deciders are told apart, so that two who take turns flood nothing.
#[test]
fn rejections_of_two_deciders_are_two_rows() {
    let mut flood = Flood::default();
    let by_policy = || {
        Draft::new(
            Action::NodeDecommission,
            Outcome::Rejected,
            Author::ScaleDownPolicy,
            "young",
        )
        .node("a")
    };
    let of_move = || {
        Draft::new(
            Action::WorkloadMigrate,
            Outcome::Rejected,
            Author::Manual,
            "young",
        )
        .node("a")
    };
    check(flood.admit(rejected("a", "young"), at(0)), &[("a young", 0, 0)]);
    check(flood.admit(by_policy(), at(0)), &[("a young", 0, 0)]);
    check(flood.admit(of_move(), at(0)), &[("a young", 0, 0)]);
    check(flood.admit(rejected("b", "young"), at(0)), &[("b young", 0, 0)]);
    for draft in [
        rejected("a", "young"),
        by_policy(),
        of_move(),
        rejected("b", "young"),
    ] {
        check(flood.admit(draft, at(1)), &[]);
    }
}

/// LC-38: what is no rejection, or is about no node, is always recorded, after what waited.
#[test]
fn success_ends_every_row_of_its_node() {
    let mut flood = Flood::default();
    flood.admit(rejected("a", "young"), at(0));
    flood.admit(rejected("a", "young"), at(1));
    flood.admit(rejected("b", "young"), at(1));
    let success = || {
        Draft::new(
            Action::NodeDecommission,
            Outcome::Success,
            Author::Manual,
            "allowed",
        )
        .node("a")
    };
    check(
        flood.admit(success(), at(2)),
        &[("a young", 1, 0), ("a allowed", 2, 0)],
    );
    check(flood.admit(success(), at(3)), &[("a allowed", 3, 0)]);
    check(flood.admit(rejected("a", "young"), at(4)), &[("a young", 4, 0)]);
    let of_group = || {
        Draft::new(
            Action::ScaleDown,
            Outcome::Rejected,
            Author::ScaleDownPolicy,
            "busy",
        )
    };
    check(flood.admit(of_group(), at(5)), &[(" busy", 5, 0)]);
    check(flood.admit(of_group(), at(5)), &[(" busy", 5, 0)]);
}

/// LC-36: nothing that waits is lost when nothing follows it.
#[test]
fn what_waits_is_settled_after_a_minute() {
    let mut flood = Flood::default();
    for (node, second) in [("a", 0), ("a", 1), ("a", 2), ("b", 30), ("b", 31), ("c", 0)] {
        flood.admit(rejected(node, "young"), at(second));
    }
    check(flood.settle(Some(at(59))), &[]);
    check(flood.settle(Some(at(60))), &[("a young", 2, 1)]);
    check(flood.settle(Some(at(60))), &[]);
    check(flood.settle(None), &[("b young", 31, 0)]);
    assert!(flood.nodes.is_empty());
}

/// A clock that is set back by an hour must not silence the log for an hour.
#[test]
fn clock_that_is_set_back_silences_nothing() {
    let mut flood = Flood::default();
    flood.admit(rejected("a", "young"), at(0));
    check(flood.admit(rejected("a", "young"), at(-59)), &[]);
    check(
        flood.admit(rejected("a", "young"), at(-60)),
        &[("a young", -60, 1)],
    );
}

/// Memory has a limit: beyond it a node is forgotten, and what waited is recorded.
#[test]
fn too_many_nodes_push_one_out() {
    let mut flood = Flood::default();
    for number in 0..NODE_LIMIT {
        flood.admit(rejected(&format!("{number:06}"), "young"), at(0));
    }
    check(flood.admit(rejected("000000", "young"), at(1)), &[]);
    check(
        flood.admit(rejected("x", "young"), at(2)),
        &[("000000 young", 1, 0), ("x young", 2, 0)],
    );
    assert_eq!(flood.nodes.len(), NODE_LIMIT);
}
