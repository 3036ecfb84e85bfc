//! What was packed, as answers: one for each pod, and one for each group that grows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::remedy::would_help;
use super::setup::Setup;
use super::{Fixed, Growth, Outcome, Plan, PodAnswer, Refusals, RunnerUp};
use crate::cluster::Standing;
use crate::group::{Group, GroupName};
use crate::misfit::Misfit;
use crate::pack::{Offer, Packing};
use crate::pod::PodName;

/// Hands the pods of each class out, in the order of their names, as places come.
struct Handing<'a> {
    setup: &'a Setup<'a>,
    queues: Vec<std::vec::IntoIter<usize>>,
    outcomes: Vec<Option<Outcome>>,
}

/// Tells what became of each pod and of each group.
pub(super) fn of(setup: &Setup<'_>, packing: &Packing<'_>, offers: &[Offer], fixed: Fixed) -> Plan {
    let free = |pods: &Vec<usize>| {
        pods.iter()
            .copied()
            .filter(|pod| !fixed.contains_key(pod))
            .collect()
    };
    let queues = setup.waiting.iter().map(|(_, pods)| -> Vec<usize> { free(pods) });
    let mut handing = Handing {
        setup,
        queues: queues.map(Vec::into_iter).collect(),
        outcomes: vec![None; setup.pods.len()],
    };
    let coming = setup.incoming_bins();
    for bin in 0..coming.end {
        let outcome = match setup.nodes.get(bin) {
            Some(node) => Outcome::FitsNow(node.name.clone()),
            None => Outcome::Incoming(setup.incoming[bin - coming.start].0.name.clone()),
        };
        handing.take(packing, bin, &outcome);
    }
    for (pod, (_, bin)) in &fixed {
        let name = setup.incoming[bin - coming.start].0.name.clone();
        handing.outcomes[*pod] = Some(Outcome::Incoming(name));
    }
    let purchases = growths(&mut handing, packing, offers);
    for (class, queue) in handing.queues.into_iter().enumerate() {
        let mut refusals = None;
        for pod in queue {
            let why = refusals.get_or_insert_with(|| Arc::new(refusals_of(setup, packing, offers, class)));
            handing.outcomes[pod] = Some(Outcome::Unhelpable(why.clone()));
        }
    }
    let pods = setup
        .pods
        .iter()
        .zip(handing.outcomes)
        .filter_map(|(pod, outcome)| {
            let outcome = match &pod.standing {
                Standing::Waiting(_) => outcome?,
                Standing::Ignored(reason) => Outcome::Ignored(*reason),
                Standing::Unreadable(flaw) => Outcome::Unreadable(flaw.clone()),
            };
            Some(PodAnswer {
                pod: pod.name.clone(),
                outcome,
            })
        });
    Plan {
        purchases,
        pods: pods.collect(),
        new_groups: Vec::new(),
    }
}

// === impl Handing ===

impl Handing<'_> {
    /// Gives the pods that were planned for a bin their outcome; returns their names in order.
    fn take(&mut self, packing: &Packing<'_>, bin: usize, outcome: &Outcome) -> Vec<PodName> {
        let mut pods: Vec<usize> = Vec::new();
        for (class, count) in &packing.scene.bins[bin].planned {
            pods.extend(self.queues[*class].by_ref().take(*count as usize));
        }
        pods.sort_unstable();
        for pod in &pods {
            self.outcomes[*pod] = Some(outcome.clone());
        }
        pods.into_iter()
            .map(|pod| self.setup.pods[pod].name.clone())
            .collect()
    }
}

fn growths(handing: &mut Handing<'_>, packing: &Packing<'_>, offers: &[Offer]) -> Vec<Growth> {
    let mut by_offer: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, purchase) in packing.purchases.iter().enumerate() {
        by_offer.entry(purchase.offer).or_default().push(index);
    }
    let setup = handing.setup;
    let growths = by_offer.into_iter().map(|(index, purchases)| {
        let offer = &offers[index];
        let group = setup.groups[offer.group];
        let count = u32::try_from(purchases.len()).unwrap_or(u32::MAX);
        let is_minimum = |purchase: &&usize| packing.purchases[**purchase].is_minimum;
        let bins = purchases.iter().map(|purchase| packing.purchases[*purchase].bin);
        let nodes = bins.zip(1..).map(|(bin, number)| {
            let outcome = Outcome::NewNode(group.name.clone(), number);
            handing.take(packing, bin, &outcome)
        });
        Growth {
            group: group.name.clone(),
            size: group.size,
            count,
            minimum: u32::try_from(purchases.iter().filter(is_minimum).count()).unwrap_or(u32::MAX),
            price: offer.price.map(|price| price.times(count)),
            nodes: nodes.collect(),
            runner_up: runner_up(setup, packing, offers, index, &purchases),
        }
    });
    growths.collect()
}

/// Finds the next best group for what is bought of an offer.
fn runner_up(
    setup: &Setup<'_>,
    packing: &Packing<'_>,
    offers: &[Offer],
    taken: usize,
    purchases: &[usize],
) -> Option<RunnerUp> {
    let bins = purchases
        .iter()
        .map(|purchase| &packing.scene.bins[packing.purchases[*purchase].bin]);
    let bins: Vec<_> = bins.map(|bin| (bin, packing.used(bin))).collect();
    let count = u32::try_from(purchases.len()).unwrap_or(u32::MAX);
    let enough = |index: &usize| *index != taken && packing.offers_left[*index] >= count;
    let mut others: Vec<usize> = (0..offers.len()).filter(enough).collect();
    others.sort_by_key(|index| (offers[*index].rank(), *index));
    let takes = |index: &usize| {
        let probe = &offers[*index].probe;
        bins.iter()
            .all(|(bin, used)| packing.takes_over(probe, bin, used))
    };
    let best = others.into_iter().find(takes)?;
    let group = setup.groups[offers[best].group];
    Some(RunnerUp {
        group: group.name.clone(),
        size: group.size,
        price: group.price.map(|price| price.times(count)),
    })
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
    found.extend(group.paused.clone().map(|detail| Misfit::GroupPaused { detail }));
    // Of a group that cannot be read the size is not known for that reason alone.
    if group.flaw.is_none() && (!group.is_offered || group.room.is_none()) {
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
