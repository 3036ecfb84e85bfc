//! Tests of the kubelets against the Kubernetes API in memory.

use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::{run, run_cluster};
use crate::cloud::testing::SmallCloud;
use crate::cloud::{CallKind, ClusterSpec, Fault, FaultEffect, SimMachine};
use crate::kube_api::{KubeApi, KubeFault, KubeFaultEffect, Verb};

/// A small cloud whose kubelets run against a Kubernetes API of their own.
struct Fleet {
    world: SmallCloud,
    api: KubeApi,
    nodes: Api<Node>,
}

impl Fleet {
    /// The managers have been registered already.
    async fn start() -> Self {
        let world = SmallCloud::new();
        let api = KubeApi::new(world.cloud.clock());
        let nodes = Api::all(api.client());
        tokio::spawn(run(world.cloud.clone(), api.client(), world.cloud.clock()));
        let fleet = Self { world, api, nodes };
        fleet.wait(2).await;
        fleet
    }

    async fn wait(&self, seconds: u64) {
        self.world.cloud.clock().sleep(Duration::from_secs(seconds)).await;
    }

    async fn node_of(&self, machine: &SimMachine) -> Option<Node> {
        self.nodes.get_opt(&machine.node_name()).await.unwrap()
    }

    fn machine(&self, uuid: &str) -> SimMachine {
        self.world.cloud.machine(uuid).unwrap()
    }
}

fn readiness(node: &Node) -> String {
    let conditions = node
        .status
        .as_ref()
        .and_then(|status| status.conditions.clone())
        .unwrap_or_default();
    conditions
        .into_iter()
        .find(|condition| condition.type_ == "Ready")
        .map(|found| found.status)
        .unwrap_or_default()
}

fn taints(node: &Node) -> Vec<String> {
    let all = node
        .spec
        .as_ref()
        .and_then(|spec| spec.taints.clone())
        .unwrap_or_default();
    all.into_iter().map(|taint| taint.key).collect()
}

