//! Who goes by itself, and every reason why nobody does.

mod planned;
mod standing;

use super::*;
use crate::intent::Outcome;
use crate::kept::Node;
use crate::removal::Hold;
use crate::resources::ScaleDownPolicy;
use crate::testing::expected::{node_target, target};
use crate::testing::{
    ClaimBuilder, GroupBuilder, TestWorld, at, claim, drained, found, group, intent, member, own, own_node,
    world,
};
use chrono::TimeDelta;
use node_lifecycle::{Doubt, Refusal};
use node_match::{Machine, Verdict};
use std::sync::Arc;
use vpsie_api::{Call, CallError};

fn policy() -> ScaleDownPolicy {
    ScaleDownPolicy {
        enabled: Some(true),
        ..ScaleDownPolicy::default()
    }
}

/// A group that may shrink, down to one node.
fn web() -> GroupBuilder {
    group("web")
        .min(1)
        .but(|group| group.spec.scale_down_policy = Some(policy()))
}

/// A world of `web-1`, which is in use, and `web-2`, which is idle; all is well with both.
fn two() -> TestWorld {
    with(web(), member("web-2", State::Idle), own_node("web-2"))
}

fn with(group: GroupBuilder, second: ClaimBuilder, node: Node) -> TestWorld {
    let mut world = world()
        .group(group)
        .member(member("web-1", State::Active), own_node("web-1"))
        .member(second, node)
        .polled(&["m1", "m2"]);
    let pod = serde_json::json!({
        "metadata": { "name": "p", "namespace": "default", "uid": "p" },
        "spec": { "nodeName": "n1", "containers": [] },
    });
    let pod = serde_json::from_value(pod).expect("a pod");
    world.pods.take(kube::runtime::watcher::Event::Apply(pod));
    world.seen()
}

/// Returns what is done about the machine, the Node or the end of a member.
fn done(world: &TestWorld, name: &str) -> Vec<Command> {
    let mut commands = world.claim_commands(name);
    commands.retain(|command| {
        matches!(
            command,
            Command::DrainNode(..)
                | Command::ReturnNode(..)
                | Command::RemoveMachine(..)
                | Command::DeleteVpsieNode(..)
        )
    });
    commands
}

fn kept(world: &TestWorld) -> Keep {
    let seen = world.observe();
    let verdict = |claim: &ClaimObject| world.verdicts.get(claim.uid());
    let view_of = |claim| View::new(&seen, claim, verdict(claim), None, &world.lives);
    let leaving = Leaving::of(&seen);
    let (whole, heard) = (Plights::new(), &mut Vec::new());
    let chosen = choose_of(&seen, &seen.groups[0], &leaving, &whole, &view_of, heard);
    chosen.map(|(uid, _)| uid).expect_err("nobody goes")
}

fn draining() -> Node {
    let mut node = own_node("web-2");
    drained(&mut node, -60);
    node
}

/// LC-25: who is idle for long enough takes no new pods for five seconds, and then its machine goes.
#[test]
fn idle_member_above_the_minimum_goes() {
    let drain = Drain::begin(&own_node("web-2"), Decider::ScaleDownPolicy, at(0));
    let begun = Command::DrainNode(node_target("n2"), drain);
    assert_eq!(done(&two(), "web-2"), [begun]);
    assert_eq!(done(&two(), "web-1"), []);
    let rested = with(web(), member("web-2", State::Idle), draining());
    let [Command::RemoveMachine(permit, case, 1)] = &done(&rested, "web-2")[..] else {
        panic!("{:?}", done(&rested, "web-2"));
    };
    assert_eq!(permit.decided_by(), Decider::ScaleDownPolicy);
    assert_eq!(
        (case.claim.clone(), permit.binding().machine.as_str()),
        (target("web-2"), "m2")
    );
}

