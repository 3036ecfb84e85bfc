//! Machines of our groups that nobody asked for: new, paid for, and explained by no VPSieNode.
//!
//! They come of a VPSieNode whose finalizer was taken off by hand, of a request that VPSie carried out twice, or of a
//! person who added them; the lists of VPSie cannot tell which. They are reported and never touched.

use crate::baseline::Baselines;
use crate::resources::NodeGroup;
use crate::world::World;
use node_match::{Baseline, Matching, MergedMachine, UnexplainedReason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the key of a first baseline in the ConfigMap begins with; a hash of cluster and group follows.
const PREFIX: &str = "first-baseline.";

/// Which baseline was the first for a group at VPSie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstBaseline {
    /// The cluster at VPSie.
    pub cluster: String,
    /// The number of the group.
    pub group: u64,
    /// The id of the baseline.
    pub baseline: String,
}

/// The first baselines that are stored, by cluster and number of the group.
pub type FirstBaselines = BTreeMap<(String, u64), FirstBaseline>;

// === impl FirstBaseline ===

impl FirstBaseline {
    /// Returns where it belongs among the others.
    pub fn place(&self) -> (String, u64) {
        (self.cluster.clone(), self.group)
    }

    /// Returns its key in the ConfigMap, whatever the identifier of the cluster is.
    pub fn key(&self) -> String {
        let place = format!("{} {}", self.cluster, self.group);
        format!("{PREFIX}{:016x}", Baseline::hash(&place))
    }

    /// Writes it as the text of its entry.
    pub fn to_entry(&self) -> String {
        serde_json::to_string(self).expect("a record of plain values always serialises")
    }

    /// Reads an entry of the ConfigMap; `None` when the entry is none of a first baseline.
    ///
    /// # Errors
    ///
    /// When somebody edited it, so that it cannot be read.
    pub fn from_entry(key: &str, text: &str) -> Option<Result<Self, serde_json::Error>> {
        key.starts_with(PREFIX).then(|| serde_json::from_str(text))
    }
}

/// Lists the machines of a group that are new since its first baseline, and that nothing explains.
///
/// VPSie's lists do not say which group a machine is of: it is the only one of its cluster that could have it. `None`
/// when nothing can be judged now: VPSie has not answered, no machine was ever asked for, or a request of the group is open,
/// whose machine it may be.
pub fn leaked<'m>(
    world: &World<'_>,
    matching: &'m Matching<'_>,
    group: &NodeGroup,
) -> Option<Vec<&'m MergedMachine<'m>>> {
    let cluster = group.spec.resource_identifier.as_str();
    let number = u64::try_from(group.status.as_ref()?.vpsie_group_id?).ok()?;
    let first = world.firsts.get(&(cluster.to_owned(), number))?;
    let before = world.baselines.get(&first.baseline)?;
    let reply = world.cluster(cluster)?.latest()?;
    let is_open = |requested: bool, has_machine: bool| requested && !has_machine;
    let mut members = world.members(group);
    if members.any(|member| is_open(member.requested.may_have_effect(), member.has_machine())) {
        return None;
    }
    let mut released = world.tombstones.values().filter(|stone| stone.counts(world.now));
    if released.any(|stone| stone.cluster == cluster && stone.group.is_none_or(|group| group == number)) {
        return None;
    }
    let unexplained = matching.unexplained.machines.iter();
    let leaked = unexplained.filter(|entry| {
        matches!(
            entry.reason,
            UnexplainedReason::Unlinked | UnexplainedReason::Contested
        ) && entry.machine.cluster() == cluster
            && !is_in(before, &entry.machine)
            && only_possible_group(&reply.groups, &entry.machine) == Some(number)
    });
    Some(leaked.map(|entry| &entry.machine).collect())
}

fn is_in(before: &Baseline, machine: &MergedMachine<'_>) -> bool {
    machine.reports().iter().any(|report| {
        let id = report.id.map(|id| id.to_string());
        let names = [
            report.identifier.as_deref(),
            report.hostname.as_deref(),
            id.as_deref(),
        ];
        names.into_iter().flatten().any(|name| before.contains(name))
    })
}

/// Finds the only group of the cluster that the size of a machine does not contradict.
fn only_possible_group(groups: &[vpsie_api::NodeGroup], machine: &MergedMachine<'_>) -> Option<u64> {
    fn differ<T: PartialEq>(found: Option<T>, wanted: Option<T>) -> bool {
        found.is_some() && wanted.is_some() && found != wanted
    }
    let is_possible = |group: &&vpsie_api::NodeGroup| {
        let contradicts = |report: &&node_match::Machine<'_>| {
            differ(report.cpu, group.cpu)
                || differ(report.ram_mb, group.ram_mb)
                || differ(report.disk_gb, group.disk_gb)
        };
        !group.is_deleted && !machine.reports().iter().any(contradicts)
    };
    let mut possible = groups.iter().filter(is_possible);
    match (possible.next(), possible.next()) {
        (Some(only), None) => Some(only.number.get()),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// Tells whether another baseline may be kept for good: what is kept so must leave room for those of requests.
pub fn has_room(firsts: &FirstBaselines, baselines: &Baselines, new: &str) -> bool {
    /// Most names in all first baselines together; at eight bytes each, in Base64, a sixth of a ConfigMap.
    const MOST_NAMES: usize = 16 * 1024;
    let kept = firsts.values().map(|first| first.baseline.as_str()).chain([new]);
    let distinct: std::collections::BTreeSet<&str> = kept.collect();
    let names = distinct.into_iter().filter_map(|id| baselines.get(id));
    names.map(|baseline| baseline.hashes().len()).sum::<usize>() <= MOST_NAMES
}

#[cfg(test)]
mod tests;
