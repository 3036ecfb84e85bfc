//! Members whose machine takes far longer than those of their NodeGroup before it: said early, and nothing else (`SC-9`).
//!
//! A replacement waits for the time-out (`I4`). Until then a person can look, while the machine is still new.

use super::draft::Draft;
use super::view::View;
use crate::joins::joins;
use crate::planning::is_coming;
use crate::reason::Reason;
use crate::resources::{Phase, VPSieNodeStatus};
use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Condition: its machine takes far longer to join than those of its NodeGroup before it.
pub(crate) const OVERDUE: &str = "Overdue";

/// Which members are overdue, and when the next one will be.
#[derive(Debug, Default)]
pub(super) struct Overdue<'w> {
    uids: BTreeSet<&'w str>,
    /// When the next one will be, unless it joins before.
    pub(super) next_at: Option<DateTime<Utc>>,
}

/// Finds the members that are overdue; by a wrong clock none is.
pub(super) fn find<'w>(world: &'w World<'_>) -> Overdue<'w> {
    let mut found = Overdue::default();
    if world.skew.is_some() {
        return found;
    }
    for group in &world.groups {
        let awaited = world
            .members(group)
            .filter_map(|member| Some((member, awaited_since(member)?)));
        let awaited: Vec<_> = awaited.collect();
        if awaited.is_empty() {
            continue;
        }
        let joins = joins(world.members(group));
        for (member, since) in awaited {
            if joins.is_overdue(world.now - since) {
                found.uids.insert(member.uid());
            } else {
                let due = joins
                    .patience()
                    .and_then(|patience| since.checked_add_signed(patience));
                found.next_at = found.next_at.into_iter().chain(due).min();
            }
        }
    }
    found
}

/// Returns since when a member is awaited that has never been Ready, where its machine was asked for.
fn awaited_since(member: &ClaimObject) -> Option<DateTime<Utc>> {
    let status = member.object.status.as_ref();
    let was_ready = status.is_some_and(|status| status.ready_at.is_some());
    if was_ready || !is_coming(&member.object) {
        return None;
    }
    let intent = member.requested.intent()?;
    intent.outcome.may_have_effect().then_some(intent.requested_at)
}

// === impl Overdue ===

impl Overdue<'_> {
    /// Says of a VPSieNode that it is overdue, or that this is over.
    ///
    /// The words stay the same while it lasts: no numbers.
    pub(super) fn say(&self, view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) {
        let is_over = match draft.status.phase {
            Some(Phase::Ready | Phase::Failed) => true,
            Some(
                Phase::Pending
                | Phase::Provisioning
                | Phase::Provisioned
                | Phase::Joining
                | Phase::Terminating
                | Phase::Deleting
                | Phase::Unrecognised(_),
            )
            | None => !self.uids.contains(view.claim.uid()),
        };
        if !is_over {
            draft.condition(
                OVERDUE,
                true,
                Reason::Overdue,
                "its machine was asked for more than twice as long ago as the slowest of the last ones of the NodeGroup took; it is still awaited, and nothing is asked for in its place before its time-out; look at it in the VPSie console",
            );
        } else if view.world.skew.is_none() {
            draft.clear(OVERDUE);
        }
    }
}

#[cfg(test)]
mod tests;
