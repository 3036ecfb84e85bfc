//! The life of one VPSieNode: which function decides in which phase.

use super::case::Leaving;
use super::draft::Draft;
use super::overdue::Overdue;
use super::plight::{self, Plight};
use super::record::record;
use super::shrink::Choice;
use super::view::View;
use super::{discovery, ending, joining, shrink, timeless};
use crate::command::{Batch, Command};
use crate::intent::{Intent, Requested};
use crate::reason::Reason;
use crate::resources::{Phase, VPSieNodeStatus, find_condition};
use node_match::Verdict;

/// Condition: VPSie made the machine and it runs.
pub(crate) const VPS_READY: &str = "VPSReady";
/// Says why [`VPS_READY`] holds.
pub(crate) const IS_DISCOVERED: &str = "the machine is discovered";
/// Condition: the machine has a Node.
pub(crate) const NODE_JOINED: &str = "NodeJoined";
/// Says why [`NODE_JOINED`] holds.
pub(crate) const IS_KNOWN: &str = "the Node of the machine is known and labelled";
/// Condition: the Node is Ready.
pub(crate) const NODE_READY: &str = "NodeReady";
/// Says why [`NODE_READY`] holds.
pub(crate) const IS_READY: &str = "the Node is Ready";
/// Condition: something needs a person.
pub(crate) const ERROR: &str = "Error";
/// Condition: the machine of a VPSieNode that has Failed came after all (`I5`).
pub(crate) const LATE_MACHINE: &str = "LateMachine";
/// Condition: another machine could as well be its own (`R7`).
pub(crate) const CONTESTED: &str = "Contested";

/// What is decided about a VPSieNode together with the others of its NodeGroup.
#[derive(Debug, Default)]
pub(super) struct Fate {
    /// It goes because nothing needs it.
    pub(super) chosen: Option<Choice>,
    /// What becomes of it because it is broken or short of disk.
    pub(super) plight: Option<Plight>,
}

/// Decides what to do about one VPSieNode.
///
/// One whose machine is on its way out is deleted, and its end goes on as for every other: there is no way back.
pub(super) fn decide(view: &View<'_>, leaving: &mut Leaving, fate: Fate, overdue: &Overdue<'_>) -> Batch {
    let batch = if view.world.skew.is_some() && timeless::rests_on_time(view) {
        timeless::decide(view)
    } else if view.claim.is_deleted() {
        ending::decide(view, leaving)
    } else if shrink::is_leaving(view.claim) {
        let mut batch = view.batch();
        batch.push(Command::DeleteVpsieNode(view.target.clone()));
        batch
    } else {
        by_phase(view, fate, overdue)
    };
    view.announce(batch)
}

fn by_phase(view: &View<'_>, fate: Fate, overdue: &Overdue<'_>) -> Batch {
    let mut batch = view.batch();
    let mut draft = view.draft();
    match view.object().phase() {
        Phase::Pending => discovery::pending(view, &mut batch, &mut draft),
        Phase::Provisioning => with_machine(view, &mut batch, &mut draft, discovery::provisioning),
        Phase::Provisioned | Phase::Joining => with_machine(view, &mut batch, &mut draft, joining::joining),
        Phase::Ready => with_machine(view, &mut batch, &mut draft, joining::ready),
        Phase::Failed => failed(view, &mut batch, &mut draft),
        // Neither is written by us on an object that nobody deletes, so nothing is concluded from it.
        Phase::Terminating | Phase::Deleting | Phase::Unrecognised(_) => {}
    }
    say_contested(view, &mut draft);
    say_unreadable(view, &mut draft);
    say_refused(view, &mut draft);
    overdue.say(view, &mut draft);
    let drains = matches!(fate.plight, Some(Plight::Drains));
    let broken = plight::carry_out(view, &mut batch, &mut draft, fate.plight);
    let removal = if drains {
        None
    } else {
        shrink::carry_out(view, &mut batch, broken.map(Choice::Goes).or(fate.chosen))
    };
    if let Some(write) = draft.changes() {
        batch.push_status(&view.target, write);
    }
    batch.commands.extend(removal);
    batch
}

/// Says whether a surplus machine makes the match doubtful (`R7`); without a match, what was said stays.
fn say_contested(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) {
    let Some(found) = view.found() else { return };
    if !found.contested {
        return draft.clear(CONTESTED);
    }
    draft.condition(
        CONTESTED,
        true,
        Reason::Contested,
        "its machine was found by counting, and another new machine that no VPSieNode explains could as well be its own; only the deletion of this VPSieNode removes its machine",
    );
}

