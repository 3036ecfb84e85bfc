//! A VPSie that lies, errs or is not there: conditions say so, and nothing is concluded from it.

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};
use http::Method;
use kit::fleet::{Fleet, Stored};
use kit::wire::{Sent, Side};
use kube::ResourceExt;
use kube::api::DeleteParams;
use std::time::Duration;

use super::reasons::said;
use super::{bought, ready_web, web};

/// Plants the same fault for many calls in a row.
fn plant(fleet: &Fleet, call: CallKind, effect: &FaultEffect, count: usize) {
    for _ in 0..count {
        fleet.cloud.fault(Fault::on(call, effect.clone()));
    }
}

/// Lists what may come back for a cluster although its machines run.
fn lies() -> Vec<FaultEffect> {
    let status = |status, body: &str| FaultEffect::Status(status, body.to_owned());
    vec![
        FaultEffect::TruncatedList,
        FaultEffect::StaleList,
        FaultEffect::Html502,
        FaultEffect::TimeOutBeforeEffect,
        FaultEffect::Unauthorized,
        FaultEffect::RateLimited { retry_after: None },
        status(200, r#"{"error":false,"data":false}"#),
        status(200, r#"{"error":false,"data":{"nodes":[]}}"#),
        status(500, r#"{"error":true,"message":"lost in the clouds"}"#),
        status(200, "null"),
    ]
}

/// Rule 8, LC-25: no answer that is cut, old, empty or none ever removes or releases anything.
#[tokio::test(start_paused = true)]
async fn wrong_answers_about_a_cluster_remove_and_release_nothing() {
    for lie in lies() {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 3).await;
        plant(&fleet, CallKind::Cluster, &lie, 20);
        fleet
            .until("the lies are over", |_| fleet.cloud.has_no_pending_faults())
            .await;
        let stored = fleet.polls(2).await;
        assert_eq!(stored.phases(), ["Ready", "Ready", "Ready"], "{lie:?}");
        assert_eq!(fleet.cloud.removals(), [], "{lie:?}");
        assert_eq!(fleet.cloud.ledger().len(), 3, "{lie:?}");
        assert!(fleet.truth().await.is_clean(), "{lie:?}");
    }
}

/// LC-25: the same while a machine is being removed: its record stays until sane replies lack it.
#[tokio::test(start_paused = true)]
async fn wrong_answers_during_a_removal_release_nothing() {
    for lie in lies() {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 1).await;
        let never = fleet_sim::cloud::Delay::between_seconds(7200, 7200);
        fleet.cloud.behaviour(|behaviour| behaviour.removal_delay = never);
        fleet.delete::<NodeGroup>("web").await;
        fleet
            .until("the removal is asked for", |_| !fleet.cloud.removals().is_empty())
            .await;
        plant(&fleet, CallKind::Cluster, &lie, 20);
        fleet
            .until("the lies are over", |_| fleet.cloud.has_no_pending_faults())
            .await;
        let stored = fleet.polls(2).await;
        assert_eq!(stored.claims.len(), 1, "{lie:?}: the machine still costs money");
        assert_eq!(bought(&fleet.cloud).len(), 1, "{lie:?}");
    }
}

/// Wrong answers before anything is bought delay the purchase and spoil nothing.
#[tokio::test(start_paused = true)]
async fn wrong_answers_before_a_purchase_only_delay_it() {
    for (place, lie) in lies().into_iter().enumerate() {
        // Every lie about the nodes, every third about groups and clusters.
        let calls = [CallKind::Cluster, CallKind::NodeGroups, CallKind::Clusters];
        for call in calls.into_iter().take(if place % 3 == 0 { 3 } else { 1 }) {
            let mut fleet = Fleet::in_memory(1);
            fleet.start().await;
            plant(&fleet, call, &lie, 5);
            fleet.create(&web(&fleet, 2)).await;
            fleet
                .until("web is Ready", |stored| stored.counts("web", 2, 2))
                .await;
            assert_eq!(fleet.cloud.ledger().len(), 2, "{call:?} {lie:?}");
            assert_eq!(
                fleet.cloud.groups(&fleet.cluster).len(),
                1,
                "{call:?} {lie:?}: one group"
            );
            let report = fleet.truth().await;
            assert!(report.is_clean(), "{call:?} {lie:?} {report:?}");
        }
    }
}

/// Bad input: a NodeGroup that names no cluster of VPSie says so, and nothing is bought.
#[tokio::test(start_paused = true)]
async fn unknown_cluster_is_a_condition_and_no_purchase() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    let mut lost = fleet.node_group("lost", 58, 2);
    lost.spec.resource_identifier = "00000000-0000-4000-8000-000000000000".to_owned();
    fleet.create(&lost).await;
    fleet.create(&web(&fleet, 1)).await;
    let stored = fleet
        .until("a condition and a Ready neighbour", |stored| {
            stored.group_problem("lost").is_some() && stored.counts("web", 1, 1)
        })
        .await;
    assert_eq!(stored.group_problem("lost").as_deref(), Some("ClusterNotFound"));
    assert_eq!(
        stored.group_problem("web"),
        None,
        "rule 10: one bad group stops no other"
    );
    let stored = fleet.polls(12).await;
    assert!(
        stored
            .claims
            .iter()
            .all(|claim| claim.spec.node_group_name == "web")
    );
    assert_eq!(fleet.cloud.ledger().len(), 1);
}

