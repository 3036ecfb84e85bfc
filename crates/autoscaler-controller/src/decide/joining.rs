//! From the discovered machine to a Node that is Ready, and back: phases Provisioned, Joining and Ready.

use super::claim::{ERROR, NODE_JOINED, NODE_READY, fail};
use super::claim::{IS_KNOWN, IS_READY};
use super::draft::Draft;
use super::marks;
use super::record::complete;
use super::view::View;
use crate::command::{Batch, Command};
use crate::kept::Node;
use crate::reason::Reason;
use crate::resources::{Phase, VPSieNodeStatus, find_condition, keys};
use crate::target::Target;
use crate::time::to_chrono;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// How soon a new Node is usually Ready: a kubelet needs some seconds for its network.
const USUALLY_READY: TimeDelta = TimeDelta::seconds(20);

/// Awaits the Node of a known machine.
pub(super) fn joining(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    complete(view, batch, draft);
    let Some(node) = view.node() else {
        return await_node(view, draft);
    };
    if is_soon_ready(view, draft, node) {
        return mark(view, batch, node);
    }
    if !join(view, batch, draft, node) {
        return;
    }
    if is_ready(node) {
        draft.status.phase = Some(Phase::Ready);
        return;
    }
    draft.status.phase = Some(Phase::Joining);
    if is_over(view, not_ready_since(draft)) {
        fail(
            draft,
            Reason::JoiningTimeout,
            "the Node joined but was not Ready in time; look at its kubelet, or delete this VPSieNode",
        );
    }
}

/// Watches over a Node that was Ready; when it vanishes, it is awaited again.
pub(super) fn ready(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    complete(view, batch, draft);
    match view.node() {
        Some(node) => {
            join(view, batch, draft, node);
        }
        None if view.is_node_listed() => {}
        None => {
            draft.status.phase = Some(Phase::Joining);
            say_no_node(draft);
        }
    }
}

/// Takes in the Node that joined after its VPSieNode had failed.
///
/// Its pods need the taints of the group as on any other Node, and its end needs to know whose it is. Once it is
/// Ready, so is its VPSieNode.
pub(super) fn join_late(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>) {
    let Some(node) = view.node() else { return };
    if marks::claimed_by_another(node, view.object()).is_some() {
        return;
    }
    if is_ready(node) {
        join(view, batch, draft, node);
        draft.status.phase = Some(Phase::Ready);
    } else {
        mark(view, batch, node);
        draft.status.node_name = Some(node.name_any());
    }
}

/// Puts the marks of the VPSieNode on its Node, where they are missing.
pub(super) fn mark(view: &View<'_>, batch: &mut Batch, node: &Arc<Node>) {
    if let Some(marks) = marks::missing(node, view.object(), view.group.map(AsRef::as_ref)) {
        batch.push(Command::LabelNode(Target::of(node.as_ref()), marks));
    }
}

fn await_node(view: &View<'_>, draft: &mut Draft<VPSieNodeStatus>) {
    // While VPSie does not answer, matching cannot vouch for the Node, but it is there.
    if view.is_node_listed() {
        return;
    }
    say_no_node(draft);
    let taken = view.withheld().and_then(|node| {
        let other = marks::claimed_by_another(node, view.object())?;
        Some(left_alone(node, other))
    });
    match &taken {
        Some(message) => draft.condition(ERROR, true, Reason::NodeClaimedByAnother, message.as_str()),
        // What was said of a Node holds until matching has looked again.
        None if view.found().is_some() => draft.clear(ERROR),
        None => {}
    }
    if is_over(view, waited_since(draft)) && view.has_reply() {
        let message = "the machine runs but its Node did not join in time; delete this VPSieNode";
        let message = taken.map_or_else(|| message.to_owned(), |taken| format!("{message}; {taken}"));
        fail(draft, Reason::JoiningTimeout, &message);
    }
}

/// Says that a Node is another's, and how that is put right (`L5`).
fn left_alone(node: &Node, other: &str) -> String {
    format!(
        "Node {} is marked for VPSieNode {other} and is left alone; if it is this one's, take the label {} off it",
        node.name_any(),
        keys::LABEL_VPSIE_NODE,
    )
}

