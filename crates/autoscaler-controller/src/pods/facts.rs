//! What of a pod decides whether it is workload, and what it requests.

use crate::planning::requested;
use chrono::TimeDelta;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use kube::ResourceExt;
use node_lifecycle::{PodFacts, PodRemoval, PodUid};

/// Marks the API object of a static pod, which only its kubelet runs and ends.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Grace of a pod that names none, as Kubernetes has it.
const USUAL_GRACE_SECONDS: i64 = 30;

/// Reads a pod.
pub fn facts(pod: &Pod) -> PodFacts {
    let spec = pod.spec.as_ref();
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let (cpu_m, memory_bytes) = spec.map_or((0, 0), amounts);
    PodFacts {
        uid: PodUid::of(pod.metadata.uid.as_deref().unwrap_or_default()),
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
        requested_cpu_m: cpu_m,
        requested_memory_bytes: memory_bytes,
    }
}

/// Reads when the end of a pod was asked for; its deletionTimestamp is the moment of the request plus the grace.
fn removal(pod: &Pod) -> Option<Box<PodRemoval>> {
    let due_at = crate::time::to_chrono(pod.metadata.deletion_timestamp.as_ref()?)?;
    let grace = pod.metadata.deletion_grace_period_seconds;
    Some(Box::new(PodRemoval {
        due_at,
        grace: TimeDelta::try_seconds(grace.unwrap_or(USUAL_GRACE_SECONDS)).unwrap_or(TimeDelta::MAX),
    }))
}

/// Returns the CPU in thousandths and the memory in bytes that the scheduler sets aside.
///
/// Of a pod whose amounts cannot be read it is one unit of both, so that it is not nothing.
fn amounts(spec: &PodSpec) -> (u64, u64) {
    requested(spec).map_or((1, 1), |all| {
        // Amounts are never below zero.
        (all.cpu_m.unsigned_abs(), all.memory_bytes.unsigned_abs())
    })
}
