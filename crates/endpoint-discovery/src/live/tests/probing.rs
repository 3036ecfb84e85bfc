//! Discovery with probes of servers on the loopback. They speak real HTTP, so the clock runs.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Endpoints, Service};
use serde_json::json;

use super::kit::{Cluster, web};
use crate::live::Discovery;
use crate::probe::ProbeSettings;
use crate::probe::tests::{Manner, NOT_WELL, Server, WELL};
use crate::score::{Basis, Status};

/// A Service that publishes what is not ready, with one endpoint behind which this server is.
async fn cluster_with(server: &Server) -> Cluster {
    let cluster = Cluster::with_pods(&[]).await;
    cluster
        .put::<Service>(json!({
            "metadata": {"name": "web"},
            "spec": {"publishNotReadyAddresses": true, "ports": [{"name": "health", "port": 80}]},
        }))
        .await;
    publish(&cluster, server, "data").await;
    cluster
}

/// Publishes the server as the endpoint of the Service, with one more port.
async fn publish(cluster: &Cluster, server: &Server, port: &str) {
    cluster
        .put::<Endpoints>(json!({
            "metadata": {"name": "web"},
            "subsets": [{
                "addresses": [{"ip": "127.0.0.1"}],
                "ports": [{"name": "health", "port": server.place.port()}, {"name": port, "port": 80}],
            }],
        }))
        .await;
}

fn settings(limit: Duration, fresh: Duration) -> ProbeSettings {
    ProbeSettings {
        fresh,
        limit,
        ..ProbeSettings::default()
    }
}

/// Follows the Service by its Endpoints, which cannot tell who is ready.
fn discover(cluster: &Cluster) -> Discovery {
    let mut settings = cluster.settings();
    settings.use_endpoint_slices = false;
    cluster.discover_with(settings)
}

/// EP-6, EP-19: where Kubernetes cannot know who is ready, the probe decides, and discovery says so.
#[tokio::test]
async fn probe_decides_who_is_ready() {
    let (soon, never) = (Duration::from_millis(100), Duration::from_secs(60));
    for (manner, limit, expected) in [
        (Manner::Says(WELL), never, true),
        (Manner::Says(NOT_WELL), never, false),
        (Manner::Hangs, soon, false),
    ] {
        let server = Server::start(manner).await;
        let cluster = cluster_with(&server).await;
        let discovery = discover(&cluster);
        let _probing = discovery.probe(web(), settings(limit, Duration::from_millis(50)));
        let view = cluster
            .view_is(&discovery, |view| {
                let instances = view.instances();
                instances
                    .iter()
                    .any(|instance| instance.health.basis == Basis::Probed)
            })
            .await;
        let instance = &view.instances()[0];
        assert_eq!(instance.health.is_ready, expected);
        assert_eq!(instance.status == Status::Ready, expected);
    }
}

/// EP-20: an instance is asked once while its answer is fresh, however often that and other things change the view.
#[tokio::test]
async fn probe_does_not_drive_itself() {
    let server = Server::start(Manner::Alternates).await;
    let cluster = cluster_with(&server).await;
    let discovery = discover(&cluster);
    let hour = Duration::from_secs(3600);
    let _probing = discovery.probe(web(), settings(Duration::from_secs(60), hour));
    cluster
        .view_is(&discovery, |view| {
            view.instances().iter().any(|instance| instance.health.is_ready)
        })
        .await;
    for number in 0..20 {
        let port = format!("data-{number}");
        publish(&cluster, &server, &port).await;
        cluster
            .view_is(&discovery, |view| view.instances()[0].ports.contains_key(&port))
            .await;
    }
    assert_eq!(server.connections(), 1);
}