/// Says that the record of the removal was edited, unless something else is wrong; else that this is over.
fn say_unreadable(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) {
    let error = find_condition(draft.status.conditions.as_deref(), ERROR);
    let is_said =
        error.is_some_and(|error| error.reason.as_deref() == Some(Reason::IntentUnreadable.as_str()));
    let is_of_request = matches!(view.claim.requested, Requested::Unreadable { .. });
    match view.removal() {
        Err(problem) if error.is_none() || is_said => {
            let message = format!(
                "the annotation removal-intent cannot be read ({problem}), so nobody knows whether the removal of the machine has begun; the Node stays as it is; remove the annotation"
            );
            draft.condition(ERROR, true, Reason::IntentUnreadable, message);
        }
        Ok(_) if is_said && !is_of_request => draft.clear(ERROR),
        Ok(_) | Err(_) => {}
    }
}

/// Says in the words of VPSie that it refused for good to remove the machine, unless something else is wrong; once that is
/// so long ago that it may be asked again, that this is over (`LC-25b`).
fn say_refused(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) {
    let error = find_condition(draft.status.conditions.as_deref(), ERROR);
    let is_said =
        error.is_some_and(|error| error.reason.as_deref() == Some(Reason::VPSDeleteFailed.as_str()));
    let (now, pause) = (view.world.now, view.world.settings.refusal_pause);
    let is_recent = |intent: &Intent| intent.is_final && now - intent.requested_at < pause;
    let refused = view.removal().ok().flatten().filter(is_recent);
    match refused.and_then(|intent| intent.error) {
        Some(words) if error.is_none() || is_said => {
            draft.condition(ERROR, true, Reason::VPSDeleteFailed, words)
        }
        None if is_said => draft.clear(ERROR),
        Some(_) | None => {}
    }
}

/// Decides by phase unless the recorded machine is gone or contradicted, which counts in every phase that has one.
fn with_machine(
    view: &View<'_>,
    batch: &mut Batch,
    draft: &mut Draft<VPSieNodeStatus>,
    decide: fn(&View<'_>, &mut Batch, &mut Draft<VPSieNodeStatus>),
) {
    if view.is_machine_gone() {
        return fail(
            draft,
            Reason::MachineNotFound,
            "VPSie no longer lists the machine; delete this VPSieNode",
        );
    }
    if let Some(Verdict::Conflict { reason, .. }) = view.verdict {
        let message = format!("records contradict each other: {reason}; remove the wrong one");
        return draft.condition(ERROR, true, Reason::Conflict, message);
    }
    decide(view, batch, draft);
}

/// Records the machine that came late, so that deleting the VPSieNode removes it (`I5`).
///
/// Only a join clears a failure, and only one that was a matter of time (`I4`): what joined late is a node like any
/// other. Everything else waits for a person (`E4`).
fn failed(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    let conditions = draft.status.conditions.as_deref();
    let reason = find_condition(conditions, ERROR).and_then(|condition| condition.reason.clone());
    let is = |word: Reason| reason.as_deref() == Some(word.as_str());
    let has_timed_out = is(Reason::DiscoveryTimeout);
    let was_late = has_timed_out || is(Reason::JoiningTimeout);
    let has_machine = view.claim.has_machine();
    let late = view.found_machine().filter(|_| !has_machine);
    if let Some((found, machine)) = late {
        record(view, batch, draft, found, machine);
    }
    if has_machine && was_late {
        joining::join_late(view, batch, draft);
    }
    // A machine that is recorded although discovery timed out was recorded late, maybe just before a crash.
    if late.is_some() || (has_machine && has_timed_out) {
        draft.condition(
            LATE_MACHINE,
            true,
            Reason::LateMachine,
            "the machine came late; deleting this VPSieNode removes it",
        );
    }
}

/// Gives a VPSieNode up because no machine was discovered in time (`D6`, `I4`).
pub(super) fn time_out(draft: &mut Draft<VPSieNodeStatus>) {
    fail(
        draft,
        Reason::DiscoveryTimeout,
        "no machine appeared in time; look for it in the VPSie console, then delete this VPSieNode",
    );
}

/// Gives a VPSieNode up; a person ends it (`E4`).
pub(super) fn fail(draft: &mut Draft<VPSieNodeStatus>, reason: Reason, message: &str) {
    draft.status.phase = Some(Phase::Failed);
    draft.status.last_error = Some(message.to_owned());
    draft.condition(ERROR, true, reason, message);
}

#[cfg(test)]
mod tests;
