//! Which VPSieNodes may ask VPSie for a machine in this pass, and why the others must wait.

use super::surplus;
use crate::command::Kind;
use crate::convert::provider_group;
use crate::intent::{Intent, Requested};
use crate::poll::Reply;
use crate::reason::Reason;
use crate::resources::Phase;
use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use node_match::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use vpsie_api::{ClusterId, GroupNumber};

/// Whether a VPSieNode may ask for a machine now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It may ask now.
    Now {
        /// The group to ask for.
        group: GroupNumber,
        /// How many requests it will have made.
        attempt: u32,
    },
    /// It must wait.
    Wait(WaitingOn),
}

/// What a VPSieNode waits for before it may ask for a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitingOn {
    /// Its finalizer, without which it could vanish while its machine is made.
    Finalizer,
    /// Its NodeGroup, which is missing, not managed, or being deleted.
    NodeGroup,
    /// The number of its group at VPSie.
    ProviderGroup,
    /// Two complete replies of VPSie, without which a new machine cannot be told from an old one.
    Baseline,
    /// The wait after a refused or unsent request.
    BackOff {
        /// When it ends.
        until: DateTime<Utc>,
    },
    /// A VPSieNode of its NodeGroup that cannot be read: what comes could be that one's machine.
    HiddenMember,
    /// Pods that need its node: those that it was made for have found another.
    Pods,
    /// Another group of the cluster, because a new machine does not tell which group it is of (`R7`).
    OtherGroup,
}

// === impl WaitingOn ===

impl WaitingOn {
    /// Returns the stable word for conditions.
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::Finalizer => Reason::WaitingForFinalizer,
            Self::NodeGroup => Reason::NodeGroupMissing,
            Self::ProviderGroup => Reason::WaitingForProviderGroup,
            Self::Baseline => Reason::WaitingForBaseline,
            Self::BackOff { .. } => Reason::BackingOff,
            Self::HiddenMember => Reason::ObjectUnreadable,
            Self::Pods => Reason::NotNeeded,
            Self::OtherGroup => Reason::WaitingForOtherGroup,
        }
    }

    /// Says what it means and what a person can do.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Finalizer => "the finalizer is written before anything is asked of VPSie",
            Self::NodeGroup => {
                "the NodeGroup is missing, being deleted, or lacks the label autoscaler.vpsie.com/managed=true; mend it, or delete this VPSieNode"
            }
            Self::ProviderGroup => {
                "VPSie has no group for the NodeGroup yet; see the conditions of the NodeGroup"
            }
            Self::Baseline => "two complete replies of VPSie are needed before a machine is asked for",
            Self::BackOff { .. } => "the last request had no effect; it is repeated after a growing wait",
            Self::HiddenMember => {
                "a VPSieNode of the NodeGroup cannot be read, and what comes could be its machine; mend or delete it"
            }
            Self::Pods => "the pods that it was made for need no new node any longer; it is withdrawn",
            Self::OtherGroup => "machines of another group are still being discovered; groups take turns",
        }
    }
}

/// Whose turn it is, and what that means for those who come after.
pub(super) struct Turns<'w> {
    world: &'w World<'w>,
    given: BTreeMap<&'w str, Turn>,
    held: BTreeMap<(&'w str, u64), DateTime<Utc>>,
    /// Groups that ask, or have asked for what is not discovered yet, by cluster.
    busy: BTreeMap<String, BTreeSet<u64>>,
    /// Whether the size of a new machine of a cluster says which group it is of.
    distinct: BTreeMap<String, bool>,
}

// === impl Turns ===

impl<'w> Turns<'w> {
    /// Gives every VPSieNode that wants a machine its turn, in their order.
    pub(super) fn of(world: &'w World<'w>, verdicts: &BTreeMap<&str, &Verdict<'_>>) -> Self {
        let mut turns = Self {
            world,
            given: BTreeMap::new(),
            held: held_groups(world),
            busy: busy_groups(world, verdicts),
            distinct: BTreeMap::new(),
        };
        let surplus = surplus::uids(world);
        for claim in world.claims.iter().filter(|claim| wants_machine(claim)) {
            let turn = match turn(world, claim) {
                Turn::Now { .. } if surplus.contains(claim.uid()) => Turn::Wait(WaitingOn::Pods),
                turn @ (Turn::Now { .. } | Turn::Wait(_)) => turns.beside_others(claim, turn),
            };
            turns.given.insert(claim.uid(), turn);
        }
        turns
    }

    /// Returns the turn of a VPSieNode that wants a machine.
    pub(super) fn of_claim(&self, claim: &ClaimObject) -> Option<Turn> {
        self.given.get(claim.uid()).copied()
    }

    /// Gives one that this pass makes its turn, behind all that are there.
    pub(super) fn of_newcomer(&mut self, claim: &ClaimObject) -> Turn {
        self.beside_others(claim, turn(self.world, claim))
    }

    /// Lets one wait whose group is held up, or whose machine could be taken for one of another group (`R7`).
    fn beside_others(&mut self, claim: &ClaimObject, turn: Turn) -> Turn {
        let Turn::Now { group, .. } = turn else {
            return turn;
        };
        let (world, cluster) = (self.world, claim.object.spec.resource_identifier());
        if let Some(until) = self.held.get(&(cluster, group.get())) {
            return Turn::Wait(WaitingOn::BackOff { until: *until });
        }
        let others = self.busy.entry(cluster.to_owned()).or_default();
        let is_another_busy = others.iter().any(|other| *other != group.get());
        let mut differ = || {
            let known = self.distinct.entry(cluster.to_owned());
            *known.or_insert_with(|| groups_differ(world, cluster))
        };
        if is_another_busy && !differ() {
            return Turn::Wait(WaitingOn::OtherGroup);
        }
        others.insert(group.get());
        turn
    }
}

