//! What a NodeGroup reports of its VPSieNodes (`S1`, `S2`).

use super::draft::Draft;
use super::shrink::note_last;
use crate::kept::VPSieNode;
use crate::reason::Reason;
use crate::resources::{NodeGroup, NodeGroupStatus, NodeInfo};
use crate::states::group_key;
use crate::world::ClaimObject;
use node_state::Snapshot;

/// Writes the counts (`S1`, `S2`) and the conditions that follow from them.
///
/// They are read off the evaluated states; nothing is counted here (`NS-20`).
pub(super) fn count(
    group: &NodeGroup,
    members: &[&ClaimObject],
    states: &Snapshot,
    draft: &mut Draft<NodeGroupStatus>,
) {
    let number = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    let counts = states.count_owned(&group_key(group));
    let (current, ready, wanted) = (
        number(counts.current),
        number(counts.ready),
        number(counts.wanted),
    );
    let (minimum, maximum) = (group.spec.min_nodes, group.spec.max_nodes);
    note_last(members, &mut draft.status);
    draft.status.current_nodes = Some(current);
    draft.status.ready_nodes = Some(ready);
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
        node_name: status.node_name()?.to_owned(),
        vps_id: object.spec.vpsie_instance_id,
        instance_type: object.spec.instance_type().to_owned(),
        status: object.phase().to_string(),
        created_at: status.created_at,
        ready_at: status.ready_at,
        ip_address: object.spec.ip_address().map(str::to_owned),
    })
}