/// LC-18: one that was never used goes as well, and who rests longest goes first; one at a time.
#[test]
fn who_rests_longest_goes_first_and_alone() {
    let mut idle = two();
    idle = idle.member(member("web-3", State::Ready), own_node("web-3"));
    idle = idle.polled(&["m1", "m2", "m3"]).seen();
    let going = |world: &TestWorld| -> Vec<&str> {
        let names = ["web-1", "web-2", "web-3"].into_iter();
        names.filter(|name| !done(world, name).is_empty()).collect()
    };
    assert_eq!(
        going(&idle),
        ["web-2"],
        "they rest equally long, and the first name is first"
    );
    // Who is marked goes on, whoever rests longer.
    let third = idle.nodes.last_mut().expect("there are three");
    drained(Arc::make_mut(third), -60);
    assert_eq!(going(&idle), ["web-3"]);
}

/// LC-25a: a mark that no decision stands behind any longer is taken off.
#[test]
fn member_that_is_not_chosen_takes_pods_again() {
    let disabled = web().but(|group| group.spec.scale_down_policy = None);
    let node = draining();
    let back = Command::ReturnNode(node_target("n2"), Drain::of(&node).expect("it is marked"));
    let world = with(disabled, member("web-2", State::Idle), node);
    assert_eq!(done(&world, "web-2"), [back]);
}

/// LC-25a: a mark stays as it was while VPSie has not answered, or this process has only just begun; nobody else goes.
#[test]
fn member_that_waits_for_what_passes_keeps_its_mark() {
    let marked = || with(web(), member("web-2", State::Idle), draining());
    let mut started = marked();
    started.began_at = Some(started.now);
    let timed_out = CallError::TimedOut {
        call: Call::GetCluster,
    };
    for world in [started, marked().answered(Err(timed_out))] {
        assert_eq!((done(&world, "web-1"), done(&world, "web-2")), (vec![], vec![]));
    }
}

/// LC-25a, I2: what VPSie may have begun has no way back, whatever speaks against it later; what has not left is asked
/// for again after a wait.
#[test]
fn removal_that_may_have_begun_goes_on() {
    let asked = |outcome, seconds| {
        let mut intent = intent(outcome, seconds);
        intent.decided_by = Some(Decider::ScaleDownPolicy);
        with(web(), member("web-2", State::Idle).removal(&intent), draining())
    };
    let ends = [Command::DeleteVpsieNode(target("web-2"))];
    for outcome in [
        Outcome::Open,
        Outcome::Accepted,
        Outcome::Unknown,
        Outcome::Refused,
    ] {
        assert_eq!(done(&asked(outcome, -1), "web-2"), ends, "{outcome:?}");
    }
    assert_eq!(done(&asked(Outcome::NotSent, -29), "web-2"), []);
    let again = done(&asked(Outcome::NotSent, -30), "web-2");
    assert!(
        matches!(&again[..], [Command::RemoveMachine(_, _, 2)]),
        "{again:?}"
    );
}

/// I2: of a member whose record was edited nobody knows whether its removal has begun: its Node stays as it is, and its
/// group counts on the others.
#[test]
fn member_whose_record_was_edited_stays_as_it_is() {
    let edited = || member("web-2", State::Idle).annotated(keys::ANNOTATION_REMOVAL_INTENT, "{");
    let min = |minimum| with(web().min(minimum), edited(), draining());
    assert_eq!(done(&min(0), "web-2"), []);
    assert_eq!(kept(&min(1)), Keep::AtMinimum);
    let alone = min(0);
    let seen = alone.observe();
    let claim = seen.claims.iter().find(|claim| claim.uid().ends_with("web-2"));
    let view = View::new(&seen, claim.expect("it is there"), None, None, &alone.lives);
    assert_eq!(at_rest_since(&view), Err(Keep::RecordUnreadable));
}

