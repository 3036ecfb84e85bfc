//! What holds of every choice, on generated clusters, by a slow look at the result.

use proptest::prelude::*;

use super::*;
use crate::fit;
use crate::node::Node;

/// Generates clusters of at most eight Nodes with small pods, some of which keep apart.
fn worlds() -> impl Strategy<Value = World> {
    let pod = (0..4_i64, any::<bool>()).prop_map(|(size, is_apart)| {
        let pod = demand("shop").cpu(300 * size + 10).label("app", "web");
        let term = crate::testing::pods_of("shop", "kubernetes.io/hostname", &[("app", "web")]);
        if is_apart { pod.far(term) } else { pod }
    });
    let node = (prop::collection::vec(pod, 0..4), 0..6_u8);
    (prop::collection::vec(node, 1..8), 0..4_u32, 0..4_u32).prop_map(|(nodes, most, least)| {
        let mut world = world().most(most).floor(least);
        for (number, (pods, kind)) in nodes.into_iter().enumerate() {
            world = world.node_with(&format!("n{number}"), pods);
            world = match kind {
                0 => world.last(|last| last.stays.push(MustStay::Protected)),
                1 => world.last(|last| last.is_leaving = true),
                2 => world.last(|last| {
                    for tenant in &mut last.tenants {
                        tenant.budgets.push(pod_name("web"));
                    }
                }),
                _ => world,
            };
        }
        world.fleet.budgets.insert(pod_name("web"), 2);
        world
    })
}

/// Makes the cluster as it is once all has gone that goes: each pod where it was sent.
fn afterwards(world: &World, found: &Removals) -> World {
    let mut after = world.clone();
    for removal in &found.removals {
        let is_it = |name: &Name| *name == removal.node;
        let gone = after.fleet.candidates.iter().position(|one| is_it(&one.node));
        let gone = after.fleet.candidates.remove(gone.expect("it was there"));
        after.cluster.nodes.retain(|node| !is_it(&node.name));
        for tenant in gone.tenants {
            let to = removal.moves.iter().find(|one| one.pod == tenant.name);
            let to = &to.expect("each pod has a place").to;
            let (nodes, candidates) = (&mut after.cluster.nodes, &mut after.fleet.candidates);
            let host = nodes.iter_mut().find(|node| node.name == *to).expect("it stays");
            host.pods.push(crate::node::Resident {
                demand: tenant.demand.clone(),
                is_terminating: false,
            });
            let host = candidates
                .iter_mut()
                .find(|one| one.node == *to)
                .expect("it stays");
            host.tenants.push(tenant);
        }
    }
    after
}

/// Tells whether every pod of a Node fits there beside the others, by the fit test that a plan is explained with.
fn everybody_fits(nodes: &[Node], place: usize) -> bool {
    (0..nodes[place].pods.len()).all(|index| {
        let mut without = nodes.to_vec();
        let pod = without[place].pods.remove(index);
        fit(&pod.demand, &without, &BTreeMap::new())[place].is_empty()
    })
}

proptest! {
    /// SC-11, LC-45: pods go to Nodes that stay and that take them beside all others; floors, budgets and the greatest
    /// number hold; every Node goes or has a reason.
    #[test]
    fn what_goes_breaks_nothing(world in worlds()) {
        let found = world.decide();
        let going: BTreeSet<&Name> = found.removals.iter().map(|one| &one.node).collect();
        for candidate in &world.fleet.candidates {
            let is_kept = found.kept.get(&candidate.node).is_some_and(|stays| !stays.is_empty());
            prop_assert_ne!(is_kept, going.contains(&candidate.node));
        }
        let targets = found.removals.iter().flat_map(|one| &one.moves).map(|one| &one.to);
        let targets: BTreeSet<&Name> = targets.collect();
        prop_assert!(targets.is_disjoint(&going));
        let leaving = world.fleet.candidates.iter().filter(|one| one.is_leaving);
        prop_assert!(going.is_empty() || going.len() + leaving.count() <= world.fleet.most as usize);
        let after = afterwards(&world, &found);
        if !going.is_empty() {
            let counting = after.fleet.candidates.iter().filter(|one| !one.is_leaving);
            prop_assert!(counting.count() >= world.fleet.floors[&workers()] as usize);
        }
        let moved = found.removals.iter().flat_map(|one| &one.moves);
        let covered = |pod: &PodName| {
            let mut tenants = world.fleet.candidates.iter().flat_map(|one| &one.tenants);
            tenants.any(|tenant| tenant.name == *pod && !tenant.budgets.is_empty())
        };
        prop_assert!(moved.filter(|one| covered(&one.pod)).count() <= 2);
        for (place, node) in after.cluster.nodes.iter().enumerate() {
            if targets.contains(&node.name) {
                prop_assert!(everybody_fits(&after.cluster.nodes, place), "{}", node.name);
            }
        }
    }

    /// SC-11: the only pod of a node keeps it where a search finds no place for it, and only there.
    #[test]
    fn single_pod_without_a_place_has_none(world in worlds()) {
        // With nobody going, each node is judged alone.
        let found = world.clone().most(0).decide();
        let is_open = |name: &Name| {
            let mut all = world.fleet.candidates.iter();
            all.any(|one| one.node == *name && !one.is_leaving)
        };
        for (place, candidate) in world.fleet.candidates.iter().enumerate() {
            let ([tenant], false) = (&*candidate.tenants, candidate.is_leaving) else { continue };
            let mut others = world.cluster.nodes.clone();
            others.remove(place);
            let answers = fit(&tenant.demand, &others, &BTreeMap::new());
            let mut pairs = others.iter().zip(&answers);
            let has_place = pairs.any(|(node, misfits)| misfits.is_empty() && is_open(&node.name));
            let mut stays = found.kept[&candidate.node].iter();
            let is_unmovable = stays.any(|stay| matches!(stay, MustStay::UnmovablePod { .. }));
            prop_assert_eq!(is_unmovable, !has_place);
        }
    }

    /// SC-11: the order of any list changes nothing.
    #[test]
    fn order_changes_nothing(world in worlds(), turn in 0..8_usize) {
        let mut turned = world.clone();
        let by = turn % world.fleet.candidates.len();
        turned.cluster.nodes.rotate_left(by);
        turned.cluster.nodes.iter_mut().for_each(|node| node.pods.reverse());
        turned.fleet.candidates.reverse();
        turned.fleet.candidates.iter_mut().for_each(|one| one.tenants.reverse());
        prop_assert_eq!(world.decide(), turned.decide());
    }

    /// SC-18: while those that were chosen are on their way out, nobody else is.
    #[test]
    fn deciding_again_lets_nobody_else_go(world in worlds()) {
        let found = world.decide();
        let is_full = found.removals.len() == world.fleet.most as usize;
        let mut again = world;
        for candidate in &mut again.fleet.candidates {
            candidate.is_leaving |= found.removals.iter().any(|one| one.node == candidate.node);
        }
        prop_assert!(!is_full || again.decide().removals.is_empty());
    }
}
