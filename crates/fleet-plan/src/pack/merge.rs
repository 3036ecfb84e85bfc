//! Putting the pods of two bought nodes on one, where that is not dearer.
//!
//! A machine has its own price, and DaemonSets take their part of each, so one larger node is often cheaper than two. No
//! way to buy sees this: when a node is opened, it is not known yet what will find no room on it.

mod rings;

use super::{Offer, Packing};
use crate::Resources;
use crate::group::Price;
use rings::{Rings, Surroundings};

/// Sums up what pods of a node take: resources, and their number.
type Load = (Resources, i64);

/// Names two purchases: the pods of one go to the node of the other.
#[derive(Clone, Copy)]
struct Union {
    from: usize,
    to: usize,
}

/// Holds what is known of the purchases while some are given up.
pub(super) struct Merger<'a> {
    offers: &'a [Offer],
    /// The offers by their price.
    cheapest_first: &'a [usize],
    /// What the pods of each purchase take.
    loads: Vec<Load>,
    rings: Rings,
    is_gone: Vec<bool>,
}

// === impl Packing ===

impl Packing<'_> {
    /// Gives up nodes whose pods others take; tells whether any.
    pub(super) fn merge(&mut self, offers: &[Offer], cheapest_first: &[usize]) -> bool {
        let bins = self.purchases.iter().map(|one| &self.scene.bins[one.bin]);
        let mut merger = Merger {
            offers,
            cheapest_first,
            loads: bins.map(|bin| self.used(bin)).collect(),
            rings: Rings::default(),
            is_gone: vec![false; self.purchases.len()],
        };
        let may_change = |index: &usize| !self.purchases[*index].is_minimum;
        let changeable: Vec<usize> = (0..self.purchases.len()).filter(may_change).collect();
        for index in &changeable {
            merger
                .rings
                .add(*index, self.surroundings(self.purchases[*index].bin));
        }
        for from in changeable.iter().rev() {
            let fewest = self.scene.fewest();
            self.merge_one(*from, &mut merger, &fewest);
        }
        self.dissolve(&mut merger);
        let before = self.purchases.len();
        let mut gone = merger.is_gone.into_iter();
        self.purchases.retain(|_| gone.next() != Some(true));
        self.purchases.len() < before
    }

    /// Gives up a node whose pods one other takes once that is larger; tells whether there is one.
    pub(super) fn merge_one(&mut self, from: usize, merger: &mut Merger<'_>, fewest: &[u32]) -> bool {
        let here = self.surroundings(self.purchases[from].bin);
        for to in merger.rings.candidates(&here, from) {
            if self.unite(Union { from, to }, merger, fewest) {
                let surroundings = self.surroundings(self.purchases[to].bin);
                merger.rings.add(to, surroundings);
                self.reckon(&[to], merger);
                return true;
            }
        }
        false
    }

    /// Gives up a node that has no pods and is retired.
    pub(super) fn give_up(&mut self, from: usize, merger: &mut Merger<'_>) {
        merger.rings.remove(from);
        merger.is_gone[from] = true;
        self.offers_left[self.purchases[from].offer] += 1;
        self.workers_left += 1;
    }

    /// Sums up anew what the pods of these purchases take.
    pub(super) fn reckon(&self, purchases: &[usize], merger: &mut Merger<'_>) {
        for index in purchases {
            merger.loads[*index] = self.used(&self.scene.bins[self.purchases[*index].bin]);
        }
    }

    fn surroundings(&self, bin: usize) -> Surroundings {
        let planned = self.scene.bins[bin].planned.iter();
        Surroundings {
            domains: self.scene.neighbourhood(bin),
            apart: planned
                .flat_map(|(class, _)| self.scene.rules.apart(*class))
                .collect(),
        }
    }

    /// Puts the pods of one node on another that becomes larger for them; tells whether it did.
    fn unite(&mut self, union: Union, merger: &mut Merger<'_>, fewest: &[u32]) -> bool {
        let Some(offer) = self.larger(union, merger) else {
            return false;
        };
        let [from, to] = [union.from, union.to].map(|index| self.purchases[index]);
        let moved = self.empty(from.bin);
        let kept = self.empty(to.bin);
        let smaller = self.scene.bins[to.bin].clone();
        self.scene.refit(to.bin, &merger.offers[offer].probe);
        self.scene.retire(from.bin);
        let both = kept.iter().chain(&moved).copied().collect();
        let rest = self.refill(&[to.bin], both, &mut Vec::new());
        if !rest.is_empty() || !self.scene.has_no_fewer(fewest) {
            self.empty(to.bin);
            self.scene.revive(from.bin);
            self.scene.refit(to.bin, &smaller);
            self.put_back(to.bin, &kept);
            self.put_back(from.bin, &moved);
            return false;
        }
        self.give_up(union.from, merger);
        self.offers_left[to.offer] += 1;
        self.offers_left[offer] -= 1;
        self.purchases[union.to].offer = offer;
        true
    }

    /// Finds the cheapest node that has room for the pods of both and costs no more than both.
    fn larger(&self, union: Union, merger: &Merger<'_>) -> Option<usize> {
        let Merger { offers, loads, .. } = merger;
        let [from, to] = [union.from, union.to].map(|index| self.purchases[index]);
        let paid = Price(
            offers[from.offer]
                .price?
                .0
                .saturating_add(offers[to.offer].price?.0),
        );
        let is_preferred = [from, to].iter().any(|one| offers[one.offer].is_preferred);
        let [one, other] = [from.bin, to.bin].map(|bin| &self.scene.bins[bin]);
        let rules = self.scene.rules;
        let mut shunning = one
            .planned
            .iter()
            .filter(|(class, _)| rules.classes[*class].shuns_itself());
        if shunning.any(|(class, _)| other.planned.iter().any(|(there, _)| there == class)) {
            return None;
        }
        let mut sum = loads[union.to].clone();
        sum.0.add(&loads[union.from].0, 1);
        sum.1 += loads[union.from].1;
        let mut affordable = merger
            .cheapest_first
            .iter()
            .copied()
            .take_while(|offer| offers[*offer].price.is_some_and(|price| price <= paid));
        affordable.find(|offer| {
            let probe = &offers[*offer].probe;
            // At the same price what is preferred is better than fewer nodes.
            let is_better = offers[*offer].price < Some(paid) || offers[*offer].is_preferred || !is_preferred;
            let is_left = self.offers_left[*offer] > 0 || *offer == from.offer || *offer == to.offer;
            is_better && is_left && self.takes_over(probe, one, &sum) && self.takes_over(probe, other, &sum)
        })
    }

    /// Takes all planned pods out of a bin; returns their classes and how many of each.
    pub(super) fn empty(&mut self, bin: usize) -> Vec<(usize, u32)> {
        let planned = std::mem::take(&mut self.scene.bins[bin].planned);
        for (class, count) in &planned {
            self.scene.lift(bin, *class, *count, false);
        }
        planned
    }

    pub(super) fn put_back(&mut self, bin: usize, pods: &[(usize, u32)]) {
        for (class, count) in pods {
            self.put(bin, *class, *count);
        }
    }
}

// === impl Merger ===

impl Merger<'_> {
    pub(super) fn is_gone(&self, purchase: usize) -> bool {
        self.is_gone[purchase]
    }
}
