//! Who may ask VPSie for a machine now, and what the others wait for.

use super::*;
use crate::intent::Outcome;
use crate::resources::keys;
use crate::testing::{
    ClaimBuilder, TestWorld, at, claim, found, group, intent, listed, provider_group, reply, timed_out,
    waiting, world,
};
use node_match::Machine;

/// A group that has its number, and a baseline.
fn prepared() -> TestWorld {
    world().group(group("web").min(1)).polled(&["m9"])
}

#[track_caller]
fn check(world: &TestWorld, expected: &[(&str, Turn)]) {
    let observed = world.observe();
    let verdicts = world.verdicts.iter();
    let verdicts = verdicts.map(|(uid, verdict)| (uid.as_str(), verdict)).collect();
    let turns = Turns::of(&observed, &verdicts).given;
    let expected: BTreeMap<String, Turn> = expected
        .iter()
        .map(|(name, turn)| (format!("kube-system/{name}"), *turn))
        .collect();
    let turns: BTreeMap<String, Turn> = turns
        .into_iter()
        .map(|(uid, turn)| (uid.to_owned(), turn))
        .collect();
    assert_eq!(turns, expected);
}

fn now(group: u64, attempt: u32) -> Turn {
    Turn::Now {
        group: GroupNumber::new(group),
        attempt,
    }
}

#[track_caller]
fn check_one(world: TestWorld, claim: ClaimBuilder, expected: Option<Turn>) {
    let world = world.claim(claim);
    check(
        &world,
        &expected
            .map(|turn| ("web-1", turn))
            .into_iter()
            .collect::<Vec<_>>(),
    );
}

#[test]
fn pending_vpsie_node_of_a_known_group_may_ask() {
    check_one(prepared(), claim("web-1"), Some(now(412, 1)));
}

/// Every reason to wait, in the order in which they are looked at.
#[test]
fn every_wait_has_a_name() {
    let wait = |reason| Some(Turn::Wait(reason));
    check_one(
        prepared(),
        claim("web-1").without_finalizer(),
        wait(WaitingOn::Finalizer),
    );
    check_one(
        world().polled(&["m9"]),
        claim("web-1"),
        wait(WaitingOn::NodeGroup),
    );
    check_one(
        world().group(group("web").deleted()).polled(&["m9"]),
        claim("web-1"),
        wait(WaitingOn::NodeGroup),
    );
    check_one(
        world().group(group("web").without_number()).polled(&["m9"]),
        claim("web-1"),
        wait(WaitingOn::ProviderGroup),
    );
    check_one(
        world().group(group("web")),
        claim("web-1"),
        wait(WaitingOn::Baseline),
    );
    check_one(
        world().group(group("web")).answered(Ok(reply(-10, &["m9"]))),
        claim("web-1"),
        wait(WaitingOn::Baseline),
    );
}

/// I2: only refused and not sent allow another POST, and only after the wait.
#[test]
fn only_a_request_without_effect_is_made_again() {
    let asked = |outcome, seconds| {
        claim("web-1")
            .in_phase(Phase::Provisioning)
            .asked(&intent(outcome, seconds))
    };
    for outcome in [Outcome::Refused, Outcome::NotSent] {
        check_one(prepared(), asked(outcome, -30), Some(now(412, 2)));
        let until = at(1);
        let back_off = Turn::Wait(WaitingOn::BackOff { until });
        check_one(prepared(), asked(outcome, -29), Some(back_off));
    }
    for outcome in [Outcome::Open, Outcome::Accepted, Outcome::Unknown] {
        check_one(prepared(), asked(outcome, -100_000), None);
    }
}

/// I2: a refusal to one holds its group, and no other, until the wait is over.
#[test]
fn back_off_of_one_holds_its_group() {
    let refused = |seconds| {
        claim("web-1")
            .in_phase(Phase::Provisioning)
            .asked(&intent(Outcome::Refused, seconds))
    };
    let back_off = Turn::Wait(WaitingOn::BackOff { until: at(1) });
    check(
        &prepared().claim(refused(-29)).claim(claim("web-2")),
        &[("web-1", back_off), ("web-2", back_off)],
    );
    check(
        &prepared().claim(refused(-30)).claim(claim("web-2")),
        &[("web-1", now(412, 2)), ("web-2", now(412, 1))],
    );
}

/// I2, I7: a record that is unreadable or another program's allows nothing.
#[test]
fn request_of_unknown_effect_is_never_made_again() {
    let unreadable = claim("web-1").annotated(keys::ANNOTATION_CREATION_INTENT, "{");
    check_one(prepared(), unreadable, None);
    let marked = claim("web-1").annotated(keys::ANNOTATION_CREATION_REQUESTED, "true");
    check_one(prepared(), marked, None);
    check_one(prepared(), claim("web-1").in_phase(Phase::Provisioning), None);
}

