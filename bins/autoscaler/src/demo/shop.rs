//! The shop: a Service with one instance on each Node of one NodeGroup, which discovery has to find.
//!
//! It stands for what the simulated world lacks: a StatefulSet, the kubelets that run its pods, and the EndpointSlice of
//! its Service.

use super::world::{NAMESPACE, World};
use anyhow::Context;
use autoscaler_controller::resources::keys;
use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

/// Name of the Service, and of what its pods belong to.
pub(super) const SERVICE: &str = "shop";
/// NodeGroup on whose Nodes the instances run.
const GROUP: &str = "web";
/// Port of every instance.
const PORT: u16 = 8080;
/// How often the shop looks at the Nodes.
const BEAT: Duration = Duration::from_secs(2);
/// How long an instance starts before it serves: long enough to be seen at the usual pace.
const START: TimeDelta = TimeDelta::seconds(60);
/// How long an instance takes to leave a Node that takes no new pods.
const LEAVE: TimeDelta = TimeDelta::seconds(20);

/// One instance.
#[derive(Clone, Debug, PartialEq)]
struct Instance {
    ordinal: usize,
    node: String,
    stage: Stage,
    since: DateTime<Utc>,
}

/// How far an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It runs, and does not serve yet.
    Starts,
    /// It serves.
    Serves,
    /// It ends.
    Leaves,
}

/// Creates the Service, without an instance.
pub(super) async fn open(world: &World) -> anyhow::Result<()> {
    let service = json!({
        "metadata": { "name": SERVICE },
        "spec": {
            "clusterIP": "None",
            "selector": { "app": SERVICE },
            "ports": [{ "name": "http", "port": PORT }],
        },
    });
    let slice = json!({
        "metadata": { "name": SERVICE, "labels": { "kubernetes.io/service-name": SERVICE } },
        "addressType": "IPv4",
        "ports": [{ "name": "http", "port": PORT, "protocol": "TCP" }],
        "endpoints": [],
    });
    create::<Service>(world.client(), service).await?;
    create::<EndpointSlice>(world.client(), slice).await
}

/// Keeps one instance on each Node of the group that takes pods, until the future is dropped.
pub(super) async fn run(world: World) -> Infallible {
    let mut instances = Vec::new();
    loop {
        let now = world.clock.now();
        let next = step(&instances, &open_nodes(&world), now);
        if next != instances {
            match write(&world, &instances, &next).await {
                Ok(()) => instances = next,
                Err(error) => tracing::debug!(%error, "the shop could not write, and tries again"),
            }
        }
        world.clock.sleep(BEAT).await;
    }
}

/// Lists the Nodes of the group that are Ready and take pods.
fn open_nodes(world: &World) -> BTreeSet<String> {
    let is_open = |node: &Value| {
        let conditions = node["status"]["conditions"].as_array().into_iter().flatten();
        let is_ready = conditions
            .filter(|condition| condition["type"] == "Ready")
            .any(|condition| condition["status"] == "True");
        node["metadata"]["labels"][keys::LABEL_NODE_GROUP] == GROUP
            && node["spec"]["unschedulable"] != true
            && is_ready
    };
    let nodes = world.kube.objects("nodes").into_iter().filter(is_open);
    nodes
        .filter_map(|node| node["metadata"]["name"].as_str().map(str::to_owned))
        .collect()
}

/// Says which instances there are now, after those that there were.
fn step(instances: &[Instance], nodes: &BTreeSet<String>, now: DateTime<Utc>) -> Vec<Instance> {
    let mut next: Vec<Instance> = instances
        .iter()
        .filter_map(|instance| instance.step(nodes, now))
        .collect();
    for node in nodes {
        if next.iter().any(|instance| instance.node == *node) {
            continue;
        }
        let is_free = |ordinal: &usize| next.iter().all(|instance| instance.ordinal != *ordinal);
        if let Some(ordinal) = (0..=next.len()).find(is_free) {
            next.push(Instance {
                ordinal,
                node: node.clone(),
                stage: Stage::Starts,
                since: now,
            });
        }
    }
    next
}

/// Writes what is different: pods that come, change and go, and then the endpoints.
async fn write(world: &World, before: &[Instance], next: &[Instance]) -> anyhow::Result<()> {
    let pods: Api<Pod> = Api::namespaced(world.client(), NAMESPACE);
    for instance in next {
        let known = before.iter().find(|known| known.ordinal == instance.ordinal);
        if known.is_none() {
            create::<Pod>(world.client(), instance.pod()).await?;
        }
        if known.is_none_or(|known| known.stage != instance.stage) {
            let status = Patch::Merge(json!({ "status": instance.status() }));
            pods.patch_status(&instance.name(), &PatchParams::default(), &status)
                .await?;
        }
    }
    let is_gone = |known: &&Instance| next.iter().all(|instance| instance.ordinal != known.ordinal);
    for gone in before.iter().filter(is_gone) {
        match pods.delete(&gone.name(), &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            answer => drop(answer?),
        }
    }
    let slices: Api<EndpointSlice> = Api::namespaced(world.client(), NAMESPACE);
    let endpoints: Vec<Value> = next.iter().map(Instance::endpoint).collect();
    let patch = Patch::Merge(json!({ "endpoints": endpoints }));
    slices.patch(SERVICE, &PatchParams::default(), &patch).await?;
    Ok(())
}

