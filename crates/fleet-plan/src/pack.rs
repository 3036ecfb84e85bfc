//! Packing: the whole backlog into what is free, what is coming, and what is cheapest to buy (`SC-4`, `SC-5`).
//!
//! ```text
//!  free ──▶ freed by pods that end ──▶ coming ──▶ bought: several ways are tried, the cheapest is taken
//! ```
//! Pods are placed by class, as many at once as fit, so the work grows with classes and nodes and not with pods.

mod buy;
mod dissolve;
mod fill;
mod merge;
mod shrink;
#[cfg(test)]
mod tests;

use crate::group::Price;
use crate::scene::{Bin, Scene};

pub(crate) use buy::{LARGE_WORK, buy};

/// Is what a group has to offer: nodes of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// The place of the group among all groups.
    pub(crate) group: usize,
    /// A new node, with what DaemonSets take of it taken away.
    pub(crate) probe: Bin,
    pub(crate) price: Option<Price>,
    pub(crate) is_preferred: bool,
    /// How many nodes may be added.
    pub(crate) left: u32,
    /// How many must be added, whatever waits (`SC-6`).
    pub(crate) missing: u32,
}

/// Is a node to buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Purchase {
    pub(crate) bin: usize,
    pub(crate) offer: usize,
    /// Whether its group is below its minimum, so that it is bought without any pod.
    pub(crate) is_minimum: bool,
}

/// Holds a plan while it is made.
#[derive(Debug, Clone)]
pub(crate) struct Packing<'a> {
    pub(crate) scene: Scene<'a>,
    /// Pods of each class that have no place yet.
    pub(crate) left: Vec<u32>,
    /// Nodes of each offer that may still be bought.
    pub(crate) offers_left: Vec<u32>,
    /// Workers that the cluster may still get.
    pub(crate) workers_left: u32,
    pub(crate) purchases: Vec<Purchase>,
}

/// Says how good a packing is; the least is the best.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    /// Whether pods were placed that the scheduler would not place so.
    is_unbalanced: bool,
    /// Pods without a place, those of the highest priority first.
    unserved: Vec<u32>,
    unknown_prices: usize,
    price: Price,
    not_preferred: usize,
    nodes: usize,
    /// CPU in thousandths and memory in units of 4 MiB that stay free.
    waste: i64,
}

// === impl Offer ===

impl Offer {
    /// Says how large a node is: what is left of the smaller of two is the lesser waste.
    fn size(&self) -> i64 {
        // A core is worth about four GiB: what offers have for one.
        self.probe
            .free
            .cpu_m
            .saturating_add(self.probe.free.memory_bytes >> 22)
    }

    /// Says how good it is for what it holds, the least being the best: cheap, preferred, without waste (`SC-5`).
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        (self.price.is_none(), self.price, !self.is_preferred, self.size())
    }

    /// Tells whether nodes of another offer cost the same and are as large.
    fn is_like(&self, other: &Self) -> bool {
        self.price == other.price && self.probe.free == other.probe.free
    }
}

// === impl Packing ===

impl Packing<'_> {
    fn worth(&self, offers: &[Offer], classes: &[usize], coming: &[usize]) -> Worth {
        let bought = || {
            self.purchases
                .iter()
                .map(|one| (&offers[one.offer], &self.scene.bins[one.bin]))
        };
        let mut bins = self
            .purchases
            .iter()
            .map(|one| one.bin)
            .chain(coming.iter().copied());
        let price = bought().filter_map(|(offer, _)| offer.price);
        let mut by_priority = std::collections::BTreeMap::new();
        for class in classes {
            let priority = self.scene.rules.classes[*class].demand.priority;
            *by_priority.entry(std::cmp::Reverse(priority)).or_insert(0) += self.left[*class];
        }
        Worth {
            is_unbalanced: !bins.all(|bin| self.scene.is_balanced(bin)),
            unserved: by_priority.into_values().collect(),
            unknown_prices: bought().filter(|(offer, _)| offer.price.is_none()).count(),
            price: Price(price.map(|price| price.0).sum()),
            not_preferred: bought().filter(|(offer, _)| !offer.is_preferred).count(),
            nodes: self.purchases.len(),
            waste: bought()
                .map(|(_, bin)| bin.free.cpu_m + (bin.free.memory_bytes >> 22))
                .sum(),
        }
    }
}
