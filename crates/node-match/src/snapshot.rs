//! The one input: everything that was observed, at one moment.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Claim, Cluster, Group, Machine, Node, Text};

/// Holds what a person may tune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a requested machine may stay unseen (15 minutes by default).
    pub discovery_timeout: TimeDelta,
    /// How far the clocks of provider, cluster and operator may disagree (2 minutes by default).
    pub clock_skew: TimeDelta,
    /// Whether R7 may match what no name and no address links (true by default).
    pub anonymous: bool,
}

/// Holds everything that one matching looks at. Texts are borrowed from whoever observed them, where they stay in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot<'s> {
    /// The moment of the observation.
    pub now: DateTime<Utc>,
    /// What a person may tune.
    pub settings: Settings,
    /// The clusters as VPSie reports them.
    pub clusters: Vec<Cluster<'s>>,
    /// The node groups of those clusters as VPSie reports them.
    pub groups: Vec<Group<'s>>,
    /// The VPSieNodes.
    pub claims: Vec<Claim<'s>>,
    /// Every report of a machine, from every list.
    pub machines: Vec<Machine<'s>>,
    /// The Kubernetes Nodes, all of one cluster.
    pub nodes: Vec<Node<'s>>,
    /// The provider's id of the cluster that the Nodes belong to; deduced from the claims when `None`.
    pub nodes_cluster: Option<Text<'s>>,
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            discovery_timeout: TimeDelta::minutes(15),
            clock_skew: TimeDelta::minutes(2),
            anonymous: true,
        }
    }
}

// === impl Snapshot ===

impl Snapshot<'_> {
    /// Makes an empty snapshot with default settings.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            settings: Settings::default(),
            clusters: Vec::new(),
            groups: Vec::new(),
            claims: Vec::new(),
            machines: Vec::new(),
            nodes: Vec::new(),
            nodes_cluster: None,
        }
    }
}