/// Bad input: a VPSie that answers with web pages is a condition, and nothing is done.
#[tokio::test(start_paused = true)]
async fn vpsie_that_answers_with_web_pages_is_a_condition() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    for call in [CallKind::Clusters, CallKind::Cluster, CallKind::NodeGroups] {
        plant(&fleet, call, &FaultEffect::Html502, 10);
    }
    fleet.create(&web(&fleet, 1)).await;
    let stored = fleet
        .until("a condition", |stored| stored.group_problem("web").is_some())
        .await;
    assert_eq!(stored.group_problem("web").as_deref(), Some("VPSieAPIError"));
    assert_eq!((stored.claims.len(), fleet.cloud.ledger().len()), (0, 0));
    assert_eq!(fleet.cloud.groups(&fleet.cluster), []);
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(
        stored.group_problem("web"),
        None,
        "the condition goes with its cause"
    );
}

/// E1: a failure of VPSie that lasts is written once, whatever each answer is called and looks like.
#[tokio::test(start_paused = true)]
async fn failure_that_lasts_is_written_once() {
    let status =
        |code, text: &str| FaultEffect::Status(code, format!(r#"{{"error":true,"message":"{text}"}}"#));
    let wait = |seconds| FaultEffect::RateLimited {
        retry_after: Some(Duration::from_secs(seconds)),
    };
    let faces = vec![
        FaultEffect::Html502,
        FaultEffect::TimeOutBeforeEffect,
        status(500, "lost in the clouds"),
        wait(3),
        wait(4),
    ];
    for failure in [vec![status(400, "the account is suspended")], faces] {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 1).await;
        for turn in 0..20 {
            plant(&fleet, CallKind::Cluster, &failure[turn % failure.len()], 1);
        }
        fleet
            .until("the failures are over", |_| fleet.cloud.has_no_pending_faults())
            .await;
        let stored = fleet.polls(2).await;
        assert_eq!(stored.group_problem("web"), None, "{failure:?}");
        let sent = fleet.wire.sent().into_iter();
        let said: Vec<Sent> = sent
            .filter(|sent| sent.path.ends_with("/nodegroups/web/status"))
            .filter(|sent| sent.body.to_string().contains("VPSieAPIError"))
            .collect();
        assert_eq!(said.len(), 1, "{failure:?}: {said:?}");
    }
}

/// A provider group whose creation is lost or refused is not made twice.
#[tokio::test(start_paused = true)]
async fn provider_group_is_made_once_whatever_becomes_of_the_answer() {
    let effects = [
        FaultEffect::LoseReplyAfterEffect,
        FaultEffect::Html502AfterEffect,
        FaultEffect::Html502,
    ];
    for effect in effects {
        let mut fleet = Fleet::in_memory(1);
        plant(&fleet, CallKind::CreateGroup, &effect, 1);
        fleet.start().await;
        fleet.create(&web(&fleet, 1)).await;
        fleet
            .until("web is Ready", |stored| stored.counts("web", 1, 1))
            .await;
        assert_eq!(fleet.cloud.groups(&fleet.cluster).len(), 1, "{effect:?}");
    }
}

/// A machine that vanishes at VPSie is reported; its VPSieNode never stays Ready.
#[tokio::test(start_paused = true)]
async fn machine_removed_by_hand_fails_its_vpsienode_and_is_replaced() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let claim = stored.claim("web-1").expect("it is Ready");
    let machine = claim
        .spec
        .vpsie_node_identifier
        .as_deref()
        .expect("it is discovered");
    fleet.cloud.remove_by_hand(machine);
    let stored = fleet
        .until("it failed", |stored| stored.claim_problem("web-1").is_some())
        .await;
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("MachineNotFound"));
    fleet
        .until("its replacement is Ready", |stored| stored.counts("web", 2, 1))
        .await;
    fleet.delete::<VPSieNode>("web-1").await;
    let stored = fleet
        .until("it is gone", |stored| stored.counts("web", 1, 1))
        .await;
    assert!(stored.nodes.iter().all(|node| node.name_any() != "web-1"));
    assert!(fleet.truth().await.is_clean());
}

