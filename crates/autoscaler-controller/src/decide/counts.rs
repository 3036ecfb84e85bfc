//! What a NodeGroup reports of its VPSieNodes (`S1`, `S2`).

use super::draft::Draft;
use super::shrink::note_last;
use crate::reason::Reason;
use crate::resources::{NodeGroup, NodeGroupStatus, NodeInfo, Phase, VPSieNode};
use crate::world::ClaimObject;

/// Writes the counts (`S1`, `S2`) and the conditions that follow from them.
pub(super) fn count(group: &NodeGroup, members: &[&ClaimObject], draft: &mut Draft<NodeGroupStatus>) {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let current = number(members.len());
    let ready = number(
        members
            .iter()
            .filter(|member| member.object.phase() == Phase::Ready)
            .count(),
    );
    let (minimum, maximum) = (group.spec.min_nodes, group.spec.max_nodes);
    note_last(members, &mut draft.status);
    draft.status.current_nodes = Some(current);
    draft.status.ready_nodes = Some(ready);
    let is_wanted = |member: &&&ClaimObject| !member.is_deleted() && member.object.phase() != Phase::Failed;
    let wanted = number(members.iter().filter(is_wanted).count());
    draft.status.desired_nodes = Some(minimum.max(wanted.min(maximum)));
    draft.status.nodes = Some(members.iter().filter_map(|member| info(&member.object)).collect());
    let is_ready = ready >= minimum;
    let reason = if is_ready {
        Reason::AtMinimumCapacity
    } else {
        Reason::Reconciling
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
        Reason::Counted,
        "whether the group has no more than minNodes",
    );
    draft.condition(
        "AtMaxCapacity",
        current >= maximum,
        Reason::Counted,
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
