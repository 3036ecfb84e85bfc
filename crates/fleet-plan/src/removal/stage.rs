//! The Nodes with their pods, and what becomes of the pods of one that goes: the same fit test as everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::node::Node;
use crate::pod::Demand;
use crate::scene::{Chance, Rules, Scene};
use crate::site::Site;

use super::{Fleet, MustStay, Tenant};

/// Holds what a stage is built from, in order.
pub(super) struct Cast<'a> {
    /// By name.
    pub(super) nodes: Vec<&'a Node>,
    classes: BTreeMap<Arc<Demand>, usize>,
    rules: Rules,
}

/// Is a Node with pods that need another place: the place of the Node, and the pods in the order in which they get one.
pub(super) struct Household<'a> {
    pub(super) bin: usize,
    pub(super) tenants: Vec<(&'a Tenant, usize)>,
}

/// Shows the Nodes as they are once some have gone.
pub(super) struct Stage<'a> {
    cast: &'a Cast<'a>,
    scene: Scene<'a>,
    /// Which Nodes take pods of others.
    is_open: Vec<bool>,
}

// === impl Cast ===

impl<'a> Cast<'a> {
    pub(super) fn new(cluster: &'a Cluster, fleet: &Fleet) -> Self {
        let mut nodes: Vec<&Node> = cluster.nodes.iter().collect();
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        let residents = nodes
            .iter()
            .flat_map(|node| &node.pods)
            .map(|one| one.demand.clone());
        let tenants = fleet.candidates.iter().flat_map(|one| &one.tenants);
        let demands: BTreeSet<Arc<Demand>> = residents.chain(tenants.map(|one| one.demand.clone())).collect();
        let classes: BTreeMap<Arc<Demand>, usize> = demands.iter().cloned().zip(0..).collect();
        let sites = nodes.iter().map(|node| Site::of_node(node)).collect();
        let demands = demands.into_iter().collect();
        let rules = Rules::new(demands, |_| true, sites, &cluster.namespaces);
        Self {
            nodes,
            classes,
            rules,
        }
    }

    /// Returns the place of a Node.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.nodes.binary_search_by(|node| (*node.name).cmp(name)).ok()
    }

    /// Puts the pods of a Node in order: the most important first, then those that are hard to place.
    pub(super) fn household<'t>(&self, bin: usize, tenants: &'t [Tenant]) -> Household<'t> {
        let mut tenants: Vec<_> = tenants
            .iter()
            .map(|tenant| (tenant, self.classes[&tenant.demand]))
            .collect();
        tenants.sort_by_cached_key(|(tenant, class)| {
            let importance = std::cmp::Reverse(tenant.demand.priority);
            let size = std::cmp::Reverse(tenant.demand.requests.cpu_m);
            let is_drawn = self.rules.classes[*class].has_affinity();
            (importance, is_drawn, size, *class, tenant.name.clone())
        });
        Household { bin, tenants }
    }
}

// === impl Stage ===

impl<'a> Stage<'a> {
    pub(super) fn new(cast: &'a Cast<'a>) -> Self {
        let mut stage = Self {
            cast,
            scene: Scene::new(&cast.rules),
            is_open: cast.nodes.iter().map(|node| node.is_ready).collect(),
        };
        for (site, node) in cast.nodes.iter().enumerate() {
            stage.scene.open(site, &node.room);
            stage.settle(site);
        }
        stage
    }

    /// Lets a Node take no more pods.
    pub(super) fn close(&mut self, bin: usize) {
        self.is_open[bin] = false;
    }

    /// Finds another Node for each pod of a household, in this order of Nodes, and leaves things as they were.
    pub(super) fn try_out(
        &mut self,
        household: &Household<'_>,
        order: &[usize],
    ) -> Result<(), Vec<MustStay>> {
        let outcome = self.move_out(household, order);
        if let Ok(places) = &outcome {
            self.take_back(household, places);
        }
        self.bring_back(household);
        outcome.map(drop)
    }

    /// Moves a household out for good; where that fails, things are as they were.
    ///
    /// Returns the place of each pod, in their order.
    pub(super) fn carry_out(
        &mut self,
        household: &Household<'_>,
        order: &[usize],
    ) -> Result<Vec<usize>, Vec<MustStay>> {
        let outcome = self.move_out(household, order);
        if outcome.is_ok() {
            self.close(household.bin);
        } else {
            self.bring_back(household);
        }
        outcome
    }

