//! Why a Node must stay: each reason a value with its numbers (`SC-12`).

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;

use crate::Name;
use crate::pod::PodName;

/// Says why a Node must stay. The order is that in which reasons are told: of the fleet and the group, then of the Node,
/// then of its pods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MustStay {
    /// It is of the control plane.
    ControlPlane,
    /// No managed NodeGroup has it, or no VPSieNode.
    NotManaged,
    /// A person protects it.
    Protected,
    /// Something that matters for it cannot be read, so that nobody can plan its removal.
    NotPlanned {
        /// What cannot be read.
        what: String,
    },
    /// Its group does not shrink by itself: its policy or an annotation says so.
    PolicyDisabled {
        /// Which of them.
        by: &'static str,
    },
    /// It is outside the hours in which it may go, or those cannot be read.
    AllowedHours {
        /// The hours as they are written.
        hours: String,
        /// Whether they can be read.
        is_readable: bool,
    },
    /// The group changed its size within its stabilisation window.
    Stabilising {
        /// How long that still takes.
        remaining: TimeDelta,
    },
    /// A member of the group came or went within its cool-down.
    CoolDown {
        /// How long that still takes.
        remaining: TimeDelta,
    },
    /// What is requested of its group is above a threshold, and the group grows (`SC-7`).
    NeededByThreshold,
    /// Nodes are coming (`LC-42`).
    IncomingCapacity {
        /// How many.
        nodes: u32,
        /// The first of them.
        first: Name,
    },
    /// Pods wait that no Node takes, or that only this one takes now (`LC-42`).
    UnschedulableDemand {
        /// How many.
        pods: u32,
        /// The first of them.
        first: PodName,
    },
    /// Its group would have too few nodes (`LC-23`).
    AtMinimum {
        /// How many it would have.
        remaining: u32,
        /// How many it needs.
        floor: u32,
    },
    /// It could go, and others go first.
    OneAtATime {
        /// How many go at once.
        most: u32,
    },
    /// It is on its way out already.
    Leaving,
    /// It is not in service: its VPSieNode or its Node is not Ready.
    NotReady {
        /// What is not.
        what: String,
    },
    /// It has been ready for too short a time (`LC-18`).
    TooYoung {
        /// How long that still takes.
        remaining: TimeDelta,
    },
    /// It has been idle for too short a time (`LC-19`).
    IdleTooShort {
        /// How long that still takes.
        remaining: TimeDelta,
    },
    /// Nothing says for how long it has been ready or idle.
    TimestampMissing,
    /// Its pods request as much of it as makes it busy.
    Utilisation {
        /// Of what.
        resource: &'static str,
        /// How much they request, in percent, rounded down.
        percent: u64,
        /// From where on it is busy, in percent.
        threshold: u32,
    },
    /// A pod, or it itself, must not be disrupted.
    DoNotDisrupt {
        /// The pod; none where the Node says so.
        pod: Option<PodName>,
    },
    /// A pod says that it must not be evicted.
    SafeToEvictFalse {
        /// The pod.
        pod: PodName,
    },
    /// Nobody would make a pod anew.
    PodWithoutController {
        /// The pod.
        pod: PodName,
    },
    /// A pod would lose what it has on the disk of the Node.
    LocalStorage {
        /// The pod.
        pod: PodName,
        /// Its first volume of which that is so.
        volume: String,
    },
    /// A pod started too short a time ago.
    RecentMovement {
        /// The pod.
        pod: PodName,
        /// How long that still takes.
        remaining: TimeDelta,
    },
    /// A PodDisruptionBudget allows fewer evictions than there are pods of it here.
    PodDisruptionBudget {
        /// The budget, with its namespace.
        budget: PodName,
        /// How many it allows, those that go first taken away.
        allowed: u32,
        /// How many of its pods are here.
        pods: u32,
    },
    /// A pod has several PodDisruptionBudgets, which Kubernetes refuses to evict.
    SeveralBudgets {
        /// The pod.
        pod: PodName,
    },
    /// A Service would have no ready endpoint.
    LastReadyEndpoint {
        /// The Service, with its namespace.
        service: PodName,
    },
    /// No Node that stays takes a pod.
    UnmovablePod {
        /// The pod.
        pod: PodName,
        /// How many Nodes could be asked.
        nodes: u32,
        /// For each misfit, by its word, on how many of them it keeps the pod away.
        misfits: BTreeMap<&'static str, u32>,
    },
}

