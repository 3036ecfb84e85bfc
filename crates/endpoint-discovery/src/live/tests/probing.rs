//! Discovery with probes of servers on the loopback. They speak real HTTP, so the clock runs.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Endpoints, Service};
use serde_json::json;

use super::kit::{Cluster, web};
use crate::probe::ProbeSettings;
use crate::probe::tests::{Manner, Server};
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
    cluster
        .put::<Endpoints>(json!({
            "metadata": {"name": "web"},
            "subsets": [{
                "addresses": [{"ip": "127.0.0.1"}],
                "ports": [{"name": "health", "port": server.place.port()}],
            }],
        }))
        .await;
    cluster
}

fn often() -> ProbeSettings {
    ProbeSettings {
        fresh: Duration::from_millis(50),
        limit: Duration::from_millis(500),
        ..ProbeSettings::default()
    }
}

/// EP-6, EP-19: where Kubernetes cannot know who is ready, the probe decides, and discovery says so.
#[tokio::test]
async fn probe_decides_who_is_ready() {
    for (manner, expected) in [
        (Manner::Says("HTTP/1.1 204 No Content\r\n\r\n"), true),
        (
            Manner::Says("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"),
            false,
        ),
        (Manner::Hangs, false),
    ] {
        let server = Server::start(manner).await;
        let cluster = cluster_with(&server).await;
        let mut settings = cluster.settings();
        settings.use_endpoint_slices = false;
        let discovery = cluster.discover_with(settings);
        let _probing = discovery.probe(web(), often());
        let view = cluster
            .view_is(&discovery, |view| {
                view.instances()
                    .iter()
                    .any(|instance| instance.health.basis == Basis::Probed)
            })
            .await;
        let instance = &view.instances()[0];
        assert_eq!(instance.health.is_ready, expected);
        assert_eq!(instance.status == Status::Ready, expected);
    }
}
