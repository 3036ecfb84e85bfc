//! A shop: a world with a scheduler and NodeGroups that grow, and the pods that people make in it.

use std::collections::BTreeMap;
use std::time::Duration;

use autoscaler_controller::resources::{
    AutoscalerConfig, AutoscalerConfigSpec, GlobalSettings, NodeGroup, ScaleUpPolicy,
};
use fleet_sim::scheduler;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::events::v1::Event;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::bought;

/// Between two looks at what happens.
const LOOK: Duration = Duration::from_secs(10);

/// Most VPSieNodes that go again in any of these stories. An operator that makes and withdraws them without end needs more
/// real time for each simulated hour than anybody waits.
const MOST_WITHDRAWN: usize = 20;

/// A world with a scheduler, and the pods that people make in it.
pub(super) struct Shop {
    pub(super) fleet: Fleet,
    _scheduler: JoinSet<()>,
}

// === impl Shop ===

impl Shop {
    /// Starts the operator and the scheduler; two workers without a group have 1900m of CPU for pods each.
    pub(super) async fn open(groups: &[(&str, i64, i32)]) -> Self {
        let mut fleet = Fleet::in_memory(1);
        let (client, clock) = (fleet.nodes().into_client(), fleet.clock);
        let mut inhabitants = JoinSet::new();
        inhabitants.spawn(async move { match scheduler::run(client, clock).await {} });
        for (name, size, most) in groups {
            let mut group = fleet.node_group(name, *size, 0);
            group.spec.max_nodes = *most;
            // What is full of pods would grow by its use; other stories tell that.
            group.spec.scale_up_policy = Some(ScaleUpPolicy {
                cpu_threshold: Some(100),
                ..ScaleUpPolicy::default()
            });
            fleet.create(&group).await;
        }
        fleet.start().await;
        Self {
            fleet,
            _scheduler: inhabitants,
        }
    }

    pub(super) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.fleet.nodes().into_client(), NAMESPACE)
    }

    /// Makes pods that ask for so many thousandths of a core each.
    pub(super) async fn order(&self, name: &str, count: usize, cpu_m: u32) {
        self.order_with(&json!({}), name, count, cpu_m).await;
    }

    /// Does so, with more in their specs.
    pub(super) async fn order_with(&self, more: &Value, name: &str, count: usize, cpu_m: u32) {
        for number in 0..count {
            let mut pod = json!({
                "metadata": { "name": format!("{name}-{number}"), "labels": { "app": name } },
                "spec": { "containers": [{
                    "name": "work", "image": "work",
                    "resources": { "requests": { "cpu": format!("{cpu_m}m"), "memory": "64Mi" } },
                }]},
            });
            for (key, value) in more.as_object().into_iter().flatten() {
                pod["spec"][key] = value.clone();
            }
            let pod: Pod = serde_json::from_value(pod).expect("a pod");
            self.pods()
                .create(&PostParams::default(), &pod)
                .await
                .expect("it is accepted");
        }
    }

    /// Deletes every pod at once.
    pub(super) async fn clear(&self) {
        let pods = self.pods().list(&ListParams::default()).await;
        let gone = DeleteParams::default().grace_period(0);
        for pod in pods.expect("they can be listed") {
            let deleted = self.pods().delete(&pod.name_any(), &gone).await;
            deleted.expect("it is there");
        }
    }

    /// Counts the pods that are on a Node.
    pub(super) async fn bound(&self) -> usize {
        let pods = self.pods().list(&ListParams::default()).await;
        let pods = pods.expect("they can be listed");
        let bound = pods.items.iter().filter(|pod| {
            let spec = pod.spec.as_ref();
            spec.is_some_and(|spec| spec.node_name.is_some())
        });
        bound.count()
    }

    /// Lets time pass, as long as the operator does not run in a circle.
    pub(super) async fn pass(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(LOOK);
            tokio::time::sleep(step).await;
            left -= step;
            let removed = self.fleet.memory().deleted().into_iter();
            let withdrawn = removed.filter(|object| object["kind"] == "VPSieNode").count();
            assert!(
                withdrawn <= MOST_WITHDRAWN,
                "VPSieNodes are made and go again without end, {withdrawn} so far:\n{}",
                self.fleet.stored().await
            );
        }
    }

    pub(super) async fn until_bound(&self, count: usize) -> Stored {
        for _ in 0..360 {
            if self.bound().await == count {
                return self.fleet.stored().await;
            }
            self.pass(LOOK).await;
        }
        panic!(
            "{} of {count} are bound:\n{}",
            self.bound().await,
            self.fleet.stored().await
        );
    }

    /// Waits until a VPSieNode is as it should be.
    pub(super) async fn until_claim(&self, what: &str, is_so: impl Fn(&Stored) -> bool) {
        for _ in 0..360 {
            if is_so(&self.fleet.stored().await) {
                return;
            }
            self.pass(LOOK).await;
        }
        panic!("it did not come to this: {what}\n{}", self.fleet.stored().await);
    }

    /// Waits for longer than any refusal lasts: whatever was to happen has happened.
    pub(super) async fn settle(&self) {
        self.pass(Duration::from_secs(1200)).await;
    }

    /// Counts the machines that were bought, by the NodeGroup of their VPSieNodes.
    pub(super) async fn bought(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for claim in self.fleet.stored().await.claims {
            *counts.entry(claim.spec.node_group_name.clone()).or_default() += 1;
        }
        assert_eq!(counts.values().sum::<usize>(), bought(&self.fleet.cloud).len());
        counts
    }

    /// Lists the reasons and notes of the Events about a pod.
    pub(super) async fn told(&self, pod: &str) -> Vec<String> {
        let events: Api<Event> = Api::namespaced(self.fleet.nodes().into_client(), NAMESPACE);
        let events = events
            .list(&ListParams::default())
            .await
            .expect("they can be listed");
        let about = events.items.into_iter().filter(|event| {
            let regarding = event.regarding.as_ref();
            regarding.is_some_and(|object| object.name.as_deref() == Some(pod))
        });
        about
            .map(|event| {
                format!(
                    "{} {}",
                    event.reason.unwrap_or_default(),
                    event.note.unwrap_or_default()
                )
            })
            .collect()
    }

    /// Changes a NodeGroup as a person does.
    pub(super) async fn change(&self, group: &str, patch: Value) {
        let groups = self.fleet.api::<NodeGroup>();
        let patched = groups
            .patch(group, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        patched.expect("a person may change a NodeGroup");
    }

    /// Writes settings of the whole cluster.
    pub(super) async fn set(&self, settings: GlobalSettings) {
        self.fleet.set(settings).await;
    }

    /// Writes the AutoscalerConfig.
    pub(super) async fn configure(&self, spec: AutoscalerConfigSpec) {
        let api: Api<AutoscalerConfig> = Api::all(self.fleet.nodes().into_client());
        let made = api
            .create(&PostParams::default(), &AutoscalerConfig::new("default", spec))
            .await;
        made.expect("it is accepted");
    }
}

pub(super) fn one(group: &str, count: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(group.to_owned(), count)])
}
