//! VPSieNode: one worker, from the wish for it to the end of its machine.
//!
//! Facts that are observed (instance id, addresses, Node name) are stored in the spec, where the Go autoscaler
//! keeps them.

#![expect(
    unreachable_pub,
    reason = "KubeSchema repeats the struct inside a function, where pub reaches nobody"
)]

use std::fmt;

use chrono::{DateTime, Utc};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::node_group::VERSION_PATTERN;

/// Describes one worker node and the VPSie machine behind it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "autoscaler.vpsie.com",
    version = "v1alpha1",
    kind = "VPSieNode",
    plural = "vpsienodes",
    singular = "vpsienode",
    shortname = "vn",
    shortname = "vns",
    namespaced,
    status = "VPSieNodeStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "One worker node and the VPSie machine behind it.",
    printcolumn(
        name = "VPS ID",
        type_ = "integer",
        json_path = ".spec.vpsieInstanceID",
        description = "VPSie instance ID"
    ),
    printcolumn(
        name = "Node",
        type_ = "string",
        json_path = ".status.nodeName",
        description = "Kubernetes node name"
    ),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase", description = "Node phase"),
    printcolumn(
        name = "Instance Type",
        type_ = "string",
        json_path = ".spec.instanceType",
        description = "VPSie instance type"
    ),
    printcolumn(
        name = "NodeGroup",
        type_ = "string",
        json_path = ".spec.nodeGroupName",
        description = "NodeGroup name"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("oldSelf.hasValue() || size(self.metadata.name) <= 63")
        .message("the name must have at most 63 characters, because it becomes a label value")
        .optional_old_self(true)
)]
// Texts that the first releases of the Go autoscaler did not require are still required by the schema, but read as
// empty when an old object lacks them: one object that cannot be read would stop the watch of all the others.
#[serde(rename_all = "camelCase")]
pub struct VPSieNodeSpec {
    /// VPSie number of the machine; 0 means unknown.
    #[serde(rename = "vpsieInstanceID")]
    pub vpsie_instance_id: i64,
    /// Offering of the machine.
    pub instance_type: String,
    /// Name of the NodeGroup, in the same namespace.
    pub node_group_name: String,
    /// VPSie data centre.
    #[serde(rename = "datacenterID")]
    pub datacenter_id: String,
    /// Identifier of the VPSie cluster.
    #[serde(default)]
    #[schemars(!default)]
    pub resource_identifier: String,
    /// VPSie project.
    #[serde(default)]
    #[schemars(!default)]
    pub project: String,
    /// VPSie image.
    #[serde(rename = "osImageID", skip_serializing_if = "Option::is_none")]
    pub os_image_id: Option<String>,
    /// Kubernetes version, with a leading v.
    #[serde(default)]
    #[schemars(!default, regex(pattern = VERSION_PATTERN))]
    pub kubernetes_version: String,
    /// VPSie SSH keys.
    #[serde(rename = "sshKeyIDs", skip_serializing_if = "Option::is_none")]
    pub ssh_key_ids: Option<Vec<String>>,
    /// Name of the Kubernetes Node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// First IPv4 address of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// First IPv6 address of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<String>,
    /// VPSie number of the group that holds the machine.
    #[serde(rename = "vpsieGroupID", skip_serializing_if = "Option::is_none")]
    pub vpsie_group_id: Option<i64>,
    /// VPSie identifier of the machine, the one that its removal names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpsie_node_identifier: Option<String>,
}

/// Reports what was observed of a worker.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct VPSieNodeStatus {
    /// Where the worker is in its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// Name of the Kubernetes Node, once it joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// Status of the machine in VPSie's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpsie_status: Option<String>,
    /// Hostname of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Size of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<NodeResources>,
    /// When the machine was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When the machine was seen running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_at: Option<DateTime<Utc>>,
    /// When the Node appeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<DateTime<Utc>>,
    /// When the Node became ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<DateTime<Utc>>,
    /// When removal began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminating_at: Option<DateTime<Utc>>,
    /// When the machine was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Conditions `VPSReady`, `NodeJoined`, `NodeReady` and `Error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<Condition>>,
    /// What last went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Generation of the spec that this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Gives the size of a machine.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NodeResources {
    /// Number of CPUs.
    pub cpu: i64,
    /// Memory in megabytes.
    #[serde(rename = "memoryMB")]
    pub memory_mb: i64,
    /// Disk in gigabytes.
    #[serde(rename = "diskGB")]
    pub disk_gb: i64,
    /// Traffic in gigabytes.
    #[serde(rename = "bandwidthGB", skip_serializing_if = "Option::is_none")]
    pub bandwidth_gb: Option<i64>,
}

/// Says where a worker is in its life.
///
/// Text that is none of the eight words is kept as it is, and nothing is decided from it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Wished for; nothing was asked of VPSie yet.
    Pending,
    /// Asked for; no machine is known to be ours.
    Provisioning,
    /// The machine runs; no Node belongs to it yet.
    Provisioned,
    /// The Node is awaited, or is not ready yet.
    Joining,
    /// The Node is ready.
    Ready,
    /// On its way out of the cluster.
    Terminating,
    /// The machine is being removed at VPSie.
    Deleting,
    /// Given up; a person or a time limit ends it.
    Failed,
    /// A word of somebody else.
    #[serde(untagged)]
    Unrecognised(String),
}

// === impl Phase ===

impl Phase {
    /// Lists the eight phases in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Provisioning,
        Self::Provisioned,
        Self::Joining,
        Self::Ready,
        Self::Terminating,
        Self::Deleting,
        Self::Failed,
    ];

    /// Returns the phase that was written; [`Phase::Pending`] when none was, or it is empty.
    #[must_use]
    pub fn of(written: Option<&Self>) -> Self {
        let written = written.filter(|phase| !phase.as_str().is_empty());
        written.cloned().unwrap_or(Self::Pending)
    }

    /// Returns the word that is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "Pending",
            Self::Provisioning => "Provisioning",
            Self::Provisioned => "Provisioned",
            Self::Joining => "Joining",
            Self::Ready => "Ready",
            Self::Terminating => "Terminating",
            Self::Deleting => "Deleting",
            Self::Failed => "Failed",
            Self::Unrecognised(text) => text,
        }
    }

    /// Returns it in the words of the life of a node; nothing for a word of somebody else.
    #[must_use]
    pub const fn in_life(&self) -> Option<node_lifecycle::Phase> {
        Some(match self {
            Self::Pending => node_lifecycle::Phase::Pending,
            Self::Provisioning => node_lifecycle::Phase::Provisioning,
            Self::Provisioned => node_lifecycle::Phase::Provisioned,
            Self::Joining => node_lifecycle::Phase::Joining,
            Self::Ready => node_lifecycle::Phase::Ready,
            Self::Terminating => node_lifecycle::Phase::Terminating,
            Self::Deleting => node_lifecycle::Phase::Deleting,
            Self::Failed => node_lifecycle::Phase::Failed,
            Self::Unrecognised(_) => return None,
        })
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

// === impl VPSieNode ===

impl VPSieNode {
    /// Returns the phase; [`Phase::Pending`] when none was written or it is empty.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::of(self.status.as_ref().and_then(|status| status.phase.as_ref()))
    }
}
