//! The real scheduler and the real disruption controller, on Nodes that came by the operator's flow.

use std::collections::BTreeMap;
use std::time::Duration;

use autoscaler_controller::resources::NodeGroup;
use k8s_openapi::api::core::v1::{Pod, Taint};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kit::control_plane::ControlPlane;
use kit::fleet::Fleet;
use kube::Error;
use kube::api::{EvictParams, Patch, PatchParams};
use serde_json::json;

/// How long a control loop may take on two cores that also compile.
const LOOP_LIMIT: Duration = Duration::from_secs(60);

/// Describes a pod that runs only where the group `web` has its Nodes.
fn pod(name: &str) -> Pod {
    let pod = json!({
        "metadata": {"name": name, "labels": {"app": "shop"}},
        "spec": {
            "nodeSelector": {"tier": "web"},
            "tolerations": [{"key": "dedicated", "value": "web", "effect": "NoSchedule"}],
            "automountServiceAccountToken": false,
            "containers": [{"name": "shop", "image": "shop", "resources": {"requests": {"cpu": "100m"}}}],
        },
    });
    serde_json::from_value(pod).expect("it has the shape of a Pod")
}

/// Gives the Nodes of a group a label and a taint that keep other pods off.
fn give_tier(group: &mut NodeGroup) {
    group.spec.labels = Some(BTreeMap::from([("tier".to_owned(), "web".to_owned())]));
    group.spec.taints = Some(vec![Taint {
        key: "dedicated".to_owned(),
        value: Some("web".to_owned()),
        effect: "NoSchedule".to_owned(),
        time_added: None,
    }]);
}

/// Creates the group `web` with a label and a taint for its Nodes, and waits for one of them.
async fn one_web_node(fleet: &mut Fleet) -> String {
    let mut group = fleet.node_group("web", 57, 1);
    give_tier(&mut group);
    fleet.start().await;
    fleet.create(&group).await;
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    let status = stored.claims[0].status.clone().expect("it has a status");
    status.node_name.expect("its Node is known")
}

/// Waits until a pod meets a condition; ends when a program of the control plane does.
async fn pod_until(
    fleet: &Fleet,
    control_plane: &mut ControlPlane,
    name: &str,
    is_so: fn(&Pod) -> bool,
) -> Pod {
    let pods = fleet.api::<Pod>();
    let waited = tokio::time::timeout(LOOP_LIMIT, async {
        loop {
            let pod = pods.get(name).await.expect("the pod is there");
            if is_so(&pod) {
                return pod;
            }
            control_plane
                .check_added()
                .expect("scheduler and controllers run");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("the pod {name} did not come to it in time"))
}

fn is_bound(pod: &Pod) -> bool {
    pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some())
}

fn is_called_unschedulable(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| {
        all.iter()
            .any(|one| one.type_ == "PodScheduled" && one.reason.as_deref() == Some("Unschedulable"))
    })
}

/// L4: the labels and taints of a group are what the real scheduler goes by.
#[tokio::test]
async fn pod_that_no_node_takes_is_bound_to_the_node_that_the_operator_brings() {
    let mut control_plane = kit::whole_control_plane!("disruption-controller");
    let mut fleet = Fleet::on(&control_plane).await;
    fleet.create(&pod("shop-0")).await;
    pod_until(&fleet, &mut control_plane, "shop-0", is_called_unschedulable).await;

    let node = one_web_node(&mut fleet).await;

    let pod = pod_until(&fleet, &mut control_plane, "shop-0", is_bound).await;
    assert_eq!(pod.spec.and_then(|spec| spec.node_name), Some(node));
}

