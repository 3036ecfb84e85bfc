//! A plan for a person: as tables, and as sentences.

use crate::output::{plain, table};
use autoscaler_controller::planning::report::{NodeLine, OutcomeWord, PodLine, Report, ScaleDown, ScaleUp};

/// Stands for nothing.
const NOTHING: &str = "-";

/// Writes a table of what is bought, one of the pods, one of the Nodes that go and one of all Nodes.
pub(super) fn tables(report: &Report) -> String {
    let growth = table(
        ["SCALE UP", "SIZE", "COUNT", "AN HOUR", "PODS", "RUNNER-UP"],
        report.scale_up.iter().map(growth_row),
    );
    let pods = table(["POD", "OUTCOME", "ON", "WHY"], report.pods.iter().map(pod_row));
    let removals = table(
        ["SCALE DOWN", "ACTION", "MOVES", "SAVES AN HOUR"],
        report.scale_down.iter().map(removal_row),
    );
    let nodes = table(["NODE", "STAYS BECAUSE"], report.nodes.iter().map(node_row));
    [growth, pods, removals, nodes].join("\n\n")
}

fn growth_row(growth: &ScaleUp) -> [String; 6] {
    let other = growth.runner_up.as_ref();
    [
        growth.node_group.clone(),
        or_nothing(growth.size),
        growth.count.to_string(),
        or_nothing(growth.price_per_hour),
        growth.pods.len().to_string(),
        or_nothing(other.map(|other| other.node_group.clone())),
    ]
}

fn pod_row(line: &PodLine) -> [String; 4] {
    let misfits = line.misfits.iter();
    let mut why: Vec<String> = misfits
        .map(|misfit| format!("{}: {}", misfit.node_group, misfit.reason))
        .collect();
    why.extend(line.reason.map(str::to_owned));
    [
        line.pod.clone(),
        line.outcome.as_str().to_owned(),
        or_nothing(line.on.clone()),
        or_nothing(Some(why.join(", ")).filter(|why| !why.is_empty())),
    ]
}

fn removal_row(removal: &ScaleDown) -> [String; 4] {
    let moves = removal.moves.iter();
    let moves: Vec<String> = moves.map(|one| format!("{} to {}", one.pod, one.to)).collect();
    [
        removal.node.clone(),
        removal.action.to_owned(),
        or_nothing(Some(moves.join(", ")).filter(|moves| !moves.is_empty())),
        or_nothing(removal.saves_per_hour),
    ]
}

fn node_row(line: &NodeLine) -> [String; 2] {
    let mut reasons: Vec<&str> = line.must_stay.iter().map(|stay| stay.reason).collect();
    reasons.dedup();
    [
        line.node.clone(),
        or_nothing(Some(reasons.join(", ")).filter(|reasons| !reasons.is_empty())),
    ]
}

fn or_nothing(value: Option<impl ToString>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| value.to_string())
}

/// Writes a sentence for each group that grows, for each pod and for each Node that goes, and one for all pods that are not
/// planned for.
pub(super) fn text(report: &Report) -> String {
    let mut sentences: Vec<String> = report.scale_up.iter().map(ScaleUp::sentence).collect();
    if sentences.is_empty() {
        sentences.push("No node would be added.".to_owned());
    }
    let (ignored, told): (Vec<&PodLine>, Vec<&PodLine>) = report
        .pods
        .iter()
        .partition(|line| line.outcome == OutcomeWord::Ignored);
    sentences.extend(told.iter().flat_map(|line| line.sentences()));
    if !ignored.is_empty() {
        sentences.push(format!(
            "Pods that are on no Node and are not planned for: {}.",
            ignored.len()
        ));
    }
    if report.scale_down.is_empty() {
        sentences.push("No node would be removed.".to_owned());
    }
    sentences.extend(report.scale_down.iter().map(ScaleDown::sentence));
    lines(sentences)
}

/// Puts sentences under each other.
pub(super) fn lines(sentences: impl IntoIterator<Item = String>) -> String {
    let lines = sentences.into_iter().map(|sentence| plain(&sentence));
    lines.collect::<Vec<_>>().join("\n")
}
