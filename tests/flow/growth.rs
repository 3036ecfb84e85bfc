//! Pods that wait lead to nodes: exactly those that they need, of the group that serves them at the lowest price.

use std::collections::BTreeMap;
use std::time::Duration;

use autoscaler_controller::resources::GlobalSettings;
use fleet_sim::cloud::{CallKind, Delay, Fault, FaultEffect};
use node_lifecycle::audit::{Action, Filter};
use serde_json::json;

use super::bought;
use super::shop::{Shop, one};
use super::telemetry::shown;

/// SC-4, SC-26: a burst of pods leads to exactly the nodes that it needs, all pods are bound, and nothing follows.
#[tokio::test(start_paused = true)]
async fn burst_of_pods_leads_to_exactly_the_nodes_that_it_needs() {
    let shop = Shop::open(&[("web", 58, 20)]).await;
    // Two fit on the workers that are there, one each; the other ten fit on five nodes of 3800m.
    shop.order("burst", 12, 1500).await;
    shop.until_bound(12).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("web", 5));
    assert_eq!(shop.fleet.cloud.ledger().len(), 5, "each was asked for once");
    assert!(shop.fleet.truth().await.is_clean());
    let entries = shop.fleet.audit.select(&Filter::default());
    let grown = entries.iter().filter(|entry| entry.action == Action::ScaleUp);
    let told: Vec<String> = grown
        .map(|entry| format!("{} {} {:?}", entry.reason, entry.decision_by, entry.count))
        .collect();
    assert_eq!(told, ["pods_wait scale_up_policy Some(5)"]);
    let told = shop.told("burst-11").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("TriggeredScaleUp NodeGroup default/web grows for it: VPSieNode web-"),
        "{told:?}"
    );
}

/// SC-5: of two groups that both serve, the cheaper one grows.
#[tokio::test(start_paused = true)]
async fn cheapest_group_that_serves_grows() {
    let shop = Shop::open(&[("a-large", 59, 5), ("b-medium", 58, 5), ("c-small", 57, 5)]).await;
    shop.order("job", 1, 3500).await;
    shop.until_bound(1).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("b-medium", 1));
}

/// SC-3, SC-6: a pod that fits no size scales nothing, and says why, once.
#[tokio::test(start_paused = true)]
async fn pod_that_nothing_helps_buys_nothing_and_says_why() {
    let shop = Shop::open(&[("web", 57, 5)]).await;
    shop.order("huge", 1, 64_000).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, BTreeMap::new());
    let told = shop.told("huge-0").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("NotTriggerScaleUp no NodeGroup helps"),
        "{told:?}"
    );
    assert!(
        told[0].contains("insufficient-cpu: needs 64, has 1900m"),
        "{told:?}"
    );
    let metrics = shown(&shop.fleet.metrics);
    for line in [
        r#"vpsie_autoscaler_pending_pods{outcome="unhelpable"} 1"#,
        r#"vpsie_autoscaler_pending_pods{outcome="new-node"} 0"#,
        r#"vpsie_autoscaler_pending_pod_reasons{reason="insufficient-cpu"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}");
    }
}

/// SC-6: neither the maximum of a group nor that of the cluster is passed.
#[tokio::test(start_paused = true)]
async fn limits_hold_however_many_pods_wait() {
    let shop = Shop::open(&[("web", 57, 3)]).await;
    shop.order("many", 10, 1500).await;
    shop.until_bound(5).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("web", 3));
    let shop = Shop::open(&[("web", 57, 9)]).await;
    // Two workers are there without a group.
    shop.set(GlobalSettings {
        max_cluster_workers: Some(4),
        ..GlobalSettings::default()
    })
    .await;
    shop.order("many", 10, 1500).await;
    shop.until_bound(4).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("web", 2));
}

/// SC-1: nothing is bought before the grace period is over.
#[tokio::test(start_paused = true)]
async fn pods_wait_for_the_grace_period() {
    let shop = Shop::open(&[("web", 57, 9)]).await;
    shop.set(GlobalSettings {
        unschedulable_pod_grace_period_seconds: Some(600),
        ..GlobalSettings::default()
    })
    .await;
    shop.order("late", 3, 1500).await;
    shop.pass(Duration::from_secs(590)).await;
    assert_eq!(shop.bought().await, BTreeMap::new());
    shop.until_bound(3).await;
    assert_eq!(shop.bought().await, one("web", 1));
}

