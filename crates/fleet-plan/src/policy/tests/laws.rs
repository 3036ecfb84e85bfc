//! What holds of every decision by thresholds.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn any_moment() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    proptest::option::of((0..101_000_i64).prop_map(at))
}

fn any_wait() -> impl Strategy<Value = Option<TimeDelta>> {
    proptest::option::of((0..9000_i64).prop_map(TimeDelta::seconds))
}

fn any_case(name: &'static str) -> impl Strategy<Value = Case> {
    let moments = (any_moment(), any_moment(), any_moment(), any_moment());
    let waits = (any_wait(), any_wait(), any_wait(), any_wait());
    let demand = (select(vec![5, 50, 86, 97]), 0..2_u32, 0..2_u32);
    let policy = (0..3_i32, proptest::option::of(any::<bool>()), any::<bool>());
    (moments, waits, demand, policy, 3..6_u32).prop_map(
        move |(moments, waits, (percent, pods, coming), (priority, up, consolidates), max)| {
            let mut case = group(name, percent);
            case.projection = case.projection.with_unschedulable(&resources(1, 1), pods);
            case.projection.incoming.nodes = coming;
            case.trend.above_since = moments.0;
            case.trend.below_since = moments.1;
            case.history.grown_at = moments.2;
            case.history.shrunk_at = moments.3;
            case.policy = Policy {
                priority,
                consolidates: Some(consolidates),
                ..Policy::default()
            };
            case.policy.up.is_enabled = up;
            case.policy.up.window = waits.0;
            case.policy.down.window = waits.1;
            case.policy.cool_downs.general = waits.2;
            case.policy.cool_downs.down_after_up = waits.3;
            case.max = max;
            case
        },
    )
}

fn any_cases() -> impl Strategy<Value = Vec<Case>> {
    (any_case("a"), any_case("b"), any_case("c")).prop_map(|(a, b, c)| vec![a, b, c])
}

proptest! {
    /// LC-43: every wish of every group is answered once: by the action, or by a reason.
    #[test]
    fn every_wish_has_one_answer(cases in any_cases()) {
        let decision = decide(&cases, now());
        let acts = usize::from(decision.action.is_some());
        prop_assert_eq!(decision.held.len() + acts, 3 * cases.len());
        let mut wishes: Vec<_> = decision.held.iter().map(|(wish, group, _)| (*wish, group)).collect();
        wishes.dedup();
        prop_assert_eq!(wishes.len(), decision.held.len());
    }

    /// LC-43: the order of the groups changes nothing.
    #[test]
    fn order_of_groups_changes_nothing(cases in any_cases(), turns in 0..3_usize) {
        let mut turned = cases.clone();
        turned.rotate_left(turns);
        turned.reverse();
        prop_assert_eq!(decide(&turned, now()), decide(&cases, now()));
    }

    /// LC-42: while pods wait or nodes come, nothing but growth happens.
    #[test]
    fn demand_and_coming_nodes_forbid_all_but_growth(cases in any_cases()) {
        let is_calm = cases.iter().all(|case| {
            case.projection.demand.unschedulable_pods == 0 && case.projection.incoming.nodes == 0
        });
        match decide(&cases, now()).action {
            Some(Action::Shrink(_) | Action::Consolidate(_)) => prop_assert!(is_calm),
            Some(Action::Grow(..)) | None => {}
        }
    }

    /// LC-43: a group that acted does not act again by thresholds until its wait is over.
    #[test]
    fn who_acted_waits(cases in any_cases(), general in 1..9000_i64) {
        let mut cases = cases;
        for case in &mut cases {
            case.policy.cool_downs.general = Some(TimeDelta::seconds(general));
        }
        let first = decide(&cases, now()).action;
        let name = match &first {
            Some(Action::Grow(group, _) | Action::Shrink(group) | Action::Consolidate(group)) => group.clone(),
            None => return Ok(()),
        };
        let acted = cases.iter_mut().find(|case| case.group == name).expect("it acted");
        match first {
            Some(Action::Grow(..)) => acted.history.grown_at = Some(now()),
            Some(Action::Shrink(_)) => acted.history.shrunk_at = Some(now()),
            Some(Action::Consolidate(_)) => acted.history.consolidated_at = Some(now()),
            None => {}
        }
        let next = now() + TimeDelta::seconds(general - 1);
        let decision = decide(&cases, next);
        let held = decision.held.iter().filter(|(_, group, _)| *group == name);
        prop_assert_eq!(held.count(), 3);
    }
}
