//! How an instance looks in JSON: endpoint discovery writes it, and this describes it (EP-7).

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use super::words;

/// One live instance of a Service.
#[derive(ToSchema)]
#[schema(as = Instance, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "it only describes JSON that is written elsewhere, which tests compare with it"
)]
pub(super) struct InstanceShape {
    /// Its id, which lasts as long as its pod: the name of the pod, or else the address.
    id: String,
    /// How it is called: as its id.
    name: String,
    /// Its pod, if it is one.
    pod_name: Option<String>,
    /// The number at the end of its id, if there is one.
    #[schema(value_type = u32, required = false)]
    ordinal: Option<u32>,
    /// Where it is reached.
    addresses: AddressesShape,
    /// Its ports by name; one without a name is `default`.
    ports: BTreeMap<String, u16>,
    /// How well it is.
    health: HealthShape,
    /// What it is good for.
    #[schema(schema_with = words::instance_status)]
    status: (),
    /// The zone that it is in.
    #[schema(value_type = String, required = false)]
    zone: Option<String>,
    /// What Kubernetes knows of it.
    kubernetes: KubernetesShape,
    /// What is known of its Node; nothing while this replica stands by, or where it has none.
    #[schema(value_type = NodeShape, required = false)]
    node: Option<NodeShape>,
    /// When it was first seen.
    discovered_at: DateTime<Utc>,
    /// When it was last seen.
    last_seen: DateTime<Utc>,
}

/// Where an instance is reached: connections use an address; the name is for display.
#[derive(ToSchema)]
#[schema(as = InstanceAddresses, rename_all = "camelCase")]
#[expect(dead_code, reason = "a part of the description of an instance")]
struct AddressesShape {
    /// The first of its addresses, where it has one.
    #[schema(value_type = String, required = false)]
    ip: Option<IpAddr>,
    /// Its addresses, IPv4 first.
    #[schema(value_type = Vec<String>)]
    ips: Vec<IpAddr>,
    /// Its own name in the DNS of the cluster: its Service is headless, and it has a hostname.
    #[schema(value_type = String, required = false)]
    dns_name: Option<String>,
    /// The name of its Service, where it has none of its own.
    #[schema(value_type = String, required = false)]
    service_endpoint: Option<String>,
}

/// How well an instance is.
#[derive(ToSchema)]
#[schema(as = InstanceHealth, rename_all = "camelCase")]
#[expect(dead_code, reason = "a part of the description of an instance")]
struct HealthShape {
    /// Whether it may be used.
    ready: bool,
    /// 0 to 100; nothing for what has no address to be reached at.
    #[schema(value_type = u8, required = false, maximum = 100)]
    score: Option<u8>,
    /// When it last became ready or ceased to be.
    last_transition: DateTime<Utc>,
    /// What the score rests on.
    details: DetailsShape,
}

/// What the score of an instance rests on.
#[derive(ToSchema)]
#[schema(as = InstanceHealthDetails, rename_all = "camelCase")]
#[expect(dead_code, reason = "a part of the description of an instance")]
struct DetailsShape {
    /// Whether a probe counts in the score.
    #[schema(schema_with = words::instance_basis)]
    basis: (),
    /// Whether it is being shut down.
    terminating: bool,
    /// Whether Kubernetes lists it as ready without knowing, so that only a probe can tell.
    readiness_unreliable: bool,
    /// Whether its health endpoint answered well; nothing where it was not asked.
    #[schema(value_type = bool, required = false)]
    probe_ok: Option<bool>,
    /// How long the answer took.
    #[schema(value_type = u64, required = false)]
    latency_milliseconds: Option<u64>,
    /// The number `quality` of the answer, from 0 to 1.
    #[schema(value_type = f64, required = false, minimum = 0, maximum = 1)]
    quality: Option<f64>,
}

/// What Kubernetes knows of an instance.
#[derive(ToSchema)]
#[schema(as = InstanceKubernetes, rename_all = "camelCase")]
#[expect(dead_code, reason = "a part of the description of an instance")]
struct KubernetesShape {
    /// The namespace of its Service.
    namespace: String,
    /// The Node that carries it.
    node_name: Option<String>,
    /// The object that stands behind it.
    target_ref: Option<TargetShape>,
}

/// The object that stands behind an instance.
#[derive(ToSchema)]
#[schema(as = InstanceTarget)]
#[expect(dead_code, reason = "a part of the description of an instance")]
struct TargetShape {
    /// Its kind, nearly always `Pod`.
    kind: String,
    /// Its name.
    name: String,
    /// Its namespace, where that is told.
    #[schema(value_type = String, required = false)]
    namespace: Option<String>,
    /// Its uid, where that is told.
    #[schema(value_type = String, required = false)]
    uid: Option<String>,
}

/// What is known of the Node of an instance.
#[derive(ToSchema)]
#[schema(as = InstanceNode)]
#[expect(dead_code, reason = "a part of the description of an instance")]
struct NodeShape {
    /// Where the Node is in its life.
    #[schema(schema_with = words::state)]
    lifecycle_state: (),
    /// The NodeGroup of the Node, as `namespace/name`.
    node_group: Option<String>,
}
