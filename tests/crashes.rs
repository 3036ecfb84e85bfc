//! The process dies at every effect, and the next one goes on: nothing is bought twice, and nothing is left behind.

#[path = "crashes/deaths.rs"]
mod deaths;
#[path = "crashes/founding.rs"]
mod founding;

use std::collections::BTreeSet;

use autoscaler_controller::resources::{GlobalSettings, NodeGroup, Phase, keys};
use deaths::{Deaths, sweep, tell};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use kit::fleet::{Fleet, Stored};
use kit::wire::Sent;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;

/// Commands at which the story of provisioning dies, among others.
const PROVISIONING: [&str; 9] = [
    "add-finalizer",
    "create-provider-group",
    "create-vpsienode",
    "request-machine",
    "record-machine",
    "label-node",
    "write-life",
    "write-vpsienode-status",
    "write-nodegroup-status",
];
/// The same of the end of a group.
const END: [&str; 5] = [
    "delete-vpsienode",
    "drain-node",
    "remove-machine",
    "delete-node",
    "remove-finalizer",
];
/// The same of the end of a request that nobody answered.
const RELEASE: [&str; 1] = ["bury-request"];
/// The same of a removal that VPSie refuses for good.
const RETURN: [&str; 1] = ["return-node"];
/// The same of a machine that a person gives to a group.
const ADOPTION: [&str; 2] = ["record-machine", "label-node"];

/// Tells whether the group has come to rest: one Ready, beside at most one that failed.
fn is_settled(stored: &Stored) -> bool {
    let phases: Vec<Phase> = stored.claims.iter().map(|claim| claim.phase()).collect();
    let count = |wanted: &Phase| phases.iter().filter(|phase| *phase == wanted).count();
    let (ready, failed) = (count(&Phase::Ready), count(&Phase::Failed));
    failed <= 1 && phases.len() == 1 + failed && ready == 1 && counted(stored, 1 + failed)
}

/// Tells whether so many were made, and each of them is Ready or has failed.
fn are_settled(stored: &Stored, least: usize) -> bool {
    let phases: Vec<Phase> = stored.claims.iter().map(|claim| claim.phase()).collect();
    let ready = phases.iter().filter(|phase| **phase == Phase::Ready).count();
    let failed = phases.iter().filter(|phase| **phase == Phase::Failed).count();
    // The one replacement comes once something has failed.
    let is_complete = failed == 0 || phases.len() > least;
    ready > 0 && ready + failed == phases.len() && phases.len() >= least && is_complete
}

/// Tells whether the NodeGroup says so too.
fn counted(stored: &Stored, members: usize) -> bool {
    i32::try_from(members).is_ok_and(|members| stored.counts("web", members, 1))
}

