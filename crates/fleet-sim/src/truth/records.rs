//! Whether each VPSieNode records its own machine and that machine's Node.

use serde_json::Value;

use super::claim::Claim;
use super::facts::Facts;
use super::report::{Finding, Report};
use crate::cloud::SimMachine;

const VPSIE_NODE: &str = "autoscaler.vpsie.com/vpsienode";
const MANAGED: &str = "autoscaler.vpsie.com/managed";

/// Counts what is matched, and names what is mismatched, swapped or failed.
pub(super) fn examine(facts: &Facts<'_>, report: &mut Report) {
    for claim in &facts.claims {
        let wrong = obstacle_of_machine(facts, claim).or_else(|| obstacle_of_node(facts, claim));
        let machine = facts.recorded(claim);
        match (wrong, machine) {
            (Some(sentence), _) => report.mismatched.push(Finding::new(&claim.name, sentence)),
            (None, Some(machine)) => {
                report.matched += 1;
                report.swapped.extend(swapped(facts, claim, machine));
            }
            (None, None) => {}
        }
        if claim.phase == "Failed" {
            report
                .failed
                .push(Finding::new(&claim.name, format!("failed: {}", claim.failure)));
        }
    }
    let touched = facts.nodes.iter().filter_map(|node| touched_wrongly(facts, node));
    report.mismatched.extend(touched);
}

/// Tells why the machine that a claim records is not its own, if it is not.
fn obstacle_of_machine(facts: &Facts<'_>, claim: &Claim) -> Option<String> {
    if !claim.records_machine() {
        return None;
    }
    let Some(machine) = facts.recorded(claim) else {
        return Some("records a machine that never was".to_owned());
    };
    let hostname = &machine.hostname;
    if claim.number.is_some_and(|number| number != machine.number) {
        return Some(format!(
            "records the identifier of {hostname} and the number of another machine"
        ));
    }
    let Some(posting) = facts.posting_of(machine) else {
        return Some(format!("records the foreign machine {hostname}"));
    };
    if !facts.was_made_for_group_of(machine, claim) {
        return Some(format!(
            "records {hostname}, which was made for group {}",
            posting.group
        ));
    }
    let other = facts.holders(machine).find(|other| other.uid != claim.uid);
    other.map(|other| format!("records {hostname}, which {} records too", other.name))
}

/// Tells why the Node that a claim names is not its own, if it is not.
fn obstacle_of_node(facts: &Facts<'_>, claim: &Claim) -> Option<String> {
    let name = claim.node_name.as_deref()?;
    if let Some(machine) = facts.recorded(claim) {
        let own = machine.node_name();
        return (own != name).then(|| format!("names the Node {name}, but its machine's Node is {own}"));
    }
    let Some(machine) = facts.machine_of_node(name) else {
        return Some(format!("names the Node {name}, which no machine has"));
    };
    if !facts.was_made_for_group_of(machine, claim) {
        return Some(format!(
            "names the Node {name}, whose machine was not made for its group"
        ));
    }
    let same_name = facts
        .claims
        .iter()
        .filter(|other| other.node_name.as_deref() == Some(name));
    let other = facts
        .holders(machine)
        .chain(same_name)
        .find(|other| other.uid != claim.uid);
    other.map(|other| format!("names the Node {name}, which belongs to {} too", other.name))
}

/// Names a claim that holds what another claim's request made; both are equally good machines.
fn swapped(facts: &Facts<'_>, claim: &Claim, machine: &SimMachine) -> Option<Finding> {
    let maker = facts.posting_of(machine)?.request_id.as_deref()?;
    (maker != claim.uid).then(|| {
        Finding::new(
            &claim.name,
            format!("holds {}, made by the request of {maker}", machine.hostname),
        )
    })
}

/// Names a Node that carries the autoscaler's labels although it is not, or not thereby, somebody's.
fn touched_wrongly(facts: &Facts<'_>, node: &Value) -> Option<Finding> {
    let name = node["metadata"]["name"].as_str()?;
    let labels = &node["metadata"]["labels"];
    let owner = labels[VPSIE_NODE].as_str();
    if owner.is_none() && labels[MANAGED].as_str() != Some("true") {
        return None;
    }
    let Some(machine) = facts
        .machine_of_node(name)
        .filter(|machine| facts.posting_of(machine).is_some())
    else {
        return Some(Finding::new(
            name,
            "carries our labels, but we did not buy its machine",
        ));
    };
    let owner = owner?;
    if let Some(holder) = facts.holders(machine).next() {
        let sentence = format!("is labelled for {owner}, but {} records its machine", holder.name);
        return (owner != holder.name).then(|| Finding::new(name, sentence));
    }
    let elsewhere = facts
        .claims
        .iter()
        .find(|claim| claim.name == owner && claim.records_machine())?;
    Some(Finding::new(
        name,
        format!(
            "is labelled for {}, which records another machine",
            elsewhere.name
        ),
    ))
}
