//! Whether every machine was bought once, for somebody, and is still somebody's.

use std::collections::BTreeMap;

use super::claim::Claim;
use super::facts::Facts;
use super::report::{Finding, Report};
use crate::cloud::{MachineState, Posting, SimMachine};

/// Names what was bought twice and what is leaked.
pub(super) fn examine(facts: &Facts<'_>, report: &mut Report) {
    bought_twice(facts, report);
    leaked(facts, report);
}

fn bought_twice(facts: &Facts<'_>, report: &mut Report) {
    let mut purchases: BTreeMap<&str, Vec<&Posting>> = BTreeMap::new();
    for posting in facts.postings.iter().filter(|posting| posting.machine.is_some()) {
        let subject = posting.machine.clone().unwrap_or_default();
        match posting.request_id.as_deref() {
            None => report
                .bought_twice
                .push(Finding::new(&subject, "was bought by a request without an id")),
            Some(id) if !facts.knows_uid(id) => {
                let sentence = format!("was bought by the request {id}, which belongs to no VPSieNode");
                report.bought_twice.push(Finding::new(&subject, sentence));
            }
            Some(id) => purchases.entry(id).or_default().push(posting),
        }
    }
    for (id, postings) in purchases.into_iter().filter(|(_, postings)| postings.len() > 1) {
        let numbers: Vec<String> = postings
            .iter()
            .map(|posting| posting.number.to_string())
            .collect();
        let sentence = format!(
            "bought {} machines, by postings {}",
            postings.len(),
            numbers.join(", ")
        );
        report.bought_twice.push(Finding::new(id, sentence));
    }
}

/// Names the machines of each group that are more than its open VPSieNodes can still explain.
fn leaked(facts: &Facts<'_>, report: &mut Report) {
    let mut unrecorded: BTreeMap<(&str, u64), Vec<&SimMachine>> = BTreeMap::new();
    for machine in facts.machines().filter(|machine| costs_money_for_ever(machine)) {
        let recorded = facts.holders(machine).next().is_some();
        if let (false, Some(posting)) = (recorded, facts.posting_of(machine)) {
            unrecorded
                .entry((&posting.cluster, posting.group))
                .or_default()
                .push(machine);
        }
    }
    for ((cluster, group), mut machines) in unrecorded {
        let open: Vec<&Claim> = facts
            .claims
            .iter()
            .filter(|claim| {
                claim.cluster == cluster && facts.group_of(claim) == Some(group) && is_open(facts, claim)
            })
            .collect();
        // Open claims explain the machines of their own requests first, then any of their group.
        machines.sort_by_key(|machine| {
            let maker = facts
                .posting_of(machine)
                .and_then(|posting| posting.request_id.as_deref());
            (
                !open.iter().any(|claim| Some(claim.uid.as_str()) == maker),
                machine.number,
            )
        });
        for machine in machines.into_iter().skip(open.len()) {
            let sentence = format!(
                "{} runs for group {group}, and nobody records it",
                machine.hostname
            );
            report.leaked.push(Finding::new(&machine.uuid, sentence));
        }
    }
}

/// A machine whose removal was accepted goes by itself.
fn costs_money_for_ever(machine: &SimMachine) -> bool {
    match machine.state {
        MachineState::Accepted | MachineState::Creating | MachineState::Running => true,
        MachineState::Removing | MachineState::Gone => false,
    }
}

/// Reports whether a claim has bought a machine and records none yet.
fn is_open(facts: &Facts<'_>, claim: &Claim) -> bool {
    let bought =
        |posting: &Posting| posting.machine.is_some() && posting.request_id.as_deref() == Some(&claim.uid);
    !claim.records_machine() && facts.postings.iter().any(bought)
}
