//! What a NodeGroup says about its shrinking: that a member goes, or why none does.

use super::keep::Keep;
use crate::decide::draft::Draft;
use crate::reason::Reason;
use crate::resources::NodeGroupStatus;

/// Condition: a member goes because nothing needs it, or why nobody does.
pub(crate) const SCALE_DOWN: &str = "ScaleDown";

/// Says how it stands with the shrinking of a NodeGroup; `keep` is why nobody goes.
///
/// # Guarantees
/// The words stay the same while the reason does: no numbers, and nothing about what VPSie's lists lack for a moment.
pub(in crate::decide) fn say(draft: &mut Draft<NodeGroupStatus>, keep: Option<&Keep>) {
    let Some(keep) = keep else {
        return say_going(draft);
    };
    let (reason, message) = match keep {
        Keep::Disabled => return draft.clear(SCALE_DOWN),
        Keep::OneIsGoing => return say_going(draft),
        Keep::Hold(hold) if hold.is_of_a_moment() => return,
        Keep::Hold(hold) => {
            let message = format!(
                "the member that has rested longest must stay: {}",
                hold.sentence()
            );
            return draft.condition(SCALE_DOWN, false, hold.reason(), message);
        }
        Keep::Forbidden => (
            Reason::ScaleDownDisabled,
            "the annotation scale-down=disabled on the NodeGroup or on a Node forbids it",
        ),
        Keep::OutsideHours => (
            Reason::OutsideHours,
            "it is outside the hours of the annotation scale-down-allowed-hours",
        ),
        Keep::HoursUnreadable => (
            Reason::HoursUnreadable,
            "the annotation scale-down-allowed-hours cannot be read, so it allows nothing; write HH:MM-HH:MM Area/City",
        ),
        Keep::AtMinimum => (Reason::AtMinimumCapacity, "no more than minNodes are Ready"),
        Keep::PodsWait => (Reason::PodsWait, "pods wait that the scheduler finds no Node for"),
        Keep::NeededByThreshold => (
            Reason::NeededByThreshold,
            "with one node less, what is requested would be above a threshold of scaleUpPolicy, and another would be asked for",
        ),
        Keep::OneIsComing => (Reason::SizeChanging, "a member is on its way to its Node"),
        Keep::CoolingDown { .. } => (
            Reason::CoolingDown,
            "the number of members changed less than cooldownSeconds ago",
        ),
        Keep::NotReady | Keep::InUse { .. } => (
            Reason::NoneIdle,
            "no member is Ready, without workload pods, and known at VPSie by its identifier",
        ),
        Keep::RecordUnreadable => (
            Reason::IntentUnreadable,
            "the annotation removal-intent of a member cannot be read; remove it",
        ),
        Keep::RestTooShort { .. } => (
            Reason::IdleTooShort,
            "the member that has rested longest has done so for less than stabilizationWindowSeconds",
        ),
    };
    draft.condition(SCALE_DOWN, false, reason, message);
}

fn say_going(draft: &mut Draft<NodeGroupStatus>) {
    draft.condition(
        SCALE_DOWN,
        true,
        Reason::SizeChanging,
        "a member is on its way out",
    );
}
