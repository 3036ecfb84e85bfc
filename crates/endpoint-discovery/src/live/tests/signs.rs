//! What discovery tells beside its views: alerts, choices, and numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;

use super::kit::{Cluster, web};
use crate::instance::NodeFacts;
use crate::live::ServiceAlert;
use crate::score::Check;
use crate::testing::logs::Logs;
use crate::topology::Reason;
use crate::{Alert, InstanceId};

fn in_zone(zone: &str) -> NodeFacts {
    NodeFacts {
        lifecycle_state: "active".to_owned(),
        node_group: None,
        zone: Some(zone.to_owned()),
    }
}

/// EP-21: an instance that is not well is told once in five minutes: to who listens, in the log, and as a number.
#[tokio::test(start_paused = true)]
async fn alert_is_heard_logged_and_counted_once_in_five_minutes() {
    let (logs, _guard) = Logs::collect();
    let cluster = Cluster::with_pods(&["web-0", "web-1"]).await;
    let settings = cluster.settings();
    let meters = settings.meters.clone();
    let discovery = cluster.discover_with(settings);
    let mut alerts = discovery.alerts();
    cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
    discovery.update_inputs(|inputs| {
        let failed = BTreeMap::from([(InstanceId::of_pod("web-1"), Check::Failed)]);
        inputs.checks.insert(web(), failed);
    });
    let expected = ServiceAlert {
        service: web(),
        alert: Alert {
            instance: "web-1".to_owned(),
            score: 44,
            threshold: 70,
        },
    };
    assert_eq!(alerts.recv().await, Ok(expected.clone()));
    let view = cluster.view_is(&discovery, |view| !view.summary().degraded.is_empty());
    let summary = view.await.summary();
    assert_eq!(
        (summary.average, summary.degraded),
        (Some(72.0), vec!["web-1".to_owned()])
    );
    tokio::time::sleep(Duration::from_secs(290)).await;
    assert!(alerts.try_recv().is_err(), "it was told");
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(alerts.try_recv(), Ok(expected));
    assert_eq!(logs.lines("an instance is not well").len(), 2);
    assert_eq!(meters.alerts.get(), 2);
}

/// EP-22: which instances are near follows from the zone of our own Node, and each change of that is logged once.
#[tokio::test(start_paused = true)]
async fn choice_that_changes_is_logged_once_with_its_zone_and_numbers() {
    let (logs, _guard) = Logs::collect();
    let cluster = Cluster::with_pods(&["web-0", "web-1"]).await;
    let mut settings = cluster.settings();
    settings.own_node = Some("ours".to_owned());
    let discovery = cluster.discover_with(settings);
    let near = |reason| {
        let is_so = move |view: &crate::View| view.near.as_ref().is_some_and(|near| near.reason == reason);
        cluster.view_is(&discovery, is_so)
    };
    near(Reason::ZoneUnknown).await;
    let know = |ours: &str| {
        let ours = in_zone(ours);
        discovery.update_inputs(|inputs| {
            inputs.nodes.insert("ours".to_owned(), ours);
            inputs.nodes.insert("node-1".to_owned(), in_zone("ams"));
        });
    };
    know("ams");
    near(Reason::SameZone).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    know("fra");
    let view = near(Reason::NoneInZone).await;
    assert_eq!(view.near.as_ref().map(|near| near.chosen), Some(2));
    let lines = logs.lines("other instances are near");
    let said = |line: &String, words: &[&str]| words.iter().all(|word| line.contains(word));
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        said(
            &lines[1],
            &["zone=\"ams\"", "SameZone", "chosen=2", "ready=2", "draining=0"]
        ),
        "{lines:?}"
    );
    assert!(said(&lines[2], &["zone=\"fra\"", "NoneInZone"]), "{lines:?}");
}

/// EP-22: without the word where we are no choice is made, and none is logged.
#[tokio::test(start_paused = true)]
async fn who_does_not_say_where_he_is_gets_no_choice() {
    let (logs, _guard) = Logs::collect();
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    let view = cluster.view_is(&discovery, crate::View::is_live).await;
    assert_eq!(view.near, None);
    assert_eq!(logs.lines("other instances are near").len(), 0);
}

/// EP-22: our own zone is read off our Node by the usual label, else by another that is named.
#[tokio::test(start_paused = true)]
async fn zone_of_our_own_node_can_be_read() {
    use k8s_openapi::api::core::v1::Node;
    let cluster = Cluster::with_pods(&[]).await;
    let client = cluster.server.client();
    let nodes: kube::Api<Node> = kube::Api::all(client.clone());
    for (name, labels) in [
        (
            "usual",
            json!({"topology.kubernetes.io/zone": "ams", "datacenter": "hel"}),
        ),
        ("other", json!({"datacenter": "hel"})),
    ] {
        let node = serde_json::from_value(json!({"metadata": {"name": name, "labels": labels}})).unwrap();
        nodes.create(&Default::default(), &node).await.unwrap();
    }
    for (name, expected) in [("usual", Some("ams")), ("other", Some("hel")), ("absent", None)] {
        let zone = crate::zone_of_node(client.clone(), name, &["datacenter"])
            .await
            .unwrap();
        assert_eq!(zone.as_deref(), expected, "{name}");
    }
}

/// EP-28: the series are there after the first scrape, true, and gone with their Service.
#[tokio::test(start_paused = true)]
async fn series_tell_what_discovery_does() {
    let cluster = Cluster::with_pods(&["web-0", "web-1"]).await;
    let settings = cluster.settings();
    let (meters, mut registry) = (settings.meters.clone(), Registry::default());
    meters.register(&mut registry);
    let text = || {
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    };
    let discovery = cluster.discover_with(settings);
    cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
    let first = text();
    for line in [
        "discovery_instances_total{namespace=\"shop\",service=\"web\"} 2",
        "discovery_instances_ready{namespace=\"shop\",service=\"web\"} 2",
        "discovery_api_calls_total{api=\"endpointslices\",result=\"answered\"}",
        "discovery_api_calls_total{api=\"services\",result=\"answered\"}",
        "discovery_api_duration_seconds_count{api=\"endpointslices\"}",
        "discovery_watches_total{api=\"endpointslices\"} 1",
        "discovery_update_duration_seconds_count",
        "discovery_alerts_total 0",
        "discovery_breaker_state 0",
    ] {
        assert!(first.contains(line), "no {line} in\n{first}");
    }
    cluster.wire.answer(Some(500));
    cluster.server.cut_watches();
    cluster
        .view_is(&discovery, |view| view.breaker == crate::BreakerState::Open)
        .await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let away = text();
    for line in [
        "result=\"failed\"} ",
        "result=\"rested\"} ",
        "discovery_breaker_state 2",
    ] {
        assert!(away.contains(line), "no {line} in\n{away}");
    }
    meters.forget(&web());
    assert!(!text().contains("service=\"web\""));
}
