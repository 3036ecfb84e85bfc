//! What is kept of the objects that say where pods fit.

use super::lean::{Field, Watched};
use super::trim::{METADATA, POD_SPEC};
use crate::resources::AutoscalerConfig;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{
    CSIPersistentVolumeSource, Container, Namespace, ObjectReference, PersistentVolume,
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeSpec, Pod, PodSpec, Volume,
};
use k8s_openapi::api::storage::v1::{CSINode, StorageClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Where the template of pods is.
const TEMPLATE: Field = Field::parts(
    "spec",
    &[Field::parts("template", &[Field::parts("spec", POD_SPEC)])],
);

impl Watched for Namespace {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = Self;

    fn keep(mut self) -> Self {
        namespace(&mut self);
        self
    }
}

impl Watched for DaemonSet {
    const SKIPPED: &'static [Field] = &[METADATA, TEMPLATE, Field::whole("status")];

    type Kept = Self;

    fn keep(mut self) -> Self {
        daemon_set(&mut self);
        self
    }
}

impl Watched for PersistentVolumeClaim {
    const SKIPPED: &'static [Field] = &[METADATA, Field::whole("status")];

    type Kept = Self;

    fn keep(mut self) -> Self {
        claim(&mut self);
        self
    }
}

impl Watched for PersistentVolume {
    const SKIPPED: &'static [Field] = &[METADATA, Field::whole("status")];

    type Kept = Self;

    fn keep(mut self) -> Self {
        volume(&mut self);
        self
    }
}

impl Watched for StorageClass {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = Self;

    fn keep(self) -> Self {
        self
    }
}

impl Watched for CSINode {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = Self;

    fn keep(self) -> Self {
        self
    }
}

impl Watched for AutoscalerConfig {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = Self;

    fn keep(self) -> Self {
        self
    }
}

/// Leaves of a namespace its name and labels, and whether it is on its way out.
fn namespace(namespace: &mut Namespace) {
    let deletion_timestamp = namespace.metadata.deletion_timestamp.take();
    *namespace = Namespace {
        metadata: ObjectMeta {
            deletion_timestamp,
            ..labelled(&mut namespace.metadata)
        },
        ..Namespace::default()
    };
}

/// Leaves of a claim which volume it has, or of which class it wants one.
fn claim(claim: &mut PersistentVolumeClaim) {
    let spec = claim.spec.take().map(|spec| PersistentVolumeClaimSpec {
        storage_class_name: spec.storage_class_name,
        volume_name: spec.volume_name,
        ..PersistentVolumeClaimSpec::default()
    });
    *claim = PersistentVolumeClaim {
        metadata: labelled(&mut claim.metadata),
        spec,
        status: None,
    };
}

/// Leaves of a volume where it can be reached, its driver, its class, and who has it.
fn volume(volume: &mut PersistentVolume) {
    let spec = volume.spec.take().map(|spec| PersistentVolumeSpec {
        node_affinity: spec.node_affinity,
        csi: spec.csi.map(|csi| CSIPersistentVolumeSource {
            driver: csi.driver,
            volume_handle: csi.volume_handle,
            ..CSIPersistentVolumeSource::default()
        }),
        storage_class_name: spec.storage_class_name,
        claim_ref: spec.claim_ref.map(|kept_for| ObjectReference {
            namespace: kept_for.namespace,
            name: kept_for.name,
            ..ObjectReference::default()
        }),
        ..PersistentVolumeSpec::default()
    });
    *volume = PersistentVolume {
        metadata: labelled(&mut volume.metadata),
        spec,
        status: None,
    };
}

/// Leaves of a DaemonSet what its pods ask of a Node.
fn daemon_set(daemon_set: &mut DaemonSet) {
    daemon_set.metadata.annotations = None;
    if let Some(spec) = daemon_set
        .spec
        .as_mut()
        .and_then(|spec| spec.template.spec.as_mut())
    {
        *spec = pod_spec(std::mem::take(spec));
    }
}

/// Leaves of a pod what it asks of a Node.
pub(crate) fn pod(pod: &Pod) -> Pod {
    Pod {
        metadata: labelled(&mut pod.metadata.clone()),
        spec: pod.spec.clone().map(pod_spec),
        status: None,
    }
}

fn labelled(metadata: &mut ObjectMeta) -> ObjectMeta {
    ObjectMeta {
        namespace: metadata.namespace.take(),
        name: metadata.name.take(),
        labels: metadata.labels.take(),
        resource_version: metadata.resource_version.take(),
        ..ObjectMeta::default()
    }
}

fn pod_spec(spec: PodSpec) -> PodSpec {
    let container = |container: Container| Container {
        name: container.name,
        ports: container.ports,
        resources: container.resources,
        restart_policy: container.restart_policy,
        ..Container::default()
    };
    let is_claimed = |volume: &Volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some();
    let volumes = spec.volumes.into_iter().flatten().filter(is_claimed).collect();
    let starting = spec.init_containers.into_iter().flatten();
    PodSpec {
        affinity: spec.affinity,
        containers: spec.containers.into_iter().map(container).collect(),
        init_containers: Some(starting.map(container).collect()),
        node_selector: spec.node_selector,
        overhead: spec.overhead,
        priority: spec.priority,
        resources: spec.resources,
        tolerations: spec.tolerations,
        topology_spread_constraints: spec.topology_spread_constraints,
        volumes: Some(volumes),
        ..PodSpec::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn kept<K: Watched<Kept: serde::Serialize>>(object: Value) -> Value {
        let object: K = serde_json::from_value(object).expect("it has its shape");
        serde_json::to_value(object.keep()).expect("it can be written")
    }

    /// NS-30: of what says where pods fit, nothing else is kept.
    #[test]
    fn only_what_says_where_pods_fit_is_kept() {
        let claim = kept::<PersistentVolumeClaim>(json!({
            "metadata": { "namespace": "shop", "name": "data", "annotations": { "long": "text" } },
            "spec": { "volumeName": "v", "storageClassName": "fast", "accessModes": ["ReadWriteOnce"] },
        }));
        assert_eq!(
            claim["spec"],
            json!({ "volumeName": "v", "storageClassName": "fast" })
        );
        assert_eq!(claim["metadata"], json!({ "namespace": "shop", "name": "data" }));
        let volume = kept::<PersistentVolume>(json!({
            "metadata": { "name": "v", "labels": { "topology.kubernetes.io/zone": "a" } },
            "spec": {
                "capacity": { "storage": "1Gi" },
                "csi": { "driver": "d", "volumeHandle": "h", "volumeAttributes": { "long": "text" } },
                "storageClassName": "fast",
                "claimRef": { "namespace": "shop", "name": "data", "uid": "1-2-3" },
            },
        }));
        assert_eq!(
            volume["spec"],
            json!({
                "csi": { "driver": "d", "volumeHandle": "h" },
                "storageClassName": "fast",
                "claimRef": { "namespace": "shop", "name": "data" },
            })
        );
        assert_eq!(volume["metadata"]["labels"]["topology.kubernetes.io/zone"], "a");
        let stamp = "2026-01-24T08:00:00Z";
        let namespace = kept::<Namespace>(json!({
            "metadata": { "name": "apps", "annotations": { "long": "text" }, "deletionTimestamp": stamp },
        }));
        let left = json!({ "name": "apps", "deletionTimestamp": stamp });
        assert_eq!(namespace["metadata"], left);
    }

    /// NS-30: of a pod whose volumes are claimed, what it asks of a Node is kept.
    #[test]
    fn pod_keeps_what_it_asks_of_a_node() {
        let spec = json!({
            "containers": [{
                "name": "db", "image": "db", "env": [{ "name": "A", "value": "b" }],
                "resources": { "requests": { "cpu": "1" } },
            }],
            "nodeSelector": { "tier": "db" },
            "volumes": [
                { "name": "data", "persistentVolumeClaim": { "claimName": "data" } },
                { "name": "tmp", "emptyDir": {} },
            ],
        });
        let whole: Pod = serde_json::from_value(json!({
            "metadata": { "name": "db-0", "uid": "u", "labels": { "app": "db" } }, "spec": spec,
        }))
        .expect("it has the shape of a Pod");
        let kept = serde_json::to_value(pod(&whole)).expect("it can be written");
        assert_eq!(
            kept["metadata"],
            json!({ "name": "db-0", "labels": { "app": "db" } })
        );
        let container = &kept["spec"]["containers"][0];
        assert_eq!(
            *container,
            json!({ "name": "db", "resources": { "requests": { "cpu": "1" } } })
        );
        let volumes = kept["spec"]["volumes"].as_array().expect("a list");
        assert_eq!((volumes.len(), &volumes[0]["name"]), (1, &json!("data")));
        assert_eq!(kept["spec"]["nodeSelector"], json!({ "tier": "db" }));
    }
}
