//! R1, R3: what a claim may still be given, and what stands between it and a machine or Node.

use super::{Assignment, Owner, rank};
use crate::clue::Clue;
use crate::eligible::{machine_obstacle, node_obstacle};
use crate::links::{Link, Links};
use crate::tie::is_of_another;
use crate::{EvidenceKind, Obstacle};

// === impl Assignment ===

impl Assignment<'_, '_> {
    /// Tells whether a claim may be given a machine.
    pub(crate) fn wants_machine(&self, claim: usize) -> bool {
        let facts = &self.facts[claim];
        facts.participates
            && facts.conflict.is_none()
            && !facts.is_machine_missing
            // The machine of its record, if it was let go, is replaced by no other one.
            && facts.machine.is_none()
            && self.fleet.claims[claim].creation_requested
            && self.holdings[claim].machine.is_none()
    }

    pub(super) fn wants_node(&self, claim: usize, kind: EvidenceKind) -> bool {
        let facts = &self.facts[claim];
        facts.participates
            && facts.conflict.is_none()
            && !facts.is_node_missing
            // The Node of an unlisted machine is found by its provider id only: nothing weaker takes its place.
            && (!facts.is_machine_missing || kind == EvidenceKind::ProviderId)
            && self.holdings[claim].node.is_none()
    }

    pub(super) fn obstacle_to_machine(&self, link: &Link, links: &Links) -> Option<Obstacle> {
        let (claim, machine) = (link.claim, link.index);
        if self.machine_owners[machine] != Owner::Nobody || self.is_tied_to_other_claim(claim, machine) {
            return Some(Obstacle::OwnedByAnother);
        }
        // A label binds a Node that is not this machine's: then the Node alone is reported.
        let is_label_elsewhere = links
            .labelled_node(claim)
            .filter(|node| self.is_node_free_for(claim, *node))
            .is_some_and(|node| self.ties.node_of(machine) != Some(node));
        if is_label_elsewhere || !self.fits_node_of(claim, machine) {
            return Some(Obstacle::NotTied);
        }
        machine_obstacle(self.fleet, self.ties, claim, machine)
    }

    /// Tells whether the machine's Node is in other hands: what is tied is never split.
    fn is_tied_to_other_claim(&self, claim: usize, machine: usize) -> bool {
        self.ties
            .node_of(machine)
            .is_some_and(|node| !self.is_node_free_for(claim, node))
    }

    fn is_node_free_for(&self, claim: usize, node: usize) -> bool {
        match self.node_owners[node] {
            Owner::Nobody => true,
            Owner::Claim(owner) | Owner::Reserved(owner) => owner.index() == claim,
            Owner::Conflict => false,
        }
    }

    /// Tells whether the machine can be beside the Node that the claim has or had.
    pub(crate) fn fits_node_of(&self, claim: usize, machine: usize) -> bool {
        match (&self.holdings[claim].node, self.ties.node_of(machine)) {
            (None, tied) => tied.is_none() || !self.facts[claim].is_node_missing,
            (Some(held), Some(tied)) => held.index() == tied,
            (Some(held), None) => {
                held.clue == Clue::RecordedNode
                    && self.ties.machine_of(held.index()).is_none()
                    && !is_of_another(self.fleet, held.index(), machine)
            }
        }
    }

    pub(super) fn obstacle_to_node(&self, link: &Link) -> Option<Obstacle> {
        let (claim, node) = (link.claim, link.index);
        if self.node_owners[node] != Owner::Nobody {
            return Some(Obstacle::OwnedByAnother);
        }
        let tied = self.ties.machine_of(node);
        if let Some(machine) = tied {
            let is_free = match self.machine_owners[machine] {
                Owner::Nobody => true,
                Owner::Claim(owner) | Owner::Reserved(owner) => owner.index() == claim,
                Owner::Conflict => false,
            };
            if !is_free {
                return Some(Obstacle::OwnedByAnother);
            }
        }
        let fits = match &self.holdings[claim].machine {
            None => true,
            Some(held) if tied.is_some() => tied == Some(held.index()),
            // A recorded machine whose Node is unknown may have this one.
            Some(held) => {
                rank(held.clue.kind()) == 0
                    && self.ties.node_of(held.index()).is_none()
                    && !is_of_another(self.fleet, node, held.index())
            }
        };
        if !fits {
            return Some(Obstacle::NotTied);
        }
        node_obstacle(self.fleet, self.ties, claim, node)
    }
}
