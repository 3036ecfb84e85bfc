//! Pods as endpoints, as older installations read them (EP-13). This module is all that pod mode thinks.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Pod, PodStatus};

use super::some_text;
use crate::identity::{EndpointKey, TargetRef};
use crate::ports::Port;
use crate::service::ServiceFacts;
use crate::sighting::{Ignored, Phase, Readiness, Reading, Sighting, Warning};

/// Reads the pods of a Service, which the caller has selected by its labels.
pub fn read_pods<'a>(service: &ServiceFacts, pods: impl IntoIterator<Item = &'a Pod>) -> Reading {
    let mut reading = Reading::default();
    if service.selector.is_none() {
        reading.warnings.insert(Warning::NoSelector);
        return reading;
    }
    for pod in pods {
        let sighting = read_pod(pod, &mut reading.ignored);
        reading.sightings.extend(sighting);
    }
    reading
}

/// Reads a pod; nothing when it is over, or runs without an address.
pub fn read_pod(pod: &Pod, ignored: &mut Ignored) -> Option<Sighting> {
    let status = pod.status.as_ref()?;
    let is_terminating = pod.metadata.deletion_timestamp.is_some();
    let is_ready = is_ready(status) && !is_terminating;
    let phase = match status.phase.as_deref() {
        Some("Running") if is_ready => Phase::Untold,
        Some("Running" | "Pending") => Phase::Booting,
        Some("Failed") => Phase::Failed,
        Some("Succeeded") => return None,
        Some(_) | None => Phase::Unknown,
    };
    let address = status.pod_ip.as_ref().filter(|ip| !ip.is_empty());
    let address = address.and_then(|ip| super::address(ip, ignored));
    let is_running = status.phase.as_deref() == Some("Running");
    if is_running && address.is_none() {
        return None;
    }
    let target = TargetRef {
        kind: "Pod".to_owned(),
        name: pod.metadata.name.clone()?,
        namespace: pod.metadata.namespace.clone(),
        uid: pod.metadata.uid.clone().filter(|uid| !uid.is_empty()),
    };
    let spec = pod.spec.as_ref();
    Some(Sighting {
        key: EndpointKey::of(Some(&target), address)?,
        address,
        hostname: some_text(spec.and_then(|spec| spec.hostname.as_ref())),
        target: Some(target),
        node: some_text(spec.and_then(|spec| spec.node_name.as_ref())),
        zone: None,
        ports: ports(pod, ignored),
        readiness: if is_running && is_ready {
            Readiness::Ready
        } else {
            Readiness::NotReady
        },
        is_terminating,
        hints: BTreeSet::new(),
        phase,
    })
}

fn is_ready(status: &PodStatus) -> bool {
    let mut conditions = status.conditions.iter().flatten();
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn ports(pod: &Pod, ignored: &mut Ignored) -> BTreeSet<Port> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let told = containers.flat_map(|container| container.ports.iter().flatten());
    let told = told.map(|port| {
        (
            port.name.as_deref(),
            port.protocol.as_deref(),
            Some(port.container_port),
        )
    });
    super::ports(told, ignored)
}
