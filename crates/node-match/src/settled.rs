//! What is left when everything is decided: who has what, and what the evidence is written with.

use std::collections::BTreeSet;

use crate::assign::{Held, Holding};
use crate::clue::Clue;
use crate::directory::Legend;
use crate::fleet::Fleet;
use crate::tie::Ties;
use crate::{Answer, Claim, Evidence, Link, Match, MergedMachine, Node, Verdict};

/// Holds what the answers to matched claims are made of, and nothing else: it stays until the last one is made.
#[derive(Debug)]
pub(crate) struct Settled<'a> {
    claims: Vec<&'a Claim<'a>>,
    machines: Vec<MergedMachine<'a>>,
    nodes: Vec<&'a Node<'a>>,
    ties: Ties,
    legend: Legend<'a>,
    /// One entry per claim.
    holdings: Vec<Holding>,
}

// === impl Settled ===

impl<'a> Settled<'a> {
    /// Lets go of everything else.
    pub(crate) fn new(fleet: Fleet<'a>, ties: Ties, legend: Legend<'a>, holdings: Vec<Holding>) -> Self {
        let mut machines: Vec<_> = fleet.machines.into_iter().map(|facts| facts.merged).collect();
        let mut nodes: Vec<_> = fleet.nodes.into_iter().map(|facts| facts.node).collect();
        // They are where all the facts were, and would keep the room of those.
        machines.shrink_to_fit();
        nodes.shrink_to_fit();
        Self {
            claims: fleet.claims,
            machines,
            nodes,
            ties,
            legend,
            holdings,
        }
    }

    /// Answers every claim; given are the verdicts on those that have nothing, in the order of the claims.
    pub(crate) fn answers(
        &self,
        without: Vec<(usize, Verdict<'a>)>,
        contested: &BTreeSet<usize>,
    ) -> Vec<Answer<'a>> {
        let mut without = without.into_iter().peekable();
        let mut verdict = |index: usize| match without.next_if(|(claim, _)| *claim == index) {
            Some((_, verdict)) => verdict,
            None => Verdict::Matched(self.matched(index, contested.contains(&index))),
        };
        let claims = self.claims.iter().enumerate();
        claims
            .map(|(index, claim)| Answer {
                claim,
                verdict: verdict(index),
            })
            .collect()
    }

    fn matched(&self, claim: usize, contested: bool) -> Match<'a> {
        let holding = &self.holdings[claim];
        let held_node = holding.node.map(|held| self.nodes[held.index()]);
        let entry = |link, clue: Clue| Evidence {
            link,
            kind: clue.kind(),
            detail: clue.detail(&self.legend, self.claims[claim], held_node),
        };
        let direct = |held: Option<Held>| held.filter(|held| !held.is_through_tie);
        let (machine, node) = (direct(holding.machine), direct(holding.node));
        // A machine and a Node of one claim are tied to each other or to nothing.
        let pair = holding.machine.zip(holding.node);
        let tie = pair.and_then(|(machine, _)| self.ties.clue(machine.index()));
        // What ties the Node to the machine says more than a second link to the claim, unless that is a record.
        let node = node.filter(|held| machine.is_none() || tie.is_none() || held.clue == Clue::RecordedNode);
        let links = [
            machine.map(|held| entry(Link::ClaimMachine, held.clue)),
            node.map(|held| entry(Link::ClaimNode, held.clue)),
            tie.map(|clue| entry(Link::MachineNode, clue)),
        ];
        // Collecting what is there would make room for four; mostly there are two, and they stay for long.
        let mut evidence = Vec::with_capacity(links.iter().flatten().count());
        evidence.extend(links.into_iter().flatten());
        let tied = || self.ties.node_of(holding.machine?.index());
        let withheld = tied().filter(|_| held_node.is_none());
        Match {
            machine: holding.machine.map(|held| self.machines[held.index()].clone()),
            node: held_node,
            withheld: withheld.map(|node| self.nodes[node]),
            evidence,
            contested,
        }
    }
}
