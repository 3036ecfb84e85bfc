//! What is kept of a watched object: a Node is twenty times as large as what is read of it here.

use super::lean::{Field, Watched};
use crate::kept;
use crate::resources::{NodeGroup, VPSieNode, keys};
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// Who wrote an object.
pub(super) const METADATA: Field = Field::parts("metadata", &[Field::whole("managedFields")]);

/// What a container does, as far as no scheduler asks.
const CONTAINER: &[Field] = &[
    Field::whole("args"),
    Field::whole("command"),
    Field::whole("env"),
    Field::whole("envFrom"),
    Field::whole("image"),
    Field::whole("imagePullPolicy"),
    Field::whole("lifecycle"),
    Field::whole("livenessProbe"),
    Field::whole("readinessProbe"),
    Field::whole("securityContext"),
    Field::whole("startupProbe"),
    Field::whole("terminationMessagePath"),
    Field::whole("terminationMessagePolicy"),
    Field::whole("volumeDevices"),
    Field::whole("volumeMounts"),
    Field::whole("workingDir"),
];

/// What a volume is made of, where it is on every Node alike.
const VOLUME: &[Field] = &[
    Field::whole("configMap"),
    Field::whole("downwardAPI"),
    Field::whole("emptyDir"),
    Field::whole("projected"),
    Field::whole("secret"),
];

/// What a pod is like inside.
pub(super) const POD_SPEC: &[Field] = &[
    Field::parts("containers", CONTAINER),
    Field::whole("dnsConfig"),
    Field::whole("dnsPolicy"),
    Field::whole("enableServiceLinks"),
    Field::whole("ephemeralContainers"),
    Field::whole("hostAliases"),
    Field::whole("imagePullSecrets"),
    Field::parts("initContainers", CONTAINER),
    Field::whole("securityContext"),
    Field::whole("serviceAccount"),
    Field::whole("serviceAccountName"),
    Field::parts("volumes", VOLUME),
];

/// What a kubelet reports of the containers of a pod, and where they are reached.
const POD_STATUS: &[Field] = &[
    Field::whole("containerStatuses"),
    Field::whole("ephemeralContainerStatuses"),
    Field::whole("hostIP"),
    Field::whole("hostIPs"),
    Field::whole("initContainerStatuses"),
    Field::whole("podIP"),
    Field::whole("podIPs"),
];

/// What a kubelet has on its disk.
const NODE_STATUS: &[Field] = &[
    Field::whole("config"),
    Field::whole("daemonEndpoints"),
    Field::whole("images"),
    Field::whole("runtimeHandlers"),
    Field::whole("volumesAttached"),
    Field::whole("volumesInUse"),
];

impl Watched for NodeGroup {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = Self;

    fn keep(self) -> Self {
        self
    }
}

impl Watched for VPSieNode {
    const SKIPPED: &'static [Field] = &[METADATA];

    type Kept = Self;

    fn keep(mut self) -> Self {
        vpsie_node(&mut self.metadata);
        self
    }
}

impl Watched for Node {
    const SKIPPED: &'static [Field] = &[METADATA, Field::parts("status", NODE_STATUS)];

    type Kept = kept::Node;

    fn keep(self) -> kept::Node {
        self.into()
    }
}

/// A pod is not kept: what is skipped here is only what nobody reads on its way.
impl Watched for Pod {
    const SKIPPED: &'static [Field] = &[
        METADATA,
        Field::parts("spec", POD_SPEC),
        Field::parts("status", POD_STATUS),
    ];

    type Kept = Self;

    fn keep(self) -> Self {
        self
    }
}

