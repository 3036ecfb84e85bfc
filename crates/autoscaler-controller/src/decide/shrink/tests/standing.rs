//! What a NodeGroup says about its shrinking.

use super::*;
use crate::decide::shrink::standing::SCALE_DOWN;
use crate::resources::find_condition;
use crate::testing::condition;

/// Returns the status and the reason of the condition that the group has after this pass, and its sentence.
fn said(world: &TestWorld) -> Option<(bool, String, String)> {
    let commands = world.group_commands("web");
    let written = commands.iter().find_map(|command| {
        let Command::WriteNodeGroupStatus(_, write) = command else {
            return None;
        };
        Some(&write.status)
    });
    let status = written.or(world.groups[0].status.as_ref())?;
    let condition = find_condition(status.conditions.as_deref(), SCALE_DOWN)?;
    let (reason, message) = (condition.reason.clone()?, condition.message.clone()?);
    Some((condition.is_true(), reason, message))
}

#[track_caller]
fn check(what: &str, world: &TestWorld, expected: Option<(bool, &str)>) {
    let said = said(world);
    let found = said.as_ref().map(|(holds, reason, _)| (*holds, reason.as_str()));
    assert_eq!(found, expected, "{what}: {said:?}");
}

/// A group that may shrink says that a member goes, or in a word of its own why none does.
#[test]
fn group_says_why_it_does_not_shrink() {
    let idle = || member("web-2", State::Idle);
    let of = |group: GroupBuilder| with(group, idle(), own_node("web-2"));
    let annotated =
        |key: &'static str, value: &'static str| of(web().but(|group| annotate(group, key, value)));
    let cooling = web().but(|group| {
        group.status.get_or_insert_default().last_scale_down_time = Some(at(-599));
    });
    let long = web().but(|group| {
        let policy = group.spec.scale_down_policy.get_or_insert_default();
        policy.stabilization_window_seconds = Some(1801);
    });
    let nameless = idle().but(|claim| claim.spec.vpsie_node_identifier = None);
    let nameless = with(web(), nameless, own_node("web-2"));
    let mut excepted = own_node("web-2");
    let annotations = &mut excepted.metadata.annotations;
    annotations.insert(keys::ANNOTATION_PROTECTED.to_owned(), keys::TRUE.to_owned());
    let off = web().but(|group| group.spec.scale_down_policy = None);
    let (forbids, hours) = (
        keys::ANNOTATION_SCALE_DOWN,
        keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS,
    );
    let coming = two().claim(claim("web-3").created(-86_400)).seen();
    let going = two().claim(member("web-3", State::Ready).deleted()).seen();
    let mut waiting = two();
    waiting.growth.unmet = 1;
    let mut tight = two();
    let place = (crate::testing::NAMESPACE.to_owned(), "web".to_owned());
    tight.growth.thresholds.tight.insert(place);
    let table = [
        ("it would grow again", tight, Some((false, "NeededByThreshold"))),
        ("nobody asked for it", of(off), None),
        ("one is chosen", two(), Some((true, "SizeChanging"))),
        ("one goes", going, Some((true, "SizeChanging"))),
        ("one comes", coming, Some((false, "SizeChanging"))),
        ("pods wait", waiting, Some((false, "PodsWait"))),
        (
            "a person forbids it",
            annotated(forbids, "disabled"),
            Some((false, "ScaleDownDisabled")),
        ),
        (
            "it is midnight",
            annotated(hours, "01:00-02:00"),
            Some((false, "OutsideHours")),
        ),
        (
            "nobody can read it",
            annotated(hours, "at night"),
            Some((false, "HoursUnreadable")),
        ),
        (
            "it is small",
            of(web().min(2)),
            Some((false, "AtMinimumCapacity")),
        ),
        ("it changed", of(cooling), Some((false, "CoolingDown"))),
        ("nobody can name it", nameless, Some((false, "NoneIdle"))),
        ("it rests since a moment", of(long), Some((false, "IdleTooShort"))),
        (
            "the gate refuses",
            with(web(), idle(), excepted),
            Some((false, "NotManagedNode")),
        ),
    ];
    for (what, world, expected) in table {
        check(what, &world, expected);
    }
}

/// What passes is not counted down, and what VPSie's lists lack for a moment is not told: either would be a write each pass.
#[test]
fn words_about_shrinking_stay_while_the_reason_does() {
    let cooling = |seconds: i64| {
        let group = web().but(|group| {
            group.status.get_or_insert_default().last_scale_down_time = Some(at(-seconds));
        });
        said(&with(group, member("web-2", State::Idle), own_node("web-2")))
    };
    assert!(cooling(1).is_some_and(|(_, reason, _)| reason == "CoolingDown"));
    assert_eq!(cooling(1), cooling(599));
    let call = vpsie_api::Call::GetCluster;
    let cut = |group: GroupBuilder| {
        let world = with(group, member("web-2", State::Idle), own_node("web-2"));
        world.answered(Err(vpsie_api::CallError::TimedOut { call }))
    };
    check("no reply", &cut(web()), None);
    // What was said before the reply was missing stands.
    let stands = condition(SCALE_DOWN, false, "IdleTooShort", "it rests since a moment");
    let before = web().but(|group| {
        group.status.get_or_insert_default().conditions = Some(vec![stands]);
    });
    check(
        "no reply after words",
        &cut(before),
        Some((false, "IdleTooShort")),
    );
}
