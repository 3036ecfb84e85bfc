//! Does this pod fit there? Yes, or the named reasons why not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Name;
use crate::labels::Labels;
use crate::misfit::Misfit;
use crate::node::Node;
use crate::pod::Demand;
use crate::scene::{Rules, Scene};
use crate::site::Site;

/// Tells for each Node why a pod does not fit there; an empty list says that it fits (`SC-2`, `SC-3`).
///
/// `namespaces` holds the labels of namespaces, which affinity may select by.
///
/// # Guarantees
/// The order of Nodes, pods and reasons does not matter: the answers come in the order of `nodes`, the reasons in
/// that of their kind.
///
/// # Examples
/// ```
/// use fleet_plan::Demand;
/// use fleet_plan::node::Node;
///
/// let (mut small, mut large, mut pod) = (Node::default(), Node::default(), Demand::default());
/// (small.room.pods, large.room.pods) = (110, 110);
/// (small.room.allocatable.cpu_m, large.room.allocatable.cpu_m) = (1900, 8000);
/// pod.requests.cpu_m = 2000;
///
/// let answers = fleet_plan::fit(&pod, &[small, large], &Default::default());
/// assert_eq!(answers[0][0].to_string(), "insufficient-cpu: needs 2, has 1900m");
/// assert!(answers[1].is_empty());
/// ```
#[must_use]
pub fn fit(pod: &Demand, nodes: &[Node], namespaces: &BTreeMap<Name, Labels>) -> Vec<Vec<Misfit>> {
    let residents = nodes.iter().flat_map(|node| &node.pods);
    let others: BTreeSet<Arc<Demand>> = residents.map(|one| one.demand.clone()).collect();
    let demands: Vec<Arc<Demand>> = std::iter::once(Arc::new(pod.clone())).chain(others).collect();
    let classes: BTreeMap<Arc<Demand>, usize> = demands.iter().cloned().zip(0..).collect();
    let sites = nodes.iter().map(Site::of_node).collect();
    let rules = Rules::new(demands, |index| index == 0, sites, namespaces);
    let mut scene = Scene::new(&rules);
    for (site, node) in nodes.iter().enumerate() {
        let bin = scene.open(site, &node.room);
        for resident in &node.pods {
            scene.place(bin, classes[&resident.demand], 1, resident.is_terminating);
        }
    }
    (0..nodes.len())
        .map(|bin| scene.misfits(&scene.bins[bin], 0))
        .collect()
}

#[cfg(test)]
mod tests;
