//! The mark on a Node that takes no new pods because its machine is to go (`LC-25a`).

use crate::resources::keys;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use node_lifecycle::Decider;
use serde::{Deserialize, Serialize};

/// Says since when, on whose decision, and how the Node was before; the text of an annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// Since when.
    pub since: DateTime<Utc>,
    /// On whose decision.
    pub decided_by: String,
    /// Whether somebody had cordoned the Node before, who will want it to stay so.
    pub was_cordoned: bool,
}

// === impl Drain ===

impl Drain {
    /// Begins to keep new pods off a Node.
    pub fn begin(node: &Node, decided_by: Decider, now: DateTime<Utc>) -> Self {
        Self {
            since: now.trunc_subsecs(0),
            decided_by: decided_by.as_str().to_owned(),
            was_cordoned: node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true),
        }
    }

    /// Reads the mark of a Node; one that cannot be read is none.
    pub fn of(node: &Node) -> Option<Self> {
        serde_json::from_str(node.annotations().get(keys::ANNOTATION_DRAIN)?).ok()
    }

    /// Returns on whose decision; nothing when another version has words of its own for it.
    pub fn decided_by(&self) -> Option<Decider> {
        self.decided_by.parse().ok()
    }

    /// Tells whether it is so old.
    pub fn lasts(&self, settle: TimeDelta, now: DateTime<Utc>) -> bool {
        now - self.since >= settle
    }

    /// Writes it as the text of its annotation.
    pub fn to_annotation(&self) -> String {
        serde_json::to_string(self).expect("a record of plain values always serialises")
    }
}