/// SC-4, SC-26: pods that the real scheduler refuses lead to VPSieNodes, Nodes and bound pods, with no node too many.
#[tokio::test]
async fn pods_that_wait_get_the_nodes_that_they_need_and_no_more() {
    let mut control_plane = kit::whole_control_plane!("disruption-controller");
    let mut fleet = Fleet::on(&control_plane).await;
    without_grace(&fleet).await;
    // A node of this size takes two of the pods.
    let mut group = fleet.node_group("web", 58, 0);
    group.spec.max_nodes = 9;
    give_tier(&mut group);
    fleet.create(&group).await;
    fleet.start().await;
    let names: Vec<String> = (0..6).map(|number| format!("shop-{number}")).collect();
    for name in &names {
        let mut pod = pod(name);
        let spec = pod.spec.as_mut().expect("it has a spec");
        let requests = json!({"requests": {"cpu": "1500m"}});
        spec.containers[0].resources = serde_json::from_value(requests).expect("resources");
        fleet.create(&pod).await;
    }

    let mut nodes = BTreeMap::<String, usize>::new();
    for name in &names {
        let pod = pod_until(&fleet, &mut control_plane, name, is_bound).await;
        let node = pod.spec.and_then(|spec| spec.node_name).expect("it is bound");
        *nodes.entry(node).or_default() += 1;
    }

    assert_eq!(nodes.values().collect::<Vec<_>>(), [&2, &2, &2]);
    let stored = fleet.polls(10).await;
    assert_eq!(stored.claims.len(), 3, "no node is too many: {stored}");
    assert_eq!(fleet.cloud.ledger().len(), 3, "each was asked for once");
    assert!(fleet.truth().await.is_clean());
}

/// Lets nodes be bought for pods at once, and as many as the groups allow.
async fn without_grace(fleet: &Fleet) {
    let config = json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "AutoscalerConfig", "metadata": {"name": "default"},
        "spec": {"globalSettings": {"unschedulablePodGracePeriodSeconds": 0, "maxClusterWorkers": 0}},
    });
    kit::deploy::apply(&fleet.nodes().into_client(), &[config]).await;
}

/// The status of a PodDisruptionBudget is the disruption controller's, and an eviction answers to it.
#[tokio::test]
async fn disruption_budget_counts_the_pods_on_a_node_and_stops_the_second_eviction() {
    let mut control_plane = kit::whole_control_plane!("disruption-controller");
    let mut fleet = Fleet::on(&control_plane).await;
    let budget = json!({
        "metadata": {"name": "shop"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "shop"}}},
    });
    let budget: PodDisruptionBudget = serde_json::from_value(budget).expect("a budget");
    fleet.create(&budget).await;
    one_web_node(&mut fleet).await;
    for name in ["shop-0", "shop-1"] {
        fleet.create(&pod(name)).await;
        pod_until(&fleet, &mut control_plane, name, is_bound).await;
        run(&fleet, name).await;
    }

    let counted = budget_until(&fleet, &mut control_plane, 1).await;

    let status = counted.status.expect("the controller has written it");
    let numbers = (
        status.expected_pods,
        status.current_healthy,
        status.desired_healthy,
    );
    assert_eq!(numbers, (2, 2, 1));
    let pods = fleet.api::<Pod>();
    pods.evict("shop-0", &EvictParams::default())
        .await
        .expect("one may go");
    match pods.evict("shop-1", &EvictParams::default()).await {
        Err(Error::Api(refusal)) => assert_eq!((refusal.code, &*refusal.reason), (429, "TooManyRequests")),
        other => panic!("the budget was not kept: {other:?}"),
    }
}

/// Says of a pod what a kubelet says once its containers run.
async fn run(fleet: &Fleet, name: &str) {
    let ready = json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
    let pods = fleet.api::<Pod>();
    let written = pods
        .patch_status(name, &PatchParams::default(), &Patch::Strategic(ready))
        .await;
    written.expect("the status is accepted");
}

/// Waits until the budget allows so many evictions.
async fn budget_until(fleet: &Fleet, control_plane: &mut ControlPlane, allowed: i32) -> PodDisruptionBudget {
    let budgets = fleet.api::<PodDisruptionBudget>();
    let waited = tokio::time::timeout(LOOP_LIMIT, async {
        loop {
            let budget = budgets.get("shop").await.expect("the budget is there");
            let status = budget.status.as_ref();
            if status.is_some_and(|status| status.disruptions_allowed == allowed) {
                return budget;
            }
            control_plane
                .check_added()
                .expect("scheduler and controllers run");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    waited
        .await
        .expect("the disruption controller has counted in time")
}
