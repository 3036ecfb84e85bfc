//! One NodeGroup: its group at VPSie, the VPSieNodes it lacks, and its counts.

use super::draft::{Draft, announce};
use super::provider::{Provider, provide};
use super::shrink::Keep;
use super::{counts, dynamic, expand, leaks, shrink, slots, surplus};
use crate::command::{Batch, Command, Kind};
use crate::reason::Reason;
use crate::resources::{NodeGroup, NodeGroupStatus};
use crate::target::Target;
use crate::world::{ClaimObject, World};
use node_match::Matching;
use node_state::Snapshot;

/// Condition: the Secret with the credentials of VPSie cannot be used as it is.
pub(crate) const CREDENTIALS: &str = "CredentialsUnusable";

/// Decides what to do about one NodeGroup.
///
/// One without the label `managed=true` is left alone, except that its end is still seen through: taking the label
/// off must not strand what we hold. `keep` says why no member of it goes by itself.
pub(super) fn decide(
    world: &World<'_>,
    matching: &Matching<'_>,
    states: &Snapshot,
    group: &NodeGroup,
    keep: Option<&Keep>,
) -> Batch {
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
    draft.say_blocked(world.skew, trouble);
    if is_deleted {
        for member in members.iter().filter(|member| !member.is_deleted()) {
            batch.push(Command::DeleteVpsieNode(Target::of(member.object.as_ref())));
        }
        if members.is_empty() && has_finalizer && world.hidden_member(group).is_none() {
            batch.push(Kind::NodeGroup.release(group));
        }
    } else {
        if !has_finalizer {
            batch.push(Kind::NodeGroup.keep(group));
        }
        surplus::withdraw(&mut batch, world, group);
        match provide(world, group, &mut draft) {
            Provider::Known(number) => slots::create_missing(&mut batch, &mut draft, world, group, number),
            // Whether the last request has ended, a wrong clock does not tell.
            Provider::Create(..) if world.skew.is_some() => {}
            Provider::Create(request, attempt) => {
                batch.push(Command::CreateProviderGroup(Target::of(group), request, attempt));
            }
            Provider::Wait => {}
        }
    }
    // A deleted group that nothing of ours holds, or holds any longer, may vanish at any moment.
    if !is_deleted || (has_finalizer && !members.is_empty()) {
        counts::count(group, &members, states, &mut draft);
        leaks::say(world, matching, group, &mut draft);
        say_credentials(world, &mut draft);
        // Whether a wait is over, a wrong clock does not tell.
        if world.skew.is_none() {
            shrink::say(&mut draft, keep);
        }
        expand::say(world, group, &mut draft);
        // Last, because nothing is written on it afterwards.
        let end = if is_deleted {
            None
        } else {
            dynamic::dismiss(world, group, &mut draft)
        };
        batch.commands.extend(draft.finish(&Target::of(group)));
        batch.commands.extend(end);
    }
    let notice = trouble.and_then(|_| {
        let mut draft = Draft::of_group(group, world.now);
        draft.say_blocked(world.skew, trouble);
        draft.finish(&Target::of(group))
    });
    announce(batch, notice)
}

/// Says that the Secret cannot be used; what was read before stays in use, so nothing is held up until VPSie refuses it.
fn say_credentials(world: &World<'_>, draft: &mut Draft<NodeGroupStatus>) {
    match &world.credentials {
        Some(problem) => {
            let message = format!("{problem}; the last good credentials stay in use until a restart");
            draft.condition(CREDENTIALS, true, Reason::SecretUnusable, message);
        }
        None => draft.clear(CREDENTIALS),
    }
}

#[cfg(test)]
mod tests;
