//! Which new groups are worth making, for pods that no group can host (`SC-10`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Outcome, Plan, Refusals};
use crate::cluster::{Cluster, Standing};
use crate::dynamic::{Dynamic, NewGroup, Size};
use crate::fit;
use crate::group::{Group, GroupName};
use crate::misfit::Misfit;
use crate::node::{Node, Resident};
use crate::pod::{Demand, Placement, PodName};
use crate::site::Site;

/// The most groups that one plan makes; what is left waits for the next.
const MOST_NEW: usize = 8;

/// Plans once more with the groups that pods lack, as long as they lack any that can be made.
pub(super) fn with_new_groups(cluster: &Cluster, first: Plan, plan: impl Fn(&Cluster) -> Plan) -> Plan {
    let Some(dynamic) = &cluster.dynamic else {
        return first;
    };
    let mut larger = cluster.clone();
    let mut best = first;
    while best.new_groups.len() < MOST_NEW {
        larger.groups.truncate(cluster.groups.len());
        larger
            .groups
            .extend(best.new_groups.iter().map(|one| one.group.clone()));
        let more = missing(&larger, dynamic, &best);
        if more.is_empty() {
            break;
        }
        let all = best.new_groups.iter().cloned().chain(more).collect();
        let next = with_those_used(cluster, all, &plan);
        if next.new_groups.len() <= best.new_groups.len() {
            break;
        }
        best = next;
    }
    best.new_groups
        .sort_by(|one, other| one.group.name.cmp(&other.group.name));
    best
}

/// Plans with these groups, and without those of them that are not used: no answer names a group that will not be there.
fn with_those_used(cluster: &Cluster, mut groups: Vec<NewGroup>, plan: impl Fn(&Cluster) -> Plan) -> Plan {
    let mut larger = cluster.clone();
    loop {
        larger.groups.truncate(cluster.groups.len());
        larger.groups.extend(groups.iter().map(|one| one.group.clone()));
        let mut planned = plan(&larger);
        let before = groups.len();
        groups.retain(|one| {
            planned
                .purchases
                .iter()
                .any(|bought| bought.group == one.group.name)
        });
        if groups.len() == before {
            planned.new_groups = groups;
            return planned;
        }
    }
}

/// Makes groups for the pods that no group can host, and no more than one plan may make.
fn missing(cluster: &Cluster, dynamic: &Dynamic, plan: &Plan) -> Vec<NewGroup> {
    let mut made: Vec<NewGroup> = Vec::new();
    for (demand, mut pods) in homeless(cluster, plan) {
        pods.sort();
        if let Some(known) = made.iter_mut().find(|one| hosts(cluster, &one.group, &demand)) {
            known.pods.extend(pods);
            known.pods.sort();
        } else if plan.new_groups.len() + made.len() < MOST_NEW
            && let Some(mut new) = cheapest(cluster, dynamic, &made, &demand)
        {
            new.pods = pods;
            made.push(new);
        }
    }
    made
}

/// Lists the demands that no group can host, each with its pods.
fn homeless(cluster: &Cluster, plan: &Plan) -> BTreeMap<Arc<Demand>, Vec<PodName>> {
    let refusals = plan.pods.iter().filter_map(|answer| match &answer.outcome {
        Outcome::Unhelpable(refusals) => Some((&answer.pod, refusals)),
        Outcome::FitsNow(_)
        | Outcome::Incoming(_)
        | Outcome::NewNode(..)
        | Outcome::Unreadable(_)
        | Outcome::Ignored(_) => None,
    });
    let refused: BTreeMap<&PodName, &Arc<Refusals>> = refusals.collect();
    let groups: BTreeMap<&GroupName, &Group> =
        cluster.groups.iter().map(|group| (&group.name, group)).collect();
    let mut homeless: BTreeMap<Arc<Demand>, Vec<PodName>> = BTreeMap::new();
    for pod in &cluster.pods {
        if let (Standing::Waiting(demand), Some(refusals)) = (&pod.standing, refused.get(&pod.name)) {
            let mut answers = refusals.groups.iter();
            let has_home = answers.any(|(name, misfits)| {
                groups
                    .get(name)
                    .is_some_and(|group| could_host(group, misfits, demand))
            });
            if !has_home {
                homeless.entry(demand.clone()).or_default().push(pod.name.clone());
            }
        }
    }
    homeless
}

/// Tells whether only the group itself keeps a pod away, so that it is for a person to let it grow.
fn could_host(group: &Group, misfits: &[Misfit], demand: &Demand) -> bool {
    group.is_managed
        && misfits.iter().all(Misfit::is_of_group)
        && Site::to_come(&group.labels, &group.taints).admits(&demand.placement)
}

/// Makes the cheapest group that hosts a pod, of a size that no group has.
fn cheapest(cluster: &Cluster, dynamic: &Dynamic, made: &[NewGroup], demand: &Demand) -> Option<NewGroup> {
    let groups = || cluster.groups.iter().chain(made.iter().map(|one| &one.group));
    let taken: BTreeSet<i64> = groups().filter_map(|group| group.size).collect();
    let mut sizes: Vec<&Size> = dynamic
        .sizes
        .iter()
        .filter(|size| !taken.contains(&size.id))
        .collect();
    sizes.sort_by_key(|size| {
        let room = &size.room.allocatable;
        (
            size.price.is_none(),
            size.price,
            room.memory_bytes,
            room.cpu_m,
            size.id,
        )
    });
    let mut possible = sizes
        .into_iter()
        .filter_map(|size| dynamic.group_for(demand, size));
    possible.find(|new| {
        let is_free = groups().all(|group| group.name != new.group.name);
        is_free && hosts(cluster, &new.group, demand)
    })
}

/// Tells whether a pod goes on an empty node of a group, whatever other pods there are.
fn hosts(cluster: &Cluster, group: &Group, demand: &Demand) -> bool {
    let site = Site::to_come(&group.labels, &group.taints);
    let Some(room) = &group.room else { return false };
    let daemons = cluster.daemons.iter();
    let daemons = daemons.filter(|one| site.admits(&one.placement));
    let node = Node {
        room: room.clone(),
        pods: daemons
            .map(|daemon| Resident {
                demand: daemon.clone(),
                is_terminating: false,
            })
            .collect(),
        ..Node::default()
    };
    let alone = Demand {
        placement: Placement::default(),
        affinity: Vec::new(),
        anti_affinity: Vec::new(),
        spread: Vec::new(),
        ..demand.clone()
    };
    let misfits = fit(&alone, &[node], &cluster.namespaces);
    site.admits(&demand.placement) && misfits.iter().all(Vec::is_empty)
}