fn addresses(node: &Node) -> Vec<(String, String)> {
    let all = node
        .status
        .as_ref()
        .and_then(|status| status.addresses.clone())
        .unwrap_or_default();
    all.into_iter()
        .map(|address| (address.type_, address.address))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn manager_is_registered_as_control_plane() {
    let fleet = Fleet::start().await;
    let manager = fleet.world.cloud.machines()[0].clone();
    let node = fleet.node_of(&manager).await.expect("it is registered");
    assert!(
        node.labels()
            .contains_key("node-role.kubernetes.io/control-plane")
    );
    let taints = node.spec.clone().unwrap().taints.unwrap();
    assert_eq!(taints[0].key, "node-role.kubernetes.io/control-plane");
    assert_eq!(taints[0].effect, "NoSchedule");
    assert_eq!(readiness(&node), "True");
}

#[tokio::test(start_paused = true)]
async fn worker_joins_when_it_is_due_and_turns_ready_later() {
    let fleet = Fleet::start().await;
    let uuid = fleet.world.buy("uid-1");
    let mut seen = Vec::new();
    for _ in 0..300 {
        fleet.wait(1).await;
        let node = fleet.node_of(&fleet.machine(&uuid)).await;
        let now = node.as_ref().map(readiness);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    assert_eq!(seen, [None, Some("False".to_owned()), Some("True".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn node_tells_of_its_machine_what_a_kubelet_knows() {
    let fleet = Fleet::start().await;
    let uuid = fleet.world.buy("uid-1");
    fleet.world.settle().await;
    let machine = fleet.machine(&uuid);
    let node = fleet.node_of(&machine).await.expect("it has joined");
    let name = machine.node_name();
    assert_eq!(node.name_any(), name);
    assert_eq!(name, machine.hostname.to_lowercase());
    assert_eq!(node.labels()["kubernetes.io/hostname"], name);
    let expected = [
        ("InternalIP".to_owned(), machine.addresses[0].clone()),
        ("ExternalIP".to_owned(), machine.addresses[1].clone()),
        ("Hostname".to_owned(), name),
    ];
    assert_eq!(addresses(&node), expected);
    let capacity = node.status.clone().unwrap().capacity.unwrap();
    assert_eq!(
        (capacity["cpu"].0.as_str(), capacity["memory"].0.as_str()),
        ("2", "4026531Ki")
    );
    assert_eq!(node.spec.clone().unwrap_or_default().provider_id, None);
    let text = serde_json::to_string(&node).unwrap();
    assert!(
        !text.contains(&uuid) && !text.contains("uid-1"),
        "a Node must not tell who bought it"
    );
}

#[tokio::test(start_paused = true)]
async fn provider_id_is_set_where_the_cloud_does_so() {
    let fleet = Fleet::start().await;
    fleet
        .world
        .cloud
        .behaviour(|behaviour| behaviour.sets_provider_ids = true);
    let uuid = fleet.world.buy("uid-1");
    fleet.world.settle().await;
    let node = fleet.node_of(&fleet.machine(&uuid)).await.expect("it has joined");
    assert_eq!(node.spec.unwrap().provider_id, Some(format!("vpsie://{uuid}")));
}

#[tokio::test(start_paused = true)]
async fn node_of_a_gone_machine_stays_and_falls_silent() {
    let fleet = Fleet::start().await;
    let uuid = fleet.world.buy("uid-1");
    fleet.world.settle().await;
    fleet.world.remove(&uuid);
    fleet.world.settle().await;
    let machine = fleet.machine(&uuid);
    let node = fleet.node_of(&machine).await.expect("nobody deleted it");
    assert_eq!(readiness(&node), "Unknown");
    fleet
        .nodes
        .delete(&machine.node_name(), &DeleteParams::default())
        .await
        .unwrap();
    fleet.world.settle().await;
    assert!(
        fleet.node_of(&machine).await.is_none(),
        "a dead kubelet registers nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn node_of_a_silent_kubelet_is_unknown_until_it_speaks_again() {
    let fleet = Fleet::start().await;
    let uuid = fleet.world.buy("uid-1");
    fleet.world.settle().await;
    for (is_silent, expected) in [(true, "Unknown"), (false, "True")] {
        fleet.world.cloud.silence(&uuid, is_silent);
        fleet.wait(15).await;
        let machine = fleet.machine(&uuid);
        assert!(machine.is_alive(), "VPSie knows nothing of it");
        let node = fleet.node_of(&machine).await.expect("it has joined");
        assert_eq!(readiness(&node), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_node_of_a_living_machine_is_registered_again() {
    let fleet = Fleet::start().await;
    let uuid = fleet.world.buy("uid-1");
    fleet.world.settle().await;
    let machine = fleet.machine(&uuid);
    let before = fleet.node_of(&machine).await.unwrap().uid();
    fleet
        .nodes
        .delete(&machine.node_name(), &DeleteParams::default())
        .await
        .unwrap();
    fleet.wait(15).await;
    let again = fleet.node_of(&machine).await.expect("it registers again");
    assert_ne!(again.uid(), before);
    assert_eq!(readiness(&again), "True");
}

#[tokio::test(start_paused = true)]
async fn what_others_wrote_on_a_node_is_left_alone() {
    let fleet = Fleet::start().await;
    let uuid = fleet.world.buy("uid-1");
    fleet.world.settle().await;
    let name = fleet.machine(&uuid).node_name();
    let ours = json!({"metadata": {"labels": {"tier": "web"}}, "spec": {"unschedulable": true}});
    fleet
        .nodes
        .patch(&name, &PatchParams::default(), &Patch::Merge(ours))
        .await
        .unwrap();
    let full = json!({"status": {"conditions": [{"type": "DiskPressure", "status": "True"}]}});
    fleet
        .nodes
        .patch_status(&name, &PatchParams::default(), &Patch::Strategic(full))
        .await
        .unwrap();
    fleet.world.remove(&uuid);
    fleet.world.settle().await;
    let node = fleet.nodes.get(&name).await.unwrap();
    assert_eq!(readiness(&node), "Unknown");
    assert_eq!(node.labels()["tier"], "web");
    assert_eq!(node.spec.clone().unwrap().unschedulable, Some(true));
    let conditions = node.status.unwrap().conditions.unwrap();
    let disk = conditions
        .iter()
        .find(|condition| condition.type_ == "DiskPressure")
        .unwrap();
    assert_eq!(disk.status, "True");
}

#[tokio::test(start_paused = true)]
async fn machine_that_never_joins_has_no_node() {
    let fleet = Fleet::start().await;
    fleet
        .world
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins));
    fleet.world.buy("uid-1");
    fleet.world.settle().await;
    assert_eq!(fleet.api.objects("nodes").len(), 1, "only the manager");
}

#[tokio::test(start_paused = true)]
async fn settled_fleet_writes_nothing() {
    let fleet = Fleet::start().await;
    fleet.world.buy("uid-1");
    fleet.world.settle().await;
    let before = fleet.api.writes().len();
    fleet.world.settle().await;
    assert_eq!(fleet.api.writes().len(), before);
}

#[tokio::test(start_paused = true)]
async fn kubelets_of_one_cluster_leave_the_others_out() {
    let world = SmallCloud::new();
    let other = world.cloud.add_cluster(ClusterSpec::named("AMS-Kubernetes-0001"));
    let api = KubeApi::new(world.cloud.clock());
    let (cloud, client) = (world.cloud.clone(), api.client());
    let clock = cloud.clock();
    tokio::spawn(async move { run_cluster(cloud, &other, client, clock).await });
    world.settle().await;
    let nodes = api.objects("nodes");
    assert_eq!(nodes.len(), 1);
    assert!(
        nodes[0]["metadata"]["name"]
            .as_str()
            .unwrap()
            .starts_with("ams-kubernetes-0001-master-")
    );
}

#[tokio::test(start_paused = true)]
async fn kubelet_survives_an_api_that_fails() {
    let fleet = Fleet::start().await;
    let on_create = |effect| KubeFault::new(effect).on(Verb::Create).resource("nodes");
    fleet.api.fault(on_create(KubeFaultEffect::Status(500)));
    fleet.api.fault(on_create(KubeFaultEffect::LoseReply));
    fleet.api.fault(
        KubeFault::new(KubeFaultEffect::Conflict)
            .on(Verb::Patch)
            .resource("nodes"),
    );
    let uuid = fleet.world.buy("uid-1");
    fleet.world.settle().await;
    let node = fleet
        .node_of(&fleet.machine(&uuid))
        .await
        .expect("it joins in the end");
    assert_eq!((readiness(&node), taints(&node)), ("True".to_owned(), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn taints_follow_the_machine_and_leave_others_alone() {
    let fleet = Fleet::start().await;
    let uuid = fleet.world.buy("uid-1");
    let name = fleet.machine(&uuid).node_name();
    while fleet.nodes.get_opt(&name).await.unwrap().is_none() {
        fleet.wait(1).await;
    }
    assert_eq!(
        taints(&fleet.nodes.get(&name).await.unwrap()),
        ["node.kubernetes.io/not-ready"]
    );
    fleet.world.settle().await;
    assert_eq!(taints(&fleet.nodes.get(&name).await.unwrap()), [""; 0]);
    let ours = json!({"spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}});
    fleet
        .nodes
        .patch(&name, &PatchParams::default(), &Patch::Merge(ours))
        .await
        .unwrap();
    fleet.world.remove(&uuid);
    fleet.world.settle().await;
    assert_eq!(
        taints(&fleet.nodes.get(&name).await.unwrap()),
        ["gpu", "node.kubernetes.io/unreachable"]
    );
}
