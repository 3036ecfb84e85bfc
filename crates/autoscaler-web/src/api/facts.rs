//! What is known of VPSieNodes and NodeGroups besides the states of their nodes: the operator fills it in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use node_state::{GroupKey, OwnerKey};
use serde::Serialize;
use utoipa::ToSchema;

use super::pending::Pending;

/// Holds all of it, as one pass of the operator saw it. What did not change is shared with what came before.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// By VPSieNode; what is the very same value tells the same.
    pub owners: BTreeMap<OwnerKey, Arc<dyn TellsOwner>>,
    /// By NodeGroup.
    pub groups: BTreeMap<GroupKey, Arc<GroupDetails>>,
    /// The pods that are on no Node; nothing while nobody has planned for them.
    pub pending: Option<Arc<Pending>>,
}

/// Tells what is known of one VPSieNode when somebody asks, so that it is not in memory for nobody (NS-30).
pub trait TellsOwner: fmt::Debug + Send + Sync {
    /// Returns all of it.
    fn details(&self) -> OwnerDetails;
}

/// Holds what is known of one VPSieNode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnerDetails {
    /// Its machine.
    pub machine: MachineFacts,
    /// How its machine and its Node were found.
    pub matched: Option<MatchFacts>,
    /// When it reached what, for its ages.
    pub moments: Moments,
    /// Workload pods that it ever carried.
    pub workloads_ever: Option<u64>,
    /// What is told in its status, such as what it waits for and why its machine must stay.
    pub told: Vec<ConditionFacts>,
}

// === impl OwnerDetails ===

impl TellsOwner for OwnerDetails {
    fn details(&self) -> Self {
        self.clone()
    }
}

/// Holds what is known of a machine at VPSie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MachineFacts {
    /// Its number.
    pub number: Option<i64>,
    /// Its identifier.
    pub identifier: Option<String>,
    /// Its hostname.
    pub hostname: Option<String>,
    /// Its first addresses.
    pub addresses: Vec<String>,
    /// Its offering.
    pub offering: String,
    /// Its data centre.
    pub datacenter: String,
}

/// Says how a machine and a Node were found for a VPSieNode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatchFacts {
    /// The verdict of matching: `matched`, `waiting`, `ambiguous`, `conflict`, `timed-out` or `not-participating`.
    pub verdict: &'static str,
    /// Why, where it is not matched.
    pub reason: Option<&'static str>,
    /// The kind of evidence by which the machine was first recorded.
    pub recorded_by: Option<String>,
    /// What ties machine, Node and VPSieNode together now.
    pub evidence: Vec<EvidenceFacts>,
    /// Whether a surplus machine makes the match doubtful, so that only a person may end it.
    pub contested: bool,
}

/// Names one link between two things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvidenceFacts {
    /// The two ends: `claim-machine`, `machine-node` or `claim-node`.
    pub link: &'static str,
    /// The kind, such as `recorded-id` or `address`.
    pub kind: &'static str,
    /// What both ends share.
    pub detail: String,
}

/// Says when a VPSieNode and its node reached what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Moments {
    /// When the VPSieNode was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When its machine was seen running.
    pub provisioned_at: Option<DateTime<Utc>>,
    /// When its Node appeared.
    pub joined_at: Option<DateTime<Utc>>,
    /// When its Node was first Ready.
    pub ready_at: Option<DateTime<Utc>>,
    /// When the present state of its life began.
    pub state_since: Option<DateTime<Utc>>,
    /// When it first carried a workload pod.
    pub first_workload_at: Option<DateTime<Utc>>,
    /// When its last workload pod left.
    pub last_workload_at: Option<DateTime<Utc>>,
    /// When its deletion was asked for.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Repeats one condition of a stored object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConditionFacts {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// Holds what is known of one NodeGroup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupDetails {
    /// Whether it was given to the autoscaler.
    pub managed: bool,
    /// Its least number of nodes.
    pub min_nodes: i64,
    /// Its largest number of nodes.
    pub max_nodes: i64,
    /// How many nodes it should have.
    pub desired_nodes: Option<i64>,
    /// Whether its policy lets members go by themselves.
    pub scale_down_enabled: bool,
    /// When its size last changed.
    pub last_scaled_at: Option<DateTime<Utc>>,
    /// When its deletion was asked for.
    pub deleted_at: Option<DateTime<Utc>>,
    /// What is told in its status, such as why it does not shrink.
    pub told: Vec<ConditionFacts>,
}