#[test]
fn vpsie_node_that_has_a_machine_or_leaves_wants_none() {
    check_one(prepared(), claim("web-1").machine("m1"), None);
    check_one(
        prepared(),
        claim("web-1").but(|claim| claim.spec.vpsie_instance_id = 7),
        None,
    );
    check_one(prepared(), claim("web-1").deleted(), None);
    for phase in Phase::ALL {
        let expected = matches!(phase, Phase::Pending).then(|| now(412, 1));
        check_one(prepared(), claim("web-1").in_phase(phase), expected);
    }
}

/// The other group of the same size, and its two VPSieNodes.
fn two_groups() -> TestWorld {
    let mut replies = [reply(-20, &["m9"]), reply(-10, &["m9"])];
    for reply in &mut replies {
        reply.groups.push(provider_group("api", 413));
    }
    replies.into_iter().fold(
        world().group(group("web")).group(group("api").number(413)),
        |world, reply| world.answered(Ok(reply)),
    )
}

const OTHER_GROUP: Turn = Turn::Wait(WaitingOn::OtherGroup);

/// R7: machines of two groups of one size cannot be told apart, so the groups take turns.
#[test]
fn groups_that_cannot_be_told_apart_take_turns() {
    let world = two_groups()
        .claim(claim("web-1"))
        .claim(claim("api-1"))
        .claim(claim("api-2"));
    check(
        &world,
        &[
            ("api-1", now(413, 1)),
            ("api-2", now(413, 1)),
            ("web-1", OTHER_GROUP),
        ],
    );
}

/// R7, I3: an open request keeps its seat until its machine is found, recorded, or given up.
#[test]
fn group_waits_while_another_is_being_discovered() {
    let asked = || {
        claim("web-1")
            .in_phase(Phase::Provisioning)
            .asked(&intent(Outcome::Accepted, -60))
    };
    let with = |claim_of_web: ClaimBuilder| two_groups().claim(claim_of_web).claim(claim("api-1"));
    check(
        &with(asked()).verdict("web-1", waiting()),
        &[("api-1", OTHER_GROUP)],
    );
    check(&with(asked().deleted()), &[("api-1", OTHER_GROUP)]);
    let is_found = found(Some(Machine::default()), None, Vec::new());
    check(
        &with(asked()).verdict("web-1", is_found),
        &[("api-1", now(413, 1))],
    );
    check(&with(asked().machine("m1")), &[("api-1", now(413, 1))]);
    let failed = with(asked().in_phase(Phase::Failed)).verdict("web-1", timed_out());
    check(&failed, &[("api-1", now(413, 1))]);
}

/// R7: sizes that differ, and are reported, tell the groups apart.
#[test]
fn groups_of_different_sizes_ask_at_once() {
    let with_sizes = |change: fn(&mut Reply)| {
        let mut replies = [reply(-20, &["m9"]), reply(-10, &["m9"])];
        for reply in &mut replies {
            let mut other = provider_group("api", 413);
            other.cpu = Some(8);
            reply.groups.push(other);
            change(reply);
        }
        let world = world().group(group("web")).group(group("api").number(413));
        replies
            .into_iter()
            .fold(world, |world, reply| world.answered(Ok(reply)))
            .claim(claim("web-1"))
            .claim(claim("api-1"))
    };
    let at_once = [("api-1", now(413, 1)), ("web-1", now(412, 1))];
    let in_turn = [("api-1", now(413, 1)), ("web-1", OTHER_GROUP)];
    check(&with_sizes(|_| {}), &at_once);
    check(
        &with_sizes(|reply| reply.cluster.nodes[0].disk_gb = None),
        &in_turn,
    );
    check(&with_sizes(|reply| reply.groups[0].ram_mb = None), &in_turn);
    check(
        &with_sizes(|reply| {
            let mut deleted = provider_group("old", 400);
            deleted.is_deleted = true;
            reply.groups.push(deleted);
        }),
        &at_once,
    );
    assert!(listed("m9").cpu.is_some());
}

/// R7: clusters do not wait for one another.
#[test]
fn groups_of_two_clusters_do_not_take_turns() {
    let elsewhere = |claim: ClaimBuilder| claim.but(|claim| claim.spec.resource_identifier = "c2".to_owned());
    let world = two_groups()
        .claim(elsewhere(claim("api-1")).asked(&intent(Outcome::Open, -60)))
        .claim(claim("web-1"));
    check(&world, &[("web-1", now(412, 1))]);
}

/// E1: words of conditions never change, and every sentence says something.
#[test]
fn words_of_waits_are_stable() {
    let all = [
        (WaitingOn::Finalizer, "WaitingForFinalizer"),
        (WaitingOn::NodeGroup, "NodeGroupMissing"),
        (WaitingOn::ProviderGroup, "WaitingForProviderGroup"),
        (WaitingOn::Baseline, "WaitingForBaseline"),
        (WaitingOn::BackOff { until: at(0) }, "BackingOff"),
        (WaitingOn::HiddenMember, "ObjectUnreadable"),
        (WaitingOn::OtherGroup, "WaitingForOtherGroup"),
    ];
    let sentences: BTreeSet<&str> = all.iter().map(|(reason, _)| reason.sentence()).collect();
    assert_eq!(sentences.len(), all.len());
    for (reason, word) in all {
        assert_eq!(reason.reason().as_str(), word);
    }
}
