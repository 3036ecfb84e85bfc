//! What concerns which class of pods, found out once before anything is placed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Name;
use crate::labels::{Labels, Selector};
use crate::pod::{Demand, Placement, PodTerm};
use crate::site::{HOSTNAME, Site};
use crate::taint::{Toleration, repelling};

/// Is a class of pods, with everything that looks at it and that it looks at.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) demand: Arc<Demand>,
    placement: usize,
    /// Spreads that it asks for.
    pub(super) spread: Vec<SpreadUse>,
    /// Its affinity, and whether it matches it itself.
    pub(super) affinity: Option<(usize, bool)>,
    /// Its terms of anti-affinity, and whether it matches them itself.
    pub(super) anti: Vec<(usize, bool)>,
    /// Terms of anti-affinity that match it, its own included.
    pub(super) shunned_by: Vec<usize>,
    pub(super) counts_for_spreads: Vec<usize>,
    pub(super) counts_for_affinities: Vec<usize>,
}

/// Is a spread that a class asks for.
#[derive(Debug)]
pub(super) struct SpreadUse {
    pub(super) rule: usize,
    pub(super) max_skew: u32,
    pub(super) min_domains: u32,
    pub(super) is_self: bool,
}

/// Says which pods are counted over which Nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SpreadRule {
    pub(super) key: usize,
    /// Every key of the spreads of the pod: a Node that lacks one does not count.
    keys: Vec<usize>,
    namespace: Name,
    selector: Option<Selector>,
    /// Whose selector and affinity exclude Nodes.
    affinity: Option<Placement>,
    /// Which taints do not.
    tolerations: Option<Vec<Toleration>>,
}

/// Is a term with the index of its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TermRule {
    pub(super) key: usize,
    term: PodTerm,
}

/// Holds all classes, sites and rules.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) classes: Vec<Class>,
    pub(crate) sites: Vec<Site>,
    pub(super) keys: Vec<Name>,
    pub(super) spreads: Vec<SpreadRule>,
    /// Spreads that are used with a least number of domains, and that number.
    pub(super) asking_for_domains: BTreeSet<(usize, u32)>,
    pub(super) affinities: Vec<Vec<TermRule>>,
    pub(super) antis: Vec<TermRule>,
    /// For each site, the domain of each key.
    domains: Vec<Vec<Option<usize>>>,
    known_domains: Vec<usize>,
    /// For each placement, whether each site admits it.
    admitted: Vec<Vec<bool>>,
    /// For each spread, whether it counts each site.
    spread_over: Vec<Vec<bool>>,
}

/// Names a rule that keeps pods on different nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Apart {
    Anti(usize),
    Spread(usize),
}

/// Gives equal values the same number, in the order of their first use.
struct Numbers<T>(BTreeMap<T, usize>);

// === impl Numbers ===

impl<T: Ord> Numbers<T> {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn of(&mut self, value: T) -> usize {
        let next = self.0.len();
        *self.0.entry(value).or_insert(next)
    }

    fn into_list(self) -> Vec<T> {
        let mut list: Vec<(usize, T)> = self
            .0
            .into_iter()
            .map(|(value, number)| (number, value))
            .collect();
        list.sort_unstable_by_key(|(number, _)| *number);
        list.into_iter().map(|(_, value)| value).collect()
    }
}

// === impl Rules ===

impl Rules {
    /// Finds out what concerns which of these distinct demands, of which `waiting` are to be placed.
    pub(crate) fn new(
        demands: Vec<Arc<Demand>>,
        is_waiting: impl Fn(usize) -> bool,
        sites: Vec<Site>,
        namespaces: &BTreeMap<Name, Labels>,
    ) -> Self {
        let mut keys = Numbers::new();
        let mut spreads = Numbers::new();
        let mut affinities = Numbers::new();
        let mut antis = Numbers::new();
        let mut placements = Numbers::new();
        let mut classes = Vec::with_capacity(demands.len());
        for (index, demand) in demands.into_iter().enumerate() {
            let waits = is_waiting(index);
            let mut term = |term: &PodTerm| TermRule {
                key: keys.of(term.topology_key.clone()),
                term: term.clone(),
            };
            let anti = demand.anti_affinity.iter();
            let anti = anti.map(|one| (antis.of(term(one)), matches(one, &demand, namespaces)));
            let anti = anti.collect();
            let attracting = demand.affinity.iter().map(&mut term).collect::<Vec<_>>();
            let affinity = (waits && !attracting.is_empty()).then(|| {
                let is_self = attracting
                    .iter()
                    .all(|one| matches(&one.term, &demand, namespaces));
                (affinities.of(attracting), is_self)
            });
            let spread = if waits {
                spread_uses(&demand, &mut keys, &mut spreads)
            } else {
                Vec::new()
            };
            classes.push(Class {
                placement: placements.of(demand.placement.clone()),
                spread,
                affinity,
                anti,
                shunned_by: Vec::new(),
                counts_for_spreads: Vec::new(),
                counts_for_affinities: Vec::new(),
                demand,
            });
        }
        let spread = classes.iter().flat_map(|class: &Class| &class.spread);
        let asking = spread.filter(|one| one.min_domains > 1);
        let mut rules = Self {
            asking_for_domains: asking.map(|one| (one.rule, one.min_domains)).collect(),
            classes,
            sites,
            keys: keys.into_list(),
            spreads: spreads.into_list(),
            affinities: affinities.into_list(),
            antis: antis.into_list(),
            domains: Vec::new(),
            known_domains: Vec::new(),
            admitted: Vec::new(),
            spread_over: Vec::new(),
        };
        rules.match_classes(namespaces);
        rules.look_at_sites(&placements.into_list());
        rules
    }

