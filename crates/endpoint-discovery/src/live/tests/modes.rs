//! Modes, fallback when something is forbidden, and the way back.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde_json::json;

use super::kit::{Cluster, ready};
use crate::mode::{Mode, Source};
use crate::testing::logs::Logs;

/// EP-12: where slices are forbidden Endpoints are read, with one warning.
#[tokio::test(start_paused = true)]
async fn forbidden_slices_lead_to_endpoints_with_one_warning() {
    let (logs, _guard) = Logs::collect();
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster.wire.forbid(&["endpointslices"]);
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    cluster.set_pods(&["web-0", "web-1"]).await;
    cluster.ready_are(&discovery, &["web-0", "web-1"]).await;
    let view = cluster.view_is(&discovery, |view| view.stale.is_none()).await;
    assert_eq!(view.source, Some(Source::Endpoints));
    assert_eq!(logs.lines("WARN").len(), 1, "{:?}", logs.lines("WARN"));
    assert!(logs.lines("WARN")[0].contains("instead=\"endpoints\""));
}

/// EP-11: the mode is said in exactly one line.
#[tokio::test(start_paused = true)]
async fn mode_is_said_in_one_line() {
    let (logs, _guard) = Logs::collect();
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    let lines = logs.lines("Using discovery mode");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].ends_with("Using discovery mode: kubernetes-endpoints"),
        "{lines:?}"
    );
}

/// EP-38: a full start in the usual mode says which it is, fails nowhere, and lists the instances with addresses and names.
#[tokio::test(start_paused = true)]
async fn full_start_lists_instances_with_addresses_and_names() {
    for (cluster_ip, expected) in [
        (
            "10.96.0.1",
            json!({"serviceEndpoint": "web.shop.svc.cluster.local"}),
        ),
        ("None", json!({"dnsName": "web-0.web.shop.svc.cluster.local"})),
    ] {
        let (logs, _guard) = Logs::collect();
        let cluster = Cluster::with_pods(&[]).await;
        cluster
            .put::<Service>(json!({
                "metadata": {"name": "web"}, "spec": {"clusterIP": cluster_ip, "ports": [{"port": 80}]},
            }))
            .await;
        cluster
            .put::<EndpointSlice>(json!({
                "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
                "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}],
                "endpoints": [{
                    "addresses": ["10.0.0.1"], "hostname": "web-0",
                    "targetRef": {"kind": "Pod", "name": "web-0", "uid": "u1"},
                }],
            }))
            .await;
        let discovery = cluster.discover();
        cluster.ready_are(&discovery, &["web-0"]).await;
        let view = cluster.view_is(&discovery, crate::View::is_live).await;
        let instances = view.instances();
        let shown = serde_json::to_value(instances[0].as_ref()).unwrap();
        let addresses = shown["addresses"].as_object().unwrap();
        assert_eq!((instances.len(), &addresses["ip"]), (1, &json!("10.0.0.1")));
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&addresses[key], value);
        }
        assert_eq!(shown["podName"], "web-0");
        assert_eq!(logs.lines("Using discovery mode: kubernetes-endpoints").len(), 1);
        assert_eq!((logs.lines("WARN").len(), logs.lines("ERROR").len()), (0, 0));
    }
}

/// EP-10: a right that is lost later leads on as well, and the old list stands until the new source has told.
#[tokio::test(start_paused = true)]
async fn right_that_is_lost_later_leads_on() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    cluster.wire.forbid(&["endpointslices"]);
    cluster.server.cut_watches();
    let view = cluster
        .view_is(&discovery, |view| view.source == Some(Source::Endpoints))
        .await;
    assert_eq!(ready(&view), ["web-0"]);
    cluster.set_pods(&["web-1"]).await;
    cluster.ready_are(&discovery, &["web-1"]).await;
}

/// EP-12: where nothing may be read, that is said, and nothing is made up.
#[tokio::test(start_paused = true)]
async fn nothing_is_made_up_where_all_is_forbidden() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster
        .wire
        .forbid(&["endpointslices", "endpoints", "services", "pods"]);
    let discovery = cluster.discover();
    let view = cluster
        .view_is(&discovery, |view| {
            view.source == Some(Source::Endpoints) && view.stale.is_some()
        })
        .await;
    assert!(!view.is_live());
    assert_eq!(
        view.stale.as_ref().unwrap().error,
        "the API server answers 403 Forbidden"
    );
    cluster.wire.forbid(&[]);
    cluster.ready_are(&discovery, &["web-0"]).await;
}

/// EP-11: a Service that may not be read does not hide its endpoints.
#[tokio::test(start_paused = true)]
async fn unreadable_service_is_supposed_to_be_a_usual_one() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster.wire.forbid(&["services"]);
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    let view = cluster.view_is(&discovery, crate::View::is_live).await;
    assert_eq!(view.warnings, [crate::Warning::ServiceUnreadable].into());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let view = cluster.view_is(&discovery, crate::View::is_live).await;
    assert_eq!(view.stale, None, "what may not be read cannot be out of date");
}

