//! Pods that no NodeGroup can host lead to one of their own, which goes again once nobody needs it.

use std::time::Duration;

use autoscaler_controller::resources::{
    AutoscalerConfigSpec, GlobalSettings, NodeGroupDefaults, ScaleDownPolicy, ScaleUpPolicy, keys,
};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use kit::fleet::{DATACENTER, NAMESPACE};
use kube::ResourceExt;
use node_lifecycle::audit::Filter;
use serde_json::json;

use super::shop::{Shop, one};
use super::telemetry::shown;

/// Longer than a node rests before it goes, and than its NodeGroup does after it.
pub(super) const LONG: Duration = Duration::from_secs(3600);

/// Opens a shop in which NodeGroups may be made, beside one of machines of 1900m.
pub(super) async fn shop() -> Shop {
    let shop = Shop::open(&[("web", 57, 5)]).await;
    // What is full of one pod would grow by its use; other stories tell that.
    let defaults = NodeGroupDefaults {
        scale_up_policy: Some(ScaleUpPolicy {
            cpu_threshold: Some(100),
            ..ScaleUpPolicy::default()
        }),
        ..NodeGroupDefaults::default()
    };
    shop.configure(AutoscalerConfigSpec {
        node_group_defaults: Some(defaults),
        ..AutoscalerConfigSpec::default()
    })
    .await;
    shop
}

/// Waits until a NodeGroup is there, or is not.
async fn until(shop: &Shop, group: &str, is_there: bool) {
    let what = if is_there { "it is made" } else { "it is gone" };
    shop.fleet
        .until(what, |stored| stored.find_group(group).is_some() == is_there)
        .await;
}

/// Waits until the one condition that says so says that a NodeGroup is unused.
async fn until_unused(shop: &Shop, group: &str) {
    shop.fleet
        .until("it is unused", |stored| {
            let condition = stored.group_condition(group, "Unused");
            condition.is_some_and(|one| one.is_true() && one.reason.as_deref() == Some("Unused"))
        })
        .await;
}

/// SC-10: a pod that no NodeGroup can host leads to one of the cheapest size that fits, to one node, and is bound.
#[tokio::test(start_paused = true)]
async fn pod_that_no_group_hosts_gets_a_group_of_its_own() {
    let shop = shop().await;
    shop.order("big", 1, 3500).await;
    let stored = shop.until_bound(1).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("size-58", 1));
    assert_eq!(shop.fleet.cloud.ledger().len(), 1, "it was asked for once");
    assert!(shop.fleet.truth().await.is_clean());
    let made = stored.group("size-58");
    let spec = &made.spec;
    assert_eq!(
        (spec.min_nodes, spec.max_nodes, spec.kube_size_id),
        (0, 10, Some(58))
    );
    assert_eq!(spec.datacenter_id, DATACENTER);
    assert!(made.is_managed());
    let told = shop.told("big-0").await;
    let expected = "TriggeredScaleUp NodeGroup default/size-58 is made for it, for no other can host it: VPSieNode size-58-1";
    assert_eq!(told, [expected]);
    assert!(shown(&shop.fleet.metrics).contains("vpsie_autoscaler_nodegroups_made_total 1"));
    let told = shop.told("size-58").await;
    let made = "NodeGroupMade it is made for pods that no other NodeGroup can host";
    assert!(told.iter().any(|told| told == made), "{told:?}");
}

/// SC-10: NodeGroups are made only where an AutoscalerConfig allows it.
#[tokio::test(start_paused = true)]
async fn no_group_is_made_unless_it_is_allowed() {
    for settings in [None, Some(false)] {
        let shop = Shop::open(&[("web", 57, 5)]).await;
        if settings.is_some() {
            shop.set(GlobalSettings {
                enable_dynamic_node_group_creation: settings,
                ..GlobalSettings::default()
            })
            .await;
        }
        shop.order("big", 1, 3500).await;
        shop.settle().await;
        assert_eq!(shop.fleet.stored().await.groups.len(), 1, "{settings:?}");
        assert!(shop.told("big-0").await[0].starts_with("NotTriggerScaleUp"));
    }
}