/// The end of a removal that began by itself remembers whose decision it was.
#[test]
fn end_of_a_removal_keeps_its_decider() {
    let mut asked = intent(Outcome::Accepted, -300);
    asked.decided_by = Some(Decider::ScaleDownPolicy);
    let ending = member("web-2", State::Draining).removal(&asked).deleted();
    let world = with(web(), ending, draining());
    let [Command::RemoveMachine(permit, _, 2)] = &done(&world, "web-2")[..] else {
        panic!("{:?}", done(&world, "web-2"));
    };
    assert_eq!(permit.decided_by(), Decider::ScaleDownPolicy);
}

/// LC-26: a removal that began by itself goes on when its Node is gone before its machine.
#[test]
fn end_of_a_removal_needs_no_node_any_more() {
    let removed = |outcome| {
        let mut asked = intent(outcome, -300);
        asked.decided_by = Some(Decider::ScaleDownPolicy);
        let ending = member("web-2", State::Draining).removal(&asked).deleted();
        let mut world = with(web(), ending, draining());
        world.nodes.retain(|node| node.name_any() != "n2");
        let machine = Machine {
            identifier: Some("m2".into()),
            ..Machine::default()
        };
        let world = world
            .verdict("web-2", found(Some(machine), None, Vec::new()))
            .seen();
        let done = done(&world, "web-2");
        let [Command::RemoveMachine(permit, _, 2)] = &done[..] else {
            panic!("{done:?}");
        };
        permit.decided_by()
    };
    assert_eq!(removed(Outcome::Accepted), Decider::ScaleDownPolicy);
    assert_eq!(
        removed(Outcome::NotSent),
        Decider::Manual,
        "what has not begun is a person's"
    );
}

/// The time of the last removal is kept after its VPSieNode is gone.
#[test]
fn group_remembers_when_a_member_went_by_itself() {
    let status = |outcome, decided_by| {
        let asked = crate::intent::Intent {
            decided_by: Some(decided_by),
            ..intent(outcome, -20)
        };
        let member = member("web-2", State::Idle).removal(&asked).build();
        let mut status = NodeGroupStatus::default();
        note_last(&[&member], &mut status);
        status.last_scale_down_time
    };
    assert_eq!(status(Outcome::Accepted, Decider::ScaleDownPolicy), Some(at(-20)));
    assert_eq!(status(Outcome::NotSent, Decider::ScaleDownPolicy), None);
    assert_eq!(status(Outcome::Accepted, Decider::Manual), None);
}

fn annotate(object: &mut NodeGroup, key: &str, value: &str) {
    let annotations = object.metadata.annotations.get_or_insert_default();
    annotations.insert(key.to_owned(), value.to_owned());
}

/// A group that people keep from shrinking does not, and says why.
#[test]
fn group_that_may_not_shrink_keeps_everybody() {
    let kept_by = |group: GroupBuilder| kept(&with(group, member("web-2", State::Idle), own_node("web-2")));
    let off = |group: &mut NodeGroup| {
        group.spec.scale_down_policy = Some(ScaleDownPolicy {
            enabled: Some(false),
            ..policy()
        });
    };
    assert_eq!(kept_by(web().but(off)), Keep::Disabled);
    assert_eq!(
        kept_by(web().but(|group| group.spec.scale_down_policy = None)),
        Keep::Disabled
    );
    assert_eq!(kept_by(web().unmanaged()), Keep::Disabled);
    assert_eq!(kept_by(web().deleted()), Keep::Disabled);
    let annotated =
        |key: &'static str, value: &'static str| kept_by(web().but(|group| annotate(group, key, value)));
    assert_eq!(
        annotated(keys::ANNOTATION_SCALE_DOWN, "disabled"),
        Keep::Forbidden
    );
    // It is midnight.
    let hours = keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS;
    assert_eq!(annotated(hours, "01:00-02:00"), Keep::OutsideHours);
    assert_eq!(annotated(hours, "at night"), Keep::HoursUnreadable);
    assert_eq!(kept_by(web().min(2)), Keep::AtMinimum);
    let cooling = |seconds: i64| {
        web().but(|group| {
            group.status.get_or_insert_default().last_scale_down_time = Some(at(-seconds));
        })
    };
    let remaining = TimeDelta::seconds(1);
    assert_eq!(kept_by(cooling(599)), Keep::CoolingDown { remaining });
    let over = with(cooling(600), member("web-2", State::Idle), own_node("web-2"));
    assert_eq!(done(&over, "web-2").len(), 1);
}

