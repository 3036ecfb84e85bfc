//! R7: a maximum matching between batches of claims and kinds of new things.
//!
//! Claims of one batch can be swapped for each other, and so can things that are new for the same batches.
//! Counting them instead of drawing every line between them keeps the graph small.

use std::collections::VecDeque;

/// Describes one connected component.
#[derive(Debug)]
pub(crate) struct Component {
    /// The batch of each claim, in the order in which claims choose.
    pub(crate) claims: Vec<usize>,
    /// How many batches there are.
    pub(crate) batches: usize,
    /// For each kind: the batches it is new for.
    pub(crate) adjacent: Vec<Vec<usize>>,
    /// For each kind: the ages of its things, oldest first; no two things are of one age.
    pub(crate) ages: Vec<Vec<usize>>,
}

/// Gives each claim in turn the oldest thing that still lets everything else find a claim.
///
/// Returns the age of each claim's thing, or `None` when something would be left over.
pub(crate) fn allocate(component: &Component) -> Option<Vec<Option<usize>>> {
    let mut flow = Flow::new(component);
    if !flow.saturate() {
        return None;
    }
    let mut next = vec![0; component.ages.len()];
    let mut given = Vec::with_capacity(component.claims.len());
    for batch in &component.claims {
        let oldest = |kind: usize| component.ages[kind].get(next[kind]).map(|age| (*age, kind));
        let mut choices: Vec<(usize, usize)> = (0..component.ages.len())
            .filter(|kind| component.adjacent[*kind].contains(batch))
            .filter_map(oldest)
            .collect();
        choices.sort_unstable();
        let chosen = choices.into_iter().find(|(_, kind)| flow.commit(*batch, *kind));
        // Whoever goes without leaves nothing behind: no way to place the rest has anything for its batch.
        if let Some((_, kind)) = chosen {
            next[kind] += 1;
        }
        given.push(chosen.map(|(age, _)| age));
    }
    Some(given)
}

/// Holds how many things of each kind go to each batch.
#[derive(Debug, Clone)]
struct Flow<'c> {
    adjacent: &'c [Vec<usize>],
    supply: Vec<usize>,
    demand: Vec<usize>,
    /// Indexed by kind, then by batch.
    amount: Vec<Vec<usize>>,
}

// === impl Flow ===

impl<'c> Flow<'c> {
    fn new(component: &'c Component) -> Self {
        let mut supply = vec![0; component.batches];
        for batch in &component.claims {
            supply[*batch] += 1;
        }
        Self {
            adjacent: &component.adjacent,
            supply,
            demand: component.ages.iter().map(Vec::len).collect(),
            amount: vec![vec![0; component.batches]; component.ages.len()],
        }
    }

    /// Finds a claim for everything; false when that is impossible.
    fn saturate(&mut self) -> bool {
        for kind in 0..self.demand.len() {
            for batch in &self.adjacent[kind] {
                let wanted = self.demand[kind] - self.placed(kind);
                let free = self.supply[*batch] - self.used(*batch);
                self.amount[kind][*batch] += wanted.min(free);
            }
        }
        (0..self.demand.len()).all(|kind| {
            while self.placed(kind) < self.demand[kind] {
                if !self.augment(kind) {
                    return false;
                }
            }
            true
        })
    }

    /// Fixes one thing of a kind for one claim of a batch, unless something else would then be left over.
    fn commit(&mut self, batch: usize, kind: usize) -> bool {
        if self.amount[kind][batch] > 0 {
            self.amount[kind][batch] -= 1;
            self.supply[batch] -= 1;
            self.demand[kind] -= 1;
            return true;
        }
        let mut trial = self.clone();
        trial.supply[batch] -= 1;
        trial.demand[kind] -= 1;
        let Some(other) = trial.amount[kind].iter().position(|amount| *amount > 0) else {
            return false;
        };
        trial.amount[kind][other] -= 1;
        if trial.used(batch) > trial.supply[batch]
            && let Some(displaced) = trial.amount.iter_mut().find(|amounts| amounts[batch] > 0)
        {
            displaced[batch] -= 1;
        }
        let is_possible = trial.saturate();
        if is_possible {
            *self = trial;
        }
        is_possible
    }