/// EP-11: static mode asks nobody.
#[tokio::test(start_paused = true)]
async fn static_mode_asks_nobody() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let mut settings = cluster.settings();
    settings.mode = Mode::Static;
    settings
        .hints
        .insert(super::kit::web(), vec![cluster.hint("web-9")]);
    let discovery = cluster.discover_with(settings);
    let view = cluster
        .view_is(&discovery, |view| view.instances().len() == 1)
        .await;
    assert_eq!((view.source, view.is_live()), (None, false));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(cluster.wire.calls(), 0);
}

#[cfg(feature = "pod-mode")]
mod pod_mode {
    use k8s_openapi::api::core::v1::Service;
    use serde_json::json;

    use super::super::kit::{Cluster, ready};
    use super::{Duration, Mode, Source};
    use crate::sighting::Warning;

    /// EP-11: with slices and Endpoints forbidden, auto reads pods.
    #[tokio::test(start_paused = true)]
    async fn auto_goes_on_to_pods() {
        let cluster = Cluster::with_pods(&["web-0"]).await;
        cluster.wire.forbid(&["endpointslices", "endpoints"]);
        let mut settings = cluster.settings();
        settings.mode = Mode::Auto;
        let discovery = cluster.discover_with(settings);
        cluster.ready_are(&discovery, &["web-0"]).await;
        let view = cluster.view_is(&discovery, |view| view.stale.is_none()).await;
        assert_eq!(view.source, Some(Source::Pods));
    }

    /// EP-12, EP-43: endpoints, pods, and back: the same ready instances each time.
    #[tokio::test(start_paused = true)]
    async fn mode_can_be_switched_and_rolled_back() {
        let cluster = Cluster::with_pods(&["web-0", "web-1", "web-10"]).await;
        for mode in [
            Mode::KubernetesEndpoints,
            Mode::KubernetesPods,
            Mode::KubernetesEndpoints,
            Mode::Auto,
        ] {
            for use_endpoint_slices in [true, false] {
                let mut settings = cluster.settings();
                settings.mode = mode;
                settings.use_endpoint_slices = use_endpoint_slices;
                let discovery = cluster.discover_with(settings);
                let view = cluster.view_is(&discovery, crate::View::is_live).await;
                let addresses = view
                    .instances()
                    .iter()
                    .map(|it| it.addresses.hosts())
                    .collect::<Vec<_>>();
                assert_eq!(ready(&view), ["web-0", "web-1", "web-10"], "{mode}");
                assert_eq!(addresses, [["10.0.0.1"], ["10.0.0.2"], ["10.0.0.11"]], "{mode}");
            }
        }
    }

    /// EP-13: pods come and go in pod mode as well.
    #[tokio::test(start_paused = true)]
    async fn pods_come_and_go() {
        let cluster = Cluster::with_pods(&["web-0"]).await;
        let mut settings = cluster.settings();
        settings.mode = Mode::KubernetesPods;
        let discovery = cluster.discover_with(settings);
        cluster.ready_are(&discovery, &["web-0"]).await;
        cluster.set_pods(&["web-0", "web-1", "web-2"]).await;
        cluster.ready_are(&discovery, &["web-0", "web-1", "web-2"]).await;
        cluster.set_pods(&["web-0"]).await;
        cluster.ready_are(&discovery, &["web-0"]).await;
    }

    /// EP-10: after an outage pods are read by the new selector of the Service, and the view is fresh again.
    #[tokio::test(start_paused = true)]
    async fn selector_that_changed_in_an_outage_is_followed() {
        for selector in [json!({"app": "api"}), json!({})] {
            let cluster = Cluster::with_pods(&["web-0"]).await;
            let mut settings = cluster.settings();
            settings.mode = Mode::KubernetesPods;
            let discovery = cluster.discover_with(settings);
            cluster.ready_are(&discovery, &["web-0"]).await;
            cluster.wire.refuse(&["services", "pods"], 500);
            cluster.server.cut_watches();
            cluster.view_is(&discovery, |view| view.stale.is_some()).await;
            cluster
                .put::<Service>(json!({
                    "metadata": {"name": "web"},
                    "spec": {"selector": selector, "ports": [{"port": 80}]},
                }))
                .await;
            cluster.wire.refuse(&["pods"], 500);
            tokio::time::sleep(Duration::from_secs(60)).await;
            cluster.wire.refuse(&[], 0);
            cluster.ready_are(&discovery, &[]).await;
            cluster.view_is(&discovery, |view| view.stale.is_none()).await;
        }
    }

    /// EP-10: as long as the Service cannot be read nobody knows its pods, and no list is made up.
    #[tokio::test(start_paused = true)]
    async fn pods_of_an_unreadable_service_are_not_made_up() {
        for code in [403, 500] {
            let cluster = Cluster::with_pods(&["web-0"]).await;
            cluster.wire.refuse(&["services"], code);
            let mut settings = cluster.settings();
            settings.mode = Mode::KubernetesPods;
            let discovery = cluster.discover_with(settings);
            let unreadable = [Warning::ServiceUnreadable].into();
            let view = cluster
                .view_is(&discovery, |view| view.warnings == unreadable)
                .await;
            assert!(!view.is_live(), "{code}");
            cluster.wire.refuse(&[], 0);
            cluster.ready_are(&discovery, &["web-0"]).await;
        }
    }
}
