//! What was decided about an object, as entries of the audit log (`LC-36`).

use super::case::{Leaving, case};
use super::view::View;
use crate::command::{Batch, Command};
use crate::removal::Hold;
use crate::resources::NodeGroup;
use kube::ResourceExt;
use node_lifecycle::Decider;
use node_lifecycle::audit::{Action, Draft, Outcome};
use vpsie_api::NodeUuid;

/// Says why a machine must stay, with the node as it is. What VPSie's lists lack for a moment refuses nothing.
pub(super) fn held(
    view: &View<'_>,
    (machine, decided_by): (&NodeUuid, Decider),
    leaving: &Leaving,
    hold: &Hold,
) -> Option<Draft> {
    let case = case(view, machine, decided_by, leaving);
    match hold {
        Hold::Refusal(refusal) => Some(case.refused(refusal, view.world.now)),
        Hold::Obstacle(_) if hold.is_of_a_moment() => None,
        Hold::Obstacle(_) => {
            let reason = hold.reason();
            let draft = Draft::new(
                Action::NodeDecommission,
                Outcome::Rejected,
                decided_by,
                reason.as_str(),
            );
            Some(case.of_it(draft.message(hold.sentence())))
        }
    }
}

/// Notes that a Node takes no new pods from now on, or takes them again.
pub(super) fn hear_drain(view: &View<'_>, batch: &mut Batch) {
    let entries: Vec<Draft> = batch
        .commands
        .iter()
        .filter_map(|command| drain(view, command))
        .collect();
    let by_itself = entries.iter().filter_map(shrunk).collect::<Vec<_>>();
    batch.entries.extend(by_itself.into_iter().chain(entries));
}

/// Says that a NodeGroup shrinks by itself, where the policy of it is why a Node takes no new pods.
fn shrunk(cordoned: &Draft) -> Option<Draft> {
    let entry = cordoned.entry();
    let is_policy = entry.decision_by == Decider::ScaleDownPolicy.into() && entry.reason == "cordoned";
    let draft = Draft::new(
        Action::ScaleDown,
        Outcome::Success,
        Decider::ScaleDownPolicy,
        "idle",
    );
    let draft = draft.node(entry.node.as_deref()?).group(entry.group.as_deref()?);
    is_policy.then(|| {
        draft
            .count(1)
            .request_id(entry.request_id.as_deref().unwrap_or_default())
    })
}

fn drain(view: &View<'_>, command: &Command) -> Option<Draft> {
    let (target, drain, reason, message) = match command {
        Command::DrainNode(target, drain) if drain.is_for_disk => (
            target,
            drain,
            "disk_pressure",
            "its disk is nearly full, so its Node takes no new pods from now on and does not come back",
        ),
        Command::DrainNode(target, drain) => (
            target,
            drain,
            "cordoned",
            "its Node takes no new pods from now on",
        ),
        Command::ReturnNode(target, drain) => (
            target,
            drain,
            "returned",
            "its machine stays, and its Node takes pods as before",
        ),
        Command::AddFinalizer(..)
        | Command::RemoveFinalizer(..)
        | Command::CreateProviderGroup(..)
        | Command::CreateNodeGroup(..)
        | Command::DeleteNodeGroup(..)
        | Command::CreateVpsieNode(..)
        | Command::DeleteVpsieNode(..)
        | Command::RequestMachine(..)
        | Command::RecordMachine(..)
        | Command::LabelNode(..)
        | Command::RemoveMachine(..)
        | Command::DeleteNode(..)
        | Command::Bury(..)
        | Command::WriteLife(..)
        | Command::WriteVpsieNodeStatus(..)
        | Command::WriteNodeGroupStatus(..) => return None,
    };
    let decided_by = drain.decided_by().unwrap_or(Decider::Manual);
    let draft = Draft::new(Action::NodeDecommission, Outcome::Success, decided_by, reason);
    let object = view.object();
    let namespace = object.namespace().unwrap_or_default();
    let draft = draft
        .node(&target.name)
        .message(message)
        .request_id(&view.target.uid);
    Some(draft.group(format!("{namespace}/{}", object.spec.node_group_name())))
}

/// Notes that VPSieNodes go because their NodeGroup does.
pub(super) fn hear_group(group: &NodeGroup, batch: &mut Batch) {
    let is_end = |command: &&Command| matches!(command, Command::DeleteVpsieNode(..));
    let count = batch.commands.iter().filter(is_end).count();
    if count == 0 {
        return;
    }
    let draft = Draft::new(
        Action::ScaleDown,
        Outcome::Success,
        Decider::Manual,
        "node_group_deleted",
    );
    let namespace = group.namespace().unwrap_or_default();
    let draft = draft.group(format!("{namespace}/{}", group.name_any()));
    batch.entries.push(draft.count(count as u64));
}
