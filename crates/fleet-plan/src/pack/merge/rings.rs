//! Which nodes are tried for the pods of another.

use std::collections::{BTreeMap, BTreeSet};

use crate::scene::Apart;

/// How many nodes are tried for the pods of one, so that this takes time as there are nodes.
const MOST_TRIES: usize = 6;

/// Is where a node is, and what keeps further pods off it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Surroundings {
    pub(super) domains: Vec<Option<usize>>,
    pub(super) apart: BTreeSet<Apart>,
}

/// Lists purchases in the same surroundings, and which is tried next: each gets its turn, so that none grows alone.
#[derive(Default)]
struct Ring {
    purchases: Vec<usize>,
    next: usize,
}

/// Holds all purchases that may change, by their surroundings.
#[derive(Default)]
pub(super) struct Rings {
    all: Vec<Ring>,
    numbers: BTreeMap<Surroundings, usize>,
    /// The ring of each purchase; none of one that is gone or may not change.
    of: Vec<Option<usize>>,
}

// === impl Rings ===

impl Rings {
    /// Puts a purchase into the ring of its surroundings; it leaves the one where it was.
    pub(super) fn add(&mut self, purchase: usize, surroundings: Surroundings) {
        if self.of.len() <= purchase {
            self.of.resize(purchase + 1, None);
        }
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

    /// Takes a purchase out of its ring.
    pub(super) fn remove(&mut self, purchase: usize) {
        if let Some(ring) = self.of.get_mut(purchase) {
            *ring = None;
        }
    }

    /// Lists purchases to try for the pods of one: in its domains, and where fewer rules keep its pods off first.
    pub(super) fn candidates(&mut self, here: &Surroundings, from: usize) -> Vec<usize> {
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
