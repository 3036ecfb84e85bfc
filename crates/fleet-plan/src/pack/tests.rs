//! Which nodes are given up once all pods have a place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::group::Group;
use crate::pod::Demand;
use crate::scene::Rules;
use crate::site::Site;
use crate::testing::{any_of, demand, group, node_term, pods_of, spread};

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "zone";
const WEB: &[(&str, &str)] = &[("app", "web")];

/// Is a bought node: its size, and how many pods of which demand are to go there.
type Bought<'a> = (&'a str, &'a [(usize, u32)]);

/// Makes one pod of half a core.
fn half() -> Demand {
    demand("shop").cpu(500)
}

fn web() -> Demand {
    half().label("app", "web")
}

/// Makes a size of so many thousandths of a core at a price, in zone a.
fn size(name: &str, cpu_m: i64, price: u64) -> Group {
    group(name, cpu_m, 65_536, price).label(ZONE, "a")
}

/// Gives up what can be given up of these nodes; returns those that are left, with their pods.
fn merged(sizes: &[Group], demands: &[Demand], bought: &[Bought<'_>]) -> Vec<(String, Vec<(usize, u32)>)> {
    let sites = sizes
        .iter()
        .map(|one| Site::to_come(&one.labels, &one.taints))
        .collect();
    let demands = demands.iter().cloned().map(Arc::new).collect();
    let rules = Rules::new(demands, |_| true, sites, &BTreeMap::new());
    let scene = Scene::new(&rules);
    let offers = sizes.iter().enumerate().map(|(index, one)| Offer {
        group: index,
        probe: scene.probe(index, one.room.as_ref().expect("it has room")),
        price: one.price,
        is_preferred: false,
        left: one.max,
        missing: 0,
    });
    let offers: Vec<Offer> = offers.collect();
    let mut packing = Packing {
        scene,
        left: vec![0; rules.classes.len()],
        offers_left: offers.iter().map(|one| one.left).collect(),
        workers_left: 100,
        purchases: Vec::new(),
    };
    for (name, pods) in bought {
        let offer = sizes.iter().position(|one| &*one.name.name == *name);
        let offer = offer.expect("there is such a size");
        let bin = packing.scene.open_like(&offers[offer].probe);
        packing.put_back(bin, pods);
        packing.purchases.push(Purchase {
            bin,
            offer,
            is_minimum: false,
        });
    }
    let mut cheapest_first: Vec<usize> = (0..offers.len()).collect();
    cheapest_first.sort_by_key(|offer| (offers[*offer].price, *offer));
    let before = limits(&packing);
    packing.merge(&offers, &cheapest_first);
    let given_up = bought.len() - packing.purchases.len();
    assert_eq!(
        limits(&packing),
        before.map(|left| left + given_up),
        "what is given up leaves room"
    );
    let left = packing.purchases.iter().map(|one| {
        let mut pods = packing.scene.bins[one.bin].planned.clone();
        pods.sort_unstable();
        (sizes[one.offer].name.name.to_string(), pods)
    });
    left.collect()
}

/// Counts the nodes that may still be bought, by the limit of the cluster and by those of the groups.
fn limits(packing: &Packing<'_>) -> [usize; 2] {
    let offers: u32 = packing.offers_left.iter().sum();
    [packing.workers_left, offers].map(|left| left as usize)
}

#[track_caller]
fn check(sizes: &[Group], demands: &[Demand], bought: &[Bought<'_>], left: &[Bought<'_>]) {
    let expected: Vec<(String, Vec<(usize, u32)>)> = left
        .iter()
        .map(|(name, pods)| ((*name).to_owned(), pods.to_vec()))
        .collect();
    assert_eq!(merged(sizes, demands, bought), expected);
}

/// SC-5: a node is not bought whose pods find room on several others as these are.
#[test]
fn node_whose_pods_find_room_on_others_is_given_up() {
    let sizes = [size("two", 2000, 40)];
    let bought: [Bought<'_>; 3] = [("two", &[(0, 3)]), ("two", &[(0, 3)]), ("two", &[(0, 2)])];
    check(
        &sizes,
        &[half()],
        &bought,
        &[("two", &[(0, 4)]), ("two", &[(0, 4)])],
    );
}

/// SC-5: of the pods of a node that is given up some may need a larger node, where that costs no more than both.
#[test]
fn rest_of_a_node_makes_another_larger() {
    let large = half().cpu(2000);
    let bought: [Bought<'_>; 3] = [
        ("two", &[(0, 3)]),
        ("two", &[(0, 3)]),
        ("four", &[(0, 2), (1, 1)]),
    ];
    let left: [Bought<'_>; 2] = [("two", &[(0, 4)]), ("four", &[(0, 4), (1, 1)])];
    let sizes = |price| {
        [
            size("two", 2000, 40),
            size("small", 3500, 90),
            size("four", 4000, price),
        ]
    };
    check(&sizes(100), &[half(), large.clone()], &bought, &left);
    let small: [Bought<'_>; 3] = [bought[0], bought[1], ("small", bought[2].1)];
    check(&sizes(130), &[half(), large.clone()], &small, &left);
    check(&sizes(131), &[half(), large], &small, &small);
}

/// SC-5: where some pods of a node find no place, all of them stay.
#[test]
fn node_with_a_pod_without_another_place_keeps_all() {
    let sizes = [size("two", 2000, 40), size("four", 4000, 160)];
    let large = half().cpu(3000);
    let bought: [Bought<'_>; 3] = [
        ("two", &[(0, 3)]),
        ("two", &[(0, 3)]),
        ("four", &[(0, 2), (1, 1)]),
    ];
    check(&sizes, &[half(), large], &bought, &bought);
}

/// SC-4: pods are not moved to a node of another zone, which might upset what was planned for either.
#[test]
fn pods_stay_in_their_zone() {
    let sizes = [size("a", 2000, 40), size("b", 2000, 40).label(ZONE, "b")];
    let bought: [Bought<'_>; 3] = [("a", &[(0, 3)]), ("a", &[(0, 3)]), ("b", &[(0, 2)])];
    check(&sizes, &[web().spread(spread(ZONE, 9, WEB))], &bought, &bought);
}

/// SC-2: pods are not moved to a node that they like less.
#[test]
fn pods_stay_where_they_like_it() {
    let sizes = [size("hdd", 2000, 40), size("ssd", 2000, 40).label("disk", "ssd")];
    let likes = |disk: &str| half().prefers(node_term(vec![any_of("disk", &[disk])]));
    let alone = web().cpu(1500).far(pods_of("shop", HOST, WEB));
    let bought: [Bought<'_>; 3] = [("hdd", &[(1, 1)]), ("hdd", &[(1, 1)]), ("ssd", &[(0, 2)])];
    check(&sizes, &[likes("ssd"), alone.clone()], &bought, &bought);
    let left: [Bought<'_>; 2] = [("hdd", &[(0, 1), (1, 1)]); 2];
    check(&sizes, &[likes("hdd"), alone], &bought, &left);
}

/// SC-2: pods that shun each other are not put together.
#[test]
fn pods_that_shun_each_other_stay_apart() {
    let sizes = [size("two", 2000, 40)];
    let alone: Bought<'_> = ("two", &[(0, 1)]);
    let far = web().far(pods_of("shop", HOST, WEB));
    check(&sizes, &[far], &[alone; 3], &[alone; 3]);
}

/// SC-2: pods that are spread over hosts are not put together, unless the node that goes was what kept them apart.
#[test]
fn pods_spread_over_hosts_stay_spread() {
    let sizes = [size("two", 2000, 40)];
    let spread_web = web().spread(spread(HOST, 1, WEB));
    let one: Bought<'_> = ("two", &[(0, 1)]);
    let full: Bought<'_> = ("two", &[(1, 1)]);
    let demands = [spread_web.clone(), half().cpu(2000)];
    check(&sizes, &demands, &[one, one, full], &[one, one, full]);
    let bought: [Bought<'_>; 3] = [
        ("two", &[(0, 1), (1, 2)]),
        ("two", &[(0, 1), (1, 2)]),
        ("two", &[(0, 1), (1, 1)]),
    ];
    let left: [Bought<'_>; 2] = [("two", &[(0, 2), (1, 2)]), ("two", &[(0, 1), (1, 3)])];
    check(&sizes, &[spread_web, half()], &bought, &left);
}

/// SC-4: a pod that counts for a spread where it is does not go where it would not.
#[test]
fn pods_stay_where_they_count() {
    let sizes = [size("hdd", 2000, 40), size("ssd", 2000, 40).label("disk", "ssd")];
    let over_ssd = web().selects("disk", "ssd").spread(spread(ZONE, 1, WEB));
    let alone = half().cpu(1500).label("app", "db");
    let alone = alone.far(pods_of("shop", HOST, &[("app", "db")]));
    let bought: [Bought<'_>; 3] = [("hdd", &[(1, 1)]), ("hdd", &[(1, 1)]), ("ssd", &[(0, 2)])];
    check(&sizes, &[web(), alone.clone(), over_ssd], &bought, &bought);
    let left: [Bought<'_>; 2] = [("hdd", &[(0, 1), (1, 1)]); 2];
    check(&sizes, &[web(), alone], &bought, &left);
}

/// SC-2: a node stays that a spread needs as one of its domains.
#[test]
fn node_that_a_spread_counts_on_stays() {
    let sizes = [size("four", 4000, 40)];
    let bought: [Bought<'_>; 3] = [("four", &[(0, 3)]), ("four", &[(0, 1)]), ("four", &[(0, 1)])];
    let spread_over = |min_domains| {
        let mut over = spread(HOST, 2, WEB);
        over.min_domains = min_domains;
        web().spread(over)
    };
    check(&sizes, &[spread_over(3)], &bought, &bought);
    check(&sizes, &[spread_over(1)], &bought, &[("four", &[(0, 5)])]);
}
