//! Several Services, Services that are not there, and many changes at once.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, DeleteParams};
use serde_json::json;

use tokio::time::Instant;

use super::kit::{Cluster, web};
use crate::live::{Discovery, Selection, Settings};
use crate::score::Status;
use crate::service::ServiceKey;
use crate::sighting::Warning;
use crate::testing::logs::Logs;

/// Waits until exactly these Services are shown, each with so many instances.
async fn shown(discovery: &Discovery, expected: &[(&str, usize)]) {
    let mut views = discovery.subscribe();
    let seen = views.wait_for(|views| {
        let counts = views
            .iter()
            .map(|(key, view)| (key.name.as_str(), view.instances().len()));
        counts.eq(expected.iter().copied())
    });
    let seen = tokio::time::timeout(Duration::from_secs(600), seen).await;
    assert!(seen.is_ok(), "{:?}", discovery.views());
}

async fn cluster_with_two() -> Cluster {
    let cluster = Cluster::with_pods(&["web-0", "web-1"]).await;
    cluster.create_service("api", json!({"app": "api"})).await;
    cluster
        .put::<EndpointSlice>(json!({
            "metadata": {"name": "api-1", "labels": {"kubernetes.io/service-name": "api"}},
            "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.1.1"]}], "ports": [],
        }))
        .await;
    cluster
}

/// EP-16: several Services are kept apart by namespace and name.
#[tokio::test(start_paused = true)]
async fn several_services_are_kept_apart() {
    let cluster = cluster_with_two().await;
    let services = vec![
        web(),
        ServiceKey::new("shop", "api"),
        ServiceKey::new("elsewhere", "web"),
    ];
    let discovery = cluster.discover_with(Settings::new(Selection::Named(services)));
    shown(&discovery, &[("web", 0), ("api", 1), ("web", 2)]).await;
}

/// EP-16: Services with a label are followed as they come and go.
#[tokio::test(start_paused = true)]
async fn labelled_services_are_followed_as_they_come_and_go() {
    let cluster = cluster_with_two().await;
    let selection = Selection::Labelled {
        namespace: "shop".to_owned(),
        selector: "app in (web,db)".to_owned(),
    };
    let discovery = cluster.discover_with(Settings::new(selection));
    shown(&discovery, &[("web", 2)]).await;
    cluster.create_service("db", json!({"app": "db"})).await;
    shown(&discovery, &[("db", 0), ("web", 2)]).await;
    let services: Api<Service> = Api::namespaced(cluster.server.client(), "shop");
    services.delete("db", &DeleteParams::default()).await.unwrap();
    shown(&discovery, &[("web", 2)]).await;
}

/// EP-10, EP-16: Services that cannot be listed are told, and what was listed before is followed on.
#[tokio::test(start_paused = true)]
async fn services_that_cannot_be_listed_are_told() {
    let cluster = cluster_with_two().await;
    cluster.wire.refuse(&["services"], 500);
    let selection = Selection::Labelled {
        namespace: "shop".to_owned(),
        selector: "app=web".to_owned(),
    };
    let discovery = cluster.discover_with(Settings::new(selection));
    let mut views = discovery.subscribe();
    let told = views.wait_for(|_| discovery.selection_stale().is_some());
    let told = tokio::time::timeout(Duration::from_secs(600), told).await;
    assert!(told.unwrap().unwrap().is_empty());
    let stale = discovery.selection_stale().unwrap();
    assert_eq!(stale.error, "the API server answers 500 Internal Server Error");
    cluster.wire.refuse(&[], 0);
    shown(&discovery, &[("web", 2)]).await;
    assert_eq!(discovery.selection_stale(), None);

    cluster.wire.refuse(&["services"], 500);
    cluster.server.cut_watches();
    let told = views.wait_for(|_| discovery.selection_stale().is_some());
    let told = tokio::time::timeout(Duration::from_secs(600), told).await;
    assert_eq!(told.unwrap().unwrap().len(), 1);
}

/// EP-10: a Service that does not exist has no instances, and that is said.
#[tokio::test(start_paused = true)]
async fn unknown_service_is_named_as_such() {
    let cluster = Cluster::with_pods(&[]).await;
    let services: Api<Service> = Api::namespaced(cluster.server.client(), "shop");
    services.delete("web", &DeleteParams::default()).await.unwrap();
    let discovery = cluster.discover();
    let view = cluster.view_is(&discovery, crate::View::is_live).await;
    assert_eq!(view.warnings, [Warning::ServiceNotFound].into());
    cluster.create_service("web", json!({"app": "web"})).await;
    cluster.view_is(&discovery, |view| view.warnings.is_empty()).await;
}

/// EP-5: a malformed slice costs only itself.
#[tokio::test(start_paused = true)]
async fn malformed_slice_costs_only_itself() {
    let cluster = Cluster::with_pods(&["web-0"]).await;
    cluster
        .put::<EndpointSlice>(json!({
            "metadata": {"name": "web-2", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "FQDN", "endpoints": [{"addresses": ["web.example.org"]}], "ports": [],
        }))
        .await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    cluster
        .view_is(&discovery, |view| view.ignored.fqdn_slices == 1)
        .await;
}

/// EP-39: one, three, one: what is new is seen within ten seconds with its right status, what is gone is gone, and nothing
/// is wrong meanwhile.
#[tokio::test(start_paused = true)]
async fn scaling_is_seen_within_ten_seconds_and_without_an_error() {
    let (logs, _guard) = Logs::collect();
    let cluster = Cluster::with_pods(&["web-0"]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &["web-0"]).await;
    let three = ["web-0", "web-1", "web-2"];
    let statuses = |expected: Status| {
        let is_so = move |view: &crate::View| {
            let instances = view.instances();
            let new = instances.iter().skip(1);
            instances.len() == 3
                && new
                    .map(|instance| instance.status)
                    .all(|status| status == expected)
        };
        cluster.view_is(&discovery, is_so)
    };
    let began = Instant::now();
    cluster.set_unready_pods(&three).await;
    statuses(Status::Booting).await;
    cluster.set_pods(&three).await;
    statuses(Status::Ready).await;
    cluster.set_pods(&["web-0"]).await;
    cluster.ready_are(&discovery, &["web-0"]).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let view = cluster.view_is(&discovery, crate::View::is_live).await;
    assert_eq!(view.instances().len(), 1);
    assert_eq!((logs.lines("WARN").len(), logs.lines("ERROR").len()), (0, 0));
}

/// EP-39, EP-40: one, three, one, nine, one in rapid succession ends exact.
#[tokio::test(start_paused = true)]
async fn rapid_scaling_ends_exact() {
    let names: Vec<String> = (0..9).map(|number| format!("web-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cluster = Cluster::with_pods(&names[..1]).await;
    let discovery = cluster.discover();
    cluster.ready_are(&discovery, &names[..1]).await;
    for _ in 0..20 {
        for count in [3, 1, 9, 1] {
            cluster.set_pods(&names[..count]).await;
        }
    }
    cluster.set_pods(&names).await;
    cluster.ready_are(&discovery, &names).await;
    cluster.set_pods(&names[..1]).await;
    cluster.ready_are(&discovery, &names[..1]).await;
}
