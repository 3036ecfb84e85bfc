//! A leader that is deposed in the middle of what it does.

use std::time::Duration;

use autoscaler_controller::resources::{GlobalSettings, VPSieNode, keys};
use fleet_sim::cloud::Delay;
use http::Method;
use k8s_openapi::api::coordination::v1::Lease;
use kit::fleet::{Fleet, LEASE, Replica};
use kit::wire::Sent;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;
use tokio::time::sleep;

use crate::{check_purchases, effects, leads, ready};

/// Whether a write opens a creation intent.
fn opens(sent: &Sent) -> bool {
    let annotations = &sent.body["metadata"]["annotations"];
    let intent = annotations[keys::ANNOTATION_CREATION_INTENT].as_str();
    intent.is_some_and(|text| text.contains(r#""outcome":"open""#))
}

/// Gives the Lease to a stranger, and waits until the leader knows.
async fn depose(fleet: &Fleet, leader: &Replica) -> Api<Lease> {
    let leases: Api<Lease> = Api::namespaced(fleet.memory().client(), &fleet.settings.namespace);
    let stolen = json!({ "spec": { "holderIdentity": "stranger", "leaseTransitions": 9 } });
    let stolen = leases
        .patch(LEASE, &PatchParams::default(), &Patch::Merge(stolen))
        .await;
    stolen.expect("a person may write the Lease");
    while leader.leadership.is_leader() {
        sleep(Duration::from_millis(100)).await;
    }
    leases
}

/// SC-8, X-6: a leader that is deposed while several requests are on their way writes down what came of each, and begins
/// no other.
#[tokio::test(start_paused = true)]
async fn leader_deposed_with_requests_on_their_way_writes_down_what_came_of_each() {
    let fleet = Fleet::in_memory(1);
    fleet
        .set(GlobalSettings {
            max_concurrent_scale_ups: Some(3),
            ..GlobalSettings::default()
        })
        .await;
    let first = fleet.replica("first", 1.0).await;
    leads(&first, 5).await;
    let slow = Delay::exactly(Duration::from_secs(10));
    fleet.cloud.behaviour(|behaviour| behaviour.latency = slow);
    fleet.create(&fleet.node_group("web", 57, 5)).await;
    while first.wire.most_adds_at_once() < 3 {
        sleep(Duration::from_millis(100)).await;
    }
    // The pass in which they left has come to its end by then.
    sleep(Duration::from_secs(1)).await;
    let wrote = effects(&first);
    drop(depose(&fleet, &first).await);
    assert_eq!(effects(&first), wrote, "the answers are not there yet");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        effects(&first),
        wrote + 3,
        "what came of each is written down, and nothing else"
    );
    let said = |claim: &VPSieNode| {
        let conditions = claim.status.clone().and_then(|status| status.conditions);
        conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Requested" && one.is_true()))
    };
    let claims = fleet.stored().await.claims;
    assert_eq!(claims.iter().filter(|claim| said(claim)).count(), 3);
    assert_eq!(fleet.cloud.ledger().len(), 3);
    fleet
        .cloud
        .behaviour(|behaviour| behaviour.latency = Delay::none());
    ready(&fleet, 5).await;
    check_purchases(&fleet).await;
}

fn makes_a_vpsie_node(sent: &Sent) -> bool {
    sent.is_about("vpsienodes") && sent.method == Method::POST
}

/// SC-25, X-6: a leader that is deposed in the middle of a pass begins nothing else of it.
#[tokio::test(start_paused = true)]
async fn leader_deposed_in_the_middle_of_a_pass_begins_nothing_else() {
    let fleet = Fleet::in_memory(1);
    let first = fleet.replica("first", 1.0).await;
    leads(&first, 5).await;
    first.wire.hold(makes_a_vpsie_node);
    fleet.create(&fleet.node_group("web", 57, 3)).await;
    first.wire.is_held().await;
    drop(depose(&fleet, &first).await);
    let wrote = effects(&first);
    first.wire.release();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(
        effects(&first),
        wrote,
        "neither the others of its batch nor another"
    );
    assert_eq!(fleet.stored().await.claims.len(), 1);
    ready(&fleet, 3).await;
    check_purchases(&fleet).await;
}

/// X-6, I1: a leader that is deposed between its intent and its purchase does not buy, and says that nothing left.
#[tokio::test(start_paused = true)]
async fn leader_deposed_after_its_intent_does_not_buy() {
    let fleet = Fleet::in_memory(1);
    let first = fleet.replica("first", 1.0).await;
    leads(&first, 5).await;
    first.wire.hold(opens);
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    first.wire.is_held().await;
    let leases = depose(&fleet, &first).await;
    let wrote = effects(&first);
    first.wire.release();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(
        fleet.cloud.ledger().len(),
        0,
        "nothing is bought without leadership"
    );
    assert_eq!(
        effects(&first),
        wrote + 1,
        "what came of it is written down, and nothing else"
    );
    let stored = fleet.stored().await;
    let intent = &stored.claims[0].annotations()[keys::ANNOTATION_CREATION_INTENT];
    assert!(intent.contains(r#""outcome":"not-sent""#), "{intent}");
    ready(&fleet, 1).await;
    let lease = leases
        .get(LEASE)
        .await
        .expect("the Lease is there")
        .spec
        .expect("it has a spec");
    assert_eq!(lease.lease_transitions, Some(10), "it leads a new term");
    check_purchases(&fleet).await;
}
