//! What a NodeGroup says about growing by its use: that it does, or why it does not although it is above a threshold.

use super::draft::Draft;
use crate::reason::Reason;
use crate::resources::{NodeGroup, NodeGroupStatus};
use crate::world::World;
use fleet_plan::policy::Held;
use kube::ResourceExt;

/// Condition: the CPU or the memory that is requested is above a threshold of `scaleUpPolicy`, and this follows.
pub(crate) const SCALE_UP: &str = "ScaleUp";

/// Says how it stands with the growth of a NodeGroup by its use; nothing of one that is within its thresholds.
///
/// # Guarantees
/// The words stay the same while the reason does: no numbers.
pub(super) fn say(world: &World<'_>, group: &NodeGroup, draft: &mut Draft<NodeGroupStatus>) {
    // What was said stays until more is known.
    if !world.growth().is_known || world.skew.is_some() {
        return;
    }
    let thresholds = &world.growth().thresholds;
    let place = (group.namespace().unwrap_or_default(), group.name_any());
    if thresholds.grows.as_ref() == Some(&place) {
        return draft.condition(
            SCALE_UP,
            true,
            Reason::SizeChanging,
            "what is requested was above a threshold of scaleUpPolicy for stabilizationWindowSeconds, so one node more is asked for",
        );
    }
    let (reason, message) = match thresholds.held.get(&place) {
        Some(Held::Stabilising { .. }) => (
            Reason::Stabilising,
            "what is requested is above a threshold of scaleUpPolicy, but not yet for stabilizationWindowSeconds",
        ),
        Some(Held::CoolingDown { .. }) => (
            Reason::CoolingDown,
            "what is requested is above a threshold of scaleUpPolicy; the number of members changed a short time ago",
        ),
        Some(Held::AtMaximum { .. }) => (
            Reason::AtMaximumCapacity,
            "what is requested is above a threshold of scaleUpPolicy; the group has maxNodes",
        ),
        Some(Held::NotFirst) => (
            Reason::NotFirst,
            "what is requested is above a threshold of scaleUpPolicy; another NodeGroup grows first, or the cluster has maxClusterWorkers",
        ),
        Some(
            Held::Disabled
            | Held::WithinThreshold
            | Held::AtMinimum { .. }
            | Held::UnschedulableDemand { .. }
            | Held::IncomingCapacity { .. },
        )
        | None => return draft.clear(SCALE_UP),
    };
    draft.condition(SCALE_UP, false, reason, message);
}

#[cfg(test)]
mod tests;