// === impl MustStay ===

impl MustStay {
    /// Lists every word.
    pub const WORDS: [&'static str; 27] = [
        "control-plane",
        "not-managed",
        "protected",
        "removal-not-planned",
        "policy-disabled",
        "allowed-hours",
        "stabilising",
        "cool-down",
        "needed-by-threshold",
        "incoming-capacity",
        "unschedulable-demand",
        "at-minimum",
        "one-at-a-time",
        "leaving",
        "not-ready",
        "too-young",
        "idle-too-short",
        "timestamp-missing",
        "utilisation-above-threshold",
        "do-not-disrupt",
        "safe-to-evict-false",
        "pod-without-controller",
        "local-storage",
        "recent-movement",
        "pod-disruption-budget",
        "last-ready-endpoint",
        "unmovable-pod",
    ];

    /// Returns its stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::ControlPlane => "control-plane",
            Self::NotManaged => "not-managed",
            Self::Protected => "protected",
            Self::NotPlanned { .. } => "removal-not-planned",
            Self::PolicyDisabled { .. } => "policy-disabled",
            Self::AllowedHours { .. } => "allowed-hours",
            Self::Stabilising { .. } => "stabilising",
            Self::CoolDown { .. } => "cool-down",
            Self::NeededByThreshold => "needed-by-threshold",
            Self::IncomingCapacity { .. } => "incoming-capacity",
            Self::UnschedulableDemand { .. } => "unschedulable-demand",
            Self::AtMinimum { .. } => "at-minimum",
            Self::OneAtATime { .. } => "one-at-a-time",
            Self::Leaving => "leaving",
            Self::NotReady { .. } => "not-ready",
            Self::TooYoung { .. } => "too-young",
            Self::IdleTooShort { .. } => "idle-too-short",
            Self::TimestampMissing => "timestamp-missing",
            Self::Utilisation { .. } => "utilisation-above-threshold",
            Self::DoNotDisrupt { .. } => "do-not-disrupt",
            Self::SafeToEvictFalse { .. } => "safe-to-evict-false",
            Self::PodWithoutController { .. } => "pod-without-controller",
            Self::LocalStorage { .. } => "local-storage",
            Self::RecentMovement { .. } => "recent-movement",
            Self::PodDisruptionBudget { .. } | Self::SeveralBudgets { .. } => "pod-disruption-budget",
            Self::LastReadyEndpoint { .. } => "last-ready-endpoint",
            Self::UnmovablePod { .. } => "unmovable-pod",
        }
    }
}

