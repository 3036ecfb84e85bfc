//! What the gate is told of one VPSieNode, gathered from one observation.

use super::slots;
use super::view::View;
use crate::convert::provider_group;
use crate::decide::marks;
use crate::drain::Drain;
use crate::endpoints;
use crate::intent::Intent;
use crate::kept::Node;
use crate::lives;
use crate::removal::{Case, Hold, Obstacle};
use crate::resources::{NodeGroup, keys};
use crate::world::{ClaimObject, World};
use node_lifecycle::gate::{Binding, GroupFacts};
use node_lifecycle::{Decider, Doubt, Life, Permit, ProtectionFacts, State, Workload};
use node_match::{Link, Match, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vpsie_api::{ClusterId, DatacenterId, Decimal, GroupNumber, NodeUuid};

/// How many nodes of each NodeGroup the decisions of this pass let go, by namespace and name.
///
/// The next one must not count them as capacity any longer, nor their endpoints as such that stay (`SC-12`).
///
/// Nor may anything be removed where VPSie refused a removal for good a short time ago (`LC-25b`).
#[derive(Debug)]
pub(super) struct Leaving {
    nodes: BTreeMap<(String, String), u32>,
    names: BTreeSet<String>,
    stopped: BTreeSet<String>,
}

// === impl Leaving ===

impl Leaving {
    /// Begins with nothing let go, and looks up where VPSie has refused.
    pub(super) fn of(world: &World<'_>) -> Self {
        let pause = world.settings.refusal_pause;
        let refused = world.claims.iter().filter(|claim| {
            let intent = Intent::from_annotation(claim.object.as_ref(), keys::ANNOTATION_REMOVAL_INTENT);
            intent.is_some_and(|intent| intent.is_final && world.now - intent.requested_at < pause)
        });
        Self {
            nodes: BTreeMap::new(),
            names: BTreeSet::new(),
            stopped: refused
                .map(|claim| claim.object.spec.resource_identifier().to_owned())
                .collect(),
        }
    }

    /// Tells whether VPSie refused a removal in a cluster for good a short time ago.
    pub(super) fn is_stopped(&self, cluster: &str) -> bool {
        self.stopped.contains(cluster)
    }

    /// Notes that a node of this life is let go.
    pub(super) fn note(&mut self, view: &View<'_>, life: &Life) {
        self.names.extend(node(view).map(|node| node.name_any()));
        if life.state().counts_as_capacity() {
            *self.nodes.entry(place(view)).or_default() += 1;
        }
    }

    fn in_group_of(&self, view: &View<'_>) -> u32 {
        self.nodes.get(&place(view)).copied().unwrap_or_default()
    }
}

fn place(view: &View<'_>) -> (String, String) {
    let object = view.object();
    (
        object.namespace().unwrap_or_default(),
        object.spec.node_group_name().to_owned(),
    )
}

/// Asks whether the machine of a VPSieNode may go now: first what stands before the gate, then the gate, and whether
/// this process has looked for long enough (`LC-29`).
pub(super) fn judge(
    view: &View<'_>,
    machine: &NodeUuid,
    decided_by: Decider,
    leaving: &Leaving,
) -> Result<(Case, Permit), Hold> {
    let world = view.world;
    let cluster = view.object().spec.resource_identifier();
    if leaving.is_stopped(cluster) {
        return Err(Obstacle::RemovalsStopped.into());
    }
    let listing = view.cluster.and_then(|cluster| cluster.listing(machine));
    if is_node_hidden(view) || world.is_group_hidden(view.object()) {
        return Err(Obstacle::Unreadable.into());
    }
    if let Some(obstacle) = Obstacle::find(&ClusterId::new(cluster), listing, world.now) {
        return Err(obstacle.into());
    }
    let case = case(view, machine, decided_by, leaving);
    let permit = case.ask(&world.settings.gate, world.now)?;
    // Last, so that whatever else holds the machine is said from the start.
    let has_just_begun = |began| world.now - began < world.settings.first_removal;
    if world.began_at.is_some_and(has_just_begun) {
        return Err(Obstacle::JustStarted.into());
    }
    Ok((case, permit))
}

/// Gathers what the gate is told of a VPSieNode whose machine is to go.
pub(super) fn case(view: &View<'_>, machine: &NodeUuid, decided_by: Decider, leaving: &Leaving) -> Case {
    let object = view.object();
    let node = node(view);
    let status = object.status.as_ref();
    let created = || crate::time::to_chrono(object.metadata.creation_timestamp.as_ref()?);
    Case {
        claim: view.target.clone(),
        node_group: object.spec.node_group_name().to_owned(),
        decided_by,
        node: node.map(|node| node.name_any()),
        protection: protection(view, node),
        identity: identity(view, machine, decided_by),
        life: life(view),
        created_at: status.and_then(|status| status.created_at).or_else(created),
        failure: lives::failure(view.claim).map(str::to_owned),
        is_under_way: lives::is_on_its_way_out(object),
        // Of a VPSieNode without a Node, nothing can run.
        workload: Some(view.load.map_or_else(Workload::default, |load| load.workload)),
        group: group(view, leaving),
        last_endpoints: node.map_or_else(Vec::new, |node| last_endpoints(view, node, leaving)),
        hourly_cost: hourly_cost(view),
    }
}

/// Lists the watched Services that would have no ready endpoint without a Node (`SC-12`).
fn last_endpoints(view: &View<'_>, node: &Node, leaving: &Leaving) -> Vec<String> {
    let world = view.world;
    let is_drained = |node: &Arc<Node>| Drain::of(node).is_some();
    let is_leaving =
        |name: &str| leaving.names.contains(name) || world.node_named(name).is_none_or(is_drained);
    endpoints::last_endpoints(&world.endpoints, &node.name_any(), is_leaving)
}

/// Returns what an hour of its machine costs: that of the size of its group at VPSie.
fn hourly_cost(view: &View<'_>) -> Option<Decimal> {
    let object = view.object();
    let number = GroupNumber::new(provider_group(object, view.world)?);
    let mut groups = view.cluster?.latest()?.groups.iter();
    let size = groups.find(|group| group.number == number)?.size?;
    let datacenter = DatacenterId::new(object.spec.datacenter_id());
    view.world.polls.hourly_cost(&datacenter, size)
}

/// Returns its Node: the one that is matched now, else the one that bears its marks.
pub(super) fn node<'w>(view: &View<'w>) -> Option<&'w Arc<Node>> {
    let is_ours = |node: &&Arc<Node>| marks::claimed_by_another(node, view.object()).is_none();
    view.node().filter(is_ours).or_else(|| marked_node(view))
}

