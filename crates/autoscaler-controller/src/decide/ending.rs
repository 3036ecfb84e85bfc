//! The end of a VPSieNode: its machine is removed and proven gone before its finalizer goes.

use super::case::{Leaving, is_node_hidden, judge, marked_node, node};
use super::claim::{ERROR, VPS_READY, fail};
use super::draft::Draft;
use super::hearing::held;
use super::joining::{is_ready, mark};
use super::record::record;
use super::rest::{Rest, at_rest, give_back, settle};
use super::view::View;
use crate::command::{Batch, Command, Kind};
use crate::convert::provider_group;
use crate::intent::Intent;
use crate::lives::is_on_its_way_out;
use crate::reason::Reason;
use crate::removal::{Case, Hold, Obstacle};
use crate::resources::{Phase, VPSieNodeStatus};
use crate::target::Target;
use crate::tombstone::Tombstone;
use node_lifecycle::{Decider, Permit, Refusal, State};
use vpsie_api::NodeUuid;

/// Decides what to do about a VPSieNode that is being deleted.
pub(super) fn decide(view: &View<'_>, leaving: &mut Leaving) -> Batch {
    let mut batch = Batch::about(view.object());
    if !Kind::VpsieNode.is_kept(view.object()) {
        return batch;
    }
    let mut draft = view.draft();
    if !matches!(view.object().phase(), Phase::Terminating | Phase::Deleting) {
        draft.status.phase = Some(Phase::Terminating);
        draft.status.terminating_at = draft.status.terminating_at.or(Some(draft.stamp()));
    }
    if is_on_its_way_out(view.object()) {
        draft.status.phase = Some(Phase::Deleting);
    }
    match view.claim.machine() {
        _ if view.is_machine_gone() && marked_node(view).is_some_and(|node| is_ready(node)) => {
            // A machine with a joined Node is never leaked, whatever the lists say.
            say_hold(&mut draft, &Obstacle::NodeReady.into());
            batch.commands.extend(draft.finish(&view.target));
        }
        _ if view.is_machine_gone() && is_node_hidden(view) => {
            say_hold(&mut draft, &Obstacle::Unreadable.into());
            batch.commands.extend(draft.finish(&view.target));
        }
        _ if view.is_machine_gone() => finish(view, &mut batch),
        Some(machine) => remove(view, &mut batch, draft, &machine, leaving),
        None => without_machine(view, &mut batch, draft),
    }
    batch
}

/// Leads to the removal of the recorded machine, or says why it must stay for now.
///
/// While the gate refuses, its Node goes back into service, unless it only has to be emptied (`LC-25a`).
fn remove(
    view: &View<'_>,
    batch: &mut Batch,
    mut draft: Draft<VPSieNodeStatus>,
    machine: &NodeUuid,
    leaving: &mut Leaving,
) {
    take_in(view, batch, &mut draft);
    let intent = view.removal().ok().flatten();
    let decided_by = decider(intent.as_ref());
    let mut removal = None;
    match judge(view, machine, decided_by, leaving) {
        Ok((case, permit)) => {
            leaving.note(view, &case.life);
            if settle(view, batch, decided_by) {
                removal = ask(view, &mut draft, (case, permit));
            } else {
                draft.condition(
                    VPS_READY,
                    false,
                    Reason::Settling,
                    "its Node takes no new pods; its pods are looked at once more before the machine goes",
                );
            }
        }
        Err(hold) => {
            let held = held(view, (machine, decided_by), leaving, &hold);
            batch.entries.extend(held);
            match at_rest(&hold) {
                Rest::Begins => drop(settle(view, batch, decided_by)),
                Rest::Stays => {}
                Rest::Ends if is_draining(view) => {}
                Rest::Ends | Rest::EndsAlways => give_back(view, batch),
            }
            say_stop(&mut draft, &hold, intent.as_ref());
            give_up_waiting(view, &mut draft, &hold);
        }
    }
    batch.commands.extend(draft.finish(&view.target));
    batch.commands.extend(removal);
}

fn is_draining(view: &View<'_>) -> bool {
    let life = view.lives.of(&view.target.uid);
    life.is_some_and(|life| life.state() == State::Draining)
}

/// Returns on whose decision the machine goes: whoever deletes a VPSieNode, or its NodeGroup, is a person (`LC-20`),
/// unless its removal was on its way before.
fn decider(intent: Option<&Intent>) -> Decider {
    let one_way = intent.filter(|intent| intent.is_one_way());
    one_way
        .and_then(|intent| intent.decided_by)
        .unwrap_or(Decider::Manual)
}

/// Asks for the removal, unless that was done a short time ago.
fn ask(
    view: &View<'_>,
    draft: &mut Draft<VPSieNodeStatus>,
    (case, permit): (Case, Permit),
) -> Option<Command> {
    let intent = match view.removal() {
        Ok(intent) => intent,
        Err(error) => {
            let message = format!(
                "the annotation removal-intent cannot be read ({error}); the removal is not asked for; remove the annotation"
            );
            draft.condition(ERROR, true, Reason::IntentUnreadable, message);
            return None;
        }
    };
    say_removal(draft, intent.as_ref());
    let wait = view.world.settings.effect_wait;
    let may_ask = |intent: &Intent| intent.may_repeat_named_at(wait) <= view.world.now;
    let attempt = Intent::next_attempt(intent.as_ref());
    let is_due = intent.as_ref().is_none_or(may_ask);
    is_due.then(|| Command::RemoveMachine(permit, Box::new(case), attempt))
}

