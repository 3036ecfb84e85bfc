//! The lifecycle scenarios and the founding race, with a NodeGroup that shrinks by itself.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, ScaleDownPolicy, VPSieNode, keys};
use chrono::{DateTime, TimeDelta, Utc};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use kit::fleet::{Fleet, Stored};
use kube::api::{Patch, PatchParams};
use node_lifecycle::Decider;
use node_lifecycle::audit::{Filter, Outcome};
use serde_json::json;

use super::audit::told;
use super::lives::{end_pod, record, run_pod, until_state};
use super::{hold_removal, ready_web};

/// Lets `web` shrink to nothing, as soon as the gate agrees.
pub(super) async fn shrink(fleet: &Fleet) {
    let policy = ScaleDownPolicy {
        enabled: Some(true),
        stabilization_window_seconds: Some(0),
        cooldown_seconds: Some(0),
        ..ScaleDownPolicy::default()
    };
    let patch = Patch::Merge(json!({ "spec": { "minNodes": 0, "scaleDownPolicy": policy } }));
    let patched = fleet
        .api::<NodeGroup>()
        .patch("web", &PatchParams::default(), &patch)
        .await;
    patched.expect("a person may change a NodeGroup");
}

pub(super) async fn annotate_node(fleet: &Fleet, stored: &Stored, key: &str, value: Option<&str>) {
    let status = stored.claim("web-1").and_then(|claim| claim.status.clone());
    let node = status.and_then(|status| status.node_name).expect("it has joined");
    let patch = Patch::Merge(json!({ "metadata": { "annotations": { key: value } } }));
    let patched = fleet.nodes().patch(&node, &PatchParams::default(), &patch).await;
    patched.expect("a Node can be annotated");
}

pub(super) async fn until_gone(fleet: &Fleet) {
    fleet
        .until("web-1 is gone", |stored| stored.claim("web-1").is_none())
        .await;
    let report = fleet.truth().await;
    assert!(report.is_clean(), "{report:?}");
}

fn is_cordoned(stored: &Stored) -> bool {
    let mut nodes = stored.nodes.iter();
    nodes.any(|node| {
        node.spec
            .as_ref()
            .is_some_and(|spec| spec.unschedulable == Some(true))
    })
}

/// Lists the VPSieNodes whose Nodes take no new pods.
pub(super) fn cordoned(stored: &Stored) -> Vec<&str> {
    let is_cordoned = |claim: &&VPSieNode| {
        let status = claim.status.as_ref();
        let node = status.and_then(|status| stored.node(status.node_name.as_deref()?));
        node.is_some_and(|node| {
            let spec = node.spec.as_ref();
            spec.is_some_and(|spec| spec.unschedulable == Some(true))
        })
    };
    let cordoned = stored.claims.iter().filter(is_cordoned);
    cordoned
        .filter_map(|claim| claim.metadata.name.as_deref())
        .collect()
}

fn removed_at(fleet: &Fleet) -> DateTime<Utc> {
    let removals = fleet.cloud.removals();
    assert_eq!(removals.len(), 1, "{removals:?}");
    removals[0].at
}

fn minutes_between(since: DateTime<Utc>, until: DateTime<Utc>) -> i64 {
    (until - since).num_minutes()
}

/// LC-50: new, ready, in use, idle, and half an hour later its machine, its Node and its VPSieNode are gone.
#[tokio::test(start_paused = true)]
async fn idle_node_goes_half_an_hour_after_its_last_pod() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    run_pod(&fleet, "first").await;
    until_state(&fleet, "active").await;
    shrink(&fleet).await;
    end_pod(&fleet, "first").await;
    until_state(&fleet, "idle").await;
    let idle = fleet.clock.now();
    until_gone(&fleet).await;
    let waited = minutes_between(idle, removed_at(&fleet));
    assert!((29..=31).contains(&waited), "{waited} minutes");
    let stored = fleet.stored().await;
    let group = stored.groups.first().and_then(|group| group.status.clone());
    assert!(group.is_some_and(|status| status.last_scale_down_time.is_some()));
    assert!(stored.claims.is_empty(), "nothing is bought in its place");
    let by_policy = Filter {
        decision_by: Some(Decider::ScaleDownPolicy.into()),
        ..Filter::default()
    };
    tokio::time::sleep(fleet.settings.poll_interval * 2).await;
    let mut steps = told(&fleet.audit.select(&by_policy));
    steps.dedup();
    let expected = [
        "node_decommission idle_too_short rejected scale_down_policy",
        "scale_down idle success scale_down_policy",
        "node_decommission cordoned success scale_down_policy",
        "node_decommission idle_long_enough success scale_down_policy",
        "node_decommission removed success scale_down_policy",
    ];
    assert_eq!(steps, expected);
}

/// LC-51, LC-18: a Node that has only just become Ready stays for half an hour, used or not.
#[tokio::test(start_paused = true)]
async fn node_that_has_just_become_ready_stays() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let ready = fleet.clock.now();
    shrink(&fleet).await;
    tokio::time::sleep(Duration::from_secs(29 * 60)).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    assert!(!is_cordoned(&fleet.stored().await));
    let refused = fleet.audit.select(&Filter {
        result: Some(Outcome::Rejected),
        ..Filter::default()
    });
    assert_eq!(refused[0].reason, "ready_node_too_young");
    let sentence = refused[0].message.as_deref().unwrap_or_default();
    assert!(sentence.starts_with("Ready node too young"), "{sentence}");
    assert!(
        (28..=31).contains(&refused.len()),
        "once a minute: {}",
        refused.len()
    );
    until_gone(&fleet).await;
    let waited = minutes_between(ready, removed_at(&fleet));
    assert!((29..=31).contains(&waited), "{waited} minutes");
}