impl fmt::Display for MustStay {
    #[expect(clippy::too_many_lines, reason = "a sentence for each reason")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlPlane => f.write_str("it is of the control plane"),
            Self::NotManaged => f.write_str("no VPSieNode of a managed NodeGroup has it"),
            Self::Protected => f.write_str("an annotation or a label of it protects it"),
            Self::NotPlanned { what } => write!(f, "nobody can plan it: {what}"),
            Self::PolicyDisabled { by } => write!(f, "{by} keeps the nodes that there are"),
            Self::AllowedHours {
                hours,
                is_readable: true,
            } => write!(f, "it may go in the hours {hours} only"),
            Self::AllowedHours { hours, .. } => {
                write!(
                    f,
                    "the allowed hours `{hours}` cannot be read; write HH:MM-HH:MM Area/City"
                )
            }
            Self::Stabilising { remaining } => {
                write!(
                    f,
                    "the group changed its size a short time ago: {} remain",
                    Span(*remaining)
                )
            }
            Self::CoolDown { remaining } => {
                write!(
                    f,
                    "a member came or went a short time ago: {} remain",
                    Span(*remaining)
                )
            }
            Self::NeededByThreshold => {
                f.write_str("pods request more of its group than a threshold allows, and it grows")
            }
            Self::IncomingCapacity { nodes, first } => {
                write!(f, "nodes are coming: {nodes}, first {first}")
            }
            Self::UnschedulableDemand { pods, first } => write!(f, "pods wait: {pods}, first {first}"),
            Self::AtMinimum { remaining, floor } => {
                write!(f, "its group would have {remaining} nodes, and needs {floor}")
            }
            Self::OneAtATime { most } => {
                write!(
                    f,
                    "it could go, and others go first; maxConcurrentScaleDowns is {most}"
                )
            }
            Self::Leaving => f.write_str("it is on its way out already"),
            Self::NotReady { what } => write!(f, "{what} is not Ready"),
            Self::TooYoung { remaining } => {
                write!(
                    f,
                    "it has been ready for too short a time: {} remain",
                    Span(*remaining)
                )
            }
            Self::IdleTooShort { remaining } => {
                write!(
                    f,
                    "it has been idle for too short a time: {} remain",
                    Span(*remaining)
                )
            }
            Self::TimestampMissing => f.write_str("nothing says for how long it has been ready or idle"),
            Self::Utilisation {
                resource,
                percent,
                threshold,
            } => write!(
                f,
                "its pods request {percent} % of its {resource}, and below {threshold} % it could go"
            ),
            Self::DoNotDisrupt { pod: None } => {
                f.write_str("its annotation karpenter.sh/do-not-disrupt says so")
            }
            Self::DoNotDisrupt { pod: Some(pod) } => {
                write!(f, "the annotation karpenter.sh/do-not-disrupt of {pod} says so")
            }
            Self::SafeToEvictFalse { pod } => write!(f, "the annotation safe-to-evict of {pod} is false"),
            Self::PodWithoutController { pod } => write!(f, "no controller would make {pod} anew"),
            Self::LocalStorage { pod, volume } => {
                write!(f, "{pod} would lose its volume {volume} on the disk of the Node")
            }
            Self::RecentMovement { pod, remaining } => {
                write!(f, "{pod} started a short time ago: {} remain", Span(*remaining))
            }
            Self::PodDisruptionBudget {
                budget,
                allowed,
                pods: 1,
            } => write!(f, "{budget} allows {allowed} disruptions"),
            Self::PodDisruptionBudget {
                budget,
                allowed,
                pods,
            } => write!(
                f,
                "{budget} allows {allowed} disruptions, and {pods} of its pods are here"
            ),
            Self::SeveralBudgets { pod } => {
                write!(f, "{pod} has several budgets, and Kubernetes evicts no such pod")
            }
            Self::LastReadyEndpoint { service } => {
                write!(f, "{service} would have no ready endpoint")
            }
            Self::UnmovablePod { pod, nodes, misfits } => {
                write!(f, "{pod} fits on none of {nodes} other nodes")?;
                let mut before = ": ";
                for (word, count) in misfits {
                    write!(f, "{before}{word} on {count}")?;
                    before = ", ";
                }
                Ok(())
            }
        }
    }
}

/// Shows a span in whole seconds, rounded up, so that what remains is never shown as nothing.
struct Span(TimeDelta);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds() + i64::from(self.0.subsec_nanos() > 0);
        match (seconds / 60, seconds % 60) {
            (0, seconds) => write!(f, "{seconds} s"),
            (minutes, 0) => write!(f, "{minutes} min"),
            (minutes, seconds) => write!(f, "{minutes} min {seconds} s"),
        }
    }
}
