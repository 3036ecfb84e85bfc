//! R1, R3, R6: one claim, one machine, one Node; the strongest evidence first, over the whole set.

mod obstacles;

use std::collections::BTreeMap;

use crate::clue::Clue;
use crate::eligible::machine_obstacle;
use crate::facts::AllFacts;
use crate::fleet::Fleet;
use crate::links::{Link, Links};
use crate::place::Place;
use crate::tie::Ties;
use crate::words::Word;
use crate::{EvidenceKind, Obstacle};

/// How many candidates one answer lists at most: enough to see the pattern, never the whole fleet.
pub(crate) const MOST_CANDIDATES: usize = 16;

/// Holds who has what.
#[derive(Debug)]
pub(crate) struct Assignment<'f, 'a> {
    pub(crate) fleet: &'f Fleet<'a>,
    pub(crate) facts: &'f AllFacts<'a>,
    pub(crate) ties: &'f Ties,
    /// One entry per claim.
    pub(crate) holdings: Vec<Holding>,
    /// One entry per machine.
    pub(crate) machine_owners: Vec<Owner>,
    /// One entry per Node.
    pub(crate) node_owners: Vec<Owner>,
    /// What was linked to a claim and it could not have.
    refused: BTreeMap<usize, Vec<(Part, Obstacle)>>,
    /// R4: for machines and Nodes that nobody has, the names of claims that theirs start with. Sorted.
    pub(crate) names: Vec<(Part, Word)>,
}

/// Holds what one claim has.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    pub(crate) machine: Option<Held>,
    pub(crate) node: Option<Held>,
    /// A machine that will be its own as soon as it runs.
    pub(crate) reserved: Option<Place>,
}

/// Holds a machine or Node, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    place: Place,
    pub(crate) clue: Clue,
    /// Whether it was found through the other part: the evidence is that of the tie.
    pub(crate) is_through_tie: bool,
}

/// Names a machine or a Node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Machine(usize),
    Node(usize),
}

/// Tells who has a machine or Node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Nobody,
    Claim(Place),
    /// Reserved until it runs.
    Reserved(Place),
    /// Records about it contradict each other.
    Conflict,
}

/// The kinds of evidence that are weaker than records, strongest first (R3).
const RANKS: [EvidenceKind; 5] = [
    EvidenceKind::ProviderId,
    EvidenceKind::Address,
    EvidenceKind::Hostname,
    EvidenceKind::ClaimLabel,
    EvidenceKind::HostnamePattern,
];

/// Returns the place of a kind of evidence in R3; smaller is stronger.
fn rank(kind: EvidenceKind) -> usize {
    match kind {
        EvidenceKind::RecordedId | EvidenceKind::RecordedIdentifier | EvidenceKind::RecordedNode => 0,
        EvidenceKind::ProviderId => 1,
        EvidenceKind::Address => 2,
        EvidenceKind::Hostname => 3,
        EvidenceKind::ClaimLabel => 4,
        EvidenceKind::HostnamePattern => 5,
        EvidenceKind::Anonymous => 6,
    }
}

/// Gives every claim what is recorded for it, and what names, addresses and labels link to it.
pub(crate) fn assign<'f, 'a>(
    fleet: &'f Fleet<'a>,
    facts: &'f AllFacts<'a>,
    ties: &'f Ties,
    mut links: Links,
) -> Assignment<'f, 'a> {
    let mut assignment = Assignment {
        fleet,
        facts,
        ties,
        holdings: fleet.claims.iter().map(|_| Holding::default()).collect(),
        machine_owners: vec![Owner::Nobody; fleet.machines.len()],
        node_owners: vec![Owner::Nobody; fleet.nodes.len()],
        refused: BTreeMap::new(),
        names: std::mem::take(&mut links.names),
    };
    assignment.settle_facts();
    assignment.prefer_labelled_nodes(&links);
    for kind in RANKS {
        for link in links.to_machines(kind) {
            assignment.try_machine(link, &links);
        }
        for link in links.to_nodes(kind) {
            assignment.try_node(link, false);
        }
        assignment.follow_ties(kind, &links);
    }
    for kind in RANKS {
        for link in links.to_machines(kind) {
            assignment.reserve(link, &links);
        }
    }
    assignment.keep_names_of_free();
    assignment
}

