//! Buying: several ways are tried, and the best is taken.
//!
//! Which node is cheapest for a pod depends on what else will be on it, so no single rule is the best everywhere.
//! Each way opens nodes by another rule, fills them first-fit by falling size, then replaces each node by the cheapest
//! that holds the same pods, and at last puts nodes together where one is cheaper than two.

use std::cmp::Reverse;

use super::{Offer, Packing, Purchase, Worth};
use crate::scene::Chance;

/// The most ways that are tried when there is little to place.
const MOST_WAYS: usize = 32;

/// The work, in classes times nodes, above which fewer ways are tried, so that a plan stays fast.
pub(crate) const LARGE_WORK: u64 = 60_000;

/// How often pods are asked again that had no place because of pods that were placed later.
const MOST_ROUNDS: usize = 4;

/// How often more is bought because nodes that became others left room under a limit.
const MOST_REPAIRS: usize = 16;

/// Says which offer to open for a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// The one that serves all that is left of the class at the least price.
    Thrifty,
    /// The cheapest node that takes one pod.
    Smallest,
    /// This one, where it takes the class.
    Always(usize),
    /// This one and those that are like it in turn, so that pods to be spread find nodes in each zone.
    InTurn(usize),
}

/// Says in which order classes are placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Those that force nodes first, then by falling size; pods spread over zones last.
    Constraint,
    /// By falling size alone.
    Size,
    /// One pod after the other, by name: what first-fit does.
    Name,
}

/// Buys what is missing for the pods that have no place, in the best way found; in one of a few where there is more work
/// than `large_work`.
pub(crate) fn buy<'a>(
    mut start: Packing<'a>,
    offers: &[Offer],
    classes: &[usize],
    by_name: &[usize],
    coming: &[usize],
    large_work: u64,
) -> Packing<'a> {
    start.fill_up_minimum(offers);
    let waiting: Vec<usize> = classes
        .iter()
        .copied()
        .filter(|class| start.left[*class] > 0)
        .collect();
    if waiting.is_empty() {
        return start;
    }
    let ways = ways(&start, offers, &waiting, large_work);
    let mut best: Option<(Worth, Packing<'a>)> = None;
    let mut is_upset = false;
    for expects_domains in [false, true] {
        let mut packing = start.clone();
        if expects_domains {
            packing.expect_domains(offers, &waiting);
        }
        for (order, rule) in &ways {
            let steps = match order {
                Order::Name => one_by_one(&packing, by_name),
                Order::Constraint | Order::Size => ordered(&packing, &waiting, *order),
            };
            let tried = try_way(packing.clone(), offers, &steps, coming, *rule);
            let worth = tried.worth(offers, &waiting, coming);
            is_upset |= worth.is_unbalanced;
            if best.as_ref().is_none_or(|(least, _)| worth < *least) {
                best = Some((worth, tried));
            }
        }
        // Only where the domains of new nodes upset a spread, all that could be are counted from the start.
        if !is_upset {
            break;
        }
    }
    best.map_or(start, |(_, packing)| packing)
}

fn ways(start: &Packing<'_>, offers: &[Offer], classes: &[usize], large_work: u64) -> Vec<(Order, Rule)> {
    let mut ways = vec![
        (Order::Constraint, Rule::Thrifty),
        (Order::Name, Rule::Smallest),
        (Order::Size, Rule::Smallest),
    ];
    let pods: u64 = classes.iter().map(|class| u64::from(start.left[*class])).sum();
    let nodes = pods.min(u64::from(start.workers_left));
    let is_large = nodes * classes.len() as u64 > large_work;
    let by_value = by_value(start, offers, classes);
    if is_large {
        ways.truncate(1);
        ways.extend(
            by_value
                .first()
                .map(|offer| (Order::Constraint, Rule::Always(*offer))),
        );
        ways.extend(
            roomy_enough(start, offers, classes).map(|offer| (Order::Constraint, Rule::InTurn(offer))),
        );
    } else {
        ways.push((Order::Size, Rule::Thrifty));
        for offer in by_value.into_iter().take(MOST_WAYS / 4) {
            ways.push((Order::Constraint, Rule::Always(offer)));
            ways.push((Order::Constraint, Rule::InTurn(offer)));
            ways.push((Order::Size, Rule::Always(offer)));
            ways.push((Order::Name, Rule::Always(offer)));
        }
    }
    ways.dedup();
    ways
}

/// Lists offers by the price of as many nodes as the whole demand fills.
fn by_value(start: &Packing<'_>, offers: &[Offer], classes: &[usize]) -> Vec<usize> {
    let mut all: Vec<usize> = (0..offers.len())
        .filter(|offer| start.offers_left[*offer] > 0)
        .collect();
    all.sort_by_cached_key(|offer| {
        let one = &offers[*offer];
        let price = one.price.map_or(u128::MAX >> 64, |price| u128::from(price.0));
        (price.saturating_mul(shares(start, one, classes)), *offer)
    });
    all
}

