//! What one observation says of each VPSieNode, as events of its life.

use crate::decide::{ERROR, is_marked_for};
use crate::drain::Drain;
use crate::intent::Intent;
use crate::kept::{Condition, Node, VPSieNode};
use crate::pods::{Load, PodIndex};
use crate::resources::{Phase, keys};
use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use node_lifecycle::{Event, Gate, Life, PodUid, State};
use node_match::{Matching, Verdict};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that is seen, by what VPSieNodes are looked up with.
pub(super) struct Sights<'w> {
    world: &'w World<'w>,
    verdicts: BTreeMap<&'w str, &'w Verdict<'w>>,
}

/// What is seen of one VPSieNode.
pub(super) struct Sight<'w> {
    /// Name of its Node, or its own before there is one.
    pub(super) name: String,
    node: Option<&'w Arc<Node>>,
    has_machine: bool,
    is_gone: bool,
    /// Why it failed; nothing unless it is in the phase Failed.
    failure: Option<&'w str>,
    is_removed: bool,
}

// === impl Sights ===

impl<'w> Sights<'w> {
    pub(super) fn of(world: &'w World<'w>, matching: &'w Matching<'w>) -> Self {
        let answers = matching.claims.iter();
        Self {
            world,
            verdicts: answers
                .map(|answer| (&*answer.claim.uid, &answer.verdict))
                .collect(),
        }
    }

    pub(super) fn of_claim(&self, claim: &'w ClaimObject) -> Sight<'w> {
        let object = &claim.object;
        let verdict = self.verdicts.get(object.metadata.uid().unwrap_or_default());
        let found = verdict.and_then(|verdict| verdict.matched());
        let node = self.node(claim, found.and_then(|found| found.node));
        let is_known = found.is_some_and(|found| found.machine.is_some());
        let cluster = self.world.cluster(object.spec.resource_identifier());
        let is_gone = claim
            .identity()
            .zip(cluster)
            .is_some_and(|(machine, cluster)| cluster.is_gone(&machine));
        Sight {
            name: node.map_or_else(|| object.name_any(), |node| node.name_any()),
            node,
            has_machine: claim.has_machine() || is_known,
            is_gone: is_gone && claim.is_deleted(),
            failure: failure(claim),
            is_removed: is_on_its_way_out(object),
        }
    }

    /// Returns the Node that is matched now, else the one that bears the marks of the VPSieNode: while VPSie does not
    /// answer, matching cannot vouch for it, but it is there.
    fn node(&self, claim: &ClaimObject, matched: Option<&node_match::Node<'_>>) -> Option<&'w Arc<Node>> {
        let object = &claim.object;
        let matched = matched.and_then(|node| self.world.node(&node.uid));
        let name = object.metadata.name().unwrap_or_default();
        matched.or_else(|| {
            self.world
                .nodes_labelled(name)
                .find(|node| is_marked_for(node, object))
        })
    }
}

/// Tells whether the gate has let its machine go for the last time: from then on nothing takes it back (`LC-25a`).
///
/// The record says so. Only where none can be read the phase does, which the Go autoscaler wrote without one.
pub(crate) fn is_on_its_way_out(object: &VPSieNode) -> bool {
    match Intent::read(object, keys::ANNOTATION_REMOVAL_INTENT) {
        Ok(Some(intent)) => intent.is_one_way(),
        Ok(None) | Err(_) => object.phase() == Phase::Deleting,
    }
}

/// Returns why a VPSieNode is in the phase Failed.
pub(crate) fn failure(claim: &ClaimObject) -> Option<&str> {
    let status = claim.object.status.as_ref()?;
    if status.phase != Some(Phase::Failed) {
        return None;
    }
    let error = claim.object.condition(ERROR);
    let reason = error.and_then(|error| error.reason);
    Some(reason.unwrap_or("Failed"))
}

// === impl Sight ===

impl Sight<'_> {
    /// Returns the uids of the workload pods on its Node.
    pub(super) fn uids(&self, pods: &PodIndex) -> Vec<PodUid> {
        pods.on(&self.name).map(|pod| pod.uid).collect()
    }

    /// Counts the workload pods on its Node; nothing when it has none.
    pub(super) fn load(&self, gate: &Gate, life: &Life, pods: &PodIndex, now: DateTime<Utc>) -> Option<Load> {
        self.node?;
        Some(Load {
            node: self.name.clone(),
            workload: gate.workload(pods.on(&self.name), life, now),
        })
    }

    /// Lists what happened, in the order in which it is told to a life in this state.
    pub(super) fn events<'e>(&'e self, life: &Life, pods: &'e [PodUid], is_due: bool) -> Vec<Event<'e>> {
        let state = life.state();
        let mut events = Vec::new();
        if self.has_machine {
            events.push(Event::MachineSeen);
        }
        if let Some(reason) = self.failure {
            events.push(Event::Failed { reason });
        }
        // Of one that was found again without a Node, too, it must become known that it carries nothing (LC-21).
        let listed = match self.node {
            Some(_) => Some(Event::PodsListed(pods)),
            None => life.recovery().map(|_| Event::PodsListed(&[])),
        };
        let readiness = self.readiness(state, is_due);
        // Who comes back into service needs to know his pods first; who enters it sees his first pod come after.
        if state == State::Unhealthy {
            events.extend(listed.into_iter().chain(readiness));
        } else {
            events.extend(readiness.into_iter().chain(listed));
        }
        if self.is_drained_for_disk() {
            events.push(Event::DiskPressure);
        }
        if self.is_removed && state.counts_as_capacity() {
            events.push(Event::DecommissionAllowed);
        }
        if self.is_gone && self.node.is_none_or(|node| status(node) != Some("True")) {
            events.push(Event::DeleteConfirmed);
        }
        events
    }

    /// Tells whether its Node says that its disk is nearly full; that it says nothing is no evidence (`LC-13`).
    pub(super) fn has_disk_pressure(&self) -> bool {
        let pressure = self.node.and_then(|node| node.condition("DiskPressure"));
        pressure.is_some_and(|pressure| pressure.status == "True")
    }

    /// Tells whether its Node was taken out of service for its disk.
    pub(super) fn is_drained_for_disk(&self) -> bool {
        let drain = self.node.and_then(|node| Drain::of(node));
        drain.is_some_and(|drain| drain.is_for_disk)
    }

    fn readiness(&self, state: State, is_due: bool) -> Option<Event<'static>> {
        let Some(node) = self.node else {
            let is_missed = is_due && !state.is_starting();
            return is_missed.then_some(Event::NotReady {
                is_silent: true,
                since: None,
            });
        };
        match status(node) {
            // What has Failed comes back only once its join was taken in, which ends that phase.
            Some("True") => self.failure.is_none().then_some(Event::Ready),
            told => is_due.then(|| Event::NotReady {
                is_silent: told != Some("False"),
                since: since(node),
            }),
        }
    }
}

fn ready(node: &Node) -> Option<&Condition> {
    node.condition("Ready")
}

fn status(node: &Node) -> Option<&str> {
    ready(node).map(|ready| &*ready.status)
}

fn since(node: &Node) -> Option<DateTime<Utc>> {
    crate::time::to_chrono(ready(node)?.last_transition_time.as_ref()?)
}
