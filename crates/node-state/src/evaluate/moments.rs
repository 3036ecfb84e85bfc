//! The moments that the facts tell, and which of them cannot be true.

use chrono::{DateTime, TimeDelta, Utc};

use super::Inputs;
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
