//! Why a pod does not fit into a bin, with all its reasons.

use super::counts::DomainCounts;
use super::{Bin, Chance, Class, Scene};
use crate::misfit::Misfit;
use crate::pod::Demand;

// === impl Scene ===

impl Scene<'_> {
    /// Lists everything that keeps a pod of a class out of a bin (`SC-3`).
    pub(crate) fn misfits(&self, here: &Bin, class: usize) -> Vec<Misfit> {
        let class = &self.rules.classes[class];
        let mut found = self.rules.sites[here.site].misfits(&class.demand.placement);
        found.extend(here.shortages(&class.demand));
        self.explain_labels(here, class, &mut found);
        self.explain_affinity(here, class, &mut found);
        self.explain_anti_affinity(here, class, &mut found);
        self.explain_spread(here, class, &mut found);
        found.sort();
        found.dedup();
        found
    }

    /// Without the label a node is in no domain, in which pods could be near or spread.
    fn explain_labels(&self, here: &Bin, class: &Class, found: &mut Vec<Misfit>) {
        let affinity = class
            .affinity
            .iter()
            .flat_map(|(rule, _)| &self.rules.affinities[*rule]);
        let spread = class.spread.iter().map(|one| self.rules.spreads[one.rule].key);
        let keys = affinity.map(|term| term.key).chain(spread);
        let missing = keys.filter(|key| here.domains[*key].is_none());
        found.extend(missing.map(|key| Misfit::TopologyLabel {
            topology_key: self.rules.keys[key].clone(),
        }));
    }

    fn explain_affinity(&self, here: &Bin, class: &Class, found: &mut Vec<Misfit>) {
        let Some((rule, is_self)) = class.affinity else {
            return;
        };
        if self.affinity_holds(rule, is_self, here) != Chance::Later {
            return;
        }
        let terms = self.rules.affinities[rule].iter().zip(&self.affinities[rule]);
        let unmet = terms.filter(|(term, counts)| !is_in(here, counts, term.key));
        found.extend(unmet.map(|(term, _)| Misfit::PodAffinity {
            topology_key: self.rules.keys[term.key].clone(),
        }));
    }

    fn explain_anti_affinity(&self, here: &Bin, class: &Class, found: &mut Vec<Misfit>) {
        let key = |rule: usize| self.rules.antis[rule].key;
        let name = |rule: usize| self.rules.keys[key(rule)].clone();
        let shuns = class.anti.iter().map(|(rule, _)| *rule);
        let shuns = shuns.filter(|rule| is_in(here, &self.shunned[*rule], key(*rule)));
        found.extend(shuns.map(|rule| Misfit::PodAntiAffinity {
            topology_key: name(rule),
        }));
        let shunned = class.shunned_by.iter().copied();
        let shunned = shunned.filter(|rule| is_in(here, &self.shunning[*rule], key(*rule)));
        found.extend(shunned.map(|rule| Misfit::ShunnedByPods {
            topology_key: name(rule),
        }));
    }

    fn explain_spread(&self, here: &Bin, class: &Class, found: &mut Vec<Misfit>) {
        for one in &class.spread {
            let key = self.rules.spreads[one.rule].key;
            let Some(domain) = here.domains[key] else { continue };
            let skew = self.spreads[one.rule].skew(domain, one.min_domains) + i64::from(one.is_self);
            if skew > i64::from(one.max_skew) {
                found.push(Misfit::TopologySpread {
                    topology_key: self.rules.keys[key].clone(),
                    max_skew: one.max_skew,
                    skew: u32::try_from(skew).unwrap_or(u32::MAX),
                });
            }
        }
    }
}

// === impl Bin ===

impl Bin {
    /// Lists what there is too little of.
    fn shortages(&self, demand: &Demand) -> Vec<Misfit> {
        let mut found = self.free.shortages(&demand.requests);
        if self.free_pods < 1 {
            found.push(Misfit::Pods {
                has: self.free_pods.max(0),
            });
        }
        let taken = demand.ports.iter();
        let taken = taken.filter(|port| !self.takes_ports(std::slice::from_ref(port)));
        found.extend(taken.map(|port| Misfit::HostPort {
            needs: format!("{}/{}", port.protocol, port.port),
        }));
        let full = self.full_driver(demand);
        found.extend(full.map(|(driver, has)| Misfit::AttachLimit { driver, has }));
        found
    }
}

/// Tells whether some counted pod is in the domain of a bin.
fn is_in(here: &Bin, counts: &DomainCounts, key: usize) -> bool {
    here.domains[key].is_some_and(|domain| counts.at(domain) > 0)
}
