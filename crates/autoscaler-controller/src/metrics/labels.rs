//! The labels of the metrics, as types: what is not here cannot become a series.

use crate::chronicle::notice::Notice;
use crate::intent::Outcome;
use crate::watches::Place;
use fleet_plan::policy::Held;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use std::fmt::{self, Write as _};

/// Longest text of a label that comes from an object, in characters; names of Kubernetes are shorter.
const LONGEST_TEXT: usize = 128;

/// A part of one pass.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum Part {
    /// Asking VPSie.
    Poll,
    /// Matching machines and Nodes to VPSieNodes.
    Match,
    /// Planning for pods that wait.
    Plan,
    /// Deciding what to do.
    Decide,
    /// Doing it.
    Act,
}

/// Whether an Event was written.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum EventResult {
    /// The API server took it.
    Sent,
    /// It did not.
    Failed,
}

/// A short text that an object or a server supplies.
#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

macro_rules! label_sets {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
            pub struct $name {
                $(pub(crate) $field: $type,)+
            }
        )+
    };
}

label_sets! {
    /// Names a NodeGroup.
    GroupLabels { nodegroup: Text, namespace: Text, }
    /// Names a NodeGroup, and why something of it is not done.
    HeldLabels { nodegroup: Text, namespace: Text, reason: &'static str, }
    /// Names a phase in a NodeGroup.
    PhaseLabels { nodegroup: Text, namespace: Text, phase: &'static str, }
    /// Names an attempt to remove a machine.
    DecommissionLabels { decision_by: &'static str, result: &'static str, reason: Text, }
    /// Names two phases, or two states.
    TransitionLabels { from: &'static str, to: &'static str, }
    /// Names a verdict of matching and its reason.
    VerdictLabels { verdict: &'static str, reason: &'static str, }
    /// Names a reason.
    ReasonLabels { reason: Text, }
    /// Names a kind of evidence.
    StrategyLabels { strategy: Text, }
    /// Names a condition.
    ConditionLabels { kind: &'static str, condition: Text, status: Text, reason: Text, }
    /// Names what came of a request.
    OutcomeLabels { outcome: &'static str, }
    /// Names a call of VPSie and how it ended.
    CallLabels { method: &'static str, status: &'static str, }
    /// Names a call of VPSie.
    MethodLabels { method: &'static str, }
    /// Names a clock that ours is compared with.
    SourceLabels { source: &'static str, }
    /// Names a NodeGroup, as `namespace/name`, and whether an evaluation changed anything.
    EvaluationLabels { node_group: Text, result: &'static str, }
    /// Names a consumer of node states and how it was told.
    NotificationLabels { consumer: &'static str, result: &'static str, }
    /// Names a phase of a node.
    WordLabels { phase: &'static str, }
    /// Names a state.
    StateLabels { state: &'static str, }
    /// Names a request to Kubernetes and how it ended.
    RequestLabels { verb: &'static str, resource: &'static str, result: &'static str, }
    /// Names a verb of Kubernetes.
    VerbLabels { verb: &'static str, }
    /// Names a resource of Kubernetes, in the plural.
    ResourceLabels { resource: &'static str, }
}

/// Names a part of a pass.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct PartLabels {
    pub(crate) part: Part,
}

/// Names a type of Event, and whether it was written.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct EventLabels {
    pub(crate) r#type: &'static str,
    pub(crate) result: EventResult,
}

// === impl Text ===

impl<S: AsRef<str>> From<S> for Text {
    fn from(text: S) -> Self {
        Self(text.as_ref().chars().take(LONGEST_TEXT).collect())
    }
}

impl EncodeLabelValue for Text {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(&self.0)
    }
}

// === impl labels of few values ===

impl EncodeLabelValue for Part {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(match self {
            Self::Poll => "poll",
            Self::Match => "match",
            Self::Plan => "plan",
            Self::Decide => "decide",
            Self::Act => "act",
        })
    }
}

impl EncodeLabelValue for EventResult {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
        })
    }
}

impl EventLabels {
    /// Labels the Event that a notice became.
    pub(crate) fn of(notice: &Notice, result: EventResult) -> Self {
        let r#type = if notice.is_warning { "Warning" } else { "Normal" };
        Self { r#type, result }
    }
}

impl HeldLabels {
    /// Labels a NodeGroup that is held back.
    pub(crate) fn of((namespace, name): &Place, held: &Held) -> Self {
        Self {
            nodegroup: name.into(),
            namespace: namespace.into(),
            reason: held.word(),
        }
    }
}

impl OutcomeLabels {
    /// Labels what came of a request.
    pub(crate) fn of(outcome: Outcome) -> Self {
        let outcome = match outcome {
            Outcome::Open => "open",
            Outcome::Accepted => "accepted",
            Outcome::Refused => "refused",
            Outcome::NotSent => "not_sent",
            Outcome::Unknown => "unknown",
        };
        Self { outcome }
    }
}