/// Brings a new fleet to one Ready node of the group `web`.
async fn ready() -> Fleet {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    fleet
        .until("it is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    fleet.polls(1).await;
    fleet
}

async fn delete_web(fleet: &Fleet) {
    fleet.delete::<NodeGroup>("web").await;
}

/// What holds after any death: at most one purchase for each VPSieNode, and no machine that nobody explains.
async fn check(fleet: &Fleet, effect: usize) {
    check_purchases(fleet, effect).await;
    let stored = fleet.stored().await;
    assert!(
        stored.claims.len() <= 2,
        "effect {effect}: at most one replacement\n{stored}"
    );
}

/// At most one purchase for each VPSieNode, and no machine that nobody explains.
async fn check_purchases(fleet: &Fleet, effect: usize) {
    let report = fleet.truth().await;
    assert!(report.is_clean(), "effect {effect}: {report:?}");
    assert_eq!(
        fleet.cloud.groups(&fleet.cluster).len(),
        1,
        "effect {effect}: one provider group"
    );
    let ledger = fleet.cloud.ledger();
    let mut ids: Vec<_> = ledger.iter().map(|posting| posting.request_id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(
        ids.len(),
        ledger.len(),
        "effect {effect}: no VPSieNode asks twice: {ledger:?}"
    );
}

/// What is left of a group that is gone: the machines that were there before, and nothing else.
async fn check_gone(fleet: &Fleet, effect: usize) {
    let stored = fleet.stored().await;
    assert_eq!(
        (stored.claims.len(), stored.nodes.len()),
        (0, 3),
        "effect {effect}\n{stored}"
    );
    let machines = fleet.cloud.machines().into_iter();
    let alive = machines.filter(|machine| machine.is_alive());
    assert_eq!(alive.count(), 3, "effect {effect}");
    assert!(fleet.truth().await.is_clean(), "effect {effect}");
}

/// I1 to I4: a death at any effect of provisioning ends in at most one replacement, and buys nothing twice.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_provisioning_buys_nothing_twice() {
    let deaths = Deaths::listen();
    let mut disturbed = Vec::new();
    sweep(10, async |effect| {
        let mut fleet = Fleet::in_memory(1);
        fleet.start().await;
        let create = async |fleet: &Fleet| {
            fleet.create(&fleet.node_group("web", 57, 1)).await;
        };
        let has_died = tell(&mut fleet, effect, create, |_, stored| is_settled(stored)).await;
        check(&fleet, effect).await;
        if has_died && !fleet.stored().await.counts("web", 1, 1) {
            let mut effects = fleet.wire.sent().into_iter().filter(Sent::is_effect);
            disturbed.push(effects.nth(effect - 1).expect("it died there"));
        }
        has_died
    })
    .await;
    // Only when the intent was written and its request had not left does anything else happen.
    let [intent] = &disturbed[..] else {
        unreachable!("other deaths left a trace: {disturbed:?}")
    };
    let annotations = &intent.body["metadata"]["annotations"];
    let written = annotations[keys::ANNOTATION_CREATION_INTENT].as_str();
    assert!(
        written.is_some_and(|text| text.contains(r#""outcome":"open""#)),
        "{intent:?}"
    );
    deaths.check(&PROVISIONING);
}

/// SC-8, I1: a death while several requests are on their way buys nothing twice, and leaves no machine unexplained.
#[tokio::test(start_paused = true)]
async fn death_with_several_requests_on_their_way_buys_nothing_twice() {
    let deaths = Deaths::listen();
    let mut at_once = 0;
    sweep(12, async |effect| {
        let mut fleet = Fleet::in_memory(1);
        let settings = GlobalSettings {
            max_concurrent_scale_ups: Some(3),
            ..GlobalSettings::default()
        };
        fleet.set(settings).await;
        fleet.start().await;
        let create = async |fleet: &Fleet| {
            fleet.create(&fleet.node_group("web", 57, 3)).await;
        };
        let has_died = tell(&mut fleet, effect, create, |_, stored| are_settled(stored, 3)).await;
        at_once = at_once.max(fleet.wire.most_adds_at_once());
        check_purchases(&fleet, effect).await;
        let stored = fleet.polls(3).await;
        assert!(
            stored.claims.len() <= 4,
            "effect {effect}: one replacement, however many have failed\n{stored}"
        );
        assert!(
            has_died || stored.counts("web", 3, 3),
            "effect {effect}\n{stored}"
        );
        has_died
    })
    .await;
    assert_eq!(at_once, 3, "they were on their way together");
    deaths.check(&["request-machine"]);
}

/// I6, LC-25: a death at any effect of the end leaves no machine, no Node and no record behind.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_the_end_leaves_nothing_behind() {
    let deaths = Deaths::listen();
    sweep(5, async |effect| {
        let mut fleet = ready().await;
        let is_gone = |_: &Fleet, stored: &Stored| stored.groups.is_empty();
        let has_died = tell(&mut fleet, effect, delete_web, is_gone).await;
        check_gone(&fleet, effect).await;
        let removals = fleet.cloud.calls_of(CallKind::RemoveWorker);
        assert!(
            (1..=2).contains(&removals),
            "effect {effect}: {removals} removals asked for"
        );
        has_died
    })
    .await;
    deaths.check(&END);
}

/// I6: a death at any effect of the release of an open request asks for nothing again and leaves nothing behind.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_a_release_asks_for_nothing_again() {
    let deaths = Deaths::listen();
    sweep(3, async |effect| {
        let mut fleet = Fleet::in_memory(1);
        let lost = Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect);
        fleet.cloud.fault(lost);
        fleet.start().await;
        fleet.create(&fleet.node_group("web", 57, 1)).await;
        fleet
            .until("the request", |_| fleet.cloud.ledger().len() == 1)
            .await;
        fleet.polls(2).await;
        let is_gone = |_: &Fleet, stored: &Stored| stored.groups.is_empty();
        let has_died = tell(&mut fleet, effect, delete_web, is_gone).await;
        check_gone(&fleet, effect).await;
        assert_eq!(fleet.cloud.ledger().len(), 1, "effect {effect}");
        has_died
    })
    .await;
    deaths.check(&RELEASE);
}

