//! What was packed, as answers: one for each pod, and one for each group that grows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::remedy::would_help;
use super::setup::{Classes, Setup};
use super::{Fixed, Growth, Outcome, Plan, PodAnswer, Queues, Refusals, RunnerUp};
use crate::cluster::Standing;
use crate::group::{Group, GroupName};
use crate::misfit::Misfit;
use crate::pack::{Offer, Packing};
use crate::pod::PodName;

/// Tells what became of each pod and of each group.
pub(super) fn of(
    setup: &Setup<'_>,
    packing: &Packing<'_>,
    offers: &[Offer],
    classes: &Classes,
    fixed: Fixed,
) -> Plan {
    let mut outcomes: BTreeMap<PodName, Outcome> = BTreeMap::new();
    let mut queues: Queues = Vec::new();
    for pods in setup.waiting.values() {
        let free: Vec<PodName> = pods
            .iter()
            .filter(|pod| !fixed.contains_key(pod))
            .cloned()
            .collect();
        queues.push(free.into_iter());
    }
    let coming = setup.incoming_bins();
    for (pod, (_, bin)) in fixed {
        let name = setup.incoming[bin - coming.start].0.name.clone();
        outcomes.insert(pod, Outcome::Incoming(name));
    }
    for bin in 0..coming.end {
        let outcome = match setup.nodes.get(bin) {
            Some(node) => Outcome::FitsNow(node.name.clone()),
            None => Outcome::Incoming(setup.incoming[bin - coming.start].0.name.clone()),
        };
        for pod in take(&mut queues, packing, bin) {
            outcomes.insert(pod, outcome.clone());
        }
    }
    let purchases = growths(setup, packing, offers, &mut queues);
    for growth in &purchases {
        for (pods, number) in growth.nodes.iter().zip(1..) {
            for pod in pods {
                outcomes.insert(pod.clone(), Outcome::NewNode(growth.group.clone(), number));
            }
        }
    }
    for (demand, queue) in setup.waiting.keys().zip(queues) {
        let mut refusals = None;
        for pod in queue {
            let why = refusals
                .get_or_insert_with(|| Arc::new(refusals_of(setup, packing, offers, classes[demand])));
            outcomes.insert(pod, Outcome::Unhelpable(why.clone()));
        }
    }
    let mut pods: Vec<PodAnswer> = Vec::new();
    for pod in &setup.cluster.pods {
        let outcome = match &pod.standing {
            Standing::Waiting(_) => outcomes.remove(&pod.name),
            Standing::Ignored(reason) => Some(Outcome::Ignored(*reason)),
            Standing::Unreadable(flaw) => Some(Outcome::Unreadable(flaw.clone())),
        };
        pods.extend(outcome.map(|outcome| PodAnswer {
            pod: pod.name.clone(),
            outcome,
        }));
    }
    pods.sort_by(|one, other| one.pod.cmp(&other.pod));
    Plan { purchases, pods }
}

/// Takes the pods that were planned for a bin off their queues.
fn take(queues: &mut Queues, packing: &Packing<'_>, bin: usize) -> Vec<PodName> {
    let planned = &packing.scene.bins[bin].planned;
    let mut pods: Vec<PodName> = Vec::new();
    for (class, count) in planned {
        pods.extend(queues[*class].by_ref().take(*count as usize));
    }
    pods.sort_unstable();
    pods
}