    fn match_classes(&mut self, namespaces: &BTreeMap<Name, Labels>) {
        for class in &mut self.classes {
            let demand = &class.demand;
            let indices = |count: usize| 0..count;
            class.counts_for_spreads = indices(self.spreads.len())
                .filter(|index| self.spreads[*index].counts(demand))
                .collect();
            let all = |terms: &[TermRule]| terms.iter().all(|one| matches(&one.term, demand, namespaces));
            class.counts_for_affinities = indices(self.affinities.len())
                .filter(|index| all(&self.affinities[*index]))
                .collect();
            class.shunned_by = indices(self.antis.len())
                .filter(|index| matches(&self.antis[*index].term, demand, namespaces))
                .collect();
        }
    }

    fn look_at_sites(&mut self, placements: &[Placement]) {
        let mut domains: Vec<Numbers<Name>> = self.keys.iter().map(|_| Numbers::new()).collect();
        for site in &self.sites {
            let keys = self.keys.iter().zip(&mut domains);
            let of_keys =
                keys.map(|(key, domains)| site.labels.get(key).map(|value| domains.of(value.clone())));
            self.domains.push(of_keys.collect());
        }
        self.known_domains = domains.iter().map(|known| known.0.len()).collect();
        let of_sites = |decide: &dyn Fn(&Site) -> bool| self.sites.iter().map(decide).collect::<Vec<bool>>();
        self.admitted = placements
            .iter()
            .map(|placement| of_sites(&|site| site.admits(placement)))
            .collect();
        self.spread_over = self
            .spreads
            .iter()
            .map(|rule| of_sites(&|site| rule.is_over(site, &self.keys)))
            .collect();
    }

    /// Returns for each key the number of domains that are known by name.
    pub(super) fn known_domains(&self) -> Vec<usize> {
        self.known_domains.clone()
    }

    pub(super) fn domains(&self, site: usize) -> &[Option<usize>] {
        &self.domains[site]
    }

    /// Tells whether two sites are in the same domains, but for the hostname.
    pub(crate) fn are_in_same_domains(&self, one: usize, other: usize) -> bool {
        let hostname = self.hostname_key();
        let pairs = self.domains[one].iter().zip(&self.domains[other]).enumerate();
        pairs
            .into_iter()
            .all(|(key, (one, other))| one == other || Some(key) == hostname)
    }

    /// Tells whether the spreads count two sites alike.
    pub(crate) fn counts_alike(&self, one: usize, other: usize) -> bool {
        self.spread_over.iter().all(|sites| sites[one] == sites[other])
    }

    pub(super) fn hostname_key(&self) -> Option<usize> {
        self.keys.iter().position(|key| &**key == HOSTNAME)
    }

    pub(super) fn is_to_come(&self, site: usize) -> bool {
        self.sites[site].name.is_none()
    }

    /// Tells whether the place itself lets pods of a class in.
    pub(crate) fn is_admitted(&self, class: usize, site: usize) -> bool {
        self.admitted[self.classes[class].placement][site]
    }

    /// Tells whether a site meets the preferences of a class as well as another, the first of them first.
    pub(crate) fn is_as_preferred(&self, class: usize, site: usize, other: usize) -> bool {
        let preferences = &self.classes[class].demand.placement.preferences;
        let unmet = |site: usize| preferences.iter().map(move |term| !self.sites[site].meets(term));
        unmet(site).le(unmet(other))
    }

