//! That pods are bound where they fit, and refused where they do not.

use super::*;
use crate::KubeApi;
use chrono::DateTime;
use kube::api::PostParams;
use serde_json::Value;

async fn create<K>(api: Api<K>, object: Value)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let object: K = serde_json::from_value(object).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap();
}

/// Describes a pod, and returns after one look where it is, or why not.
async fn placed(spec: Value) -> String {
    let clock = SimClock::starting_at(DateTime::UNIX_EPOCH);
    let client = KubeApi::with_seed(clock, 1).client();
    let node = json!({
        "metadata": { "name": "n", "labels": { "tier": "web" } },
        "spec": { "taints": [{ "key": "gpu", "value": "yes", "effect": "NoSchedule" }] },
        "status": {
            "allocatable": { "cpu": "1900m", "memory": "2Gi", "pods": "110" },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    });
    create::<Node>(Api::all(client.clone()), node.clone()).await;
    let nodes = Api::<Node>::all(client.clone());
    let status = json!({ "status": node["status"] });
    let written = nodes
        .patch_status("n", &PatchParams::default(), &Patch::Merge(status))
        .await;
    written.unwrap();
    let pods = Api::<Pod>::namespaced(client.clone(), "default");
    create(pods.clone(), json!({ "metadata": { "name": "p" }, "spec": spec })).await;
    pass(&client, &clock).await.unwrap();
    let pod = pods.get("p").await.unwrap();
    let status = pod.status.clone().unwrap_or_default();
    let reason = status.conditions.unwrap_or_default()[0].reason.clone();
    node_of(&pod).map(str::to_owned).or(reason).unwrap_or_default()
}

fn pod(cpu: &str, selector: &str, toleration: Option<&str>) -> Value {
    let tolerations: Vec<Value> = toleration
        .into_iter()
        .map(|value| json!({ "key": "gpu", "value": value, "effect": "NoSchedule" }))
        .collect();
    json!({
        "containers": [{ "name": "c", "image": "c", "resources": { "requests": { "cpu": cpu, "memory": "1Gi" } } }],
        "nodeSelector": { "tier": selector },
        "tolerations": tolerations,
    })
}

#[tokio::test(start_paused = true)]
async fn pod_is_bound_only_where_it_fits() {
    for (spec, expected) in [
        (pod("1900m", "web", Some("yes")), "n"),
        (pod("2", "web", Some("yes")), "Unschedulable"),
        (pod("100m", "db", Some("yes")), "Unschedulable"),
        (pod("100m", "web", Some("no")), "Unschedulable"),
        (pod("100m", "web", None), "Unschedulable"),
    ] {
        assert_eq!(placed(spec.clone()).await, expected, "{spec}");
    }
}
