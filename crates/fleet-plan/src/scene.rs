//! Nodes with what is on them, and whether another pod fits: the filters of the scheduler (`SC-2`).
//!
//! ```text
//!  demands ──▶ Rules: classes, and what concerns which class ─┐
//!  Nodes, groups ──▶ sites: who is admitted where ────────────┼──▶ Scene: bins and counts ──▶ chance, misfits
//!                                                             └──▶ place, lift
//! ```
//! Counts are kept by rule and domain, never by pod, so that asking costs the same however many pods there are.

mod balance;
mod bin;
mod counts;
mod explain;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::node::Room;
use crate::pod::HostPort;
use crate::{Name, Resources};
use counts::{DomainCounts, SpreadCounts};
pub(crate) use rules::{Apart, Class, Rules};

/// Keeps apart the numbers that are put into one, of which each is far smaller: odd, with bits in all places.
const APART: u64 = 0x9E37_79B9_7F4A_7C15;

/// Is a Node, or a node to come, with what is left of it.
#[derive(Debug, Clone)]
pub(crate) struct Bin {
    /// Its place among the sites.
    pub(crate) site: usize,
    pub(crate) free: Resources,
    pub(crate) free_pods: i64,
    limits: BTreeMap<Name, i64>,
    ports: Vec<HostPort>,
    volumes: BTreeMap<Name, BTreeMap<Name, u32>>,
    /// The domain of each topology key; none where the label is missing.
    domains: Vec<Option<usize>>,
    /// Classes that were placed by planning, and how many pods of each.
    pub(crate) planned: Vec<(usize, u32)>,
}

/// Says how many pods of a class fit now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chance {
    /// So many at once; at least one.
    Now(u32),
    /// None, unless pods are placed elsewhere first.
    Later,
    /// None, whatever is placed elsewhere.
    Never,
}

/// Holds all bins, and the counts that pods in different bins share.
#[derive(Debug, Clone)]
pub(crate) struct Scene<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) bins: Vec<Bin>,
    spreads: Vec<SpreadCounts>,
    /// For each rule of affinity, the counts of each of its terms.
    affinities: Vec<Vec<DomainCounts>>,
    /// For each rule of anti-affinity, the pods that it shuns.
    shunned: Vec<DomainCounts>,
    /// For each rule of anti-affinity, the pods that shun by it.
    shunning: Vec<DomainCounts>,
    /// The next unused domain of each topology key.
    next_domain: Vec<usize>,
}

// === impl Scene ===

impl<'a> Scene<'a> {
    pub(crate) fn new(rules: &'a Rules) -> Self {
        let counts = |len: usize| vec![DomainCounts::default(); len];
        Self {
            rules,
            bins: Vec::new(),
            spreads: vec![SpreadCounts::default(); rules.spreads.len()],
            affinities: rules.affinities.iter().map(|terms| counts(terms.len())).collect(),
            shunned: counts(rules.antis.len()),
            shunning: counts(rules.antis.len()),
            next_domain: rules.known_domains(),
        }
    }

    /// Adds an empty bin; returns its index.
    pub(crate) fn open(&mut self, site: usize, room: &Room) -> usize {
        let mut bin = self.probe(site, room);
        bin.domains = self.new_domains(site);
        self.add(bin)
    }

    /// Adds a node to come that is like this one; returns its index.
    pub(crate) fn open_like(&mut self, probe: &Bin) -> usize {
        let mut bin = probe.clone();
        bin.domains = self.new_domains(bin.site);
        self.add(bin)
    }

    fn add(&mut self, bin: Bin) -> usize {
        for (index, domain) in self.eligible_domains(bin.site, &bin.domains) {
            self.spreads[index].add_node(domain);
        }
        self.bins.push(bin);
        self.bins.len() - 1
    }

    /// Makes an empty bin that is not among those of the scene, in a domain of its own by its hostname.
    pub(crate) fn probe(&self, site: usize, room: &Room) -> Bin {
        let mut domains = self.rules.domains(site).to_vec();
        if let Some(hostname) = self.rules.hostname_key().filter(|_| self.rules.is_to_come(site)) {
            domains[hostname] = Some(usize::MAX);
        }
        Bin {
            site,
            free: room.allocatable.clone(),
            free_pods: room.pods,
            limits: room.attachments.clone(),
            ports: Vec::new(),
            volumes: BTreeMap::new(),
            domains,
            planned: Vec::new(),
        }
    }

    /// Makes an empty bin a node like this one, in the same domains.
    pub(crate) fn refit(&mut self, bin: usize, like: &Bin) {
        let here = &mut self.bins[bin];
        let domains = std::mem::take(&mut here.domains);
        *here = Bin {
            domains,
            planned: Vec::new(),
            ..like.clone()
        };
    }

