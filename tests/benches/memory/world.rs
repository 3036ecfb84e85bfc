//! A large cluster that runs since long ago: machines, their VPSieNodes and Nodes, and pods on each of them.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use autoscaler_controller::resources::{
    NodeGroup, NodeGroupSpec, NodeGroupStatus, Phase, ScaleUpPolicy, VPSieNode, VPSieNodeSpec,
    VPSieNodeStatus, all_crds, keys,
};
use chrono::Utc;
use fleet_sim::cloud::{ClusterSpec, Delay, TOKEN};
use fleet_sim::{Cloud, KubeApi, SimClock, kubelet};
use k8s_openapi::api::core::v1::Pod;
use kit::access::{serve_cloud, write_secret};
use kit::fleet::DATACENTER;
use kit::served::serve_kubernetes;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::dress::dress;

/// Pods on each node.
pub(super) const PODS: usize = 30;
/// Workers of a NodeGroup.
const MEMBERS: usize = 100;
/// The namespace of NodeGroups and VPSieNodes.
const NAMESPACE: &str = "kube-system";
/// How often the world is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The world of one operator.
pub(super) struct World {
    kube: KubeApi,
    pub(super) client: Client,
    pub(super) cloud: Cloud,
    cluster: String,
    /// The pods that run, oldest first.
    pods: VecDeque<Running>,
    /// Pods that there ever were.
    started: usize,
    /// Nodes that take no pods because they are to go.
    leaving: BTreeSet<String>,
    _kubelets: JoinHandle<Infallible>,
}

struct Running {
    name: String,
    node: String,
}

// === impl World ===

impl World {
    /// Builds a cluster with so many workers, all of them taken over from the Go autoscaler.
    pub(super) async fn build(nodes: usize) -> Self {
        let clock = SimClock::starting_at(Utc::now());
        let cloud = Cloud::new(clock, 1);
        cloud.behaviour(|behaviour| {
            let seconds = |least, most| Delay {
                least: Duration::from_secs(least),
                most: Duration::from_secs(most),
            };
            behaviour.boot_delay = seconds(1, 3);
            behaviour.join_delay = seconds(1, 3);
            behaviour.ready_delay = seconds(1, 3);
            behaviour.removal_delay = seconds(1, 3);
        });
        let cluster = cloud.add_cluster(ClusterSpec::named("HEL-Kubernetes-49ab"));
        let kube = KubeApi::with_seed(clock, 1);
        kube.keep_history(2_000);
        for definition in all_crds() {
            kube.install_crd(&definition).expect("our definitions are valid");
        }
        let client = kube.client();
        write_secret(&client, &[("token", TOKEN)]).await;
        let kubelets = tokio::spawn(kubelet::run(cloud.clone(), client.clone(), clock));
        let mut world = Self {
            kube,
            client,
            cloud,
            cluster,
            pods: VecDeque::new(),
            started: 0,
            leaving: BTreeSet::new(),
            _kubelets: kubelets,
        };
        for group in 0..nodes.div_ceil(MEMBERS) {
            world.add_group(group, MEMBERS.min(nodes - group * MEMBERS)).await;
        }
        let workers = world.workers();
        assert_eq!(workers.len(), nodes);
        for worker in &workers {
            world.wait_for_node(worker).await;
        }
        // The oldest pods are not all on one Node: churn, which ends them first, would empty one Node after the other.
        for _ in 0..PODS {
            for worker in &workers {
                world.add_pod(worker).await;
            }
        }
        world
    }

    /// Serves it; returns a kubeconfig and the base URL of VPSie.
    pub(super) async fn serve(&self) -> (String, String) {
        (
            serve_kubernetes(self.client.clone(), dress).await,
            serve_cloud(&self.cloud).await,
        )
    }

    /// Names the Nodes of all workers on which pods may run.
    fn workers(&self) -> Vec<String> {
        let machines = self.cloud.machines().into_iter();
        let workers = machines.filter(|machine| machine.group.is_some() && machine.ready_at.is_some());
        let names = workers
            .filter(|machine| machine.is_alive())
            .map(|machine| machine.node_name());
        names.filter(|name| !self.leaving.contains(name)).collect()
    }

