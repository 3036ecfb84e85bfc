//! Which Nodes would go, and why each other one stays.

use fleet_plan::group::Price;
use fleet_plan::removal::Removals;

use super::{Move, MustStay, NodeLine, ScaleDown};

/// Lists the Nodes that would go by name.
pub(super) fn removals(removals: &Removals) -> Vec<ScaleDown> {
    let lines = removals.removals.iter().map(|removal| {
        let moves = removal.moves.iter().map(|one| Move {
            pod: one.pod.to_string(),
            to: one.to.to_string(),
        });
        ScaleDown {
            node: removal.node.to_string(),
            action: "remove",
            moves: moves.collect(),
            saves_per_hour: removal.saves.map(Price::to_number),
        }
    });
    let mut lines: Vec<ScaleDown> = lines.collect();
    lines.sort_by(|one, other| one.node.cmp(&other.node));
    lines
}

/// Lists every Node by name.
pub(super) fn lines(removals: &Removals) -> Vec<NodeLine> {
    let kept = removals.kept.iter().map(|(node, stays)| NodeLine {
        node: node.to_string(),
        must_stay: stays
            .iter()
            .map(|stay| MustStay {
                reason: stay.word(),
                detail: stay.to_string(),
            })
            .collect(),
    });
    let going = removals.removals.iter().map(|removal| NodeLine {
        node: removal.node.to_string(),
        must_stay: Vec::new(),
    });
    let mut lines: Vec<NodeLine> = kept.chain(going).collect();
    lines.sort_by(|one, other| one.node.cmp(&other.node));
    lines
}
