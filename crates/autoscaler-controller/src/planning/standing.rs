//! Pods that are on no Node, and what is to be done about them; pods that are on one, and what they take of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fleet_plan::cluster::{Ignored, Pod, PodFlaw, Standing};
use fleet_plan::node::Resident;
use fleet_plan::pod::{Demand, PodName};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod as WrittenPod;
use kube::ResourceExt;

use super::{Call, Reader, Volumes};

/// Says how long a pod must have waited before nodes are bought for it (`unschedulablePodGracePeriodSeconds`).
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The time of the observation.
    pub now: DateTime<Utc>,
    /// How long a pod must wait.
    pub grace: Duration,
}

/// Tells whether a pod is on no Node and has not ended.
#[must_use]
pub fn is_pending(pod: &WrittenPod) -> bool {
    node_of(pod).is_none() && !has_ended(pod)
}

/// Returns the Node that a pod is on; none for one that has ended.
#[must_use]
pub fn residence(pod: &WrittenPod) -> Option<&str> {
    node_of(pod).filter(|_| !has_ended(pod))
}

// === impl Reader ===

impl Reader {
    /// Reads a pod that is on no Node (`SC-1`).
    pub fn pod(&mut self, pod: &WrittenPod, volumes: &Volumes, patience: Patience) -> Pod {
        let standing = match ignored(pod, patience) {
            Some(reason) => Standing::Ignored(reason),
            None => match self.demand(pod, volumes) {
                Ok(demand) => Standing::Waiting(demand),
                Err(flaw) => Standing::Unreadable(flaw),
            },
        };
        Pod {
            name: self.pod_name(pod),
            standing,
        }
    }

    /// Names a pod.
    pub fn pod_name(&mut self, pod: &WrittenPod) -> PodName {
        PodName {
            namespace: self
                .names
                .get(pod.metadata.namespace.as_deref().unwrap_or_default()),
            name: self.names.get(pod.metadata.name.as_deref().unwrap_or_default()),
        }
    }

    /// Reads a pod that is on a Node. What only matters before it was there, as a claim that is missing, is no flaw.
    ///
    /// # Errors
    /// When a quantity or a selector cannot be read: nobody knows then what is left of its Node.
    pub fn resident(&mut self, pod: &WrittenPod, volumes: &Volumes) -> Result<Resident, PodFlaw> {
        Ok(Resident {
            demand: self.demand_of_resident(pod, volumes)?,
            is_terminating: pod.metadata.deletion_timestamp.is_some(),
        })
    }

    /// Reads what a DaemonSet puts on every Node that it is for.
    ///
    /// # Errors
    /// When its template cannot be read.
    pub fn daemon(&mut self, set: &DaemonSet) -> Result<Arc<Demand>, PodFlaw> {
        let template = set.spec.as_ref().map(|spec| spec.template.clone());
        let template = template.unwrap_or_default();
        let mut pod = WrittenPod {
            metadata: template.metadata.unwrap_or_default(),
            spec: template.spec,
            status: None,
        };
        pod.metadata.namespace = set.namespace();
        self.demand_of_resident(&pod, &Volumes::default())
    }
}

/// Says why a pod is not for planning.
fn ignored(pod: &WrittenPod, patience: Patience) -> Option<Ignored> {
    match Call::of(pod) {
        Call::Ignored(ignored) => Some(ignored),
        call @ Call::Unschedulable { .. } => call
            .is_within(patience.grace, patience.now)
            .then_some(Ignored::WithinGrace),
    }
}

fn node_of(pod: &WrittenPod) -> Option<&str> {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    node.filter(|node| !node.is_empty())
}

fn has_ended(pod: &WrittenPod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

#[cfg(test)]
mod tests;
