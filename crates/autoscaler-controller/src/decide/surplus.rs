//! VPSieNodes that were made for pods which need them no longer, and of which no machine was asked for yet.

use super::request::wants_machine;
use crate::command::{Batch, Command};
use crate::growth::promised;
use crate::intent::Intent;
use crate::resources::NodeGroup;
use crate::target::Target;
use crate::world::{ClaimObject, World};
use std::collections::BTreeSet;

/// Deletes what is surplus before it costs anything.
pub(super) fn withdraw(batch: &mut Batch, world: &World<'_>, group: &NodeGroup) {
    for member in surplus(world, group) {
        batch.push(Command::DeleteVpsieNode(Target::of(member.object.as_ref())));
    }
}

/// Lists by uid what is surplus in all NodeGroups.
pub(super) fn uids<'w>(world: &'w World<'_>) -> BTreeSet<&'w str> {
    let groups = world.groups.iter();
    let members = groups.flat_map(|group| surplus(world, group));
    members.map(ClaimObject::uid).collect()
}

/// Lists the members that nobody waits for, down to the minimum, the newest slots first.
///
/// One that waits after a refusal stays: it holds the time at which its NodeGroup may ask again.
fn surplus<'w>(world: &'w World<'_>, group: &NodeGroup) -> Vec<&'w ClaimObject> {
    if !world.growth().is_known || world.skew.is_some() {
        return Vec::new();
    }
    let members: Vec<&ClaimObject> = world.members(group).collect();
    let staying = members.iter().filter(|member| !member.is_deleted()).count();
    let minimum = usize::try_from(group.spec.min_nodes).unwrap_or_default();
    let is_surplus = |member: &&&ClaimObject| {
        let until = member.requested.intent().and_then(Intent::may_repeat_at);
        let is_waiting = until.is_some_and(|until| until > world.now);
        wants_machine(member)
            && !is_waiting
            && promised(&member.object).is_some()
            && !world.growth().is_awaited(&member.object)
    };
    let surplus = members.iter().filter(is_surplus).rev();
    surplus.take(staying.saturating_sub(minimum)).copied().collect()
}

#[cfg(test)]
mod tests;