/// Tells whether it may have a Node that cannot be read: it has no other, and there is such a one.
pub(super) fn is_node_hidden(view: &View<'_>) -> bool {
    node(view).is_none() && !view.world.unreadable.nodes.is_empty()
}

/// Returns the worker's Node that is marked for this VPSieNode.
pub(super) fn marked_node<'w>(view: &View<'w>) -> Option<&'w Arc<Node>> {
    let object = view.object();
    let mut labelled = view.world.nodes_labelled(object.metadata.name()?);
    labelled.find(|node| marks::is_marked_for(node, object))
}

/// Returns its life; one that was never looked at has only just begun, and is let go by nothing.
fn life(view: &View<'_>) -> Life {
    let life = view.lives.of(&view.target.uid).cloned();
    life.unwrap_or_else(|| Life::requested(view.world.now))
}

fn protection(view: &View<'_>, node: Option<&Arc<Node>>) -> ProtectionFacts {
    let matched = view.found().and_then(|found| found.node);
    let of_another = view
        .node()
        .is_some_and(|node| marks::claimed_by_another(node, view.object()).is_some());
    ProtectionFacts {
        is_of_control_plane: matched.is_some_and(|node| node.control_plane),
        has_owner: !of_another,
        // A group that is gone is nobody's wish to keep its nodes, and one that goes takes its nodes along.
        is_group_managed: view
            .group
            .is_none_or(|group| group.is_managed() || group.metadata.deletion_timestamp.is_some()),
        has_opted_out: node.is_some_and(|node| has_opted_out(node)),
    }
}

/// Tells whether somebody excepted a Node from every removal.
pub(crate) fn has_opted_out(node: &Node) -> bool {
    let is_true = |value: Option<&str>| value == Some(keys::TRUE);
    is_true(node.annotations().get(keys::ANNOTATION_PROTECTED))
        || is_true(node.labels().get(keys::LABEL_SCALE_DOWN_DISABLED))
}

