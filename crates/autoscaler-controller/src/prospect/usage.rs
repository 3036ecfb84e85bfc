//! How much of each NodeGroup is requested, and who grows by that (`SC-7`, `LC-43`).

use super::groups::{nodes_of, pause, workers};
use crate::decide::{free_names, is_ready, missing};
use crate::drain::Drain;
use crate::growth::{Growth, NewMember};
use crate::kept::Node;
use crate::planning::capacity::allocatable;
use crate::planning::{Size, is_coming};
use crate::resources::{GlobalSettings, NodeGroup, Phase};
use crate::thresholds::{Subject, Trends, judge, serves};
use crate::time::to_chrono;
use crate::watches::Watches;
use crate::world::{ClaimObject, World};
use fleet_plan::Resources;
use fleet_plan::projection::{Member, Standing};

/// Adds to what is planned for pods what the use of NodeGroups asks for: one node, where nothing else is made.
pub(super) fn add(world: &World<'_>, watches: &Watches, trends: &mut Trends, growth: &mut Growth) {
    // By a wrong clock no time has passed.
    if !growth.is_known || world.skew.is_some() {
        return;
    }
    // One lock at a time, and none for long: the watch of pods needs both.
    let asked = Asked {
        by_all: &|node| watches.backlog().requests_on(node),
        by_workload: &|node| {
            let mut sum = Resources::default();
            for pod in watches.pods().on(node) {
                let amount = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
                sum.cpu_m = sum.cpu_m.saturating_add(amount(pod.requested_cpu_m));
                let memory = amount(pod.requested_memory_bytes);
                sum.memory_bytes = sum.memory_bytes.saturating_add(memory);
            }
            sum
        },
    };
    let config = watches.supplies().config();
    let settings = config.map(|config| config.spec.settings());
    add_for(world, &asked, settings.as_ref(), trends, growth);
}

/// Says what pods on a Node request.
pub(super) struct Asked<'f> {
    /// By all of them.
    pub(super) by_all: &'f dyn Fn(&str) -> Resources,
    /// By those that would have to go elsewhere.
    pub(super) by_workload: &'f dyn Fn(&str) -> Resources,
}

/// The same for what pods request as it is told.
pub(super) fn add_for(
    world: &World<'_>,
    asked: &Asked<'_>,
    settings: Option<&GlobalSettings>,
    trends: &mut Trends,
    growth: &mut Growth,
) {
    let groups = world.groups.iter();
    let subjects: Vec<Subject<'_>> = groups.filter_map(|group| subject(world, group, asked)).collect();
    growth.thresholds = judge(&subjects, settings, trends, world.now);
    let limit = settings.and_then(GlobalSettings::cluster_worker_limit);
    let is_full = limit.is_some_and(|limit| i64::from(workers(world)) >= i64::from(limit));
    if is_full || !growth.new.is_empty() {
        growth.thresholds.yield_to_others();
    }
    let Some(place) = &growth.thresholds.grows else {
        return;
    };
    let name = world
        .group_at(place)
        .and_then(|group| free_names(world, group).next());
    let member = name.map(|name| NewMember {
        name,
        pods: Vec::new(),
    });
    growth
        .new
        .extend(member.map(|member| (place.clone(), vec![member])));
}

/// Reads a NodeGroup; nothing of one that may not grow, whatever its use, or that is to have more nodes anyway.
fn subject<'w>(world: &'w World<'_>, group: &'w NodeGroup, asked: &Asked<'_>) -> Option<Subject<'w>> {
    let claims: Vec<&ClaimObject> = world.members(group).collect();
    let is_ours = group.is_managed() && group.metadata.deletion_timestamp.is_none();
    let is_sold = match world.polls.size(group) {
        Size::Offered(_) => true,
        // Nodes of the size are there, so it can be had as far as anybody knows.
        Size::Unknown => group.spec.kube_size_id.is_some(),
        Size::NotOffered => false,
    };
    let may_grow = is_ours
        && is_sold
        && world.hidden_member(group).is_none()
        && missing(group, &claims) == 0
        && pause(group, &claims, world.now).is_none();
    if !may_grow {
        return None;
    }
    let mut members: Vec<Member> = claims.iter().map(|claim| member(world, claim, asked)).collect();
    if !serves(&members) {
        return None;
    }
    let rooms = members
        .iter()
        .filter(|member| member.standing == Standing::Serving);
    let room = rooms
        .map(|member| &member.room)
        .min_by_key(|room| room.cpu_m)
        .cloned();
    for member in &mut members {
        if matches!(member.standing, Standing::Coming { .. }) {
            member.room = room.clone().unwrap_or_default();
        }
    }
    let made = claims
        .iter()
        .filter_map(|claim| claim.object.metadata.creation_timestamp.as_ref());
    Some(Subject {
        group,
        members,
        grown_at: made.filter_map(to_chrono).max(),
    })
}

/// Reads a member; what one that comes will have is that of those that serve.
fn member(world: &World<'_>, claim: &ClaimObject, asked: &Asked<'_>) -> Member {
    let mut names = nodes_of(world, claim);
    let node = names.find_map(|name| world.node_named(name));
    let name = node.map(|node| node.name_any());
    let sum = |of: &dyn Fn(&str) -> Resources| name.as_deref().map(of).unwrap_or_default();
    let room =
        node.filter(|node| claim.object.phase() == Phase::Ready && !claim.is_deleted() && takes_pods(node));
    if is_coming(&claim.object) {
        let standing = Standing::Coming { expected_at: None };
        return Member {
            standing,
            room: Resources::default(),
            requests: sum(asked.by_all),
        };
    }
    match room.and_then(|node| allocatable(node)) {
        Some(room) => Member {
            standing: Standing::Serving,
            room,
            requests: sum(asked.by_all),
        },
        None => Member {
            standing: Standing::Excluded,
            room: Resources::default(),
            requests: sum(asked.by_workload),
        },
    }
}

/// Tells whether pods may be put on a Node.
pub(crate) fn takes_pods(node: &Node) -> bool {
    is_ready(node) && !node.spec.is_cordoned && Drain::of(node).is_none()
}
