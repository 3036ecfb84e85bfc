//! What the nodes that go leave to the others: nodes of each group, evictions of each budget, endpoints of each Service.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, Fleet, MustStay};
use crate::Name;
use crate::group::GroupName;
use crate::pod::PodName;

/// Keeps count while nodes are chosen.
pub(super) struct Ledger<'a> {
    fleet: &'a Fleet,
    /// Nodes of each group that count, and pods on all its nodes.
    groups: BTreeMap<&'a GroupName, (u32, u64)>,
    /// Evictions that each budget still allows.
    budgets: BTreeMap<&'a PodName, u32>,
    /// Nodes that are there and stay.
    staying: BTreeSet<&'a Name>,
    /// How many go, those included that were on their way out before.
    pub(super) leaving: u32,
}

// === impl Ledger ===

impl<'a> Ledger<'a> {
    pub(super) fn new(fleet: &'a Fleet) -> Self {
        let mut ledger = Self {
            fleet,
            groups: BTreeMap::new(),
            budgets: fleet.budgets.iter().map(|(name, left)| (name, *left)).collect(),
            staying: BTreeSet::new(),
            leaving: fleet.vanishing,
        };
        for candidate in &fleet.candidates {
            if candidate.is_leaving {
                ledger.leaving += 1;
                continue;
            }
            ledger.staying.insert(&candidate.node);
            if let Some(group) = &candidate.group {
                let (nodes, pods) = ledger.groups.entry(group).or_default();
                *nodes += u32::from(candidate.is_capacity);
                *pods += candidate.tenants.len() as u64;
            }
        }
        ledger
    }

    /// Tells whether no more nodes may go at once.
    pub(super) fn is_full(&self) -> bool {
        self.leaving >= self.fleet.most
    }

    /// Says that a node could go, and others go first.
    pub(super) const fn later(&self) -> MustStay {
        MustStay::OneAtATime {
            most: self.fleet.most,
        }
    }

    /// Notes that a node goes.
    pub(super) fn note(&mut self, candidate: &'a Candidate) {
        self.leaving += 1;
        self.staying.remove(&candidate.node);
        if let Some((nodes, pods)) = candidate
            .group
            .as_ref()
            .and_then(|group| self.groups.get_mut(group))
        {
            *nodes = nodes.saturating_sub(u32::from(candidate.is_capacity));
            *pods = pods.saturating_sub(candidate.tenants.len() as u64);
        }
        for budget in candidate.tenants.iter().flat_map(|tenant| &tenant.budgets) {
            if let Some(left) = self.budgets.get_mut(budget) {
                *left = left.saturating_sub(1);
            }
        }
    }

    /// Judges what the group of a node would have left, after its pods have moved (`LC-23`).
    pub(super) fn floor(&self, candidate: &Candidate) -> Option<MustStay> {
        let group = candidate.group.as_ref().filter(|_| candidate.is_capacity)?;
        let (nodes, pods) = self.groups.get(group).copied().unwrap_or_default();
        let remaining = nodes.saturating_sub(1);
        let others = pods.saturating_sub(candidate.tenants.len() as u64);
        let least = self.fleet.floors.get(group).copied().unwrap_or_default();
        // While pods are on other nodes of the group, which do not count, one that does must stay.
        let floor = least.max(u32::from(others > 0));
        (remaining < floor).then_some(MustStay::AtMinimum { remaining, floor })
    }

    /// Lists the budgets that allow fewer evictions than a node has pods of them, and pods that have several.
    pub(super) fn budgets(&self, candidate: &Candidate) -> Vec<MustStay> {
        let mut found = Vec::new();
        let mut pods: BTreeMap<&PodName, u32> = BTreeMap::new();
        for tenant in &candidate.tenants {
            for budget in &tenant.budgets {
                *pods.entry(budget).or_default() += 1;
            }
            if tenant.budgets.len() > 1 {
                found.push(MustStay::SeveralBudgets {
                    pod: tenant.name.clone(),
                });
            }
        }
        for (budget, pods) in pods {
            let allowed = self.budgets.get(budget).copied().unwrap_or_default();
            if allowed < pods {
                found.push(MustStay::PodDisruptionBudget {
                    budget: budget.clone(),
                    allowed,
                    pods,
                });
            }
        }
        found
    }

    /// Lists the Services that have no ready endpoint but on this node and those that go.
    pub(super) fn endpoints(&self, candidate: &Candidate) -> Vec<MustStay> {
        let is_last = |service: &super::Service| {
            let mut others = service.nodes.iter().filter(|node| **node != candidate.node);
            let has_other = service.is_elsewhere || others.any(|node| self.staying.contains(node));
            service.nodes.contains(&candidate.node) && !has_other
        };
        let last = self.fleet.services.iter().filter(|(_, service)| is_last(service));
        last.map(|(name, _)| MustStay::LastReadyEndpoint {
            service: name.clone(),
        })
        .collect()
    }
}
