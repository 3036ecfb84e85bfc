//! Replacing what was bought by what is cheaper and holds the same pods.

use super::{Offer, Packing};
use crate::Resources;
use crate::scene::Bin;

// === impl Packing ===

impl Packing<'_> {
    /// Gives each node that is not a minimum the cheapest offer that takes its pods; tells whether any changed.
    pub(crate) fn shrink(&mut self, offers: &[Offer], cheapest_first: &[usize]) -> bool {
        let mut is_changed = false;
        for index in 0..self.purchases.len() {
            let purchase = self.purchases[index];
            if purchase.is_minimum {
                continue;
            }
            let bin = &self.scene.bins[purchase.bin];
            let used = self.used(bin);
            let better = cheapest_first
                .iter()
                .copied()
                .take_while(|offer| *offer != purchase.offer);
            let mut better = better.filter(|offer| self.offers_left[*offer] > 0);
            let Some(offer) = better.find(|offer| self.takes_over(&offers[*offer].probe, bin, &used)) else {
                continue;
            };
            self.offers_left[purchase.offer] += 1;
            self.offers_left[offer] -= 1;
            self.purchases[index].offer = offer;
            let pods = self.empty(purchase.bin);
            self.scene.refit(purchase.bin, &offers[offer].probe);
            self.put_back(purchase.bin, &pods);
            is_changed = true;
        }
        is_changed
    }

    /// Sums up what was planned for a bin.
    pub(crate) fn used(&self, bin: &Bin) -> (Resources, i64) {
        let mut sum = Resources::default();
        let mut pods = 0;
        for (class, count) in &bin.planned {
            sum.add(&self.scene.rules.classes[*class].demand.requests, *count);
            pods += i64::from(*count);
        }
        (sum, pods)
    }

    /// Tells whether a new node could be in the place of a bin, with the same pods in the same domains.
    pub(crate) fn takes_over(&self, probe: &Bin, bin: &Bin, used: &(Resources, i64)) -> bool {
        let rules = self.scene.rules;
        probe.free_pods >= used.1
            && probe.free.holds(&used.0) > 0
            && rules.are_in_same_domains(probe.site, bin.site)
            && bin.planned.iter().all(|(class, _)| {
                rules.is_admitted(*class, probe.site)
                    && rules.counts_alike(probe.site, bin.site)
                    && rules.is_as_preferred(*class, probe.site, bin.site)
                    && probe.takes_over_volumes_and_ports(bin)
            })
    }
}