    /// Lists what keeps pods of a class apart by the hostname: two that share an entry seldom go on one node.
    pub(crate) fn apart(&self, class: usize) -> impl Iterator<Item = Apart> {
        let Class { anti, spread, .. } = &self.classes[class];
        let hostname = self.hostname_key();
        let anti = anti
            .iter()
            .filter(move |(rule, is_self)| *is_self && Some(self.antis[*rule].key) == hostname);
        let spread = spread
            .iter()
            .filter(move |one| one.is_self && Some(self.spreads[one.rule].key) == hostname);
        let anti = anti.map(|(rule, _)| Apart::Anti(*rule));
        anti.chain(spread.map(|one| Apart::Spread(one.rule)))
    }

    pub(super) fn is_spread_over(&self, spread: usize, site: usize) -> bool {
        self.spread_over[spread][site]
    }
}

// === impl Class ===

impl Class {
    /// Tells whether no two of its pods may be in one domain.
    pub(crate) fn shuns_itself(&self) -> bool {
        self.anti.iter().any(|(_, is_self)| *is_self)
    }

    /// Tells whether it wants other pods near.
    pub(crate) const fn has_affinity(&self) -> bool {
        self.affinity.is_some()
    }

    /// Tells whether all its pods must be on one node.
    pub(crate) fn stays_together(&self) -> bool {
        let mut terms = self.demand.affinity.iter();
        self.affinity.is_some_and(|(_, is_self)| is_self) && terms.any(|term| &*term.topology_key == HOSTNAME)
    }

    /// Tells whether it can fit later where it does not fit now.
    pub(crate) const fn depends_on_others(&self) -> bool {
        self.has_affinity() || self.is_spread()
    }

    /// Tells whether it wants pods spread over hosts, so that many must have room for one.
    pub(crate) fn is_spread_over_hosts(&self) -> bool {
        let mut spread = self.demand.spread.iter();
        self.is_spread() && spread.any(|one| &*one.topology_key == HOSTNAME)
    }

    /// Tells whether it wants pods spread.
    pub(crate) const fn is_spread(&self) -> bool {
        !self.spread.is_empty()
    }
}

// === impl SpreadRule ===

impl SpreadRule {
    /// Tells whether pods of a demand are counted.
    fn counts(&self, demand: &Demand) -> bool {
        demand.namespace == self.namespace
            && self
                .selector
                .as_ref()
                .is_some_and(|selector| selector.matches(&demand.labels))
    }

    /// Tells whether pods on a site are counted.
    fn is_over(&self, site: &Site, keys: &[Name]) -> bool {
        let has_keys = self.keys.iter().all(|key| site.labels.contains_key(&keys[*key]));
        let is_selected = self
            .affinity
            .as_ref()
            .is_none_or(|placement| site.is_selected_by(placement));
        let is_tolerated =
            |tolerations: &Vec<Toleration>| repelling(&site.taints, tolerations).next().is_none();
        has_keys && is_selected && self.tolerations.as_ref().is_none_or(is_tolerated)
    }
}

fn spread_uses(
    demand: &Demand,
    keys: &mut Numbers<Name>,
    spreads: &mut Numbers<SpreadRule>,
) -> Vec<SpreadUse> {
    let mut all: Vec<usize> = demand
        .spread
        .iter()
        .map(|one| keys.of(one.topology_key.clone()))
        .collect();
    all.sort_unstable();
    all.dedup();
    let uses = demand.spread.iter().map(|one| {
        let placement = &demand.placement;
        let rule = SpreadRule {
            key: keys.of(one.topology_key.clone()),
            keys: all.clone(),
            namespace: demand.namespace.clone(),
            selector: one.selector.clone(),
            affinity: one.honours_affinity.then(|| Placement {
                node_selector: placement.node_selector.clone(),
                node_affinity: placement.node_affinity.clone(),
                ..Placement::default()
            }),
            tolerations: one.honours_taints.then(|| placement.tolerations.clone()),
        };
        SpreadUse {
            is_self: rule.counts(demand),
            rule: spreads.of(rule),
            max_skew: one.max_skew,
            min_domains: one.min_domains,
        }
    });
    uses.collect()
}

/// Tells whether a term selects pods of a demand.
fn matches(term: &PodTerm, demand: &Demand, namespaces: &BTreeMap<Name, Labels>) -> bool {
    let none = Labels::new();
    let labels = namespaces.get(&demand.namespace).unwrap_or(&none);
    let is_namespace = term.namespaces.contains(&demand.namespace)
        || term
            .namespace_selector
            .as_ref()
            .is_some_and(|selector| selector.matches(labels));
    is_namespace
        && term
            .selector
            .as_ref()
            .is_some_and(|selector| selector.matches(&demand.labels))
}