    /// Counts the writes so far that are about NodeGroups, VPSieNodes and Nodes.
    pub(super) fn writes(&self, seen: u64) -> (u64, usize) {
        let writes = self.kube.writes_after(seen);
        let counts = ["nodegroups", "vpsienodes", "nodes"];
        let ours = writes
            .iter()
            .filter(|write| counts.contains(&write.resource.as_str()));
        (self.kube.write_count(), ours.count())
    }

    async fn add_group(&self, number: usize, members: usize) {
        let name = format!("group-{number}");
        let id = self.cloud.add_group(&self.cluster, &name, 57);
        let count = i32::try_from(members).expect("few");
        let mut group = NodeGroup::new(
            &name,
            NodeGroupSpec {
                min_nodes: count,
                max_nodes: count * 2,
                datacenter_id: DATACENTER.to_owned(),
                resource_identifier: self.cluster.clone(),
                project: "project".to_owned(),
                offering_ids: vec!["57".to_owned()],
                kubernetes_version: "v1.34.1".to_owned(),
                kube_size_id: Some(57),
                // Nodes are full of pods here, and nothing is to be bought for that.
                scale_up_policy: Some(ScaleUpPolicy {
                    stabilization_window_seconds: Some(i32::MAX),
                    ..ScaleUpPolicy::default()
                }),
                ..NodeGroupSpec::default()
            },
        );
        group
            .labels_mut()
            .insert(keys::LABEL_MANAGED.to_owned(), keys::TRUE.to_owned());
        group.finalizers_mut().push(keys::FINALIZER_NODE_GROUP.to_owned());
        let groups: Api<NodeGroup> = Api::namespaced(self.client.clone(), NAMESPACE);
        groups
            .create(&PostParams::default(), &group)
            .await
            .expect("a NodeGroup");
        let status = NodeGroupStatus {
            vpsie_group_id: i64::try_from(id).ok(),
            ..NodeGroupStatus::default()
        };
        let patch = Patch::Merge(json!({ "status": status }));
        let patched = groups.patch_status(&name, &PatchParams::default(), &patch).await;
        patched.expect("its status");
        for member in 0..members {
            self.add_member(&format!("{name}-{member}"), &name, id).await;
        }
    }

    async fn add_member(&self, name: &str, group: &str, id: u64) {
        let uuid = self.cloud.add_settled_worker(&self.cluster, id);
        let machine = self.cloud.machine(&uuid).expect("it was added");
        let node = machine.node_name();
        let mut claim = VPSieNode::new(
            name,
            VPSieNodeSpec {
                vpsie_instance_id: i64::try_from(machine.number).expect("a small number"),
                instance_type: "57".to_owned(),
                node_group_name: group.to_owned(),
                datacenter_id: DATACENTER.to_owned(),
                resource_identifier: self.cluster.clone(),
                project: "project".to_owned(),
                kubernetes_version: "v1.34.1".to_owned(),
                node_name: Some(node.clone()),
                ip_address: machine.addresses.first().cloned(),
                vpsie_group_id: i64::try_from(id).ok(),
                vpsie_node_identifier: Some(uuid),
                ..VPSieNodeSpec::default()
            },
        );
        let labels = claim.labels_mut();
        for (key, value) in [
            (keys::LABEL_MANAGED, keys::TRUE),
            (keys::LABEL_NODE_GROUP, group),
            (keys::LABEL_DATACENTER, DATACENTER),
        ] {
            labels.insert(key.to_owned(), value.to_owned());
        }
        let requested = keys::ANNOTATION_CREATION_REQUESTED.to_owned();
        claim.annotations_mut().insert(requested, keys::TRUE.to_owned());
        claim.finalizers_mut().push(keys::FINALIZER_VPSIE_NODE.to_owned());
        let claims: Api<VPSieNode> = Api::namespaced(self.client.clone(), NAMESPACE);
        claims
            .create(&PostParams::default(), &claim)
            .await
            .expect("a VPSieNode");
        let status = VPSieNodeStatus {
            phase: Some(Phase::Ready),
            node_name: Some(node),
            hostname: Some(machine.hostname),
            ..VPSieNodeStatus::default()
        };
        let patch = Patch::Merge(json!({ "status": status }));
        let patched = claims.patch_status(name, &PatchParams::default(), &patch).await;
        patched.expect("its status");
    }

