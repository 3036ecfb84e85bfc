//! What thresholds ask for, line by line of SC-7 and LC-43.

use super::*;
use crate::testing::{GroupBuilder, at, group};
use fleet_plan::Resources;

/// Makes a node of four cores and four GiB of whose CPU and memory so many percent are requested.
fn serving(cpu: i64, memory: i64) -> Member {
    Member {
        standing: Standing::Serving,
        room: resources(4000, 4 << 30),
        requests: resources(40 * cpu, (4 << 30) / 100 * memory),
    }
}

fn resources(cpu_m: i64, memory_bytes: i64) -> Resources {
    Resources {
        cpu_m,
        memory_bytes,
        ..Resources::default()
    }
}

fn policy(group: GroupBuilder, policy: ScaleUpPolicy) -> GroupBuilder {
    group.but(|group| group.spec.scale_up_policy = Some(policy))
}

/// Judges one group at these moments, the last of which counts.
fn judged(group: &GroupBuilder, members: &[Member], moments: &[i64]) -> Thresholds {
    let mut trends = Trends::default();
    let at_each = moments.iter().map(|seconds| {
        let subject = Subject {
            group: &group.0,
            members: members.to_vec(),
            grown_at: Some(at(-86_400)),
        };
        judge(&[subject], None, &mut trends, at(*seconds))
    });
    at_each.last().expect("there is a moment")
}

fn grows(group: &GroupBuilder, members: &[Member], moments: &[i64]) -> bool {
    judged(group, members, moments).grows.is_some()
}

/// SC-7: a group without a policy grows above 80 percent of CPU or memory, once it was so for 60 seconds.
#[test]
fn absent_policy_is_that_of_the_defaults() {
    let web = group("web");
    for (member, is_above) in [
        (serving(81, 0), true),
        (serving(80, 80), false),
        (serving(0, 81), true),
    ] {
        assert_eq!(grows(&web, &[member], &[0, 60]), is_above);
    }
    assert!(!grows(&web, &[serving(81, 0)], &[0, 59]));
}

/// SC-7: thresholds, window and the switch are those of the policy; `false` and 0 stay what was written.
#[test]
fn what_is_written_counts() {
    let written = |enabled, threshold, window| ScaleUpPolicy {
        enabled,
        cpu_threshold: Some(threshold),
        memory_threshold: Some(100),
        stabilization_window_seconds: Some(window),
    };
    let with = |enabled, threshold, window| policy(group("web"), written(enabled, threshold, window));
    assert!(grows(&with(None, 30, 0), &[serving(31, 0)], &[0]));
    assert!(!grows(&with(None, 30, 1), &[serving(31, 0)], &[0]));
    assert!(
        grows(&with(None, 0, 0), &[serving(1, 0)], &[0]),
        "nothing is too little"
    );
    let off = judged(&with(Some(false), 0, 0), &[serving(90, 0)], &[0, 600]);
    assert_eq!(off.held.into_values().collect::<Vec<_>>(), [Held::Disabled]);
}

/// SC-7: the window begins anew when the use was within the thresholds for a moment, and when nobody remembers.
#[test]
fn window_must_be_whole() {
    let web = group("web");
    let mut trends = Trends::default();
    let mut look = |used: i64, seconds: i64| {
        let subject = Subject {
            group: &web.0,
            members: vec![serving(used, 0)],
            grown_at: None,
        };
        let thresholds = judge(&[subject], None, &mut trends, at(seconds));
        let due = thresholds.due_at();
        thresholds.grows.ok_or(due)
    };
    assert_eq!(look(90, 0), Err(Some(at(60))));
    assert_eq!(look(50, 30), Err(None));
    assert_eq!(look(90, 40), Err(Some(at(100))));
    assert_eq!(look(90, 99), Err(Some(at(100))));
    assert!(look(90, 100).is_ok());
    assert!(
        !grows(&web, &[serving(90, 0)], &[100]),
        "a new process has seen nothing yet"
    );
}

/// LC-40, LC-41: what comes counts as there.
#[test]
fn coming_nodes_count() {
    let coming = Member {
        standing: Standing::Coming { expected_at: None },
        requests: Resources::default(),
        ..serving(0, 0)
    };
    assert!(grows(&group("web"), &[serving(90, 0)], &[0, 60]));
    assert!(!grows(&group("web"), &[serving(90, 0), coming], &[0, 60]));
}

/// LC-43: after a change of its size a group waits for five minutes, or for as long as the settings of the cluster say.
#[test]
fn group_cools_down_after_a_change() {
    let web = group("web");
    let look = |settings: Option<&GlobalSettings>, changed: i64| {
        let subject = || Subject {
            group: &web.0,
            members: vec![serving(90, 0)],
            grown_at: Some(at(changed)),
        };
        let mut trends = Trends::default();
        judge(&[subject()], settings, &mut trends, at(0));
        judge(&[subject()], settings, &mut trends, at(100))
            .grows
            .is_some()
    };
    assert!(!look(None, -199) && look(None, -200));
    let settings = GlobalSettings {
        scale_up_cooldown_seconds: Some(120),
        ..GlobalSettings::default()
    };
    assert!(!look(Some(&settings), -19) && look(Some(&settings), -20));
}

/// LC-43, SC-6: one group grows in one pass, the first by name, and none beyond its maximum.
#[test]
fn one_group_grows_at_once() {
    let (one, other, full) = (group("b"), group("a"), group("0").max(1));
    let groups = [&one, &other, &full];
    let subjects = groups.map(|group| Subject {
        group: &group.0,
        members: vec![serving(90, 0)],
        grown_at: None,
    });
    let mut trends = Trends::default();
    judge(&subjects, None, &mut trends, at(0));
    let mut thresholds = judge(&subjects, None, &mut trends, at(60));
    let grown = thresholds.grows.clone().expect("one does");
    assert_eq!(grown.1, "a");
    let held = |thresholds: &Thresholds| -> Vec<Held> { thresholds.held.values().cloned().collect() };
    assert_eq!(held(&thresholds), [Held::AtMaximum { nodes: 1 }, Held::NotFirst]);
    thresholds.yield_to_others();
    assert_eq!((thresholds.grows.clone(), held(&thresholds).len()), (None, 3));
}

/// A group that would be above a threshold with one node less is tight; one that does not grow by its use never is.
#[test]
fn group_is_tight_where_it_would_grow_again() {
    let is_tight = |group: &GroupBuilder, members: &[Member]| !judged(group, members, &[0]).tight.is_empty();
    let web = group("web");
    assert!(is_tight(&web, &[serving(81, 0), serving(0, 0)]));
    assert!(!is_tight(&web, &[serving(80, 0), serving(0, 0)]));
    assert!(
        !is_tight(&web, &[serving(0, 0)]),
        "without pods nothing is missing"
    );
    let off = policy(
        group("web"),
        ScaleUpPolicy {
            enabled: Some(false),
            ..ScaleUpPolicy::default()
        },
    );
    assert!(!is_tight(&off, &[serving(81, 0), serving(0, 0)]));
}