/// LC-42: nobody goes while another comes or goes, or came a short time ago.
#[test]
fn member_on_its_way_keeps_everybody() {
    let beside = |third: ClaimBuilder| kept(&two().claim(third).seen());
    assert_eq!(beside(claim("web-3").created(-86_400)), Keep::OneIsComing);
    assert_eq!(beside(member("web-3", State::Ready).deleted()), Keep::OneIsGoing);
    let mut asked = intent(Outcome::Accepted, -10);
    asked.decided_by = Some(Decider::ScaleDownPolicy);
    assert_eq!(
        beside(member("web-3", State::Ready).removal(&asked)),
        Keep::OneIsGoing
    );
    let remaining = TimeDelta::seconds(100);
    let new = member("web-3", State::Active).created(-500);
    assert_eq!(beside(new), Keep::CoolingDown { remaining });
}

/// A member that people or its state keep stays, and says why.
#[test]
fn member_that_may_not_go_stays() {
    let kept_by = |second: ClaimBuilder, node: Node| kept(&with(web(), second, node));
    let annotated = |key: &str, value: &str| {
        let mut node = own_node("web-2");
        node.metadata.annotations.insert(key.to_owned(), value.to_owned());
        kept_by(member("web-2", State::Idle), node)
    };
    assert_eq!(
        annotated(keys::ANNOTATION_SCALE_DOWN, "disabled"),
        Keep::Forbidden
    );
    let hours = keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS;
    assert_eq!(annotated(hours, "01:00-02:00"), Keep::OutsideHours);
    let long = web().but(|group| {
        let policy = group.spec.scale_down_policy.get_or_insert_default();
        policy.stabilization_window_seconds = Some(1801);
    });
    let remaining = TimeDelta::seconds(1);
    let second = member("web-2", State::Idle);
    assert_eq!(
        kept(&with(long, second, own_node("web-2"))),
        Keep::RestTooShort { remaining }
    );
    let nameless = member("web-2", State::Idle).but(|claim| claim.spec.vpsie_node_identifier = None);
    assert_eq!(kept_by(nameless, own_node("web-2")), Keep::NotReady);
    let mut excepted = own_node("web-2");
    let labels = &mut excepted.metadata.labels;
    labels.insert(keys::LABEL_SCALE_DOWN_DISABLED.to_owned(), keys::TRUE.to_owned());
    let kept_for = kept_by(member("web-2", State::Idle), excepted);
    assert!(
        matches!(
            kept_for,
            Keep::Hold(Hold::Refusal(Refusal::NotManagedNode { .. }))
        ),
        "{kept_for:?}"
    );
}

/// SC-7: what would be asked for again a minute later is not removed.
#[test]
fn group_that_would_grow_again_does_not_shrink() {
    let mut tight = two();
    assert!(done(&tight, "web-2").len() == 1);
    let place = (crate::testing::NAMESPACE.to_owned(), "web".to_owned());
    tight.growth.thresholds.tight.insert(place);
    assert_eq!(kept(&tight), Keep::NeededByThreshold);
}

/// LC-14a, R7: a machine that a surplus one makes doubtful goes by a person's decision only.
#[test]
fn contested_machine_does_not_go_by_itself() {
    let mut contested = own("web-2");
    if let Verdict::Matched(found) = &mut contested {
        found.contested = true;
    }
    let doubt = Doubt::Contested;
    let refusal = Hold::from(Refusal::IdentityUnproven { doubt });
    assert_eq!(kept(&two().verdict("web-2", contested)), Keep::Hold(refusal));
}
