//! What is looked at for one claim, and what speaks against each.

use std::collections::BTreeMap;

use crate::assign::{Assignment, MOST_CANDIDATES, Owner, Part};
use crate::eligible::{Newness, newness, node_obstacle, standing_obstacle};
use crate::explain::{BaselineState, Considered, Named, Objection, Sighting, Size};
use crate::fleet::Label;
use crate::grouping::Grouping;
use crate::merge::text;
use crate::place::Place;
use crate::{Group, MergedMachine, Node, Obstacle, Subject, Verdict};

/// Looks at machines and Nodes with the eyes of a claim.
pub(super) struct Sight<'s, 'a> {
    settled: &'s Assignment<'s, 'a>,
    grouping: Grouping<'s, 'a>,
    /// Machines and Nodes by the address of their report, by which the answer knows them.
    machines: BTreeMap<*const crate::Machine<'a>, usize>,
    nodes: BTreeMap<*const Node<'a>, usize>,
}

/// What the answer itself says of a machine or Node.
type Told = BTreeMap<Part, Option<Obstacle>>;

// === impl Sight ===

impl<'s, 'a> Sight<'s, 'a> {
    pub(super) fn new(settled: &'s Assignment<'s, 'a>) -> Self {
        let fleet = settled.fleet;
        let reports = fleet.machines.iter().enumerate().flat_map(|(index, facts)| {
            let reports = facts.merged.reports().iter();
            reports.map(move |report| (std::ptr::from_ref(*report), index))
        });
        let nodes = fleet.nodes.iter().enumerate();
        Self {
            settled,
            grouping: Grouping::new(fleet, settled.ties),
            machines: reports.collect(),
            nodes: nodes
                .map(|(index, facts)| (std::ptr::from_ref(facts.node), index))
                .collect(),
        }
    }

