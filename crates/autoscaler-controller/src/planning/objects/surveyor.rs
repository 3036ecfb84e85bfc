//! Reads every object of a cluster; what cannot be read is named, and holds up nothing else.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kept::{Kept, Node, VPSieNode};
use chrono::{DateTime, Utc};
use fleet_plan::cluster::{Pod as PlannedPod, PodFlaw, Standing};
use fleet_plan::dynamic::Dynamic;
use fleet_plan::group::Group;
use fleet_plan::labels::Labels;
use fleet_plan::node::Node as PlannedNode;
use fleet_plan::pod::{Demand, PodName};
use fleet_plan::{Cluster, Name};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::storage::v1::CSINode;
use kube::ResourceExt;

use super::members::Members;
use super::tenants::Guests;
use super::{Broken, Objects, Survey};
use crate::decide::{missing, wants_machine};
use crate::growth::promised;
use crate::planning::selectors::labels;
use crate::planning::{Patience, Reader, Surroundings, capacity, is_coming, is_pending, residence};
use crate::prospect::{pause, refusal};
use crate::resources::NodeGroup;
use crate::world::ClaimObject;

/// Holds what a survey is made with.
pub(super) struct Surveyor<'a> {
    pub(super) objects: &'a Objects,
    pub(super) patience: Patience,
    pub(super) reader: Reader,
    pub(super) broken: Vec<Broken>,
}

/// Says how many volumes of each driver a Node takes.
type Limits = BTreeMap<Name, i64>;

/// Tells where each Node is among those that were read.
type Places<'a> = BTreeMap<&'a str, usize>;

// === impl Surveyor ===

impl<'a> Surveyor<'a> {
    pub(super) fn new(objects: &'a Objects, patience: Patience) -> Self {
        Self {
            objects,
            patience,
            reader: Reader::default(),
            broken: objects.broken.clone(),
        }
    }

    pub(super) fn survey(mut self) -> Survey {
        let members = Members::of(self.objects);
        let claims = Claims::of(self.objects);
        // Until a VPSieNode is Ready its Node lacks labels and taints, and counts as what it will be.
        let arriving = members.nodes_of_coming(&self.objects.vpsie_nodes);
        let nodes = self.nodes(&arriving);
        let limits = nodes.iter().map(|node| node.room.attachments.clone());
        let limits = limits.reduce(|one, other| capacity::fewest(one, &other));
        let limits = limits.unwrap_or_default();
        let there = self.objects.nodes.iter().map(name);
        let places: Places<'_> = there.filter(|node| !arriving.contains(node)).zip(0..).collect();
        let mut cluster = Cluster {
            namespaces: self.namespaces(),
            groups: self.groups(&members, &claims, &nodes, &places, &limits),
            dynamic: self.dynamic(&limits),
            nodes,
            daemons: self.daemons(),
            workers: members.workers,
            ..Cluster::default()
        };
        let guests = self.put_pods(&mut cluster, &places);
        for claim in claims.coming(self.patience.now) {
            let incoming = self.reader.incoming(claim);
            let promised = promised(claim).unwrap_or_default().into_iter();
            let promises = promised.map(|pod| (pod, incoming.name.clone()));
            cluster.promises.extend(promises);
            cluster.incoming.push(incoming);
        }
        self.look_at_settings();
        self.broken.sort();
        self.broken.dedup();
        let mut fleet = self.fleet(&members, &claims, &cluster, guests);
        Survey {
            busy: self.busy(&members, &claims, &cluster, &mut fleet),
            gap: self.objects.gap(),
            fleet,
            cluster,
            broken: self.broken,
        }
    }

    /// Names the numbers of the settings that make no sense.
    fn look_at_settings(&mut self) {
        if let Some(config) = self.objects.config() {
            for number in config.spec.out_of_range() {
                self.report("AutoscalerConfig", config, number.to_string());
            }
        }
    }

    pub(super) fn report<K: Kept>(&mut self, kind: &str, object: &K, problem: String) {
        let identity = object.identity();
        self.broken.push(Broken {
            kind: kind.to_owned(),
            namespace: identity.namespace.to_owned(),
            name: identity.name.to_owned(),
            node: None,
            problem,
        });
    }

