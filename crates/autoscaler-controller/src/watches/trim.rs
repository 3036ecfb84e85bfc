//! What is kept of a watched object: a Node is twenty times as large as what is read of it here.

use super::lean::{Field, Watched};
use crate::resources::{NodeGroup, VPSieNode, keys};
use k8s_openapi::api::core::v1::{Node, NodeSystemInfo, Pod};

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
}

impl Watched for VPSieNode {
    const SKIPPED: &'static [Field] = &[METADATA];
}

impl Watched for Node {
    const SKIPPED: &'static [Field] = &[METADATA, Field::parts("status", NODE_STATUS)];

    fn trim(&mut self) {
        node(self);
    }
}

/// A pod is not kept: what is skipped here is only what nobody reads on its way.
impl Watched for Pod {
    const SKIPPED: &'static [Field] = &[
        METADATA,
        Field::parts("spec", POD_SPEC),
        Field::parts("status", POD_STATUS),
    ];
}

/// The conditions of a Node that anybody reads.
const READ_CONDITIONS: [&str; 2] = ["Ready", "DiskPressure"];

/// Leaves of a Node what is read of it: who it is, our annotations, all labels and taints, addresses, capacity, what it has
/// for pods, two conditions without their words, and the version of its kubelet.
///
/// Labels stay because a NodeGroup may ask for any of them.
fn node(node: &mut Node) {
    if let Some(annotations) = &mut node.metadata.annotations {
        annotations.retain(|key, _| key.starts_with(keys::GROUP));
    }
    if let Some(labels) = &mut node.metadata.labels {
        // A tree that was filled key by key is half empty, and one that is made at once is full.
        *labels = std::mem::take(labels).into_iter().collect();
    }
    if let Some(spec) = &mut node.spec {
        (spec.pod_cidr, spec.pod_cidrs, spec.config_source) = (None, None, None);
    }
    let Some(told) = node.status.take() else { return };
    let mut conditions = told.conditions;
    if let Some(conditions) = &mut conditions {
        conditions.retain(|condition| READ_CONDITIONS.contains(&condition.type_.as_str()));
        conditions.shrink_to_fit();
        for condition in conditions {
            (condition.message, condition.last_heartbeat_time) = (None, None);
        }
    }
    let mut capacity = told.capacity;
    if let Some(capacity) = &mut capacity {
        capacity.retain(|resource, _| matches!(resource.as_str(), "cpu" | "memory"));
    }
    let status = node.status.get_or_insert_default();
    status.addresses = told.addresses;
    status.conditions = conditions;
    status.capacity = capacity;
    status.allocatable = told.allocatable;
    status.node_info = told.node_info.map(|info| NodeSystemInfo {
        kubelet_version: info.kubelet_version,
        ..NodeSystemInfo::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::{Reader, Volumes};
    use crate::pods::facts;
    use crate::watches::lean::Lean;
    use serde_json::{Value, json};

    fn trimmed(object: Value) -> Value {
        let Lean(object): Lean<Node> = serde_json::from_value(object).unwrap();
        let mut object = object.unwrap();
        object.trim();
        serde_json::to_value(object).unwrap()
    }

    /// NS-30: what is read of a Node is all that is kept of it.
    #[test]
    fn only_what_is_read_of_a_node_is_kept() {
        let condition = json!({ "type": "Ready", "status": "True", "reason": "KubeletReady" });
        let mut told = condition.clone();
        told["message"] = json!("kubelet is posting ready status");
        told["lastHeartbeatTime"] = json!("2026-01-24T08:00:00Z");
        let kept = trimmed(json!({
            "metadata": {
                "name": "n", "uid": "u", "resourceVersion": "7", "labels": { "gpu": "yes" },
                "annotations": { "autoscaler.vpsie.com/drain": "{}", "projectcalico.org/IPv4Address": "10.0.3.17/24" },
                "managedFields": [{ "manager": "kubelet" }],
            },
            "spec": {
                "podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"], "providerID": "vpsie://1",
                "taints": [{ "key": "gpu", "effect": "NoSchedule" }], "unschedulable": true,
            },
            "status": {
                "addresses": [{ "type": "InternalIP", "address": "10.0.3.17" }],
                "allocatable": { "cpu": "1900m" },
                "capacity": { "cpu": "2", "memory": "4Gi", "pods": "110" },
                "conditions": [{ "type": "PIDPressure", "status": "False" }, told],
                "images": [{ "names": ["a"] }],
                "nodeInfo": {
                    "architecture": "amd64", "bootID": "b", "containerRuntimeVersion": "c", "kernelVersion": "k",
                    "kubeProxyVersion": "p", "kubeletVersion": "v1.34.1", "machineID": "m", "operatingSystem": "linux",
                    "osImage": "o", "systemUUID": "s",
                },
            },
        }));
        let expected = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": "n", "uid": "u", "resourceVersion": "7", "labels": { "gpu": "yes" },
                "annotations": { "autoscaler.vpsie.com/drain": "{}" },
            },
            "spec": {
                "providerID": "vpsie://1", "taints": [{ "key": "gpu", "effect": "NoSchedule" }], "unschedulable": true,
            },
            "status": {
                "addresses": [{ "type": "InternalIP", "address": "10.0.3.17" }],
                "allocatable": { "cpu": "1900m" },
                "capacity": { "cpu": "2", "memory": "4Gi" },
                "conditions": [condition],
                "nodeInfo": {
                    "architecture": "", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "",
                    "kubeProxyVersion": "", "kubeletVersion": "v1.34.1", "machineID": "", "operatingSystem": "",
                    "osImage": "", "systemUUID": "",
                },
            },
        });
        assert_eq!(kept, expected);
    }

    #[test]
    fn node_without_a_status_stays_without_one() {
        let bare = json!({ "metadata": { "name": "n" } });
        assert_eq!(trimmed(bare)["status"], Value::Null);
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