    /// Looks at every machine of the claim's cluster and every Node without one, as long as the looks last.
    pub(super) fn considered(
        &self,
        claim: usize,
        verdict: &Verdict<'_>,
        looks_left: &mut usize,
    ) -> Considered<'a> {
        let fleet = self.settled.fleet;
        let told = self.told(verdict);
        let cost = fleet.machines.len() + fleet.nodes.len();
        let left = looks_left.checked_sub(cost);
        *looks_left = left.unwrap_or(0);
        let is_cut = left.is_none();
        let is_here = |part: &Part| match part {
            Part::Machine(machine) => {
                fleet.machines[*machine].merged.cluster() == fleet.claims[claim].cluster
            }
            Part::Node(node) => fleet.is_at_home(claim) && self.settled.ties.machine_of(*node).is_none(),
        };
        let parts: Vec<Part> = if is_cut {
            told.keys().copied().collect()
        } else {
            let machines = (0..fleet.machines.len()).map(Part::Machine);
            let all = machines.chain((0..fleet.nodes.len()).map(Part::Node));
            all.filter(|part| told.contains_key(part) || is_here(part))
                .collect()
        };
        let seen = parts.into_iter().map(|part| Sighting {
            subject: self.subject(part),
            objection: self.objection(claim, part, verdict, &told),
        });
        Considered {
            is_cut,
            ..Considered::of(seen.collect())
        }
    }

    fn told(&self, verdict: &Verdict<'_>) -> Told {
        let part = |subject: &Subject<'_>| match subject {
            Subject::Machine(machine) => {
                let report = machine.reports().first()?;
                self.machines
                    .get(&std::ptr::from_ref(*report))
                    .copied()
                    .map(Part::Machine)
            }
            Subject::Node(node) => self
                .nodes
                .get(&std::ptr::from_ref(*node))
                .copied()
                .map(Part::Node),
        };
        let candidates = verdict.candidates().iter();
        candidates
            .filter_map(|candidate| Some((part(&candidate.subject)?, candidate.obstacle)))
            .collect()
    }

    fn subject(&self, part: Part) -> Subject<'a> {
        match part {
            Part::Machine(machine) => Subject::Machine(self.settled.fleet.machines[machine].merged.clone()),
            Part::Node(node) => Subject::Node(self.settled.fleet.nodes[node].node),
        }
    }

    /// Finds what speaks against a machine or Node: other owners first, then R2, then want of evidence.
    fn objection(
        &self,
        claim: usize,
        part: Part,
        verdict: &Verdict<'_>,
        told: &Told,
    ) -> Option<Objection<'a>> {
        let known = told.get(&part).copied();
        if matches!(verdict, Verdict::Conflict { .. }) && known.is_some() {
            return Some(Objection::Disputed);
        }
        let standing = match part {
            Part::Machine(machine) => self.to_machine(claim, machine),
            Part::Node(node) => self.to_node(claim, node),
        };
        if standing.is_some() {
            return standing;
        }
        if let Some(Some(obstacle)) = known {
            return self.named(claim, part, obstacle);
        }
        if known.is_some() || (is_one_of_many(part, verdict) && self.is_new(claim, part)) {
            return None;
        }
        let weak = match part {
            Part::Machine(machine) if !self.settled.fleet.machines[machine].merged.is_running() => {
                Obstacle::NotRunning
            }
            Part::Machine(_) if !self.is_new(claim, part) => Obstacle::NotProvablyNew,
            Part::Machine(_) | Part::Node(_) => return Some(Objection::Unlinked),
        };
        self.named(claim, part, weak)
    }

    fn is_new(&self, claim: usize, part: Part) -> bool {
        let Part::Machine(machine) = part else { return true };
        matches!(newness(self.settled.fleet, claim, machine), Newness::Proven)
    }

    fn to_machine(&self, claim: usize, machine: usize) -> Option<Objection<'a>> {
        let (fleet, ties) = (self.settled.fleet, self.settled.ties);
        let part = Part::Machine(machine);
        let of_others = self.owned(claim, self.settled.machine_owners[machine]);
        let through_node = || {
            let node = ties.node_of(machine)?;
            Some(Objection::ThroughNode {
                node: &fleet.nodes[node].node.name,
                objection: Box::new(self.to_node(claim, node)?),
            })
        };
        let standing = || standing_obstacle(fleet, ties, claim, machine);
        let aged = || match newness(fleet, claim, machine) {
            Newness::InBaseline => Some(Obstacle::InBaseline),
            Newness::OlderThanRequest => Some(Obstacle::OlderThanRequest),
            Newness::Proven | Newness::Later | Newness::Unproven => None,
        };
        of_others
            .or_else(|| self.named(claim, part, standing()?))
            .or_else(|| self.named(claim, part, aged()?))
            .or_else(through_node)
            .or_else(|| self.of_other_group(claim, part))
    }

    fn to_node(&self, claim: usize, node: usize) -> Option<Objection<'a>> {
        let (fleet, ties) = (self.settled.fleet, self.settled.ties);
        self.owned(claim, self.settled.node_owners[node]).or_else(|| {
            let obstacle = node_obstacle(fleet, ties, claim, node)?;
            self.named(claim, Part::Node(node), obstacle)
        })
    }

    fn owned(&self, claim: usize, owner: Owner) -> Option<Objection<'a>> {
        let named = |owner: Place| Named::new(self.settled.fleet.claims[owner.index()]);
        match owner {
            // Whoever has something is matched, and nothing is looked at for it.
            Owner::Claim(other) => Some(Objection::OwnedByAnother { owner: named(other) }),
            Owner::Reserved(other) if other.index() != claim => {
                Some(Objection::KeptForAnother { owner: named(other) })
            }
            Owner::Conflict => Some(Objection::Disputed),
            Owner::Reserved(_) | Owner::Nobody => None,
        }
    }

    fn of_other_group(&self, claim: usize, part: Part) -> Option<Objection<'a>> {
        let wanted = self.settled.fleet.claims[claim].group?;
        let group = self.grouping.group_of(part)?;
        (group != wanted).then_some(Objection::OtherGroup { group, wanted })
    }

    /// Adds the numbers to the name of an obstacle.
    fn named(&self, claim: usize, part: Part, obstacle: Obstacle) -> Option<Objection<'a>> {
        let fleet = self.settled.fleet;
        let wanting = fleet.claims[claim];
        let merged = match part {
            Part::Machine(machine) => Some(&fleet.machines[machine].merged),
            Part::Node(_) => None,
        };
        let reported = merged.and_then(MergedMachine::created_at);
        let created_at = match part {
            Part::Machine(_) => reported.map(|time| time.at),
            Part::Node(node) => fleet.nodes[node].node.created_at,
        };
        Some(match obstacle {
            Obstacle::NotRunning => Objection::NotRunning {
                status: merged.and_then(MergedMachine::status).unwrap_or_default(),
            },
            Obstacle::Deleted => Objection::Deleted,
            Obstacle::OtherCluster => Objection::OtherCluster,
            Obstacle::OtherGroup => Objection::OtherGroup {
                group: merged.and_then(MergedMachine::group)?,
                wanted: wanting.group?,
            },
            Obstacle::SizeContradictsGroup => contradiction(merged?, fleet.group_of(claim)?)?,
            Obstacle::ControlPlane => Objection::ControlPlane,
            Obstacle::InBaseline => Objection::InBaseline,
            Obstacle::OlderThanRequest => Objection::OlderThanRequest {
                created_at: created_at?,
                requested_at: wanting.requested_at?,
            },
            Obstacle::NotProvablyNew => Objection::NotProvablyNew {
                baseline: BaselineState::of(wanting),
                created_at,
                is_zoned: reported.is_some_and(|time| time.zoned),
            },
            Obstacle::NotTied => Objection::NotTied,
            Obstacle::LabelledForAnother => Objection::LabelledForAnother {
                label: self.label(part),
            },
            // Whoever had it when it was refused has let it go since.
            Obstacle::OwnedByAnother => Objection::Unlinked,
        })
    }

    fn label(&self, part: Part) -> &'a str {
        let fleet = self.settled.fleet;
        let node = match part {
            Part::Machine(machine) => self.settled.ties.node_of(machine),
            Part::Node(node) => Some(node),
        };
        let Some(facts) = node.map(|node| &fleet.nodes[node]) else {
            return "";
        };
        if let Label::Claim(named) = facts.label {
            return &fleet.claims[named.index()].name;
        }
        let written = text(facts.node.claim_label.as_deref()).or(text(facts.node.claim_uid.as_deref()));
        written.unwrap_or_default()
    }
}

