//! One NodeGroup: its group at VPSie, the VPSieNodes it lacks, and its counts.

use super::draft::Draft;
use super::provider::{Provider, provide};
use super::{counts, slots};
use crate::command::{Batch, Command, Kind, Target};
use crate::resources::{NodeGroup, keys};
use crate::world::{ClaimObject, World};
use kube::ResourceExt;

/// Decides what to do about one NodeGroup. One without the label `managed=true` is left alone.
pub(super) fn decide(world: &World<'_>, group: &NodeGroup) -> Batch {
    let mut batch = Batch::about(group);
    if group.labels().get(keys::LABEL_MANAGED).map(String::as_str) != Some(keys::TRUE) {
        return batch;
    }
    let members: Vec<&ClaimObject> = world.members(group).collect();
    let has_finalizer = Kind::NodeGroup.is_kept(group);
    let is_deleted = group.metadata.deletion_timestamp.is_some();
    let mut draft = Draft::of_group(group, world.now);
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
            Provider::Create(request) => {
                batch.push(Command::CreateProviderGroup(Target::of(group), request));
            }
            Provider::Wait => {}
        }
    }
    // A deleted group that nothing of ours holds, or holds any longer, may vanish at any moment.
    if !is_deleted || (has_finalizer && !members.is_empty()) {
        counts::count(group, &members, &mut draft);
        batch.commands.extend(draft.finish(&Target::of(group)));
    }
    batch
}

#[cfg(test)]
mod tests;