/// Says what is linked to the VPSieNode by what is seen now (`LC-14a`).
///
/// The machine is listed under the recorded identifier when this is asked.
fn identity(view: &View<'_>, machine: &NodeUuid, decided_by: Decider) -> Result<Binding, Doubt> {
    let node_uid = match view.verdict {
        Some(Verdict::Matched(found)) => linked(view, found, decided_by)?,
        // Nothing speaks against the record, unless there is a Node that nothing links to it.
        Some(Verdict::Waiting { .. } | Verdict::TimedOut { .. }) => alone(view)?,
        Some(Verdict::Ambiguous { .. }) => return Err(Doubt::Ambiguous),
        Some(Verdict::Conflict { .. }) => return Err(Doubt::Conflict),
        // With a machine recorded it takes part, unless another VPSieNode has its uid.
        Some(Verdict::NotParticipating { .. }) | None => return Err(Doubt::Absent),
    };
    let target = &view.target;
    Ok(Binding {
        vpsie_node_uid: target.uid.clone(),
        resource_version: target.resource_version.clone(),
        node_uid,
        cluster: view.object().spec.resource_identifier().to_owned(),
        machine: machine.as_str().to_owned(),
    })
}

/// Returns the uid of the Node that is tied to the machine; nothing where there is no Node.
fn linked(view: &View<'_>, found: &Match<'_>, decided_by: Decider) -> Result<Option<String>, Doubt> {
    // Only a person ends a machine that a surplus machine makes doubtful (R7).
    if found.contested && decided_by != Decider::Manual {
        return Err(Doubt::Contested);
    }
    let Some(node) = found.node else {
        return alone(view);
    };
    let is_tied = found.evidence.iter().any(|one| one.link == Link::MachineNode);
    if is_tied {
        Ok(Some(node.uid.to_string()))
    } else {
        Err(Doubt::RecordOnly)
    }
}

/// Agrees that there is no Node, unless one bears the marks of the VPSieNode.
fn alone(view: &View<'_>) -> Result<Option<String>, Doubt> {
    match marked_node(view) {
        Some(_) => Err(Doubt::RecordOnly),
        None => Ok(None),
    }
}

/// Counts what the floor of the group depends on (`LC-23`).
fn group(view: &View<'_>, leaving: &Leaving) -> GroupFacts {
    let Some(group) = view.group else {
        return GroupFacts {
            is_deleted: true,
            ..GroupFacts::default()
        };
    };
    let members: Vec<&ClaimObject> = view.world.members(group).collect();
    let uids = || members.iter().filter_map(|member| member.object.metadata.uid());
    let is_capacity = |uid: &&str| {
        view.lives
            .of(uid)
            .is_some_and(|life| life.state().counts_as_capacity())
    };
    let capacity = count(uids().filter(is_capacity).count());
    let stuck = members.iter().filter(|member| is_stuck(view, member)).count();
    let loads = uids().filter_map(|uid| view.lives.load(uid));
    GroupFacts {
        min_nodes: size(group.spec.min_nodes),
        max_nodes: size(group.spec.max_nodes).saturating_sub(count(stuck)),
        is_replaced: is_replaced(view, group, &members),
        capacity_nodes: capacity.saturating_sub(leaving.in_group_of(view)),
        workload_pods: loads.map(|load| load.workload.pods).fold(0, u64::saturating_add),
        is_deleted: group.metadata.deletion_timestamp.is_some(),
    }
}

/// Tells whether another member holds a place that only a person can free.
fn is_stuck(view: &View<'_>, member: &ClaimObject) -> bool {
    let object = &member.object;
    let uid = object.metadata.uid().unwrap_or_default();
    let is_broken = view
        .lives
        .of(uid)
        .is_some_and(|life| life.state() == State::Unhealthy);
    uid != view.target.uid && is_broken && !lives::is_on_its_way_out(object)
}

/// Tells whether a replacement is on its way, or will be made once there is room.
fn is_replaced(view: &View<'_>, group: &NodeGroup, members: &[&ClaimObject]) -> bool {
    let makes_room = |member: &&&ClaimObject| {
        let is_other = member.object.metadata.uid() != Some(view.target.uid.as_str());
        member.is_deleted() && is_other && !is_stuck(view, member)
    };
    let room =
        size(group.spec.max_nodes) > count(members.len()) || members.iter().any(|member| makes_room(&member));
    slots::is_one_coming(members) || (room && slots::wanted(group, members) > 0)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn size(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests;
