//! NodeGroups that are to be made for pods and are not: something is missing, the API server refuses, or one is there.

use std::time::Duration;

use autoscaler_controller::resources::{AutoscalerConfig, AutoscalerConfigSpec, NodeGroupDefaults};
use http::Method;
use k8s_openapi::api::core::v1::Namespace;
use kit::fleet::{DATACENTER, Stored};
use kit::log::Log;
use kit::wire::Sent;
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::json;
use tracing::Level;

use super::founding::{LONG, shop};
use super::shop::{Shop, one};
use super::telemetry::shown;

fn makes_node_groups(sent: &Sent) -> bool {
    sent.is_about("nodegroups") && sent.method == Method::POST
}

/// Counts how often a NodeGroup was to be made.
fn tries(shop: &Shop) -> usize {
    let sent = shop.fleet.wire.sent().into_iter();
    sent.filter(makes_node_groups).count()
}

/// Tells why no NodeGroup is made, as the metric shows it.
fn not_made(shop: &Shop) -> Option<String> {
    let shown = shown(&shop.fleet.metrics);
    let mut lines = shown.lines().filter(|line| line.contains("nodegroups_not_made{"));
    let reason = lines.next()?.split('"').nth(1);
    reason.map(str::to_owned)
}

/// SC-10: where nobody says where a NodeGroup would be, that is told once, however often pods come; then it is made.
#[tokio::test(start_paused = true)]
async fn what_is_missing_to_make_a_group_is_told_once() {
    let shop = Shop::open(&[]).await;
    let defaults = |cluster: Option<&str>| NodeGroupDefaults {
        datacenter_id: Some(DATACENTER.to_owned()),
        resource_identifier: cluster.map(str::to_owned),
        kubernetes_version: Some("v1.34.1".to_owned()),
        ..NodeGroupDefaults::default()
    };
    shop.configure(AutoscalerConfigSpec {
        node_group_defaults: Some(defaults(None)),
        global_settings: None,
    })
    .await;
    for name in ["one", "two"] {
        shop.order(name, 2, 3500).await;
        shop.settle().await;
        let told = shop.told("default").await;
        let expected = "NodeGroupsNotMade pods wait that no NodeGroup can host, and none can be made for them: NodeGroups have no cluster in common; name it as `resourceIdentifier` of nodeGroupDefaults";
        assert_eq!(told, [expected], "{name}");
        assert_eq!(
            not_made(&shop).as_deref(),
            Some("cluster"),
            "as long as pods wait"
        );
        shop.clear().await;
        shop.settle().await;
        assert_eq!(not_made(&shop), None);
    }
    let configs: Api<AutoscalerConfig> = Api::all(shop.fleet.nodes().into_client());
    let named = Patch::Merge(json!({ "spec": { "nodeGroupDefaults": defaults(Some(&shop.fleet.cluster)) } }));
    let changed = configs.patch("default", &PatchParams::default(), &named).await;
    changed.expect("a person may");
    shop.order("three", 1, 3500).await;
    shop.until_bound(1).await;
    assert_eq!(shop.told("default").await.len(), 1);
}

