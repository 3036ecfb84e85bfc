//! What goes on and what waits while the clock cannot be believed, to the exact commands.

use super::*;
use crate::command::{Command, MachineRecord, NodeMarks};
use crate::intent::Outcome;
use crate::skew::Skew;
use crate::testing::expected::{asked, check, conditions, prepared, target, with_machine, with_node, write};
use crate::testing::{
    ClaimBuilder, TestWorld, ambiguous, at, claim, condition, drained, found, group, intent, node, tied,
    timed_out, world,
};
use node_lifecycle::State;
use node_match::Machine;

const MESSAGE: &str = Skew::Ahead.sentence();

fn skewed(world: TestWorld) -> TestWorld {
    TestWorld {
        skew: Some(Skew::Ahead),
        ..world
    }
}

/// Returns the command that says that it waits, and nothing else.
fn say(before: &ClaimBuilder) -> Command {
    write(before, |status| {
        let phase = before.0.phase();
        status.phase = Some(phase);
        conditions(status, &[condition("Blocked", true, "ClockSkewed", MESSAGE)]);
    })
}

/// Bad input: no machine is asked for while the clock is wrong, and once it is right the condition goes.
#[test]
fn no_machine_is_asked_for() {
    let pending = claim("web-1");
    let prepared = || prepared().polled(&[]);
    check(skewed(prepared().claim(pending.clone())), &[say(&pending)]);
    let blocked = pending.status(|status| {
        status.phase = Some(Phase::Pending);
        conditions(status, &[condition("Blocked", true, "ClockSkewed", MESSAGE)]);
    });
    check(skewed(prepared().claim(blocked.clone())), &[]);
    let commands = prepared().claim(blocked).claim_commands("web-1");
    let [Command::RequestMachine(request)] = commands.as_slice() else {
        panic!("it asks: {commands:?}");
    };
    let status = request.status.as_ref().map(|write| &write.status);
    let conditions = status
        .into_iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let types: Vec<&str> = conditions.map(|condition| condition.type_.as_str()).collect();
    assert_eq!(types, ["VPSReady"]);
}

/// Bad input: no time-out counts by a wrong clock, neither of discovery nor of joining.
#[test]
fn nothing_times_out() {
    let late = || intent(Outcome::Accepted, -7200);
    let undiscovered = claim("web-1").in_phase(Phase::Provisioning).asked(&late());
    let world = prepared().claim(undiscovered.clone()).polled(&[]);
    let world = world.verdict("web-1", timed_out());
    assert_eq!(world.claim_commands("web-1").len(), 1, "without a skew it fails");
    check(skewed(world), &[say(&undiscovered)]);

    let long_ago = |phase| with_machine(phase).status(|status| status.provisioned_at = Some(at(-7200)));
    for phase in [Phase::Provisioned, Phase::Joining] {
        let unjoined = long_ago(phase);
        let world = prepared().claim(unjoined.clone()).polled(&["m1"]);
        check(skewed(world), &[say(&unjoined)]);
    }
}

/// Bad input: nothing of an end goes on, neither the drain nor the removal nor the release.
#[test]
fn nothing_is_removed_or_let_go() {
    let ending = |claim: ClaimBuilder| claim.lived(State::Idle).deleted();
    let used = ending(with_machine(Phase::Ready));
    let mut cordoned = node("n1");
    drained(&mut cordoned, -60);
    let draining = prepared().claim(used.clone()).node(node("n1")).polled(&["m1"]);
    let removing = prepared().claim(used.clone()).node(cordoned).polled(&["m1"]);
    for world in [draining, removing] {
        let world = world.verdict("web-1", tied()).seen();
        assert!(world.claim_commands("web-1").len() > 1, "it would go on");
        check(skewed(world), &[say(&used)]);
    }

    let gone = prepared().claim(used.clone()).polled_empty_thrice();
    assert_eq!(gone.claim_commands("web-1").len(), 1, "it would be released");
    check(skewed(gone), &[say(&used)]);

    let open = asked().deleted();
    let unfound = prepared()
        .claim(open.clone())
        .polled(&[])
        .proven_without_candidate("web-1");
    check(skewed(unfound), &[say(&open)]);

    let unknown = claim("web-1").deleted().without_finalizer();
    check(skewed(prepared().claim(unknown)), &[]);
}

