//! Who could go alone, and who of them goes.

use std::collections::BTreeSet;

use super::ledger::Ledger;
use super::stage::{Cast, Household, Stage};
use super::{Candidate, Fleet, Move, MustStay, Removal, Removals, Thresholds};
use crate::Name;
use crate::Resources;
use crate::cluster::Cluster;
use crate::node::Node;
use crate::plan::Plan;
use crate::pod::PodName;

/// Is a Node with why it stays.
struct Case<'a> {
    candidate: &'a Candidate,
    /// Its pods, where it is among the Nodes whose pods could be placed elsewhere.
    household: Option<Household<'a>>,
    stays: Vec<MustStay>,
}

/// Chooses the nodes that go (`SC-11`), and says of every other one why it stays (`SC-12`).
///
/// A node goes when nothing of it, of its group and of its pods speaks against it, and when each of its pods has a place on
/// a Node that stays, by the same fit test as everywhere.
///
/// # Guarantees
/// Every candidate is either among the removals or has a reason. At most [`Fleet::most`] go, no group has fewer nodes than
/// it must, no budget is used up twice, every move is to a Node that stays and has room for it. The order of any list
/// changes nothing.
#[must_use]
pub fn removals(cluster: &Cluster, plan: &Plan, fleet: &Fleet) -> Removals {
    let cast = Cast::new(cluster, fleet);
    let mut stage = Stage::new(&cast);
    let mut ledger = Ledger::new(fleet);
    let common = common(cluster, plan);
    let mut cases: Vec<Case<'_>> = fleet
        .candidates
        .iter()
        .map(|one| Case::new(one, &common, &cast, &ledger))
        .collect();
    cases.sort_by(|one, other| one.candidate.node.cmp(&other.candidate.node));
    let leaving = cases.iter().filter(|case| case.candidate.is_leaving);
    for place in leaving.filter_map(|case| cast.place(&case.candidate.node)) {
        stage.close(place);
    }
    let order = targets(&cases, &cast);
    for case in &mut cases {
        case.stays.extend(case.homeless(&mut stage, &order));
    }
    choose(cases, &cast, &mut stage, &mut ledger, &order)
}

/// Lets one after the other of those go that could, as long as that is so.
fn choose<'a>(
    cases: Vec<Case<'a>>,
    cast: &Cast<'_>,
    stage: &mut Stage<'_>,
    ledger: &mut Ledger<'a>,
    order: &[usize],
) -> Removals {
    let (mut free, held): (Vec<Case<'_>>, Vec<Case<'_>>) =
        cases.into_iter().partition(|case| case.stays.is_empty());
    free.sort_by_cached_key(Case::rank);
    let mut found = Removals::default();
    let mut hosts: BTreeSet<usize> = BTreeSet::new();
    for case in free {
        let candidate = case.candidate;
        let place = cast.place(&candidate.node);
        let mut stays = Vec::new();
        if ledger.is_full() || place.is_some_and(|place| hosts.contains(&place)) {
            stays.extend(ledger.floor(candidate));
            stays.push(ledger.later());
        } else {
            stays.extend(case.left_by(ledger));
        }
        let household = case.household.as_ref().filter(|_| stays.is_empty());
        match household.map(|household| (household, stage.carry_out(household, order))) {
            Some((household, Ok(places))) => {
                let moves = household
                    .tenants
                    .iter()
                    .zip(&places)
                    .map(|((tenant, _), bin)| Move {
                        pod: tenant.name.clone(),
                        to: cast.nodes[*bin].name.clone(),
                    });
                let mut moves: Vec<Move> = moves.collect();
                moves.sort();
                hosts.extend(places);
                ledger.note(candidate);
                found.removals.push(Removal {
                    node: candidate.node.clone(),
                    group: candidate.group.clone().unwrap_or_default(),
                    moves,
                    saves: candidate.price,
                });
                continue;
            }
            Some((_, Err(homeless))) => stays.extend(homeless),
            None => {}
        }
        found.kept.insert(candidate.node.clone(), stays);
    }
    let held = held.into_iter();
    found
        .kept
        .extend(held.map(|case| (case.candidate.node.clone(), case.stays)));
    for stays in found.kept.values_mut() {
        stays.sort();
        stays.dedup();
    }
    found
}