/// Tells whether something may be one of several that could be the claim's own: the answer names only so many of them.
fn is_one_of_many(part: Part, verdict: &Verdict<'_>) -> bool {
    let is_open_choice = matches!(verdict, Verdict::Ambiguous { .. });
    let is_alike = |subject: &Subject<'_>| match (subject, part) {
        (Subject::Machine(_), Part::Machine(_)) | (Subject::Node(_), Part::Node(_)) => true,
        (Subject::Machine(_), Part::Node(_)) | (Subject::Node(_), Part::Machine(_)) => false,
    };
    let candidates = verdict.candidates();
    is_open_choice
        && candidates.len() >= MOST_CANDIDATES
        && candidates.iter().any(|candidate| is_alike(&candidate.subject))
}

/// Finds the first measure in which a machine differs from its group.
fn contradiction<'a>(machine: &MergedMachine<'_>, group: &Group<'_>) -> Option<Objection<'a>> {
    let differing = |size, found: Option<u64>, wanted: Option<u64>| match (found, wanted) {
        (Some(found), Some(wanted)) if found != wanted => {
            Some(Objection::SizeContradictsGroup { size, found, wanted })
        }
        (_, _) => None,
    };
    machine.reports().iter().find_map(|report| {
        differing(Size::Cpu, report.cpu.map(u64::from), group.cpu.map(u64::from))
            .or_else(|| differing(Size::RamMb, report.ram_mb, group.ram_mb))
            .or_else(|| differing(Size::DiskGb, report.disk_gb, group.disk_gb))
    })
}