/// SC-10: where the namespace of the defaults is not there, that is told, and nothing is tried; once it is there, one is made in it.
#[tokio::test(start_paused = true)]
async fn namespace_that_is_missing_is_told() {
    let shop = Shop::open(&[("web", 57, 5)]).await;
    shop.configure(AutoscalerConfigSpec {
        node_group_defaults: Some(NodeGroupDefaults {
            namespace: Some("apps".to_owned()),
            ..NodeGroupDefaults::default()
        }),
        global_settings: None,
    })
    .await;
    shop.order("big", 1, 3500).await;
    shop.settle().await;
    let told = shop.told("default").await;
    let expected = "NodeGroupsNotMade pods wait that no NodeGroup can host, and none can be made for them: the namespace that nodeGroupDefaults names does not exist; make it, or name another as `namespace`";
    assert_eq!(told, [expected]);
    assert_eq!((tries(&shop), not_made(&shop).as_deref()), (0, Some("namespace")));
    assert!(shop.told("big-0").await[0].starts_with("NotTriggerScaleUp"));
    let namespaces: Api<Namespace> = Api::all(shop.fleet.nodes().into_client());
    let apps = Namespace {
        metadata: ObjectMeta {
            name: Some("apps".to_owned()),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    let made = namespaces.create(&PostParams::default(), &apps).await;
    made.expect("a person may");
    shop.until_bound(1).await;
    assert!(
        shop.fleet
            .memory()
            .object("nodegroups", "apps", "size-58")
            .is_some()
    );
    assert_eq!((shop.told("default").await.len(), not_made(&shop)), (1, None));
}

/// SC-10, E2: what the API server refuses to make is told once, with what it says, and tried again after a growing wait;
/// nothing else is made in its place.
#[tokio::test(start_paused = true)]
async fn group_that_is_refused_is_told_and_tried_again() {
    for (code, words) in [
        (403, "the API server forbids create on nodegroups"),
        (500, "create on nodegroups was not carried out (500 "),
    ] {
        let shop = shop().await;
        shop.fleet.wire.refuse(makes_node_groups, code);
        shop.order("big", 1, 3500).await;
        shop.pass(Duration::from_secs(630)).await;
        // Six in the first minute, one in each of the nine after it.
        let tries = tries(&shop);
        assert!((6..=16).contains(&tries), "{code}: {tries} tries");
        let told = shop.told("default").await;
        assert_eq!(told.len(), 1, "{code}: {told:?}");
        let about = told[0].starts_with("NodeGroupsNotMade ") && told[0].contains(words);
        assert!(about, "{code}: {told:?}");
        assert_eq!(not_made(&shop).as_deref(), Some("refused"), "{code}");
        let sent = shop.fleet.wire.sent().into_iter();
        let wished = sent
            .filter(makes_node_groups)
            .all(|sent| sent.body["metadata"]["name"] == "size-58");
        assert!(wished, "{code}: no other size is tried in its place");
        assert_eq!(shop.told("big-0").await, [""; 0], "{code}: nothing comes for it");
        shop.fleet.wire.allow();
        let stored = shop.until_bound(1).await;
        assert_eq!(stored.groups.len(), 2, "{code}: web and the one");
        assert_eq!(shop.bought().await, one("size-58", 1), "{code}");
        assert_eq!(
            (shop.told("default").await.len(), not_made(&shop)),
            (1, None),
            "{code}"
        );
        let told = shop.told("big-0").await;
        assert!(
            told.len() == 1 && told[0].starts_with("TriggeredScaleUp "),
            "{told:?}"
        );
    }
}

fn watches_node_groups(sent: &Sent) -> bool {
    sent.is_about("nodegroups") && !sent.is_effect()
}

/// SC-10: a NodeGroup that exists already under the name, which a watch that lags does not show, stays as its person made it,
/// and is no group of ours; once it is seen it serves the pod.
#[tokio::test(start_paused = true)]
async fn group_that_exists_already_stays_as_it_is() {
    let (log, _listening) = Log::listen(Level::WARN);
    let shop = shop().await;
    shop.fleet.wire.refuse(watches_node_groups, 500);
    shop.fleet.memory().cut_watches();
    let mut own = shop.fleet.node_group("size-58", 58, 0);
    own.spec.max_nodes = 2;
    shop.fleet.create(&own).await;
    shop.order("big", 1, 3500).await;
    shop.pass(Duration::from_secs(60)).await;
    // After half a minute of patience each second: what exists already is no failure, after which it waits longer each time.
    let tries = tries(&shop);
    assert!((20..=40).contains(&tries), "{tries} tries");
    assert!(!log.text().contains("create-nodegroup"), "{}", log.text());
    let is_untouched = |stored: &Stored| {
        let group = stored.group("size-58");
        group.spec == own.spec && group.annotations().is_empty()
    };
    assert!(is_untouched(&shop.fleet.stored().await));
    shop.fleet.wire.allow();
    let stored = shop.until_bound(1).await;
    assert_eq!(stored.group("size-58").spec, own.spec);
    assert_eq!(stored.groups.len(), 2, "web and the person's");
    assert_eq!(shop.bought().await, one("size-58", 1));
    assert!(shown(&shop.fleet.metrics).contains("vpsie_autoscaler_nodegroups_made_total 0"));
    let told = shop.told("size-58").await;
    assert!(
        !told.iter().any(|told| told.starts_with("NodeGroupMade")),
        "{told:?}"
    );
    shop.clear().await;
    tokio::time::sleep(LONG).await;
    assert!(
        shop.fleet.stored().await.find_group("size-58").is_some(),
        "nor is it removed"
    );
}
