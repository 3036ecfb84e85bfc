//! What was made and is not seen yet, because the watch lags behind: nothing is made for its pods again.

use std::time::Duration;

use autoscaler_controller::resources::GlobalSettings;
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::shop::{Shop, one};

async fn plan_at_once(shop: &Shop) {
    shop.set(GlobalSettings {
        unschedulable_pod_grace_period_seconds: Some(0),
        ..GlobalSettings::default()
    })
    .await;
}

/// Has the operator make passes although nothing that counts changes.
async fn look_five_times(shop: &Shop) {
    for number in 1..=5 {
        let labels = json!({ "metadata": { "labels": { "looked-at": number.to_string() } } });
        shop.change("dear", labels).await;
        sleep(Duration::from_secs(1)).await;
    }
}

/// SC-1, SC-4, SC-26: the machine of a node is asked for by the pass that makes it, and the pods are not planned for again
/// before it is seen, however many passes are made meanwhile and however much cheaper another NodeGroup has become.
#[tokio::test(start_paused = true)]
async fn pods_are_not_planned_for_again_before_what_was_made_is_seen() {
    let shop = Shop::open(&[("cheap", 57, 5), ("dear", 58, 5)]).await;
    plan_at_once(&shop).await;
    let grows = |is_so: bool| json!({ "spec": { "scaleUpPolicy": { "enabled": is_so } } });
    shop.change("cheap", grows(false)).await;
    sleep(Duration::from_secs(1)).await;
    shop.pass(Duration::from_secs(120)).await;
    shop.fleet
        .wire
        .hold(|sent| sent.method == Method::GET && sent.path.ends_with("/vpsienodes"));
    shop.fleet.memory().cut_watches();
    shop.fleet.wire.is_held().await;
    // Two find room on the workers that are there.
    shop.order("job", 3, 1500).await;
    while shop.fleet.stored().await.claims.is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    while shop.fleet.cloud.ledger().is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    shop.change("cheap", grows(true)).await;
    sleep(Duration::from_secs(1)).await;
    look_five_times(&shop).await;
    shop.fleet.wire.release();
    shop.until_bound(3).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("dear", 1));
    let sent = shop.fleet.wire.sent().into_iter();
    let made = sent.filter(|sent| sent.method == Method::POST && sent.path.ends_with("/vpsienodes"));
    let names: Vec<Value> = made.map(|sent| sent.body["metadata"]["name"].clone()).collect();
    assert_eq!(
        names,
        ["dear-1"],
        "nothing else was made, not even to be withdrawn"
    );
}

/// SC-1, decision 24: a VPSieNode that the watch shows as it was made, before its machine was asked for, is not taken for one
/// that has not asked: nothing is decided for its pods, and it is not withdrawn when they go.
#[tokio::test(start_paused = true)]
async fn node_whose_request_is_not_seen_yet_is_not_withdrawn() {
    let shop = Shop::open(&[("dear", 58, 5)]).await;
    plan_at_once(&shop).await;
    shop.pass(Duration::from_secs(120)).await;
    let wire = &shop.fleet.wire;
    wire.hold(|sent| sent.method == Method::PATCH && sent.path.ends_with("/vpsienodes/dear-1"));
    shop.order("job", 3, 1500).await;
    wire.is_held().await;
    sleep(Duration::from_secs(1)).await;
    // The watch has shown it; from now on it shows nothing.
    wire.hold(|sent| sent.method == Method::GET && sent.path.ends_with("/vpsienodes"));
    shop.fleet.memory().cut_watches();
    wire.is_held().await;
    wire.release();
    while shop.fleet.cloud.ledger().is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    shop.clear().await;
    look_five_times(&shop).await;
    wire.release();
    shop.settle().await;
    assert_eq!(shop.bought().await, one("dear", 1));
    let mut sent = wire.sent().into_iter();
    let withdrawn =
        sent.find(|sent| sent.method == Method::DELETE && sent.path.ends_with("/vpsienodes/dear-1"));
    assert_eq!(withdrawn, None);
}