fn growths(setup: &Setup<'_>, packing: &Packing<'_>, offers: &[Offer], queues: &mut Queues) -> Vec<Growth> {
    let mut by_offer: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, purchase) in packing.purchases.iter().enumerate() {
        by_offer.entry(purchase.offer).or_default().push(index);
    }
    let growths = by_offer.into_iter().map(|(index, purchases)| {
        let offer = &offers[index];
        let group = setup.groups[offer.group];
        let count = u32::try_from(purchases.len()).unwrap_or(u32::MAX);
        let is_minimum = |purchase: &&usize| packing.purchases[**purchase].is_minimum;
        let (runner_up, others) = runner_up(setup, packing, offers, index, &purchases);
        let bins = purchases.iter().map(|purchase| packing.purchases[*purchase].bin);
        Growth {
            group: group.name.clone(),
            size: group.size,
            count,
            minimum: u32::try_from(purchases.iter().filter(is_minimum).count()).unwrap_or(u32::MAX),
            price: offer.price.map(|price| price.times(count)),
            nodes: bins.map(|bin| take(queues, packing, bin)).collect(),
            runner_up,
            candidates: others + 1,
        }
    });
    growths.collect()
}

/// Finds the next best group for what is bought of an offer, and how many there are.
fn runner_up(
    setup: &Setup<'_>,
    packing: &Packing<'_>,
    offers: &[Offer],
    taken: usize,
    purchases: &[usize],
) -> (Option<RunnerUp>, usize) {
    let bins = purchases
        .iter()
        .map(|purchase| &packing.scene.bins[packing.purchases[*purchase].bin]);
    let bins: Vec<_> = bins.map(|bin| (bin, packing.used(bin))).collect();
    let count = u32::try_from(purchases.len()).unwrap_or(u32::MAX);
    let could = |index: &usize| {
        let offer = &offers[*index];
        *index != taken
            && packing.offers_left[*index] >= count
            && bins
                .iter()
                .all(|(bin, used)| packing.takes_over(&offer.probe, bin, used))
    };
    let others: Vec<usize> = (0..offers.len()).filter(could).collect();
    let best = others.iter().min_by_key(|index| {
        let offer = &offers[**index];
        (offer.price.is_none(), offer.price, !offer.is_preferred, **index)
    });
    let runner_up = best.map(|index| {
        let group = setup.groups[offers[*index].group];
        RunnerUp {
            group: group.name.clone(),
            size: group.size,
            price: group.price.map(|price| price.times(count)),
        }
    });
    (runner_up, others.len())
}

/// Says for each group why it does not help a class of pods (`SC-3`).
fn refusals_of(setup: &Setup<'_>, packing: &Packing<'_>, offers: &[Offer], class: usize) -> Refusals {
    let mut groups: Vec<(GroupName, Vec<Misfit>)> = Vec::new();
    for (index, group) in setup.groups.iter().enumerate() {
        let bought = packing
            .purchases
            .iter()
            .filter(|one| offers[one.offer].group == index);
        let bought = u32::try_from(bought.count()).unwrap_or(u32::MAX);
        let mut misfits = obstacles(group, bought, setup, packing);
        if let Some(probe) = setup.probe(&packing.scene, index) {
            misfits.extend(packing.scene.misfits(&probe, class));
        }
        misfits.sort();
        groups.push((group.name.clone(), misfits));
    }
    let would_help = would_help(&groups);
    Refusals { groups, would_help }
}

/// Lists what keeps a group from growing, whoever waits.
fn obstacles(group: &Group, bought: u32, setup: &Setup<'_>, packing: &Packing<'_>) -> Vec<Misfit> {
    let mut found = Vec::new();
    if !group.is_managed {
        found.push(Misfit::GroupNotManaged);
    }
    found.extend(
        group
            .flaw
            .clone()
            .map(|detail| Misfit::GroupUnreadable { detail }),
    );
    if group.room.is_none() {
        found.push(Misfit::UnknownSize { size: group.size });
    }
    if !group.is_enabled {
        found.push(Misfit::ScaleUpDisabled);
    }
    if group.nodes.saturating_add(bought) >= group.max {
        found.push(Misfit::GroupAtMaximum { has: group.max });
    }
    if packing.workers_left == 0 {
        found.push(Misfit::ClusterAtMaximum {
            has: setup.cluster.most_workers.unwrap_or_default(),
        });
    }
    found
}
