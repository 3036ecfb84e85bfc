//! What decides, beside pods and room, which nodes may go: of every Node of a cluster.

use std::collections::BTreeMap;

use crate::kept::Node;
use fleet_plan::Cluster;
use fleet_plan::group::{GroupName, Price};
use fleet_plan::pod::PodName;
use fleet_plan::removal::{Candidate, Fleet, MustStay, Service, Thresholds};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::Broken;
use super::grounds::{Member, is_on_its_way_out, of_group, of_stranger};
use super::members::Members;
use super::surveyor::{Claims, Surveyor, name};
use super::tenants::Guests;
use crate::drain::Drain;
use crate::resources::NodeGroup;
use crate::world::ClaimObject;

/// By which label an EndpointSlice names its Service.
const SERVICE: &str = "kubernetes.io/service-name";

/// Is a group as its members share it.
struct Team<'c> {
    group: &'c NodeGroup,
    name: GroupName,
    /// Why none of its members may go now.
    stays: Vec<MustStay>,
    price: Option<Price>,
}

/// Says what cannot be read of Nodes and of what is on them.
#[derive(Default)]
struct Unread {
    of_nodes: BTreeMap<String, String>,
    of_namespaces: BTreeMap<String, String>,
}

// === impl Surveyor ===

impl Surveyor<'_> {
    /// Gathers what decides which nodes may go.
    pub(super) fn fleet(
        &mut self,
        members: &Members<'_>,
        claims: &Claims,
        cluster: &Cluster,
        mut guests: Guests<'_>,
    ) -> Fleet {
        let objects = self.objects;
        let settings = objects.settings().unwrap_or_default();
        let most = u32::try_from(settings.concurrent_scale_downs()).unwrap_or_default();
        let unread = Unread::of(&self.broken);
        let mut fleet = Fleet {
            budgets: guests.allowed(),
            services: self.services(),
            most,
            ..Fleet::default()
        };
        let mut teams = Vec::new();
        let mut owned: BTreeMap<&str, (usize, &ClaimObject)> = BTreeMap::new();
        for group in &objects.groups {
            let own = claims.members(group);
            let name = self.reader.group_name(group);
            let mut known = cluster.groups.iter();
            let price = known.find(|one| one.name == name).and_then(|one| one.price);
            let least = u32::try_from(group.spec.min_nodes).unwrap_or_default();
            fleet.floors.insert(name.clone(), least);
            let of_nodes = own.iter().filter_map(|claim| {
                let node = members.node_of(&claim.object)?;
                Some((node, (teams.len(), *claim)))
            });
            owned.extend(of_nodes);
            let gone = own
                .iter()
                .filter(|claim| members.node_of(&claim.object).is_none());
            let vanishing = gone.filter(|claim| is_on_its_way_out(claim)).count();
            fleet.vanishing = fleet
                .vanishing
                .saturating_add(u32::try_from(vanishing).unwrap_or(u32::MAX));
            teams.push(Team {
                group,
                name,
                stays: of_group(group, &own, self.patience.now),
                price,
            });
        }
        for node in &objects.nodes {
            let owner = owned.get(name(node));
            let owner = owner.map(|(team, claim)| (&teams[*team], *claim));
            let mut candidate = self.candidate(node, owner, &mut guests);
            candidate.stays.extend(unread.about(&candidate));
            fleet.candidates.push(candidate);
        }
        for broken in objects.broken.iter().filter(|broken| broken.is_a::<Node>()) {
            fleet.candidates.push(Candidate {
                node: self.reader.name(&broken.name),
                stays: vec![MustStay::NotPlanned {
                    what: broken.to_string(),
                }],
                ..Candidate::default()
            });
        }
        fleet
    }

    /// Says of one Node what decides whether it may go.
    fn candidate(
        &mut self,
        node: &Node,
        owner: Option<(&Team<'_>, &ClaimObject)>,
        guests: &mut Guests<'_>,
    ) -> Candidate {
        let own_name = self.reader.name(name(node));
        let stranger = of_stranger(node, owner.map(|(team, _)| team.group));
        let (None, Some((team, claim))) = (&stranger, owner) else {
            return Candidate {
                node: own_name,
                stays: stranger.into_iter().collect(),
                ..Candidate::default()
            };
        };
        let now = self.patience.now;
        let member = Member {
            node,
            claim,
            group: team.group,
            pods: guests.count(name(node)),
        };
        let mut stays = member.stays(now);
        if !member.is_leaving() {
            stays.extend(team.stays.iter().cloned());
        }
        let policy = team.group.spec.scale_down();
        let percent = |number: i32| u32::try_from(number).unwrap_or_default();
        Candidate {
            node: own_name,
            group: Some(team.name.clone()),
            stays,
            is_capacity: member.is_capacity(),
            is_leaving: member.is_leaving(),
            is_marked: Drain::of(node).is_some(),
            rests_since: member.rests_since(),
            thresholds: Thresholds {
                cpu_percent: percent(policy.cpu_threshold_percent()),
                memory_percent: percent(policy.memory_threshold_percent()),
            },
            tenants: guests.tenants_of(name(node)),
            price: team.price,
        }
    }

    /// Finds where each Service has ready endpoints.
    fn services(&mut self) -> BTreeMap<PodName, Service> {
        let mut services: BTreeMap<PodName, Service> = BTreeMap::new();
        for slice in &self.objects.endpoint_slices {
            let labels = slice.metadata.labels.as_ref();
            let Some(service) = labels.and_then(|labels| labels.get(SERVICE)) else {
                continue;
            };
            let namespace = slice.metadata.namespace.as_deref().unwrap_or_default();
            let service = PodName {
                namespace: self.reader.name(namespace),
                name: self.reader.name(service),
            };
            let ready = slice.endpoints.iter().filter(|endpoint| is_ready(endpoint));
            for endpoint in ready {
                let found = services.entry(service.clone()).or_default();
                match endpoint.node_name.as_deref() {
                    Some(node) => drop(found.nodes.insert(self.reader.name(node))),
                    None => found.is_elsewhere = true,
                }
            }
        }
        services
    }
}

/// Tells whether an endpoint is ready and stays so; one of which nobody says anything is.
fn is_ready(endpoint: &Endpoint) -> bool {
    let conditions = endpoint.conditions.as_ref();
    let is = |told: Option<Option<bool>>, usual| told.flatten().unwrap_or(usual);
    is(conditions.map(|all| all.ready), true) && !is(conditions.map(|all| all.terminating), false)
}

// === impl Unread ===

impl Unread {
    fn of(broken: &[Broken]) -> Self {
        let mut unread = Self::default();
        for broken in broken {
            let what = broken.to_string();
            if let Some(node) = &broken.node {
                unread.of_nodes.entry(node.clone()).or_insert(what);
            } else if broken.is_a::<Node>() {
                unread.of_nodes.entry(broken.name.clone()).or_insert(what);
            } else if broken.is_a::<PodDisruptionBudget>() || broken.is_a::<EndpointSlice>() {
                let namespace = broken.namespace.clone();
                unread.of_namespaces.entry(namespace).or_insert(what);
            }
        }
        unread
    }

    /// Says what cannot be read of a Node, of a pod on it, or of what might protect its pods.
    fn about(&self, candidate: &Candidate) -> Option<MustStay> {
        candidate.group.as_ref()?;
        let mut tenants = candidate.tenants.iter();
        let of_tenants = || tenants.find_map(|one| self.of_namespaces.get(&*one.name.namespace));
        let what = self.of_nodes.get(&*candidate.node).or_else(of_tenants)?;
        Some(MustStay::NotPlanned { what: what.clone() })
    }
}