/// Tells whether a VPSieNode is still to ask for a machine, or to ask again.
pub(crate) fn wants_machine(claim: &ClaimObject) -> bool {
    let is_waiting = match claim.object.phase() {
        Phase::Pending | Phase::Provisioning => true,
        Phase::Provisioned
        | Phase::Joining
        | Phase::Ready
        | Phase::Terminating
        | Phase::Deleting
        | Phase::Failed
        | Phase::Unrecognised(_) => false,
    };
    is_waiting && !claim.is_deleted() && !claim.may_have_machine()
}

fn turn(world: &World<'_>, claim: &ClaimObject) -> Turn {
    let object = &claim.object;
    if !Kind::VpsieNode.is_kept(object.as_ref()) {
        return Turn::Wait(WaitingOn::Finalizer);
    }
    let group = world.group_of(object);
    if group.is_none_or(|group| group.metadata.deletion_timestamp.is_some() || !group.is_managed()) {
        return Turn::Wait(WaitingOn::NodeGroup);
    }
    if group.is_some_and(|group| world.hidden_member(group).is_some()) {
        return Turn::Wait(WaitingOn::HiddenMember);
    }
    let Some(group) = provider_group(object, world) else {
        return Turn::Wait(WaitingOn::ProviderGroup);
    };
    let attempt = match &claim.requested {
        Requested::Never => 1,
        Requested::Recorded(intent) => match intent.may_repeat_at() {
            Some(at) if at <= world.now => intent.attempt.saturating_add(1),
            Some(until) => return Turn::Wait(WaitingOn::BackOff { until }),
            None => return Turn::Wait(WaitingOn::Baseline),
        },
        Requested::TakenOver { .. } | Requested::Unreadable { .. } => return Turn::Wait(WaitingOn::Baseline),
    };
    let has_baseline = world
        .cluster(object.spec.resource_identifier())
        .and_then(|view| view.baseline_replies())
        .is_some();
    if !has_baseline {
        return Turn::Wait(WaitingOn::Baseline);
    }
    Turn::Now {
        group: GroupNumber::new(group),
        attempt,
    }
}

/// Lists the groups of which a VPSieNode waits after a request without effect, with the end of the longest wait.
///
/// What VPSie refuses to one it refuses to all of its group, so the others wait with it instead of asking in turn.
fn held_groups<'w>(world: &'w World<'_>) -> BTreeMap<(&'w str, u64), DateTime<Utc>> {
    let mut held = BTreeMap::new();
    for claim in world.claims.iter().filter(|claim| wants_machine(claim)) {
        let until = claim.requested.intent().and_then(Intent::may_repeat_at);
        let until = until.filter(|until| *until > world.now);
        if let (Some(until), Some(group)) = (until, provider_group(&claim.object, world)) {
            let longest = held
                .entry((claim.object.spec.resource_identifier(), group))
                .or_insert(until);
            *longest = until.max(*longest);
        }
    }
    held
}

/// Lists, by cluster, the groups that have asked for machines which are not discovered yet.
///
/// A VPSieNode that has Failed no longer keeps other groups waiting: a person may take days.
fn busy_groups(
    world: &World<'_>,
    verdicts: &BTreeMap<&str, &Verdict<'_>>,
) -> BTreeMap<String, BTreeSet<u64>> {
    let mut busy: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for claim in &world.claims {
        let object = &claim.object;
        let is_open =
            claim.requested.may_have_effect() && !claim.has_machine() && object.phase() != Phase::Failed;
        let uid = object.metadata.uid().unwrap_or_default();
        let found = verdicts
            .get(uid)
            .and_then(|verdict| verdict.matched()?.machine.as_ref());
        if let (true, None, Some(group)) = (is_open, found, provider_group(object, world)) {
            busy.entry(object.spec.resource_identifier().to_owned())
                .or_default()
                .insert(group);
        }
    }
    busy
}

/// Tells whether the size of a new machine says which group it is of.
fn groups_differ(world: &World<'_>, cluster: &str) -> bool {
    let Some(reply) = world
        .polls
        .cluster(&ClusterId::new(cluster))
        .and_then(|view| view.latest())
    else {
        return false;
    };
    machines_have_sizes(reply) && sizes_are_distinct(reply)
}

fn machines_have_sizes(reply: &Reply) -> bool {
    reply
        .cluster
        .nodes
        .iter()
        .all(|node| node.cpu.is_some() && node.ram_mb.is_some() && node.disk_gb.is_some())
}

fn sizes_are_distinct(reply: &Reply) -> bool {
    let mut sizes = BTreeSet::new();
    let groups = reply.groups.iter().filter(|group| !group.is_deleted);
    groups
        .into_iter()
        .all(|group| match (group.cpu, group.ram_mb, group.disk_gb) {
            (Some(cpu), Some(ram), Some(disk)) => sizes.insert((cpu, ram, disk)),
            _ => false,
        })
}

#[cfg(test)]
mod tests;
