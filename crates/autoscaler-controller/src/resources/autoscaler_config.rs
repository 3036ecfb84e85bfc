//! AutoscalerConfig: settings of the whole cluster; only the object named `default` counts.

#![expect(
    unreachable_pub,
    reason = "KubeSchema repeats the struct inside a function, where pub reaches nobody"
)]
#![expect(
    clippy::duplicated_attributes,
    reason = "several printer columns have the same type"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Taint;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy::{CostOptimization, ScaleDownPolicy, ScaleUpPolicy, SpotConfig, seconds};

/// Holds the settings of the autoscaler for one cluster.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "autoscaler.vpsie.com",
    version = "v1alpha1",
    kind = "AutoscalerConfig",
    plural = "autoscalerconfigs",
    singular = "autoscalerconfig",
    shortname = "asc",
    status = "AutoscalerConfigStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "Settings of the autoscaler for the whole cluster. Only the object named default counts.",
    printcolumn(
        name = "MaxWorkers",
        type_ = "integer",
        json_path = ".spec.globalSettings.maxClusterWorkers",
        description = "Max cluster workers"
    ),
    printcolumn(
        name = "MinNodes",
        type_ = "integer",
        json_path = ".spec.nodeGroupDefaults.minNodes",
        description = "Default min nodes"
    ),
    printcolumn(
        name = "MaxNodes",
        type_ = "integer",
        json_path = ".spec.nodeGroupDefaults.maxNodes",
        description = "Default max nodes"
    ),
    printcolumn(
        name = "DynamicCreation",
        type_ = "boolean",
        json_path = ".spec.globalSettings.enableDynamicNodeGroupCreation",
        description = "Dynamic NodeGroup creation enabled"
    ),
    printcolumn(
        name = "Active",
        type_ = "boolean",
        json_path = ".status.active",
        description = "Configuration active"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalerConfigSpec {
    /// What a NodeGroup that the autoscaler makes gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_group_defaults: Option<NodeGroupDefaults>,
    /// What holds for the whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_settings: Option<GlobalSettings>,
}

/// Says what a NodeGroup that the autoscaler makes gets.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NodeGroupDefaults {
    /// Least number of nodes; unset means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_nodes: Option<i32>,
    /// Greatest number of nodes; unset means 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_nodes: Option<i32>,
    /// Namespace in which groups are made; unset means "default".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// VPSie data centre.
    #[serde(rename = "datacenterID", skip_serializing_if = "Option::is_none")]
    pub datacenter_id: Option<String>,
    /// VPSie offerings.
    #[serde(rename = "offeringIDs", skip_serializing_if = "Option::is_none")]
    pub offering_ids: Option<Vec<String>>,
    /// Identifier of the VPSie cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_identifier: Option<String>,
    /// VPSie project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// VPSie image.
    #[serde(rename = "osImageID", skip_serializing_if = "Option::is_none")]
    pub os_image_id: Option<String>,
    /// Kubernetes version, with a leading v.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<String>,
    /// VPSie number of the machine size.
    #[serde(rename = "kubeSizeID", skip_serializing_if = "Option::is_none")]
    pub kube_size_id: Option<i64>,
    /// Labels for the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Taints for the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taints: Option<Vec<Taint>>,
    /// When to add nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_up_policy: Option<ScaleUpPolicy>,
    /// When to remove nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_policy: Option<ScaleDownPolicy>,
    /// Search for cheaper machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_optimization: Option<CostOptimization>,
    /// VPSie SSH keys.
    #[serde(rename = "sshKeyIDs", skip_serializing_if = "Option::is_none")]
    pub ssh_key_ids: Option<Vec<String>>,
    /// Tags for the machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Notes for the machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Use of spot machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_config: Option<SpotConfig>,
}

/// Says what holds for the whole cluster.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct GlobalSettings {
    /// Time between two additions; unset means 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub scale_up_cooldown_seconds: Option<i32>,
    /// Time between two removals; unset means 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub scale_down_cooldown_seconds: Option<i32>,
    /// Greatest number of requests for machines on their way at once, 100 at most; unset means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_concurrent_scale_ups: Option<i32>,
    /// Greatest number of removals at once; unset means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_concurrent_scale_downs: Option<i32>,
    /// Greatest number of workers in the cluster, 0 for no limit; unset means 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_cluster_workers: Option<i32>,
    /// How long a pod must wait before nodes are added for it; unset means 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub unschedulable_pod_grace_period_seconds: Option<i32>,
    /// Whether the autoscaler may make NodeGroups; unset means true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_dynamic_node_group_creation: Option<bool>,
    /// Whether nodes may be replaced by cheaper ones; unset means false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_rebalancing: Option<bool>,
    /// How long a new node may take to become ready; unset means 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60))]
    pub node_ready_timeout_seconds: Option<i32>,
    /// How long pods may take to leave a node; unset means 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub pod_eviction_timeout_seconds: Option<i32>,
}

