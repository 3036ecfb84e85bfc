//! Whether what was planned is still within the spreads, once something else has changed.

use super::Scene;

// === impl Scene ===

impl Scene<'_> {
    /// Lists for every spread that asks for some number of domains how many pods the domain with the fewest has.
    pub(crate) fn fewest(&self) -> Vec<u32> {
        let asking = self.rules.asking_for_domains.iter();
        asking
            .map(|(rule, min_domains)| self.spreads[*rule].least(*min_domains))
            .collect()
    }

    /// Tells whether these numbers have not become less, as they do where a domain is gone and too few are left.
    pub(crate) fn has_no_fewer(&self, before: &[u32]) -> bool {
        self.fewest()
            .iter()
            .zip(before)
            .all(|(now, before)| now >= before)
    }

    /// Tells whether the pods that were planned for a bin are within the spreads that they ask for, as things are now.
    pub(crate) fn is_balanced(&self, bin: usize) -> bool {
        let here = &self.bins[bin];
        here.planned.iter().all(|(class, _)| {
            let mut spread = self.rules.classes[*class].spread.iter();
            spread.all(|one| {
                let domain = here.domains[self.rules.spreads[one.rule].key];
                let skew = |domain| self.spreads[one.rule].skew(domain, one.min_domains);
                domain.is_some_and(|domain| skew(domain) <= i64::from(one.max_skew))
            })
        })
    }
}