/// Tells whether a Node that joined for the first time is so new that it is likely to be Ready in a moment.
///
/// Then one write tells of both, and the phase Joining is left out. Its labels do not wait.
fn is_soon_ready(view: &View<'_>, draft: &Draft<VPSieNodeStatus>, node: &Node) -> bool {
    let created = node.metadata.creation_timestamp.as_ref().and_then(to_chrono);
    let age = created.map(|created| view.world.now - created);
    // A Node of the future is one of a clock that is wrong, which may last.
    let is_new = age.is_some_and(|age| (TimeDelta::zero()..USUALLY_READY).contains(&age));
    let is_free = marks::claimed_by_another(node, view.object()).is_none();
    is_new && is_free && !is_ready(node) && draft.status.joined_at.is_none()
}

/// Tells whether the joining limit has passed since a moment (`I4`).
fn is_over(view: &View<'_>, since: Option<DateTime<Utc>>) -> bool {
    let limit = view.world.settings.joining_timeout;
    since.is_some_and(|since| view.world.now - since > limit)
}

/// Says that there is no Node, and whether there ever was one.
pub(super) fn say_no_node(draft: &mut Draft<VPSieNodeStatus>) {
    if draft.status.joined_at.is_none() {
        return draft.condition(
            NODE_JOINED,
            false,
            Reason::WaitingForNode,
            "no Node of this machine is seen yet",
        );
    }
    for condition in [NODE_JOINED, NODE_READY] {
        draft.condition(
            condition,
            false,
            Reason::NodeVanished,
            "the Node is gone while its machine runs",
        );
    }
}

/// Returns since when a Node is awaited: since the machine runs, or since its Node vanished.
fn waited_since(draft: &Draft<VPSieNodeStatus>) -> Option<DateTime<Utc>> {
    let conditions = draft.status.conditions.as_deref();
    let vanished = find_condition(conditions, NODE_JOINED).filter(|condition| !condition.is_true());
    let vanished = vanished.and_then(|condition| condition.last_transition_time);
    if draft.status.joined_at.is_some() {
        return vanished;
    }
    draft.status.provisioned_at.or(vanished)
}

/// Returns since when a Node is awaited to be Ready: since the machine runs, or since it was Ready last.
fn not_ready_since(draft: &Draft<VPSieNodeStatus>) -> Option<DateTime<Utc>> {
    let conditions = draft.status.conditions.as_deref();
    let not_ready = find_condition(conditions, NODE_READY).filter(|condition| !condition.is_true());
    let changed = not_ready.and_then(|condition| condition.last_transition_time);
    if draft.status.ready_at.is_some() {
        return changed;
    }
    draft.status.provisioned_at.or(draft.status.joined_at)
}

/// Marks the Node for its VPSieNode and takes over its state; tells whether the Node is its own.
fn join(view: &View<'_>, batch: &mut Batch, draft: &mut Draft<VPSieNodeStatus>, node: &Arc<Node>) -> bool {
    if let Some(other) = marks::claimed_by_another(node, view.object()) {
        draft.condition(ERROR, true, Reason::NodeClaimedByAnother, left_alone(node, other));
        return false;
    }
    draft.clear(ERROR);
    draft.status.last_error = None;
    mark(view, batch, node);
    draft.status.node_name = Some(node.name_any());
    draft.status.joined_at = draft.status.joined_at.or(Some(draft.stamp()));
    draft.condition(NODE_JOINED, true, Reason::Joined, IS_KNOWN);
    if is_ready(node) {
        draft.status.ready_at = draft.status.ready_at.or(Some(draft.stamp()));
        draft.condition(NODE_READY, true, Reason::Ready, IS_READY);
    } else {
        draft.condition(NODE_READY, false, Reason::NotReady, "the Node is not Ready");
    }
    true
}

/// Tells whether the kubelet of a Node says that it is Ready.
pub(crate) fn is_ready(node: &Node) -> bool {
    node.condition("Ready")
        .is_some_and(|condition| condition.status == "True")
}

#[cfg(test)]
mod tests;
