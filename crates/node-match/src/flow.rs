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
/// Returns the age of each claim's thing, or `None` when something would be left over. Takes at most as many steps
/// for each claim and each thing as there are pairs of batch and kind.
pub(crate) fn allocate(component: &Component) -> Option<Vec<Option<usize>>> {
    let mut flow = Flow::new(component);
    for (kind, ages) in component.ages.iter().enumerate() {
        for _ in ages {
            if !flow.place(kind) {
                return None;
            }
        }
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
        let reach = flow.reach(&[*batch]);
        let chosen = choices.into_iter().find(|(_, kind)| flow.take(&reach, *kind));
        // Whoever goes without leaves nothing behind: nothing that is left is new for its batch.
        if let Some((_, kind)) = chosen {
            next[kind] += 1;
        }
        given.push(chosen.map(|(age, _)| age));
    }
    Some(given)
}

/// Holds how many things of each kind go to each batch.
#[derive(Debug)]
struct Flow<'c> {
    adjacent: &'c [Vec<usize>],
    /// For each batch: how many claims nothing goes to.
    free: Vec<usize>,
    /// Indexed by batch, then by kind.
    amount: Vec<Vec<usize>>,
}

/// Lists which batches can make room for one more thing in one of a few, by passing things on to each other.
#[derive(Debug)]
struct Reach {
    /// The nearest first. It ends with the first that has room of its own.
    batches: Vec<usize>,
    /// For each batch: a thing of which kind it would get, and which batch would pass it on.
    came_from: Vec<Option<(usize, usize)>>,
}

// === impl Flow ===

impl<'c> Flow<'c> {
    fn new(component: &'c Component) -> Self {
        let mut free = vec![0; component.batches];
        for batch in &component.claims {
            free[*batch] += 1;
        }
        Self {
            adjacent: &component.adjacent,
            free,
            amount: vec![vec![0; component.ages.len()]; component.batches],
        }
    }

    /// Places one more thing of a kind, moving others along the shortest chain that makes room.
    fn place(&mut self, kind: usize) -> bool {
        let reach = self.reach(&self.adjacent[kind]);
        let Some(end) = self.room(&reach) else {
            return false;
        };
        let start = self.pass_on(&reach, end);
        self.amount[start][kind] += 1;
        self.free[end] -= 1;
        true
    }

    /// Fixes one thing of a kind for one claim, unless something else would then be left over.
    ///
    /// The reach is that of the claim's batch.
    fn take(&mut self, reach: &Reach, kind: usize) -> bool {
        let has_some = |batch: &&usize| self.amount[**batch][kind] > 0;
        // From the nearest that has some, so that nothing of this kind is passed on meanwhile.
        let (giver, end) = if let Some(nearest) = reach.batches.iter().find(has_some) {
            (*nearest, *nearest)
        } else {
            let giver = self.adjacent[kind].iter().find(has_some);
            let (Some(giver), Some(end)) = (giver, self.room(reach)) else {
                return false;
            };
            self.free[*giver] += 1;
            self.free[end] -= 1;
            (*giver, end)
        };
        self.amount[giver][kind] -= 1;
        self.pass_on(reach, end);
        true
    }

    /// Finds the batches that can make room for one more thing in the first of them or another.
    fn reach(&self, starts: &[usize]) -> Reach {
        let mut reach = Reach {
            batches: Vec::new(),
            came_from: vec![None; self.free.len()],
        };
        let mut is_reached = vec![false; self.free.len()];
        let mut is_moved = vec![false; self.adjacent.len()];
        let mut ways = VecDeque::from([(starts, None)]);
        while let Some((batches, origin)) = ways.pop_front() {
            for &batch in batches {
                if std::mem::replace(&mut is_reached[batch], true) {
                    continue;
                }
                reach.came_from[batch] = origin;
                reach.batches.push(batch);
                if self.free[batch] > 0 {
                    return reach;
                }
                for (kind, amount) in self.amount[batch].iter().enumerate() {
                    if *amount > 0 && !std::mem::replace(&mut is_moved[kind], true) {
                        ways.push_back((&self.adjacent[kind], Some((kind, batch))));
                    }
                }
            }
        }
        reach
    }

