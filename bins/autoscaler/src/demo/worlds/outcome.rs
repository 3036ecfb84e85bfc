//! What came of a named world, in numbers that the simulated world gives and the operator does not.

use super::Named;
use super::play::Play;
use crate::demo::looking;
use crate::demo::summary;
use fleet_sim::truth::{Finding, Report};
use serde::Serialize;
use std::collections::BTreeSet;

/// What came of one world.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    /// Its name.
    pub(crate) world: String,
    /// VPSieNodes when all was settled.
    pub(crate) claims: usize,
    /// VPSieNodes that recorded their own machine and Node by then.
    pub(crate) matched: usize,
    /// VPSieNodes that failed by then.
    pub(crate) failed: usize,
    /// VPSieNodes that recorded what is not theirs, at any look.
    pub(crate) mismatched: usize,
    /// Machines that nothing explained, at any look.
    pub(crate) leaked: usize,
    /// Machines bought more than once for one VPSieNode.
    pub(crate) bought_twice: usize,
    /// Nodes that lacked a label, an annotation or a taint.
    pub(crate) labels_missing: usize,
    /// Machines removed that nobody had given up.
    pub(crate) wrongly_removed: usize,
    /// Machines that no request made.
    pub(crate) foreign: usize,
    /// Those of them that were not recorded, marked, cordoned or removed.
    pub(crate) left_alone: usize,
    /// Machines still there at the end that a request made.
    pub(crate) machines_left: usize,
    /// Length of the story in its own time.
    pub(crate) virtual_seconds: i64,
    /// What was wrong, a sentence each.
    pub(crate) findings: Vec<String>,
}

// === impl Outcome ===

impl Outcome {
    /// Adds up what was seen in the course of a world.
    pub(super) fn of(named: Named, play: &Play) -> Self {
        let most = |pick: fn(&Report) -> &Vec<Finding>| {
            let counts = play.reports.iter().map(|report| pick(report).len());
            counts.max().unwrap_or_default()
        };
        // The last look is that at the empty world; the one before saw it settled.
        let settled = play.reports.iter().rev().nth(1);
        let settled = settled.map(Report::counts).unwrap_or_default();
        let foreign = looking::foreign(&play.world);
        let left_alone = foreign
            .iter()
            .filter(|machine| !play.touched.contains(&machine.uuid));
        let machines_left = summary::machines_left(&play.world);
        let findings: BTreeSet<String> = play
            .reports
            .iter()
            .flat_map(summary::findings)
            .chain(play.findings.iter().cloned())
            .chain(summary::unmet(settled.matched, settled.matched, machines_left))
            .collect();
        Self {
            world: named.name(),
            claims: settled.claims,
            matched: settled.matched,
            failed: settled.failed,
            mismatched: most(|report| &report.mismatched),
            leaked: most(|report| &report.leaked),
            bought_twice: most(|report| &report.bought_twice),
            labels_missing: most(|report| &report.labels_missing),
            wrongly_removed: most(|report| &report.wrongly_removed),
            foreign: foreign.len(),
            left_alone: left_alone.count(),
            machines_left,
            virtual_seconds: play.world.elapsed(play.since).num_seconds(),
            findings: findings.into_iter().collect(),
        }
    }

    /// Tells whether every invariant held, everything was given back, and something was matched at all.
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Prints it on one line, and a line for each finding.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!(
            "{:20}{:>4}{:>8}{:>8}{:>11}{:>7}{:>13}{:>16}{:>8}/{}",
            self.world,
            if self.is_clean() { "ok" } else { "BAD" },
            self.matched,
            self.failed,
            self.mismatched,
            self.leaked,
            self.bought_twice,
            self.wrongly_removed,
            self.left_alone,
            self.foreign
        );
        for finding in &self.findings {
            text.push_str("\n- ");
            text.push_str(finding);
        }
        text
    }

    /// Prints what the columns of the lines are.
    pub(crate) fn heading() -> String {
        format!(
            "{:20}{:>4}{:>8}{:>8}{:>11}{:>7}{:>13}{:>16}  left alone/foreign",
            "world", "", "matched", "failed", "mismatched", "leaked", "bought twice", "wrongly removed"
        )
    }
}
