//! What a plan starts from: classes, sites, bins and offers, each in an order that the input's does not change.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Fixed;
use crate::Name;
use crate::cluster::{Cluster, Incoming, Pod, Standing};
use crate::group::Group;
use crate::node::{Node, Resident};
use crate::pack::{Offer, Packing};
use crate::pod::{Demand, PodName};
use crate::scene::{Bin, Chance, Rules, Scene};
use crate::site::Site;

/// Holds the input in order.
pub(super) struct Setup<'a> {
    pub(super) cluster: &'a Cluster,
    /// By name.
    pub(super) nodes: Vec<&'a Node>,
    /// By name.
    pub(super) groups: Vec<&'a Group>,
    /// By name, and only those whose group says what they will be.
    pub(super) incoming: Vec<(&'a Incoming, usize)>,
    coming_by_name: BTreeMap<&'a Name, usize>,
    /// All pods, by name.
    pub(super) pods: Vec<&'a Pod>,
    /// The demands of pods that wait, in order, each with its pods: their places among all, and so by name.
    pub(super) waiting: Vec<(Arc<Demand>, Vec<usize>)>,
}

/// Names for each pod the coming node that was bought for it.
pub(super) type Promises = BTreeMap<PodName, Name>;

/// Gives each demand of a resident its place among the classes: by its address, as most pods share theirs.
pub(super) struct Classes(BTreeMap<*const Demand, usize>);

impl Classes {
    /// Finds the demands that residents have, each once. The addresses decide nothing but how often one is looked at.
    fn demands<'n>(nodes: &[&'n Node]) -> Vec<&'n Arc<Demand>> {
        let mut seen = BTreeSet::new();
        let residents = nodes.iter().flat_map(|node| &node.pods);
        let demands = residents.map(|one| &one.demand);
        demands.filter(|one| seen.insert(Arc::as_ptr(one))).collect()
    }

    /// Returns the class of a resident.
    fn of(&self, resident: &Resident) -> usize {
        self.0[&Arc::as_ptr(&resident.demand)]
    }
}

// === impl Setup ===

impl<'a> Setup<'a> {
    pub(super) fn new(cluster: &'a Cluster) -> Self {
        let mut nodes: Vec<&Node> = cluster.nodes.iter().collect();
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        let mut groups: Vec<&Group> = cluster.groups.iter().collect();
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        let mut coming: Vec<&Incoming> = cluster.incoming.iter().collect();
        coming.sort_by(|one, other| (&one.group, &one.name).cmp(&(&other.group, &other.name)));
        let place = |name| groups.binary_search_by(|group| group.name.cmp(name)).ok();
        let known = coming
            .into_iter()
            .filter_map(|one| Some((one, place(&one.group)?)));
        let incoming: Vec<(&Incoming, usize)> =
            known.filter(|(_, group)| groups[*group].room.is_some()).collect();
        let names = incoming.iter().map(|(one, _)| &one.name);
        let coming_by_name = names.zip(0..).collect();
        let mut pods: Vec<&Pod> = cluster.pods.iter().collect();
        pods.sort_by(|one, other| one.name.cmp(&other.name));
        let waiting = by_demand(&pods);
        Self {
            cluster,
            nodes,
            groups,
            incoming,
            coming_by_name,
            pods,
            waiting,
        }
    }

    /// Finds the classes and the rules among them. Sites are those of the Nodes, then those of the groups.
    pub(super) fn rules(&self) -> (Rules, Classes) {
        let residents = Classes::demands(&self.nodes);
        let others = residents.iter().filter(|one| !self.is_waiting(one));
        let others: BTreeSet<&Arc<Demand>> = others.copied().collect();
        let demands: Vec<Arc<Demand>> = self
            .waiting
            .iter()
            .map(|(demand, _)| demand)
            .chain(others)
            .cloned()
            .collect();
        let places: BTreeMap<&Arc<Demand>, usize> = demands.iter().zip(0..).collect();
        let of_residents = residents.iter().map(|one| (Arc::as_ptr(one), places[*one]));
        let classes = Classes(of_residents.collect());
        let sites = self.nodes.iter().map(|node| Site::of_node(node));
        let sites = sites.chain(
            self.groups
                .iter()
                .map(|group| Site::to_come(&group.labels, &group.taints)),
        );
        let waiting = self.waiting.len();
        let rules = Rules::new(
            demands,
            |class| class < waiting,
            sites.collect(),
            &self.cluster.namespaces,
        );
        (rules, classes)
    }

