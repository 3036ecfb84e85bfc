//! Workload pod, protected node, incoming: each defined once, for everyone.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::State;
use crate::word::words;

/// Tells pods apart: the first eight bytes of the SHA-256 of a uid, which is all that counting takes.
///
/// Two of the pods on a Node have the same one as good as never, and then count as one until the gate looks at the pods
/// themselves. It is written down with the life of a node (`LC-29`), so it stays what it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodUid(pub(crate) u64);

/// Tells of a pod what decides whether it is a workload pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodFacts {
    /// Which pod it is.
    pub uid: PodUid,
    /// Whether it is bound to the node.
    pub is_bound: bool,
    /// Whether it has Succeeded or Failed.
    pub is_finished: bool,
    /// Whether a DaemonSet owns it.
    pub is_of_daemon_set: bool,
    /// Whether it is a mirror of a static pod.
    pub is_mirror: bool,
    /// When it should have ended, if its deletion was asked for; of most pods it was not, and they take no room for it.
    pub removal: Option<Box<PodRemoval>>,
    /// CPU that it requests, in thousandths of a core.
    pub requested_cpu_m: u64,
    /// Memory that it requests, in bytes.
    pub requested_memory_bytes: u64,
}

/// Tells when the end of a pod is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodRemoval {
    /// The deletionTimestamp of the pod.
    pub due_at: DateTime<Utc>,
    /// Its deletionGracePeriodSeconds.
    pub grace: TimeDelta,
}

/// Sums up the workload pods of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Workload {
    /// Workload pods that count.
    pub pods: u64,
    /// CPU that they request, in thousandths of a core.
    pub requested_cpu_m: u64,
    /// Memory that they request, in bytes.
    pub requested_memory_bytes: u64,
}

/// Tells of a Node what decides whether it is protected. Its name does not.
///
/// The default, of which nothing is known, is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProtectionFacts {
    /// Whether it bears the role or the taint of the control plane.
    pub is_of_control_plane: bool,
    /// Whether a VPSieNode owns it.
    pub has_owner: bool,
    /// Whether the NodeGroup of its owner is managed.
    pub is_group_managed: bool,
    /// Whether somebody excepted it by annotation or label.
    pub has_opted_out: bool,
}

words! {
    /// Says why a node is protected (`LC-14`).
    Protection, "protection" {
        /// It belongs to the control plane.
        ControlPlane => "control_plane",
        /// No VPSieNode owns it.
        NoOwner => "no_owner",
        /// Its NodeGroup is not managed.
        UnmanagedGroup => "unmanaged_group",
        /// Somebody excepted it.
        OptedOut => "opted_out",
    }
}

/// Tells of a VPSieNode what decides whether its Node is still to come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IncomingFacts {
    /// Whether its machine was asked for; the id may still be 0.
    pub is_creation_requested: bool,
    /// Whether its Node has joined.
    pub has_joined: bool,
    /// Whether it has failed (`LC-41`).
    pub has_failed: bool,
    /// Whether it is being deleted.
    pub is_being_deleted: bool,
}

// === impl PodUid ===

impl PodUid {
    /// Makes it from the uid that Kubernetes gave a pod.
    #[must_use]
    pub fn of(uid: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(uid.as_bytes()).into();
        let (first, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
        Self(u64::from_be_bytes(*first))
    }
}

// === impl PodFacts ===

impl PodFacts {
    /// Tells whether it is a workload pod.
    ///
    /// One that is terminating still is: it works until it is gone.
    #[must_use]
    pub const fn is_workload(&self) -> bool {
        self.is_bound && !self.is_finished && !self.is_of_daemon_set && !self.is_mirror
    }

    /// Tells whether its end was due for longer than its grace period and this patience (`LC-17`).
    #[must_use]
    pub fn is_stuck(&self, patience: TimeDelta, now: DateTime<Utc>) -> bool {
        let overdue = self
            .removal
            .as_ref()
            .and_then(|removal| (now - removal.due_at).checked_sub(&removal.grace));
        overdue.is_some_and(|overdue| overdue > patience)
    }
}

// === impl Workload ===

impl Workload {
    /// Sums up the pods that count on a node in this state.
    ///
    /// On a broken node a pod that is stuck does not count: its kubelet will never say that it ended.
    pub fn of<'a>(
        pods: impl IntoIterator<Item = &'a PodFacts>,
        state: State,
        patience: TimeDelta,
        now: DateTime<Utc>,
    ) -> Self {
        let is_gone = |pod: &PodFacts| state == State::Unhealthy && pod.is_stuck(patience, now);
        let counting = pods.into_iter().filter(|pod| pod.is_workload() && !is_gone(pod));
        counting.fold(Self::default(), |sum, pod| Self {
            pods: sum.pods.saturating_add(1),
            requested_cpu_m: sum.requested_cpu_m.saturating_add(pod.requested_cpu_m),
            requested_memory_bytes: sum
                .requested_memory_bytes
                .saturating_add(pod.requested_memory_bytes),
        })
    }
}

// === impl ProtectionFacts ===

impl ProtectionFacts {
    /// Returns the first reason why the node is protected; nothing when it is not.
    #[must_use]
    pub const fn protection(self) -> Option<Protection> {
        if self.is_of_control_plane {
            Some(Protection::ControlPlane)
        } else if !self.has_owner {
            Some(Protection::NoOwner)
        } else if !self.is_group_managed {
            Some(Protection::UnmanagedGroup)
        } else if self.has_opted_out {
            Some(Protection::OptedOut)
        } else {
            None
        }
    }
}

// === impl IncomingFacts ===

impl IncomingFacts {
    /// Tells whether a Node is still to come.
    #[must_use]
    pub const fn is_incoming(self) -> bool {
        self.is_creation_requested && !self.has_joined && !self.has_failed && !self.is_being_deleted
    }
}

#[cfg(test)]
mod tests;
