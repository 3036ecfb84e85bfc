//! Placing pods of one class into bins, and opening bins for them.

use super::{Offer, Packing, Purchase};
use crate::scene::Chance;

/// Keeps the bins that do not take a class yet, and what they waited for when they were last asked.
struct Waiting {
    bins: Vec<usize>,
    asked_at: u64,
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
        bins: impl Iterator<Item = usize>,
        offers: &[Offer],
        preferred: &[usize],
    ) {
        let mut waiting = self.start(class, bins);
        self.settle(class, &mut waiting);
        while self.left[class] > 0 && self.workers_left > 0 {
            let could = |offer: &usize| {
                let probe = &offers[*offer].probe;
                self.offers_left[*offer] > 0
                    && matches!(self.scene.chance_in(probe, class, 1), Chance::Now(_))
            };
            let Some(offer) = preferred.iter().copied().find(could) else {
                return;
            };
            let bin = self.scene.open_like(&offers[offer].probe);
            match self.pour(class, bin) {
                (true, chance) => {
                    self.purchases.push(Purchase {
                        bin,
                        offer,
                        is_minimum: false,
                    });
                    self.offers_left[offer] -= 1;
                    self.workers_left -= 1;
                    waiting.bins.extend((chance == Chance::Later).then_some(bin));
                }
                (false, _) => {
                    // As a domain of its own the node makes a spread worse; no other would be different.
                    self.scene.close();
                    return;
                }
            }
            self.settle(class, &mut waiting);
        }
    }

    fn start(&mut self, class: usize, bins: impl Iterator<Item = usize>) -> Waiting {
        let mut waiting = Waiting {
            bins: Vec::new(),
            asked_at: self.scene.progress(class),
        };
        for bin in bins {
            if self.left[class] == 0 {
                break;
            }
            if self.pour(class, bin).1 == Chance::Later {
                waiting.bins.push(bin);
            }
        }
        waiting
    }

    /// Asks those that waited again, as long as something has changed for them.
    fn settle(&mut self, class: usize, waiting: &mut Waiting) {
        while self.left[class] > 0 && !waiting.bins.is_empty() {
            let now = self.scene.progress(class);
            if now == waiting.asked_at {
                return;
            }
            waiting.asked_at = now;
            for bin in std::mem::take(&mut waiting.bins) {
                if self.left[class] > 0 && self.pour(class, bin).1 == Chance::Later {
                    waiting.bins.push(bin);
                }
            }
        }
    }

    /// Places pods into one bin until it takes no more; tells whether it took some, and why it stopped.
    fn pour(&mut self, class: usize, bin: usize) -> (bool, Chance) {
        let mut placed = 0;
        let chance = loop {
            if self.left[class] == 0 {
                break Chance::Never;
            }
            match self.scene.chance(bin, class, self.left[class]) {
                Chance::Now(count) => {
                    self.scene.place(bin, class, count, false);
                    self.left[class] -= count;
                    placed += count;
                }
                chance @ (Chance::Later | Chance::Never) => break chance,
            }
        };
        if placed > 0 {
            let planned = &mut self.scene.bins[bin].planned;
            match planned.iter_mut().find(|(known, _)| *known == class) {
                Some((_, count)) => *count += placed,
                None => planned.push((class, placed)),
            }
        }
        (placed > 0, chance)
    }
}
