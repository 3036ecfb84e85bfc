//! Deletions in the middle of things: nothing is released before it is known what there is to remove.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, Phase, VPSieNode, keys};
use chrono::TimeDelta;
use fleet_sim::cloud::{CallKind, Delay, Fault, FaultEffect};
use http::Method;
use kit::fleet::{Fleet, Stored};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::lives::record;
use super::scenarios::{annotate_node, cordoned};
use super::{ask_for_web, bought, ready_web, web};

/// Lets the only request of `web` go unanswered, and deletes the NodeGroup then.
async fn deleted_with_an_open_request(mut fleet: Fleet) -> Fleet {
    fleet
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect));
    ask_for_web(&mut fleet).await;
    fleet.delete::<NodeGroup>("web").await;
    fleet
}

/// I6: a deleted VPSieNode whose request may have made a machine stays until time and replies say it did not.
#[tokio::test(start_paused = true)]
async fn open_request_holds_its_vpsienode_until_nothing_can_come() {
    let fleet = deleted_with_an_open_request(Fleet::in_memory(1)).await;
    fleet
        .until("everything is released", |stored| stored.groups.is_empty())
        .await;
    let waited = fleet.clock.now() - fleet.cloud.ledger()[0].at;
    let least = fleet.settings.discovery_timeout + fleet.settings.candidate_spacing * 2;
    assert!(
        waited >= least,
        "{waited} is less than the time-out and three replies a minute apart"
    );
    assert_eq!(fleet.cloud.ledger().len(), 1);
    assert!(fleet.truth().await.is_clean());
}

/// I6: one reply of VPSie is one proof that nothing came, however many passes look at it.
#[tokio::test(start_paused = true)]
async fn passes_without_a_new_reply_prove_nothing() {
    let mut fleet = Fleet::in_memory(1);
    fleet.settings.poll_interval = Duration::from_secs(20 * 60);
    let fleet = deleted_with_an_open_request(fleet).await;
    let node = fleet.stored().await.nodes[0].name_any();
    for minute in 0..45 {
        let change = json!({ "metadata": { "annotations": { "minute": minute.to_string() } } });
        let (nodes, change) = (fleet.nodes(), Patch::Merge(change));
        let changed = nodes.patch(&node, &PatchParams::default(), &change).await;
        changed.expect("a Node can be annotated");
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(fleet.stored().await.claims.len(), 1, "only two replies are proof");
    fleet
        .until("everything is released", |stored| stored.groups.is_empty())
        .await;
    assert!(fleet.truth().await.is_clean());
}

/// A removal that did not leave in time is known not to have left, and leaves in the next pass.
#[tokio::test(start_paused = true)]
async fn removal_with_an_expired_permit_is_asked_again_at_once() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet
        .wire
        .hold(|sent| sent.body.to_string().contains("removal-intent"));
    fleet.delete::<NodeGroup>("web").await;
    fleet.wire.is_held().await;
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(fleet.cloud.removals(), []);
    let released = fleet.clock.now();
    fleet.wire.release();
    fleet
        .until("the removal is asked for", |_| !fleet.cloud.removals().is_empty())
        .await;
    let waited = fleet.clock.now() - released;
    assert!(waited < TimeDelta::seconds(60), "{waited}");
}

/// I6: a machine that appears for a deleted VPSieNode is removed before the VPSieNode goes.
#[tokio::test(start_paused = true)]
async fn machine_of_a_vpsienode_deleted_before_its_discovery_is_removed() {
    let mut fleet = Fleet::in_memory(1);
    fleet
        .cloud
        .behaviour(|behaviour| behaviour.list_delay = Delay::exactly(Duration::from_secs(300)));
    ask_for_web(&mut fleet).await;
    fleet.delete::<NodeGroup>("web").await;
    let stored = fleet.polls(3).await;
    assert_eq!(stored.claims.len(), 1, "it waits for its machine");
    fleet
        .until("everything is given back", |stored| stored.groups.is_empty())
        .await;
    assert_eq!(bought(&fleet.cloud), []);
    assert_eq!(fleet.cloud.removals().len(), 1);
    assert!(fleet.truth().await.is_clean());
}