/// Creates an object; one that is there already is as good.
async fn create<K>(client: Client, object: Value) -> anyhow::Result<()>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned
        + serde::Serialize,
{
    let object: K = serde_json::from_value(object)?;
    match Api::namespaced(client, NAMESPACE)
        .create(&PostParams::default(), &object)
        .await
    {
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        answer => answer.map(drop).context("opening the shop"),
    }
}

// === impl Instance ===

impl Instance {
    /// Goes on by what its Node and the time say; nothing once it has left.
    fn step(&self, nodes: &BTreeSet<String>, now: DateTime<Utc>) -> Option<Self> {
        let age = now - self.since;
        let stage = match self.stage {
            Stage::Leaves if age >= LEAVE => return None,
            Stage::Leaves => Stage::Leaves,
            Stage::Starts | Stage::Serves if !nodes.contains(&self.node) => Stage::Leaves,
            Stage::Starts if age < START => Stage::Starts,
            Stage::Starts | Stage::Serves => Stage::Serves,
        };
        let since = if stage == self.stage { self.since } else { now };
        Some(Self {
            stage,
            since,
            ..self.clone()
        })
    }

    fn name(&self) -> String {
        format!("{SERVICE}-{}", self.ordinal)
    }

    fn address(&self) -> String {
        format!("10.244.{}.10", self.ordinal + 1)
    }

    fn is_ready(&self) -> bool {
        self.stage == Stage::Serves
    }

    fn pod(&self) -> Value {
        let requests = json!({ "cpu": "500m", "memory": "512Mi" });
        json!({
            "metadata": {
                "name": self.name(),
                "labels": { "app": SERVICE },
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "StatefulSet", "name": SERVICE, "uid": SERVICE, "controller": true,
                }],
            },
            "spec": {
                "nodeName": self.node,
                "hostname": self.name(),
                "subdomain": SERVICE,
                "containers": [{ "name": SERVICE, "resources": { "requests": requests } }],
            },
        })
    }

    fn status(&self) -> Value {
        let ready = if self.is_ready() { "True" } else { "False" };
        json!({
            "phase": "Running",
            "podIP": self.address(),
            "podIPs": [{ "ip": self.address() }],
            "conditions": [{ "type": "Ready", "status": ready, "lastTransitionTime": self.since }],
        })
    }

    fn endpoint(&self) -> Value {
        json!({
            "addresses": [self.address()],
            "hostname": self.name(),
            "nodeName": self.node,
            "conditions": {
                "ready": self.is_ready(),
                "serving": self.is_ready(),
                "terminating": self.stage == Stage::Leaves,
            },
            "targetRef": { "kind": "Pod", "namespace": NAMESPACE, "name": self.name() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets the shop look at these Nodes at a second, and says what it has then.
    fn look(instances: &mut Vec<Instance>, nodes: &[&str], second: i64) -> Vec<String> {
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
        *instances = step(instances, &nodes, now);
        let told = instances.iter();
        told.map(|instance| format!("{} {:?} on {}", instance.name(), instance.stage, instance.node))
            .collect()
    }

    #[test]
    fn instances_follow_the_nodes() {
        let mut shop = Vec::new();
        assert_eq!(look(&mut shop, &[], 0), Vec::<String>::new());
        assert_eq!(look(&mut shop, &["a"], 1), ["shop-0 Starts on a"]);
        let both = ["shop-0 Starts on a", "shop-1 Starts on b"];
        assert_eq!(look(&mut shop, &["a", "b"], 60), both);
        let first = ["shop-0 Serves on a", "shop-1 Starts on b"];
        assert_eq!(look(&mut shop, &["a", "b"], 61), first);
        let leaves = ["shop-0 Leaves on a", "shop-1 Serves on b", "shop-2 Starts on c"];
        assert_eq!(look(&mut shop, &["b", "c"], 120), leaves);
        let one_less = ["shop-1 Serves on b", "shop-2 Starts on c"];
        assert_eq!(look(&mut shop, &["b", "c"], 140), one_less);
        assert_eq!(
            look(&mut shop, &["b", "c", "d"], 141)[2],
            "shop-0 Starts on d",
            "the lowest number that is free"
        );
    }
}
