//! The report of an examination, as the demo prints it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Holds the stored objects to examine.
#[derive(Clone, Copy, Debug)]
pub struct Objects<'a> {
    /// The VPSieNodes that exist.
    pub vpsie_nodes: &'a [Value],
    /// The Nodes that exist.
    pub nodes: &'a [Value],
    /// The last version of every VPSieNode that ever existed; existing ones may be left out.
    pub ever: &'a [Value],
}

/// Says what the Nodes of each NodeGroup must carry besides the autoscaler's own labels.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The extras by the name of the NodeGroup.
    pub groups: BTreeMap<String, Extras>,
}

/// Holds the labels and taints of one NodeGroup.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Labels, by key.
    pub labels: BTreeMap<String, String>,
    /// Taints.
    pub taints: Vec<Taint>,
}

/// Describes one taint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    /// The key.
    pub key: String,
    /// The value; an empty one equals a missing one.
    pub value: String,
    /// The effect, such as `NoSchedule`.
    pub effect: String,
}

/// Names one thing that is wrong, or worth knowing, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The VPSieNode or machine it is about.
    pub subject: String,
    /// What is wrong.
    pub sentence: String,
}

/// Reports what is true of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// VPSieNodes that exist.
    pub claims: usize,
    /// VPSieNodes that record a machine made for their own cluster and group, and its Node if any.
    pub matched: usize,
    /// VPSieNodes that record what is not theirs.
    pub mismatched: Vec<Finding>,
    /// VPSieNodes that record a machine of their own group made by another one's POST; this is no fault.
    pub swapped: Vec<Finding>,
    /// Machines bought more than once for one VPSieNode, or for none.
    pub bought_twice: Vec<Finding>,
    /// Machines alive that nothing records and nobody still waits for.
    pub leaked: Vec<Finding>,
    /// Nodes that lack what they must carry.
    pub labels_missing: Vec<Finding>,
    /// VPSieNodes that failed; a person looks after them.
    pub failed: Vec<Finding>,
    /// Machines removed that nobody had given up.
    pub wrongly_removed: Vec<Finding>,
}

/// Counts the findings of a report, for a summary of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// VPSieNodes that exist.
    pub claims: usize,
    /// VPSieNodes with their own machine and Node.
    pub matched: usize,
    /// Findings of what is not theirs.
    pub mismatched: usize,
    /// VPSieNodes with an equal machine of another one's POST.
    pub swapped: usize,
    /// Findings of machines bought more than once.
    pub bought_twice: usize,
    /// Machines that nobody explains.
    pub leaked: usize,
    /// Nodes that lack labels or taints.
    pub labels_missing: usize,
    /// VPSieNodes that failed.
    pub failed: usize,
    /// Machines removed that nobody had given up.
    pub wrongly_removed: usize,
}

// === impl Finding ===

impl Finding {
    pub(super) fn new(subject: &str, sentence: impl Into<String>) -> Self {
        Self {
            subject: subject.to_owned(),
            sentence: sentence.into(),
        }
    }
}

// === impl Report ===

impl Report {
    /// Reports whether every invariant held; swapped and failed VPSieNodes break none.
    pub fn is_clean(&self) -> bool {
        [
            &self.mismatched,
            &self.bought_twice,
            &self.leaked,
            &self.labels_missing,
            &self.wrongly_removed,
        ]
        .iter()
        .all(|findings| findings.is_empty())
    }

    /// Counts every kind of finding.
    pub fn counts(&self) -> Counts {
        Counts {
            claims: self.claims,
            matched: self.matched,
            mismatched: self.mismatched.len(),
            swapped: self.swapped.len(),
            bought_twice: self.bought_twice.len(),
            leaked: self.leaked.len(),
            labels_missing: self.labels_missing.len(),
            failed: self.failed.len(),
            wrongly_removed: self.wrongly_removed.len(),
        }
    }
}