    /// Waits until the kubelet of a machine has registered its Node.
    async fn wait_for_node(&self, name: &str) {
        while self.kube.object("nodes", "", name).is_none() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Starts a pod on a Node.
    async fn add_pod(&mut self, node: &str) {
        self.started += 1;
        let name = format!("storefront-production-5d7c9b8f6d-{:06}", self.started);
        self.pods.push_back(Running {
            name: name.clone(),
            node: node.to_owned(),
        });
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": name, "ownerReferences": [
                { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "storefront", "uid": "8f14e45f", "controller": true },
            ] },
            "spec": { "nodeName": node, "containers": [
                { "name": "work", "resources": { "requests": { "cpu": "100m", "memory": "64Mi" } } },
            ] },
            "status": { "phase": "Running" },
        }))
        .expect("a pod");
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), "default");
        pods.create(&PostParams::default(), &pod)
            .await
            .expect("a pod is accepted");
    }
}

// === impl World: churn ===

impl World {
    /// Counts the pods that run.
    pub(super) fn pods(&self) -> usize {
        self.pods.len()
    }

    /// Says what there is now.
    pub(super) fn standing(&self) -> String {
        let count = |resource| self.kube.objects(resource).len();
        let (claims, nodes, pods) = (count("vpsienodes"), count("nodes"), count("pods"));
        format!(
            "{claims} VPSieNodes, {nodes} Nodes, {pods} pods; {} nodes went",
            self.leaving.len()
        )
    }

    /// Ends the pods that run for the longest time, and starts as many on other Nodes.
    pub(super) async fn replace_pods(&mut self, count: usize) {
        let workers = self.workers();
        for _ in 0..count {
            let Some(pod) = self.pods.pop_front() else { return };
            self.end_pod(&pod).await;
            // A number that shares no factor with the sizes leads to one Node after the other.
            let worker = workers[self.started * 7 % workers.len()].clone();
            self.add_pod(&worker).await;
        }
    }

    /// Deletes a VPSieNode as a person does, once no pod runs on its Node; the operator replaces it.
    pub(super) async fn replace_node(&mut self, number: usize) {
        let claims = self.kube.objects("vpsienodes");
        let ready = claims.iter().filter(|claim| claim["status"]["phase"] == "Ready");
        let ready: Vec<_> = ready
            .filter(|claim| claim["metadata"]["deletionTimestamp"].is_null())
            .collect();
        // As above.
        let chosen = ready[number * 7 % ready.len()];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let (claim, node) = (
            text(&chosen["metadata"]["name"]),
            text(&chosen["status"]["nodeName"]),
        );
        self.leaving.insert(node.clone());
        let (gone, kept) = std::mem::take(&mut self.pods)
            .into_iter()
            .partition(|pod: &Running| pod.node == node);
        self.pods = kept;
        for pod in &gone {
            self.end_pod(pod).await;
        }
        let claims: Api<VPSieNode> = Api::namespaced(self.client.clone(), NAMESPACE);
        let deleted = claims.delete(&claim, &DeleteParams::default()).await;
        deleted.expect("the deletion is accepted");
        for _ in &gone {
            let workers = self.workers();
            let worker = workers[self.started * 7 % workers.len()].clone();
            self.add_pod(&worker).await;
        }
    }

    async fn end_pod(&self, pod: &Running) {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), "default");
        let deleted = pods.delete(&pod.name, &DeleteParams::default()).await;
        deleted.expect("the pod ends");
    }
}