    /// Counts the domains of an empty bin no more, as if the node were not there.
    pub(crate) fn retire(&mut self, bin: usize) {
        let Bin { site, domains, .. } = &self.bins[bin];
        for (index, domain) in self.eligible_domains(*site, domains) {
            self.spreads[index].remove_node(domain);
        }
    }

    /// Counts the domains of a retired bin again.
    pub(crate) fn revive(&mut self, bin: usize) {
        let Bin { site, domains, .. } = &self.bins[bin];
        for (index, domain) in self.eligible_domains(*site, domains) {
            self.spreads[index].add_node(domain);
        }
    }

    /// Returns the domains of a bin, but for its hostname.
    pub(crate) fn neighbourhood(&self, bin: usize) -> Vec<Option<usize>> {
        let mut domains = self.bins[bin].domains.clone();
        if let Some(hostname) = self.rules.hostname_key() {
            domains[hostname] = None;
        }
        domains
    }

    /// Counts the domains that a node of this site would be in, as if an empty one were there.
    pub(crate) fn expect_domains_of(&mut self, site: usize) {
        let domains = self.new_domains(site);
        for (index, domain) in self.eligible_domains(site, &domains) {
            self.spreads[index].add_node(domain);
        }
    }

    fn new_domains(&mut self, site: usize) -> Vec<Option<usize>> {
        let mut domains = self.rules.domains(site).to_vec();
        if let Some(hostname) = self.rules.hostname_key().filter(|_| self.rules.is_to_come(site)) {
            domains[hostname] = Some(self.next_domain[hostname]);
            self.next_domain[hostname] += 1;
        }
        domains
    }

    fn eligible_domains(&self, site: usize, domains: &[Option<usize>]) -> Vec<(usize, usize)> {
        let rules = self.rules.spreads.iter().enumerate();
        let eligible = rules.filter(|(index, _)| self.rules.is_spread_over(*index, site));
        eligible
            .filter_map(|(index, rule)| Some((index, domains[rule.key]?)))
            .collect()
    }

    /// Puts pods of a class into a bin, whether or not they fit.
    pub(crate) fn place(&mut self, bin: usize, class: usize, count: u32, is_terminating: bool) {
        let rules = self.rules;
        let Class { demand, .. } = &rules.classes[class];
        let here = &mut self.bins[bin];
        here.free.take(&demand.requests, count);
        here.free_pods -= i64::from(count);
        for _ in 0..count {
            here.ports.extend(demand.ports.iter().cloned());
        }
        for volume in &demand.attachments {
            let of_driver = here.volumes.entry(volume.driver.clone()).or_default();
            *of_driver.entry(volume.volume.clone()).or_default() += count;
        }
        self.count(bin, class, i64::from(count), is_terminating);
    }

    /// Takes pods of a class out of a bin, as when they have ended.
    pub(crate) fn lift(&mut self, bin: usize, class: usize, count: u32, is_terminating: bool) {
        let rules = self.rules;
        let Class { demand, .. } = &rules.classes[class];
        let here = &mut self.bins[bin];
        here.free.add(&demand.requests, count);
        here.free_pods += i64::from(count);
        for port in demand
            .ports
            .iter()
            .cycle()
            .take(demand.ports.len() * count as usize)
        {
            if let Some(index) = here.ports.iter().position(|taken| taken == port) {
                here.ports.swap_remove(index);
            }
        }
        for volume in &demand.attachments {
            if let Some(of_driver) = here.volumes.get_mut(&volume.driver)
                && let Some(users) = of_driver.get_mut(&volume.volume)
            {
                *users = users.saturating_sub(count);
                of_driver.retain(|_, users| *users > 0);
            }
        }
        self.count(bin, class, -i64::from(count), is_terminating);
    }

    /// Changes the counts that pods in other bins look at.
    fn count(&mut self, bin: usize, class: usize, change: i64, is_terminating: bool) {
        let rules = self.rules;
        let Class {
            counts_for_spreads,
            counts_for_affinities,
            shunned_by,
            anti,
            ..
        } = &rules.classes[class];
        let Bin { site, domains, .. } = &self.bins[bin];
        if !is_terminating {
            for rule in counts_for_spreads {
                let domain = domains[rules.spreads[*rule].key];
                if let Some(domain) = domain.filter(|_| rules.is_spread_over(*rule, *site)) {
                    self.spreads[*rule].change(domain, change);
                }
            }
        }
        for rule in counts_for_affinities {
            for (term, counts) in rules.affinities[*rule].iter().zip(&mut self.affinities[*rule]) {
                if let Some(domain) = domains[term.key] {
                    counts.change(domain, change);
                }
            }
        }
        for rule in shunned_by {
            if let Some(domain) = domains[rules.antis[*rule].key] {
                self.shunned[*rule].change(domain, change);
            }
        }
        for (rule, _) in anti {
            if let Some(domain) = domains[rules.antis[*rule].key] {
                self.shunning[*rule].change(domain, change);
            }
        }
    }

