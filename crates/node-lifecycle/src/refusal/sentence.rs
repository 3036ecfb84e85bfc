//! The sentence of each refusal, with its numbers.

use std::fmt;

use chrono::TimeDelta;

use super::{Doubt, Refusal};
use crate::Protection;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeNotFound => f.write_str("Node is not known"),
            Self::NotManagedNode { protection } => {
                write!(f, "Node is not managed: {}", protection_in_words(*protection))
            }
            Self::IdentityUnproven { doubt } => {
                write!(
                    f,
                    "Node and machine are not proven to be one: {}",
                    doubt_in_words(*doubt)
                )
            }
            Self::WorkloadSyncInProgress => f.write_str("Pods of the Node were not listed completely yet"),
            Self::PostSyncGracePeriod { remaining } => {
                write!(
                    f,
                    "Node was found again a short time ago: {} remain",
                    Span(*remaining)
                )
            }
            Self::StillStartingUp { state } => write!(f, "Node is still starting up: {state}"),
            // The same words for one pod: people and programs look for them.
            Self::WorkloadPods { pods } => write!(f, "Node has {pods} workload pods"),
            Self::WorkloadRequests { cpu_m, memory_bytes } => write!(
                f,
                "Node has no workload pods, and yet {cpu_m}m CPU and {memory_bytes} bytes of memory are requested"
            ),
            Self::ReadyNodeTooYoung { age, remaining } => {
                write!(
                    f,
                    "Ready node too young: ready for {}, {} remain",
                    Span(*age),
                    Span(*remaining)
                )
            }
            Self::TimestampMissing { state } => {
                write!(
                    f,
                    "timestamp missing: nothing says for how long the Node has been {state}"
                )
            }
            Self::IdleTooShort { idle, remaining } => {
                write!(
                    f,
                    "Node is idle for too short a time: {}, {} remain",
                    Span(*idle),
                    Span(*remaining)
                )
            }
            Self::InvalidState { state } => {
                write!(
                    f,
                    "invalid state: a Node that is {state} and never carried a workload pod"
                )
            }
            Self::ManualCleanupRequired { failure } => {
                write!(f, "VPSieNode failed and waits for a person: {failure}")
            }
            Self::BelowMinNodes { remaining, floor } => {
                write!(f, "group would have {remaining} usable nodes, and needs {floor}")
            }
            Self::LastNodeOfWorkload { pods } => {
                write!(f, "group has {pods} workload pods and would have no usable node")
            }
            Self::LastReadyEndpoint { service, services } => {
                write!(
                    f,
                    "Node carries the last ready endpoint of {services} watched Services, first {service}"
                )
            }
        }
    }
}

const fn protection_in_words(protection: Protection) -> &'static str {
    match protection {
        Protection::ControlPlane => "it belongs to the control plane",
        Protection::NoOwner => "no VPSieNode owns it",
        Protection::UnmanagedGroup => "its NodeGroup is not managed",
        Protection::OptedOut => "it was excepted",
    }
}

const fn doubt_in_words(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Ambiguous => "several could be meant",
        Doubt::Conflict => "facts contradict each other",
        Doubt::Contested => "a surplus machine makes the match doubtful",
        Doubt::Absent => "nothing was matched, or no identifier names the machine",
        Doubt::RecordOnly => "only the record says so",
        Doubt::NodeAbsent => "there is no Node, and only a person removes a machine without one",
    }
}

/// Shows a span in whole seconds, rounded up, so that what remains is never shown as nothing.
pub(super) struct Span(pub(super) TimeDelta);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds() + i64::from(self.0.subsec_nanos() > 0);
        match (seconds / 60, seconds % 60) {
            (0, seconds) => write!(f, "{seconds} s"),
            (minutes, 0) => write!(f, "{minutes} min"),
            (minutes, seconds) => write!(f, "{minutes} min {} s", seconds.abs()),
        }
    }
}
