//! Giving up nodes whose pods find room on several others.
//!
//! A node has whole cores, so most have some room left. What is left of many together may hold what is on one, which no
//! way to buy sees: the sizes of the last nodes are known when all is placed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Packing;
use super::merge::Merger;

/// How often a node is asked whether it takes pods of a class, so that a large plan stays fast.
const MOST_QUESTIONS: usize = 100_000;

// === impl Packing ===

impl Packing<'_> {
    /// Gives up nodes whose pods others take as they are, but for a rest that one takes once that is larger.
    ///
    /// Those are tried first that have least of what keeps pods apart, and of these the ones that were bought last.
    pub(super) fn dissolve(&mut self, merger: &mut Merger<'_>) {
        let mut near: BTreeMap<Vec<Option<usize>>, Vec<usize>> = BTreeMap::new();
        for (index, purchase) in self.purchases.iter().enumerate() {
            let place = self.scene.neighbourhood(purchase.bin);
            near.entry(place).or_default().push(index);
        }
        let may_go = |index: &usize| !self.purchases[*index].is_minimum && !merger.is_gone(*index);
        let mut order: Vec<usize> = (0..self.purchases.len()).filter(may_go).collect();
        order.sort_by_cached_key(|index| (self.count_apart(self.purchases[*index].bin), Reverse(*index)));
        let mut questions = 0;
        for from in order {
            let bin = self.purchases[from].bin;
            let near = near.get(&self.scene.neighbourhood(bin));
            let others = near.into_iter().flatten().copied();
            let others = others.filter(|other| *other != from && !merger.is_gone(*other));
            let others: Vec<usize> = others.collect();
            questions += others.len() * self.scene.bins[bin].planned.len();
            if questions > MOST_QUESTIONS {
                return;
            }
            self.scatter(from, &others, merger);
        }
    }

    /// Counts what keeps pods of a bin off nodes that have their like.
    fn count_apart(&self, bin: usize) -> usize {
        let planned = self.scene.bins[bin].planned.iter();
        planned
            .map(|(class, _)| self.scene.rules.apart(*class).count())
            .sum()
    }

    /// Puts the pods of a node on others, none of which is worse for them; changes nothing where some find no place.
    fn scatter(&mut self, from: usize, others: &[usize], merger: &mut Merger<'_>) {
        let bin = self.purchases[from].bin;
        let bins = self.bins_as_good(bin, others);
        let fewest = self.scene.fewest();
        let pods = self.empty(bin);
        self.scene.retire(bin);
        let mut moves = Vec::new();
        let rest = self.refill(&bins, pods.clone(), &mut moves);
        let touched: BTreeSet<usize> = moves.iter().map(|one| one.bin).collect();
        let is_touched = |other: &&usize| touched.contains(&self.purchases[**other].bin);
        let touched: Vec<usize> = others.iter().filter(is_touched).copied().collect();
        self.reckon(&touched, merger);
        if rest.is_empty() && self.scene.has_no_fewer(&fewest) {
            self.give_up(from, merger);
            return;
        }
        self.scene.revive(bin);
        self.put_back(bin, &rest);
        self.reckon(&[from], merger);
        if moves.is_empty() || !self.merge_one(from, merger, &fewest) {
            for moved in &moves {
                self.take_back(moved);
            }
            self.empty(bin);
            self.put_back(bin, &pods);
            self.reckon(&[from], merger);
            self.reckon(&touched, merger);
        }
    }

    /// Lists the bins of purchases that are as good for what is planned for a bin.
    fn bins_as_good(&self, bin: usize, purchases: &[usize]) -> Vec<usize> {
        let rules = self.scene.rules;
        let here = &self.scene.bins[bin];
        let bins = purchases.iter().map(|other| self.purchases[*other].bin);
        let as_good = bins.filter(|other| {
            let there = self.scene.bins[*other].site;
            let mut planned = here.planned.iter();
            rules.counts_alike(there, here.site)
                && planned.all(|(class, _)| rules.is_as_preferred(*class, there, here.site))
        });
        as_good.collect()
    }
}
