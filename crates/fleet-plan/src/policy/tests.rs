//! Policies by thresholds, one line of LC-42 and LC-43 after the other.

mod laws;

use chrono::TimeDelta;

use super::*;
use crate::projection::{Member, Standing};
use crate::testing::resources;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// Is later than any window or wait that counts from the beginning.
fn now() -> DateTime<Utc> {
    at(100_000)
}

fn serving(percent: i64) -> Member {
    Member {
        standing: Standing::Serving,
        room: resources(1000, 1000),
        requests: resources(percent * 10, 0),
    }
}

/// Makes a group of four nodes whose CPU is used so much, and has been so for ever.
fn group(name: &str, percent: i64) -> Case {
    let members = [percent; 4].map(serving);
    let mut case = Case {
        group: crate::group::GroupName {
            namespace: "kube-system".into(),
            name: name.into(),
        },
        policy: Policy::default(),
        projection: Projection::of(&members),
        trend: Trend::default(),
        history: History::default(),
        min: 1,
        max: 10,
    };
    case.trend = case.trend.after(&case.policy, &case.projection, at(0));
    case
}

fn with(mut case: Case, change: impl FnOnce(&mut Case)) -> Case {
    change(&mut case);
    case
}

fn held(case: &Case, wish: Wish) -> Option<Held> {
    let decision = decide(std::slice::from_ref(case), now());
    let held = decision.held.into_iter().find(|(one, _, _)| *one == wish);
    held.map(|(_, _, held)| held)
}

/// LC-43: above 85 percent a group grows, below 30 it shrinks, and from one to the other nothing happens.
#[test]
fn thresholds_are_eighty_five_and_thirty() {
    for (percent, wish) in [
        (86, Some(Wish::Grow)),
        (85, None),
        (30, None),
        (29, Some(Wish::Shrink)),
    ] {
        let action = decide(&[group("web", percent)], now()).action;
        let expected = wish.map(|wish| group("web", percent).action(wish));
        assert_eq!(action, expected, "{percent}");
    }
}

/// LC-43: either of CPU and memory makes a group grow, and both must be low before it shrinks.
#[test]
fn one_resource_grows_and_both_shrink() {
    let mut case = group("web", 10);
    case.projection.demand.bound.memory_bytes = 3500;
    case.trend = Trend::default().after(&case.policy, &case.projection, at(0));
    assert!(case.trend.above_since.is_some() && case.trend.below_since.is_none());
    assert!(matches!(
        decide(&[case], now()).action,
        Some(Action::Grow(_, Urgency::Low))
    ));
}

/// LC-43: what a NodeGroup says goes before every figure, zero and false included.
#[test]
fn values_of_the_node_group_win() {
    let grows = |case: &Case| held(case, Wish::Grow).is_none();
    let case = with(group("web", 50), |case| case.policy.up.cpu_percent = Some(49));
    let case = with(case, |case| case.trend.above_since = Some(at(0)));
    assert!(grows(&case));
    let zero = with(case.clone(), |case| {
        case.policy.up.cpu_percent = Some(0);
        case.policy.up.window = Some(TimeDelta::zero());
        case.trend.above_since = None;
    });
    assert!(grows(&zero));
    let off = with(zero, |case| case.policy.up.is_enabled = Some(false));
    assert_eq!(held(&off, Wish::Grow), Some(Held::Disabled));
    let off = with(group("web", 10), |case| {
        case.policy.down.is_enabled = Some(false);
    });
    assert_eq!(held(&off, Wish::Shrink), Some(Held::Disabled));
    let never = with(group("web", 10), |case| case.policy.down.cpu_percent = Some(0));
    assert_eq!(held(&never, Wish::Shrink), Some(Held::WithinThreshold));
    let no_wait = with(group("web", 90), |case| {
        case.history.grown_at = Some(now());
        case.policy.cool_downs.general = Some(TimeDelta::zero());
    });
    assert!(grows(&no_wait));
}