/// Leaves of what is told of any object what is read of a VPSieNode: no labels, which are for people, no owners, and of
/// annotations those with keys of ours.
fn vpsie_node(metadata: &mut ObjectMeta) {
    (metadata.labels, metadata.owner_references) = (None, None);
    let annotations = metadata.annotations.take().unwrap_or_default();
    let ours = annotations
        .into_iter()
        .filter(|(key, _)| key.starts_with(keys::GROUP));
    metadata.annotations = Some(ours.collect()).filter(|ours: &BTreeMap<_, _>| !ours.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::{Reader, Volumes};
    use crate::pods::facts;
    use crate::watches::lean::Lean;
    use serde_json::{Value, json};

    /// NS-30: of a VPSieNode all stays but what is for others.
    #[test]
    fn only_what_is_read_of_a_vpsie_node_is_kept() {
        let object = |annotations: Value, more: Value| {
            let mut object = json!({
                "metadata": {
                    "name": "web-1", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 2,
                    "creationTimestamp": "2026-01-24T08:00:00Z", "deletionTimestamp": "2026-01-24T09:00:00Z",
                    "finalizers": ["autoscaler.vpsie.com/finalizer"], "annotations": annotations,
                },
                "spec": {
                    "vpsieInstanceID": 7, "instanceType": "small", "nodeGroupName": "web", "datacenterID": "d",
                    "project": "p", "sshKeyIDs": ["k"],
                },
                "status": { "phase": "Ready", "conditions": [{ "type": "VPSReady", "status": "True", "message": "m" }] },
            });
            let metadata = object["metadata"].as_object_mut().unwrap();
            metadata.extend(more.as_object().unwrap().clone());
            serde_json::from_value::<VPSieNode>(object).unwrap()
        };
        let written = json!({ "autoscaler.vpsie.com/lifecycle": "{}", "kubectl.kubernetes.io/last-applied-configuration": "{}" });
        let owners = json!([{ "apiVersion": "v1", "kind": "NodeGroup", "name": "web", "uid": "u" }]);
        let whole = object(
            written,
            json!({ "labels": { "team": "shop" }, "ownerReferences": owners }),
        );
        let kept = json!({ "autoscaler.vpsie.com/lifecycle": "{}" });
        assert_eq!(whole.keep(), object(kept, json!({})));
        assert_eq!(
            object(json!({ "note": "x" }), json!({}))
                .keep()
                .metadata
                .annotations,
            None
        );
    }

    /// LC-17: what is skipped of a pod is nothing that counts: neither whether it is workload, nor what it asks of a Node.
    #[test]
    fn what_is_skipped_of_a_pod_is_read_nowhere() {
        let container = json!({
            "name": "web", "image": "shop:1", "env": [{ "name": "A", "value": "b" }], "restartPolicy": "Always",
            "livenessProbe": { "httpGet": { "port": 80 } }, "ports": [{ "containerPort": 80, "hostPort": 80 }],
            "resources": { "requests": { "cpu": "100m", "memory": "1Gi", "vpsie.com/gpu": "1" } },
        });
        let pod = json!({
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "u", "labels": { "env": "shop" },
                "deletionTimestamp": "2026-01-24T08:00:00Z", "deletionGracePeriodSeconds": 5,
                "annotations": { "kubernetes.io/config.mirror": "m" }, "managedFields": [{ "manager": "kubelet" }],
                "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "d" }],
            },
            "spec": {
                "nodeName": "n", "containers": [container], "initContainers": [container], "dnsPolicy": "ClusterFirst",
                "nodeSelector": { "gpu": "yes" }, "overhead": { "cpu": "10m" }, "priority": 7,
                "securityContext": { "runAsUser": 1 }, "serviceAccountName": "web",
                "tolerations": [{ "key": "gpu", "operator": "Exists" }],
                "topologySpreadConstraints": [{ "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule" }],
                "volumes": [{ "name": "configuration", "configMap": { "name": "web" } }],
            },
            "status": { "phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [] },
        });
        let whole: Pod = serde_json::from_value(pod.clone()).unwrap();
        let Lean(lean): Lean<Pod> = serde_json::from_value(pod).unwrap();
        let lean = lean.unwrap();
        assert_eq!(facts(&lean), facts(&whole));
        let demand = |pod| Reader::default().demand(pod, &Volumes::default()).unwrap();
        assert_eq!(demand(&lean), demand(&whole));
        let (spec, status) = (lean.spec.unwrap(), lean.status.unwrap());
        let (container, volume) = (&spec.containers[0], &spec.volumes.unwrap()[0]);
        assert_eq!(
            (&container.env, &container.liveness_probe, &container.image),
            (&None, &None, &None)
        );
        assert_eq!((&volume.config_map, &status.container_statuses), (&None, &None));
        assert_eq!(lean.metadata.managed_fields, None);
    }
}
