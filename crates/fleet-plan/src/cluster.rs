//! Everything that a plan is made from, as it was seen at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Name;
use crate::dynamic::Dynamic;
use crate::group::{Group, GroupName};
use crate::labels::Labels;
use crate::node::Node;
use crate::pod::{Demand, PodName};

/// Holds what was seen of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Labels of namespaces, which affinity may select by.
    pub namespaces: BTreeMap<Name, Labels>,
    /// Nodes with their pods.
    pub nodes: Vec<Node>,
    /// Pods that are on no Node.
    pub pods: Vec<Pod>,
    /// What each DaemonSet puts on every Node that it is for.
    pub daemons: Vec<Arc<Demand>>,
    /// Groups that could grow, and those that cannot, so that their reasons are told.
    pub groups: Vec<Group>,
    /// Nodes that are coming.
    pub incoming: Vec<Incoming>,
    /// The most workers that the cluster may have; none for no limit.
    pub most_workers: Option<u32>,
    /// Workers that there are or that are coming.
    pub workers: u32,
    /// Which coming node was planned for which pod (`SC-4`).
    pub promises: BTreeMap<PodName, Name>,
    /// Of what new groups may be made; none where they are not asked for (`SC-10`).
    pub dynamic: Option<Dynamic>,
}

/// Is a pod that is on no Node.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Who it is.
    pub name: PodName,
    /// Whether anything is to be done about it.
    pub standing: Standing,
}

/// Says whether a pod waits for a Node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The scheduler found no Node for it.
    Waiting(Arc<Demand>),
    /// It is not for planning.
    Ignored(Ignored),
    /// It waits, but what it asks for cannot be read or met by anything.
    Unreadable(PodFlaw),
}

/// Says why a pod is not for planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// The scheduler has not called it unschedulable.
    NotUnschedulable,
    /// It is held back by its scheduling gates.
    SchedulingGated,
    /// A DaemonSet owns it: it is for a Node that is there.
    DaemonSet,
    /// Another scheduler looks after it.
    OtherScheduler,
    /// It waits for less than the grace period.
    WithinGrace,
    /// It is on its way out.
    Terminating,
}

/// Says what is wrong with a pod itself, whatever the Nodes are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodFlaw {
    /// A quantity or a selector cannot be read.
    Unreadable(String),
    /// What it asks of one label no Node can have.
    Contradictory(Name),
    /// A claim of it is missing, or has no volume and no class that makes one in time.
    Claim(String),
}

/// Is a node that is coming: requested, or not ready yet (`LC-41`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The name of its VPSieNode.
    pub name: Name,
    /// Its group.
    pub group: GroupName,
}

// === impl Ignored ===

impl Ignored {
    /// Lists every reason.
    pub const ALL: [Self; 6] = [
        Self::NotUnschedulable,
        Self::SchedulingGated,
        Self::DaemonSet,
        Self::OtherScheduler,
        Self::WithinGrace,
        Self::Terminating,
    ];

    /// Tells whether such a pod is demand all the same that the scheduler finds no Node for (`LC-42`).
    #[must_use]
    pub const fn is_unmet(self) -> bool {
        match self {
            Self::WithinGrace => true,
            Self::NotUnschedulable
            | Self::SchedulingGated
            | Self::DaemonSet
            | Self::OtherScheduler
            | Self::Terminating => false,
        }
    }

    /// Returns its stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotUnschedulable => "not-unschedulable",
            Self::SchedulingGated => "scheduling-gated",
            Self::DaemonSet => "daemon-set",
            Self::OtherScheduler => "other-scheduler",
            Self::WithinGrace => "within-grace",
            Self::Terminating => "terminating",
        }
    }
}

// === impl PodFlaw ===

impl PodFlaw {
    /// Lists a word for every flaw.
    pub const WORDS: [&'static str; 3] = ["pod-unreadable", "contradictory-affinity", "claim-unusable"];

    /// Returns its stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "pod-unreadable",
            Self::Contradictory(_) => "contradictory-affinity",
            Self::Claim(_) => "claim-unusable",
        }
    }

    /// Returns what it is about.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Unreadable(detail) | Self::Claim(detail) => detail,
            Self::Contradictory(key) => key,
        }
    }
}