/// LC-52, LC-17: a Node with workload pods stays, however long it is watched.
#[tokio::test(start_paused = true)]
async fn node_in_use_stays() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    run_pod(&fleet, "first").await;
    shrink(&fleet).await;
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    assert!(!is_cordoned(&fleet.stored().await));
}

/// LC-53, LC-14: a Node that people keep stays, and VPSie is not even asked; nor is a group that they switch off.
#[tokio::test(start_paused = true)]
async fn node_that_people_keep_stays() {
    // A Node that is switched off is not asked about; of one that is excepted the gate is.
    let refused = "node_decommission not_managed_node rejected scale_down_policy";
    for (key, value, expected) in [
        (keys::ANNOTATION_PROTECTED, "true", vec![refused]),
        (keys::ANNOTATION_SCALE_DOWN, "disabled", vec![]),
    ] {
        let mut fleet = Fleet::in_memory(1);
        let stored = ready_web(&mut fleet, 1).await;
        annotate_node(&fleet, &stored, key, Some(value)).await;
        shrink(&fleet).await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0, "{key}");
        let mut rejected = told(&fleet.audit.select(&Filter {
            result: Some(Outcome::Rejected),
            ..Filter::default()
        }));
        rejected.dedup();
        assert_eq!(rejected, expected, "{key}");
        annotate_node(&fleet, &stored, key, None).await;
        until_gone(&fleet).await;
    }
}

/// LC-28, LC-25a, LC-52: the founding race. A pod that is bound at the last moment, and that no watch has told of, keeps the
/// machine, and the Node comes back into service.
#[tokio::test(start_paused = true)]
async fn pod_bound_at_the_last_moment_keeps_an_idle_machine() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    shrink(&fleet).await;
    hold_removal(&fleet).await;
    // The pass has decided on an empty Node already; nothing that comes now is seen before it ends.
    run_pod(&fleet, "first").await;
    fleet.wire.release();
    let stored = fleet.polls(6).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    assert!(!is_cordoned(&stored), "it takes pods again");
    let rejected = Filter {
        result: Some(Outcome::Rejected),
        ..Filter::default()
    };
    let last = told(&fleet.audit.select(&rejected)).pop();
    let expected = "node_decommission workload_pods rejected scale_down_policy";
    assert_eq!(last.as_deref(), Some(expected), "the gate was asked once more");
    let claim = stored.claim("web-1").expect("it lives on");
    assert!(claim.metadata.deletion_timestamp.is_none());
    assert_eq!(record(&stored).expect("there is a record")["state"], "active");
    end_pod(&fleet, "first").await;
    until_gone(&fleet).await;
}

/// LC-26: after an error of VPSie the node stays draining, and the removal that succeeds drains it no second time.
#[tokio::test(start_paused = true)]
async fn failed_removal_is_asked_again_and_drains_once() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.cloud.fault(Fault::on(
        CallKind::RemoveWorker,
        FaultEffect::TimeOutBeforeEffect,
    ));
    shrink(&fleet).await;
    let before = until_state(&fleet, "draining").await;
    assert_eq!(fleet.cloud.removals(), []);
    let stored = fleet
        .until("it is asked again", |_| fleet.cloud.removals().len() == 1)
        .await;
    let after = record(&stored).expect("there is a record");
    assert_eq!(
        (&after["state"], &after["enteredAt"]),
        (&before["state"], &before["enteredAt"])
    );
    until_gone(&fleet).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 2);
}

/// LC-25b: after a refusal for good the Node is back in service, nothing is asked for an hour, and then it goes.
#[tokio::test(start_paused = true)]
async fn removal_refused_for_good_brings_the_node_back() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    let body = r#"{"error":true,"message":"you have no right to do that"}"#;
    let effect = FaultEffect::Status(403, body.to_owned());
    fleet.cloud.fault(Fault::on(CallKind::RemoveWorker, effect));
    shrink(&fleet).await;
    fleet
        .until("VPSie refused", |_| {
            fleet.cloud.calls_of(CallKind::RemoveWorker) == 1
        })
        .await;
    let refused = fleet.clock.now();
    let stored = fleet.polls(6).await;
    assert!(!is_cordoned(&stored), "it takes pods again");
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("VPSDeleteFailed"));
    let claim = stored.claim("web-1").expect("it lives on");
    assert!(claim.metadata.deletion_timestamp.is_none());
    until_gone(&fleet).await;
    let waited = minutes_between(refused, removed_at(&fleet));
    assert!((59..=62).contains(&waited), "{waited} minutes");
}

/// LC-21, LC-29: a new process that finds no record waits ten minutes; with a record it waits two.
#[tokio::test(start_paused = true)]
async fn nothing_goes_soon_after_a_restart() {
    for (keeps_record, least) in [(true, 2), (false, 10)] {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 1).await;
        until_state(&fleet, "ready").await;
        fleet.kill().await;
        if !keeps_record {
            let patch = json!({ "metadata": { "annotations": { keys::ANNOTATION_LIFECYCLE: null } } });
            let claims = fleet.api::<VPSieNode>();
            let patched = claims
                .patch("web-1", &PatchParams::default(), &Patch::Merge(patch))
                .await;
            patched.expect("a person may take the record off");
        }
        fleet.delete::<NodeGroup>("web").await;
        fleet.start().await;
        let started = fleet.clock.now();
        until_gone(&fleet).await;
        let waited = removed_at(&fleet) - started;
        assert!(waited >= TimeDelta::minutes(least), "{waited}");
        assert!(waited < TimeDelta::minutes(least + 2), "{waited}");
    }
}
