//! Which NodeGroup would grow by what is requested of it, as the operator decides it (`SC-7`, `LC-43`).
//!
//! Files have no past: a use that is above a threshold counts as above since the group last changed its size, and for
//! long enough where nobody wrote that down.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use fleet_plan::group::{Group, GroupName};
use fleet_plan::node::Node as PlannedNode;
use fleet_plan::projection::{Member, Projection, Standing};
use fleet_plan::removal::{Candidate, Fleet, MustStay};
use fleet_plan::{Cluster, Resources};
use kube::ResourceExt;

use super::members::Members;
use super::surveyor::{Claims, Surveyor, name};
use crate::planning::is_coming;
use crate::prospect::takes_pods;
use crate::resources::{NodeGroup, Phase};
use crate::thresholds::{Subject, Trends, judge, serves};
use crate::time::to_chrono;
use crate::world::ClaimObject;

/// Is a NodeGroup that would grow by one node, whoever waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// Its name.
    pub group: GroupName,
    /// How much of its CPU pods request, in percent, rounded down.
    pub cpu_percent: Option<u32>,
    /// How much of its memory.
    pub memory_percent: Option<u32>,
}

/// Finds what is known of Nodes by their names.
struct Sight<'c> {
    /// Those that take pods.
    nodes: BTreeMap<&'c str, &'c PlannedNode>,
    candidates: BTreeMap<&'c str, &'c Candidate>,
}

// === impl Surveyor ===

impl Surveyor<'_> {
    /// Looks at the use of each NodeGroup; the nodes of the one that grows stay.
    pub(super) fn busy(
        &self,
        members: &Members<'_>,
        claims: &Claims,
        cluster: &Cluster,
        fleet: &mut Fleet,
    ) -> Option<Busy> {
        let open = self.objects.nodes.iter().filter(|node| takes_pods(node));
        let open: BTreeSet<&str> = open.map(name).collect();
        let nodes = cluster.nodes.iter().filter(|node| open.contains(&*node.name));
        let sight = Sight {
            nodes: nodes.map(|node| (&*node.name, node)).collect(),
            candidates: fleet.candidates.iter().map(|one| (&*one.node, one)).collect(),
        };
        let mut subjects = Vec::new();
        let mut groups: BTreeMap<(String, String), (&GroupName, Projection)> = BTreeMap::new();
        for group in &self.objects.groups {
            let place = (group.namespace().unwrap_or_default(), group.name_any());
            let read = cluster.groups.iter().find(|read| is_named(read, &place));
            let own = claims.members(group);
            let subject = read.and_then(|read| sight.subject(group, read, &own, members));
            if let (Some(read), Some(subject)) = (read, subject) {
                groups.insert(place, (&read.name, Projection::of(&subject.members)));
                subjects.push(subject);
            }
        }
        let changed = self.objects.groups.iter().map(|group| {
            let changed = group.status.as_ref().and_then(|status| status.last_scale_time);
            let place = (group.namespace().unwrap_or_default(), group.name_any());
            (place, changed.unwrap_or(DateTime::UNIX_EPOCH))
        });
        let mut trends = Trends::above_since(changed);
        let settings = self.objects.settings();
        let found = judge(&subjects, settings.as_ref(), &mut trends, self.patience.now);
        for candidate in fleet.candidates.iter_mut().filter(|one| !one.is_leaving) {
            let group = candidate.group.as_ref();
            let place = group.map(|group| (group.namespace.to_string(), group.name.to_string()));
            if place.is_some_and(|place| found.grows.as_ref() == Some(&place)) {
                candidate.stays.push(MustStay::NeededByThreshold);
            }
        }
        let (group, projection) = groups.get(found.grows.as_ref()?)?;
        Some(Busy {
            group: (*group).clone(),
            cpu_percent: projection.cpu().percent(),
            memory_percent: projection.memory().percent(),
        })
    }
}

fn is_named(group: &Group, place: &(String, String)) -> bool {
    *group.name.namespace == *place.0 && *group.name.name == *place.1
}

// === impl Sight ===

impl Sight<'_> {
    /// Reads a NodeGroup; nothing of one that may not grow, whatever its use, or that is to have more nodes anyway.
    fn subject<'o>(
        &self,
        group: &'o NodeGroup,
        read: &Group,
        own: &[&ClaimObject],
        members: &Members<'_>,
    ) -> Option<Subject<'o>> {
        let is_alive = read.is_managed && group.metadata.deletion_timestamp.is_none();
        let is_sold = read.is_offered && read.flaw.is_none() && read.paused.is_none();
        let room = &read.room.as_ref()?.allocatable;
        if !is_alive || !is_sold || read.nodes < read.min {
            return None;
        }
        let found = own.iter().map(|claim| {
            let node = members.node_of(&claim.object);
            self.member(claim, node.unwrap_or_default(), room)
        });
        let found: Vec<Member> = found.collect();
        let made = own
            .iter()
            .filter_map(|claim| claim.object.metadata.creation_timestamp.as_ref());
        let grown_at = made.filter_map(to_chrono).max();
        serves(&found).then_some(Subject {
            group,
            members: found,
            grown_at,
        })
    }

    /// Reads a member; of one that comes, `room` is what it will have.
    fn member(&self, claim: &ClaimObject, node: &str, room: &Resources) -> Member {
        let phase = claim.object.phase();
        if is_coming(&claim.object) {
            return Member {
                standing: Standing::Coming { expected_at: None },
                room: room.clone(),
                requests: Resources::default(),
            };
        }
        let mut requests = Resources::default();
        let there = self.nodes.get(node).filter(|node| node.is_ready);
        if let Some(there) = there.filter(|_| phase == Phase::Ready && !claim.is_deleted()) {
            there
                .pods
                .iter()
                .for_each(|pod| requests.add(&pod.demand.requests, 1));
            return Member {
                standing: Standing::Serving,
                room: there.room.allocatable.clone(),
                requests,
            };
        }
        let candidate = self.candidates.get(node);
        let tenants = candidate.into_iter().flat_map(|one| &one.tenants);
        tenants.for_each(|tenant| requests.add(&tenant.demand.requests, 1));
        Member {
            standing: Standing::Excluded,
            room: Resources::default(),
            requests,
        }
    }
}
