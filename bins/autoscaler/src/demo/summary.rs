//! What came of the story, in numbers that the simulated world gives and the operator does not.

use super::burst::Burst;
use super::story::Told;
use super::world::World;
use fleet_sim::truth::{Finding, Report};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// The summary of the story.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// VPSieNodes when all was settled.
    pub(crate) claims: usize,
    /// VPSieNodes that recorded their own machine and Node by then.
    pub(crate) matched: usize,
    /// VPSieNodes that recorded what is not theirs.
    pub(crate) mismatched: usize,
    /// VPSieNodes with a machine of their group that another one's request made; no fault, they are alike.
    pub(crate) swapped: usize,
    /// Machines that nothing explained, when all was settled or when all was gone.
    pub(crate) leaked: usize,
    /// Machines bought more than once for one VPSieNode.
    pub(crate) bought_twice: usize,
    /// Nodes that lacked a label, an annotation or a taint.
    pub(crate) labels_missing: usize,
    /// Machines removed that nobody had given up.
    pub(crate) wrongly_removed: usize,
    /// VPSieNodes that failed: the story has one machine that never joins.
    pub(crate) failed: usize,
    /// Machines still there at the end that a request made.
    pub(crate) machines_left: usize,
    /// The pods that waited for nodes.
    pub(crate) burst: Burst,
    /// Calls to VPSie.
    pub(crate) vpsie_calls: usize,
    /// Writes to Kubernetes, of the operator and of all others in the story.
    pub(crate) kubernetes_writes: u64,
    /// Length of the story in its own time.
    pub(crate) virtual_seconds: i64,
    /// Length of the story in real time.
    pub(crate) wall_seconds: f64,
    /// What was wrong, a sentence each.
    pub(crate) findings: Vec<String>,
}

// === impl Summary ===

impl Summary {
    /// Adds up what was true when all was settled and when all was gone.
    pub(crate) fn new(world: &World, told: Told, wall: Duration) -> Self {
        let (settled, ended) = (&told.settled, &told.ended);
        let both = |pick: fn(&Report) -> &Vec<Finding>| pick(settled).len().max(pick(ended).len());
        let (machines_left, burst) = (machines_left(world), told.burst);
        let unmet = unmet(settled.claims, settled.matched, machines_left);
        let wrong = findings(settled).chain(findings(ended)).chain(unmet);
        let wrong: BTreeSet<String> = wrong.chain(burst.findings()).collect();
        let calls = world.cloud.calls();
        let virtual_seconds = calls
            .first()
            .map_or(0, |first| (world.clock.now() - first.at).num_seconds());
        Self {
            claims: settled.claims,
            matched: settled.matched,
            mismatched: both(|report| &report.mismatched),
            swapped: both(|report| &report.swapped),
            leaked: both(|report| &report.leaked),
            bought_twice: both(|report| &report.bought_twice),
            labels_missing: both(|report| &report.labels_missing),
            wrongly_removed: both(|report| &report.wrongly_removed),
            failed: settled.failed.len(),
            machines_left,
            burst,
            vpsie_calls: calls.len(),
            kubernetes_writes: world.kube.write_count(),
            virtual_seconds,
            wall_seconds: (wall.as_secs_f64() * 1000.0).round() / 1000.0,
            findings: wrong.into_iter().collect(),
        }
    }

    /// Tells whether every invariant held, every pod was helped that could be, and everything was given back.
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Prints the summary for a person.
    pub(crate) fn to_text(&self) -> String {
        let rows = [
            ("VPSieNodes", self.claims),
            ("matched with a machine of their own", self.matched),
            ("of these, swapped with an equal one", self.swapped),
            ("mismatched", self.mismatched),
            ("leaked", self.leaked),
            ("bought twice", self.bought_twice),
            ("labels missing", self.labels_missing),
            ("wrongly removed", self.wrongly_removed),
            ("failed (one machine never joins)", self.failed),
            ("machines left", self.machines_left),
            ("pods that waited for nodes", self.burst.pods),
            ("of these, on a Node in the end", self.burst.bound),
            ("nodes made for them", self.burst.nodes),
            ("of these, too many", self.burst.nodes_too_many),
            ("calls to VPSie", self.vpsie_calls),
        ];
        let mut text: Vec<String> = rows
            .iter()
            .map(|(name, count)| format!("{name:36}{count:6}"))
            .collect();
        let minutes = self.virtual_seconds / 60;
        text.push(format!(
            "{minutes} virtual minutes in {:.1} seconds",
            self.wall_seconds
        ));
        text.extend(self.findings.iter().map(|finding| format!("- {finding}")));
        text.join("\n")
    }
}

/// Counts the machines that are still there and that a request made.
pub(crate) fn machines_left(world: &World) -> usize {
    let machines = world.cloud.machines();
    let bought = machines.iter().filter(|machine| machine.made_by.is_some());
    bought.filter(|machine| machine.is_alive()).count()
}

/// Says what is not as it should be at the end of a story, a sentence each.
pub(crate) fn unmet(claims: usize, matched: usize, machines_left: usize) -> impl Iterator<Item = String> {
    let unmatched = claims.saturating_sub(matched);
    [
        (claims == 0).then(|| "no VPSieNode came to a machine".to_owned()),
        (unmatched > 0)
            .then(|| format!("VPSieNodes without a machine of their own and its Node: {unmatched}")),
        (machines_left > 0).then(|| format!("machines that were not given back: {machines_left}")),
    ]
    .into_iter()
    .flatten()
}

/// Says what a report finds wrong, a sentence each.
pub(crate) fn findings(report: &Report) -> impl Iterator<Item = String> + '_ {
    let all = [
        &report.mismatched,
        &report.leaked,
        &report.bought_twice,
        &report.labels_missing,
        &report.wrongly_removed,
    ];
    all.into_iter()
        .flatten()
        .map(|finding| format!("{}: {}", finding.subject, finding.sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check is no decoration: whatever is not as it should be has a sentence.
    #[test]
    fn whatever_is_not_as_it_should_be_is_said() {
        let said = |claims, matched, left| unmet(claims, matched, left).collect::<Vec<_>>().join("; ");
        assert_eq!(said(3, 3, 0), "");
        assert_eq!(said(0, 0, 0), "no VPSieNode came to a machine");
        let words =
            "VPSieNodes without a machine of their own and its Node: 1; machines that were not given back: 2";
        assert_eq!(said(3, 2, 2), words);
    }
}