    /// Makes the bins of all Nodes, and puts pods where they are. Pods that were promised a node wait for it.
    pub(super) fn start<'r>(
        &self,
        rules: &'r Rules,
        classes: &Classes,
        promises: &Promises,
    ) -> (Packing<'r>, Vec<Offer>) {
        let mut scene = Scene::new(rules);
        for (site, node) in self.nodes.iter().enumerate() {
            let bin = scene.open(site, &node.room);
            for resident in &node.pods {
                scene.place(bin, classes.of(resident), 1, resident.is_terminating);
            }
        }
        let offers = self.offers(&scene);
        let mut packing = Packing {
            scene,
            left: vec![0; rules.classes.len()],
            offers_left: offers.iter().map(|offer| offer.left).collect(),
            workers_left: self.workers_left(),
            purchases: Vec::new(),
        };
        for (class, (_, pods)) in self.waiting.iter().enumerate() {
            let free = pods
                .iter()
                .filter(|pod| self.promised_bin(**pod, promises).is_none());
            packing.left[class] = u32::try_from(free.count()).unwrap_or(u32::MAX);
        }
        (packing, offers)
    }

    /// Adds the nodes that are coming.
    ///
    /// Only now do their domains count: what fits on the Nodes that are there does not wait for them.
    pub(super) fn welcome_incoming(&self, packing: &mut Packing<'_>) {
        for (_, group) in &self.incoming {
            if let Some(probe) = self.probe(&packing.scene, *group) {
                packing.scene.open_like(&probe);
            }
        }
    }

    /// Puts each pod on the coming node that was bought for it, unless that takes it no more.
    ///
    /// A pod that waits for others there, as in a spread, has its place before them, so that nobody else takes it.
    pub(super) fn keep_promises(&self, packing: &mut Packing<'_>, promises: &Promises) -> Fixed {
        let mut fixed = Fixed::new();
        for (class, (_, pods)) in self.waiting.iter().enumerate() {
            for pod in pods.iter().copied() {
                let Some(bin) = self.promised_bin(pod, promises) else {
                    continue;
                };
                match packing.scene.chance(bin, class, 1) {
                    Chance::Now(_) | Chance::Later => {
                        packing.scene.place(bin, class, 1, false);
                        fixed.insert(pod, (class, bin));
                    }
                    Chance::Never => packing.left[class] += 1,
                }
            }
        }
        fixed
    }

    /// Returns the pods whose promise does not hold although all others have their place.
    pub(super) fn broken_promises(&self, packing: &mut Packing<'_>, kept: &Fixed) -> BTreeSet<PodName> {
        let broken = kept.iter().filter(|(_, (class, bin))| {
            packing.scene.lift(*bin, *class, 1, false);
            let chance = packing.scene.chance(*bin, *class, 1);
            packing.scene.place(*bin, *class, 1, false);
            !matches!(chance, Chance::Now(_))
        });
        broken.map(|(pod, _)| self.pods[*pod].name.clone()).collect()
    }

    /// Returns the bin of the coming node that was bought for a pod.
    fn promised_bin(&self, pod: usize, promises: &Promises) -> Option<usize> {
        let promised = promises.get(&self.pods[pod].name)?;
        self.coming_by_name
            .get(promised)
            .map(|index| self.nodes.len() + index)
    }

    /// Describes a new node of a group, with what DaemonSets take of it.
    pub(super) fn probe(&self, scene: &Scene<'_>, group: usize) -> Option<Bin> {
        let room = self.groups[group].room.as_ref()?;
        let site = self.nodes.len() + group;
        let mut probe = scene.probe(site, room);
        for daemon in &self.cluster.daemons {
            if scene.rules.sites[site].admits(&daemon.placement) {
                probe.free.take(&daemon.requests, 1);
                probe.free_pods -= 1;
                probe.occupy_ports(&daemon.ports);
            }
        }
        Some(probe)
    }

    fn offers(&self, scene: &Scene<'_>) -> Vec<Offer> {
        let offers = self.groups.iter().enumerate().filter_map(|(index, group)| {
            let is_held = group.flaw.is_some() || group.paused.is_some();
            let may_grow = group.is_managed && group.is_offered && !is_held;
            let left = group.max.saturating_sub(group.nodes);
            let missing = group.min.saturating_sub(group.nodes).min(left);
            Some(Offer {
                group: index,
                probe: self.probe(scene, index)?,
                price: group.price,
                is_preferred: group.is_preferred,
                // A policy that is off still leaves the minimum.
                left: if !may_grow {
                    0
                } else if group.is_enabled {
                    left
                } else {
                    missing
                },
                missing,
            })
        });
        offers.collect()
    }

    pub(super) fn workers_left(&self) -> u32 {
        let most = self.cluster.most_workers.unwrap_or(u32::MAX);
        most.saturating_sub(self.cluster.workers)
    }

    /// Places waiting pods on the Nodes that are there and Ready.
    pub(super) fn fill_nodes(&self, packing: &mut Packing<'_>, order: &[usize]) {
        for class in order {
            packing.fill(
                *class,
                (0..self.nodes.len()).filter(|bin| self.nodes[*bin].is_ready),
            );
        }
    }

    /// Lists the bins of nodes that are coming.
    pub(super) fn incoming_bins(&self) -> std::ops::Range<usize> {
        self.nodes.len()..self.nodes.len() + self.incoming.len()
    }

    /// Sorts the classes that wait: the most important first, then those that are hard to place.
    pub(super) fn by_need(&self, rules: &Rules) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.waiting.len()).collect();
        order.sort_by_cached_key(|index| {
            let class = &rules.classes[*index];
            let requests = &class.demand.requests;
            let size = requests.cpu_m.saturating_add(requests.memory_bytes >> 22);
            (
                Reverse(class.demand.priority),
                class.has_affinity(),
                Reverse(size),
                *index,
            )
        });
        order
    }

    /// Lists the class of each waiting pod by the names of the pods.
    pub(super) fn by_name(&self) -> Vec<usize> {
        let mut classes = vec![None; self.pods.len()];
        for (class, (_, pods)) in self.waiting.iter().enumerate() {
            for pod in pods {
                classes[*pod] = Some(class);
            }
        }
        classes.into_iter().flatten().collect()
    }

    fn is_waiting(&self, demand: &Arc<Demand>) -> bool {
        self.waiting.binary_search_by(|(one, _)| one.cmp(demand)).is_ok()
    }

    /// Lets the pods end that are on their way out, so that their room is free.
    pub(super) fn end_terminating(&self, packing: &mut Packing<'_>, classes: &Classes) {
        for (bin, node) in self.nodes.iter().enumerate() {
            for resident in node.pods.iter().filter(|one| one.is_terminating) {
                packing.scene.lift(bin, classes.of(resident), 1, true);
            }
        }
    }
}

/// Sorts pods that wait by what they ask for.
fn by_demand(pods: &[&Pod]) -> Vec<(Arc<Demand>, Vec<usize>)> {
    // Pods that share a demand are put together without a look at it; the addresses decide nothing else.
    let mut shared: BTreeMap<*const Demand, (Arc<Demand>, Vec<usize>)> = BTreeMap::new();
    for (index, pod) in pods.iter().enumerate() {
        if let Standing::Waiting(demand) = &pod.standing {
            let known = shared.entry(Arc::as_ptr(demand));
            known
                .or_insert_with(|| (demand.clone(), Vec::new()))
                .1
                .push(index);
        }
    }
    let mut waiting: BTreeMap<Arc<Demand>, Vec<usize>> = BTreeMap::new();
    for (demand, pods) in shared.into_values() {
        waiting.entry(demand).or_default().extend(pods);
    }
    waiting.values_mut().for_each(|pods| pods.sort_unstable());
    waiting.into_iter().collect()
}
