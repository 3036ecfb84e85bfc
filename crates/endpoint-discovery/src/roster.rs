//! The instances of a Service over time: what stays, what comes, what goes (EP-7).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::identity::InstanceId;
use crate::instance::{Addresses, Health, Instance, NodeFacts};
use crate::merge::{Endpoint, Merged};
use crate::score::{Check, HealthRules, Signals, score, status};
use crate::service::ServiceFacts;
use crate::sighting::Readiness;

/// Holds the instances of one Service by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roster {
    instances: BTreeMap<InstanceId, Arc<Instance>>,
}

/// Holds what else decides how an instance is seen, besides its endpoint.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The Service.
    pub service: &'a ServiceFacts,
    /// What came of the last probe of each instance; one that is not in it was not probed yet.
    pub checks: &'a BTreeMap<InstanceId, Check>,
    /// What is known of Nodes, by their names.
    pub nodes: &'a BTreeMap<String, NodeFacts>,
    /// The thresholds.
    pub rules: &'a HealthRules,
}

/// Says what is different between two rosters, each list in the order of ids.
///
/// A pod that took the place of another of the same name is among both the removed and the added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// What is there now and was not.
    pub added: Vec<Arc<Instance>>,
    /// What was there and is no more.
    pub removed: Vec<Arc<Instance>>,
    /// What is still there and looks different, as it is now. When it was last seen is no difference.
    pub changed: Vec<Arc<Instance>>,
}

// === impl Roster ===

impl Roster {
    /// Shows the instances in the order of their ids.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = &Arc<Instance>> {
        self.instances.values()
    }

    /// Finds one instance.
    pub fn get(&self, id: &InstanceId) -> Option<&Arc<Instance>> {
        self.instances.get(id)
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// Takes in a complete observation: whatever is not in it is gone.
    ///
    /// # Guarantees
    ///
    /// `discovered_at` stays for the life of an id; another pod of the same name begins a new one. `last_transition`
    /// changes with readiness only.
    #[must_use]
    pub fn observe(&self, merged: &Merged, around: &Surroundings<'_>, now: DateTime<Utc>) -> Self {
        let endpoints = merged.endpoints.iter();
        let instances = endpoints.map(|endpoint| {
            let before = self.instances.get(&endpoint.id).map(Arc::as_ref);
            let instance = see(endpoint, before, around, now);
            (endpoint.id.clone(), Arc::new(instance))
        });
        Self {
            instances: instances.collect(),
        }
    }

    /// Says what has to change to come from an earlier roster to this one.
    pub fn since(&self, earlier: &Self) -> Diff {
        let mut diff = Diff::default();
        for (id, before) in &earlier.instances {
            if self
                .instances
                .get(id)
                .is_none_or(|now| now.is_another_pod_than(before))
            {
                diff.removed.push(Arc::clone(before));
            }
        }
        for (id, now) in &self.instances {
            match earlier.instances.get(id) {
                Some(before) if !now.is_another_pod_than(before) => {
                    if !now.looks_like(before) {
                        diff.changed.push(Arc::clone(now));
                    }
                }
                Some(_) | None => diff.added.push(Arc::clone(now)),
            }
        }
        diff
    }
}

// === impl Diff ===

impl Diff {
    /// Tells whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Sees an endpoint as the instance that it was, or as a new one.
fn see(
    endpoint: &Endpoint,
    before: Option<&Instance>,
    around: &Surroundings<'_>,
    now: DateTime<Utc>,
) -> Instance {
    let check = around.checks.get(&endpoint.id).copied();
    let signals = Signals {
        is_ready: is_ready(endpoint, check),
        is_terminating: endpoint.is_terminating,
        check,
    };
    let (points, basis) = score(&signals);
    let node = endpoint.node.as_ref().and_then(|name| around.nodes.get(name));
    let mut instance = Instance {
        id: endpoint.id.clone(),
        addresses: Addresses::of(
            around.service,
            endpoint.addresses.clone(),
            endpoint.hostname.as_deref(),
        ),
        ports: endpoint.ports.clone(),
        health: Health {
            is_ready: signals.is_ready,
            score: (!endpoint.addresses.is_empty()).then_some(points),
            last_transition: now,
            basis,
            check,
            is_terminating: endpoint.is_terminating,
            is_readiness_unreliable: endpoint.readiness == Readiness::Unreliable,
        },
        status: status(&signals, points, endpoint.phase, TimeDelta::zero(), around.rules),
        zone: endpoint
            .zone
            .clone()
            .or_else(|| node.and_then(|node| node.zone.clone())),
        namespace: around.service.key.namespace.clone(),
        node_name: endpoint.node.clone(),
        target: endpoint.target.clone(),
        node: node.cloned(),
        hints: endpoint.hints.clone(),
        discovered_at: now,
        last_seen: now,
    };
    if let Some(before) = before.filter(|before| !instance.is_another_pod_than(before)) {
        instance.discovered_at = before.discovered_at;
        if before.health.is_ready == instance.health.is_ready {
            instance.health.last_transition = before.health.last_transition;
        }
        let age = now - before.discovered_at;
        instance.status = status(&signals, points, endpoint.phase, age, around.rules);
    }
    instance
}

/// Where Kubernetes cannot know, a probe decides (EP-6); without a port to probe, its word is all there is.
fn is_ready(endpoint: &Endpoint, check: Option<Check>) -> bool {
    match endpoint.readiness {
        Readiness::Ready => true,
        Readiness::NotReady => false,
        Readiness::Unreliable => match check {
            Some(Check::Passed { .. } | Check::NoPort) => true,
            Some(Check::Failed) | None => false,
        },
    }
}

#[cfg(test)]
mod tests;
