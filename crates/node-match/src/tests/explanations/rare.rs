//! What a person is told of verdicts that a small fleet hardly shows.

use super::check;
use crate::facts::facts;
use crate::fleet::Prepared;
use crate::testing::{GROUP, baseline, claim, group, machine, node, snapshot};
use crate::tie::Ties;
use crate::{Claim, Obstacle, Snapshot, eligible};

/// R2: what is marked deleted is told so.
#[test]
fn deleted_machine_is_told() {
    let mut deleted = machine(1).named("web-1");
    deleted.is_deleted = true;
    let world = snapshot(5).claims([claim("web")]).machines([deleted]);
    check(
        &world,
        "web",
        &[
            "Waiting: nothing that is linked to it may be handed out; 1 machine was considered:",
            "Machine 1 (web-1, machine-1) is marked deleted.",
            "If one of these is its machine all the same, a person has to record that.",
        ],
    );
}

/// R7: with anonymous matching switched off, what it would have counted is told.
#[test]
fn switched_off_counting_is_told() {
    let mut world = snapshot(5)
        .claims([claim("a").since(&baseline(&[]))])
        .machines([machine(1)]);
    world.settings.anonymous = false;
    check(
        &world,
        "a",
        &[
            "Waiting: something new is there, no name and no address links it, and anonymous matching is switched off; 1 machine was considered:",
            "Machine 1 (machine-1) could be its own.",
            "Switch anonymous matching on, or record the machine by hand.",
        ],
    );
}

/// R7: when the group of a machine cannot be told, the groups in which one is awaited are.
#[test]
fn unknown_group_is_told_with_the_groups_that_wait() {
    let empty = baseline(&[]);
    let world = snapshot(5)
        .groups([group(GROUP, 2, 4096, 80), group(7, 2, 4096, 80)])
        .claims([claim("a").since(&empty), claim("b").since(&empty).in_group(7)])
        .machines([machine(1).sized(2, 4096, 80)]);
    check(
        &world,
        "a",
        &[
            "Ambiguous: it cannot be told for which group a machine was made; machines are awaited in 7 and 412; 1 machine was considered:",
            "Machine 1 (machine-1) could be its own.",
            "A person has to record which machine is whose.",
        ],
    );
}

/// I7: a claim of another program is told that only a name or an address settles it.
#[test]
fn claim_of_another_program_is_told_what_settles_it() {
    let mut taken_over = claim("old");
    taken_over.taken_over = true;
    let world = snapshot(5)
        .claims([taken_over, claim("new").since(&baseline(&[])).requested(1)])
        .machines([machine(1).created(1), machine(2).created(2)]);
    check(
        &world,
        "old",
        &[
            "Ambiguous: another program asked for its machine, and no name and no address says which it is; 2 machines were considered:",
            "Machine 2 (machine-2) could be its own.",
            "Machine 1 (machine-1) belongs to VPSieNode kube-system/new.",
            "A person has to record which machine is whose.",
        ],
    );
}

/// R9: more pairs than can be told apart in time are told as too many.
#[test]
fn too_many_candidates_are_told() {
    let keys: Vec<String> = (1..=101).map(|id| id.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let claims = (0..keys.len()).map(|step| claim(&format!("c{step:03}")).since(&baseline(&keys[..step])));
    let world = snapshot(5).claims(claims).machines((1..=101).map(machine));
    let matching = crate::match_fleet(&world);
    let why = crate::explain_claim(&world, &matching, "c000").expect("the claim is in the world");
    let told = why.sentences();
    assert_eq!(
        told[0],
        "Ambiguous: too many requests and machines are entangled to be told apart; 101 machines were considered:"
    );
    assert_eq!(told[1], "Machine 1 (machine-1) could be its own.");
    assert_eq!(
        told.last().map(String::as_str),
        Some("A person has to record which machine is whose.")
    );
}

/// R0: claims of one uid are told that each needs its own.
#[test]
fn claim_without_a_uid_of_its_own_is_told() {
    let named = |name: &str| Claim {
        uid: "one".into(),
        ..claim(name)
    };
    let world = snapshot(5).claims([named("a"), named("b")]);
    check(
        &world,
        "one",
        &["Takes no part: another VPSieNode of the snapshot has the same uid."],
    );
}

/// R2: nothing of another cluster is handed out, whatever would link it.
#[test]
fn another_cluster_is_an_obstacle() {
    let mut world: Snapshot<'static> = snapshot(5)
        .claims([claim("web")])
        .machines([machine(1).named("web").in_cluster("cluster-b")])
        .nodes([node("web")]);
    world.nodes_cluster = Some("cluster-b".into());
    check(
        &world,
        "web",
        &[
            "Waiting: nothing new that could be its own has appeared in group 412 since the request at 00:00:00 UTC (5 min ago).",
            "It times out 15 min after the request.",
        ],
    );
    let (fleet, directory, facts) = facts(Prepared::new(&world));
    let ties = Ties::new(&fleet, &directory, &facts);
    assert_eq!(
        eligible::machine_obstacle(&fleet, &ties, 0, 0),
        Some(Obstacle::OtherCluster)
    );
    assert_eq!(
        eligible::node_obstacle(&fleet, &ties, 0, 0),
        Some(Obstacle::OtherCluster)
    );
}