/// What never asked for a machine ends at any time.
#[test]
fn end_without_a_machine_needs_no_time() {
    let unasked = claim("web-1").deleted();
    let world = || prepared().claim(unasked.clone()).polled(&[]);
    let commands = world().claim_commands("web-1");
    assert!(
        matches!(commands.as_slice(), [Command::RemoveFinalizer(..)]),
        "{commands:?}"
    );
    check(skewed(world()), &commands);
}

/// What is found is recorded and marked, without a time; the phase stays until it can be stamped.
#[test]
fn what_is_found_is_recorded_and_marked() {
    let machine = Machine {
        identifier: Some("m1".into()),
        ..Machine::default()
    };
    let waiting = asked();
    let record = MachineRecord {
        identifier: Some("m1".to_owned()),
        group: Some(412),
        intent: Some(intent(Outcome::Accepted, -60)),
        ..MachineRecord::default()
    };
    let verdict = found(Some(machine.clone()), None, Vec::new());
    let world = prepared().claim(waiting.clone()).polled(&["m1"]);
    let record = Command::RecordMachine(target("web-1"), Box::new(record));
    check(skewed(world.verdict("web-1", verdict)), &[record, say(&waiting)]);

    let joining = asked().machine("m1").status(|status| {
        conditions(status, &[condition("Blocked", true, "ClockSkewed", MESSAGE)]);
    });
    let verdict = found(Some(machine), Some("n1"), Vec::new());
    let world = prepared().claim(joining).node(node("n1")).polled(&["m1"]);
    let commands = skewed(world.verdict("web-1", verdict)).claim_commands("web-1");
    let [Command::LabelNode(target, NodeMarks { claim, .. })] = commands.as_slice() else {
        panic!("its Node is marked and nothing else: {commands:?}");
    };
    assert_eq!((target.name.as_str(), claim.as_str()), ("n1", "web-1"));
}

/// A Node that is marked for another is left alone, clock or no clock.
#[test]
fn node_of_another_is_not_marked() {
    let mut other = node("n1");
    let labels = &mut other.metadata.labels;
    labels.insert(
        crate::resources::keys::LABEL_VPSIE_NODE.to_owned(),
        "web-2".to_owned(),
    );
    let joining = with_machine(Phase::Joining);
    let world = prepared().claim(joining.clone()).node(other).polled(&["m1"]);
    check(skewed(world.verdict("web-1", with_node())), &[say(&joining)]);
}

/// What waits for nothing says nothing.
#[test]
fn what_is_at_rest_says_nothing() {
    for phase in [Phase::Ready, Phase::Failed] {
        let resting = with_machine(phase);
        let world = prepared().claim(resting).polled(&["m1"]);
        check(skewed(world.verdict("web-1", ambiguous())), &[]);
    }
}

/// A NodeGroup says it too; its VPSieNodes are made, which costs nothing, but no group at VPSie.
#[test]
fn node_group_says_it_and_asks_vpsie_nothing() {
    let blocked = |command: &Command| {
        let Command::WriteNodeGroupStatus(_, write) = command else {
            return None;
        };
        let mut conditions = write.status.conditions.iter().flatten();
        let blocked = conditions.find(|condition| condition.type_ == "Blocked")?;
        blocked.reason.clone()
    };
    let known = skewed(world().group(group("web").min(1)).polled(&[]));
    let commands = known.group_commands("web");
    assert!(
        matches!(commands.as_slice(), [Command::CreateVpsieNode(_), _]),
        "{commands:?}"
    );
    assert_eq!(blocked(&commands[1]).as_deref(), Some("ClockSkewed"));

    let unknown = || world().group(group("new").min(1).without_number()).polled(&[]);
    let asks = |commands: &[Command]| {
        let mut commands = commands.iter();
        commands.any(|command| matches!(command, Command::CreateProviderGroup(..)))
    };
    assert!(asks(&unknown().group_commands("new")));
    let commands = skewed(unknown()).group_commands("new");
    assert!(!asks(&commands), "{commands:?}");
    assert_eq!(commands.iter().find_map(blocked).as_deref(), Some("ClockSkewed"));
}
