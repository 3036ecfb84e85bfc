//! The operator and a plan, asked about the same world: who goes, and why somebody stays (`SC-20`).

use fleet_plan::removal::{Removals, removals};
use k8s_openapi::api::core::v1::Pod;

use super::*;
use crate::planning::Objects;

/// Plans with the objects of a world, and with pods that wait or run.
fn planned(world: &TestWorld, pods: Vec<Pod>) -> Removals {
    let objects = Objects {
        groups: world.groups.iter().map(|group| (**group).clone()).collect(),
        vpsie_nodes: world.claims.iter().map(|claim| (*claim.object).clone()).collect(),
        nodes: world.nodes.iter().map(|node| (**node).clone()).collect(),
        pods,
        ..Objects::default()
    };
    let survey = objects.survey(world.now);
    let plan = fleet_plan::plan(&survey.cluster);
    removals(&survey.cluster, &plan, &survey.fleet)
}

fn running() -> Pod {
    let pod = serde_json::json!({
        "metadata": { "name": "p", "namespace": "default", "uid": "p" },
        "spec": { "nodeName": "n1", "containers": [] },
    });
    serde_json::from_value(pod).expect("a pod")
}

fn waiting() -> Pod {
    let pod = serde_json::json!({
        "metadata": { "name": "w", "namespace": "default", "uid": "w" },
        "spec": { "containers": [{ "name": "c", "resources": { "requests": { "cpu": "64" } } }] },
        "status": { "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable" }] },
    });
    serde_json::from_value(pod).expect("a pod")
}

/// Returns the word of a plan for what keeps the operator.
fn word(keep: &Keep) -> &'static str {
    match keep {
        Keep::Disabled | Keep::Forbidden => "policy-disabled",
        Keep::OutsideHours | Keep::HoursUnreadable => "allowed-hours",
        Keep::AtMinimum => "at-minimum",
        Keep::PodsWait => "unschedulable-demand",
        Keep::OneIsComing => "incoming-capacity",
        Keep::OneIsGoing => "one-at-a-time",
        Keep::CoolingDown { .. } => "cool-down",
        Keep::RestTooShort { .. } => "stabilising",
        Keep::NotReady | Keep::InUse { .. } => "not-ready",
        Keep::RecordUnreadable => "removal-not-planned",
        Keep::Hold(Hold::Refusal(Refusal::NotManagedNode { .. })) => "protected",
        Keep::Hold(Hold::Refusal(Refusal::IdleTooShort { .. })) => "idle-too-short",
        Keep::Hold(Hold::Refusal(Refusal::ReadyNodeTooYoung { .. })) => "too-young",
        Keep::NeededByThreshold => {
            panic!("a plan keeps no node of a group for what it would be with one less")
        }
        Keep::Hold(hold) => panic!("no world here has {hold:?}"),
    }
}

/// Checks that the plan keeps the Node that the operator keeps, and gives the operator's reason among its own.
#[track_caller]
fn check_kept(world: &TestWorld, pods: Vec<Pod>) {
    let found = planned(world, pods);
    let expected = word(&kept(world));
    let stays = found.kept.get("n2").expect("the plan keeps it as well");
    let words: Vec<&str> = stays.iter().map(|stay| stay.word()).collect();
    assert!(words.contains(&expected), "no {expected} in {words:?}");
    assert_eq!(done(world, "web-2"), []);
}

/// SC-20: whom the operator lets go a plan lets go, too, and nobody else.
#[test]
fn plan_lets_those_go_that_the_operator_does() {
    for state in [State::Idle, State::Ready] {
        let world = with(web(), member("web-2", state), own_node("web-2"));
        assert_eq!(done(&world, "web-2").len(), 1, "{state:?}");
        let found = planned(&world, vec![running()]);
        let going: Vec<&str> = found.removals.iter().map(|one| &*one.node).collect();
        assert_eq!(going, ["n2"], "{found:?}");
        assert!(found.removals[0].moves.is_empty());
    }
}

/// SC-20: what keeps a whole group for the operator keeps it for a plan.
#[test]
fn plan_keeps_a_group_for_the_reason_of_the_operator() {
    let check = |group: GroupBuilder| {
        let world = with(group, member("web-2", State::Idle), own_node("web-2"));
        check_kept(&world, vec![running()]);
    };
    let annotated =
        |key: &'static str, value: &'static str| web().but(move |group| annotate(group, key, value));
    let off = |group: &mut NodeGroup| {
        group.spec.scale_down_policy.get_or_insert_default().enabled = Some(false);
    };
    check(web().but(off));
    check(annotated(keys::ANNOTATION_SCALE_DOWN, "disabled"));
    check(annotated(
        keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS,
        "01:00-02:00",
    ));
    check(annotated(
        keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS,
        "01:00-02:00 Europe/Nowhere",
    ));
    check(web().min(2));
    check(web().deleted());
    check(web().but(|group| {
        group.status.get_or_insert_default().last_scale_down_time = Some(at(-599));
    }));
    check_kept(
        &two().claim(claim("web-3").created(-86_400)).seen(),
        vec![running()],
    );
    let going = member("web-3", State::Ready).deleted();
    check_kept(&two().claim(going).seen(), vec![running()]);
    let new = member("web-3", State::Active).created(-500);
    check_kept(&two().claim(new).seen(), vec![running()]);
    let mut demand = two();
    demand.growth.unmet = 1;
    check_kept(&demand, vec![running(), waiting()]);
}

/// SC-20: what keeps one member for the operator keeps it for a plan.
#[test]
fn plan_keeps_a_member_for_the_reason_of_the_operator() {
    let check = |second: ClaimBuilder, node: Node| check_kept(&with(web(), second, node), vec![running()]);
    let annotated = |key: &str, value: &str| {
        let mut node = own_node("web-2");
        node.metadata.annotations.insert(key.to_owned(), value.to_owned());
        node
    };
    let idle = || member("web-2", State::Idle);
    check(idle(), annotated(keys::ANNOTATION_SCALE_DOWN, "disabled"));
    check(
        idle(),
        annotated(keys::ANNOTATION_SCALE_DOWN_ALLOWED_HOURS, "01:00-02:00"),
    );
    check(idle(), annotated(keys::ANNOTATION_PROTECTED, "true"));
    let long = web().but(|group| {
        let policy = group.spec.scale_down_policy.get_or_insert_default();
        policy.stabilization_window_seconds = Some(1801);
    });
    check_kept(&with(long, idle(), own_node("web-2")), vec![running()]);
}

/// SC-20: of a NodeGroup without a policy a plan says what its defaults would do; the operator waits for somebody to ask.
#[test]
fn group_without_a_policy_is_planned_with_the_defaults() {
    let silent = web().but(|group| group.spec.scale_down_policy = None);
    let world = with(silent, member("web-2", State::Idle), own_node("web-2"));
    assert_eq!(kept(&world), Keep::Disabled);
    assert_eq!(planned(&world, vec![running()]).removals.len(), 1);
}
