//! How machines of a NodeGroup joined lately, read off its VPSieNodes, so that a restart knows it, too (`SC-9`).

use crate::decide::ERROR;
use crate::kept::VPSieNode;
use crate::resources::Phase;
use crate::world::ClaimObject;
use chrono::{DateTime, Utc};
use fleet_plan::join::{Attempt, End, Joins};

/// Reads off the members how machines of their NodeGroup joined.
pub(crate) fn joins<'c>(members: impl Iterator<Item = &'c ClaimObject>) -> Joins {
    Joins::of(members.filter_map(attempt))
}

fn attempt(member: &ClaimObject) -> Option<Attempt> {
    let status = member.object.status.as_ref();
    let asked_at = member.requested.intent()?.requested_at;
    let end = match member.object.phase() {
        Phase::Failed => End::GivenUp(failed_at(&member.object)?),
        Phase::Ready | Phase::Terminating | Phase::Deleting => status
            .and_then(|status| status.ready_at)
            .map_or(End::Open, End::Joined),
        Phase::Pending
        | Phase::Provisioning
        | Phase::Provisioned
        | Phase::Joining
        | Phase::Unrecognised(_) => End::Open,
    };
    Some(Attempt { asked_at, end })
}

/// Returns when a VPSieNode was given up.
fn failed_at(claim: &VPSieNode) -> Option<DateTime<Utc>> {
    claim.condition(ERROR)?.last_transition_time()
}
