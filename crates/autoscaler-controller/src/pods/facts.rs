//! What of a pod decides whether it is workload, and what it requests.

use super::quantity::{bytes, thousandths};
use chrono::TimeDelta;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;
use node_lifecycle::{PodFacts, PodRemoval};
use std::collections::BTreeMap;

/// Marks the API object of a static pod, which only its kubelet runs and ends.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Grace of a pod that names none, as Kubernetes has it.
const USUAL_GRACE_SECONDS: i64 = 30;

/// Reads a pod.
pub fn facts(pod: &Pod) -> PodFacts {
    let spec = pod.spec.as_ref();
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let requests = |resource, read| spec.map_or(0, |spec| requested(spec, resource, read));
    PodFacts {
        uid: pod.uid().unwrap_or_default(),
        is_bound: spec
            .and_then(|spec| spec.node_name.as_deref())
            .is_some_and(|node| !node.is_empty()),
        is_finished: matches!(phase, Some("Succeeded" | "Failed")),
        is_of_daemon_set: pod
            .owner_references()
            .iter()
            .any(|owner| owner.kind == "DaemonSet"),
        is_mirror: pod.annotations().contains_key(MIRROR),
        removal: removal(pod),
        requested_cpu_m: requests("cpu", thousandths),
        requested_memory_bytes: requests("memory", bytes),
    }
}

/// Reads when the end of a pod was asked for; its deletionTimestamp is the moment of the request plus the grace.
fn removal(pod: &Pod) -> Option<PodRemoval> {
    let due_at = crate::time::to_chrono(pod.metadata.deletion_timestamp.as_ref()?)?;
    let grace = pod.metadata.deletion_grace_period_seconds;
    Some(PodRemoval {
        due_at,
        grace: TimeDelta::try_seconds(grace.unwrap_or(USUAL_GRACE_SECONDS)).unwrap_or(TimeDelta::MAX),
    })
}

/// Returns what the scheduler sets aside: what runs together, or the largest that runs before, and the overhead.
fn requested(spec: &PodSpec, resource: &str, read: fn(&Quantity) -> u64) -> u64 {
    let of = |requests: Option<&BTreeMap<String, Quantity>>| {
        requests.and_then(|all| all.get(resource)).map_or(0, read)
    };
    let of_one = |container: &Container| {
        let resources = container.resources.as_ref();
        of(resources.and_then(|resources| resources.requests.as_ref()))
    };
    let before = spec.init_containers.as_deref().unwrap_or_default();
    let stays = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    let together = spec.containers.iter().chain(before.iter().filter(stays));
    let together = together.map(of_one).fold(0, u64::saturating_add);
    let largest = before
        .iter()
        .filter(|container| !stays(container))
        .map(of_one)
        .max();
    together
        .max(largest.unwrap_or_default())
        .saturating_add(of(spec.overhead.as_ref()))
}