    /// Places one more thing of a kind, moving others along the shortest chain that makes room.
    fn augment(&mut self, start: usize) -> bool {
        let mut came_from: Vec<Option<(usize, usize)>> = vec![None; self.demand.len()];
        let mut queue = VecDeque::from([start]);
        while let Some(kind) = queue.pop_front() {
            for &batch in &self.adjacent[kind] {
                if self.used(batch) < self.supply[batch] {
                    self.shift(start, kind, batch, &came_from);
                    return true;
                }
                for (next, origin) in came_from.iter_mut().enumerate() {
                    if next != start && origin.is_none() && self.amount[next][batch] > 0 {
                        *origin = Some((kind, batch));
                        queue.push_back(next);
                    }
                }
            }
        }
        false
    }

    fn shift(&mut self, start: usize, end: usize, free: usize, came_from: &[Option<(usize, usize)>]) {
        let (mut kind, mut batch) = (end, free);
        self.amount[kind][batch] += 1;
        while kind != start {
            let Some((previous, shared)) = came_from[kind] else {
                return;
            };
            self.amount[kind][shared] -= 1;
            (kind, batch) = (previous, shared);
            self.amount[kind][batch] += 1;
        }
    }

    fn placed(&self, kind: usize) -> usize {
        self.amount[kind].iter().sum()
    }

    fn used(&self, batch: usize) -> usize {
        self.amount.iter().map(|amounts| amounts[batch]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Named world: a greedy choice would starve the second claim.
    #[test]
    fn first_claim_leaves_what_only_the_second_can_have() {
        let component = Component {
            claims: vec![0, 1],
            batches: 2,
            adjacent: vec![vec![0, 1], vec![0]],
            ages: vec![vec![1], vec![2]],
        };
        assert_eq!(allocate(&component), Some(vec![Some(2), Some(1)]));
    }

    /// R7: what is left over is seen.
    #[test]
    fn leftover_is_refused() {
        let component = Component {
            claims: vec![0],
            batches: 1,
            adjacent: vec![vec![0]],
            ages: vec![vec![1, 2]],
        };
        assert_eq!(allocate(&component), None);
    }

    /// The slow and obvious way: tries everything, the oldest first.
    fn obvious(claims: &[usize], things: &[(usize, Vec<usize>)]) -> Option<Vec<Option<usize>>> {
        let Some((batch, rest)) = claims.split_first() else {
            return things.is_empty().then(Vec::new);
        };
        for index in 0..things.len() {
            if things[index].1.contains(batch) {
                let mut fewer = things.to_vec();
                let (age, _) = fewer.remove(index);
                if let Some(mut found) = obvious(rest, &fewer) {
                    found.insert(0, Some(age));
                    return Some(found);
                }
            }
        }
        obvious(rest, things).map(|mut found| {
            found.insert(0, None);
            found
        })
    }

    proptest! {
        /// R7: the same as trying everything.
        #[test]
        fn allocation_is_what_trying_everything_finds(
            claims in proptest::collection::vec(0..3usize, 0..5),
            kinds in proptest::collection::vec(proptest::collection::btree_set(0..3usize, 1..4), 0..5),
        ) {
            let adjacent: Vec<Vec<usize>> = kinds.into_iter().map(|kind| kind.into_iter().collect()).collect();
            let things: Vec<(usize, Vec<usize>)> = adjacent.iter().cloned().enumerate().collect();
            // Equal kinds are one kind here, as in the caller.
            let mut merged: std::collections::BTreeMap<Vec<usize>, Vec<usize>> = std::collections::BTreeMap::new();
            for (age, adjacent) in &things {
                merged.entry(adjacent.clone()).or_default().push(*age);
            }
            let component = Component {
                claims: claims.clone(),
                batches: 3,
                adjacent: merged.keys().cloned().collect(),
                ages: merged.values().cloned().collect(),
            };
            prop_assert_eq!(allocate(&component), obvious(&claims, &things));
        }
    }
}
