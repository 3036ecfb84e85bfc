//! What was considered for a claim and what is missing, as it is printed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::OutputMachine;
use crate::{Explanation, Missing, Objection, Sighting, Subject};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct OutputExplanation<'a> {
    missing: Missing<'a>,
    considered: OutputConsidered<'a>,
    /// The same for a person: the verdict first, then what was considered, then what settles it.
    sentences: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConsidered<'a> {
    machines: usize,
    nodes: usize,
    listed: Vec<OutputSighting<'a>>,
    unlisted: BTreeMap<&'static str, usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct OutputSighting<'a> {
    machine: Option<OutputMachine>,
    node: Option<&'a str>,
    objection: Option<Objection<'a>>,
}

// === impl OutputExplanation ===

impl<'a> OutputExplanation<'a> {
    /// Makes the printable form; `None` when nothing is missing, for then the evidence says it all.
    pub(super) fn new(why: Explanation<'a>, sentences: Vec<String>) -> Option<Self> {
        let considered = why.considered;
        Some(Self {
            missing: why.missing?,
            considered: OutputConsidered {
                machines: considered.machines,
                nodes: considered.nodes,
                listed: considered.listed.into_iter().map(OutputSighting::new).collect(),
                unlisted: considered.unlisted,
                is_cut: considered.is_cut,
            },
            sentences,
        })
    }
}

// === impl OutputSighting ===

impl<'a> OutputSighting<'a> {
    fn new(sighting: Sighting<'a>) -> Self {
        let (machine, node) = match &sighting.subject {
            Subject::Machine(machine) => (Some(OutputMachine::new(machine)), None),
            Subject::Node(node) => (None, Some(&*node.name)),
        };
        Self {
            machine,
            node,
            objection: sighting.objection,
        }
    }
}
