//! Which VPSieNodes ask for their machine in the pass that makes them.

use crate::command::Command;
use crate::intent::{Intent, Outcome};
use crate::resources::{Phase, keys};
use crate::skew::Skew;
use crate::testing::{TestWorld, at, claim, group, intent, provider_group, reply, waiting, world};
use kube::ResourceExt as _;
use node_lifecycle::Life;

/// A group that lacks two members, and a baseline.
fn growing() -> TestWorld {
    world().group(group("web").min(2)).polled(&["m9"])
}

/// The same beside a group of one member, of which a new machine looks the same.
fn alike() -> TestWorld {
    let world = world().group(group("web").min(2));
    let world = world.group(group("api").min(1).number(413));
    [-20, -10].into_iter().fold(world, |world, seconds| {
        let mut reply = reply(seconds, &["m9"]);
        reply.groups.push(provider_group("api", 413));
        world.answered(Ok(reply))
    })
}

/// Names who asks for a machine, in the order of asking; who is new has a `+`.
fn asking(world: &TestWorld) -> Vec<String> {
    let commands = world.decide().into_iter().flat_map(|batch| batch.commands);
    let requests = commands.filter_map(|command| {
        if let Command::RequestMachine(request) = command {
            Some(request)
        } else {
            None
        }
    });
    let name = |target: crate::target::Target| match target.uid.as_str() {
        "" => format!("+{}", target.name),
        _ => target.name,
    };
    requests.map(|request| name(request.target)).collect()
}

/// SC-1: who is made asks in the same pass, behind those that are there.
#[test]
fn newcomers_ask_at_once() {
    assert_eq!(asking(&growing()), ["+web-1", "+web-2"]);
    let seen = growing().claim(claim("web-2").in_phase(Phase::Pending));
    assert_eq!(asking(&seen), ["web-2", "+web-1"]);
}

/// LC-29: the life begins in the creation itself, so nothing of it is left to write.
#[test]
fn life_begins_with_the_creation() {
    let commands = growing().group_commands("web");
    let Some(Command::CreateVpsieNode(object)) = commands.first() else {
        panic!("{commands:?}");
    };
    let life = object.annotations().get(keys::ANNOTATION_LIFECYCLE).unwrap();
    assert_eq!(Life::from_json(life).unwrap(), Life::requested(at(0)));
    let mut wrong = growing();
    wrong.skew = Some(Skew::Behind);
    let commands = wrong.group_commands("web");
    let Some(Command::CreateVpsieNode(object)) = commands.first() else {
        panic!("{commands:?}");
    };
    assert!(!object.annotations().contains_key(keys::ANNOTATION_LIFECYCLE));
}

/// I1, D1: without a baseline nobody asks.
#[test]
fn newcomers_wait_for_a_baseline() {
    let unpolled = world().group(group("web").min(2));
    assert_eq!(asking(&unpolled), Vec::<String>::new());
}

/// S4: what VPSie refused to one it refuses to all of its group.
#[test]
fn newcomers_wait_with_one_that_was_refused() {
    let refused = Intent {
        attempt: 1,
        ..intent(Outcome::Refused, -1)
    };
    let refused = claim("web-1").in_phase(Phase::Provisioning).asked(&refused);
    assert_eq!(asking(&growing().claim(refused)), Vec::<String>::new());
}

/// R7: machines of two groups that cannot be told apart come one group after the other, newcomers behind those on their way.
#[test]
fn newcomers_wait_for_another_group_whose_machines_look_alike() {
    let open = claim("api-1").in_phase(Phase::Provisioning);
    let open = open.asked(&intent(Outcome::Accepted, -60));
    let world = alike().claim(open).verdict("api-1", waiting());
    assert_eq!(asking(&world), Vec::<String>::new());
    assert_eq!(
        asking(&alike()),
        ["+api-1"],
        "the first of them has its turn, and its group"
    );
}

/// By a clock that cannot be believed nothing asks VPSie.
#[test]
fn newcomers_wait_for_a_clock_that_can_be_believed() {
    let mut world = growing();
    world.skew = Some(Skew::Behind);
    assert_eq!(asking(&world), Vec::<String>::new());
}
