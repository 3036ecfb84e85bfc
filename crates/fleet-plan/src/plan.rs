//! One plan for the whole backlog: what to buy, where each pod goes, and why the others cannot be helped.

mod answers;
mod found;
mod remedy;
mod setup;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Name;
use crate::cluster::{Cluster, Ignored, PodFlaw};
use crate::dynamic::NewGroup;
use crate::group::{Group, GroupName, Price};
use crate::misfit::Misfit;
use crate::pack::{LARGE_WORK, buy};
use crate::pod::PodName;
use setup::Setup;

/// Says what to do for a cluster, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Nodes to buy, by group.
    pub purchases: Vec<Growth>,
    /// An answer for each pod that is on no Node, by name.
    pub pods: Vec<PodAnswer>,
    /// Groups that are to be made first, by name; each of them is among those that grow (`SC-10`).
    pub new_groups: Vec<NewGroup>,
}

/// Is a group that grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The group.
    pub group: GroupName,
    /// VPSie's number of the size.
    pub size: Option<i64>,
    /// How many nodes are added.
    pub count: u32,
    /// How many of them its minimum asks for, whatever waits.
    pub minimum: u32,
    /// What all of them cost; none when the price is unknown.
    pub price: Option<Price>,
    /// For each node the pods that it is for, by name.
    pub nodes: Vec<Vec<PodName>>,
    /// The next best group that could take the same pods, node by node.
    pub runner_up: Option<RunnerUp>,
}

/// Is the group that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerUp {
    /// The group.
    pub group: GroupName,
    /// VPSie's number of the size.
    pub size: Option<i64>,
    /// What as many nodes of it cost; none when the price is unknown.
    pub price: Option<Price>,
}

/// Is the answer about a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodAnswer {
    /// Who it is.
    pub pod: PodName,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// Says what becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It fits on this Node, now or once pods there have ended.
    FitsNow(Name),
    /// It fits on a node that is coming: the name of its VPSieNode.
    Incoming(Name),
    /// It fits on a node that is to be bought: the group, and which of its new nodes, from 1.
    NewNode(GroupName, u32),
    /// Nothing that may be bought helps; pods of one class share the reasons.
    Unhelpable(Arc<Refusals>),
    /// It cannot be planned for.
    Unreadable(PodFlaw),
    /// It is not for planning.
    Ignored(Ignored),
}

// === impl Outcome ===

impl Outcome {
    /// Tells whether it is demand that the scheduler finds no Node for, so that nothing is to go (`LC-42`).
    ///
    /// One that fits by our rules is, too: the Node that it fits on might go before the scheduler looks again. One that
    /// cannot be planned for is not: no Node would change that.
    #[must_use]
    pub const fn is_unmet(&self) -> bool {
        match self {
            Self::FitsNow(_) | Self::Incoming(_) | Self::NewNode(..) | Self::Unhelpable(_) => true,
            Self::Unreadable(_) => false,
            Self::Ignored(why) => why.is_unmet(),
        }
    }
}

/// Says why no group helps a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// For each group its reasons.
    pub groups: Vec<(GroupName, Vec<Misfit>)>,
    /// The smallest change that would help.
    pub would_help: String,
}

// === impl Plan ===

impl Plan {
    /// Names for each pod the node that is to come for it: what [`Cluster::promises`] holds in the next pass.
    ///
    /// `name` says how the VPSieNode is called that is made for the numbered node of a group, from 1.
    pub fn promises(&self, name: impl Fn(&GroupName, u32) -> Name) -> BTreeMap<PodName, Name> {
        let promised = self.pods.iter().filter_map(|answer| match &answer.outcome {
            Outcome::Incoming(coming) => Some((answer.pod.clone(), coming.clone())),
            Outcome::NewNode(group, number) => Some((answer.pod.clone(), name(group, *number))),
            Outcome::FitsNow(_) | Outcome::Unhelpable(_) | Outcome::Unreadable(_) | Outcome::Ignored(_) => {
                None
            }
        });
        promised.collect()
    }

    /// Tells whether a group that was made for pods may go: it has no node and gets none, and no pod waits for it (`SC-10`).
    #[must_use]
    pub fn leaves_unused(&self, group: &Group) -> bool {
        let is_grown = self.purchases.iter().any(|one| one.group == group.name);
        let waits = |answer: &PodAnswer| match &answer.outcome {
            Outcome::Unhelpable(why) => {
                let mut groups = why.groups.iter();
                groups.any(|(name, misfits)| *name == group.name && misfits.iter().all(Misfit::is_of_group))
            }
            Outcome::FitsNow(_)
            | Outcome::Incoming(_)
            | Outcome::NewNode(..)
            | Outcome::Unreadable(_)
            | Outcome::Ignored(_) => false,
        };
        group.nodes == 0 && group.min == 0 && !is_grown && !self.pods.iter().any(waits)
    }
}

/// Plans for a cluster (`SC-4` to `SC-6`).
///
/// # Guarantees
/// No pod has two places, no group passes its maximum and the cluster not its own; the order of any list in `cluster`
/// changes nothing; planning again with what was bought as coming buys nothing more.
///
/// New groups are made only where [`Cluster::dynamic`] says of what, and only for pods that no group can host.
#[must_use]
pub fn plan(cluster: &Cluster) -> Plan {
    plan_within(cluster, LARGE_WORK)
}

/// Plans, and tries fewer ways where there is more work than `large_work`.
fn plan_within(cluster: &Cluster, large_work: u64) -> Plan {
    let plan_for = |cluster: &Cluster| plan_for_groups(cluster, large_work);
    found::with_new_groups(cluster, plan_for(cluster), plan_for)
}

/// Plans with the groups that there are.
fn plan_for_groups(cluster: &Cluster, large_work: u64) -> Plan {
    let setup = Setup::new(cluster);
    let (rules, classes) = setup.rules();
    let order = setup.by_need(&rules);
    let coming: Vec<usize> = setup.incoming_bins().collect();
    let by_name = setup.by_name();
    let mut promises = cluster.promises.clone();
    loop {
        let (mut packing, offers) = setup.start(&rules, &classes, &promises);
        setup.fill_nodes(&mut packing, &order);
        setup.end_terminating(&mut packing, &classes);
        setup.fill_nodes(&mut packing, &order);
        setup.welcome_incoming(&mut packing);
        let kept = setup.keep_promises(&mut packing, &promises);
        let mut packing = buy(packing, &offers, &order, &by_name, &coming, large_work);
        let broken = setup.broken_promises(&mut packing, &kept);
        if broken.is_empty() {
            return answers::of(&setup, &packing, &offers, kept);
        }
        // Each round has fewer promises, so this ends; without any, none is broken.
        promises.retain(|pod, _| !broken.contains(pod));
    }
}

/// Class and bin of the pods that have their place by a promise.
type Fixed = BTreeMap<usize, (usize, usize)>;
