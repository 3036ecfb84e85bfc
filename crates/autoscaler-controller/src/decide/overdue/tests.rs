//! Who is called overdue, and who is not.

use super::*;
use crate::command::Command;
use crate::decide::claim::ERROR;
use crate::intent::Outcome;
use crate::resources::find_condition;
use crate::skew::Skew;
use crate::testing::{ClaimBuilder, TestWorld, at, claim, condition, group, intent, world};

/// Makes a member that was Ready so many seconds after its machine was asked for, hours ago.
fn joined(number: i64, seconds: i64) -> ClaimBuilder {
    let asked_at = -3600 * (number + 1);
    claim(&format!("web-{number}"))
        .in_phase(Phase::Ready)
        .asked(&intent(Outcome::Accepted, asked_at))
        .status(|status| status.ready_at = Some(at(asked_at + seconds)))
}

/// Makes a member whose machine was asked for so many seconds ago.
fn awaited(seconds: i64) -> ClaimBuilder {
    claim("web-9")
        .in_phase(Phase::Provisioned)
        .asked(&intent(Outcome::Accepted, -seconds))
}

/// Makes a world in which so many machines joined, each within two minutes at most, and one is awaited.
fn after(joins: i64, awaited: ClaimBuilder) -> TestWorld {
    let world = world().group(group("web"));
    let world = (1..=joins).fold(world, |world, number| world.claim(joined(number, 24 * number)));
    world.claim(awaited)
}

fn overdue(world: &TestWorld) -> bool {
    !find(&world.observe()).uids.is_empty()
}

/// SC-9: twice as long as the slowest of five is far beyond them; of four, nobody knows.
#[test]
fn machine_is_overdue_after_twice_the_slowest() {
    assert!(!overdue(&after(5, awaited(240))));
    assert!(overdue(&after(5, awaited(241))));
    assert!(!overdue(&after(4, awaited(10_000))));
}

/// SC-9: whose machine was never asked for, or who has been Ready, is not late; nor is one that goes.
#[test]
fn only_a_machine_that_was_asked_for_and_never_came_is_overdue() {
    let refused = awaited(0).asked(&intent(Outcome::Refused, -900));
    let back = awaited(900).status(|status| status.ready_at = Some(at(-500)));
    for other in [
        refused,
        back,
        awaited(900).deleted(),
        awaited(900).in_phase(Phase::Failed),
    ] {
        assert!(!overdue(&after(5, other.clone())), "{:?}", other.0);
    }
    assert!(overdue(&after(5, awaited(900).in_phase(Phase::Joining))));
    assert!(overdue(&after(
        5,
        awaited(0).asked(&intent(Outcome::Unknown, -900))
    )));
}

/// SC-9: the pass knows when somebody will be overdue, and by a wrong clock nobody is.
#[test]
fn moment_is_known_in_advance() {
    let mut world = after(5, awaited(100));
    assert_eq!(find(&world.observe()).next_at, Some(at(140)));
    assert_eq!(find(&after(5, awaited(241)).observe()).next_at, None);
    world.skew = Some(Skew::Ahead);
    world.now = at(10_000);
    let skewed = world.observe();
    let found = find(&skewed);
    assert!(found.uids.is_empty() && found.next_at.is_none());
}

/// SC-9, I4: it is said once, with a condition, and nothing else is done; it is over once its time-out has come.
#[test]
fn overdue_machine_is_a_condition_and_nothing_else() {
    let said = |world: &TestWorld| {
        let commands = world.claim_commands("web-9");
        let status = commands.last().and_then(|command| {
            if let Command::WriteVpsieNodeStatus(_, write) = command {
                Some(write.status.clone())
            } else {
                None
            }
        });
        (commands.len(), status)
    };
    let (commands, status) = said(&after(5, awaited(900)));
    let conditions = status.and_then(|status| status.conditions);
    let overdue = find_condition(conditions.as_deref(), OVERDUE).cloned();
    assert!(commands == 1 && overdue.as_ref().is_some_and(|overdue| overdue.is_true()));

    let known = awaited(900).status(|status| status.conditions.clone_from(&conditions));
    assert_eq!(said(&after(5, known)).0, 0, "it is written once");

    let message = "in time";
    let failed = awaited(900).in_phase(Phase::Failed).status(|status| {
        let error = condition(ERROR, true, "JoiningTimeout", message);
        status.conditions = Some(overdue.into_iter().chain([error]).collect());
    });
    let (_, status) = said(&after(5, failed));
    let conditions = status.and_then(|status| status.conditions);
    assert!(find_condition(conditions.as_deref(), OVERDUE).is_none() && conditions.is_some());
}
