//! What is kept of a watched object: a Node is twenty times as large as what is read of it here.

use crate::resources::keys;
use k8s_openapi::api::core::v1::{Node, NodeSystemInfo};
use kube::Resource;

/// Leaves of an object what a decision may depend on, which is everything but who wrote it.
pub(super) fn managed_fields(object: &mut impl Resource) {
    object.meta_mut().managed_fields = None;
}

/// Leaves of a Node what is read of it: who it is, our annotations, all labels and taints, addresses, capacity, conditions
/// without their words, and the version of its kubelet.
///
/// Labels stay because a NodeGroup may ask for any of them.
pub(super) fn node(node: &mut Node) {
    managed_fields(node);
    if let Some(annotations) = &mut node.metadata.annotations {
        annotations.retain(|key, _| key.starts_with(keys::GROUP));
    }
    if let Some(spec) = &mut node.spec {
        (spec.pod_cidr, spec.pod_cidrs, spec.config_source) = (None, None, None);
    }
    let Some(told) = node.status.take() else { return };
    let mut conditions = told.conditions;
    for condition in conditions.iter_mut().flatten() {
        (condition.message, condition.last_heartbeat_time) = (None, None);
    }
    let mut capacity = told.capacity;
    if let Some(capacity) = &mut capacity {
        capacity.retain(|resource, _| matches!(resource.as_str(), "cpu" | "memory"));
    }
    let status = node.status.get_or_insert_default();
    status.addresses = told.addresses;
    status.conditions = conditions;
    status.capacity = capacity;
    status.node_info = told.node_info.map(|info| NodeSystemInfo {
        kubelet_version: info.kubelet_version,
        ..NodeSystemInfo::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn trimmed(object: Value) -> Value {
        let mut object: Node = serde_json::from_value(object).unwrap();
        node(&mut object);
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
                "conditions": [told],
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
}
