//! EndpointSlices: any number for each Service, with conditions, zones and hints (EP-5).

use std::collections::BTreeSet;

use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

use super::{address, ports, some_text, target};
use crate::identity::EndpointKey;
use crate::ports::Port;
use crate::service::ServiceFacts;
use crate::sighting::{Phase, Readiness, Reading, Sighting};

/// The label by which a slice says which Service it belongs to.
pub const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// Reads all slices of a Service, in any order.
pub fn read_slices<'a>(
    service: &ServiceFacts,
    slices: impl IntoIterator<Item = &'a EndpointSlice>,
) -> Reading {
    let mut reading = Reading::default();
    for slice in slices {
        reading.absorb(read_slice(service, slice));
    }
    reading
}

/// Reads one slice. One that belongs to another Service, or has names instead of addresses, yields nothing.
pub fn read_slice(service: &ServiceFacts, slice: &EndpointSlice) -> Reading {
    let mut reading = Reading::default();
    let labels = slice.metadata.labels.as_ref();
    let owner = labels.and_then(|labels| labels.get(SERVICE_LABEL));
    if owner != Some(&service.key.name) {
        return reading;
    }
    match slice.address_type.as_str() {
        "IPv4" | "IPv6" => {}
        "FQDN" => {
            reading.ignored.fqdn_slices += 1;
            return reading;
        }
        _ => {
            reading.ignored.unknown_slices += 1;
            return reading;
        }
    }
    let told = slice.ports.iter().flatten();
    let told = told.map(|port| (port.name.as_deref(), port.protocol.as_deref(), port.port));
    let ports = ports(told, &mut reading.ignored);
    for endpoint in &slice.endpoints {
        let sighting = read_endpoint(service, endpoint, &ports, &mut reading);
        reading.sightings.extend(sighting);
    }
    reading
}

fn read_endpoint(
    service: &ServiceFacts,
    endpoint: &Endpoint,
    ports: &BTreeSet<Port>,
    reading: &mut Reading,
) -> Option<Sighting> {
    let Some(first) = endpoint.addresses.first() else {
        reading.ignored.malformed_addresses += 1;
        return None;
    };
    let address = address(first, &mut reading.ignored)?;
    let target = endpoint.target_ref.as_ref().map(target);
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    let is_terminating = conditions.terminating.unwrap_or(false);
    let ready = conditions.ready.unwrap_or(true);
    let serving = conditions.serving.unwrap_or(ready);
    // With publishNotReadyAddresses `ready` is always true and only `serving` says something (EP-6).
    let is_ready = if service.publishes_not_ready {
        serving
    } else {
        ready
    };
    let readiness = if is_ready && !is_terminating {
        Readiness::Ready
    } else {
        Readiness::NotReady
    };
    let zones = endpoint
        .hints
        .iter()
        .flat_map(|hints| hints.for_zones.iter().flatten());
    Some(Sighting {
        key: EndpointKey::of(target.as_ref(), Some(address))?,
        address: Some(address),
        hostname: some_text(endpoint.hostname.as_ref()),
        target,
        node: some_text(endpoint.node_name.as_ref()),
        zone: some_text(endpoint.zone.as_ref()),
        ports: ports.clone(),
        readiness,
        is_terminating,
        hints: zones.map(|zone| zone.name.clone()).collect(),
        phase: Phase::Untold,
    })
}
