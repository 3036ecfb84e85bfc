//! Which open requests made nothing, as far as one pass can tell.

use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use node_match::{Matching, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Lists the deleted VPSieNodes whose time is over and for which a complete reply shows no candidate (`I6`), with the
/// time of that reply.
pub(super) fn unfound(world: &World<'_>, matching: &Matching<'_>) -> BTreeMap<String, DateTime<Utc>> {
    let timed_out: BTreeSet<&str> = matching
        .claims
        .iter()
        .filter(|answer| matches!(&answer.verdict, Verdict::TimedOut { candidates } if candidates.is_empty()))
        .map(|answer| &*answer.claim.uid)
        .collect();
    let replied_at = |claim: &ClaimObject| {
        let [_, newest] = world
            .cluster(claim.object.spec.resource_identifier())?
            .baseline_replies()?;
        // A reply from before the time was over proves nothing of what came later.
        let since = claim.requested.requested_at()? + world.settings.discovery_timeout;
        (newest.at >= since).then_some(newest.at)
    };
    world
        .claims
        .iter()
        .filter(|claim| claim.is_deleted())
        .filter_map(|claim| Some((claim.object.uid()?, replied_at(claim)?)))
        .filter(|(uid, _)| timed_out.contains(uid.as_str()))
        .collect()
}
