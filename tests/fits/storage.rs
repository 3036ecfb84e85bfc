//! Volumes for random pods, on some Nodes only, and a runtime that takes its part of each.

use autoscaler_controller::planning::Volumes;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::storage::v1::CSINode;
use kube::Client;
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};

use crate::late;
use crate::random::{NAMESPACES, Random};

/// The runtime class whose pods have an overhead.
pub(crate) const RUNTIME: &str = "heavy";

/// How many claims each namespace has.
pub(crate) const CLAIMS: usize = 6;

pub(crate) const DRIVER: &str = "disk.example.com";

pub(crate) fn claim_name(number: usize) -> String {
    format!("claim-{number}")
}

/// Makes the runtime class, and claims that are bound to volumes: two anywhere, two by affinity and two by their labels
/// in one zone.
pub(crate) async fn make(client: &Client) -> Volumes {
    let runtime = json!({
        "metadata": {"name": RUNTIME},
        "handler": "heavy",
        "overhead": {"podFixed": {"cpu": "150m", "memory": "50Mi"}},
    });
    let runtime: RuntimeClass = serde_json::from_value(runtime).expect("a RuntimeClass");
    let made = Api::all(client.clone())
        .create(&PostParams::default(), &runtime)
        .await;
    made.expect("it is made");
    let mut volumes = Volumes::default();
    for (namespace, _) in NAMESPACES {
        for number in 0..CLAIMS {
            let volume = volume(namespace, number);
            let volume: PersistentVolume = serde_json::from_value(volume).expect("a PersistentVolume");
            let made = Api::all(client.clone())
                .create(&PostParams::default(), &volume)
                .await;
            volumes.add_volume(made.expect("it is made"));
            let claim: PersistentVolumeClaim =
                serde_json::from_value(claim(namespace, number)).expect("a PersistentVolumeClaim");
            let claims = Api::namespaced(client.clone(), namespace);
            let made = claims.create(&PostParams::default(), &claim).await;
            volumes.add_claim(made.expect("it is made"));
        }
    }
    late::make_classes(client, &mut volumes).await;
    volumes
}

fn volume(namespace: &str, number: usize) -> Value {
    let name = format!("{namespace}-{number}");
    let mut volume = json!({
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "csi": {"driver": DRIVER, "volumeHandle": name},
            "claimRef": {"namespace": namespace, "name": claim_name(number)},
        },
    });
    let zone = ["a", "b"][number % 2];
    match number / 2 {
        0 => {
            let term = json!({"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]});
            volume["spec"]["nodeAffinity"] = json!({"required": {"nodeSelectorTerms": [term]}});
        }
        1 => volume["metadata"]["labels"] = json!({"topology.kubernetes.io/zone": zone}),
        _ => {}
    }
    volume
}

/// Makes a claim that looks as the controller leaves it once it has a volume.
fn claim(namespace: &str, number: usize) -> Value {
    json!({
        "metadata": {
            "name": claim_name(number),
            "annotations": {"pv.kubernetes.io/bind-completed": "yes"},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "volumeName": format!("{namespace}-{number}"),
            "resources": {"requests": {"storage": "1Gi"}},
        },
    })
}

/// Says for most Nodes how many volumes the driver takes there.
pub(crate) async fn limit(client: &Client, node: &str, random: &mut Random) -> Option<CSINode> {
    if random.percent(30) {
        return None;
    }
    let count = random.below(2) + 1;
    let drivers =
        json!([{"name": DRIVER, "nodeID": node, "topologyKeys": [], "allocatable": {"count": count}}]);
    let limits = json!({"metadata": {"name": node}, "spec": {"drivers": drivers}});
    let limits: CSINode = serde_json::from_value(limits).expect("a CSINode");
    let made = Api::all(client.clone())
        .create(&PostParams::default(), &limits)
        .await;
    Some(made.expect("it is made"))
}

pub(crate) async fn forget_limits(client: &Client) {
    let all = Api::<CSINode>::all(client.clone());
    let deleted = all
        .delete_collection(&DeleteParams::default(), &Default::default())
        .await;
    deleted.expect("they are deleted");
}
