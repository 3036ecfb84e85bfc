//! When the Node of a machine that must stay comes back into service, and when nothing is removed at all.

use super::*;
use crate::testing::group;
use chrono::TimeDelta;

fn give_back(world: &TestWorld) -> Option<Command> {
    let node = world.nodes.first().expect("there is a Node");
    let drain = Drain::of(node).expect("it bears our mark");
    Some(Command::ReturnNode(node_target("n1"), drain))
}

/// Returns what is done to the Node of `web-1`.
fn done_to_node(world: TestWorld) -> Option<Command> {
    let commands = world.seen().claim_commands("web-1");
    commands.into_iter().find(|command| {
        matches!(
            command,
            Command::DrainNode(..) | Command::ReturnNode(..) | Command::RemoveMachine(..)
        )
    })
}

#[track_caller]
fn comes_back(world: TestWorld) {
    let given_back = give_back(&world);
    assert_eq!(done_to_node(world), given_back);
}

/// LC-25a: a refusal after the mark brings the Node back into service, if it is not over by itself soon.
#[test]
fn node_of_a_refused_removal_comes_back_into_service() {
    // With room for one more, its replacement comes first.
    let floor = at_rest(leaving()).group(group("web").min(1).max(3));
    comes_back(floor);
    let doubtful = at_rest(leaving()).verdict("web-1", conflict());
    comes_back(doubtful);
    let mut excepted = at_rest(leaving());
    let node = std::sync::Arc::make_mut(&mut excepted.nodes[0]);
    let annotations = &mut node.metadata.annotations;
    annotations.insert(keys::ANNOTATION_PROTECTED.to_owned(), keys::TRUE.to_owned());
    comes_back(excepted);
    // A reply that is missing comes with the next poll.
    let unanswered = at_rest(leaving()).answered(Err(CallError::TimedOut {
        call: Call::GetCluster,
    }));
    assert_eq!(done_to_node(unanswered), None);
}

/// LC-25a: draining is one way: the gate had let it go.
#[test]
fn draining_node_does_not_come_back() {
    let draining = leaving().lived(State::Draining).in_phase(Phase::Deleting);
    assert_eq!(done_to_node(at_rest(draining).verdict("web-1", conflict())), None);
}

fn refused_for_good(seconds: i64) -> ClaimBuilder {
    let mut refused = intent(Outcome::Refused, seconds);
    refused.error = Some("no right to do that".to_owned());
    refused.is_final = true;
    leaving().removal(&refused)
}

/// LC-25b: after a refusal for good the Node comes back into service, draining or not, and the words of VPSie are shown.
#[test]
fn removal_that_vpsie_refuses_for_good_is_shown_and_given_up() {
    for state in [State::Ready, State::Draining] {
        let before = refused_for_good(-60).lived(state);
        let error = condition(ERROR, true, "VPSDeleteFailed", "no right to do that");
        let world = at_rest(before.clone());
        let given_back = give_back(&world).expect("it is marked");
        check(
            world,
            &[given_back, status(&before, Phase::Terminating, &[error])],
        );
    }
}

/// LC-25b: nothing else is removed in that cluster meanwhile, and after an hour it is tried again.
#[test]
fn removals_of_a_cluster_stop_for_an_hour_after_a_refusal_for_good() {
    let other = |seconds| {
        let refused = refused_for_good(seconds).but(|claim| {
            claim.metadata.name = Some("web-2".to_owned());
            claim.metadata.uid = Some(format!("{NAMESPACE}/web-2"));
        });
        at_rest(leaving()).claim(refused)
    };
    assert!(matches!(
        done_to_node(other(-3599)),
        Some(Command::ReturnNode(..))
    ));
    assert_eq!(done_to_node(other(-3600)), Some(removal()));
    let mut elsewhere = other(-60);
    let refused = elsewhere.claims.last_mut().expect("there are two");
    let mut object = refused.object.whole();
    object.spec.resource_identifier = "c2".to_owned();
    refused.object = std::sync::Arc::new(object.into());
    assert_eq!(done_to_node(elsewhere), Some(removal()));
    let stopped = shown(ERROR, Obstacle::RemovalsStopped);
    let commands = other(-60).seen().claim_commands("web-1");
    assert!(commands.contains(&status(&leaving(), Phase::Terminating, &[stopped])));
}

/// LC-29: nothing is removed before the first lists are two minutes old; marks stay as they were.
#[test]
fn nothing_is_removed_right_after_a_start() {
    let after = |seconds| {
        let mut world = at_rest(leaving());
        world.began_at = Some(world.now - TimeDelta::seconds(seconds));
        world
    };
    let held = shown(VPS_READY, Obstacle::JustStarted);
    check(after(119), &[status(&leaving(), Phase::Terminating, &[held])]);
    check(after(120), &removed());
}