    /// Returns the batch of a reach that has room of its own.
    fn room(&self, reach: &Reach) -> Option<usize> {
        let last = reach.batches.last().copied();
        last.filter(|batch| self.free[*batch] > 0)
    }

    /// Passes one thing on along each link of the chain to a batch; returns where the chain starts.
    fn pass_on(&mut self, reach: &Reach, end: usize) -> usize {
        let mut batch = end;
        while let Some((kind, from)) = reach.came_from[batch] {
            self.amount[from][kind] -= 1;
            self.amount[batch][kind] += 1;
            batch = from;
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

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

    /// R7: what a claim gives up for one that chooses earlier leaves room for something else.
    #[test]
    fn claim_that_gave_something_up_still_gets_what_is_left() {
        let component = Component {
            claims: vec![1, 0, 2],
            batches: 3,
            adjacent: vec![vec![0, 1], vec![0, 2]],
            ages: vec![vec![1], vec![2]],
        };
        assert_eq!(allocate(&component), Some(vec![Some(1), Some(2), None]));
    }

    /// R7: a batch that took over what another gave up has no room for a second such thing.
    #[test]
    fn room_of_a_batch_is_used_up_once() {
        let component = Component {
            claims: vec![0, 0, 1, 1, 2, 2],
            batches: 3,
            adjacent: vec![vec![0, 1], vec![0, 2], vec![1]],
            ages: vec![vec![2, 3], vec![0, 1], vec![4]],
        };
        let expected = vec![Some(0), Some(2), Some(3), Some(4), Some(1), None];
        assert_eq!(allocate(&component), Some(expected));
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

    /// R9: where every claim would rather have what only later ones can have, the order of batches stands, and soon.
    #[test]
    fn thing_that_only_another_batch_can_have_is_left_to_it() {
        let component = Component {
            claims: (0..1000).map(|claim| claim / 10).collect(),
            batches: 100,
            adjacent: (0..100).map(|kind| (0..=kind).collect()).collect(),
            ages: (0..100)
                .map(|kind| (990 - 10 * kind..1000 - 10 * kind).collect())
                .collect(),
        };
        let expected = (0..100).flat_map(|batch| 990 - 10 * batch..1000 - 10 * batch);
        assert_eq!(allocate(&component), Some(expected.map(Some).collect()));
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

    /// Makes the component of claims and things; equal kinds are one kind here, as in the caller.
    fn component(claims: &[usize], things: &[(usize, Vec<usize>)]) -> Component {
        let mut merged: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (age, adjacent) in things {
            merged.entry(adjacent.clone()).or_default().push(*age);
        }
        Component {
            claims: claims.to_vec(),
            batches: 3,
            adjacent: merged.keys().cloned().collect(),
            ages: merged.values().cloned().collect(),
        }
    }

    /// Lists all ways to choose up to so many of the options, one after the other.
    fn choices<T: Clone>(options: &[T], most: u32) -> Vec<Vec<T>> {
        let mut all = vec![Vec::new()];
        let mut start = 0;
        for _ in 0..most {
            let end = all.len();
            for known in start..end {
                for option in options {
                    let mut longer = all[known].clone();
                    longer.push(option.clone());
                    all.push(longer);
                }
            }
            start = end;
        }
        all
    }

    /// R7: for up to four claims of three batches and up to four things, the same as trying everything.
    #[test]
    fn allocation_is_what_trying_everything_finds() {
        let subsets = [
            vec![0],
            vec![1],
            vec![2],
            vec![0, 1],
            vec![0, 2],
            vec![1, 2],
            vec![0, 1, 2],
        ];
        let all_things = choices(&subsets, 4);
        for claims in choices(&[0, 1, 2], 4) {
            // Which batch is called which does not matter: a new one is the next.
            let is_named_in_turn = claims.iter().enumerate().all(|(place, batch)| {
                claims[..place].iter().max().map_or(0, |highest| highest + 1) >= *batch
            });
            if !is_named_in_turn {
                continue;
            }
            for things in all_things.iter().filter(|things| things.len() <= claims.len()) {
                let things: Vec<(usize, Vec<usize>)> = things.iter().cloned().enumerate().collect();
                assert_eq!(
                    allocate(&component(&claims, &things)),
                    obvious(&claims, &things),
                    "{claims:?} {things:?}"
                );
            }
        }
    }
}
