//! What goes on while the clock of this host cannot be believed: nothing of it counts time, and nothing asks VPSie.
//!
//! No time is written either, but for that of the condition: a status would be stamped by the wrong clock, and a time-out
//! would count from it once the clock is right.

use super::draft::Draft;
use super::joining::mark;
use super::marks;
use super::record::{complete, record};
use super::view::View;
use crate::command::{Batch, Kind};
use crate::resources::{Phase, VPSieNodeStatus};

/// Tells whether the next step of a VPSieNode rests on the time. The end of one that never asked for a machine does not.
pub(super) fn rests_on_time(view: &View<'_>) -> bool {
    !view.claim.is_deleted() || view.claim.may_have_machine()
}

/// Decides what may be done about a VPSieNode without knowing the time: what is found is recorded and marked.
pub(super) fn decide(view: &View<'_>) -> Batch {
    let is_deleted = view.claim.is_deleted();
    if is_deleted && !Kind::VpsieNode.is_kept(view.object()) {
        return Batch::about(view.object());
    }
    let mut draft = view.draft();
    let mut batch = if is_deleted {
        Batch::about(view.object())
    } else {
        take_in(view, &mut draft)
    };
    batch.commands.extend(draft.finish(&view.target));
    batch
}

fn take_in(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) -> Batch {
    let mut batch = view.batch();
    match view.object().phase() {
        Phase::Pending | Phase::Provisioning | Phase::Provisioned | Phase::Joining | Phase::Ready => {
            draft.status.phase = Some(view.object().phase());
            take_in_machine(view, &mut batch, draft);
            let node = view.node();
            let node = node.filter(|node| marks::claimed_by_another(node, view.object()).is_none());
            if let Some(node) = node {
                mark(view, &mut batch, node);
            }
        }
        // These wait for a person, or were not written by us.
        Phase::Failed | Phase::Terminating | Phase::Deleting | Phase::Unrecognised(_) => {}
    }
    batch
}

fn take_in_machine(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    let Some((found, machine)) = view.found_machine() else {
        return;
    };
    if view.claim.has_machine() {
        complete(view, batch, draft);
    } else {
        record(view, batch, draft, found, machine);
    }
}

#[cfg(test)]
mod tests;
