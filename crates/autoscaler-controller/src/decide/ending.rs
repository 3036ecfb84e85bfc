//! The end of a VPSieNode: its machine is removed and proven gone before its finalizer goes.

use super::claim::{ERROR, VPS_READY};
use super::draft::Draft;
use super::joining::is_ready;
use super::marks::is_marked_for;
use super::record::record;
use super::view::View;
use crate::command::{Batch, Command, Kind};
use crate::convert::provider_group;
use crate::intent::Intent;
use crate::reason::Reason;
use crate::removal::{MustStay, examine};
use crate::resources::{Phase, VPSieNodeStatus, keys};
use crate::target::Target;
use crate::tombstone::Tombstone;
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use node_match::Verdict;
use std::sync::Arc;
use vpsie_api::{ClusterId, NodeUuid};

/// Decides what to do about a VPSieNode that is being deleted.
pub(super) fn decide(view: &View<'_>) -> Batch {
    let mut batch = Batch::about(view.object());
    if !Kind::VpsieNode.is_kept(view.object()) {
        return batch;
    }
    let mut draft = view.draft();
    if !matches!(view.object().phase(), Phase::Terminating | Phase::Deleting) {
        draft.status.phase = Some(Phase::Terminating);
        draft.status.terminating_at = Some(draft.stamp());
    }
    if let Some(node) = own_node(view).filter(|node| !is_cordoned(node)) {
        batch.push(Command::CordonNode(Target::of(node.as_ref())));
    }
    match view.claim.machine() {
        _ if view.is_machine_gone() && own_node(view).is_some_and(|node| is_ready(node)) => {
            // A machine with a joined Node is never leaked, whatever the lists say.
            say_stay(&mut draft, MustStay::NodeReady);
            batch.commands.extend(draft.finish(&view.target));
        }
        _ if view.is_machine_gone() => finish(view, &mut batch),
        Some(machine) => remove(view, &mut batch, draft, &machine),
        None => without_machine(view, &mut batch, draft),
    }
    batch
}

/// Asks for the removal of the recorded machine, or says why it must stay for now.
fn remove(view: &View<'_>, batch: &mut Batch, mut draft: Draft<VPSieNodeStatus>, machine: &NodeUuid) {
    let cluster = ClusterId::new(view.object().spec.resource_identifier.as_str());
    let permit = examine(
        &view.target,
        &cluster,
        Some(machine),
        view.cluster.and_then(|cluster| cluster.listing(machine)),
        is_proven(view),
        view.world.now,
    );
    let intent = Intent::from_annotation(view.object(), keys::ANNOTATION_REMOVAL_INTENT);
    match permit {
        Ok(_) if view.load.is_some_and(|load| load.pods > 0) => {
            say_stay(&mut draft, MustStay::WorkloadPods);
            batch.commands.extend(draft.finish(&view.target));
        }
        Ok(permit) => {
            draft.status.phase = Some(Phase::Deleting);
            say_removal(&mut draft, intent.as_ref());
            batch.commands.extend(draft.finish(&view.target));
            let (wait, now) = (view.world.settings.effect_wait, view.world.now);
            if intent
                .as_ref()
                .is_none_or(|intent| intent.may_repeat_named_at(wait) <= now)
            {
                batch.push(Command::RemoveMachine(
                    permit,
                    view.load.cloned(),
                    Intent::next_attempt(intent.as_ref()),
                ));
            }
        }
        Err(reason) => {
            say_stay(&mut draft, reason);
            batch.commands.extend(draft.finish(&view.target));
        }
    }
}

/// Says why the machine must stay: a matter of time, or of a person.
fn say_stay(draft: &mut Draft<VPSieNodeStatus>, reason: MustStay) {
    match reason {
        MustStay::NotListed | MustStay::ReplyIncomplete | MustStay::WorkloadPods => {
            draft.condition(VPS_READY, false, reason.reason(), reason.sentence());
        }
        MustStay::IdentifierUnknown
        | MustStay::ControlPlane
        | MustStay::IdentityUnproven
        | MustStay::NodeReady => {
            draft.condition(ERROR, true, reason.reason(), reason.sentence());
        }
    }
}

/// Says how the removal stands; an error of VPSie is shown until it is gone.
fn say_removal(draft: &mut Draft<VPSieNodeStatus>, intent: Option<&Intent>) {
    draft.condition(
        VPS_READY,
        false,
        Reason::Deleting,
        "the removal of the machine is asked for",
    );
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
        let reason = MustStay::IdentifierUnknown;
        draft.condition(ERROR, true, reason.reason(), reason.sentence());
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
        node_group: object.spec.node_group_name.clone(),
        cluster: object.spec.resource_identifier.clone(),
        group: provider_group(object, view.world),
        requested_at: requested.requested_at().unwrap_or(view.world.now),
        released_at: view.world.now,
        baseline: requested.intent().and_then(|intent| intent.baseline.clone()),
    }
}

/// Ends a VPSieNode whose machine is proven gone: first its Node, then its finalizer.
fn finish(view: &View<'_>, batch: &mut Batch) {
    batch.commands.clear();
    if let Some(node) = own_node(view) {
        batch.push(Command::DeleteNode(Target::of(node.as_ref())));
    }
    batch.push(Kind::VpsieNode.release(view.object()));
}

/// Tells whether nothing contradicts that the recorded machine is this VPSieNode's own, and a worker.
///
/// A contested match is no contradiction: only a person may delete its machine (`R7`), and all deletions are a
/// person's so far.
fn is_proven(view: &View<'_>) -> bool {
    match view.verdict {
        Some(Verdict::Matched(found)) => !found.node.is_some_and(|node| node.control_plane),
        Some(Verdict::Waiting { .. } | Verdict::TimedOut { .. }) => true,
        // With a machine recorded it takes part, unless another VPSieNode has its uid.
        Some(Verdict::Conflict { .. } | Verdict::Ambiguous { .. } | Verdict::NotParticipating { .. })
        | None => false,
    }
}

/// Returns the worker's Node that is marked for this VPSieNode.
fn own_node<'w>(view: &View<'w>) -> Option<&'w Arc<Node>> {
    let object = view.object();
    let mut labelled = view.world.nodes_labelled(object.metadata.name.as_deref()?);
    labelled.find(|node| is_marked_for(node, object))
}

fn is_cordoned(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true)
}

#[cfg(test)]
mod tests;
