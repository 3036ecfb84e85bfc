//! Every word about growing by use.

use super::*;
use crate::command::Command;
use crate::resources::{Condition, find_condition};
use crate::testing::{NAMESPACE, TestWorld, at, condition, group, world};
use crate::thresholds::Thresholds;

fn web() -> (String, String) {
    (NAMESPACE.to_owned(), "web".to_owned())
}

/// Says how it stands with `web`.
fn with(held: Option<Held>) -> TestWorld {
    let mut world = world().group(group("web"));
    world
        .growth
        .thresholds
        .held
        .extend(held.map(|held| (web(), held)));
    world
}

/// Returns the condition as it is written; nothing where the status does not change.
fn said(world: &TestWorld) -> Option<Option<Condition>> {
    let commands = world.group_commands("web");
    commands.iter().find_map(|command| {
        if let Command::WriteNodeGroupStatus(_, write) = command {
            Some(find_condition(write.status.conditions.as_deref(), SCALE_UP).cloned())
        } else {
            None
        }
    })
}

/// SC-7: above a threshold a group says what keeps it from growing; within them it says nothing.
#[test]
fn group_says_why_it_does_not_grow_by_its_use() {
    let until = at(60);
    for (held, word) in [
        (Held::Stabilising { until }, Some("Stabilising")),
        (Held::CoolingDown { until }, Some("CoolingDown")),
        (Held::AtMaximum { nodes: 3 }, Some("AtMaximumCapacity")),
        (Held::NotFirst, Some("NotFirst")),
        (Held::Disabled, None),
        (Held::WithinThreshold, None),
    ] {
        let condition = said(&with(Some(held))).flatten();
        let reason = condition.as_ref().and_then(|one| one.reason.as_deref());
        assert_eq!(reason, word);
        assert!(condition.is_none_or(|condition| !condition.is_true()));
    }
}

/// SC-7: the group that grows says so, and once it is within its thresholds nothing is left of it.
#[test]
fn group_that_grows_by_its_use_says_so() {
    let mut grows = with(None);
    grows.growth.thresholds = Thresholds {
        grows: Some(web()),
        ..Thresholds::default()
    };
    let told = said(&grows).flatten().expect("it is said");
    assert!(told.is_true());
    assert_eq!(told.reason.as_deref(), Some("SizeChanging"));
    let mut after = with(None);
    after.groups.clear();
    let after = after.group(group("web").but(|group| {
        let stands = condition(SCALE_UP, false, "Stabilising", "above");
        group.status.get_or_insert_default().conditions = Some(vec![stands]);
    }));
    assert_eq!(said(&after), Some(None), "it is over");
}
