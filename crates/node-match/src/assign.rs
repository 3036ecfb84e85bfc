//! R1, R3, R6: one claim, one machine, one Node; the strongest evidence first, over the whole set.

mod obstacles;

use std::collections::BTreeMap;

use crate::clue::Clue;
use crate::eligible::machine_obstacle;
use crate::facts::Facts;
use crate::fleet::Fleet;
use crate::links::{Link, Links};
use crate::tie::Ties;
use crate::words::{Word, long};
use crate::{EvidenceKind, Obstacle};

/// How many candidates one answer lists at most: enough to see the pattern, never the whole fleet.
pub(crate) const MOST_CANDIDATES: usize = 16;

/// Holds who has what.
#[derive(Debug)]
pub(crate) struct Assignment<'f, 'a> {
    pub(crate) fleet: &'f Fleet<'a>,
    pub(crate) facts: &'f [Facts],
    pub(crate) ties: &'f Ties,
    /// One entry per claim.
    pub(crate) holdings: Vec<Holding>,
    /// One entry per machine.
    pub(crate) machine_owners: Vec<Owner>,
    /// One entry per Node.
    pub(crate) node_owners: Vec<Owner>,
    /// R4: for machines and Nodes that nobody has, the names of claims that theirs start with.
    pub(crate) names: BTreeMap<Part, Vec<Word>>,
}

/// Holds what one claim has.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    pub(crate) machine: Option<Held>,
    pub(crate) node: Option<Held>,
    /// A machine that will be its own as soon as it runs.
    pub(crate) reserved: Option<usize>,
    /// What was linked to it and could not be had.
    pub(crate) refused: Vec<(Part, Obstacle)>,
}

/// Holds a machine or Node, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) index: usize,
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
    Claim(usize),
    /// Reserved until it runs.
    Reserved(usize),
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
pub(crate) fn assign<'f, 'a>(fleet: &'f Fleet<'a>, facts: &'f [Facts], ties: &'f Ties) -> Assignment<'f, 'a> {
    let mut assignment = Assignment {
        fleet,
        facts,
        ties,
        holdings: fleet.claims.iter().map(|_| Holding::default()).collect(),
        machine_owners: vec![Owner::Nobody; fleet.machines.len()],
        node_owners: vec![Owner::Nobody; fleet.nodes.len()],
        names: BTreeMap::new(),
    };
    assignment.settle_facts();
    let links = Links::new(fleet, facts, ties);
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
    assignment.read_names();
    assignment
}

// === impl Assignment ===

impl Assignment<'_, '_> {
    /// R0: records first. What records contradict each other about is nobody's.
    fn settle_facts(&mut self) {
        for (claim, facts) in self.facts.iter().enumerate() {
            if facts.conflict.is_some() {
                for machine in &facts.named_machines {
                    self.machine_owners[long(*machine)] = Owner::Conflict;
                }
                if let Some(node) = facts.node {
                    self.node_owners[node] = Owner::Conflict;
                }
                continue;
            }
            if let Some((machine, clue)) = facts.machine {
                self.machine_owners[machine] = Owner::Claim(claim);
                self.holdings[claim].machine = Some(Held::direct(machine, clue));
            }
            if let Some(node) = facts.node {
                self.node_owners[node] = Owner::Claim(claim);
                self.holdings[claim].node = Some(Held::direct(node, Clue::RecordedNode));
            }
        }
    }

    /// Lets go of a machine that only an address binds when a label binds a Node that is not its own.
    ///
    /// Then the Node alone is reported, and nobody else is given the machine.
    fn prefer_labelled_nodes(&mut self, links: &Links) {
        for claim in 0..self.holdings.len() {
            let Some(Held {
                index,
                clue: Clue::Address(_),
                ..
            }) = self.holdings[claim].machine
            else {
                continue;
            };
            let labelled = links
                .labelled_node(claim)
                .filter(|node| self.node_owners[*node] == Owner::Nobody);
            if labelled.is_some_and(|node| self.ties.node_of(index) != Some(node)) {
                self.holdings[claim].machine = None;
                self.machine_owners[index] = Owner::Reserved(claim);
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
            None => {
                let held = Held {
                    index: link.index,
                    clue: link.clue,
                    is_through_tie,
                };
                self.node_owners[link.index] = Owner::Claim(link.claim);
                self.holdings[link.claim].node = Some(held);
            }
            Some(obstacle) => self.refuse(link.claim, Part::Node(link.index), obstacle),
        }
    }

    /// R3: a link through a tie is as strong as the weaker of the two, after the same kind direct.
    fn follow_ties(&mut self, kind: EvidenceKind, links: &Links) {
        for claim in 0..self.holdings.len() {
            let holding = &self.holdings[claim];
            match (&holding.machine, &holding.node) {
                (Some(held), None) => {
                    let Some(node) = self.ties.node_of(held.index) else {
                        continue;
                    };
                    if let Some(link) = self.link_through(claim, held.clue, held.index, node, kind) {
                        self.try_node(&link, true);
                    }
                }
                (None, Some(held)) => {
                    let Some(machine) = self.ties.machine_of(held.index) else {
                        continue;
                    };
                    let Some(link) = self.link_through(claim, held.clue, machine, machine, kind) else {
                        continue;
                    };
                    if !self.wants_machine(claim) {
                        continue;
                    }
                    match self.obstacle_to_machine(&link, links) {
                        None => self.give_machine(
                            claim,
                            Held {
                                index: machine,
                                clue: link.clue,
                                is_through_tie: true,
                            },
                        ),
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

    fn give_machine(&mut self, claim: usize, held: Held) {
        self.machine_owners[held.index] = Owner::Claim(claim);
        self.holdings[claim].machine = Some(held);
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
            self.machine_owners[link.index] = Owner::Reserved(link.claim);
            self.holdings[link.claim].reserved = Some(link.index);
        }
    }

    /// Notes whose names the free machines and Nodes bear; a machine bears those of its Node, too.
    fn read_names(&mut self) {
        let fleet = self.fleet;
        let longest = |cluster, name: &Word| fleet.names.longest(&fleet.words, cluster, *name);
        let of_node = |node: usize| {
            fleet.nodes[node]
                .names
                .iter()
                .filter_map(|name| longest(fleet.home, name))
        };
        let is_free = |owners: &[Owner], index: &usize| owners[*index] == Owner::Nobody;
        for machine in (0..fleet.machines.len()).filter(|machine| is_free(&self.machine_owners, machine)) {
            let facts = &fleet.machines[machine];
            let own = facts
                .hostnames
                .iter()
                .filter_map(|name| longest(facts.cluster, name));
            let names: Vec<Word> = own
                .chain(self.ties.node_of(machine).into_iter().flat_map(of_node))
                .collect();
            if !names.is_empty() {
                self.names.insert(Part::Machine(machine), names);
            }
        }
        for node in (0..fleet.nodes.len()).filter(|node| is_free(&self.node_owners, node)) {
            let names: Vec<Word> = of_node(node).collect();
            if !names.is_empty() {
                self.names.insert(Part::Node(node), names);
            }
        }
    }

    fn refuse(&mut self, claim: usize, part: Part, obstacle: Obstacle) {
        let refused = &mut self.holdings[claim].refused;
        if refused.len() < MOST_CANDIDATES && !refused.iter().any(|(known, _)| *known == part) {
            refused.push((part, obstacle));
        }
    }
}

// === impl Held ===

impl Held {
    pub(crate) fn direct(index: usize, clue: Clue) -> Self {
        Self {
            index,
            clue,
            is_through_tie: false,
        }
    }
}
