//! That what a pass sees becomes what a plan is made for.

use super::capacity::Rooms;
use super::groups;
use crate::intent::Outcome;
use crate::planning::Reader;
use crate::resources::{Phase, keys};
use crate::testing::{ClaimBuilder, TestWorld, at, claim, condition, group, intent, world};
use fleet_plan::cluster::Incoming;
use fleet_plan::group::Group;
use fleet_plan::pod::PodName;

fn read(world: &TestWorld) -> (Vec<Group>, Vec<Incoming>, Vec<String>) {
    let world = world.observe();
    let coming = groups::coming(&world);
    let (groups, incoming, promises) =
        groups::read(&world, &mut Reader::default(), &Rooms::default(), &coming);
    let promises = promises
        .iter()
        .map(|(pod, name): (&PodName, _)| format!("{pod} {name}"));
    (groups, incoming, promises.collect())
}

fn coming(world: &TestWorld) -> Vec<String> {
    read(world).1.iter().map(|one| one.name.to_string()).collect()
}

fn paused(world: &TestWorld) -> Option<String> {
    read(world).0[0].paused.clone()
}

fn failed(name: &str, minutes: i64) -> ClaimBuilder {
    let mut error = condition("Error", true, "JoiningTimeout", "no Node came");
    error.last_transition_time = Some(at(minutes * 60));
    claim(name)
        .in_phase(Phase::Failed)
        .asked(&intent(Outcome::Accepted, minutes * 60 - 900))
        .status(|status| status.conditions = Some(vec![error]))
}

/// SC-4, LC-41: what was made for pods is promised to them from the first moment on, before there is a machine.
#[test]
fn member_without_a_machine_comes_for_its_pods() {
    let member = claim("web-1").in_phase(Phase::Pending);
    let member = member.annotated(keys::ANNOTATION_PLANNED_FOR, "shop/a,shop/b");
    let (groups, incoming, promises) = read(&world().group(group("web").max(9)).claim(member));
    assert_eq!((groups[0].nodes, groups[0].min, groups[0].max), (1, 1, 9));
    assert_eq!(&*incoming[0].name, "kube-system/web-1");
    assert_eq!(promises, ["shop/a kube-system/web-1", "shop/b kube-system/web-1"]);
    assert_eq!(
        groups::place_of_incoming("kube-system/web-1"),
        ("kube-system".to_owned(), "web-1".to_owned())
    );
}

/// SC-6: what the minimum asks for is bought whatever waits, and one that failed counts towards the maximum.
#[test]
fn minimum_is_bought_whatever_waits() {
    let (groups, ..) = read(
        &world()
            .group(group("web").min(3).max(4))
            .claim(failed("web-1", -900)),
    );
    assert_eq!((groups[0].nodes, groups[0].min), (1, 3));
}

/// SC-9, LC-41: a group that VPSie refused is paused until it is asked again; what waits for a machine in it does not come.
#[test]
fn refused_group_is_paused_and_nothing_comes_for_it() {
    let refused = |seconds| {
        let refused = claim("web-1").in_phase(Phase::Provisioning);
        let other = claim("other-1").in_phase(Phase::Pending);
        world()
            .group(group("web").max(9))
            .group(group("other").max(9))
            .claim(refused.asked(&intent(Outcome::Refused, seconds)))
            .claim(claim("web-2").in_phase(Phase::Pending))
            .claim(claim("web-3").in_phase(Phase::Joining).machine("m3"))
            .claim(other.but(|claim| claim.spec.node_group_name = "other".to_owned()))
    };
    assert_eq!(coming(&refused(-5)), ["kube-system/other-1", "kube-system/web-3"]);
    let groups = read(&refused(-5)).0;
    let paused: Vec<bool> = groups.iter().map(|group| group.paused.is_some()).collect();
    assert_eq!(paused, [false, true]);
    assert_eq!(coming(&refused(-500)).len(), 4);
    assert!(read(&refused(-500)).0.iter().all(|group| group.paused.is_none()));
}

/// SC-9: two machines in a row that never join stop their group for a while; one of which that is so does not.
#[test]
fn group_whose_machines_never_join_stops_for_a_while() {
    let one = || world().group(group("web").max(9)).claim(failed("web-1", -9));
    assert_eq!(paused(&one()), None);
    let two = one().claim(failed("web-2", -5));
    assert!(paused(&two).is_some_and(|why| why.starts_with("machines in a row never joined")));
    let later = world().group(group("web").max(9));
    let later = later.claim(failed("web-1", -19)).claim(failed("web-2", -15));
    assert_eq!(paused(&later), None);
}

/// SC-9: a group with an error of its own is paused, and says which.
#[test]
fn group_in_error_is_paused() {
    let error = condition("Error", true, "ClusterNotFound", "VPSie has no such cluster");
    let broken = group("web").but(|group| {
        let status = group.status.get_or_insert_default();
        status.conditions = Some(vec![error]);
    });
    let why = paused(&world().group(broken));
    assert_eq!(
        why.as_deref(),
        Some("it has an error of its own: VPSie has no such cluster")
    );
}
