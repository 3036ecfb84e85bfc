//! A Node as it is kept: what is read of it here, and nothing else.

use super::{Identity, Kept, Pairs};
use crate::resources::keys;
use k8s_openapi::api::core::v1::{self, NodeCondition, ObjectReference, Taint};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The annotation of another autoscaler by which people ask to leave a Node or a pod alone.
pub(crate) const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";

/// The conditions of a Node that anybody reads.
const READ_CONDITIONS: [&str; 2] = ["Ready", "DiskPressure"];

/// What conditions are called and say, which takes no memory.
const WORDS: [&str; 5] = ["Ready", "DiskPressure", "True", "False", "Unknown"];

/// What is read of a Node: who it is, our annotations, all labels and taints, addresses, capacity, what it has for pods, two
/// conditions without their words, and the version of its kubelet.
///
/// Labels stay because a NodeGroup may ask for any of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Who it is.
    pub metadata: Metadata,
    /// What is asked of it.
    pub spec: NodeSpec,
    /// What its kubelet says of it; nothing before the first report.
    pub status: Option<NodeStatus>,
}

/// Who a Node is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Its name.
    pub name: Option<Box<str>>,
    /// Its uid.
    pub uid: Option<Box<str>>,
    /// The version that was read.
    pub resource_version: Option<Box<str>>,
    /// When it was created.
    pub creation_timestamp: Option<Time>,
    /// When its deletion was asked for.
    pub deletion_timestamp: Option<Time>,
    /// Its labels.
    pub labels: Pairs,
    /// Its annotations that are read: those with keys of ours, and one by which others ask to leave it alone.
    pub annotations: Pairs,
}

/// What is asked of a Node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSpec {
    /// What its provider calls it.
    pub provider_id: Option<Box<str>>,
    /// Its taints.
    pub taints: Box<[Taint]>,
    /// Whether it is cordoned.
    pub is_cordoned: bool,
}

/// What the kubelet of a Node says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeStatus {
    /// Its addresses by their type; there may be several of one type.
    pub addresses: Pairs,
    /// What pods may have of it; nothing where it does not say so.
    pub allocatable: Option<Pairs>,
    /// How large it is.
    pub capacity: Pairs,
    /// Its conditions that are read.
    pub conditions: Box<[Condition]>,
    /// The version of its kubelet.
    pub kubelet_version: Option<Box<str>>,
}

/// A condition of a Node without its words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// What it is about.
    pub type_: Cow<'static, str>,
    /// `True`, `False` or `Unknown`.
    pub status: Cow<'static, str>,
    /// Why, in one word.
    pub reason: Option<Box<str>>,
    /// Since when.
    pub last_transition_time: Option<Time>,
}

// === impl Node ===

impl Node {
    /// Returns its name; empty for one that was never stored.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Returns its name as a text of its own.
    #[must_use]
    pub fn name_any(&self) -> String {
        self.name().to_owned()
    }

    /// Returns its uid; nothing for one that was never stored.
    #[must_use]
    pub fn uid(&self) -> Option<String> {
        self.metadata.uid.as_deref().map(str::to_owned)
    }

    /// Returns its labels.
    #[must_use]
    pub const fn labels(&self) -> &Pairs {
        &self.metadata.labels
    }

    /// Returns the annotations that are kept.
    #[must_use]
    pub const fn annotations(&self) -> &Pairs {
        &self.metadata.annotations
    }

    /// Returns a condition by its type.
    #[must_use]
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        let mut conditions = self.status.as_ref()?.conditions.iter();
        conditions.find(|condition| condition.type_ == type_)
    }

    /// Names it as an Event does: without its version.
    #[must_use]
    pub fn object_ref(&self) -> ObjectReference {
        let identity = self.identity();
        let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Node".to_owned()),
            name: told(identity.name),
            uid: told(identity.uid),
            ..ObjectReference::default()
        }
    }
}

impl Kept for Node {
    fn kind() -> Cow<'static, str> {
        "Node".into()
    }

    fn identity(&self) -> Identity<'_> {
        let metadata = &self.metadata;
        Identity {
            namespace: "",
            name: self.name(),
            uid: metadata.uid.as_deref().unwrap_or_default(),
            resource_version: metadata.resource_version.as_deref().unwrap_or_default(),
        }
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().get(key)
    }

    /// No finalizer of a Node is ours.
    fn kept_by(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}