/// Reports whether the settings are in use.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalerConfigStatus {
    /// Generation of the spec that this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When the settings were last taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<DateTime<Utc>>,
    /// Whether the settings are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// More, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

// === impl AutoscalerConfigSpec ===

impl AutoscalerConfigSpec {
    /// Returns what made groups get; every default of [`NodeGroupDefaults`] when unset.
    #[must_use]
    pub fn defaults(&self) -> NodeGroupDefaults {
        self.node_group_defaults.clone().unwrap_or_default()
    }

    /// Returns what holds for the cluster; every default of [`GlobalSettings`] when unset.
    #[must_use]
    pub fn settings(&self) -> GlobalSettings {
        self.global_settings.clone().unwrap_or_default()
    }
}

// === impl NodeGroupDefaults ===

impl NodeGroupDefaults {
    /// Returns the least number of nodes; 1 when unset.
    #[must_use]
    pub fn least_nodes(&self) -> i32 {
        self.min_nodes.unwrap_or(1)
    }

    /// Returns the greatest number of nodes; 10 when unset.
    #[must_use]
    pub fn most_nodes(&self) -> i32 {
        self.max_nodes.unwrap_or(10)
    }

    /// Returns the namespace in which groups are made; "default" when unset.
    #[must_use]
    pub fn namespace_name(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }
}

// === impl GlobalSettings ===

impl GlobalSettings {
    /// Returns the time between two additions; 60 seconds when unset.
    #[must_use]
    pub fn scale_up_cooldown(&self) -> Duration {
        seconds(self.scale_up_cooldown_seconds, 60)
    }

    /// Returns the time between two removals; 300 seconds when unset.
    #[must_use]
    pub fn scale_down_cooldown(&self) -> Duration {
        seconds(self.scale_down_cooldown_seconds, 300)
    }

    /// Returns the greatest number of additions at once; 1 when unset, and at least.
    #[must_use]
    pub fn concurrent_scale_ups(&self) -> i32 {
        self.max_concurrent_scale_ups.unwrap_or(1).max(1)
    }

    /// Returns the greatest number of removals at once; 1 when unset, and at least.
    #[must_use]
    pub fn concurrent_scale_downs(&self) -> i32 {
        self.max_concurrent_scale_downs.unwrap_or(1).max(1)
    }

    /// Returns the greatest number of workers, none for no limit; 10 when unset, no limit when 0 is written, and 0 for less.
    #[must_use]
    pub fn cluster_worker_limit(&self) -> Option<i32> {
        let limit = Some(self.max_cluster_workers.unwrap_or(10)).filter(|limit| *limit != 0);
        limit.map(|limit| limit.max(0))
    }

    /// Returns how long a pod must wait before nodes are added; 30 seconds when unset.
    #[must_use]
    pub fn unschedulable_pod_grace_period(&self) -> Duration {
        seconds(self.unschedulable_pod_grace_period_seconds, 30)
    }

    /// Tells whether the autoscaler may make NodeGroups; true when unset.
    #[must_use]
    pub fn creates_node_groups(&self) -> bool {
        self.enable_dynamic_node_group_creation.unwrap_or(true)
    }

    /// Tells whether nodes may be replaced by cheaper ones; false when unset.
    #[must_use]
    pub fn rebalances(&self) -> bool {
        self.enable_rebalancing.unwrap_or(false)
    }

    /// Returns how long a new node may take to become ready; 600 seconds when unset, 60 at least.
    #[must_use]
    pub fn node_ready_timeout(&self) -> Duration {
        seconds(self.node_ready_timeout_seconds, 600).max(Duration::from_secs(60))
    }

    /// Returns how long pods may take to leave a node; 120 seconds when unset.
    #[must_use]
    pub fn pod_eviction_timeout(&self) -> Duration {
        seconds(self.pod_eviction_timeout_seconds, 120)
    }
}
