//! One NodeGroup: its group at VPSie, the VPSieNodes it lacks, and its counts.

use super::draft::Draft;
use crate::command::{Batch, Command, Kind, Target};
use crate::intent::Intent;
use crate::poll::{ClusterView, Reply};
use crate::resources::{NodeGroup, NodeGroupStatus, NodeInfo, Phase, VPSieNode, VPSieNodeSpec, keys};
use crate::world::{ClaimObject, World};
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vpsie_api::{CallError, ClusterId, CreateGroup, SizeNumber};

/// Most VPSieNodes made for one group in one pass; the next pass makes the rest.
const MOST_NEW: usize = 50;
/// Longest name of a VPSieNode: it becomes the value of a label.
const LONGEST_NAME: usize = 63;

/// Decides what to do about one NodeGroup. One without the label `managed=true` is left alone.
pub fn decide(world: &World<'_>, group: &Arc<NodeGroup>) -> Batch {
    let mut batch = Batch::about(group.as_ref());
    if group.labels().get(keys::LABEL_MANAGED).map(String::as_str) != Some(keys::TRUE) {
        return batch;
    }
    let target = Target::of(group.as_ref());
    let has_finalizer = Kind::NodeGroup.is_kept(group.as_ref());
    let members: Vec<&ClaimObject> = world.members(group).collect();
    let mut draft = Draft::of_group(group, world.now);
    if group.metadata.deletion_timestamp.is_some() {
        end(&mut batch, group, &members, has_finalizer);
    } else {
        if !has_finalizer {
            batch.push(Kind::NodeGroup.keep(group.as_ref()));
        }
        match provide(world, group, &mut draft) {
            Provider::Known(number) => create_missing(&mut batch, group, world, &members, number),
            Provider::Create(request) => batch.push(Command::CreateProviderGroup(target.clone(), request)),
            Provider::Wait => {}
        }
    }
    count(group, &members, &mut draft);
    if has_finalizer || group.metadata.deletion_timestamp.is_none() {
        let at = batch
            .commands
            .iter()
            .position(|command| matches!(command, Command::RemoveFinalizer(..)));
        if at.is_none() {
            batch.commands.extend(draft.finish(&target));
        }
    }
    batch
}

/// Deletes the VPSieNodes of a deleted group, and lets the group go when none is left.
fn end(batch: &mut Batch, group: &NodeGroup, members: &[&ClaimObject], has_finalizer: bool) {
    for member in members.iter().filter(|member| !member.is_deleted()) {
        batch.push(Command::DeleteVpsieNode(Target::of(member.object.as_ref())));
    }
    if members.is_empty() && has_finalizer {
        batch.push(Kind::NodeGroup.release(group));
    }
}

/// What is known of a NodeGroup's group at VPSie.
enum Provider {
    /// Its number.
    Known(i64),
    /// It is to be made.
    Create(CreateGroup),
    /// Nothing can be done now; the conditions say why.
    Wait,
}

/// Finds the group at VPSie, or says what must happen first.
fn provide(world: &World<'_>, group: &NodeGroup, draft: &mut Draft<NodeGroupStatus>) -> Provider {
    if group.spec.min_nodes > group.spec.max_nodes {
        return problem(
            draft,
            "ValidationFailed",
            "minNodes exceeds maxNodes; lower it".to_owned(),
        );
    }
    let Some(view) = world.cluster(&group.spec.resource_identifier) else {
        return Provider::Wait;
    };
    if let Some(error) = view.error() {
        let reason = match error {
            CallError::Absent { .. } | CallError::NotFound { .. } => "ClusterNotFound",
            _ => "VPSieAPIError",
        };
        return problem(
            draft,
            reason,
            format!("resourceIdentifier {}: {error}", group.spec.resource_identifier),
        );
    }
    let Some(reply) = view.latest() else {
        return Provider::Wait;
    };
    match draft.status.vpsie_group_id.filter(|number| *number > 0) {
        Some(number) if is_listed(reply, number) => known(draft, number),
        Some(number) => problem(
            draft,
            "ProviderGroupNotFound",
            format!("VPSie no longer lists group {number}; recreate it there, or recreate this NodeGroup"),
        ),
        None => find_or_create(world, group, view, reply, draft),
    }
}

fn known(draft: &mut Draft<NodeGroupStatus>, number: i64) -> Provider {
    draft.clear("Error");
    draft.status.vpsie_group_id = Some(number);
    Provider::Known(number)
}

fn problem(draft: &mut Draft<NodeGroupStatus>, reason: &str, message: String) -> Provider {
    draft.condition("Error", true, reason, message);
    Provider::Wait
}

fn is_listed(reply: &Reply, number: i64) -> bool {
    reply
        .groups
        .iter()
        .any(|group| !group.is_deleted && i64::try_from(group.number.get()) == Ok(number))
}

/// Takes the group of the same name, which is how the Go autoscaler identifies it, or asks for one.
fn find_or_create(
    world: &World<'_>,
    group: &NodeGroup,
    view: &ClusterView,
    reply: &Reply,
    draft: &mut Draft<NodeGroupStatus>,
) -> Provider {
    let name = group.name_any();
    let Some(size) = group.spec.kube_size_id.and_then(|size| u64::try_from(size).ok()) else {
        return problem(
            draft,
            "ValidationFailed",
            "kubeSizeID is missing; set it to a size of VPSie".to_owned(),
        );
    };
    let namesake = world.groups.iter().find(|other| {
        other.metadata.uid != group.metadata.uid
            && other.name_any() == name
            && other.spec.resource_identifier == group.spec.resource_identifier
    });
    if let Some(other) = namesake {
        let namespace = other.namespace().unwrap_or_default();
        return problem(
            draft,
            "ValidationFailed",
            format!("NodeGroup {namespace}/{name} would have the same group at VPSie; rename one of them"),
        );
    }
    let found = reply
        .groups
        .iter()
        .find(|candidate| !candidate.is_deleted && candidate.name == name);
    if let Some(found) = found {
        if found.size.is_some_and(|found| found.get() != size) {
            let message = format!("VPSie's group {name} has another size than kubeSizeID {size}; correct it");
            return problem(draft, "ValidationFailed", message);
        }
        return match i64::try_from(found.number.get()) {
            Ok(number) => known(draft, number),
            Err(_) => problem(
                draft,
                "VPSieAPIError",
                format!("VPSie's group {name} has an impossible number"),
            ),
        };
    }
    create(world, group, view, size, draft)
}