// === impl Assignment ===

impl Assignment<'_, '_> {
    /// Keeps nothing but what each claim has.
    pub(crate) fn into_holdings(self) -> Vec<Holding> {
        self.holdings
    }

    /// Lists what was linked to a claim and it could not have.
    pub(crate) fn refused(&self, claim: usize) -> &[(Part, Obstacle)] {
        self.refused.get(&claim).map_or(&[], Vec::as_slice)
    }

    /// R4: lists the names of claims that start the names of a machine or Node that nobody has.
    pub(crate) fn names_of(&self, part: Part) -> impl Iterator<Item = Word> {
        let start = self.names.partition_point(|(known, _)| *known < part);
        let names = self.names[start..].iter();
        names
            .take_while(move |(known, _)| *known == part)
            .map(|(_, name)| *name)
    }

    /// R0: records first. What records contradict each other about is nobody's.
    fn settle_facts(&mut self) {
        for (claim, facts) in self.facts.iter().enumerate() {
            if facts.conflict.is_some() {
                for machine in self.facts.named_machines(claim) {
                    self.machine_owners[machine] = Owner::Conflict;
                }
                if let Some(node) = facts.node {
                    self.node_owners[node.index()] = Owner::Conflict;
                }
                continue;
            }
            if let Some((machine, clue)) = facts.machine {
                self.give_machine(claim, Held::direct(machine.index(), clue));
            }
            if let Some(node) = facts.node {
                self.give_node(claim, Held::direct(node.index(), Clue::RecordedNode));
            }
        }
    }

    /// Lets go of a machine that only an address binds when a label binds a Node that is not its own.
    ///
    /// Then the Node alone is reported, and nobody else is given the machine.
    fn prefer_labelled_nodes(&mut self, links: &Links) {
        for claim in 0..self.holdings.len() {
            let Some(held) = self.holdings[claim].machine else {
                continue;
            };
            if held.clue.kind() != EvidenceKind::Address {
                continue;
            }
            let labelled = links
                .labelled_node(claim)
                .filter(|node| self.node_owners[*node] == Owner::Nobody);
            if labelled.is_some_and(|node| self.ties.node_of(held.index()) != Some(node)) {
                self.holdings[claim].machine = None;
                self.machine_owners[held.index()] = Owner::Reserved(Place::new(claim));
            }
        }
    }

    fn try_machine(&mut self, link: &Link, links: &Links) {
        if !self.wants_machine(link.claim) {
            return;
        }
        match self.obstacle_to_machine(link, links) {
            None => self.give_machine(link.claim, Held::direct(link.index, link.clue)),
            Some(obstacle) => self.refuse(link.claim, Part::Machine(link.index), obstacle),
        }
    }

    fn try_node(&mut self, link: &Link, is_through_tie: bool) {
        if !self.wants_node(link.claim, link.clue.kind()) {
            return;
        }
        match self.obstacle_to_node(link) {
            None => self.give_node(link.claim, Held::new(link.index, link.clue, is_through_tie)),
            Some(obstacle) => self.refuse(link.claim, Part::Node(link.index), obstacle),
        }
    }

