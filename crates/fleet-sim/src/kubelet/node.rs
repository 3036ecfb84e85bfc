//! What a kubelet says of its machine: the Node it registers and the status it keeps.

use chrono::{DateTime, SecondsFormat, Utc};
use k8s_openapi::api::core::v1::Node;
use serde_json::{Value, json};

use crate::cloud::{MachineState, Role, SimMachine};

const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// Says how a Node answers the question whether it is Ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Registered a moment ago.
    Starting,
    /// Ready.
    Ready,
    /// Its kubelet is not heard any more.
    Silent,
}

// === impl Readiness ===

impl Readiness {
    pub(super) fn of(machine: &SimMachine) -> Self {
        if machine.state == MachineState::Gone || machine.is_silent {
            Self::Silent
        } else if machine.ready_at.is_some() {
            Self::Ready
        } else {
            Self::Starting
        }
    }

    fn status(self) -> &'static str {
        match self {
            Self::Starting => "False",
            Self::Ready => "True",
            Self::Silent => "Unknown",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Starting => "KubeletNotReady",
            Self::Ready => "KubeletReady",
            Self::Silent => "NodeStatusUnknown",
        }
    }

    /// Names the taint that goes with it.
    fn taint(self) -> Option<&'static str> {
        match self {
            Self::Starting => Some(NOT_READY),
            Self::Ready => None,
            Self::Silent => Some(UNREACHABLE),
        }
    }

    fn condition(self, now: DateTime<Utc>) -> Value {
        condition("Ready", self.status(), self.reason(), now)
    }
}

/// Makes the Node that a kubelet registers.
pub(super) fn registration(machine: &SimMachine, now: DateTime<Utc>) -> Node {
    let name = machine.node_name();
    let mut node = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            },
        },
        "spec": {},
        "status": full_status(machine, now),
    });
    if let Some(provider_id) = &machine.provider_id {
        node["spec"]["providerID"] = json!(provider_id);
    }
    let mut taints: Vec<Value> = Readiness::of(machine)
        .taint()
        .map(no_schedule)
        .into_iter()
        .collect();
    if machine.role == Role::Manager {
        node["metadata"]["labels"][CONTROL_PLANE] = json!("");
        taints.push(no_schedule(CONTROL_PLANE));
    }
    node["spec"]["taints"] = json!(taints);
    serde_json::from_value(node).expect("the object above has the shape of a Node")
}

/// Tells what to patch into the status of a Node, if anything; other conditions are left alone.
pub(super) fn status_change(node: &Node, machine: &SimMachine, now: DateTime<Utc>) -> Option<Value> {
    let readiness = Readiness::of(machine);
    let status = node.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let shown = conditions.and_then(|all| all.iter().find(|condition| condition.type_ == "Ready"));
    let has_addresses =
        status.is_some_and(|status| status.addresses.as_ref().is_some_and(|all| !all.is_empty()));
    if !has_addresses && readiness != Readiness::Silent {
        // An API that dropped the status of a create gets all of it now.
        return Some(json!({"status": full_status(machine, now)}));
    }
    let differs = shown.is_none_or(|condition| condition.status != readiness.status());
    differs.then(|| json!({"status": {"conditions": [readiness.condition(now)]}}))
}

/// Tells what to patch into the taints of a Node, if anything, bound to the version that was read.
pub(super) fn taint_change(node: &Node, machine: &SimMachine) -> Option<Value> {
    let due = Readiness::of(machine).taint();
    let present = node
        .spec
        .as_ref()
        .and_then(|spec| spec.taints.clone())
        .unwrap_or_default();
    let is_ours = |key: &str| key == NOT_READY || key == UNREACHABLE;
    let shown: Vec<&str> = present
        .iter()
        .map(|taint| taint.key.as_str())
        .filter(|key| is_ours(key))
        .collect();
    if shown == Vec::from_iter(due) {
        return None;
    }
    let others = present
        .iter()
        .filter(|taint| !is_ours(&taint.key))
        .map(|taint| json!(taint));
    let taints: Vec<Value> = others.chain(due.map(no_schedule)).collect();
    Some(json!({
        "metadata": {"resourceVersion": node.metadata.resource_version},
        "spec": {"taints": taints},
    }))
}

// === helpers ===

fn full_status(machine: &SimMachine, now: DateTime<Utc>) -> Value {
    let pressure = |kind| condition(kind, "False", "KubeletHasSufficient", now);
    // The kernel keeps some memory to itself, and the kubelet reserves some more.
    let memory_kb = machine.ram_mb * 1024 * 96 / 100;
    let allocatable_kb = memory_kb.saturating_sub(300 * 1024);
    let disk_kb = machine.disk_gb * 1024 * 1024;
    json!({
        "addresses": [
            {"type": "InternalIP", "address": machine.addresses[0]},
            {"type": "ExternalIP", "address": machine.addresses[1]},
            {"type": "Hostname", "address": machine.node_name()},
        ],
        "capacity": {
            "cpu": machine.cpu.to_string(), "memory": format!("{memory_kb}Ki"),
            "ephemeral-storage": format!("{disk_kb}Ki"), "pods": "110",
        },
        "allocatable": {
            "cpu": format!("{}m", u64::from(machine.cpu) * 1000 - 100), "memory": format!("{allocatable_kb}Ki"),
            "ephemeral-storage": format!("{}Ki", disk_kb * 9 / 10), "pods": "110",
        },
        "conditions": [
            pressure("MemoryPressure"), pressure("DiskPressure"), pressure("PIDPressure"),
            Readiness::of(machine).condition(now),
        ],
        // Ids of the machine stay empty: they would tell more than a real Node is known to tell.
        "nodeInfo": {
            "architecture": "amd64", "operatingSystem": "linux", "bootID": "", "machineID": "",
            "systemUUID": "", "kernelVersion": "6.8.0", "osImage": "Ubuntu 24.04",
            "containerRuntimeVersion": "containerd://2.0.0", "kubeProxyVersion": "",
            "kubeletVersion": format!("v{}", machine.version),
        },
    })
}

fn no_schedule(key: &str) -> Value {
    json!({"key": key, "effect": "NoSchedule"})
}

fn condition(kind: &str, status: &str, reason: &str, now: DateTime<Utc>) -> Value {
    let at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "type": kind, "status": status, "reason": reason, "message": "",
        "lastHeartbeatTime": at, "lastTransitionTime": at,
    })
}