fn create(
    world: &World<'_>,
    group: &NodeGroup,
    view: &ClusterView,
    size: u64,
    draft: &mut Draft<NodeGroupStatus>,
) -> Provider {
    let intent = Intent::from_annotation(group, keys::ANNOTATION_GROUP_INTENT);
    if let Some(error) = intent.as_ref().and_then(|intent| intent.error.clone()) {
        draft.condition("Error", true, "VPSieAPIError", error);
    }
    let may_ask = intent.is_none_or(|intent| intent.may_repeat_named_at() <= world.now);
    // Without a sane reply the list of groups may be cut, and a group that exists would be made again.
    if !may_ask || view.baseline_replies().is_none() {
        return Provider::Wait;
    }
    let cluster = ClusterId::new(group.spec.resource_identifier.as_str());
    Provider::Create(CreateGroup {
        cluster,
        name: group.name_any(),
        size: SizeNumber::new(size),
    })
}

/// Creates the VPSieNodes that the group lacks, each under the name of its slot.
fn create_missing(
    batch: &mut Batch,
    group: &NodeGroup,
    world: &World<'_>,
    members: &[&ClaimObject],
    number: i64,
) {
    let missing = missing(group, members).min(MOST_NEW);
    let taken: BTreeSet<String> = world
        .claims
        .iter()
        .filter(|claim| claim.object.namespace() == group.namespace())
        .map(|claim| claim.object.name_any())
        .collect();
    let slots = (1..)
        .map(|slot: u32| format!("{}-{slot}", group.name_any()))
        .filter(|name| !taken.contains(name));
    for name in slots.take(missing).take_while(|name| name.len() <= LONGEST_NAME) {
        batch.push(Command::CreateVpsieNode(Box::new(new_member(
            group, name, number,
        ))));
    }
}

/// Counts the VPSieNodes that a group lacks (`S1`, `I4`).
///
/// Failed ones do not count towards the minimum, but only one replacement at a time is made for them, until a
/// person or a join clears it.
pub fn missing(group: &NodeGroup, members: &[&ClaimObject]) -> usize {
    let size = |number: i32| usize::try_from(number).unwrap_or_default();
    let staying: Vec<&&ClaimObject> = members.iter().filter(|member| !member.is_deleted()).collect();
    let failed = staying
        .iter()
        .filter(|member| member.object.phase() == Phase::Failed)
        .count();
    let minimum = size(group.spec.min_nodes);
    let deficit = minimum.saturating_sub(staying.len() - failed);
    let room = size(group.spec.max_nodes).saturating_sub(members.len());
    let allowed = if failed == 0 {
        deficit
    } else {
        deficit.min(replacements(&staying, minimum))
    };
    allowed.min(room)
}

/// Allows one replacement when nothing failed since the last one joined, and none while one is on its way.
fn replacements(staying: &[&&ClaimObject], minimum: usize) -> usize {
    let newest = staying.iter().max_by_key(|member| {
        let created = member
            .object
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|time| time.0);
        (created, slot(&member.object))
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

fn slot(object: &VPSieNode) -> Option<u32> {
    object.name_any().rsplit('-').next()?.parse().ok()
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

/// Writes the counts (`S1`, `S2`) and the conditions that follow from them.
fn count(group: &NodeGroup, members: &[&ClaimObject], draft: &mut Draft<NodeGroupStatus>) {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let current = number(members.len());
    let ready = number(
        members
            .iter()
            .filter(|member| member.object.phase() == Phase::Ready)
            .count(),
    );
    let (minimum, maximum) = (group.spec.min_nodes, group.spec.max_nodes);
    draft.status.current_nodes = Some(current);
    draft.status.ready_nodes = Some(ready);
    draft.status.desired_nodes = Some(minimum.max(draft.status.desired_nodes.unwrap_or(0).min(maximum)));
    draft.status.nodes = Some(members.iter().filter_map(|member| info(&member.object)).collect());
    let is_ready = ready >= minimum;
    let reason = if is_ready {
        "AtMinimumCapacity"
    } else {
        "Reconciling"
    };
    draft.condition(
        "Ready",
        is_ready,
        reason,
        if is_ready {
            "minNodes are Ready"
        } else {
            "fewer than minNodes are Ready"
        },
    );
    draft.condition(
        "AtMinCapacity",
        current <= minimum,
        "Counted",
        "whether the group has no more than minNodes",
    );
    draft.condition(
        "AtMaxCapacity",
        current >= maximum,
        "Counted",
        "whether the group has maxNodes",
    );
}

/// Describes one member that has a Node.
fn info(object: &VPSieNode) -> Option<NodeInfo> {
    let status = object.status.as_ref()?;
    Some(NodeInfo {
        node_name: status.node_name.clone()?,
        vps_id: object.spec.vpsie_instance_id,
        instance_type: object.spec.instance_type.clone(),
        status: object.phase().to_string(),
        created_at: status.created_at,
        ready_at: status.ready_at,
        ip_address: object.spec.ip_address.clone(),
    })
}
