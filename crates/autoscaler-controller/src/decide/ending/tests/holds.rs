//! What holds the machine of a deleted VPSieNode: doubt, the beginning of its life, and its group.

use super::*;
use crate::testing::group;
use node_lifecycle::Doubt;
use node_match::NotParticipatingReason;

/// LC-14a, R0: what is contradicted, ambiguous or not seen is not removed.
#[test]
fn doubtful_machine_must_stay() {
    let twin = Verdict::NotParticipating {
        reason: NotParticipatingReason::DuplicateUid,
    };
    let table = [
        (Some(twin), Doubt::Absent),
        (Some(conflict()), Doubt::Conflict),
        (Some(ambiguous()), Doubt::Ambiguous),
        (None, Doubt::Absent),
    ];
    for (verdict, doubt) in table {
        let mut world = world().claim(leaving()).polled(&["m1"]);
        if let Some(verdict) = verdict {
            world = world.verdict("web-1", verdict);
        }
        let shown = shown(ERROR, Refusal::IdentityUnproven { doubt });
        check(world, &[status(&leaving(), Phase::Terminating, &[shown])]);
    }
}

/// LC-14a, LC-25a: a Node that only a record or a mark links to the machine may be another's; it goes back into service.
#[test]
fn node_that_nothing_links_to_the_machine_now_keeps_it() {
    let untied = found(None, Some("n1"), Vec::new());
    for verdict in [untied, own_machine(), waiting(), timed_out()] {
        let world = at_rest(leaving()).verdict("web-1", verdict);
        let shown = shown(
            ERROR,
            Refusal::IdentityUnproven {
                doubt: Doubt::RecordOnly,
            },
        );
        let drain = Drain::of(&world.nodes[0]).expect("it is marked");
        let given_back = Command::ReturnNode(node_target("n1"), drain);
        check(
            world,
            &[given_back, status(&leaving(), Phase::Terminating, &[shown])],
        );
    }
}

/// LC-16: who has not been ready yet stays until it is, or until its time to join is over; then it has failed.
#[test]
fn starting_machine_stays_until_it_joins_or_its_time_is_over() {
    let starting = |seconds| {
        claim("web-1")
            .in_phase(Phase::Terminating)
            .machine("m1")
            .lived(State::Initializing)
            .status(|status| status.provisioned_at = Some(at(seconds)))
            .deleted()
    };
    let held = shown(
        VPS_READY,
        Refusal::StillStartingUp {
            state: State::Initializing,
        },
    );
    let world = |before| {
        world()
            .claim(before)
            .polled(&["m1"])
            .verdict("web-1", own_machine())
    };
    check(
        world(starting(-900)),
        &[status(
            &starting(-900),
            Phase::Terminating,
            std::slice::from_ref(&held),
        )],
    );
    let message = "the machine runs but its Node did not join in time; its removal goes on";
    let before = starting(-901);
    let failed = before
        .clone()
        .status(|status| status.last_error = Some(message.to_owned()));
    let error = condition(ERROR, true, "JoiningTimeout", message);
    let mut write = status(&failed, Phase::Failed, &[held, error]);
    if let Command::WriteVpsieNodeStatus(_, write) = &mut write {
        write.status.terminating_at = None;
    }
    check(world(before.clone()), &[write]);
    // The next pass sees that it has failed, and a person may have what has failed.
    let labels = |world: TestWorld| -> Vec<&'static str> {
        world
            .seen()
            .claim_commands("web-1")
            .iter()
            .map(Command::label)
            .collect()
    };
    let after = before.in_phase(Phase::Failed);
    assert!(labels(world(after)).contains(&"remove-machine"));
}

/// LC-23: with room for one more, the replacement comes first; without room, the machine goes first, one at a time.
#[test]
fn replacement_comes_first_where_there_is_room() {
    let member = |name: &str, is_deleted: bool| {
        let machine = format!("m{}", &name[4..]);
        let member = claim(name)
            .in_phase(Phase::Ready)
            .machine(&machine)
            .lived(State::Ready);
        if is_deleted { member.deleted() } else { member }
    };
    let removed = |members: &[(&str, bool)], maximum| -> Vec<String> {
        let mut world = world().group(group("web").min(2).max(maximum));
        let mut machines = Vec::new();
        for (name, is_deleted) in members {
            world = world.claim(member(name, *is_deleted)).verdict(name, waiting());
            machines.push(format!("m{}", &name[4..]));
        }
        let machines: Vec<&str> = machines.iter().map(String::as_str).collect();
        let commands = world
            .polled(&machines)
            .seen()
            .decide()
            .into_iter()
            .flat_map(|batch| batch.commands);
        let removals = commands.filter_map(|command| {
            let Command::RemoveMachine(_, case, _) = command else {
                return None;
            };
            Some(case.claim.name)
        });
        removals.collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(removed(&[("web-1", true), ("web-2", false)], 3), none);
    assert_eq!(
        removed(&[("web-1", true), ("web-2", false), ("web-3", false)], 3),
        ["web-1"]
    );
    assert_eq!(removed(&[("web-1", true), ("web-2", false)], 2), ["web-1"]);
    assert_eq!(removed(&[("web-1", true), ("web-2", true)], 2), ["web-1"]);
    assert_eq!(
        removed(&[("web-1", true), ("web-2", true), ("web-3", false)], 3),
        ["web-1"]
    );
}