/// LC-43: a threshold buys nothing until it was exceeded for the whole window.
#[test]
fn threshold_must_be_exceeded_for_the_whole_window() {
    let since = |seconds| {
        with(group("web", 90), |case| {
            case.trend.above_since = Some(at(seconds))
        })
    };
    assert_eq!(held(&since(99_940), Wish::Grow), None);
    let until = at(100_001);
    assert_eq!(
        held(&since(99_941), Wish::Grow),
        Some(Held::Stabilising { until })
    );
    let unknown = with(group("web", 90), |case| case.trend = Trend::default());
    let until = at(100_060);
    assert_eq!(held(&unknown, Wish::Grow), Some(Held::Stabilising { until }));
}

/// LC-43: a look at which the use was not past its threshold begins the window anew.
#[test]
fn one_look_below_begins_the_window_anew() {
    let (full, empty) = (group("web", 90), group("web", 10));
    let look = |trend: Trend, case: &Case, seconds| trend.after(&case.policy, &case.projection, at(seconds));
    let trend = look(Trend::default(), &full, 10);
    let trend = look(trend, &full, 20);
    assert_eq!((trend.above_since, trend.below_since), (Some(at(10)), None));
    let trend = look(trend, &empty, 30);
    assert_eq!((trend.above_since, trend.below_since), (None, Some(at(30))));
    let trend = look(trend, &full, 40);
    assert_eq!(trend.above_since, Some(at(40)));
    assert_eq!(
        look(trend, &full, 35).above_since,
        Some(at(35)),
        "time that went back"
    );
}

/// LC-43: five minutes after any change, twenty from up to down, two hours between consolidations.
#[test]
fn cool_downs_have_their_figures() {
    let minutes = |minutes: i64| Some(at(100_000 - minutes * 60));
    let consolidating = |case: &mut Case| case.policy.consolidates = Some(true);
    for (wish, percent, change, ago, waits) in [
        (Wish::Grow, 90, "grown", 5, false),
        (Wish::Grow, 90, "shrunk", 4, true),
        (Wish::Grow, 90, "consolidated", 4, true),
        (Wish::Shrink, 10, "grown", 20, false),
        (Wish::Shrink, 10, "grown", 19, true),
        (Wish::Shrink, 10, "shrunk", 5, false),
        (Wish::Shrink, 10, "shrunk", 4, true),
        (Wish::Consolidate, 50, "consolidated", 120, false),
        (Wish::Consolidate, 50, "consolidated", 119, true),
        (Wish::Consolidate, 50, "grown", 19, true),
        (Wish::Consolidate, 50, "shrunk", 4, true),
    ] {
        let case = with(group("web", percent), |case| {
            let history = &mut case.history;
            let changed = match change {
                "grown" => &mut history.grown_at,
                "shrunk" => &mut history.shrunk_at,
                _ => &mut history.consolidated_at,
            };
            *changed = minutes(ago);
        });
        let held = held(&with(case, consolidating), wish);
        assert_eq!(
            matches!(held, Some(Held::CoolingDown { .. })),
            waits,
            "{wish:?} {ago} minutes after it was {change}: {held:?}"
        );
        assert!(waits || held.is_none(), "{held:?}");
    }
}

/// LC-42: nothing shrinks or consolidates while pods of any group wait, or nodes of any group come.
#[test]
fn waiting_pods_and_coming_nodes_keep_the_whole_fleet() {
    let idle = with(group("idle", 10), |case| case.policy.consolidates = Some(true));
    let waits = with(group("waits", 50), |case| {
        case.projection = case.projection.clone().with_unschedulable(&resources(1, 1), 3);
    });
    let comes = with(group("comes", 50), |case| {
        case.projection.incoming.nodes = 2;
    });
    for (other, expected) in [
        (waits, Held::UnschedulableDemand { pods: 3 }),
        (comes, Held::IncomingCapacity { nodes: 2 }),
    ] {
        let decision = decide(&[idle.clone(), other], now());
        assert_eq!(decision.action, None);
        for wish in [Wish::Shrink, Wish::Consolidate] {
            let entry = (wish, idle.group.clone(), expected.clone());
            assert!(decision.held.contains(&entry), "{decision:?}");
        }
    }
}