/// SC-10: in a cluster without any NodeGroup the defaults say where the first one is.
#[tokio::test(start_paused = true)]
async fn first_group_is_made_of_the_defaults() {
    let shop = Shop::open(&[]).await;
    shop.configure(AutoscalerConfigSpec {
        node_group_defaults: Some(NodeGroupDefaults {
            datacenter_id: Some(DATACENTER.to_owned()),
            resource_identifier: Some(shop.fleet.cluster.clone()),
            kubernetes_version: Some("v1.34.1".to_owned()),
            max_nodes: Some(3),
            labels: Some([("pool".to_owned(), "made".to_owned())].into()),
            ..NodeGroupDefaults::default()
        }),
        global_settings: None,
    })
    .await;
    shop.order("job", 4, 1500).await;
    let stored = shop.until_bound(4).await;
    assert_eq!(
        shop.bought().await,
        one("size-57", 2),
        "at the price of one that is larger"
    );
    let node = stored
        .nodes
        .iter()
        .find(|node| node.labels().get("pool").is_some_and(|pool| pool == "made"));
    assert!(node.is_some(), "{stored}");
}

/// SC-10: once its pods are gone, the node goes, then the NodeGroup; the group at VPSie stays, and serves the next one.
#[tokio::test(start_paused = true)]
async fn group_that_nobody_needs_goes_after_its_cool_down() {
    let mut shop = shop().await;
    shop.order("big", 1, 3500).await;
    shop.until_bound(1).await;
    tokio::time::sleep(LONG).await;
    assert!(
        shop.fleet.stored().await.find_group("size-58").is_some(),
        "it is in use"
    );
    shop.clear().await;
    until_unused(&shop, "size-58").await;
    let (unused_at, unused) = (shop.fleet.clock.now(), "Unused");
    let stored = shop.fleet.stored().await;
    assert_eq!(stored.claims.len(), 0);
    let condition = stored.group_condition("size-58", unused).expect("it says so");
    assert_eq!(condition.reason.as_deref(), Some("Unused"));
    // A restart forgets nothing of the wait.
    tokio::time::sleep(Duration::from_secs(300)).await;
    shop.fleet.kill().await;
    shop.fleet.start().await;
    until(&shop, "size-58", false).await;
    let waited = (shop.fleet.clock.now() - unused_at).num_seconds();
    assert!((570..=640).contains(&waited), "{waited} s");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let told = shop.told("size-58").await;
    let removed = |told: &&String| told.starts_with("NodeGroupRemoved it has no node and no pod needs it");
    assert_eq!(told.iter().filter(removed).count(), 1, "{told:?}");
    let entries = shop.fleet.audit.select(&Filter::default());
    let entries = entries
        .iter()
        .filter(|entry| entry.reason.starts_with("node_group_"));
    let entries: Vec<String> = entries
        .map(|entry| format!("{} {}", entry.action, entry.reason))
        .collect();
    assert_eq!(
        entries,
        ["scale_up node_group_made", "scale_down node_group_unused"]
    );
    let metrics = shown(&shop.fleet.metrics);
    // The counter of the process that made it ended with that process.
    for line in ["nodegroups_made_total 0", "nodegroups_dismissed_total 1"] {
        assert!(metrics.contains(&format!("vpsie_autoscaler_{line}")), "{line}");
    }
    let at_vpsie = shop.fleet.cloud.groups(&shop.fleet.cluster);
    assert!(at_vpsie.iter().any(|group| group.name == "size-58"));
    shop.order("again", 1, 3500).await;
    shop.until_bound(1).await;
    assert_eq!(shop.fleet.cloud.groups(&shop.fleet.cluster).len(), at_vpsie.len());
    assert!(shop.fleet.truth().await.is_clean());
}