/// SC-4, LC-41: an operator that dies at any moment of it buys nothing twice.
#[tokio::test(start_paused = true)]
async fn restart_in_the_middle_buys_nothing_twice() {
    for seconds in [31, 33, 36, 40, 60, 90, 150] {
        let mut shop = Shop::open(&[("web", 57, 20), ("other", 57, 20)]).await;
        shop.order("burst", 6, 1500).await;
        shop.pass(Duration::from_secs(seconds)).await;
        shop.fleet.kill().await;
        shop.fleet.start().await;
        shop.until_bound(6).await;
        shop.settle().await;
        let bought = shop.bought().await;
        assert_eq!(bought.values().sum::<usize>(), 4, "after {seconds} s: {bought:?}");
        assert_eq!(shop.fleet.cloud.ledger().len(), 4, "after {seconds} s");
    }
}

/// SC-4: a node that comes is kept for the pods that it was bought for, though one that came later is more important and the
/// operator has died since.
#[tokio::test(start_paused = true)]
async fn promise_outlives_the_operator() {
    let mut shop = Shop::open(&[("any", 58, 5)]).await;
    let mut special = shop.fleet.node_group("special", 57, 0);
    special.spec.max_nodes = 1;
    special.spec.labels = Some(BTreeMap::from([("for".to_owned(), "few".to_owned())]));
    shop.fleet.create(&special).await;
    let slow = Delay::between_seconds(300, 301);
    shop.fleet
        .cloud
        .behaviour(|behaviour| behaviour.boot_delay = slow);
    // They fill the two workers that are there.
    shop.order("a", 2, 1500).await;
    shop.until_bound(2).await;
    let few = json!({ "nodeSelector": { "for": "few" } });
    shop.order_with(&few, "b-first", 1, 1000).await;
    shop.until_claim("its node is on its way", |stored| stored.claims.len() == 1)
        .await;
    shop.fleet.kill().await;
    shop.order_with(&json!({ "priority": 1000 }), "c-later", 1, 1500)
        .await;
    shop.fleet.start().await;
    shop.pass(Duration::from_secs(60)).await;
    let both = BTreeMap::from([("any".to_owned(), 1), ("special".to_owned(), 1)]);
    assert_eq!(shop.bought().await, both, "before either node is there");
    shop.until_bound(4).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, both);
}

/// SC-9: where VPSie refuses the machines of one group, another one grows; what was made for the first is withdrawn.
#[tokio::test(start_paused = true)]
async fn refusal_of_one_group_does_not_delay_another() {
    let shop = Shop::open(&[("cheap", 57, 5), ("dear", 58, 5)]).await;
    let refusal = FaultEffect::Status(
        400,
        r#"{"error":true,"code":400,"message":"no capacity for this plan"}"#.to_owned(),
    );
    shop.fleet.cloud.fault(Fault::on(CallKind::AddWorker, refusal));
    shop.order("job", 3, 1500).await;
    shop.until_bound(3).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("dear", 1));
    assert_eq!(
        shop.fleet.cloud.ledger().len(),
        2,
        "the refusal and the other one"
    );
}

/// SC-5, SC-6: while VPSie does not say what it offers, no size that nobody knows is bought; once it does, pods are helped.
#[tokio::test(start_paused = true)]
async fn unknown_size_is_not_bought() {
    let shop = Shop::open(&[("web", 57, 5)]).await;
    shop.fleet
        .cloud
        .fault(Fault::on(CallKind::Offers, FaultEffect::Html502).times(40));
    shop.order("job", 3, 1500).await;
    shop.pass(Duration::from_secs(120)).await;
    assert_eq!(shop.bought().await, BTreeMap::new());
    let told = shop.told("job-2").await;
    assert!(told.iter().any(|told| told.contains("unknown-size")), "{told:?}");
    shop.until_bound(3).await;
    assert_eq!(shop.bought().await, one("web", 1));
}

/// SC-4: pods that go before a machine is asked for leave nothing behind.
#[tokio::test(start_paused = true)]
async fn node_of_pods_that_went_is_withdrawn() {
    let shop = Shop::open(&[("web", 57, 5)]).await;
    shop.fleet
        .cloud
        .behaviour(|behaviour| behaviour.worker_cap = Some(2));
    shop.order("job", 3, 1500).await;
    shop.until_claim("it is refused", |stored| stored.claim_problem("web-1").is_some())
        .await;
    shop.clear().await;
    shop.settle().await;
    assert_eq!(shop.fleet.stored().await.claims.len(), 0);
    assert_eq!(bought(&shop.fleet.cloud).len(), 0);
}
