//! What was decided about an object, as entries of the audit log (`LC-36`).

use super::case::{Leaving, case};
use super::view::View;
use crate::command::{Batch, Command};
use crate::removal::Hold;
use crate::resources::NodeGroup;
use kube::ResourceExt;
use node_lifecycle::Decider;
use node_lifecycle::audit::{Action, Author, Draft, Outcome};
use vpsie_api::NodeUuid;

/// Notes why a machine must stay, with the node as it is. What VPSie's lists lack for a moment refuses nothing.
pub(super) fn hear_hold(
    view: &View<'_>,
    batch: &mut Batch,
    (machine, decided_by): (&NodeUuid, Decider),
    leaving: &Leaving,
    hold: &Hold,
) {
    let case = case(view, machine, decided_by, leaving);
    match hold {
        Hold::Refusal(refusal) => batch.entries.push(case.refused(refusal, view.world.now)),
        Hold::Obstacle(_) if hold.is_passing() => {}
        Hold::Obstacle(_) => {
            let reason = hold.reason();
            let draft = Draft::new(
                Action::NodeDecommission,
                Outcome::Rejected,
                decided_by,
                reason.as_str(),
            );
            batch.entries.push(case.of_it(draft.message(hold.sentence())));
        }
    }
}

/// Notes that a Node takes no new pods from now on.
pub(super) fn hear_drain(view: &View<'_>, batch: &mut Batch) {
    let drained = batch.commands.iter().filter_map(|command| match command {
        Command::DrainNode(target, drain) => Some((target, drain)),
        Command::AddFinalizer(..)
        | Command::RemoveFinalizer(..)
        | Command::CreateProviderGroup(..)
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
        | Command::WriteNodeGroupStatus(..) => None,
    });
    let entries = drained.map(|(target, drain)| {
        let decided_by: Author = drain.decided_by.parse().unwrap_or(Author::Manual);
        let draft = Draft::new(Action::NodeDecommission, Outcome::Success, decided_by, "cordoned");
        let object = view.object();
        let namespace = object.namespace().unwrap_or_default();
        draft
            .node(&target.name)
            .group(format!("{namespace}/{}", object.spec.node_group_name))
            .request_id(&view.target.uid)
            .message("its Node takes no new pods from now on")
    });
    let entries: Vec<Draft> = entries.collect();
    batch.entries.extend(entries);
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