    fn namespaces(&mut self) -> BTreeMap<Name, Labels> {
        let names = &mut self.reader.names;
        let namespaces = self.objects.namespaces.iter();
        namespaces
            .map(|namespace| {
                let labels = labels(namespace.labels(), names);
                (names.get(name(namespace)), labels)
            })
            .collect()
    }

    /// Reads the Nodes; one that cannot be read takes nothing, and what is on it counts all the same.
    fn nodes(&mut self, arriving: &BTreeSet<&str>) -> Vec<PlannedNode> {
        let drivers = self.objects.csi_nodes.iter();
        let drivers: BTreeMap<&str, &CSINode> = drivers.map(|node| (name(node), node)).collect();
        let mut nodes = Vec::new();
        let there = self.objects.nodes.iter();
        for node in there.filter(|node| !arriving.contains(name(*node))) {
            let drivers = drivers.get(name(node)).copied();
            let read = self.reader.node(node, drivers).or_else(|flaw| {
                self.report("Node", node, flaw.source.to_string());
                let without_amounts = Node {
                    status: None,
                    ..node.clone()
                };
                self.reader.node(&without_amounts, drivers)
            });
            nodes.push(read.unwrap_or_default());
        }
        nodes
    }

    fn daemons(&mut self) -> Vec<Arc<Demand>> {
        let mut daemons = Vec::new();
        for set in &self.objects.daemon_sets {
            match self.reader.daemon(set) {
                Ok(demand) => daemons.push(demand),
                Err(flaw) => self.report("DaemonSet", set, flaw.detail().to_owned()),
            }
        }
        daemons
    }

    fn dynamic(&mut self, limits: &Limits) -> Option<Dynamic> {
        let new_groups = self.objects.new_groups()?;
        let offers = self.objects.offers.in_datacenter(&new_groups.datacenter);
        Some(self.reader.dynamic(&new_groups, offers, limits))
    }

    fn groups(
        &mut self,
        members: &Members<'_>,
        claims: &Claims,
        nodes: &[PlannedNode],
        places: &Places<'_>,
        limits: &Limits,
    ) -> Vec<Group> {
        let objects = self.objects;
        let mut groups = Vec::new();
        for group in &objects.groups {
            let rooms = members.nodes_of(group).filter_map(|node| {
                let node = &nodes[*places.get(node)?];
                node.is_ready.then_some(&node.room)
            });
            let nodes = members.count(group);
            let around = Surroundings {
                size: objects.offers.of(group),
                nodes,
                learned: capacity::learned(rooms),
                attachments: limits,
            };
            let mut read = self.reader.group(group, around);
            let own = claims.members(group);
            read.paused = pause(group, &own, self.patience.now);
            // With a Node that no VPSieNode has, only the spec tells how many are missing.
            if own.len() == nodes as usize {
                let due = u32::try_from(missing(group, &own)).unwrap_or(u32::MAX);
                read.min = nodes.saturating_add(due);
            }
            groups.push(read);
        }
        for broken in objects.broken.iter().filter(|broken| broken.is_a::<NodeGroup>()) {
            groups.push(Group {
                name: self.reader.group_named(&broken.namespace, &broken.name),
                is_managed: true,
                is_enabled: true,
                max: u32::MAX,
                flaw: Some(broken.problem.clone()),
                ..Group::default()
            });
        }
        groups
    }