/// A VPSie that does not answer does not keep the operator from stopping: a poll has no effect to wait for.
#[tokio::test(start_paused = true)]
async fn operator_stops_in_the_middle_of_a_poll() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet
        .wire
        .hold(|sent| sent.to == Side::Vpsie && sent.method == Method::GET);
    fleet.wire.is_held().await;
    let stopped = tokio::time::timeout(Duration::from_secs(1), fleet.stop()).await;
    assert!(stopped.is_ok(), "it waits for VPSie");
}

/// An API server that has just learnt our definitions asks for patience; that is no reason not to start.
#[tokio::test(start_paused = true)]
async fn api_server_that_is_still_starting_is_waited_for() {
    let mut fleet = Fleet::in_memory(1);
    for _ in 0..3 {
        let busy = KubeFault::new(KubeFaultEffect::Status(429));
        fleet.memory().fault(busy.on(Verb::List).resource("nodegroups"));
    }
    ready_web(&mut fleet, 1).await;
    assert_eq!(fleet.memory().faults_left(), 0);
}

/// Returns the message of the condition `Blocked` of a VPSieNode.
fn blocked(stored: &Stored, name: &str) -> Option<String> {
    let conditions = stored.claim(name)?.status.as_ref()?.conditions.as_deref()?;
    let blocked = conditions.iter().find(|condition| condition.type_ == "Blocked")?;
    blocked.message.clone()
}

/// Bad input: a right that is missing is named on every object that it holds up, and the rest goes on.
#[tokio::test(start_paused = true)]
async fn forbidden_verb_is_named_and_holds_up_nothing_else() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    let labels = |sent: &Sent| sent.is_effect() && sent.is_about("nodes");
    fleet.wire.refuse(labels, 403);
    fleet.create(&web(&fleet, 2)).await;
    let stored = fleet
        .until("both say so", |stored| {
            ["web-1", "web-2"]
                .iter()
                .all(|name| blocked(stored, name).is_some())
        })
        .await;
    let message = "the API server forbids patch on nodes; grant it to the autoscaler's service account";
    assert_eq!(blocked(&stored, "web-1").as_deref(), Some(message));
    let is_discovered = |claim: &VPSieNode| claim.spec.vpsie_node_identifier.is_some();
    assert!(stored.claims.iter().all(is_discovered), "discovery goes on");
    assert_eq!(fleet.cloud.ledger().len(), 2);
    fleet.wire.allow();
    let stored = fleet
        .until("the right is used", |stored| stored.counts("web", 2, 2))
        .await;
    assert_eq!(
        blocked(&stored, "web-1"),
        None,
        "the condition goes with its cause"
    );
}

