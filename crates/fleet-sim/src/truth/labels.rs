//! Whether the Nodes of recorded machines carry what they must.

use serde_json::Value;

use super::claim::Claim;
use super::facts::Facts;
use super::report::{Expected, Finding, Report, Taint};
use crate::cloud::{MachineState, SimMachine};

/// Names every label and taint that a Node lacks or has wrong, one finding per Node.
pub(super) fn examine(facts: &Facts<'_>, expected: &Expected, report: &mut Report) {
    for claim in facts.claims.iter().filter(|claim| !claim.is_deleting) {
        let Some(machine) = facts.recorded(claim).filter(|machine| is_at_work(machine)) else {
            continue;
        };
        let name = machine.node_name();
        let Some(node) = facts
            .nodes
            .iter()
            .find(|node| node["metadata"]["name"] == name.as_str())
        else {
            continue;
        };
        let wrong = wrong_marks(node, claim, expected);
        if !wrong.is_empty() {
            report.labels_missing.push(Finding::new(&name, wrong.join("; ")));
        }
    }
}

fn is_at_work(machine: &SimMachine) -> bool {
    machine.state == MachineState::Running && machine.joined_at.is_some()
}

fn wrong_marks(node: &Value, claim: &Claim, expected: &Expected) -> Vec<String> {
    let extras = expected
        .groups
        .get(&claim.node_group)
        .cloned()
        .unwrap_or_default();
    let own = [
        ("managed", "true"),
        ("nodegroup", &claim.node_group),
        ("vpsienode", &claim.name),
    ];
    let datacenter = [("datacenter", claim.datacenter.as_str())];
    let own = own.into_iter().chain(datacenter);
    let mut labels: Vec<(String, String)> = own
        .map(|(key, value)| (format!("autoscaler.vpsie.com/{key}"), value.to_owned()))
        .collect();
    labels.extend(extras.labels);
    let mut wrong: Vec<String> = labels
        .iter()
        .filter_map(|(key, value)| wrong_label(node, key, value))
        .collect();
    let missing = extras.taints.iter().filter(|taint| !has_taint(node, taint));
    wrong.extend(
        missing.map(|taint| format!("taint {}={}:{} is missing", taint.key, taint.value, taint.effect)),
    );
    wrong
}

fn wrong_label(node: &Value, key: &str, value: &str) -> Option<String> {
    match node["metadata"]["labels"][key].as_str() {
        Some(found) if found == value => None,
        Some(found) => Some(format!("label {key} is {found}, not {value}")),
        None => Some(format!("label {key} is missing")),
    }
}

fn has_taint(node: &Value, taint: &Taint) -> bool {
    let taints = node["spec"]["taints"].as_array();
    taints.is_some_and(|all| {
        all.iter().any(|found| {
            found["key"] == taint.key.as_str()
                && found["effect"] == taint.effect.as_str()
                && found["value"].as_str().unwrap_or_default() == taint.value
        })
    })
}
