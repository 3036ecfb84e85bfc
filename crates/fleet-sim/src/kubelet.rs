//! Kubelets of every running machine: they register Nodes, turn them Ready, and fall silent.
//!
//! They also keep the taints that the node life-cycle controller of a control plane keeps: not-ready until the
//! Node is Ready, unreachable once it is silent. Left out: heartbeats; a Node is written only when something
//! changes.

mod node;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Node;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};

use self::node::{Readiness, registration, status_change, taint_change};
use crate::clock::SimClock;
use crate::cloud::{Cloud, SimMachine};

/// How often the kubelets look at their machines.
const BEAT: Duration = Duration::from_secs(1);

/// How often they look at their Nodes though no machine changed, to register deleted ones again.
const LOOK: chrono::Duration = chrono::Duration::seconds(10);

/// Runs the kubelets of all clusters of a cloud against one Kubernetes API, until the future is dropped.
///
/// A Node is named by its machine's lower-cased hostname. It goes Ready=Unknown when the machine is gone and
/// stays; a Node that was deleted while its machine lives is registered again. Errors of the API are
/// repeated a beat later, for ever.
pub async fn run(cloud: Cloud, client: Client, clock: SimClock) -> Infallible {
    run_selected(cloud, None, client, clock).await
}

/// Runs the kubelets of one cluster only.
pub async fn run_cluster(cloud: Cloud, cluster: &str, client: Client, clock: SimClock) -> Infallible {
    run_selected(cloud, Some(cluster), client, clock).await
}

async fn run_selected(cloud: Cloud, cluster: Option<&str>, client: Client, clock: SimClock) -> Infallible {
    let nodes: Api<Node> = Api::all(client);
    let mut settled_at: Option<DateTime<Utc>> = None;
    loop {
        let now = clock.now();
        if settled_at
            .is_none_or(|at| at + LOOK <= now || cloud.next_change_after(at).is_some_and(|next| next <= now))
        {
            match pass(&nodes, &wanted(&cloud, cluster), now).await {
                Ok(Settled::Yes) => settled_at = Some(now),
                Ok(Settled::NotYet) => settled_at = None,
                Err(error) => tracing::debug!(%error, "the kubelets could not write, and try again"),
            }
        }
        clock.sleep(BEAT).await;
    }
}

/// Lists the machines that have or had a kubelet, by the name of their Node.
fn wanted(cloud: &Cloud, cluster: Option<&str>) -> BTreeMap<String, SimMachine> {
    cloud
        .machines()
        .into_iter()
        .filter(|machine| machine.joined_at.is_some() && cluster.is_none_or(|only| machine.cluster == only))
        .map(|machine| (machine.node_name(), machine))
        .collect()
}

/// Says whether every Node is where its machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    Yes,
    NotYet,
}

/// Brings every Node to where its machine is; one list, and a write for each difference.
async fn pass(
    nodes: &Api<Node>,
    machines: &BTreeMap<String, SimMachine>,
    now: DateTime<Utc>,
) -> Result<Settled, kube::Error> {
    let listed = nodes.list(&ListParams::default()).await?;
    let mut present: BTreeMap<String, Node> = listed
        .items
        .into_iter()
        .map(|node| (node.name_any(), node))
        .collect();
    let mut settled = Settled::Yes;
    for (name, machine) in machines {
        let node = match present.remove(name) {
            Some(node) => Some(node),
            None if Readiness::of(machine) == Readiness::Silent => continue,
            None => register(nodes, machine, now).await?,
        };
        let node = match node {
            Some(node) => follow(nodes, node, machine, now).await?,
            None => None,
        };
        if node.is_none() {
            settled = Settled::NotYet;
        }
    }
    Ok(settled)
}

/// Writes what differs between a Node and its machine; none when somebody else changed it meanwhile.
async fn follow(
    nodes: &Api<Node>,
    mut node: Node,
    machine: &SimMachine,
    now: DateTime<Utc>,
) -> Result<Option<Node>, kube::Error> {
    let (name, parameters) = (node.name_any(), PatchParams::default());
    if let Some(change) = status_change(&node, machine, now) {
        let patched = nodes
            .patch_status(&name, &parameters, &Patch::Strategic(change))
            .await;
        let Some(patched) = tolerate(patched, 404)? else {
            return Ok(None);
        };
        node = patched;
    }
    let Some(change) = taint_change(&node, machine) else {
        return Ok(Some(node));
    };
    tolerate(nodes.patch(&name, &parameters, &Patch::Merge(change)).await, 409)
}

/// Creates a Node; one that appeared meanwhile is looked at in the next pass.
async fn register(
    nodes: &Api<Node>,
    machine: &SimMachine,
    now: DateTime<Utc>,
) -> Result<Option<Node>, kube::Error> {
    tolerate(
        nodes
            .create(&PostParams::default(), &registration(machine, now))
            .await,
        409,
    )
}

/// Treats one status code as an answer like any other.
fn tolerate<T>(result: Result<T, kube::Error>, code: u16) -> Result<Option<T>, kube::Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(kube::Error::Api(status)) if status.code == code => Ok(None),
        Err(error) => Err(error),
    }
}
