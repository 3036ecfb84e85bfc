//! What is wrong with the facts: a state comes of them nevertheless, and says so.

use std::fmt;

use smol_str::SmolStr;

use crate::key::{GroupKey, OwnerKey};
use crate::selector::InvalidSelector;

/// Says what is missing, contradictory or impossible in the facts about a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// A control-plane Node is said to be of a NodeGroup; it is not.
    ControlPlaneClaimed(GroupKey),
    /// The NodeGroup that it is said to be of is not there.
    GroupMissing(String),
    /// The NodeGroup that it is of is being deleted.
    GroupEnding(GroupKey),
    /// Several NodeGroups claim it with equal right; the first has it.
    SeveralGroups(Vec<GroupKey>),
    /// Its label names another NodeGroup than its VPSieNode.
    GroupLabelContradicts {
        /// What the label names.
        label: String,
        /// What the VPSieNode names, which counts.
        owner: GroupKey,
    },
    /// Its VPSieNode names a NodeGroup, and no label of the Node does.
    GroupLabelMissing(GroupKey),
    /// Its NodeGroup has a selector that makes no sense.
    SelectorInvalid {
        /// Which NodeGroup.
        group: GroupKey,
        /// What is wrong with it.
        error: String,
    },
    /// Several VPSieNodes name it as their Node; the first has it.
    SeveralOwners(Vec<OwnerKey>),
    /// The Node that this VPSieNode names belongs to another one.
    NodeTaken(OwnerKey),
    /// Its labels name different zones; the first counts.
    ZonesContradict(Box<[SmolStr]>),
    /// It is of a NodeGroup, and no label tells its zone.
    ZoneMissing,
    /// A moment lies in the future, so its duration is counted from when that was seen.
    FutureTimestamp(&'static str),
}

// === impl Warning ===

impl Warning {
    /// Returns the stable name, as a reason of a condition.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ControlPlaneClaimed(_) => "ControlPlaneClaimed",
            Self::GroupMissing(_) => "GroupMissing",
            Self::GroupEnding(_) => "GroupEnding",
            Self::SeveralGroups(_) => "SeveralGroups",
            Self::GroupLabelContradicts { .. } => "GroupLabelContradicts",
            Self::GroupLabelMissing(_) => "GroupLabelMissing",
            Self::SelectorInvalid { .. } => "SelectorInvalid",
            Self::SeveralOwners(_) => "SeveralOwners",
            Self::NodeTaken(_) => "NodeTaken",
            Self::ZonesContradict(_) => "ZonesContradict",
            Self::ZoneMissing => "ZoneMissing",
            Self::FutureTimestamp(_) => "FutureTimestamp",
        }
    }

    pub(crate) fn of_selector(group: &GroupKey, error: &InvalidSelector) -> Self {
        Self::SelectorInvalid {
            group: group.clone(),
            error: error.to_string(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlPlaneClaimed(group) => {
                write!(
                    f,
                    "it is of the control plane and claimed for the NodeGroup {group}"
                )
            }
            Self::GroupMissing(group) => {
                write!(f, "there is no NodeGroup {group}, which it is said to be of")
            }
            Self::GroupEnding(group) => write!(f, "its NodeGroup {group} is being deleted"),
            Self::SeveralGroups(groups) => write!(f, "several NodeGroups claim it: {}", list(groups)),
            Self::GroupLabelContradicts { label, owner } => {
                write!(
                    f,
                    "its label names the NodeGroup {label}, and its VPSieNode {owner}"
                )
            }
            Self::GroupLabelMissing(group) => {
                write!(
                    f,
                    "it has no label of the NodeGroup {group}, which its VPSieNode names"
                )
            }
            Self::SelectorInvalid { group, error } => {
                write!(f, "the selector of its NodeGroup {group} makes no sense: {error}")
            }
            Self::SeveralOwners(owners) => {
                write!(f, "several VPSieNodes name it as their Node: {}", list(owners))
            }
            Self::NodeTaken(owner) => write!(f, "the Node that it names belongs to the VPSieNode {owner}"),
            Self::ZonesContradict(zones) => {
                write!(f, "its labels name different zones: {}", list(zones))
            }
            Self::ZoneMissing => f.write_str("no label tells its zone"),
            Self::FutureTimestamp(field) => write!(f, "its {field} lies in the future"),
        }
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