// === what is kept of the type of Kubernetes ===

impl From<v1::Node> for Node {
    fn from(node: v1::Node) -> Self {
        let spec = node.spec.unwrap_or_default();
        Self {
            metadata: node.metadata.into(),
            spec: NodeSpec {
                provider_id: spec.provider_id.map(Into::into),
                taints: spec.taints.unwrap_or_default().into(),
                is_cordoned: spec.unschedulable == Some(true),
            },
            status: node.status.map(Into::into),
        }
    }
}

impl From<ObjectMeta> for Metadata {
    fn from(metadata: ObjectMeta) -> Self {
        let mut annotations = metadata.annotations.unwrap_or_default();
        annotations.retain(|key, _| key.starts_with(keys::GROUP) || key == DO_NOT_DISRUPT);
        Self {
            name: metadata.name.map(Into::into),
            uid: metadata.uid.map(Into::into),
            resource_version: metadata.resource_version.map(Into::into),
            creation_timestamp: metadata.creation_timestamp,
            deletion_timestamp: metadata.deletion_timestamp,
            labels: metadata.labels.unwrap_or_default().into(),
            annotations: annotations.into(),
        }
    }
}

impl From<v1::NodeStatus> for NodeStatus {
    fn from(status: v1::NodeStatus) -> Self {
        let addresses = status.addresses.unwrap_or_default();
        let addresses = addresses.iter().map(|one| (&one.type_, &one.address));
        let mut capacity = status.capacity.unwrap_or_default();
        capacity.retain(|resource, _| matches!(resource.as_str(), "cpu" | "memory"));
        let mut conditions = status.conditions.unwrap_or_default();
        conditions.retain(|condition| READ_CONDITIONS.contains(&condition.type_.as_str()));
        Self {
            addresses: addresses.collect(),
            allocatable: status.allocatable.as_ref().map(amounts),
            capacity: amounts(&capacity),
            conditions: conditions.into_iter().map(Into::into).collect(),
            kubelet_version: status.node_info.map(|info| info.kubelet_version.into()),
        }
    }
}

impl From<NodeCondition> for Condition {
    fn from(condition: NodeCondition) -> Self {
        Self {
            type_: word(condition.type_),
            status: word(condition.status),
            reason: condition.reason.map(Into::into),
            last_transition_time: condition.last_transition_time,
        }
    }
}

/// Keeps a text; one that every Node says takes no memory.
fn word(text: String) -> Cow<'static, str> {
    let known = WORDS.into_iter().find(|word| *word == text);
    known.map_or(text.into(), Cow::Borrowed)
}