    /// Puts each pod on its Node, or among those that are on none; returns what of it matters for its Node to go.
    fn put_pods(&mut self, cluster: &mut Cluster, places: &Places<'_>) -> Guests<'a> {
        let objects = self.objects;
        let mut guests = self.no_guests();
        let priorities = Priorities::of(objects);
        for pod in &objects.pods {
            let host = residence(pod);
            let pod = priorities.fill_in(pod);
            if let Some((host, place)) = host.and_then(|host| Some((host, places.get(host)?))) {
                let node = &mut cluster.nodes[*place];
                match self.reader.resident(&pod, &objects.volumes) {
                    Ok(resident) => {
                        guests.take(host, &pod, &resident.demand, &mut self.reader);
                        node.pods.push(resident);
                    }
                    Err(flaw) => {
                        // Nobody knows how much is left beside it.
                        node.is_ready = false;
                        self.report("Pod", pod.as_ref(), flaw.detail().to_owned());
                        if let Some(last) = self.broken.last_mut() {
                            last.node = Some(host.to_owned());
                        }
                    }
                }
            } else if is_pending(&pod) {
                let pod = self.reader.pod(&pod, &objects.volumes, self.patience);
                cluster.pods.push(pod);
            }
        }
        for broken in objects.broken.iter().filter(|broken| broken.is_a::<Pod>()) {
            if let Some(node) = &broken.node {
                if let Some(place) = places.get(node.as_str()) {
                    cluster.nodes[*place].is_ready = false;
                }
                continue;
            }
            cluster.pods.push(PlannedPod {
                name: PodName {
                    namespace: self.reader.names.get(&broken.namespace),
                    name: self.reader.names.get(&broken.name),
                },
                standing: Standing::Unreadable(PodFlaw::Unreadable(broken.problem.clone())),
            });
        }
        guests
    }
}

/// Holds the VPSieNodes of each NodeGroup, by namespace and name of that.
pub(super) struct Claims(BTreeMap<(String, String), Vec<ClaimObject>>);

// === impl Claims ===

impl Claims {
    fn of(objects: &Objects) -> Self {
        let mut claims: BTreeMap<_, Vec<ClaimObject>> = BTreeMap::new();
        for claim in &objects.vpsie_nodes {
            let group = (
                claim.namespace().unwrap_or_default(),
                claim.spec.node_group_name().to_owned(),
            );
            let claim = ClaimObject::new(Arc::new(claim.clone()));
            claims.entry(group).or_default().push(claim);
        }
        Self(claims)
    }

    pub(super) fn members(&self, group: &NodeGroup) -> Vec<&ClaimObject> {
        let place = (group.namespace().unwrap_or_default(), group.name_any());
        self.0.get(&place).into_iter().flatten().collect()
    }

    /// Lists the VPSieNodes whose nodes are coming, but for those of which VPSie refused the machine for now.
    fn coming(&self, now: DateTime<Utc>) -> impl Iterator<Item = &VPSieNode> {
        let of_group = move |members: &'_ Vec<ClaimObject>| refusal(members.iter(), now).is_some();
        self.0.values().flat_map(move |members| {
            let is_refused = of_group(members);
            let coming = members.iter().filter(|claim| is_coming(&claim.object));
            coming
                .filter(move |claim| !(is_refused && wants_machine(claim)))
                .map(|claim| claim.object.as_ref())
        })
    }
}

// === impl Broken ===

impl Broken {
    /// Tells whether it is of a kind.
    pub(super) fn is_a<K: Kept>(&self) -> bool {
        self.kind == K::kind()
    }
}

/// What priority each class gives. The API server writes it on every pod; a manifest only names the class.
struct Priorities<'a> {
    by_name: BTreeMap<&'a str, i32>,
    usual: Option<i32>,
}

// === impl Priorities ===

impl<'a> Priorities<'a> {
    fn of(objects: &'a Objects) -> Self {
        let classes = &objects.priority_classes;
        let usual = classes.iter().filter(|class| class.global_default == Some(true));
        Self {
            by_name: classes.iter().map(|class| (name(class), class.value)).collect(),
            usual: usual.map(|class| class.value).min(),
        }
    }

    fn fill_in<'p>(&self, pod: &'p Pod) -> Cow<'p, Pod> {
        let spec = pod.spec.as_ref().filter(|spec| spec.priority.is_none());
        let priority = spec.and_then(|spec| match spec.priority_class_name.as_deref() {
            Some(class) if !class.is_empty() => self.by_name.get(class).copied(),
            Some(_) | None => self.usual,
        });
        let Some(priority) = priority else {
            return Cow::Borrowed(pod);
        };
        let mut pod = pod.clone();
        if let Some(spec) = &mut pod.spec {
            spec.priority = Some(priority);
        }
        Cow::Owned(pod)
    }
}

pub(super) fn name<K: Kept>(object: &K) -> &str {
    object.identity().name
}
