//! Placing pods of one class into bins, and opening bins for them.

use std::collections::{BTreeMap, VecDeque};

use super::{Offer, Packing, Purchase};
use crate::scene::Chance;

/// Keeps bins that do not take a class yet. Of those in the same domains one speaks for all.
#[derive(Default)]
struct Waiting(BTreeMap<Vec<Option<usize>>, Bucket>);

/// Holds bins in the same domains, in their order.
#[derive(Default)]
struct Bucket {
    bins: VecDeque<usize>,
    /// What the class waited for when the first of them was last asked.
    refused_at: Option<u64>,
}

/// Is how many pods of which class went into which bin.
pub(super) struct Move {
    pub(super) bin: usize,
    class: usize,
    count: u32,
}

// === impl Packing ===

impl Packing<'_> {
    /// Places as many pods of a class as go into these bins, in their order.
    pub(crate) fn fill(&mut self, class: usize, bins: impl Iterator<Item = usize>) {
        let mut waiting = self.start(class, bins);
        self.settle(class, &mut waiting);
    }

    /// Places pods of a class into these bins, and into new ones of the first offers that take them.
    pub(crate) fn fill_and_buy(
        &mut self,
        class: usize,
        bins: &[usize],
        offers: &[Offer],
        preferred: &[usize],
        in_turn: bool,
    ) {
        let mut waiting = self.start(class, bins.iter().copied());
        self.settle(class, &mut waiting);
        while self.left[class] > 0 && self.workers_left > 0 {
            let could = |offer: &usize| {
                let probe = &offers[*offer].probe;
                self.offers_left[*offer] > 0
                    && matches!(self.scene.chance_in(probe, class, 1), Chance::Now(_))
            };
            let mut usable = preferred.iter().copied().filter(could);
            let Some(first) = usable.next() else { return };
            let alike = usable.take_while(|offer| in_turn && offers[*offer].is_like(&offers[first]));
            let bought = |offer: &usize| offers[*offer].left - self.offers_left[*offer];
            let offer = std::iter::once(first)
                .chain(alike)
                .min_by_key(bought)
                .unwrap_or(first);
            let bin = self.scene.open_like(&offers[offer].probe);
            // It takes some, as the probe does: as a domain of its own it has the fewest pods.
            self.ask(class, bin, &mut waiting);
            self.purchases.push(Purchase {
                bin,
                offer,
                is_minimum: false,
            });
            self.offers_left[offer] -= 1;
            self.workers_left -= 1;
            self.settle(class, &mut waiting);
        }
    }

    fn start(&mut self, class: usize, bins: impl Iterator<Item = usize>) -> Waiting {
        let mut waiting = Waiting::default();
        for bin in bins {
            if self.left[class] == 0 {
                break;
            }
            self.ask(class, bin, &mut waiting);
        }
        waiting
    }

    /// Places pods into one bin, or lets it wait with its like.
    fn ask(&mut self, class: usize, bin: usize, waiting: &mut Waiting) {
        if !self.scene.rules.classes[class].depends_on_others() {
            self.pour(class, bin);
            return;
        }
        let bucket = waiting
            .0
            .entry(self.scene.domains_that_matter(bin, class))
            .or_default();
        if bucket.refused_at == Some(self.scene.progress(class)) {
            bucket.bins.push_back(bin);
        } else if self.pour(class, bin) == Chance::Later {
            bucket.bins.push_back(bin);
            bucket.refused_at = Some(self.scene.progress(class));
        }
    }

    /// Asks those that waited again, as long as something has changed for them.
    fn settle(&mut self, class: usize, waiting: &mut Waiting) {
        loop {
            let before = self.left[class];
            for bucket in waiting.0.values_mut() {
                while self.left[class] > 0
                    && bucket.refused_at != Some(self.scene.progress(class))
                    && let Some(bin) = bucket.bins.front().copied()
                {
                    match self.pour(class, bin) {
                        Chance::Later => bucket.refused_at = Some(self.scene.progress(class)),
                        Chance::Now(_) | Chance::Never => {
                            bucket.bins.pop_front();
                        }
                    }
                }
            }
            if self.left[class] == 0 || self.left[class] == before {
                return;
            }
        }
    }

    /// Places pods into one bin until it takes no more; tells why it stopped.
    fn pour(&mut self, class: usize, bin: usize) -> Chance {
        loop {
            if self.left[class] == 0 {
                return Chance::Never;
            }
            match self.scene.chance(bin, class, self.left[class]) {
                Chance::Now(count) => {
                    self.put(bin, class, count);
                    self.left[class] -= count;
                }
                chance @ (Chance::Later | Chance::Never) => return chance,
            }
        }
    }

    /// Plans pods of a class for a bin, whether or not they fit.
    pub(super) fn put(&mut self, bin: usize, class: usize, count: u32) {
        self.scene.place(bin, class, count, false);
        let planned = &mut self.scene.bins[bin].planned;
        match planned.iter_mut().find(|(known, _)| *known == class) {
            Some((_, known)) => *known += count,
            None => planned.push((class, count)),
        }
    }

    /// Puts pods into bins, in their order, and notes what went where; returns those that fit in none.
    pub(super) fn refill(
        &mut self,
        bins: &[usize],
        mut pods: Vec<(usize, u32)>,
        moves: &mut Vec<Move>,
    ) -> Vec<(usize, u32)> {
        let mut before = usize::MAX;
        // Some may wait for others among them.
        while !pods.is_empty() && moves.len() != before {
            before = moves.len();
            for (class, left) in &mut pods {
                for bin in bins {
                    self.move_some(*bin, *class, left, moves);
                    if *left == 0 {
                        break;
                    }
                }
            }
            pods.retain(|(_, left)| *left > 0);
        }
        pods
    }

    fn move_some(&mut self, bin: usize, class: usize, left: &mut u32, moves: &mut Vec<Move>) {
        while let (1.., Chance::Now(count)) = (*left, self.scene.chance(bin, class, *left)) {
            self.put(bin, class, count);
            *left -= count;
            moves.push(Move { bin, class, count });
        }
    }

    /// Takes pods out of the bin into which they were moved.
    pub(super) fn take_back(&mut self, moved: &Move) {
        let Move { bin, class, count } = *moved;
        self.scene.lift(bin, class, count, false);
        let planned = &mut self.scene.bins[bin].planned;
        if let Some((_, known)) = planned.iter_mut().find(|(known, _)| *known == class) {
            *known -= count;
        }
        planned.retain(|(_, count)| *count > 0);
    }
}