/// A VPSieNode for which nothing was asked goes at once, and nothing is asked for it any more.
#[tokio::test(start_paused = true)]
async fn vpsienode_that_never_asked_goes_at_once() {
    let mut fleet = Fleet::in_memory(1);
    fleet.cloud.behaviour(|behaviour| behaviour.worker_cap = Some(2));
    fleet.start().await;
    fleet.create(&web(&fleet, 1)).await;
    fleet
        .until("VPSie refused", |stored| stored.claim_problem("web-1").is_some())
        .await;
    fleet.cloud.behaviour(|behaviour| behaviour.worker_cap = None);
    let asked = fleet.cloud.ledger().len();
    fleet.delete::<NodeGroup>("web").await;
    fleet
        .until("everything is released", |stored| stored.groups.is_empty())
        .await;
    assert_eq!(fleet.cloud.ledger().len(), asked);
}

/// LC-25: a removal is asked for once, and the machine must be absent three times before its record goes.
#[tokio::test(start_paused = true)]
async fn record_of_a_machine_outlives_the_machine() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let claim = stored.claim("web-1").expect("it is Ready");
    let machine = claim
        .spec
        .vpsie_node_identifier
        .clone()
        .expect("it is discovered");
    fleet.delete::<NodeGroup>("web").await;
    fleet
        .until("the machine is gone", |_| bought(&fleet.cloud).is_empty())
        .await;
    let gone_at = fleet
        .cloud
        .machine(&machine)
        .and_then(|machine| machine.removed_at)
        .expect("it is gone");
    fleet
        .until("the record is gone", |stored| stored.claims.is_empty())
        .await;
    let kept = fleet.clock.now() - gone_at;
    assert!(kept >= fleet.settings.absence_spacing * 2, "{kept}");
    assert_eq!(fleet.cloud.removals().len(), 1);
}

/// A removal whose answer is lost is asked again by its name and removes nothing else.
#[tokio::test(start_paused = true)]
async fn removal_whose_answer_is_lost_removes_one_machine() {
    for effect in [
        FaultEffect::LoseReplyAfterEffect,
        FaultEffect::TimeOutBeforeEffect,
        FaultEffect::Html502,
    ] {
        let mut fleet = Fleet::in_memory(1);
        ready_web(&mut fleet, 2).await;
        fleet
            .cloud
            .fault(Fault::on(CallKind::RemoveWorker, effect.clone()));
        fleet.delete::<VPSieNode>("web-2").await;
        fleet
            .until("it is replaced", |stored| {
                stored.counts("web", 2, 2) && fleet.cloud.ledger().len() == 3
            })
            .await;
        assert_eq!(bought(&fleet.cloud).len(), 2, "{effect:?}");
        let report = fleet.truth().await;
        assert!(report.is_clean(), "{effect:?} {report:?}");
    }
}

/// LC-23: with room for one more, the replacement of a deleted VPSieNode is Ready before its machine goes.
#[tokio::test(start_paused = true)]
async fn replacement_is_ready_before_the_machine_of_a_deleted_vpsienode_goes() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.delete::<VPSieNode>("web-1").await;
    let stored = fleet
        .until("it waits", |stored| {
            let ready = stored.claim_condition("web-1", "VPSReady");
            ready.is_some_and(|ready| ready.reason.as_deref() == Some("BelowMinNodes"))
        })
        .await;
    let is_cordoned = |stored: &Stored| {
        let mut nodes = stored.nodes.iter().filter_map(|node| node.spec.as_ref());
        nodes.any(|spec| spec.unschedulable == Some(true))
    };
    assert!(!is_cordoned(&stored), "it is in service until the other is");
    let stored = fleet
        .until("the machine is removed", |_| !fleet.cloud.removals().is_empty())
        .await;
    let replacement = stored.claim("web-2").expect("it was made");
    assert_eq!(replacement.phase(), Phase::Ready);
    fleet
        .until("it has ended", |stored| stored.claim("web-1").is_none())
        .await;
    assert_eq!(fleet.cloud.ledger().len(), 2);
    assert!(fleet.truth().await.is_clean());
}

/// LC-23: without room the machine goes first, one at a time, and each is replaced.
#[tokio::test(start_paused = true)]
async fn without_room_machines_go_first_and_one_at_a_time() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    let mut group = web(&fleet, 2);
    group.spec.max_nodes = 2;
    fleet.create(&group).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 2, 2))
        .await;
    let old: Vec<_> = fleet.stored().await.claims.iter().map(ResourceExt::uid).collect();
    fleet.delete::<VPSieNode>("web-1").await;
    fleet.delete::<VPSieNode>("web-2").await;
    fleet
        .until("both are replaced", |stored| {
            assert!(
                !bought(&fleet.cloud).is_empty(),
                "one stays until the other is replaced"
            );
            stored.counts("web", 2, 2) && stored.claims.iter().all(|claim| !old.contains(&claim.uid()))
        })
        .await;
    assert_eq!((fleet.cloud.ledger().len(), fleet.cloud.removals().len()), (4, 2));
    assert!(fleet.truth().await.is_clean());
}