    /// Puts a Node back that was taken away, with its pods.
    fn bring_back(&mut self, household: &Household<'_>) {
        self.scene.revive(household.bin);
        self.settle(household.bin);
    }

    /// Takes a Node away, and places its pods; where some have no place, none has, and the Node is still away.
    fn move_out(&mut self, household: &Household<'_>, order: &[usize]) -> Result<Vec<usize>, Vec<MustStay>> {
        for resident in &self.cast.nodes[household.bin].pods {
            let class = self.cast.classes[&resident.demand];
            self.scene.lift(household.bin, class, 1, resident.is_terminating);
        }
        self.scene.retire(household.bin);
        let mut places = vec![None; household.tenants.len()];
        // Who wants others near may have a place once they have theirs; a round in which nobody gets one is the last.
        loop {
            let before = places.iter().flatten().count();
            self.place_once(household, order, &mut places);
            let placed = places.iter().flatten().count();
            if placed == places.len() {
                return Ok(places.into_iter().flatten().collect());
            }
            if placed == before {
                break;
            }
        }
        let why = self.explain(household, order, &places);
        for ((_, class), place) in household.tenants.iter().zip(&places) {
            if let Some(bin) = place {
                self.scene.lift(*bin, *class, 1, false);
            }
        }
        Err(why)
    }

    fn place_once(&mut self, household: &Household<'_>, order: &[usize], places: &mut [Option<usize>]) {
        let mut refused = BTreeSet::new();
        for ((_, class), place) in household.tenants.iter().zip(places) {
            if place.is_some() || refused.contains(class) {
                continue;
            }
            let found = self.open_to(household.bin, order).find(|bin| {
                let chance = self.scene.chance(*bin, *class, 1);
                matches!(chance, Chance::Now(_))
            });
            match found {
                Some(bin) => {
                    self.scene.place(bin, *class, 1, false);
                    *place = Some(bin);
                }
                None => {
                    refused.insert(*class);
                }
            }
        }
    }

    /// Lists the Nodes that may take pods of another one.
    fn open_to<'o>(&'o self, left: usize, order: &'o [usize]) -> impl Iterator<Item = usize> + 'o {
        let open = order.iter().copied();
        open.filter(move |bin| *bin != left && self.is_open[*bin])
    }

    /// Says of each pod that has no place what keeps it away from the other Nodes; pods of one class share that.
    fn explain(&self, household: &Household<'_>, order: &[usize], places: &[Option<usize>]) -> Vec<MustStay> {
        let mut known: BTreeMap<usize, (u32, BTreeMap<&'static str, u32>)> = BTreeMap::new();
        let homeless = household
            .tenants
            .iter()
            .zip(places)
            .filter(|(_, place)| place.is_none());
        let why = homeless.map(|((tenant, class), _)| {
            let (nodes, misfits) = known.entry(*class).or_insert_with(|| {
                let (mut nodes, mut counts) = (0, BTreeMap::new());
                for bin in self.open_to(household.bin, order) {
                    nodes += 1;
                    let misfits = self.scene.misfits(&self.scene.bins[bin], *class);
                    let words: BTreeSet<&'static str> = misfits.iter().map(crate::Misfit::word).collect();
                    for word in words {
                        *counts.entry(word).or_default() += 1;
                    }
                }
                (nodes, counts)
            });
            MustStay::UnmovablePod {
                pod: tenant.name.clone(),
                nodes: *nodes,
                misfits: misfits.clone(),
            }
        });
        why.collect()
    }

    fn take_back(&mut self, household: &Household<'_>, places: &[usize]) {
        for ((_, class), bin) in household.tenants.iter().zip(places) {
            self.scene.lift(*bin, *class, 1, false);
        }
    }

    /// Puts the pods of a Node where they are.
    fn settle(&mut self, bin: usize) {
        for resident in &self.cast.nodes[bin].pods {
            let class = self.cast.classes[&resident.demand];
            self.scene.place(bin, class, 1, resident.is_terminating);
        }
    }
}
