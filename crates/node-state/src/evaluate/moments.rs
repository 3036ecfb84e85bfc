//! The moments that the facts tell, and which of them cannot be true.

use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::State;

use super::{Inputs, Rules};
use crate::facts::{NodeFacts, OwnerFacts};

/// A moment and what it is called.
type Moment = (&'static str, Option<DateTime<Utc>>);

/// Names the moments that lie further in the future than clocks differ.
pub(super) fn in_the_future(inputs: &Inputs<'_>, skew: TimeDelta) -> impl Iterator<Item = &'static str> {
    let told = inputs.node.into_iter().flat_map(of_node);
    let told = told.chain(inputs.owner.into_iter().flat_map(of_owner));
    told.filter(move |(_, at)| at.is_some_and(|at| is_future(at, inputs.now, skew)))
        .map(|(name, _)| name)
}

/// Returns when time alone changes what is found: a moment is no longer in the future, or a pod is stuck (`LC-17`).
pub(super) fn expiry(inputs: &Inputs<'_>, rules: &Rules, state: State) -> Option<DateTime<Utc>> {
    let told = inputs.node.into_iter().flat_map(of_node);
    let told = told.chain(inputs.owner.into_iter().flat_map(of_owner));
    let future = told
        .filter_map(|(_, at)| at)
        .filter(|at| is_future(*at, inputs.now, rules.clock_skew));
    let past = future.filter_map(|at| at.checked_sub_signed(rules.clock_skew));
    let is_broken = state == State::Unhealthy;
    let pods = inputs.pods.iter().filter(|pod| is_broken && pod.is_workload());
    let stuck = pods.filter_map(|pod| {
        let removal = pod.removal.as_ref()?;
        let due = removal.due_at.checked_add_signed(removal.grace)?;
        // A pod is stuck once the patience is over, and no moment before.
        let patient_until = due.checked_add_signed(rules.stuck_pod)?;
        patient_until.checked_add_signed(TimeDelta::nanoseconds(1))
    });
    past.chain(stuck.filter(|at| *at > inputs.now)).min()
}

/// Tells whether a moment lies further in the future than clocks differ.
pub(super) fn is_future(at: DateTime<Utc>, now: DateTime<Utc>, skew: TimeDelta) -> bool {
    at.signed_duration_since(now) > skew
}

fn of_node(node: &NodeFacts) -> [Moment; 5] {
    [
        ("creation of the Node", node.created_at),
        ("deletion of the Node", node.deleted_at),
        (
            "change of readiness",
            node.ready.as_ref().and_then(|ready| ready.since),
        ),
        (
            "disk pressure",
            node.disk_pressure.and_then(|pressure| pressure.since),
        ),
        ("drain mark", node.drain_marked.and_then(|mark| mark.since)),
    ]
}

fn of_owner(owner: &OwnerFacts) -> [Moment; 4] {
    [
        ("creation of the VPSieNode", owner.created_at),
        ("provisioning", owner.provisioned_at),
        ("deletion of the VPSieNode", owner.deleted_at),
        ("lifecycle state", owner.life.map(|life| life.entered_at)),
    ]
}