/// LC-16: a VPSieNode that is deleted before its Node joined waits for that, and no longer than until its time is over.
#[tokio::test(start_paused = true)]
async fn starting_machine_of_a_deleted_vpsienode_stays_until_it_joins_or_times_out() {
    for joins in [true, false] {
        let mut fleet = Fleet::in_memory(1);
        let minutes = if joins { 5 } else { 600 };
        fleet
            .cloud
            .behaviour(|behaviour| behaviour.join_delay = Delay::exactly(Duration::from_secs(minutes * 60)));
        fleet.start().await;
        fleet.create(&web(&fleet, 1)).await;
        fleet
            .until("its machine is known", |stored| {
                let claim = stored.claim("web-1");
                claim.is_some_and(|claim| claim.spec.vpsie_node_identifier.is_some())
            })
            .await;
        let known = fleet.clock.now();
        fleet.delete::<NodeGroup>("web").await;
        let stored = fleet.polls(3).await;
        let ready = stored.claim_condition("web-1", "VPSReady");
        assert_eq!(
            ready.and_then(|ready| ready.reason.as_deref()),
            Some("StillStartingUp")
        );
        fleet
            .until("everything is given back", |stored| stored.groups.is_empty())
            .await;
        let waited = fleet.cloud.removals()[0].at - known;
        let limit = fleet.settings.joining_timeout;
        assert_eq!(waited < TimeDelta::minutes(14), joins, "{waited}");
        assert!(waited > TimeDelta::minutes(4), "{waited}");
        assert!(waited < limit + TimeDelta::minutes(2), "{waited}");
        assert_eq!(fleet.cloud.removals().len(), 1);
        let report = fleet.truth().await;
        assert!(report.is_clean(), "{report:?}");
    }
}

/// LC-14, LC-53: what somebody excepted is not removed, and VPSie is not even asked.
#[tokio::test(start_paused = true)]
async fn excepted_node_keeps_its_machine() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let status = stored.claim("web-1").and_then(|claim| claim.status.clone());
    let node = status.and_then(|status| status.node_name).expect("it has joined");
    let except =
        |value: &str| json!({ "metadata": { "annotations": { keys::ANNOTATION_PROTECTED: value } } });
    let (nodes, patch) = (fleet.nodes(), PatchParams::default());
    let excepted = nodes.patch(&node, &patch, &Patch::Merge(except("true"))).await;
    excepted.expect("a Node can be annotated");
    fleet.delete::<NodeGroup>("web").await;
    let stored = fleet.polls(30).await;
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("NotManagedNode"));
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    let allowed = nodes.patch(&node, &patch, &Patch::Merge(except("false"))).await;
    allowed.expect("a Node can be annotated");
    fleet
        .until("everything is given back", |stored| stored.groups.is_empty())
        .await;
    assert!(fleet.truth().await.is_clean());
}

/// LC-25a, LC-14: an exception at the last moment keeps the machine: it does not drain, and its Node is back in service.
#[tokio::test(start_paused = true)]
async fn node_excepted_at_the_last_moment_comes_back_and_does_not_drain() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    // The intent is written, and the Node is about to be read afresh.
    fleet
        .wire
        .hold(|sent| sent.method == Method::GET && sent.is_about("nodes") && !sent.path.ends_with("/nodes"));
    fleet.delete::<NodeGroup>("web").await;
    fleet.wire.is_held().await;
    annotate_node(&fleet, &stored, keys::ANNOTATION_PROTECTED, Some("true")).await;
    fleet.wire.release();
    let stored = fleet.polls(6).await;
    assert_eq!(stored.claim_problem("web-1").as_deref(), Some("NotManagedNode"));
    assert_eq!(stored.phases(), ["Terminating"]);
    assert_eq!(record(&stored).expect("there is a record")["state"], "ready");
    assert_eq!(cordoned(&stored), [""; 0], "it takes pods again");
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    annotate_node(&fleet, &stored, keys::ANNOTATION_PROTECTED, None).await;
    fleet
        .until("everything is given back", |stored| stored.groups.is_empty())
        .await;
    assert!(fleet.truth().await.is_clean());
}
