//! The rule by which the Go autoscaler finds machines, as a baseline for the time that matching takes.
//!
//! It takes one waiting claim after the other, lists every machine of the account for each of them, and gives it
//! the newest that no claim has recorded. That is the first of its strategies; the later ones, which also walk over
//! every machine, come only where nothing is unclaimed, which the fleets measured here never show.
//!
//! What would make it slower is left out: its calls, its reading of the replies, the search for the Node, and any
//! comparison of ids in the walk. What would make it correct is left out as well: it asks neither what was there
//! before nor who else is waiting.

use std::collections::BTreeSet;

use node_match::{Claim, Machine, Snapshot};

/// Gives each claim that waits the newest machine that nobody has recorded.
pub(crate) fn newest_unclaimed<'a>(snapshot: &'a Snapshot<'a>) -> Vec<(&'a Claim<'a>, &'a Machine<'a>)> {
    let (waiting, settled): (Vec<&Claim<'_>>, Vec<&Claim<'_>>) = snapshot
        .claims
        .iter()
        .partition(|claim| claim.instance_id.is_none());
    let recorded: BTreeSet<u64> = settled.iter().filter_map(|claim| claim.instance_id).collect();
    let is_recorded = |machine: &Machine<'_>| machine.id.is_some_and(|id| recorded.contains(&id));
    let mut is_claimed: Vec<bool> = snapshot.machines.iter().map(is_recorded).collect();
    let mut pairs = Vec::new();
    for claim in waiting {
        let all = snapshot.machines.iter().enumerate();
        let unclaimed = all.filter(|(index, _)| !is_claimed[*index]);
        let newest =
            unclaimed.max_by_key(|(_, machine)| (machine.created_at.map(|time| time.at), machine.id));
        if let Some((index, machine)) = newest {
            is_claimed[index] = true;
            pairs.push((claim, machine));
        }
    }
    pairs
}
