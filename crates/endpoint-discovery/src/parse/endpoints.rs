//! Endpoints objects: one for each Service, ready and not-ready addresses in subsets with their own ports (EP-1).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{EndpointAddress, EndpointSubset, Endpoints};

use super::{address, ports, some_text, target};
use crate::identity::EndpointKey;
use crate::ports::Port;
use crate::service::ServiceFacts;
use crate::sighting::{Phase, Readiness, Reading, Sighting, Warning};

/// Set by the API server on an object that lists only some of the addresses.
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

/// With more addresses than this, one object for all of them is written anew for each change of one (EP-8).
const MANY: usize = 100;

/// Reads an Endpoints object.
///
/// Where the Service publishes addresses that are not ready, those that are listed as ready are
/// [`Readiness::Unreliable`], with a warning (EP-6).
pub fn read_endpoints(service: &ServiceFacts, endpoints: &Endpoints) -> Reading {
    let mut reading = Reading::default();
    for subset in endpoints.subsets.iter().flatten() {
        read_subset(service, subset, &mut reading);
    }
    let annotations = endpoints.metadata.annotations.as_ref();
    if annotations.is_some_and(|annotations| annotations.contains_key(OVER_CAPACITY)) {
        reading.warnings.insert(Warning::OverCapacity);
    }
    if reading.sightings.len() > MANY {
        reading.warnings.insert(Warning::ManyInOneObject);
    }
    if service.publishes_not_ready {
        reading.warnings.insert(Warning::ReadinessUnreliable);
    }
    reading
}

fn read_subset(service: &ServiceFacts, subset: &EndpointSubset, reading: &mut Reading) {
    let told = subset.ports.iter().flatten();
    let told = told.map(|port| (port.name.as_deref(), port.protocol.as_deref(), Some(port.port)));
    let ports = ports(told, &mut reading.ignored);
    let listed_as_ready = if service.publishes_not_ready {
        Readiness::Unreliable
    } else {
        Readiness::Ready
    };
    let ready = subset
        .addresses
        .iter()
        .flatten()
        .map(|address| (address, listed_as_ready));
    let not_ready = subset.not_ready_addresses.iter().flatten();
    for (address, readiness) in ready.chain(not_ready.map(|address| (address, Readiness::NotReady))) {
        let sighting = read_address(address, readiness, &ports, reading);
        reading.sightings.extend(sighting);
    }
}

fn read_address(
    told: &EndpointAddress,
    readiness: Readiness,
    ports: &BTreeSet<Port>,
    reading: &mut Reading,
) -> Option<Sighting> {
    let address = address(&told.ip, &mut reading.ignored)?;
    let target = told.target_ref.as_ref().map(target);
    Some(Sighting {
        key: EndpointKey::of(target.as_ref(), Some(address))?,
        address: Some(address),
        hostname: some_text(told.hostname.as_ref()),
        target,
        node: some_text(told.node_name.as_ref()),
        zone: None,
        ports: ports.clone(),
        readiness,
        is_terminating: false,
        hints: BTreeSet::new(),
        phase: Phase::Untold,
    })
}
