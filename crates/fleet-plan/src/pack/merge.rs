//! Putting the pods of two bought nodes on one, where that is not dearer.
//!
//! A machine has its own price, and DaemonSets take their part of each, so one larger node is often cheaper than two. No
//! way to buy sees this: when a node is opened, it is not known yet what will find no room on it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Offer, Packing};
use crate::Resources;
use crate::group::Price;
use crate::scene::{Apart, Chance};

/// How many nodes are tried for the pods of one, so that this takes time as there are nodes.
const MOST_TRIES: usize = 6;

/// Sums up what pods of a node take: resources, and their number.
type Load = (Resources, i64);

/// Is where a node is, and what keeps further pods off it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Surroundings {
    domains: Vec<Option<usize>>,
    apart: BTreeSet<Apart>,
}

/// Lists purchases in the same surroundings, and which is tried next: each gets its turn, so that none grows alone.
#[derive(Default)]
struct Ring {
    purchases: Vec<usize>,
    next: usize,
}

/// Holds all purchases that may change, by their surroundings.
#[derive(Default)]
struct Rings {
    all: Vec<Ring>,
    numbers: BTreeMap<Surroundings, usize>,
    /// The ring of each purchase; none of one that is gone or may not change.
    of: Vec<Option<usize>>,
}

/// Names two purchases: the pods of one go to the node of the other.
#[derive(Clone, Copy)]
struct Union {
    from: usize,
    to: usize,
}

// === impl Packing ===

impl Packing<'_> {
    /// Gives up nodes whose pods another takes once that is larger, those that were bought last first; tells whether any.
    pub(super) fn merge(&mut self, offers: &[Offer], cheapest_first: &[usize]) -> bool {
        let bins = self.purchases.iter().map(|one| &self.scene.bins[one.bin]);
        let mut loads: Vec<Load> = bins.map(|bin| self.used(bin)).collect();
        let mut rings = Rings::default();
        let mut is_gone = vec![false; self.purchases.len()];
        for (index, purchase) in self.purchases.iter().enumerate() {
            rings.of.push(None);
            if !purchase.is_minimum {
                rings.add(index, self.surroundings(purchase.bin));
            }
        }
        for from in (0..self.purchases.len()).rev() {
            if self.purchases[from].is_minimum {
                continue;
            }
            let here = self.surroundings(self.purchases[from].bin);
            for to in rings.candidates(&here, from) {
                let union = Union { from, to };
                if self.unite(union, offers, cheapest_first, &loads) {
                    let (resources, pods) = std::mem::take(&mut loads[from]);
                    loads[to].0.add(&resources, 1);
                    loads[to].1 += pods;
                    rings.of[from] = None;
                    rings.add(to, self.surroundings(self.purchases[to].bin));
                    is_gone[from] = true;
                    break;
                }
            }
        }
        let before = self.purchases.len();
        let mut gone = is_gone.into_iter();
        self.purchases.retain(|_| gone.next() != Some(true));
        self.purchases.len() < before
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
    fn unite(&mut self, union: Union, offers: &[Offer], cheapest_first: &[usize], loads: &[Load]) -> bool {
        let Some(offer) = self.larger(union, offers, cheapest_first, loads) else {
            return false;
        };
        let [from, to] = [union.from, union.to].map(|index| self.purchases[index]);
        let moved = self.empty(from.bin);
        let kept = self.empty(to.bin);
        let smaller = self.scene.bins[to.bin].clone();
        self.scene.refit(to.bin, &offers[offer].probe);
        if !self.refill(to.bin, kept.iter().chain(&moved).copied().collect()) {
            self.empty(to.bin);
            self.scene.refit(to.bin, &smaller);
            self.put_back(to.bin, &kept);
            self.put_back(from.bin, &moved);
            return false;
        }
        self.scene.retire(from.bin);
        self.offers_left[from.offer] += 1;
        self.offers_left[to.offer] += 1;
        self.offers_left[offer] -= 1;
        self.workers_left += 1;
        self.purchases[union.to].offer = offer;
        true
    }

    /// Finds the cheapest node that has room for the pods of both and costs no more than both.
    fn larger(
        &self,
        union: Union,
        offers: &[Offer],
        cheapest_first: &[usize],
        loads: &[Load],
    ) -> Option<usize> {
        let [from, to] = [union.from, union.to].map(|index| self.purchases[index]);
        let paid = Price(
            offers[from.offer]
                .price?
                .0
                .saturating_add(offers[to.offer].price?.0),
        );
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
        let mut affordable = cheapest_first
            .iter()
            .copied()
            .take_while(|offer| offers[*offer].price.is_some_and(|price| price <= paid));
        affordable.find(|offer| {
            let probe = &offers[*offer].probe;
            let is_left = self.offers_left[*offer] > 0 || *offer == from.offer || *offer == to.offer;
            is_left && self.takes_over(probe, one, &sum) && self.takes_over(probe, other, &sum)
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

    /// Puts pods into a bin as far as they fit there; tells whether all do.
    fn refill(&mut self, bin: usize, mut pods: Vec<(usize, u32)>) -> bool {
        let mut before = usize::MAX;
        // Some may wait for others among them.
        while !pods.is_empty() && pods.len() < before {
            before = pods.len();
            pods.retain_mut(|(class, left)| {
                while let (1.., Chance::Now(count)) = (*left, self.scene.chance(bin, *class, *left)) {
                    self.put(bin, *class, count);
                    *left -= count;
                }
                *left > 0
            });
        }
        pods.is_empty()
    }
}

// === impl Rings ===

impl Rings {
    /// Puts a purchase into the ring of its surroundings; it leaves the one where it was.
    fn add(&mut self, purchase: usize, surroundings: Surroundings) {
        let next = self.all.len();
        let ring = *self.numbers.entry(surroundings).or_insert(next);
        if ring == next {
            self.all.push(Ring::default());
        }
        if self.of[purchase] != Some(ring) {
            self.of[purchase] = Some(ring);
            self.all[ring].purchases.push(purchase);
        }
    }

    /// Lists purchases to try for the pods of one: in its domains, and where fewer rules keep its pods off first.
    fn candidates(&mut self, here: &Surroundings, from: usize) -> Vec<usize> {
        let near = self
            .numbers
            .iter()
            .filter(|(there, _)| there.domains == here.domains);
        let mut near: Vec<(usize, usize)> = near
            .map(|(there, ring)| (there.apart.intersection(&here.apart).count(), *ring))
            .collect();
        near.sort_unstable();
        let mut found = Vec::new();
        for (_, number) in near {
            let ring = &mut self.all[number];
            let mut turns = ring.purchases.len();
            while turns > 0 && found.len() < MOST_TRIES {
                turns -= 1;
                let Some(purchase) = ring.draw() else { break };
                if self.of[purchase] != Some(number) {
                    ring.purchases.swap_remove(ring.next);
                } else if purchase != from {
                    found.push(purchase);
                }
            }
        }
        found
    }
}

// === impl Ring ===

impl Ring {
    fn draw(&mut self) -> Option<usize> {
        self.next = (self.next + 1).checked_rem(self.purchases.len())?;
        self.purchases.get(self.next).copied()
    }
}
