//! Reads what Kubernetes stores into sightings: the border, past which nothing fails to parse.

mod endpoints;
#[cfg(feature = "pod-mode")]
mod pods;
mod slices;

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::ObjectReference;

pub use endpoints::read_endpoints;
#[cfg(feature = "pod-mode")]
pub use pods::{read_pod, read_pods};
pub use slices::{SERVICE_LABEL, read_slice, read_slices};

use crate::identity::TargetRef;
use crate::ports::Port;
use crate::sighting::Ignored;

/// Names what stands behind an endpoint.
fn target(reference: &ObjectReference) -> TargetRef {
    TargetRef {
        kind: reference.kind.clone().unwrap_or_default(),
        name: reference.name.clone().unwrap_or_default(),
        namespace: reference.namespace.clone(),
        uid: reference.uid.clone().filter(|uid| !uid.is_empty()),
    }
}

/// Reads an address, or counts it as malformed.
fn address(text: &str, ignored: &mut Ignored) -> Option<IpAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        ignored.malformed_addresses += 1;
    }
    address
}

/// Reads ports as (name, protocol, number), and counts those without a number that can be one.
fn ports<'a>(
    told: impl Iterator<Item = (Option<&'a str>, Option<&'a str>, Option<i32>)>,
    ignored: &mut Ignored,
) -> BTreeSet<Port> {
    let mut ports = BTreeSet::new();
    for (name, protocol, number) in told {
        match number.and_then(|number| Port::read(name, protocol, number)) {
            Some(port) => {
                ports.insert(port);
            }
            None => ignored.malformed_ports += 1,
        }
    }
    ports
}

/// Takes a text that says something.
fn some_text(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

#[cfg(test)]
mod tests;
