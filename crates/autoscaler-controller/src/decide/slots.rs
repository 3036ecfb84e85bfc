//! The VPSieNodes that a NodeGroup lacks, each under the name of its slot (`I1`).

use super::claim::ERROR;
use super::draft::Draft;
use super::provider::problem;
use crate::command::{Batch, Command};
use crate::growth::NewMember;
use crate::intent::slot;
use crate::reason::Reason;
use crate::resources::{NodeGroup, NodeGroupStatus, Phase, VPSieNode, VPSieNodeSpec, keys};
use crate::world::{ClaimObject, World};
use kube::ResourceExt;
use node_lifecycle::Life;
use std::collections::BTreeMap;

/// Most VPSieNodes made for one group in one pass; the next pass makes the rest.
const MOST_NEW: usize = 50;
/// Longest name of a VPSieNode: it becomes the value of a label.
const LONGEST_NAME: usize = 63;

/// Creates the VPSieNodes that the group lacks, each under the name of its slot.
///
/// The last of what can stop a group is looked at here, so that here its error ends.
pub(super) fn create_missing(
    batch: &mut Batch,
    draft: &mut Draft<NodeGroupStatus>,
    world: &World<'_>,
    group: &NodeGroup,
    number: i64,
) {
    if let Some(hidden) = world.hidden_member(group) {
        let message = format!(
            "the VPSieNode {hidden} cannot be read and may be a member; none is made and none asks for a machine before it is mended or deleted; the log says what is wrong with it"
        );
        problem(draft, Reason::ObjectUnreadable, message);
        return;
    }
    let members: Vec<&ClaimObject> = world.members(group).collect();
    let grown = world.growth().of(group);
    let due = missing(group, &members).max(grown.len().min(room(group, &members)));
    for (place, name) in free_names(world, group).take(due.min(MOST_NEW)).enumerate() {
        if name.len() > LONGEST_NAME {
            let message = format!(
                "the name {name} is longer than {LONGEST_NAME} characters; make a NodeGroup with a shorter name"
            );
            problem(draft, Reason::ValidationFailed, message);
            return;
        }
        // Names of slots follow from the world, so those of the plan are the same.
        let planned = grown.get(place).filter(|planned| planned.name == name);
        let mut member = new_member(group, name, number);
        // Its life begins with it, so that no later write must bring the record; not by a clock that cannot be believed.
        if world.skew.is_none() {
            let life = Life::requested(world.now).to_json();
            let annotations = member.annotations_mut();
            annotations.insert(keys::ANNOTATION_LIFECYCLE.to_owned(), life);
        }
        if let Some((key, value)) = planned.map(NewMember::annotation) {
            member.annotations_mut().insert(key.to_owned(), value);
        }
        batch.push(Command::CreateVpsieNode(Box::new(member)));
    }
    draft.clear(ERROR);
}

/// Lists the names of free slots, smallest first. A name is taken even by a VPSieNode of another group.
pub(crate) fn free_names(world: &World<'_>, group: &NodeGroup) -> impl Iterator<Item = String> {
    let (namespace, name) = (group.namespace().unwrap_or_default(), group.name_any());
    (1..)
        .map(move |slot: u32| format!("{name}-{slot}"))
        .filter(move |name| !world.has_claim(&namespace, name))
}

/// Counts the VPSieNodes that a group lacks (`S1`, `I4`).
///
/// Failed ones do not count towards the minimum, but only one replacement at a time is made for them, until a
/// person or a join clears it. What was never made needs no such care: it comes first.
pub(crate) fn missing(group: &NodeGroup, members: &[&ClaimObject]) -> usize {
    wanted(group, members).min(room(group, members))
}

/// Counts the VPSieNodes that a group may still have; each that is there may have a machine.
fn room(group: &NodeGroup, members: &[&ClaimObject]) -> usize {
    size(group.spec.max_nodes).saturating_sub(members.len())
}

/// Counts the VPSieNodes that a group would make if there were room.
pub(super) fn wanted(group: &NodeGroup, members: &[&ClaimObject]) -> usize {
    let staying: Vec<&ClaimObject> = members
        .iter()
        .filter(|member| !member.is_deleted())
        .copied()
        .collect();
    let minimum = size(group.spec.min_nodes);
    let never_made = minimum.saturating_sub(staying.len());
    if never_made > 0 {
        never_made
    } else {
        replacements(&staying, minimum)
    }
}

/// Tells whether a VPSieNode is on its way to its Node.
pub(super) fn is_one_coming(members: &[&ClaimObject]) -> bool {
    let mut staying = members.iter().filter(|member| !member.is_deleted());
    staying.any(|member| match member.object.phase() {
        Phase::Pending | Phase::Provisioning | Phase::Provisioned | Phase::Joining => true,
        Phase::Ready | Phase::Failed | Phase::Terminating | Phase::Deleting | Phase::Unrecognised(_) => false,
    })
}

fn size(number: i32) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// Allows one replacement when nothing failed since the last one joined, and none while one is on its way.
fn replacements(staying: &[&ClaimObject], minimum: usize) -> usize {
    let is_failed = |member: &&&ClaimObject| member.object.phase() == Phase::Failed;
    let working = staying.len() - staying.iter().filter(is_failed).count();
    if working >= minimum {
        return 0;
    }
    let newest = staying.iter().max_by_key(|member| {
        let created = member.object.metadata.creation_timestamp.as_ref();
        (created.map(|time| time.0), slot(&member.object.name_any()))
    });
    match newest.map(|member| member.object.phase()) {
        Some(Phase::Ready) => 1,
        Some(Phase::Failed) if staying.len() <= minimum => 1,
        Some(
            Phase::Failed
            | Phase::Pending
            | Phase::Provisioning
            | Phase::Provisioned
            | Phase::Joining
            | Phase::Terminating
            | Phase::Deleting
            | Phase::Unrecognised(_),
        )
        | None => 0,
    }
}

fn new_member(group: &NodeGroup, name: String, number: i64) -> VPSieNode {
    let spec = &group.spec;
    let mut member = VPSieNode::new(
        &name,
        VPSieNodeSpec {
            vpsie_instance_id: 0,
            instance_type: spec.instance_type().unwrap_or_default().to_owned(),
            node_group_name: group.name_any(),
            datacenter_id: spec.datacenter_id.clone(),
            resource_identifier: spec.resource_identifier.clone(),
            project: spec.project.clone(),
            os_image_id: spec.os_image_id.clone(),
            kubernetes_version: spec.kubernetes_version.clone(),
            ssh_key_ids: spec.ssh_key_ids.clone(),
            vpsie_group_id: Some(number),
            ..VPSieNodeSpec::default()
        },
    );
    member.metadata.namespace = group.namespace();
    member.metadata.finalizers = Some(vec![keys::FINALIZER_VPSIE_NODE.to_owned()]);
    member.metadata.labels = Some(
        [
            (keys::LABEL_MANAGED, keys::TRUE.to_owned()),
            (keys::LABEL_NODE_GROUP, group.name_any()),
            (keys::LABEL_DATACENTER, spec.datacenter_id.clone()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect::<BTreeMap<_, _>>(),
    );
    member
}

#[cfg(test)]
mod tests;