/// Marks a Node that joins while its VPSieNode ends: its end needs to know whose it is.
fn take_in(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    let unmarked = node(view).filter(|_| marked_node(view).is_none());
    if let Some(node) = unmarked {
        mark(view, batch, node);
        draft.status.node_name = Some(node.name_any());
    }
}

/// Takes a machine for failed that has not joined in time: then it need not be waited for (`LC-16`, `I4`).
fn give_up_waiting(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>, hold: &Hold) {
    let since = draft.status.provisioned_at.or(draft.status.terminating_at);
    let limit = view.world.settings.joining_timeout;
    let is_over = since.is_some_and(|since| view.world.now - since > limit);
    if matches!(hold, Hold::Refusal(Refusal::StillStartingUp { .. })) && is_over {
        fail(
            draft,
            Reason::JoiningTimeout,
            "the machine runs but its Node did not join in time; its removal goes on",
        );
    }
}

/// Says why the machine must stay: a matter of time, or of a person.
fn say_hold(draft: &mut Draft<VPSieNodeStatus>, hold: &Hold) {
    if hold.is_passing() {
        draft.condition(VPS_READY, false, hold.reason(), hold.sentence());
    } else {
        draft.condition(ERROR, true, hold.reason(), hold.sentence());
    }
}

/// Says why the machine must stay; of one that VPSie itself refused for good, in its words.
fn say_stop(draft: &mut Draft<VPSieNodeStatus>, hold: &Hold, intent: Option<&Intent>) {
    let refused = intent.filter(|intent| intent.is_final);
    match (hold, refused.and_then(|intent| intent.error.clone())) {
        (Hold::Obstacle(Obstacle::RemovalsStopped), Some(error)) => {
            draft.condition(ERROR, true, Reason::VPSDeleteFailed, error);
        }
        (Hold::Obstacle(_) | Hold::Refusal(_), _) => say_hold(draft, hold),
    }
}

/// Says how the removal stands; an error of VPSie is shown until it is gone.
///
/// Before it is asked for nothing is said of it: what is read right before may still speak against it.
fn say_removal(draft: &mut Draft<VPSieNodeStatus>, intent: Option<&Intent>) {
    if intent.is_some_and(Intent::is_one_way) {
        draft.condition(
            VPS_READY,
            false,
            Reason::Deleting,
            "the removal of the machine is asked for",
        );
    }
    match intent.and_then(|intent| intent.error.clone()) {
        Some(error) => draft.condition(ERROR, true, Reason::VPSDeleteFailed, error),
        None => draft.clear(ERROR),
    }
}

/// Decides about a VPSieNode without a recorded identifier.
fn without_machine(view: &View<'_>, batch: &mut Batch, mut draft: Draft<VPSieNodeStatus>) {
    if !view.claim.may_have_machine() {
        return batch.push(Kind::VpsieNode.release(view.object()));
    }
    let identified = view
        .found_machine()
        .filter(|(_, machine)| machine.identifier().is_some());
    if let Some((found, machine)) = identified {
        record(view, batch, &mut draft, found, machine);
    } else if view.claim.has_machine() {
        say_hold(&mut draft, &Obstacle::IdentifierUnknown.into());
    } else if view
        .object()
        .uid()
        .is_some_and(|uid| view.world.without_candidate.is_proven(&uid))
    {
        batch.push(Command::Bury(Box::new(tombstone(view))));
        return batch.push(Kind::VpsieNode.release(view.object()));
    } else {
        draft.condition(
            VPS_READY,
            false,
            Reason::RequestOpen,
            "a machine may still appear for this VPSieNode; it is kept until the time limit and three replies without one",
        );
    }
    batch.commands.extend(draft.finish(&view.target));
}

/// Writes down the open request of a VPSieNode that is let go.
fn tombstone(view: &View<'_>) -> Tombstone {
    let (object, requested) = (view.object(), &view.claim.requested);
    Tombstone {
        uid: object.uid().unwrap_or_default(),
        namespace: object.namespace().unwrap_or_default(),
        node_group: object.spec.node_group_name().to_owned(),
        cluster: object.spec.resource_identifier().to_owned(),
        group: provider_group(object, view.world),
        requested_at: requested.requested_at().unwrap_or(view.world.now),
        released_at: view.world.now,
        baseline: requested.intent().and_then(|intent| intent.baseline.clone()),
    }
}

/// Ends a VPSieNode whose machine is proven gone: first its Node, then its finalizer.
fn finish(view: &View<'_>, batch: &mut Batch) {
    batch.commands.clear();
    if let Some(node) = marked_node(view) {
        batch.push(Command::DeleteNode(Target::of(node.as_ref())));
    }
    batch.push(Kind::VpsieNode.release(view.object()));
}

#[cfg(test)]
mod tests;
