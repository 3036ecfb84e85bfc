//! Who is withdrawn before a machine is asked for.

use super::*;
use crate::growth::Growth;
use crate::intent::Outcome;
use crate::resources::{Phase, keys};
use crate::testing::{ClaimBuilder, TestWorld, claim, group, intent, world};

/// Makes a member that was made for a pod, and of which no machine was asked for.
fn planned(name: &str) -> ClaimBuilder {
    claim(name)
        .in_phase(Phase::Pending)
        .annotated(keys::ANNOTATION_PLANNED_FOR, "shop/a")
}

fn withdrawn(world: &TestWorld) -> Vec<String> {
    let world = world.observe();
    let found = surplus(&world, &world.groups[0]);
    found.iter().map(|claim| claim.object.name_any()).collect()
}

fn two() -> TestWorld {
    world()
        .group(group("web").max(9))
        .claim(planned("web-1"))
        .claim(planned("web-2"))
}

/// SC-4: what nobody waits for any longer is withdrawn before it costs anything; the newest slot goes first.
#[test]
fn member_that_nobody_waits_for_is_withdrawn() {
    assert_eq!(withdrawn(&two()), ["web-2", "web-1"]);
    let mut awaited = two();
    awaited
        .growth
        .awaited
        .insert((crate::testing::NAMESPACE.to_owned(), "web-1".to_owned()));
    assert_eq!(withdrawn(&awaited), ["web-2"]);
}

/// SC-4: while nobody can tell who waits, nothing is withdrawn.
#[test]
fn nothing_is_withdrawn_in_the_dark() {
    let mut dark = two();
    dark.growth = Growth::default();
    assert_eq!(withdrawn(&dark), [""; 0]);
}

/// SC-6: the minimum stays, and so does what a person made, or a machine may exist for.
#[test]
fn only_what_was_made_for_pods_is_withdrawn() {
    let minimum = world().group(group("web").min(1).max(9));
    let minimum = minimum.claim(planned("web-1")).claim(planned("web-2"));
    assert_eq!(withdrawn(&minimum), ["web-2"]);
    let kept = world()
        .group(group("web").max(9))
        .claim(claim("web-1").in_phase(Phase::Pending))
        .claim(planned("web-2").asked(&intent(Outcome::Open, -5)))
        .claim(planned("web-3").asked(&intent(Outcome::Unknown, -5)));
    assert_eq!(withdrawn(&kept), [""; 0]);
}

/// SC-9: who waits after a refusal holds the time at which its group may ask again.
#[test]
fn refused_member_stays_until_it_may_ask_again() {
    let refused = |seconds| {
        let asked = intent(Outcome::Refused, seconds);
        world()
            .group(group("web").max(9))
            .claim(planned("web-1").asked(&asked))
    };
    assert_eq!(withdrawn(&refused(-5)), [""; 0]);
    assert_eq!(withdrawn(&refused(-500)), ["web-1"]);
}

/// SC-4: who is withdrawn asks for nothing meanwhile, and says `NotNeeded`.
#[test]
fn member_that_nobody_waits_for_does_not_ask() {
    let world = two().polled(&[]);
    let batches = world.decide();
    let commands: Vec<&Command> = batches.iter().flat_map(|batch| &batch.commands).collect();
    let deleted = commands
        .iter()
        .filter(|command| matches!(command, Command::DeleteVpsieNode(_)));
    assert_eq!(deleted.count(), 2);
    let said = format!("{commands:?}");
    assert!(!said.contains("RequestMachine"), "{said}");
    assert_eq!(said.matches("NotNeeded").count(), 2, "{said}");
    let mut awaited = two().polled(&[]);
    for name in ["web-1", "web-2"] {
        let place = (crate::testing::NAMESPACE.to_owned(), name.to_owned());
        awaited.growth.awaited.insert(place);
    }
    let said = format!("{:?}", awaited.decide());
    assert_eq!(said.matches("RequestMachine").count(), 2, "{said}");
}
