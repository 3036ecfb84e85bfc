//! One endpoint as one object tells it, and what else a reading of objects yields.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::identity::{EndpointKey, TargetRef};
use crate::ports::Port;

/// Holds what one object says of one endpoint. Another object may say more of the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub(crate) key: EndpointKey,
    /// Where it is reached; nothing for a pod that has no address yet.
    pub(crate) address: Option<IpAddr>,
    pub(crate) hostname: Option<String>,
    pub(crate) target: Option<TargetRef>,
    pub(crate) node: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) ports: BTreeSet<Port>,
    pub(crate) readiness: Readiness,
    pub(crate) is_terminating: bool,
    pub(crate) hints: BTreeSet<String>,
    pub(crate) phase: Phase,
}

/// Tells what Kubernetes says of the readiness of an endpoint. The order is that of a merge: the last wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// It is not ready.
    NotReady,
    /// It is listed as ready, but so would be one that is not: only a probe can tell (EP-6).
    Unreliable,
    /// It is ready.
    Ready,
}

/// Tells what the source knows of the life of an endpoint. The order is that of a merge: the last wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing: readiness and age decide.
    Untold,
    /// It is not settled whether the pod runs.
    Unknown,
    /// It is starting, however long that takes.
    Booting,
    /// It has failed.
    Failed,
}

/// Holds all that was read off the objects of one Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Every endpoint that some object tells of; several may be of the same one.
    pub sightings: Vec<Sighting>,
    /// What was left out, and how often.
    pub ignored: Ignored,
    /// What somebody should know of the objects.
    pub warnings: BTreeSet<Warning>,
}

/// Counts what a reading left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ignored {
    /// EndpointSlices with names instead of addresses (EP-5).
    pub fqdn_slices: u64,
    /// Addresses that are none, and endpoints without one.
    pub malformed_addresses: u64,
    /// Ports without a number or with an impossible one.
    pub malformed_ports: u64,
    /// Slices of a kind of address that is not known.
    pub unknown_slices: u64,
}

/// Says what is doubtful about the objects of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The Endpoints object was cut off by the API server (EP-8).
    OverCapacity,
    /// The Endpoints object has more than 100 addresses (EP-8).
    ManyInOneObject,
    /// The Service lists what is not ready as ready, and only a probe can tell (EP-6).
    ReadinessUnreliable,
    /// The Service has no selector, so that no pod can be known to belong to it.
    NoSelector,
    /// There is no such Service.
    ServiceNotFound,
    /// The Service itself could not be read yet; the usual is supposed of it.
    ServiceUnreadable,
}

// === impl Reading ===

impl Reading {
    /// Adds what another object of the same Service says.
    pub fn absorb(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        self.ignored.fqdn_slices += other.ignored.fqdn_slices;
        self.ignored.malformed_addresses += other.ignored.malformed_addresses;
        self.ignored.malformed_ports += other.ignored.malformed_ports;
        self.ignored.unknown_slices += other.ignored.unknown_slices;
        self.warnings.extend(other.warnings);
    }
}

// === impl Warning ===

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OverCapacity => "the Endpoints object was cut off at 1,000 addresses: use EndpointSlices",
            Self::ManyInOneObject => "the Endpoints object has more than 100 addresses: use EndpointSlices",
            Self::ReadinessUnreliable => {
                "publishNotReadyAddresses lists every pod as ready: use EndpointSlices, or probe"
            }
            Self::NoSelector => "the Service has no selector: discover it by its endpoints, not by pods",
            Self::ServiceNotFound => "there is no such Service: check its name and namespace",
            Self::ServiceUnreadable => "the Service cannot be read, and the usual is supposed of it: grant list and watch on services",
        })
    }
}