/// Returns the cheapest offer of which as many nodes as some class forces hold everything.
fn roomy_enough(start: &Packing<'_>, offers: &[Offer], classes: &[usize]) -> Option<usize> {
    let forced = |class: &&usize| start.scene.rules.classes[**class].shuns_itself();
    let forced: u128 = classes
        .iter()
        .filter(forced)
        .map(|class| u128::from(start.left[*class]))
        .max()?;
    let all = (0..offers.len()).filter(|offer| start.offers_left[*offer] > 0);
    // A tenth is left over for what first-fit wastes.
    let is_enough = |offer: &usize| shares(start, &offers[*offer], classes) * 11 / 10 <= forced * MILLION;
    all.filter(is_enough)
        .min_by_key(|offer| (offers[*offer].price.is_none(), offers[*offer].price, *offer))
}

/// Parts of a node that are told apart.
const MILLION: u128 = 1_000_000;

/// Returns how many nodes of an offer the whole demand fills at least, in millionths.
fn shares(start: &Packing<'_>, offer: &Offer, classes: &[usize]) -> u128 {
    let amounts = |pick: fn(&crate::Resources) -> i64| {
        let need: u128 = classes
            .iter()
            .map(|class| {
                let one =
                    u128::try_from(pick(&start.scene.rules.classes[*class].demand.requests)).unwrap_or(0);
                one * u128::from(start.left[*class])
            })
            .sum();
        let has = u128::try_from(pick(&offer.probe.free)).unwrap_or(0).max(1);
        need * MILLION / has
    };
    amounts(|all| all.cpu_m)
        .max(amounts(|all| all.memory_bytes))
        .max(amounts(|all| all.storage_bytes))
}

fn try_way<'a>(
    mut packing: Packing<'a>,
    offers: &[Offer],
    steps: &[(usize, u32)],
    coming: &[usize],
    rule: Rule,
) -> Packing<'a> {
    let mut cheapest_first: Vec<usize> = (0..offers.len()).collect();
    cheapest_first.sort_by_key(|offer| (offers[*offer].rank(), *offer));
    for _ in 0..MOST_REPAIRS {
        let before = packing.count_left();
        packing.buy_for(offers, steps, coming, rule);
        let is_stuck = packing.count_left() == before;
        let is_shrunk = packing.shrink(offers, &cheapest_first);
        let is_merged = packing.merge(offers, &cheapest_first);
        // What became another node, or none, leaves room under a limit for pods that found none.
        if packing.count_left() == 0 || is_stuck || !(is_shrunk || is_merged) {
            break;
        }
    }
    packing
}

/// Returns the least CPU and the least memory that a pod asks for.
fn least(packing: &Packing<'_>, steps: &[(usize, u32)]) -> (i64, i64) {
    let requests = || {
        steps
            .iter()
            .map(|(class, _)| &packing.scene.rules.classes[*class].demand.requests)
    };
    let cpu = requests().map(|all| all.cpu_m).min();
    let memory = requests().map(|all| all.memory_bytes).min();
    (cpu.unwrap_or_default(), memory.unwrap_or_default())
}

/// Lists the class of each pod that has no place, by the names of the pods, and higher priorities first.
fn one_by_one(packing: &Packing<'_>, by_name: &[usize]) -> Vec<(usize, u32)> {
    let mut left = packing.left.clone();
    let mut steps = Vec::new();
    for class in by_name {
        if left[*class] > 0 {
            left[*class] -= 1;
            steps.push((*class, 1));
        }
    }
    steps.sort_by_key(|(class, _)| Reverse(packing.scene.rules.classes[*class].demand.priority));
    steps
}

/// Sorts classes; those of a higher priority always come first.
fn ordered(packing: &Packing<'_>, classes: &[usize], order: Order) -> Vec<(usize, u32)> {
    let mut sorted = classes.to_vec();
    sorted.sort_by_cached_key(|index| {
        let class = &packing.scene.rules.classes[*index];
        let demand = &class.demand;
        // A core is worth about four GiB: what offers have for one.
        let size = demand
            .requests
            .cpu_m
            .saturating_add(demand.requests.memory_bytes >> 22);
        let rank = match order {
            Order::Name | Order::Size => 0,
            Order::Constraint if class.shuns_itself() => 0,
            Order::Constraint if class.is_spread_over_hosts() => 1,
            Order::Constraint if class.has_affinity() => 2,
            Order::Constraint if class.is_spread() => 4,
            Order::Constraint => 3,
        };
        (Reverse(demand.priority), rank, Reverse(size), *index)
    });
    sorted
        .into_iter()
        .map(|class| (class, packing.left[class]))
        .collect()
}

