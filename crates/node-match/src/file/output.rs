//! The answer, as it is printed.

mod explained;

use std::fmt::Write;

use explained::OutputExplanation;
use serde::Serialize;

use crate::{
    Candidate, Evidence, Explanation, Matching, MergedMachine, Snapshot, Subject, UnexplainedMachine,
    UnexplainedNode, explain,
};

/// Holds the answer as it is printed; the same facts in another order give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output<'a> {
    claims: Vec<OutputClaim<'a>>,
    unexplained: OutputUnexplained,
}

/// Holds the answer to one claim as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputClaim<'a> {
    uid: String,
    verdict: &'static str,
    machine: Option<OutputMachine>,
    node: Option<String>,
    evidence: Vec<OutputEvidence>,
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<OutputCandidate>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    contested: bool,
    /// What is missing and what was considered, where something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<OutputExplanation<'a>>,
    /// Uid, namespace and name, and what is told to a person.
    #[serde(skip)]
    story: (String, Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct OutputMachine {
    id: Option<u64>,
    identifier: Option<String>,
    /// What is left to name it by, when it has neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct OutputEvidence {
    link: &'static str,
    kind: &'static str,
    detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct OutputCandidate {
    machine: Option<OutputMachine>,
    node: Option<String>,
    obstacle: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputUnexplained {
    machines: Vec<OutputUnexplainedMachine>,
    nodes: Vec<OutputUnexplainedNode>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct OutputUnexplainedMachine {
    id: Option<u64>,
    identifier: Option<String>,
    hostname: Option<String>,
    cluster: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct OutputUnexplainedNode {
    name: String,
    uid: Option<String>,
    reason: &'static str,
}

// === impl Output ===

impl<'a> Output<'a> {
    /// Makes the printable form of the answer to a snapshot, with its explanations.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot<'a>, matching: &'a Matching<'a>) -> Self {
        Self {
            claims: explain(snapshot, matching)
                .into_iter()
                .map(OutputClaim::new)
                .collect(),
            unexplained: OutputUnexplained {
                machines: matching
                    .unexplained
                    .machines
                    .iter()
                    .map(OutputUnexplainedMachine::new)
                    .collect(),
                nodes: matching
                    .unexplained
                    .nodes
                    .iter()
                    .map(OutputUnexplainedNode::new)
                    .collect(),
            },
        }
    }

    /// Prints it as indented JSON with a final newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("maps with text keys are always JSON");
        text.push('\n');
        text
    }

    /// Prints it as tables for a person, and says of each claim in sentences why.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut text = self.to_tables();
        for claim in &self.claims {
            let (title, sentences) = &claim.story;
            let [first, others @ ..] = sentences.as_slice() else {
                continue;
            };
            write!(text, "\n{}\n  {first}\n", clean(title)).expect("writing to a string never fails");
            for other in others {
                writeln!(text, "    {other}").expect("writing to a string never fails");
            }
        }
        text
    }

    fn to_tables(&self) -> String {
        let header = ["CLAIM", "VERDICT", "MACHINE", "NODE", "WHY"].map(str::to_owned);
        let rows: Vec<[String; 5]> = std::iter::once(header)
            .chain(self.claims.iter().map(OutputClaim::to_row))
            .collect();
        let mut text = table(&rows);
        if self.unexplained.machines.is_empty() && self.unexplained.nodes.is_empty() {
            return text;
        }
        let header = ["UNEXPLAINED", "NAME", "HOSTNAME", "WHY"].map(str::to_owned);
        let machines = self.unexplained.machines.iter().map(|machine| {
            let name = OutputMachine {
                id: machine.id,
                identifier: machine.identifier.clone(),
                hostname: None,
            };
            let hostname = machine.hostname.clone().unwrap_or_else(|| "-".to_owned());
            [
                "machine".to_owned(),
                name.to_text(),
                hostname,
                machine.reason.to_owned(),
            ]
        });
        let nodes = self.unexplained.nodes.iter().map(|node| {
            [
                "node".to_owned(),
                node.name.clone(),
                "-".to_owned(),
                node.reason.to_owned(),
            ]
        });
        let rows: Vec<[String; 4]> = std::iter::once(header).chain(machines).chain(nodes).collect();
        text.push('\n');
        text.push_str(&table(&rows));
        text
    }
}

// === impl OutputClaim ===

impl<'a> OutputClaim<'a> {
    /// Makes the printable form of one explanation.
    #[must_use]
    pub fn new(why: Explanation<'a>) -> Self {
        let found = why.verdict.matched();
        let candidates = || {
            why.verdict
                .candidates()
                .iter()
                .map(OutputCandidate::new)
                .collect()
        };
        let sentences = why.sentences();
        Self {
            uid: why.claim.uid.to_string(),
            verdict: why.verdict.as_str(),
            machine: found
                .and_then(|found| found.machine.as_ref())
                .map(OutputMachine::new),
            node: found
                .and_then(|found| found.node)
                .map(|node| node.name.to_string()),
            evidence: found
                .map(|found| found.evidence.iter().map(OutputEvidence::new).collect())
                .unwrap_or_default(),
            reason: why.verdict.reason(),
            candidates: found.is_none().then(candidates),
            contested: found.is_some_and(|found| found.contested),
            story: (title(&why), sentences.clone()),
            explanation: OutputExplanation::new(why, sentences),
        }
    }

    fn to_row(&self) -> [String; 5] {
        let dash = || "-".to_owned();
        let why = match self.reason {
            Some(reason) => reason.to_owned(),
            None => {
                let kinds: Vec<String> = self
                    .evidence
                    .iter()
                    .map(|it| format!("{} ({})", it.kind, it.detail))
                    .collect();
                kinds.join(", ")
            }
        };
        [
            self.uid.clone(),
            self.verdict.to_owned(),
            self.machine.as_ref().map_or_else(dash, OutputMachine::to_text),
            self.node.clone().unwrap_or_else(dash),
            why,
        ]
    }
}

// === impl OutputMachine ===

impl OutputMachine {
    fn new(machine: &MergedMachine<'_>) -> Self {
        let (id, identifier) = (machine.id(), machine.identifier().map(str::to_owned));
        let is_nameless = id.is_none() && identifier.is_none();
        let hostname = machine.hostname().filter(|_| is_nameless).map(str::to_owned);
        Self {
            id,
            identifier,
            hostname,
        }
    }

    fn to_text(&self) -> String {
        let parts: Vec<String> = [
            self.id.map(|id| id.to_string()),
            self.identifier.clone(),
            self.hostname.clone(),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            "-".to_owned()
        } else {
            parts.join(" ")
        }
    }
}

// === impl OutputEvidence ===

impl OutputEvidence {
    fn new(evidence: &Evidence<'_>) -> Self {
        Self {
            link: evidence.link.as_str(),
            kind: evidence.kind.as_str(),
            detail: evidence.detail.to_string(),
        }
    }
}

// === impl OutputCandidate ===

impl OutputCandidate {
    fn new(candidate: &Candidate<'_>) -> Self {
        let (machine, node) = match &candidate.subject {
            Subject::Machine(machine) => (Some(OutputMachine::new(machine)), None),
            Subject::Node(node) => (None, Some(node.name.to_string())),
        };
        Self {
            machine,
            node,
            obstacle: candidate.obstacle.map(|obstacle| obstacle.as_str()),
        }
    }
}

// === impl OutputUnexplainedMachine ===

impl OutputUnexplainedMachine {
    fn new(entry: &UnexplainedMachine<'_>) -> Self {
        Self {
            id: entry.machine.id(),
            identifier: entry.machine.identifier().map(str::to_owned),
            hostname: entry.machine.hostname().map(str::to_owned),
            cluster: entry.machine.cluster().to_owned(),
            reason: entry.reason.as_str(),
        }
    }
}

// === impl OutputUnexplainedNode ===

impl OutputUnexplainedNode {
    fn new(entry: &UnexplainedNode<'_>) -> Self {
        Self {
            name: entry.node.name.to_string(),
            uid: Some(entry.node.uid.to_string()).filter(|uid| !uid.is_empty()),
            reason: entry.reason.as_str(),
        }
    }
}

fn title(why: &Explanation<'_>) -> String {
    let claim = why.claim;
    if claim.namespace.is_empty() {
        format!("{} {}", claim.uid, claim.name)
    } else {
        format!("{} {}/{}", claim.uid, claim.namespace, claim.name)
    }
}

fn clean(cell: &str) -> String {
    cell.chars().filter(|character| !character.is_control()).collect()
}

/// Aligns rows in columns; control characters in names do not reach the terminal.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let rows: Vec<[String; COLUMNS]> = rows
        .iter()
        .map(|row| std::array::from_fn(|at| clean(&row[at])))
        .collect();
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            write!(line, "{cell:<width$}  ").expect("writing to a string never fails");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