/// Says what holds every node of every group: pods that wait, and nodes that are coming (`LC-42`).
fn common(cluster: &Cluster, plan: &Plan) -> Vec<MustStay> {
    let mut found = Vec::new();
    let mut coming: Vec<&Name> = cluster.incoming.iter().map(|one| &one.name).collect();
    coming.sort();
    if let Some(first) = coming.first() {
        found.push(MustStay::IncomingCapacity {
            nodes: count(coming.len()),
            first: (*first).clone(),
        });
    }
    let unmet = plan.pods.iter().filter(|answer| answer.outcome.is_unmet());
    let unmet: Vec<&PodName> = unmet.map(|answer| &answer.pod).collect();
    if let Some(first) = unmet.iter().min() {
        found.push(MustStay::UnschedulableDemand {
            pods: count(unmet.len()),
            first: (*first).clone(),
        });
    }
    found
}

/// Orders the Nodes that may take pods: first those that stay in any case, then those that would go last.
fn targets(cases: &[Case<'_>], cast: &Cast<'_>) -> Vec<usize> {
    let mut last: Vec<&Case<'_>> = cases.iter().filter(|case| case.stays.is_empty()).collect();
    last.sort_by_cached_key(|case| std::cmp::Reverse(case.rank()));
    let last: Vec<usize> = last
        .into_iter()
        .filter_map(|case| cast.place(&case.candidate.node))
        .collect();
    let uncertain: BTreeSet<usize> = last.iter().copied().collect();
    let first = (0..cast.nodes.len()).filter(|bin| !uncertain.contains(bin));
    first.chain(last.iter().copied()).collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

// === impl Case ===

impl<'a> Case<'a> {
    fn new(candidate: &'a Candidate, common: &[MustStay], cast: &Cast<'_>, ledger: &Ledger<'_>) -> Self {
        let place = cast.place(&candidate.node);
        let mut case = Self {
            candidate,
            household: None,
            stays: candidate.stays.clone(),
        };
        if candidate.is_leaving {
            case.stays.push(MustStay::Leaving);
            return case;
        }
        if candidate.group.is_none() {
            if case.stays.is_empty() {
                case.stays.push(MustStay::NotManaged);
            }
            return case;
        }
        case.stays.extend_from_slice(common);
        case.stays.extend(case.left_by(ledger));
        case.stays
            .extend(candidate.tenants.iter().flat_map(|tenant| tenant.stays.clone()));
        if let Some(place) = place {
            let node = cast.nodes[place];
            case.household = Some(cast.household(place, &candidate.tenants));
            if !candidate.tenants.is_empty() {
                case.stays.extend(use_above(node, candidate.thresholds));
            }
        }
        if case.household.is_none() && case.stays.is_empty() {
            // Whoever made the candidate did not say why its Node is none of the cluster.
            case.stays.push(MustStay::NotReady {
                what: "its Node".to_owned(),
            });
        }
        case
    }

    /// Lists what the others leave to it that is too little.
    fn left_by(&self, ledger: &Ledger<'_>) -> Vec<MustStay> {
        let mut found = ledger.budgets(self.candidate);
        found.extend(ledger.floor(self.candidate));
        found.extend(ledger.endpoints(self.candidate));
        found
    }

    /// Lists its pods that no other Node takes; of a busy one nobody looks for their places.
    fn homeless(&self, stage: &mut Stage<'_>, order: &[usize]) -> Vec<MustStay> {
        let mut stays = self.stays.iter();
        let is_busy = stays.any(|stay| matches!(stay, MustStay::Utilisation { .. }));
        let household = self.household.as_ref().filter(|_| !is_busy);
        household
            .and_then(|household| stage.try_out(household, order).err())
            .unwrap_or_default()
    }

    /// Says who goes first: who is drained already, then who rests longest, then who has the fewest pods and costs most.
    fn rank(&self) -> impl Ord + use<> {
        let candidate = self.candidate;
        (
            !candidate.is_marked,
            candidate.rests_since.is_none(),
            candidate.rests_since,
            candidate.tenants.len(),
            std::cmp::Reverse(candidate.price),
            candidate.node.clone(),
        )
    }
}

/// Tells whether the pods of a Node request so much that it is busy: of CPU, else of memory.
fn use_above(node: &Node, thresholds: Thresholds) -> Option<MustStay> {
    let mut used = Resources::default();
    for resident in &node.pods {
        used.add(&resident.demand.requests, 1);
    }
    let has = &node.room.allocatable;
    let shares = [
        ("CPU", used.cpu_m, has.cpu_m, thresholds.cpu_percent),
        (
            "memory",
            used.memory_bytes,
            has.memory_bytes,
            thresholds.memory_percent,
        ),
    ];
    shares.into_iter().find_map(|(resource, used, has, threshold)| {
        let percent = i128::from(used) * 100 / i128::from(has.max(1));
        let percent = u64::try_from(percent).unwrap_or_default();
        (percent >= u64::from(threshold)).then_some(MustStay::Utilisation {
            resource,
            percent,
            threshold,
        })
    })
}
