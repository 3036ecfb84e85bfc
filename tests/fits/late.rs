//! Claims that get their volume with their pod: one that a class makes on the Node of the pod, or one that is left there.
//!
//! No provisioner and no volume controller run; what they do once the scheduler has chosen a Node is done here.

use autoscaler_controller::planning::Volumes;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::random::node_name;
use crate::storage::DRIVER;

/// Classes: volumes anywhere, in one zone, in one of two places, those that are there, and those made without a pod.
pub(crate) const CLASSES: [&str; 5] = ["anywhere", "inside", "either", "local", "early"];

/// How many volumes of the class `local` there are with each set of Nodes.
const LEFT: usize = 6;

/// Is what the scheduler says in a claim: the Node on which its volume is to be made.
const SELECTED: &str = "volume.kubernetes.io/selected-node";

/// Names the claim of a pod.
pub(crate) fn claim_name(class: &str, pod: &str) -> String {
    format!("{class}-{pod}")
}

/// Returns the name of the late claim of a pod, and its class.
pub(crate) fn claim_of(pod: &Pod) -> Option<(String, &'static str)> {
    let volumes = pod.spec.as_ref()?.volumes.as_ref()?.iter();
    let mut claims = volumes.filter_map(|volume| Some(&volume.persistent_volume_claim.as_ref()?.claim_name));
    claims.find_map(|claim| {
        let class = CLASSES
            .into_iter()
            .find(|class| *claim == claim_name(class, &pod.name_any()))?;
        Some((claim.clone(), class))
    })
}

/// Makes the classes.
pub(crate) async fn make_classes(client: &Client, volumes: &mut Volumes) {
    let zone = |zone: &str| json!({"matchLabelExpressions": [{"key": "zone", "values": [zone]}]});
    let disk = json!({"matchLabelExpressions": [{"key": "disk", "values": ["ssd", "nvme"]}, {"key": "zone", "values": ["c"]}]});
    for class in CLASSES {
        let topologies = match class {
            "inside" => json!([zone("a")]),
            "either" => json!([zone("b"), disk]),
            _ => Value::Null,
        };
        let mode = if class == "early" {
            "Immediate"
        } else {
            "WaitForFirstConsumer"
        };
        let provisioner = if class == "local" {
            "kubernetes.io/no-provisioner"
        } else {
            DRIVER
        };
        let class = json!({"metadata": {"name": class}, "provisioner": provisioner, "volumeBindingMode": mode,
                           "allowedTopologies": topologies});
        let class: StorageClass = serde_json::from_value(class).expect("a StorageClass");
        let made = Api::all(client.clone())
            .create(&PostParams::default(), &class)
            .await;
        volumes.add_class(made.expect("it is made"));
    }
}

/// Makes volumes that are there for some set of Nodes, each of them on one Node or in one zone.
pub(crate) async fn make_volumes(client: &Client, world: u64, volumes: &mut Volumes) {
    for number in 0..LEFT {
        let (key, value) = match number % 2 {
            0 => ("kubernetes.io/hostname", node_name(world, number)),
            _ => ("zone", ["a", "b", "c"][number / 2].to_owned()),
        };
        let volume = volume(&format!("left-w{world}-{number}"), "local", Some((key, &value)));
        volumes.add_volume(create(client, volume).await);
    }
}

fn volume(name: &str, class: &str, at: Option<(&str, &str)>) -> Value {
    let affinity = at.map(|(key, value)| {
        let term = json!({"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]});
        json!({"required": {"nodeSelectorTerms": [term]}})
    });
    json!({
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "csi": {"driver": DRIVER, "volumeHandle": name},
            "storageClassName": class,
            "nodeAffinity": affinity,
        },
    })
}

async fn create(client: &Client, volume: Value) -> PersistentVolume {
    let volume: PersistentVolume = serde_json::from_value(volume).expect("a PersistentVolume");
    let made = Api::all(client.clone())
        .create(&PostParams::default(), &volume)
        .await;
    let made = made.expect("it is made");
    let available = Patch::Merge(json!({"status": {"phase": "Available"}}));
    let api = Api::<PersistentVolume>::all(client.clone());
    let patched = api
        .patch_status(&made.name_any(), &PatchParams::default(), &available)
        .await;
    patched.expect("it is available")
}

/// Makes the claim of a pod that is to come, if it has one of its own.
pub(crate) async fn make_claim(client: &Client, pod: &Pod, volumes: &mut Volumes) {
    let Some((name, class)) = claim_of(pod) else {
        return;
    };
    let claim = json!({
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": class,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    });
    let claim: PersistentVolumeClaim = serde_json::from_value(claim).expect("a PersistentVolumeClaim");
    let made = claims(client, pod).create(&PostParams::default(), &claim).await;
    volumes.add_claim(made.expect("it is made"));
}

fn claims(client: &Client, pod: &Pod) -> Api<PersistentVolumeClaim> {
    Api::namespaced(client.clone(), &pod.namespace().expect("it has one"))
}

/// Gives a claim its volume once the scheduler has chosen a Node or a volume for it.
pub(crate) async fn bind(client: &Client, pod: &Pod) {
    let Some((name, class)) = claim_of(pod) else {
        return;
    };
    let claims = claims(client, pod);
    let claim = claims.get(&name).await.expect("it is there");
    if claim.spec.as_ref().is_some_and(|spec| spec.volume_name.is_some()) {
        return;
    }
    let api = Api::<PersistentVolume>::all(client.clone());
    let all = api.list(&Default::default()).await.expect("they are listed");
    let is_kept = |volume: &&PersistentVolume| {
        let kept_for = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref());
        kept_for.is_some_and(|kept_for| kept_for.name.as_deref() == Some(&*name))
    };
    let chosen = match (all.items.iter().find(is_kept), claim.annotations().get(SELECTED)) {
        (Some(volume), _) => volume.name_any(),
        (None, Some(node)) => {
            let nodes = Api::<Node>::all(client.clone());
            let node = nodes.get(node).await.expect("it is there");
            let zone = node.labels().get("zone").map(|zone| ("zone", zone.as_str()));
            let mut made = volume(&format!("made-{name}"), class, zone);
            made["spec"]["claimRef"] =
                json!({"namespace": pod.namespace(), "name": name, "uid": claim.uid()});
            create(client, made).await.name_any()
        }
        (None, None) => return,
    };
    let bound = json!({
        "metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
        "spec": {"volumeName": chosen},
    });
    let patched = claims
        .patch(&name, &PatchParams::default(), &Patch::Merge(bound))
        .await;
    patched.expect("it is bound");
}

/// Reads what became of the claim of a pod.
pub(crate) async fn look(client: &Client, pod: &Pod, volumes: &mut Volumes) {
    let Some((name, _)) = claim_of(pod) else { return };
    let claim = claims(client, pod).get(&name).await.expect("it is there");
    if let Some(volume) = claim.spec.as_ref().and_then(|spec| spec.volume_name.as_ref()) {
        let api = Api::<PersistentVolume>::all(client.clone());
        volumes.add_volume(api.get(volume).await.expect("it is there"));
    }
    volumes.add_claim(claim);
}
