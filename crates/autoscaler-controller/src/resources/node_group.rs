//! NodeGroup: what a person asks for, how many nodes of which kind, and what came of it.
//!
//! No schema here has a default, because the API server would write it into the object and the next client that
//! leaves out `false` or `0` would turn it on again. Accessors supply the default when a field is read.

#![expect(
    unreachable_pub,
    reason = "KubeSchema repeats the struct inside a function, where pub reaches nobody"
)]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Taint;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::policy::{CostOptimization, MultiRegion, ScaleDownPolicy, ScaleUpPolicy, SpotConfig};

/// Describes a group of equal worker nodes in one VPSie cluster.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "autoscaler.vpsie.com",
    version = "v1alpha1",
    kind = "NodeGroup",
    plural = "nodegroups",
    singular = "nodegroup",
    shortname = "ng",
    shortname = "ngs",
    namespaced,
    status = "NodeGroupStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "A group of worker nodes that the autoscaler keeps between a minimum and a maximum.",
    printcolumn(name = "Min", type_ = "integer", json_path = ".spec.minNodes", description = "Minimum nodes"),
    printcolumn(name = "Max", type_ = "integer", json_path = ".spec.maxNodes", description = "Maximum nodes"),
    printcolumn(
        name = "Desired",
        type_ = "integer",
        json_path = ".status.desiredNodes",
        description = "Desired nodes"
    ),
    printcolumn(
        name = "Current",
        type_ = "integer",
        json_path = ".status.currentNodes",
        description = "Current nodes"
    ),
    printcolumn(
        name = "Ready",
        type_ = "integer",
        json_path = ".status.readyNodes",
        description = "Ready nodes"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("oldSelf.hasValue() || size(self.metadata.name) <= 63")
        .message("the name must have at most 63 characters, because it becomes a label value")
        .optional_old_self(true)
)]
// Rules: the name is checked on creation only, so that an older object with a longer name can still lose its
// finalizer; the API server does not check minNodes again while a stored spec stays as it is.
#[x_kube(validation = Rule::new("self.minNodes <= self.maxNodes").message("minNodes must not exceed maxNodes"))]
// Texts that the first releases of the Go autoscaler did not require are still required by the schema, but read as
// empty when an old object lacks them: one object that cannot be read would stop the watch of all the others.
#[serde(rename_all = "camelCase")]
pub struct NodeGroupSpec {
    /// Least number of nodes.
    #[schemars(range(min = 0))]
    pub min_nodes: i32,
    /// Greatest number of nodes.
    #[schemars(range(min = 1))]
    pub max_nodes: i32,
    /// VPSie data centre in which nodes are made.
    #[serde(rename = "datacenterID")]
    pub datacenter_id: String,
    /// Identifier of the VPSie cluster that the nodes join.
    #[serde(default)]
    #[schemars(!default)]
    pub resource_identifier: String,
    /// VPSie project.
    #[serde(default)]
    #[schemars(!default)]
    pub project: String,
    /// VPSie offerings that nodes may be of; the first is the usual one.
    #[serde(rename = "offeringIDs")]
    #[schemars(length(min = 1))]
    pub offering_ids: Vec<String>,
    /// VPSie image.
    #[serde(rename = "osImageID", skip_serializing_if = "Option::is_none")]
    pub os_image_id: Option<String>,
    /// Kubernetes version, with a leading v.
    #[serde(default)]
    #[schemars(!default, regex(pattern = VERSION_PATTERN))]
    pub kubernetes_version: String,
    /// Offering to prefer among `offeringIDs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_instance_type: Option<String>,
    /// Whether nodes of different offerings may be mixed; unset means true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_mixed_instances: Option<bool>,
    /// Labels that the nodes get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Taints that the nodes get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taints: Option<Vec<Taint>>,
    /// When to add nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_up_policy: Option<ScaleUpPolicy>,
    /// When to remove nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_policy: Option<ScaleDownPolicy>,
    /// VPSie SSH keys for the nodes.
    #[serde(rename = "sshKeyIDs", skip_serializing_if = "Option::is_none")]
    pub ssh_key_ids: Option<Vec<String>>,
    /// Tags for the machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Notes for the machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// VPSie number of the machine size; needed before a provider group can be made.
    #[serde(rename = "kubeSizeID", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub kube_size_id: Option<i64>,
    /// Use of spot machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_config: Option<SpotConfig>,
    /// Distribution over data centres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_region: Option<MultiRegion>,
    /// Search for cheaper machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_optimization: Option<CostOptimization>,
}

/// Accepts a semantic version with a leading v, as the Go autoscaler does (the expression is that of semver.org).
pub(super) const VERSION_PATTERN: &str = r"^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$";

/// Reports what was observed of a group.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NodeGroupStatus {
    /// Number of nodes there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_nodes: Option<i32>,
    /// Number of nodes wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_nodes: Option<i32>,
    /// Number of nodes that are ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_nodes: Option<i32>,
    /// VPSie number of the group that holds the machines.
    #[serde(rename = "vpsieGroupID", skip_serializing_if = "Option::is_none")]
    pub vpsie_group_id: Option<i64>,
    /// The nodes of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<NodeInfo>>,
    /// Conditions `Ready`, `Scaling`, `Error`, `AtMinCapacity` and `AtMaxCapacity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<Condition>>,
    /// When nodes were last added or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scale_time: Option<DateTime<Utc>>,
    /// When nodes were last added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scale_up_time: Option<DateTime<Utc>>,
    /// When nodes were last removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scale_down_time: Option<DateTime<Utc>>,
    /// Generation of the spec that this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Describes one node of a group, for people.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    /// Name of the Kubernetes Node.
    pub node_name: String,
    /// VPSie number of the machine; 0 when unknown.
    #[serde(rename = "vpsID")]
    pub vps_id: i64,
    /// Offering of the machine.
    pub instance_type: String,
    /// State in words.
    pub status: String,
    /// When the node was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When the node became ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<DateTime<Utc>>,
    /// First address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
}

// === impl NodeGroup ===

impl NodeGroup {
    /// Tells whether the group was given to the autoscaler, by the label `managed=true`.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        let labels = self.metadata.labels.as_ref();
        labels
            .and_then(|labels| labels.get(super::keys::LABEL_MANAGED))
            .is_some_and(|value| value == super::keys::TRUE)
    }
}

// === impl NodeGroupSpec ===

impl NodeGroupSpec {
    /// Tells whether nodes of different offerings may be mixed; true when unset.
    #[must_use]
    pub fn allows_mixed_instances(&self) -> bool {
        self.allow_mixed_instances.unwrap_or(true)
    }

    /// Returns when to add nodes; every default of [`ScaleUpPolicy`] when unset.
    #[must_use]
    pub fn scale_up(&self) -> ScaleUpPolicy {
        self.scale_up_policy.clone().unwrap_or_default()
    }

    /// Returns when to remove nodes; every default of [`ScaleDownPolicy`] when unset.
    #[must_use]
    pub fn scale_down(&self) -> ScaleDownPolicy {
        self.scale_down_policy.clone().unwrap_or_default()
    }

    /// Returns the offering that new nodes are of: the preferred one, else the first.
    #[must_use]
    pub fn instance_type(&self) -> Option<&str> {
        let preferred = self
            .preferred_instance_type
            .as_deref()
            .filter(|offering| !offering.is_empty());
        preferred.or_else(|| self.offering_ids.first().map(String::as_str))
    }
}