/// SC-10: what a person has changed is his; so is a copy.
#[tokio::test(start_paused = true)]
async fn group_that_a_person_changes_is_kept() {
    let unmarked = json!({ "metadata": { "labels": { keys::LABEL_MADE_FOR_PODS: null } } });
    let forbidden = json!({ "metadata": { "annotations": { keys::ANNOTATION_SCALE_DOWN: keys::DISABLED } } });
    for patch in [json!({ "spec": { "maxNodes": 4 } }), unmarked, forbidden] {
        let shop = shop().await;
        shop.order("big", 1, 3500).await;
        until(&shop, "size-58", true).await;
        shop.clear().await;
        until_unused(&shop, "size-58").await;
        shop.change("size-58", patch.clone()).await;
        tokio::time::sleep(LONG).await;
        let stored = shop.fleet.stored().await;
        assert!(stored.find_group("size-58").is_some(), "{patch}");
        assert_eq!(stored.group_condition("size-58", "Unused"), None, "{patch}");
    }
    let shop = shop().await;
    shop.order("big", 1, 3500).await;
    until(&shop, "size-58", true).await;
    let mut copy = shop.fleet.stored().await.group("size-58").clone();
    copy.metadata = kube::core::ObjectMeta {
        name: Some("copy".to_owned()),
        namespace: Some(NAMESPACE.to_owned()),
        labels: copy.metadata.labels,
        annotations: copy.metadata.annotations,
        ..kube::core::ObjectMeta::default()
    };
    copy.spec.kube_size_id = Some(59);
    shop.fleet.create(&copy).await;
    shop.clear().await;
    until(&shop, "size-58", false).await;
    tokio::time::sleep(LONG).await;
    assert!(shop.fleet.stored().await.find_group("copy").is_some());
}

/// SC-10: of a size that VPSie has a group of already no other is made, for it would be refused.
#[tokio::test(start_paused = true)]
async fn size_that_vpsie_has_a_group_of_is_not_taken() {
    let shop = shop().await;
    shop.fleet.cloud.add_group(&shop.fleet.cluster, "a-person's", 58);
    shop.order("big", 1, 3500).await;
    shop.until_bound(1).await;
    shop.settle().await;
    assert_eq!(shop.bought().await, one("size-59", 1));
}

/// SC-10, SC-9: where VPSie refuses the group, one NodeGroup says so, and it is asked for again; nothing else is made.
#[tokio::test(start_paused = true)]
async fn refusal_of_the_group_is_said_and_tried_again() {
    let shop = shop().await;
    let refusal = FaultEffect::Status(400, r#"{"error":true,"code":400,"message":"not now"}"#.to_owned());
    let fault = Fault::on(CallKind::CreateGroup, refusal);
    shop.fleet.cloud.fault(fault.times(3));
    shop.order("big", 1, 3500).await;
    shop.fleet
        .until("it is told", |stored| stored.group_problem("size-58").is_some())
        .await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(shop.fleet.stored().await.groups.len(), 2, "web and the one");
    shop.until_bound(1).await;
    assert_eq!(shop.bought().await, one("size-58", 1));
}

/// SC-10: an operator that dies at any moment of it makes one NodeGroup and buys one machine.
#[tokio::test(start_paused = true)]
async fn restart_in_the_middle_makes_one_group() {
    for seconds in [30, 31, 32, 36, 60] {
        let mut shop = shop().await;
        shop.order("big", 1, 3500).await;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        shop.fleet.kill().await;
        shop.fleet.start().await;
        shop.until_bound(1).await;
        shop.settle().await;
        assert_eq!(shop.bought().await, one("size-58", 1), "after {seconds} s");
        assert_eq!(shop.fleet.stored().await.groups.len(), 2, "after {seconds} s");
    }
}

/// SC-10, SC-7: the scaleDownPolicy of the defaults is that of what is made; one that is off keeps it.
#[tokio::test(start_paused = true)]
async fn policy_of_the_defaults_is_taken_over() {
    let shop = Shop::open(&[("web", 57, 5)]).await;
    let policy = ScaleDownPolicy {
        enabled: Some(false),
        ..ScaleDownPolicy::default()
    };
    shop.configure(AutoscalerConfigSpec {
        node_group_defaults: Some(NodeGroupDefaults {
            scale_down_policy: Some(policy.clone()),
            ..NodeGroupDefaults::default()
        }),
        global_settings: None,
    })
    .await;
    shop.order("big", 1, 3500).await;
    let stored = shop.until_bound(1).await;
    assert_eq!(stored.group("size-58").spec.scale_down_policy, Some(policy));
    shop.clear().await;
    tokio::time::sleep(LONG).await;
    assert_eq!(shop.bought().await, one("size-58", 1), "its node stays");
}
