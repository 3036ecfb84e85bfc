//! What a NodeGroup says of machines that nobody asked for, and what is new in it.

use super::draft::Draft;
use crate::leaked::leaked;
use crate::reason::Reason;
use crate::resources::{Condition, NodeGroup, NodeGroupStatus};
use crate::world::World;
use node_match::{Matching, MergedMachine};

/// Condition: machines of the group are nobody's.
pub(crate) const LEAKED: &str = "MachinesLeaked";

/// What the message says before the machines, and after them.
const AROUND: [&str; 2] = [
    "VPSie has new machines that could be of this group and that no VPSieNode asked for: ",
    "; they are left alone",
];
/// What stands between two machines.
const BETWEEN: &str = ", ";

/// Says which machines of the group nobody asked for; what cannot be judged now stays as it was.
pub(super) fn say(
    world: &World<'_>,
    matching: &Matching<'_>,
    group: &NodeGroup,
    draft: &mut Draft<NodeGroupStatus>,
) {
    /// Most machines that a message names.
    const MOST_NAMES: usize = 5;
    // Of a member that cannot be read nobody knows which machine it has.
    if world.hidden_member(group).is_some() {
        return;
    }
    let Some(leaked) = leaked(world, matching, group) else {
        return;
    };
    if leaked.is_empty() {
        return draft.clear(LEAKED);
    }
    let names: Vec<String> = leaked
        .iter()
        .take(MOST_NAMES)
        .map(|machine| name(machine))
        .collect();
    let more = match leaked.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let [before, after] = AROUND;
    let message = format!("{before}{}{more}{after}", names.join(BETWEEN));
    draft.condition(LEAKED, true, Reason::LeakedMachine, message);
}

/// Returns the part of a condition that names machines; nothing of any other condition.
pub(crate) fn names(condition: &Condition) -> Option<&str> {
    let message = condition.message.as_deref()?;
    let names = message.strip_prefix(AROUND[0])?.strip_suffix(AROUND[1]);
    names.filter(|_| condition.type_ == LEAKED)
}

/// Tells whether a condition names a machine that it did not name before.
pub(crate) fn names_another(before: &Condition, now: &Condition) -> bool {
    let all = |condition| {
        names(condition)
            .into_iter()
            .flat_map(|names| names.split(BETWEEN))
    };
    let is_new = |name| all(before).all(|known| known != name);
    all(now).any(is_new)
}

fn name(machine: &MergedMachine<'_>) -> String {
    let name = machine.hostname().or(machine.identifier());
    let id = machine.id().map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{}{id}", name.unwrap_or("without a name"))
}