/// LC-25a, LC-25b: a death at any effect of a removal that VPSie refuses brings the Node back into service.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_a_refused_removal_brings_the_node_back() {
    let deaths = Deaths::listen();
    sweep(3, async |effect| {
        let mut fleet = ready().await;
        let body = r#"{"error":true,"message":"you have no right to do that"}"#;
        let refusal = FaultEffect::Status(403, body.to_owned());
        fleet
            .cloud
            .fault(Fault::on(CallKind::RemoveWorker, refusal).for_ever());
        let shrink = async |fleet: &Fleet| {
            let policy = json!({ "enabled": true, "stabilizationWindowSeconds": 0, "cooldownSeconds": 0 });
            let patch = Patch::Merge(json!({ "spec": { "minNodes": 0, "scaleDownPolicy": policy } }));
            let groups = fleet.api::<NodeGroup>();
            let patched = groups.patch("web", &PatchParams::default(), &patch).await;
            patched.expect("a person may change a NodeGroup");
        };
        let has_died = tell(&mut fleet, effect, shrink, is_refused_and_back).await;
        let stored = fleet.polls(3).await;
        assert!(
            is_refused_and_back(&fleet, &stored),
            "effect {effect}: it stays so\n{stored}"
        );
        // Where the answer was lost, VPSie may have begun, and the VPSieNode is on its way out; its machine runs on.
        let phases = stored.phases();
        assert!(
            ["Ready", "Deleting"].contains(&phases[0].as_str()),
            "effect {effect}: {phases:?}"
        );
        assert_eq!(phases.len(), 1, "effect {effect}");
        assert_eq!(fleet.cloud.removals(), [], "effect {effect}");
        check(&fleet, effect).await;
        has_died
    })
    .await;
    deaths.check(&RETURN);
}

/// Tells whether VPSie's refusal is written down and every Node takes pods again, without a mark of ours.
fn is_refused_and_back(fleet: &Fleet, stored: &Stored) -> bool {
    let is_final = |annotation: &String| annotation.contains(r#""isFinal":true"#);
    let is_written = stored.claims.iter().any(|claim| {
        let record = claim.annotations().get(keys::ANNOTATION_REMOVAL_INTENT);
        record.is_some_and(is_final)
    });
    let is_free = stored.nodes.iter().all(|node| {
        let spec = node.spec.as_ref();
        !node.annotations().contains_key(keys::ANNOTATION_DRAIN)
            && spec.and_then(|spec| spec.unschedulable) != Some(true)
    });
    fleet.cloud.calls_of(CallKind::RemoveWorker) > 0 && is_written && is_free
}

/// Leaked: a death at any effect of an adoption ends with the machine in the group, and buys nothing for it.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_an_adoption_buys_nothing() {
    let deaths = Deaths::listen();
    sweep(3, async |effect| {
        let mut fleet = ready().await;
        let group = fleet.cloud.groups(&fleet.cluster)[0].number;
        let machine = fleet.cloud.add_foreign_machine(&fleet.cluster, Some(group));
        fleet
            .until("it is told", |stored| {
                stored.group_condition("web", "MachinesLeaked").is_some()
            })
            .await;
        let adopt = async |fleet: &Fleet| {
            let mut claim = fleet.vpsie_node("web-adopted", "web");
            claim.spec.vpsie_node_identifier = Some(machine.clone());
            fleet.create(&claim).await;
        };
        let is_adopted = |_: &Fleet, stored: &Stored| stored.counts("web", 2, 2);
        let has_died = tell(&mut fleet, effect, adopt, is_adopted).await;
        let name = fleet.cloud.machine(&machine).expect("it runs").node_name();
        let stored = fleet.stored().await;
        let labels = stored.node(&name).expect("its Node has joined").labels();
        let owner = labels.get(keys::LABEL_VPSIE_NODE).map(String::as_str);
        assert_eq!(owner, Some("web-adopted"), "effect {effect}");
        assert_eq!(fleet.cloud.ledger().len(), 1, "effect {effect}");
        assert_eq!(fleet.cloud.removals(), [], "effect {effect}");
        has_died
    })
    .await;
    deaths.check(&ADOPTION);
}

/// Crash safety: there is no kind of command at which no story dies.
#[test]
fn some_story_dies_at_every_kind_of_command() {
    let source = include_str!("../crates/autoscaler-controller/src/command.rs");
    // The compiler sees to it that this function has a label for every kind.
    let (_, labels) = source.split_once("pub fn label(").expect("commands have labels");
    let labels = labels.lines().take_while(|line| *line != "    }");
    let labels: BTreeSet<&str> = labels.filter_map(|line| line.split('"').nth(1)).collect();
    assert!(labels.len() >= 18, "{labels:?}");
    let stories = [
        &PROVISIONING[..],
        &END,
        &RELEASE,
        &RETURN,
        &ADOPTION,
        &founding::MAKING,
        &founding::DISMISSAL,
    ];
    let died: BTreeSet<&str> = stories.into_iter().flatten().copied().collect();
    assert_eq!(labels, died);
}
