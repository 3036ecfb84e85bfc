//! NodeGroups that are made for pods which no other can host, and removed once nobody needs them (`SC-10`).

use super::draft::Draft;
use super::shrink::may_by_annotations;
use crate::command::{Batch, Command};
use crate::founding::is_as_made;
use crate::intent::Intent;
use crate::reason::Reason;
use crate::resources::{NodeGroup, NodeGroupStatus, find_condition, keys};
use crate::target::Target;
use crate::world::World;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use kube::ResourceExt;

/// Condition: the NodeGroup was made for pods, has no node, and no pod needs it. Since when, its time of transition says.
pub(crate) const UNUSED: &str = "Unused";

/// Makes the NodeGroups that the plan asks for; one that is there already is the same.
///
/// By a wrong clock none is made: by the time that is written on it it is known again.
pub(super) fn found<'w>(world: &'w World<'_>) -> impl Iterator<Item = Batch> + use<'w> {
    let founding = world.growth().founding.as_ref();
    let founding = founding.filter(|_| world.skew.is_none() && world.growth().is_known);
    let new = founding.into_iter().flat_map(|founding| &founding.new);
    new.map(|group| {
        let mut batch = Batch::about(group);
        batch.push(Command::CreateNodeGroup(Box::new(group.clone())));
        batch
    })
}

/// Says whether a NodeGroup that was made for pods is unused, and removes it once it was for as long as its cool-down.
///
/// Where the settings do not allow such NodeGroups, nothing is said and nothing removed.
pub(super) fn dismiss(
    world: &World<'_>,
    group: &NodeGroup,
    draft: &mut Draft<NodeGroupStatus>,
) -> Option<Command> {
    if is_dark(world, group) {
        return None;
    }
    if !is_unused(world, group) {
        draft.clear(UNUSED);
        return None;
    }
    let stored = group
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref());
    let stored = find_condition(stored, UNUSED).filter(|condition| condition.is_true());
    let since = stored.and_then(|condition| condition.last_transition_time);
    let due = due(group, since.unwrap_or_else(|| draft.stamp()));
    let message = format!(
        "it was made for pods, has no node, and no pod needs it: it is removed at {} unless one does; change its spec or take its label {} off to keep it",
        due.to_rfc3339_opts(SecondsFormat::Secs, true),
        keys::LABEL_MADE_FOR_PODS,
    );
    draft.condition(UNUSED, true, Reason::Unused, message);
    let has_just_begun = |began| world.now - began < world.settings.first_removal;
    let may_go = since.is_some() && due <= world.now && !world.began_at.is_some_and(has_just_begun);
    may_go.then(|| Command::DeleteNodeGroup(Target::of(group)))
}

/// Returns when a NodeGroup that is unused since a moment goes: after the `cooldownSeconds` of its `scaleDownPolicy`.
fn due(group: &NodeGroup, since: DateTime<Utc>) -> DateTime<Utc> {
    let cooldown = TimeDelta::from_std(group.spec.scale_down().cooldown());
    let due = cooldown
        .ok()
        .and_then(|cooldown| since.checked_add_signed(cooldown));
    due.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Tells whether nobody knows enough to say anything: then what was said stands, and nothing goes.
///
/// Whether a wait is over, a wrong clock does not tell; what was not seen as a whole proves nothing; and without an answer
/// of VPSie there may be machines.
fn is_dark(world: &World<'_>, group: &NodeGroup) -> bool {
    let is_made = group
        .status
        .as_ref()
        .is_some_and(|status| status.vpsie_group_id.is_some());
    let reply = world.cluster(&group.spec.resource_identifier);
    let reply = reply.and_then(|view| view.latest());
    world.skew.is_some()
        || !world.growth().is_known
        || !world.unreadable.nodes.is_empty()
        || (is_made && reply.is_none())
}

/// Tells whether nothing is left of what a NodeGroup of ours was made for, and nothing holds it.
fn is_unused(world: &World<'_>, group: &NodeGroup) -> bool {
    let Some(founding) = &world.growth().founding else {
        return false;
    };
    let place = (group.namespace().unwrap_or_default(), group.name_any());
    is_as_made(group)
        && !founding.needed.contains(&place)
        && may_by_annotations(|key| group.annotations().get(key).map(String::as_str), world.now).is_ok()
        && world.members(group).next().is_none()
        && world.hidden_member(group).is_none()
        && !has_node(world, group)
        && !is_asking(group)
        && !may_get_a_machine(world, group)
}

/// Tells whether a Node bears the label of a NodeGroup, whoever made it.
fn has_node(world: &World<'_>, group: &NodeGroup) -> bool {
    let name = group.name_any();
    let mut nodes = world.nodes.iter();
    nodes.any(|node| node.labels().get(keys::LABEL_NODE_GROUP) == Some(&name))
}

/// Tells whether a request for its group at VPSie may be under way.
fn is_asking(group: &NodeGroup) -> bool {
    let intent = Intent::read(group, keys::ANNOTATION_GROUP_INTENT);
    !intent.is_ok_and(|intent| intent.is_none_or(|intent| !intent.is_open()))
}

/// Tells whether its group at VPSie has a machine, or a released request may still bring one: that is told of the NodeGroup.
fn may_get_a_machine(world: &World<'_>, group: &NodeGroup) -> bool {
    let (namespace, name) = (group.namespace().unwrap_or_default(), group.name_any());
    let mut tombstones = world.tombstones.values();
    let is_released =
        tombstones.any(|one| one.counts(world.now) && one.namespace == namespace && one.node_group == name);
    let number = group.status.as_ref().and_then(|status| status.vpsie_group_id);
    let reply = world.cluster(&group.spec.resource_identifier);
    let groups = reply.and_then(|view| view.latest()).map(|reply| &reply.groups);
    let has_machines = groups.into_iter().flatten().any(|one| {
        i64::try_from(one.number.get()).ok() == number && one.nodes_count.is_some_and(|count| count > 0)
    });
    is_released || has_machines
}

#[cfg(test)]
mod tests;
