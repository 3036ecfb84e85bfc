//! NodeGroups and what is coming for them, as a plan sees them: what may not grow now, and for whom nodes come.

use super::capacity::Rooms;
use crate::convert::is_control_plane;
use crate::decide::{error_of, missing, wants_machine};
use crate::growth::promised;
use crate::intent::{Intent, Outcome};
use crate::joins::joins;
use crate::kept::VPSieNode;
use crate::planning::{Reader, Surroundings, is_coming};
use crate::resources::NodeGroup;
use crate::watches::Place;
use crate::world::{ClaimObject, World};
use chrono::{DateTime, Utc};
use fleet_plan::Name;
use fleet_plan::cluster::Incoming;
use fleet_plan::group::Group;
use fleet_plan::pod::PodName;
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};
use vpsie_api::DatacenterId;

/// Divides namespace and name of what is coming.
const BETWEEN: char = '/';

/// Groups, what is coming, and for whom.
type Groups = (Vec<Group>, Vec<Incoming>, BTreeMap<PodName, Name>);

/// Tells whether VPSie is being asked for the first time what a group could grow by. An error is an answer.
pub(super) fn are_offers_awaited(world: &World<'_>) -> bool {
    let mut datacenters = world.groups.iter().filter(|group| group.is_managed());
    datacenters.any(|group| {
        let datacenter = DatacenterId::new(group.spec.datacenter_id.as_str());
        world.polls.are_offers_awaited(&datacenter)
    })
}

/// Lists the VPSieNodes whose nodes are coming (`LC-41`), but for those of which VPSie refused the machine for now.
pub(super) fn coming<'w>(world: &'w World<'_>) -> Vec<&'w ClaimObject> {
    let refused: BTreeSet<Place> = world
        .groups
        .iter()
        .filter(|group| refusal(world.members(group), world.now).is_some())
        .map(|group| place(group))
        .collect();
    let is_refused = |claim: &ClaimObject| {
        let group = (
            claim.object.namespace().unwrap_or_default(),
            claim.object.spec.node_group_name().to_owned(),
        );
        wants_machine(claim) && refused.contains(&group)
    };
    let coming = world.claims.iter().filter(|claim| is_coming(&claim.object));
    coming.filter(|claim| !is_refused(claim)).collect()
}

/// Names the Nodes of a VPSieNode: those that bear its label, and the one that it records.
pub(super) fn nodes_of<'w>(world: &'w World<'_>, claim: &'w ClaimObject) -> impl Iterator<Item = &'w str> {
    let status = claim.object.status.as_ref();
    let recorded = status.and_then(|status| status.node_name());
    let name = claim.object.metadata.name().unwrap_or_default();
    let labelled = world.nodes_labelled(name);
    labelled
        .filter_map(|node| node.metadata.name.as_deref())
        .chain(recorded)
}

/// Reads the NodeGroups, and what is coming for them.
pub(super) fn read(world: &World<'_>, reader: &mut Reader, rooms: &Rooms, coming: &[&ClaimObject]) -> Groups {
    let groups = world.groups.iter().map(|group| {
        let members: Vec<&ClaimObject> = world.members(group).collect();
        let nodes = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let mut read = reader.group(
            group,
            Surroundings {
                size: world.polls.size(group),
                nodes,
                learned: rooms.of(group),
                attachments: &rooms.attachments,
            },
        );
        // What the minimum asks for is made anyway, and counted in one place.
        let due = u32::try_from(missing(group, &members)).unwrap_or(u32::MAX);
        read.min = nodes.saturating_add(due);
        read.flaw = read.flaw.or_else(|| hidden(world, group));
        read.paused = pause(group, &members, world.now);
        read
    });
    let groups = groups.collect();
    let mut promises = BTreeMap::new();
    let incoming = coming.iter().map(|claim| {
        let name = reader.name(&name_of(&claim.object));
        for pod in promised(&claim.object).unwrap_or_default() {
            promises.insert(pod, name.clone());
        }
        Incoming {
            group: reader.incoming(&claim.object).group,
            name,
        }
    });
    let incoming = incoming.collect();
    (groups, incoming, promises)
}

/// Counts the workers that there are or that are coming: Nodes but for masters, and VPSieNodes that have none yet.
pub(super) fn workers(world: &World<'_>) -> u32 {
    let nodes = world.nodes.iter().filter(|node| !is_control_plane(node));
    let names: BTreeSet<&str> = nodes.filter_map(|node| node.metadata.name.as_deref()).collect();
    let has_none = |claim: &&ClaimObject| !nodes_of(world, claim).any(|node| names.contains(node));
    let coming = world.claims.iter().filter(has_none).count();
    u32::try_from(names.len() + coming).unwrap_or(u32::MAX)
}

/// Returns where the VPSieNode is whose node is coming.
pub(super) fn place_of_incoming(name: &str) -> Place {
    let (namespace, name) = name.split_once(BETWEEN).unwrap_or_default();
    (namespace.to_owned(), name.to_owned())
}

fn name_of(claim: &VPSieNode) -> String {
    format!(
        "{}{BETWEEN}{}",
        claim.namespace().unwrap_or_default(),
        claim.name_any()
    )
}

fn hidden(world: &World<'_>, group: &NodeGroup) -> Option<String> {
    let hidden = world.hidden_member(group)?;
    Some(format!(
        "the VPSieNode {hidden} cannot be read and may be a member"
    ))
}

/// Says why nothing is asked of a NodeGroup for now (`SC-9`).
pub(crate) fn pause(group: &NodeGroup, members: &[&ClaimObject], now: DateTime<Utc>) -> Option<String> {
    if let Some(intent) = refusal(members.iter().copied(), now) {
        let until = intent.may_repeat_at()?;
        let error = intent.error.as_deref().unwrap_or("VPSie gave no reason");
        return Some(format!(
            "VPSie refused its last machine, and is asked again at {until}: {error}"
        ));
    }
    if let Some(until) = joins(members.iter().copied())
        .stopped_until()
        .filter(|until| *until > now)
    {
        return Some(format!(
            "machines in a row never joined; no further one is asked for before {until}, or before those that Failed are deleted"
        ));
    }
    error_of(group).map(|error| format!("it has an error of its own: {error}"))
}

/// Returns the last refusal of VPSie to give a NodeGroup a machine, until it is asked again.
pub(crate) fn refusal<'c>(
    members: impl Iterator<Item = &'c ClaimObject>,
    now: DateTime<Utc>,
) -> Option<&'c Intent> {
    let waiting = members.filter(|claim| wants_machine(claim));
    let refused = waiting.filter_map(|claim| claim.requested.intent());
    let refused = refused.filter(|intent| intent.outcome == Outcome::Refused);
    let still = refused.filter(|intent| intent.may_repeat_at().is_some_and(|at| at > now));
    still.max_by_key(|intent| intent.may_repeat_at())
}

fn place(group: &NodeGroup) -> Place {
    (group.namespace().unwrap_or_default(), group.name_any())
}
