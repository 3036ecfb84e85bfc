//! From the facts about one node to its state: a pure function behind a trait.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::{Health, PodFacts, State, Workload};
use smol_str::SmolStr;

use crate::condition::{Finding, Status, Topic};
use crate::facts::{GroupFacts, NodeFacts, OwnerFacts};
use crate::hash::StateHash;
use crate::key::Subject;
use crate::membership::{Membership, Scope};
use crate::state::{NodeState, OwnerState};
use crate::warning::Warning;

mod findings;
mod moments;

/// Holds everything that is known about one node when it is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What it is about.
    pub subject: &'a Subject,
    /// Its Node; nothing while that is awaited.
    pub node: Option<&'a NodeFacts>,
    /// The VPSieNode that owns it.
    pub owner: Option<&'a OwnerFacts>,
    /// The pods on it; those that are no workload do not count.
    pub pods: &'a [&'a PodFacts],
    /// The NodeGroup that it is of.
    pub group: Option<&'a GroupFacts>,
    /// How that was decided.
    pub membership: &'a Membership,
    /// What is odd about its VPSieNodes.
    pub oddities: &'a [Warning],
    /// The state before this one.
    pub previous: Option<&'a NodeState>,
    /// How many times it was evaluated before.
    pub evaluations: u64,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Evaluates a node: a function of its inputs and of nothing else (`NS-2`).
///
/// Whoever stands in for [`Rules`], in a test for instance, keeps [`NodeState::subject`] as it is told and
/// [`NodeState::node_group`] as the membership has it.
pub trait Evaluator {
    /// Makes the state that follows from what is known.
    fn evaluate(&self, inputs: &Inputs<'_>) -> NodeState;
}

/// Evaluates nodes as this crate describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long after its due end a pod on a broken node still counts (`LC-17`).
    pub stuck_pod: TimeDelta,
    /// How far ahead of ours the clock of another machine may be.
    pub clock_skew: TimeDelta,
}

// === impl Rules ===

impl Default for Rules {
    fn default() -> Self {
        Self {
            stuck_pod: TimeDelta::minutes(5),
            clock_skew: TimeDelta::minutes(1),
        }
    }
}

impl Evaluator for Rules {
    fn evaluate(&self, inputs: &Inputs<'_>) -> NodeState {
        let (node, owner) = (inputs.node, inputs.owner);
        let lifecycle_state = lifecycle_state(inputs);
        let warnings = self.warnings(inputs);
        let findings = findings::all(self, inputs, lifecycle_state, &warnings);
        let message = message(&findings);
        let settled = findings.into_iter().map(|(topic, finding)| {
            let before = inputs
                .previous
                .and_then(|previous| previous.conditions.get(&topic));
            (topic, finding.settle(before, inputs.now))
        });
        let version = inputs.group.and_then(|group| group.version.as_ref());
        let pods = inputs.pods.iter().copied();
        let state = NodeState {
            subject: inputs.subject.clone(),
            uid: uid(inputs),
            node_group: inputs.membership.group.clone(),
            owner: owner.map(OwnerState::of),
            scope: inputs.membership.scope,
            zone: node.and_then(|node| node.zones.first().cloned()),
            kubelet_version: node.and_then(|node| node.kubelet_version.clone()),
            desired_version: version
                .or(owner.and_then(|owner| owner.version.as_ref()))
                .cloned(),
            lifecycle_state,
            health: health(inputs),
            is_excluded: node.is_some_and(|node| node.has_opted_out)
                || inputs.group.is_some_and(|group| group.is_paused),
            conditions: settled.collect(),
            warnings,
            workload: Workload::of(pods, lifecycle_state, self.stuck_pod, inputs.now),
            message,
            last_evaluated: inputs.now,
            evaluation_count: inputs.evaluations.saturating_add(1),
            source_version: source_version(inputs),
            expires_at: moments::expiry(inputs, self, lifecycle_state),
            state_hash: StateHash::default(),
        };
        state.hashed()
    }
}

impl Rules {
    fn warnings(&self, inputs: &Inputs<'_>) -> BTreeSet<Warning> {
        let mut warnings = inputs.membership.warnings.clone();
        warnings.extend(inputs.oddities.iter().cloned());
        warnings.extend(moments::in_the_future(inputs, self.clock_skew).map(Warning::FutureTimestamp));
        if let Some(node) = inputs.node {
            let zones: BTreeSet<&SmolStr> = node.zones.iter().collect();
            if zones.len() > 1 {
                warnings.insert(Warning::ZonesContradict(node.zones.clone()));
            }
            if zones.is_empty() && inputs.membership.scope == Scope::Worker {
                warnings.insert(Warning::ZoneMissing);
            }
        }
        warnings
    }
}

/// A node without a VPSieNode is protected, and such a node is taken for active (`LC-5`).
fn lifecycle_state(inputs: &Inputs<'_>) -> State {
    inputs
        .owner
        .map_or(State::Active, |owner| owner.state(inputs.now))
}

fn health(inputs: &Inputs<'_>) -> Health {
    if inputs.owner.is_some_and(|owner| owner.failure.is_some()) {
        return Health::Unhealthy;
    }
    let ready = inputs.node.and_then(|node| node.ready.as_ref());
    match ready.and_then(|ready| ready.is_ready) {
        Some(true) => Health::Healthy,
        Some(false) => Health::Unhealthy,
        None => Health::Unknown,
    }
}

fn uid(inputs: &Inputs<'_>) -> Arc<str> {
    let uid = inputs.node.map(|node| &node.uid);
    uid.or(inputs.owner.map(|owner| &owner.uid))
        .cloned()
        .unwrap_or_default()
}

fn source_version(inputs: &Inputs<'_>) -> SmolStr {
    let version = inputs.node.map(|node| &node.resource_version);
    version
        .or(inputs.owner.map(|owner| &owner.resource_version))
        .cloned()
        .unwrap_or_default()
}

/// Says what is most worth knowing: what is wrong with it, else why it is not available, and so on (`NS-4`).
fn message(findings: &[(Topic, Finding)]) -> Box<str> {
    let says = |topic: Topic, is_news: fn(Status) -> bool| {
        let mut found = findings.iter().filter(|(about, _)| *about == topic);
        found
            .find(|(_, finding)| is_news(finding.status))
            .map(|(_, finding)| finding.message.clone())
    };
    says(Topic::Degraded, |status| status == Status::True)
        .or_else(|| says(Topic::Draining, |status| status == Status::True))
        .or_else(|| says(Topic::Available, |status| status != Status::True))
        .or_else(|| says(Topic::Warning, |status| status == Status::True))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