/// E2: what Kubernetes does not let through is tried again after waits that double, up to a minute.
#[tokio::test(start_paused = true)]
async fn write_that_fails_is_tried_again_after_growing_waits() {
    let labels = |sent: &Sent| sent.is_effect() && sent.is_about("nodes");
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet.wire.refuse(labels, 500);
    fleet.create(&web(&fleet, 1)).await;
    let tries = || fleet.wire.sent().iter().filter(|sent| labels(sent)).count();
    fleet.until("the first try", |_| tries() > 0).await;
    let blocked = |stored: &Stored| {
        let blocked = stored.claim_condition("web-1", "Blocked");
        blocked.and_then(|blocked| blocked.reason.clone())
    };
    let said = fleet.until("it says so", |stored| blocked(stored).is_some());
    assert_eq!(blocked(&said.await).as_deref(), Some("KubernetesFailed"));
    // One second, two, four, … thirty-two, and then a minute each; a pass that comes later tries later.
    tokio::time::sleep(Duration::from_secs(64)).await;
    let first = tries();
    assert!((4..=7).contains(&first), "{first} tries in the first minute");
    tokio::time::sleep(Duration::from_secs(10 * 60)).await;
    let more = tries() - first;
    assert!((6..=10).contains(&more), "{more} tries in ten minutes");
    fleet.wire.allow();
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
}

/// LC-25, E1: a release that Kubernetes does not let through says why on the VPSieNode that it holds up.
#[tokio::test(start_paused = true)]
async fn release_that_is_held_up_says_why() {
    for (method, label) in [(Method::PATCH, "drain-node"), (Method::DELETE, "delete-node")] {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 1).await;
        let fits = if method == Method::PATCH {
            |sent: &Sent| sent.is_about("nodes") && sent.method == Method::PATCH
        } else {
            |sent: &Sent| sent.is_about("nodes") && sent.method == Method::DELETE
        };
        fleet.wire.refuse(fits, 500);
        fleet.delete::<NodeGroup>("web").await;
        let stored = fleet
            .until("it says so", |stored| blocked(stored, "web-1").is_some())
            .await;
        let message = blocked(&stored, "web-1").expect("it says so");
        assert!(message.starts_with(label) && message.contains("500"), "{message}");
        fleet.wire.allow();
        fleet
            .until("everything is released", |stored| stored.groups.is_empty())
            .await;
        assert!(fleet.truth().await.is_clean());
    }
}

/// A Node that vanishes while its machine runs is reported, and its VPSieNode does not stay Ready.
#[tokio::test(start_paused = true)]
async fn node_deleted_by_hand_makes_its_vpsienode_join_again() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let node = stored
        .claim("web-1")
        .and_then(|claim| claim.status.clone()?.node_name);
    let node = node.expect("it has joined");
    let deleted = fleet.nodes().delete(&node, &DeleteParams::default()).await;
    deleted.expect("a person may delete it");
    // Its kubelet registers it again within seconds.
    let limit = tokio::time::Instant::now() + Duration::from_secs(60);
    while !fleet.stored().await.counts("web", 1, 0) {
        assert!(tokio::time::Instant::now() < limit, "it stayed Ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stored = fleet
        .until("its kubelet has registered it again", |stored| {
            stored.counts("web", 1, 1)
        })
        .await;
    let labels = stored.node(&node).map(|node| node.labels().clone());
    assert!(labels.is_some_and(|labels| labels.contains_key(keys::LABEL_VPSIE_NODE)));
    assert!(said(&fleet, "web-1").contains("NodeVanished"));
    assert_eq!(fleet.cloud.ledger().len(), 1);
    assert!(fleet.truth().await.is_clean());
}