/// LC-42: a wait that was written holds back a purchase for pods, unless no node serves; our own figures never do.
#[test]
fn pods_that_wait_are_delayed_by_written_waits_only() {
    let fleet = |case: &Case| case.projection.clone();
    let changed = with(group("web", 50), |case| case.history.grown_at = Some(now()));
    assert_eq!(changed.held_from_buying(&fleet(&changed), now()), None);
    let until = at(100_060);
    for written in [
        with(changed.clone(), |case| {
            case.policy.up.window = Some(TimeDelta::seconds(60));
        }),
        with(changed.clone(), |case| {
            case.policy.cool_downs.general = Some(TimeDelta::seconds(60));
        }),
    ] {
        assert_eq!(
            written.held_from_buying(&fleet(&written), now()),
            Some(Held::CoolingDown { until })
        );
        let none_serves = Projection::default();
        assert_eq!(written.held_from_buying(&none_serves, now()), None);
        let shrunk = with(written, |case| {
            (case.history.grown_at, case.history.shrunk_at) = (None, Some(now()));
        });
        let one_serves = Projection::of(&[serving(50)]);
        assert_eq!(
            shrunk.held_from_buying(&one_serves, now()),
            Some(Held::CoolingDown { until })
        );
    }
    let off = with(changed, |case| case.policy.up.is_enabled = Some(false));
    assert_eq!(
        off.held_from_buying(&Projection::default(), now()),
        Some(Held::Disabled)
    );
}

/// LC-43: of several groups the one of the highest priority acts, then the first by name, and up comes before down.
#[test]
fn first_by_priority_acts_alone() {
    let named = |decision: Decision| decision.action;
    let cases = [group("b", 90), group("a", 90), group("idle", 10)];
    let first = Action::Grow(cases[1].group.clone(), Urgency::Medium);
    assert_eq!(named(decide(&cases, now())), Some(first));
    let important = with(cases[0].clone(), |case| case.policy.priority = 1);
    let first = Action::Grow(important.group.clone(), Urgency::Medium);
    let cases = [important, cases[1].clone(), cases[2].clone()];
    let decision = decide(&cases, now());
    assert_eq!(decision.action, Some(first));
    let others = [(Wish::Grow, &cases[1]), (Wish::Shrink, &cases[2])];
    for (wish, case) in others {
        let entry = (wish, case.group.clone(), Held::NotFirst);
        assert!(decision.held.contains(&entry), "{decision:?}");
    }
}

/// SC-6: thresholds pass neither the maximum, with every machine that there is, nor the minimum.
#[test]
fn thresholds_stay_within_the_bounds() {
    let full = with(group("web", 90), |case| {
        case.projection.excluded.nodes = 1;
        case.max = 5;
    });
    assert_eq!(held(&full, Wish::Grow), Some(Held::AtMaximum { nodes: 5 }));
    let coming = with(group("web", 90), |case| {
        case.projection.incoming.nodes = 1;
        case.max = 5;
    });
    assert_eq!(held(&coming, Wish::Grow), Some(Held::AtMaximum { nodes: 5 }));
    let least = with(group("web", 10), |case| case.min = 4);
    assert_eq!(held(&least, Wish::Shrink), Some(Held::AtMinimum { nodes: 4 }));
}

/// LC-43: urgency rises above 88, 92 and 95 percent.
#[test]
fn urgency_has_three_bands() {
    for (percent, urgency) in [
        (86, Urgency::Low),
        (88, Urgency::Low),
        (89, Urgency::Medium),
        (92, Urgency::Medium),
        (93, Urgency::High),
        (95, Urgency::High),
        (96, Urgency::Critical),
    ] {
        assert_eq!(
            Urgency::of(&group("web", percent).projection),
            urgency,
            "{percent}"
        );
    }
}

/// LC-42, LC-43: every reason not to act has its own stable word, in kebab case.
#[test]
fn every_reason_has_its_word() {
    let until = now();
    let all = [
        Held::Disabled,
        Held::WithinThreshold,
        Held::Stabilising { until },
        Held::CoolingDown { until },
        Held::AtMaximum { nodes: 1 },
        Held::AtMinimum { nodes: 1 },
        Held::UnschedulableDemand { pods: 1 },
        Held::IncomingCapacity { nodes: 1 },
        Held::NotFirst,
    ];
    assert_eq!(all.map(|held| held.word()), Held::WORDS);
    let distinct: std::collections::BTreeSet<&str> = Held::WORDS.into_iter().collect();
    assert_eq!(distinct.len(), Held::WORDS.len());
    let is_kebab = |word: &str| word.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase());
    assert!(Held::WORDS.into_iter().all(is_kebab));
}