    /// Tells how many pods of a class, `wanted` at most, may go into a bin at once.
    pub(crate) fn chance(&self, bin: usize, class: usize, wanted: u32) -> Chance {
        self.chance_in(&self.bins[bin], class, wanted)
    }

    /// Tells the same of a bin that need not be among those of the scene.
    pub(crate) fn chance_in(&self, here: &Bin, class: usize, wanted: u32) -> Chance {
        let Class {
            demand,
            anti,
            shunned_by,
            affinity,
            spread,
            ..
        } = &self.rules.classes[class];
        let mut most = wanted.min(u32::try_from(here.free_pods).unwrap_or(0));
        most = most.min(here.free.holds(&demand.requests));
        if most == 0 || !self.rules.is_admitted(class, here.site) || !here.takes_ports(&demand.ports) {
            return Chance::Never;
        }
        if !demand.ports.is_empty() {
            most = 1;
        }
        if !demand.attachments.is_empty() {
            most = most.min(1);
            if here.full_driver(demand).is_some() {
                return Chance::Never;
            }
        }
        for (rule, is_self) in anti {
            if let Some(domain) = here.domains[self.rules.antis[*rule].key] {
                if self.shunned[*rule].at(domain) > 0 {
                    return Chance::Never;
                }
                if *is_self {
                    most = 1;
                }
            }
        }
        for rule in shunned_by {
            if let Some(domain) = here.domains[self.rules.antis[*rule].key]
                && self.shunning[*rule].at(domain) > 0
            {
                return Chance::Never;
            }
        }
        let mut is_later = false;
        if let Some((rule, is_self)) = affinity {
            match self.affinity_holds(*rule, *is_self, here) {
                Chance::Now(_) => {}
                Chance::Later => is_later = true,
                Chance::Never => return Chance::Never,
            }
        }
        for one in spread {
            let Some(domain) = here.domains[self.rules.spreads[one.rule].key] else {
                return Chance::Never;
            };
            let counts = &self.spreads[one.rule];
            if one.is_self {
                most = most.min(counts.room(domain, one.max_skew, one.min_domains));
            } else if counts.skew(domain, one.min_domains) > i64::from(one.max_skew) {
                // Skew is as it is: a pod that does not count itself changes nothing.
                most = 0;
            }
        }
        if most == 0 || is_later {
            Chance::Later
        } else {
            Chance::Now(most)
        }
    }

    /// A pod that nobody matches yet but itself may be the first.
    fn affinity_holds(&self, rule: usize, is_self: bool, here: &Bin) -> Chance {
        let terms = self.rules.affinities[rule].iter().zip(&self.affinities[rule]);
        let mut is_met = true;
        let mut is_anywhere = false;
        for (term, counts) in terms {
            let Some(domain) = here.domains[term.key] else {
                return Chance::Never;
            };
            is_met &= counts.at(domain) > 0;
            is_anywhere |= counts.total() > 0;
        }
        if is_met || (is_self && !is_anywhere) {
            Chance::Now(1)
        } else {
            Chance::Later
        }
    }

    /// Returns the domains of a bin in which other pods matter to a class: bins that have the same wait for the same.
    pub(crate) fn domains_that_matter(&self, bin: usize, class: usize) -> Vec<Option<usize>> {
        let Class { spread, affinity, .. } = &self.rules.classes[class];
        let spread = spread.iter().map(|one| self.rules.spreads[one.rule].key);
        let affinity = affinity
            .iter()
            .flat_map(|(rule, _)| &self.rules.affinities[*rule]);
        let keys = spread.chain(affinity.map(|term| term.key));
        keys.map(|key| self.bins[bin].domains[key]).collect()
    }

    /// Tells how far what a class waits for has come; as long as this stays, [`Chance::Later`] does.
    pub(crate) fn progress(&self, class: usize) -> u64 {
        let Class { spread, affinity, .. } = &self.rules.classes[class];
        let least = spread
            .iter()
            .map(|one| u64::from(self.spreads[one.rule].least(one.min_domains)));
        let met = affinity.iter().flat_map(|(rule, _)| &self.affinities[*rule]);
        let met = met.map(DomainCounts::total);
        // One may fall as another rises, so no sum would do.
        least
            .chain(met)
            .fold(0, |all: u64, one| all.wrapping_mul(APART).wrapping_add(one))
    }
}
