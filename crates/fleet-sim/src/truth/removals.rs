//! Whether every machine that was removed had been given up.

use super::claim::Claim;
use super::facts::Facts;
use super::report::{Finding, Report};
use crate::cloud::SimMachine;

/// Names the machines that were removed while somebody still wanted them, or that were never ours.
pub(super) fn examine(facts: &Facts<'_>, report: &mut Report) {
    for removal in facts
        .removals
        .iter()
        .filter(|removal| !removal.by_hand && !removal.repeated)
    {
        let machine = facts
            .machine(&removal.machine)
            .expect("the cloud removes only machines it has");
        if let Some(sentence) = objection(facts, machine) {
            report.wrongly_removed.push(Finding::new(&machine.uuid, sentence));
        }
    }
}

/// Tells why a machine should not have been removed.
fn objection(facts: &Facts<'_>, machine: &SimMachine) -> Option<String> {
    let hostname = &machine.hostname;
    let Some(posting) = facts.posting_of(machine) else {
        return Some(format!("{hostname} was removed, and it was never ours"));
    };
    let records = |claim: &&Claim| {
        facts
            .recorded(claim)
            .is_some_and(|found| found.uuid == machine.uuid)
    };
    if let Some(holder) = facts.holders(machine).find(|claim| !claim.is_deleting) {
        return Some(format!("{hostname} was removed while {} records it", holder.name));
    }
    let given_up = || {
        facts
            .claims
            .iter()
            .filter(|claim| claim.is_deleting)
            .chain(&facts.former)
    };
    let made_for = |claim: &&Claim| posting.request_id.as_deref() == Some(&claim.uid);
    let released = given_up()
        .filter(|claim| facts.was_made_for_group_of(machine, claim))
        .any(|claim| records(&claim) || (made_for(&claim) && !claim.records_machine()));
    (!released).then(|| format!("{hostname} was removed, and nobody had given it up"))
}
