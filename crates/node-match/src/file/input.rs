//! The input, field by field as the file has it.

mod convert;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::{moment, object};

/// Everything that was observed at one moment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: a snapshot"
)]
#[schemars(title = "Snapshot for `autoscaler match`")]
pub(super) struct File {
    /// The moment of the observation, RFC 3339.
    #[serde(deserialize_with = "moment::required")]
    now: DateTime<Utc>,
    /// What a person may tune.
    #[serde(default, deserialize_with = "object::optional")]
    settings: Option<FileSettings>,
    /// The cluster that the Nodes belong to; the only one that claims name when missing.
    nodes_cluster: Option<String>,
    /// The clusters as VPSie reports them.
    #[serde(default, deserialize_with = "object::list")]
    clusters: Option<Vec<FileCluster>>,
    /// The node groups as VPSie reports them.
    #[serde(default, deserialize_with = "object::list")]
    groups: Option<Vec<FileGroup>>,
    /// The VPSieNodes.
    #[serde(default, deserialize_with = "object::list")]
    claims: Option<Vec<FileClaim>>,
    /// The machines, as many reports of each as there are.
    #[serde(default, deserialize_with = "object::list")]
    machines: Option<Vec<FileMachine>>,
    /// The Kubernetes Nodes, all of one cluster.
    #[serde(default, deserialize_with = "object::list")]
    nodes: Option<Vec<FileNode>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: settings"
)]
#[schemars(rename = "Settings")]
struct FileSettings {
    /// How long a requested machine may stay unseen; 900 when missing.
    discovery_timeout_seconds: Option<u32>,
    /// How far clocks may disagree; 120 when missing.
    clock_skew_seconds: Option<u32>,
    /// Whether to match what no name and no address links; true when missing.
    anonymous: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: a cluster"
)]
#[schemars(rename = "Cluster")]
struct FileCluster {
    id: String,
    version: Option<String>,
    locked: Option<bool>,
    managers: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: a group"
)]
#[schemars(rename = "Group")]
struct FileGroup {
    cluster: String,
    id: u64,
    cpu: Option<u32>,
    ram_mb: Option<u64>,
    disk_gb: Option<u64>,
    nodes_count: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: a claim"
)]
#[schemars(rename = "Claim")]
struct FileClaim {
    uid: String,
    namespace: Option<String>,
    name: String,
    cluster: String,
    group: Option<u64>,
    creation_requested: Option<bool>,
    #[serde(default, deserialize_with = "moment::optional")]
    requested_at: Option<DateTime<Utc>>,
    /// Machine ids (as text), identifiers, hostnames and Node names seen before the request.
    baseline: Option<Vec<String>>,
    /// Whether the baseline is complete; true when missing and the baseline is not empty.
    baseline_complete: Option<bool>,
    /// The shape that the cluster had before the request.
    #[serde(default, deserialize_with = "object::optional")]
    baseline_shape: Option<FileShape>,
    /// How many machines VPSie counted in each group before the request.
    baseline_nodes_counts: Option<BTreeMap<String, u32>>,
    /// Whether another program asked for the machine.
    taken_over: Option<bool>,
    instance_id: Option<u64>,
    identifier: Option<String>,
    #[serde(rename = "providerID")]
    provider_id: Option<String>,
    node_name: Option<String>,
    hostname: Option<String>,
    addresses: Option<Vec<String>>,
    /// The kind of evidence by which the recorded machine was found.
    recorded_by: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: the shape of a cluster"
)]
#[schemars(rename = "Shape")]
struct FileShape {
    version: Option<String>,
    locked: Option<bool>,
    managers: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: a machine"
)]
#[schemars(rename = "Machine")]
struct FileMachine {
    /// Which list reported it: ids are comparable only within one list. 0 when missing.
    list: Option<u8>,
    id: Option<u64>,
    identifier: Option<String>,
    cluster: String,
    group: Option<u64>,
    hostname: Option<String>,
    addresses: Option<Vec<String>>,
    status: Option<String>,
    is_deleted: Option<bool>,
    role: Option<String>,
    /// RFC 3339, or `YYYY-MM-DD HH:MM:SS` when the zone is unknown.
    created_at: Option<String>,
    cpu: Option<u32>,
    ram_mb: Option<u64>,
    disk_gb: Option<u64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object: a node"
)]
#[schemars(rename = "Node")]
struct FileNode {
    uid: Option<String>,
    name: String,
    hostname: Option<String>,
    addresses: Option<Vec<String>>,
    #[serde(rename = "providerID")]
    provider_id: Option<String>,
    #[serde(default, deserialize_with = "moment::optional")]
    created_at: Option<DateTime<Utc>>,
    control_plane: Option<bool>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    cpu: Option<u32>,
    ram_mb: Option<u64>,
}