fn amounts(written: &BTreeMap<String, Quantity>) -> Pairs {
    written
        .iter()
        .map(|(resource, amount)| (resource, &amount.0))
        .collect()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        v1::Node::deserialize(deserializer).map(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn kept(object: Value) -> Node {
        serde_json::from_value(object).unwrap()
    }

    fn time(text: &str) -> Option<Time> {
        Some(Time(text.parse().unwrap()))
    }

    /// NS-30: what is read of a Node is all that is kept of it.
    #[test]
    fn only_what_is_read_of_a_node_is_kept() {
        let taint = json!({ "key": "gpu", "effect": "NoSchedule" });
        let node = kept(json!({
            "metadata": {
                "name": "n", "uid": "u", "resourceVersion": "7", "labels": { "gpu": "yes", "zone": "a" },
                "creationTimestamp": "2026-01-24T08:00:00Z", "deletionTimestamp": "2026-01-24T09:00:00Z",
                "annotations": {
                    "autoscaler.vpsie.com/drain": "{}", "karpenter.sh/do-not-disrupt": "true",
                    "projectcalico.org/IPv4Address": "10.0.3.17/24",
                },
                "managedFields": [{ "manager": "kubelet" }],
            },
            "spec": {
                "podCIDR": "10.244.1.0/24", "providerID": "vpsie://1", "taints": [taint], "unschedulable": true,
            },
            "status": {
                "addresses": [{ "type": "InternalIP", "address": "10.0.3.17" }, { "type": "InternalIP", "address": "fd00::1" }],
                "allocatable": { "cpu": "1900m", "pods": "110" },
                "capacity": { "cpu": "2", "memory": "4Gi", "pods": "110" },
                "conditions": [
                    { "type": "PIDPressure", "status": "False" },
                    {
                        "type": "Ready", "status": "Odd", "reason": "KubeletReady", "message": "long",
                        "lastTransitionTime": "2026-01-24T08:30:00Z", "lastHeartbeatTime": "2026-01-24T08:40:00Z",
                    },
                ],
                "images": [{ "names": ["a"] }],
                "nodeInfo": {
                    "architecture": "amd64", "bootID": "b", "containerRuntimeVersion": "c", "kernelVersion": "k",
                    "kubeProxyVersion": "p", "kubeletVersion": "v1.34.1", "machineID": "m", "operatingSystem": "linux",
                    "osImage": "o", "systemUUID": "s",
                },
            },
        }));
        let expected = Node {
            metadata: Metadata {
                name: Some("n".into()),
                uid: Some("u".into()),
                resource_version: Some("7".into()),
                creation_timestamp: time("2026-01-24T08:00:00Z"),
                deletion_timestamp: time("2026-01-24T09:00:00Z"),
                labels: [("gpu", "yes"), ("zone", "a")].into_iter().collect(),
                annotations: [("autoscaler.vpsie.com/drain", "{}"), (DO_NOT_DISRUPT, "true")]
                    .into_iter()
                    .collect(),
            },
            spec: NodeSpec {
                provider_id: Some("vpsie://1".into()),
                taints: [serde_json::from_value(taint).unwrap()].into(),
                is_cordoned: true,
            },
            status: Some(NodeStatus {
                addresses: [("InternalIP", "10.0.3.17"), ("InternalIP", "fd00::1")]
                    .into_iter()
                    .collect(),
                allocatable: Some([("cpu", "1900m"), ("pods", "110")].into_iter().collect()),
                capacity: [("cpu", "2"), ("memory", "4Gi")].into_iter().collect(),
                conditions: [Condition {
                    type_: "Ready".into(),
                    status: "Odd".into(),
                    reason: Some("KubeletReady".into()),
                    last_transition_time: time("2026-01-24T08:30:00Z"),
                }]
                .into(),
                kubelet_version: Some("v1.34.1".into()),
            }),
        };
        assert_eq!(node, expected);
        assert_eq!(node.condition("Ready").map(|ready| &*ready.status), Some("Odd"));
    }

    /// Bad input: a Node that says nothing is kept as one that says nothing.
    #[test]
    fn node_without_words_is_kept() {
        assert_eq!(kept(json!({ "metadata": {} })), Node::default());
        let cleared = kept(json!({ "metadata": {}, "spec": { "unschedulable": false }, "status": {} }));
        assert_eq!(cleared.status, Some(NodeStatus::default()));
        assert!(!cleared.spec.is_cordoned);
    }

    /// NS-30: a Node takes no more than it says: neither its type nor a place for more texts than it has.
    #[test]
    fn node_is_small() {
        assert!(size_of::<Node>() <= 400, "{}", size_of::<Node>());
        let node = kept(
            json!({ "metadata": { "name": "n" }, "status": { "conditions": [{ "type": "Ready", "status": "True" }] } }),
        );
        let ready = node.condition("Ready").unwrap();
        assert!(matches!(
            (&ready.type_, &ready.status),
            (Cow::Borrowed(_), Cow::Borrowed(_))
        ));
    }

    #[test]
    fn node_is_named_as_events_name_it() {
        let node = kept(json!({ "metadata": { "name": "n", "uid": "u", "resourceVersion": "7" } }));
        let whole: v1::Node = serde_json::from_value(json!({
            "metadata": { "name": "n", "uid": "u", "resourceVersion": "7" },
        }))
        .unwrap();
        assert_eq!(node.object_ref(), kube::Resource::object_ref(&whole, &()));
    }
}
