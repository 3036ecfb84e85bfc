//! One NodeGroup: its group at VPSie, the VPSieNodes it lacks, and its counts.

use super::draft::{Draft, announce};
use super::provider::{Provider, provide};
use super::{counts, slots};
use crate::command::{Batch, Command, Kind};
use crate::resources::NodeGroup;
use crate::target::Target;
use crate::world::{ClaimObject, World};

/// Decides what to do about one NodeGroup.
///
/// One without the label `managed=true` is left alone, except that its end is still seen through: taking the label
/// off must not strand what we hold.
pub(super) fn decide(world: &World<'_>, group: &NodeGroup) -> Batch {
    let mut batch = Batch::about(group);
    let has_finalizer = Kind::NodeGroup.is_kept(group);
    let is_deleted = group.metadata.deletion_timestamp.is_some();
    let is_ending = is_deleted && has_finalizer;
    if !group.is_managed() && !is_ending {
        return batch;
    }
    let members: Vec<&ClaimObject> = world.members(group).collect();
    let trouble = world.troubles.of(&batch.subject);
    let mut draft = Draft::of_group(group, world.now);
    draft.say_blocked(trouble);
    if is_deleted {
        for member in members.iter().filter(|member| !member.is_deleted()) {
            batch.push(Command::DeleteVpsieNode(Target::of(member.object.as_ref())));
        }
        if members.is_empty() && has_finalizer {
            batch.push(Kind::NodeGroup.release(group));
        }
    } else {
        if !has_finalizer {
            batch.push(Kind::NodeGroup.keep(group));
        }
        match provide(world, group, &mut draft) {
            Provider::Known(number) => slots::create_missing(&mut batch, &mut draft, world, group, number),
            Provider::Create(request, attempt) => {
                batch.push(Command::CreateProviderGroup(Target::of(group), request, attempt));
            }
            Provider::Wait => {}
        }
    }
    // A deleted group that nothing of ours holds, or holds any longer, may vanish at any moment.
    if !is_deleted || (has_finalizer && !members.is_empty()) {
        counts::count(group, &members, &mut draft);
        batch.commands.extend(draft.finish(&Target::of(group)));
    }
    let notice = trouble.and_then(|_| {
        let mut draft = Draft::of_group(group, world.now);
        draft.say_blocked(trouble);
        draft.finish(&Target::of(group))
    });
    announce(batch, notice)
}

#[cfg(test)]
mod tests;
