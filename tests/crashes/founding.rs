//! A NodeGroup that is made for a pod, and its end: the process dies at any effect of either.

use std::time::Duration;

use autoscaler_controller::resources::{
    AutoscalerConfig, AutoscalerConfigSpec, NodeGroupDefaults, Phase, ScaleDownPolicy, ScaleUpPolicy,
};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use fleet_sim::scheduler;
use k8s_openapi::api::core::v1::Pod;
use kit::fleet::{DATACENTER, Fleet, NAMESPACE, Stored};
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;
use tokio::task::JoinSet;

use super::deaths::{Deaths, sweep, tell};

/// The command at which the story of the making dies, among others.
pub(crate) const MAKING: [&str; 1] = ["create-nodegroup"];
/// The same of the end.
pub(crate) const DISMISSAL: [&str; 1] = ["delete-nodegroup"];

/// Starts a scheduler, and an operator that may make NodeGroups and removes them as soon as nobody needs them.
async fn world() -> (Fleet, JoinSet<()>) {
    let mut fleet = Fleet::in_memory(1);
    let (client, clock) = (fleet.nodes().into_client(), fleet.clock);
    let mut inhabitants = JoinSet::new();
    inhabitants.spawn(async move { match scheduler::run(client, clock).await {} });
    fleet.start().await;
    let spec = AutoscalerConfigSpec {
        node_group_defaults: Some(NodeGroupDefaults {
            datacenter_id: Some(DATACENTER.to_owned()),
            resource_identifier: Some(fleet.cluster.clone()),
            kubernetes_version: Some("v1.34.1".to_owned()),
            scale_down_policy: Some(ScaleDownPolicy {
                cooldown_seconds: Some(0),
                ..ScaleDownPolicy::default()
            }),
            // What is full of one pod would grow by its use; other stories tell that.
            scale_up_policy: Some(ScaleUpPolicy {
                cpu_threshold: Some(100),
                ..ScaleUpPolicy::default()
            }),
            ..NodeGroupDefaults::default()
        }),
        global_settings: None,
    };
    let configs: Api<AutoscalerConfig> = Api::all(fleet.nodes().into_client());
    let config = AutoscalerConfig::new("default", spec);
    let made = configs.create(&PostParams::default(), &config).await;
    made.expect("it is accepted");
    (fleet, inhabitants)
}

fn pods(fleet: &Fleet) -> Api<Pod> {
    Api::namespaced(fleet.nodes().into_client(), NAMESPACE)
}

/// Makes a pod that fits on no Node.
async fn order(fleet: &Fleet) {
    let pod = json!({
        "metadata": { "name": "big" },
        "spec": { "containers": [{
            "name": "work", "image": "work", "resources": { "requests": { "cpu": "3500m" } },
        }]},
    });
    let pod: Pod = serde_json::from_value(pod).expect("a pod");
    let made = pods(fleet).create(&PostParams::default(), &pod).await;
    made.expect("it is accepted");
}

/// SC-10: a death at any effect of the making ends with one NodeGroup, one group at VPSie and one machine.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_the_making_makes_one_group() {
    let deaths = Deaths::listen();
    sweep(10, async |effect| {
        let (mut fleet, _inhabitants) = world().await;
        let is_there = |_: &Fleet, stored: &Stored| {
            let mut claims = stored.claims.iter();
            claims.any(|claim| claim.phase() == Phase::Ready)
        };
        let has_died = tell(&mut fleet, effect, order, is_there).await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        let stored = fleet.stored().await;
        assert_eq!(stored.groups.len(), 1, "effect {effect}\n{stored}");
        let groups = fleet.cloud.groups(&fleet.cluster);
        assert_eq!(groups.len(), 1, "effect {effect}");
        let machines = fleet.cloud.machines().into_iter();
        let made = machines.filter(|machine| machine.made_by.is_some()).count();
        assert_eq!(made, 1, "effect {effect}\n{stored}");
        assert!(fleet.truth().await.is_clean(), "effect {effect}");
        has_died
    })
    .await;
    deaths.check(&MAKING);
}

/// SC-10: a death at any effect of the end of such a NodeGroup leaves none behind, and makes none.
#[tokio::test(start_paused = true)]
async fn death_at_any_effect_of_the_end_of_a_made_group_leaves_none() {
    let deaths = Deaths::listen();
    sweep(2, async |effect| {
        let (mut fleet, _inhabitants) = world().await;
        let refusal = r#"{"error":true,"code":400,"message":"not now"}"#.to_owned();
        let refusal = FaultEffect::Status(400, refusal);
        fleet
            .cloud
            .fault(Fault::on(CallKind::CreateGroup, refusal).for_ever());
        order(&fleet).await;
        fleet
            .until("it is refused", |stored| {
                stored.find_group("size-58").is_some() && stored.group_problem("size-58").is_some()
            })
            .await;
        let cancel = async |fleet: &Fleet| {
            let gone = DeleteParams::default().grace_period(0);
            pods(fleet).delete("big", &gone).await.expect("it is there");
        };
        let is_gone = |_: &Fleet, stored: &Stored| stored.groups.is_empty();
        let has_died = tell(&mut fleet, effect, cancel, is_gone).await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        let stored = fleet.stored().await;
        let left = (stored.groups.len(), stored.claims.len());
        assert_eq!(left, (0, 0), "effect {effect}\n{stored}");
        has_died
    })
    .await;
    deaths.check(&DISMISSAL);
}