    /// R3: a link through a tie is as strong as the weaker of the two, after the same kind direct.
    fn follow_ties(&mut self, kind: EvidenceKind, links: &Links) {
        for claim in 0..self.holdings.len() {
            let holding = &self.holdings[claim];
            match (&holding.machine, &holding.node) {
                (Some(held), None) => {
                    let Some(node) = self.ties.node_of(held.index()) else {
                        continue;
                    };
                    if let Some(link) = self.link_through(claim, held.clue, held.index(), node, kind) {
                        self.try_node(&link, true);
                    }
                }
                (None, Some(held)) => {
                    let Some(machine) = self.ties.machine_of(held.index()) else {
                        continue;
                    };
                    let Some(link) = self.link_through(claim, held.clue, machine, machine, kind) else {
                        continue;
                    };
                    if !self.wants_machine(claim) {
                        continue;
                    }
                    match self.obstacle_to_machine(&link, links) {
                        None => self.give_machine(claim, Held::new(machine, link.clue, true)),
                        Some(obstacle) => self.refuse(claim, Part::Machine(machine), obstacle),
                    }
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
    }

    /// Makes the link to `index` along the tie of `machine`, if its turn has come.
    fn link_through(
        &self,
        claim: usize,
        held: Clue,
        machine: usize,
        index: usize,
        turn: EvidenceKind,
    ) -> Option<Link> {
        let clue = self.ties.clue(machine)?;
        let weaker = rank(held.kind()).max(rank(clue.kind()));
        (weaker == rank(turn)).then_some(Link { claim, index, clue })
    }

    pub(crate) fn give_machine(&mut self, claim: usize, held: Held) {
        self.machine_owners[held.index()] = Owner::Claim(Place::new(claim));
        self.holdings[claim].machine = Some(held);
    }

    pub(crate) fn give_node(&mut self, claim: usize, held: Held) {
        self.node_owners[held.index()] = Owner::Claim(Place::new(claim));
        self.holdings[claim].node = Some(held);
    }

    /// Keeps a machine for the claim that it is linked to, when all that it lacks is to run.
    ///
    /// Likewise one that is not tied to the Node labelled for the claim: the Node alone is reported, and
    /// counting new machines must not give either of them what the evidence refused.
    fn reserve(&mut self, link: &Link, links: &Links) {
        let (claim, machine) = (link.claim, link.index);
        if !self.wants_machine(claim) || self.holdings[claim].reserved.is_some() {
            return;
        }
        let is_kept = match self.obstacle_to_machine(link, links) {
            Some(Obstacle::NotRunning) => true,
            Some(Obstacle::NotTied) => {
                let held = self.holdings[claim].node.as_ref();
                held.is_some_and(|held| held.clue == Clue::ClaimLabel)
                    && matches!(
                        machine_obstacle(self.fleet, self.ties, claim, machine),
                        None | Some(Obstacle::NotRunning)
                    )
            }
            Some(_) | None => false,
        };
        if is_kept {
            self.machine_owners[machine] = Owner::Reserved(Place::new(claim));
            self.holdings[claim].reserved = Some(Place::new(machine));
        }
    }

    /// Forgets the names of machines and Nodes that somebody has.
    fn keep_names_of_free(&mut self) {
        let (machines, nodes) = (&self.machine_owners, &self.node_owners);
        self.names.retain(|(part, _)| match part {
            Part::Machine(machine) => machines[*machine] == Owner::Nobody,
            Part::Node(node) => nodes[*node] == Owner::Nobody,
        });
        self.names.shrink_to_fit();
    }

    fn refuse(&mut self, claim: usize, part: Part, obstacle: Obstacle) {
        let refused = self.refused.entry(claim).or_default();
        if refused.len() < MOST_CANDIDATES && !refused.iter().any(|(known, _)| *known == part) {
            refused.push((part, obstacle));
        }
    }
}

// === impl Held ===

impl Held {
    pub(crate) fn new(index: usize, clue: Clue, is_through_tie: bool) -> Self {
        Self {
            place: Place::new(index),
            clue,
            is_through_tie,
        }
    }

    pub(crate) fn direct(index: usize, clue: Clue) -> Self {
        Self::new(index, clue, false)
    }

    /// Returns the index of the machine or Node.
    pub(crate) const fn index(&self) -> usize {
        self.place.index()
    }
}
