//! Which nodes could go because the others take their pods, and why each other one stays (`SC-11`, `SC-12`).
//!
//! ```text
//!  Fleet: what is known of each Node ─┐
//!  Cluster, Plan: pods and room ──────┴─▶ each Node alone ──▶ those that could go, one after the other ──▶ Removals
//!                                           └─▶ MustStay       └─▶ MustStay: what the first of them leave to the others
//! ```

mod choice;
mod ledger;
mod stage;
mod stay;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::Name;
use crate::group::{GroupName, Price};
use crate::pod::{Demand, PodName};
pub use choice::removals;
pub use stay::MustStay;

/// Holds what decides, beside pods and room, which nodes may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Every Node of the cluster.
    pub candidates: Vec<Candidate>,
    /// The least nodes of each group.
    pub floors: BTreeMap<GroupName, u32>,
    /// How many evictions each PodDisruptionBudget allows.
    pub budgets: BTreeMap<PodName, u32>,
    /// Where each Service has ready endpoints.
    pub services: BTreeMap<PodName, Service>,
    /// How many nodes may go at once, those included that are on their way out.
    pub most: u32,
    /// How many are on their way out of which no Node is there any longer.
    pub vanishing: u32,
}

/// Says of a Node what decides whether it may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub node: Name,
    /// Its group; none where it is nobody's to remove.
    pub group: Option<GroupName>,
    /// Why it stays, as far as that is known without the other nodes and without its pods.
    pub stays: Vec<MustStay>,
    /// Whether it counts towards the least nodes of its group.
    pub is_capacity: bool,
    /// Whether it is on its way out already.
    pub is_leaving: bool,
    /// Whether it is drained already: it goes before others.
    pub is_marked: bool,
    /// Since when it has carried nothing; none while it carries something.
    pub rests_since: Option<DateTime<Utc>>,
    /// From where on it is busy.
    pub thresholds: Thresholds,
    /// Its workload pods that are not on their way out. All else ends with it.
    pub tenants: Vec<Tenant>,
    /// What an hour of it costs; none where that is unknown.
    pub price: Option<Price>,
}

/// Says from which share of CPU or memory on, in percent, a Node with pods is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Of its CPU.
    pub cpu_percent: u32,
    /// Of its memory.
    pub memory_percent: u32,
}

/// Is a pod that must have another place before its Node goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Who it is.
    pub name: PodName,
    /// What it asks for.
    pub demand: Arc<Demand>,
    /// Why it must not be evicted, whatever the other nodes are.
    pub stays: Vec<MustStay>,
    /// Its PodDisruptionBudgets.
    pub budgets: Vec<PodName>,
}

/// Says where a Service has ready endpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// The Nodes of them.
    pub nodes: BTreeSet<Name>,
    /// Whether there are some that are on no Node.
    pub is_elsewhere: bool,
}

/// Says which nodes go, and why the others stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removals {
    /// Nodes that go, in the order in which they were chosen.
    pub removals: Vec<Removal>,
    /// Why each other Node stays, by name: at least one reason for each, in order.
    pub kept: BTreeMap<Name, Vec<MustStay>>,
}

/// Is a Node that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its name.
    pub node: Name,
    /// Its group.
    pub group: GroupName,
    /// Where each of its pods would go, by name.
    pub moves: Vec<Move>,
    /// What an hour without it saves; none where that is unknown.
    pub saves: Option<Price>,
}

/// Is a pod that goes to another Node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// The pod.
    pub pod: PodName,
    /// The Node, which stays.
    pub to: Name,
}

impl Default for Thresholds {
    /// Half of both, as of a `scaleDownPolicy` that names none.
    fn default() -> Self {
        Self {
            cpu_percent: 50,
            memory_percent: 50,
        }
    }
}