/// Lists the offers that may be opened for a class, in the order in which a rule wants them.
fn preferred(packing: &Packing<'_>, offers: &[Offer], class: usize, rule: Rule) -> Vec<usize> {
    let left = packing.left[class];
    let demand = &packing.scene.rules.classes[class].demand;
    let sites = &packing.scene.rules.sites;
    let mut usable: Vec<(usize, u32)> = Vec::new();
    for (index, offer) in offers.iter().enumerate() {
        let is_admitted = packing.scene.rules.is_admitted(class, offer.probe.site);
        if packing.offers_left[index] > 0 && is_admitted {
            let fits = offer.probe.free.holds(&demand.requests);
            let fits = fits
                .min(u32::try_from(offer.probe.free_pods).unwrap_or(0))
                .min(left);
            usable.extend((fits > 0).then_some((index, fits)));
        }
    }
    usable.sort_by_cached_key(|(index, fits)| {
        let offer = &offers[*index];
        let preferences = &demand.placement.preferences;
        let unmet = preferences
            .iter()
            .map(|term| !sites[offer.probe.site].meets(term));
        // Where nothing is preferred there is no list to compare, which would take most of the time of a large plan.
        let unmet: Option<Vec<bool>> = (!preferences.is_empty()).then(|| unmet.collect());
        let price = offer.price.unwrap_or_default();
        let nodes = if packing.scene.rules.classes[class].stays_together() {
            1
        } else if packing.scene.rules.classes[class].shuns_itself() {
            left
        } else {
            left.div_ceil(*fits)
        };
        // What must be together goes where most of it fits.
        let missing = if nodes == 1 { left - fits } else { 0 };
        let cost = match rule {
            Rule::Thrifty => price.times(nodes),
            Rule::Smallest => price,
            Rule::Always(one) | Rule::InTurn(one) if offers[one].is_like(offer) => crate::group::Price(0),
            Rule::Always(_) | Rule::InTurn(_) => price.times(nodes),
        };
        let is_other = match rule {
            Rule::Thrifty | Rule::Smallest => false,
            Rule::Always(one) => one != *index,
            Rule::InTurn(one) => !offers[one].is_like(offer),
        };
        // At the same price the larger may hold more; what stays unused is shrunk away afterwards.
        let size = Reverse(offer.size());
        (
            unmet,
            missing,
            is_other,
            offer.price.is_none(),
            cost,
            !offer.is_preferred,
            size,
            *index,
        )
    });
    usable.into_iter().map(|(index, _)| index).collect()
}

// === impl Packing ===

impl Packing<'_> {
    /// Counts the pods that have no place.
    fn count_left(&self) -> u64 {
        self.left.iter().map(|left| u64::from(*left)).sum()
    }

    /// Places pods, step by step, on nodes that are coming or bought, and buys more as a rule wants it.
    fn buy_for(&mut self, offers: &[Offer], steps: &[(usize, u32)], coming: &[usize], rule: Rule) {
        let least = least(self, steps);
        let mut bins = coming.to_vec();
        bins.extend(self.purchases.iter().map(|one| one.bin));
        for _ in 0..MOST_ROUNDS {
            let before = self.count_left();
            for (class, count) in steps {
                let held_back = self.left[*class].saturating_sub(*count);
                self.left[*class] -= held_back;
                if self.left[*class] == 0 {
                    self.left[*class] = held_back;
                    continue;
                }
                let preferred = preferred(self, offers, *class, rule);
                let known = self.purchases.len();
                self.fill_and_buy(*class, &bins, offers, &preferred, matches!(rule, Rule::InTurn(_)));
                bins.extend(self.purchases[known..].iter().map(|one| one.bin));
                // What not even the least pod fits into is never asked again.
                bins.retain(|bin| {
                    let here = &self.scene.bins[*bin];
                    here.free_pods > 0 && here.free.cpu_m >= least.0 && here.free.memory_bytes >= least.1
                });
                self.left[*class] += held_back;
            }
            let after = self.count_left();
            if after == 0 || after == before {
                break;
            }
        }
    }

    /// Adds the nodes that groups lack to their minimum, as far as the cluster may grow.
    fn fill_up_minimum(&mut self, offers: &[Offer]) {
        for (index, offer) in offers.iter().enumerate() {
            let count = offer.missing.min(self.offers_left[index]).min(self.workers_left);
            for _ in 0..count {
                let bin = self.scene.open_like(&offer.probe);
                self.purchases.push(Purchase {
                    bin,
                    offer: index,
                    is_minimum: true,
                });
            }
            self.offers_left[index] -= count;
            self.workers_left -= count;
        }
    }

    /// Counts the domains of every node that could be bought for these classes.
    fn expect_domains(&mut self, offers: &[Offer], classes: &[usize]) {
        for (index, offer) in offers.iter().enumerate() {
            let mut classes = classes.iter();
            let takes =
                |class: &usize| !matches!(self.scene.chance_in(&offer.probe, *class, 1), Chance::Never);
            if self.offers_left[index] > 0 && classes.any(takes) {
                self.scene.expect_domains_of(offer.probe.site);
            }
        }
    }
}
