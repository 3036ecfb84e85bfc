//! One live instance of a Service, as programs use it and as it is shown (EP-7).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::identity::{InstanceId, TargetRef};
use crate::score::{Basis, Check, Status};
use crate::service::ServiceFacts;

/// Holds one instance of a Service.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Who it is. The id lasts as long as its pod.
    pub id: InstanceId,
    /// Where it is reached.
    pub addresses: Addresses,
    /// Its ports by name; one without a name is `default`.
    pub ports: BTreeMap<String, u16>,
    /// How well it is.
    pub health: Health,
    /// What it is good for.
    pub status: Status,
    /// The zone that it is in.
    pub zone: Option<String>,
    /// The namespace of its Service.
    pub namespace: String,
    /// The Node that carries it.
    pub node_name: Option<String>,
    /// The object that stands behind it.
    pub target: Option<TargetRef>,
    /// What is known of its Node.
    pub node: Option<NodeFacts>,
    /// The zones that should use it, by the word of Kubernetes.
    pub hints: BTreeSet<String>,
    /// When it was first seen.
    pub discovered_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen: DateTime<Utc>,
}

/// Says where an instance is reached: connections use an address; the name is for display, and if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Its addresses, IPv4 first. None for a pod that has not got one yet.
    pub ips: BTreeSet<IpAddr>,
    /// Its own name, or that of the Service.
    pub name: DnsName,
}

/// Names an instance in the DNS of the cluster (EP-4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsName {
    /// Its own name: its Service is headless, and it has a hostname.
    OfInstance(String),
    /// It has none; this is the name of its Service, behind which any instance may answer.
    OfService(String),
}

/// Says how well an instance is.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Whether it may be used.
    pub is_ready: bool,
    /// 0 to 100; nothing for what has no address to be reached at.
    pub score: Option<u8>,
    /// When it last became ready or ceased to be.
    pub last_transition: DateTime<Utc>,
    /// What the score rests on.
    pub basis: Basis,
    /// What came of the last probe.
    pub check: Option<Check>,
    /// Whether it is being shut down.
    pub is_terminating: bool,
    /// Whether Kubernetes lists it as ready without knowing (EP-6).
    pub is_readiness_unreliable: bool,
}

/// Holds what its Node adds to an instance. The caller knows it, and this library only hands it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeFacts {
    /// The state of the life of the Node.
    pub lifecycle_state: String,
    /// The group that the Node belongs to.
    pub node_group: Option<String>,
    /// The zone of the Node, for an instance whose own is not told.
    #[serde(skip)]
    pub zone: Option<String>,
}

// === impl Addresses ===

impl Addresses {
    pub(crate) fn of(service: &ServiceFacts, ips: BTreeSet<IpAddr>, hostname: Option<&str>) -> Self {
        let of_service = service.dns_name();
        let name = match hostname {
            Some(hostname) if service.is_headless => DnsName::OfInstance(format!("{hostname}.{of_service}")),
            Some(_) | None => DnsName::OfService(of_service),
        };
        Self { ips, name }
    }

    /// Lists where to connect to, best first: each address, then the instance's own name if it has one.
    pub fn hosts(&self) -> Vec<String> {
        let own = match &self.name {
            DnsName::OfInstance(name) => Some(name.clone()),
            DnsName::OfService(_) => None,
        };
        self.ips.iter().map(ToString::to_string).chain(own).collect()
    }
}

// === impl NodeFacts ===

impl NodeFacts {
    /// The word for a Node that is being emptied.
    pub const DRAINING: &str = "draining";

    /// Tells whether the Node is being emptied, so that its instances are used last (EP-24).
    pub fn is_draining(&self) -> bool {
        self.lifecycle_state == Self::DRAINING
    }
}

// === impl Instance ===

impl Instance {
    /// Tells the name of its pod, if it is one.
    pub fn pod_name(&self) -> Option<&str> {
        self.target.as_ref().and_then(TargetRef::pod_name)
    }

    /// Tells whether its Node is being emptied.
    pub fn is_on_draining_node(&self) -> bool {
        self.node.as_ref().is_some_and(NodeFacts::is_draining)
    }

    /// Tells whether it is the same but for when it was last seen.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        let last_seen = other.last_seen;
        Self {
            last_seen,
            ..self.clone()
        } == *other
    }

    /// Tells whether this is another pod than one of the same name.
    pub(crate) fn is_another_pod_than(&self, other: &Self) -> bool {
        let uid = |instance: &Self| instance.target.as_ref().and_then(|target| target.uid.clone());
        matches!((uid(self), uid(other)), (Some(one), Some(two)) if one != two)
    }
}

impl Serialize for Instance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Shown::of(self).serialize(serializer)
    }
}

/// The JSON of an instance, in the order in which a person reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    pod_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ordinal: Option<u32>,
    addresses: ShownAddresses<'a>,
    ports: &'a BTreeMap<String, u16>,
    health: ShownHealth,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    kubernetes: ShownKubernetes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a NodeFacts>,
    discovered_at: DateTime<Utc>,
    last_seen: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownAddresses<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a IpAddr>,
    ips: &'a BTreeSet<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_endpoint: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownHealth {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u8>,
    last_transition: DateTime<Utc>,
    details: ShownDetails,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownDetails {
    basis: Basis,
    terminating: bool,
    readiness_unreliable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe_ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_milliseconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownKubernetes<'a> {
    namespace: &'a str,
    node_name: Option<&'a str>,
    target_ref: Option<&'a TargetRef>,
}

// === impl Shown ===

impl<'a> Shown<'a> {
    fn of(instance: &'a Instance) -> Self {
        let (dns_name, service_endpoint) = match &instance.addresses.name {
            DnsName::OfInstance(name) => (Some(name.as_str()), None),
            DnsName::OfService(name) => (None, Some(name.as_str())),
        };
        Self {
            id: instance.id.as_str(),
            name: instance.id.as_str(),
            pod_name: instance.pod_name(),
            ordinal: instance.id.ordinal(),
            addresses: ShownAddresses {
                ip: instance.addresses.ips.first(),
                ips: &instance.addresses.ips,
                dns_name,
                service_endpoint,
            },
            ports: &instance.ports,
            health: ShownHealth::of(&instance.health),
            status: instance.status,
            zone: instance.zone.as_deref(),
            kubernetes: ShownKubernetes {
                namespace: &instance.namespace,
                node_name: instance.node_name.as_deref(),
                target_ref: instance.target.as_ref(),
            },
            node: instance.node.as_ref(),
            discovered_at: instance.discovered_at,
            last_seen: instance.last_seen,
        }
    }
}

// === impl ShownHealth ===

impl ShownHealth {
    fn of(health: &Health) -> Self {
        let (probe_ok, latency, quality) = match health.check {
            None | Some(Check::NoPort) => (None, None, None),
            Some(Check::Failed) => (Some(false), None, None),
            Some(Check::Passed { latency, quality }) => (Some(true), latency, quality),
        };
        Self {
            ready: health.is_ready,
            score: health.score,
            last_transition: health.last_transition,
            details: ShownDetails {
                basis: health.basis,
                terminating: health.is_terminating,
                readiness_unreliable: health.is_readiness_unreliable,
                probe_ok,
                latency_milliseconds: latency
                    .map(|latency| u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
                quality: quality.map(crate::score::Quality::as_f64),
            },
        }
    }
}
