//! R7: for which group a machine was made.

use std::collections::{BTreeMap, BTreeSet};

use crate::assign::Part;
use crate::eligible::capacity_fits;
use crate::fleet::Fleet;
use crate::tie::Ties;
use crate::words::ClusterNumber;
use crate::{Baseline, Group};

/// Finds groups by what their machines look like.
#[derive(Debug)]
pub(crate) struct Grouping<'f, 'a> {
    fleet: &'f Fleet<'a>,
    ties: &'f Ties,
    by_size: BTreeMap<(ClusterNumber, u32, u64, u64), Vec<u64>>,
    by_cpu: BTreeMap<(ClusterNumber, u32), Vec<&'f Group<'f>>>,
}

// === impl Grouping ===

impl<'f, 'a> Grouping<'f, 'a> {
    pub(crate) fn new(fleet: &'f Fleet<'a>, ties: &'f Ties) -> Self {
        let mut by_size: BTreeMap<_, Vec<u64>> = BTreeMap::new();
        let mut by_cpu: BTreeMap<_, Vec<&Group<'_>>> = BTreeMap::new();
        for ((cluster, _), group) in &fleet.groups {
            let (cluster, group) = (*cluster, group.as_ref());
            if let (Some(cpu), Some(ram), Some(disk)) = (group.cpu, group.ram_mb, group.disk_gb) {
                by_size
                    .entry((cluster, cpu, ram, disk))
                    .or_default()
                    .push(group.id);
            }
            if let Some(cpu) = group.cpu {
                by_cpu.entry((cluster, cpu)).or_default().push(group);
            }
        }
        Self {
            fleet,
            ties,
            by_size,
            by_cpu,
        }
    }

    /// Returns the group that a report, the size or the Node's capacity singles out.
    pub(crate) fn group_of(&self, part: Part) -> Option<u64> {
        match part {
            Part::Machine(machine) => self.fleet.machines[machine]
                .merged
                .group()
                .or_else(|| self.by_size(machine))
                .or_else(|| self.by_capacity(self.ties.node_of(machine)?)),
            Part::Node(node) => self.by_capacity(node),
        }
    }

    fn by_size(&self, machine: usize) -> Option<u64> {
        let facts = &self.fleet.machines[machine];
        let reports = || facts.merged.reports().iter();
        let size = (
            facts.marks.cluster,
            reports().find_map(|report| report.cpu)?,
            reports().find_map(|report| report.ram_mb)?,
            reports().find_map(|report| report.disk_gb)?,
        );
        match self.by_size.get(&size).map(Vec::as_slice) {
            Some([group]) => Some(*group),
            Some(_) | None => None,
        }
    }

    fn by_capacity(&self, node: usize) -> Option<u64> {
        let node = self.fleet.nodes[node].node;
        let groups = self.by_cpu.get(&(self.fleet.home, node.cpu?))?;
        let mut fitting = groups.iter().filter(|group| capacity_fits(node, group));
        match (fitting.next(), fitting.next()) {
            (Some(group), None) => Some(group.id),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }

    /// Returns the groups of a cluster in which VPSie counts more machines than in the baseline.
    pub(crate) fn risen(&self, cluster: ClusterNumber, baseline: Option<&Baseline>) -> BTreeSet<u64> {
        let Some(counts) = baseline
            .map(Baseline::nodes_counts)
            .filter(|counts| !counts.is_empty())
        else {
            return BTreeSet::new();
        };
        self.fleet
            .groups
            .range((cluster, 0)..=(cluster, u64::MAX))
            .map(|(_, group)| group.as_ref())
            .filter(|group| {
                // A group that was not counted then did not exist then.
                let before = counts.get(&group.id).copied().unwrap_or(0);
                group.nodes_count.is_some_and(|now| now > before)
            })
            .map(|group| group.id)
            .collect()
    }
}
