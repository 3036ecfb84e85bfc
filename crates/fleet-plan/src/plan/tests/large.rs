//! Plans as for a large backlog: few ways are tried, so that none hides what another lacks.

use super::*;

/// Sums up what is bought, and how many pods have no place.
fn hasty(cluster: &Cluster) -> (Vec<String>, usize) {
    let plan = plan_within(cluster, 0);
    let bought = plan.purchases.iter();
    let bought = bought.map(|one| format!("{} x{}", one.group.name, one.count));
    let left = plan.pods.iter();
    let left = left.filter(|one| matches!(one.outcome, Outcome::Unhelpable(_)));
    (bought.collect(), left.count())
}

/// SC-5: pods that must share a host get one that holds them all, though smaller ones are cheaper for what they hold.
#[test]
fn pods_that_share_a_host_get_one_for_all() {
    let cluster = Cluster::default()
        .group(group("small", 1000, 4096, 5))
        .group(group("large", 2000, 8192, 20))
        .waiting("web", 4, web().cpu(500).near(pods_of("shop", HOST, WEB)));
    assert_eq!(hasty(&cluster), (vec!["large x1".to_owned()], 0));
}

/// SC-4: a pod that wants others near finds a place once these have theirs, in whichever order they are placed.
#[test]
fn pod_that_waits_for_others_is_asked_again() {
    let cluster = Cluster::default()
        .group(group("workers", 4000, 16_384, 10))
        .waiting("follower", 1, shop().cpu(500).near(pods_of("shop", HOST, WEB)))
        .waiting("web", 1, web().cpu(100));
    assert_eq!(hasty(&cluster), (vec!["workers x1".to_owned()], 0));
}

/// SC-6: where there is not room for all, the pods of the highest priority get it, however small they are.
#[test]
fn highest_priority_gets_the_last_node() {
    let cluster = Cluster::default()
        .group(group("workers", 1000, 4096, 10).bounds(0, 1, 0))
        .waiting("large", 1, shop().cpu(1000))
        .waiting("urgent", 2, shop().cpu(500).priority(7));
    let plan = plan_within(&cluster, 0);
    let names: Vec<&str> = plan.purchases[0].nodes[0].iter().map(|pod| &*pod.name).collect();
    assert_eq!(names, ["urgent-0", "urgent-1"]);
}

/// SC-4: where a new zone leaves as many pods to wait for as a rack has got, it is asked again who waits, and no node is
/// bought for those that have a place.
#[test]
fn pods_of_two_spreads_are_asked_again_when_one_falls_as_the_other_rises() {
    let placed = |zone: &str, rack: &str| [("zone", zone.to_owned()), ("rack", rack.to_owned())];
    let sized = |name: &str, cpu_m, price, zone: &str, rack: &str| {
        let made = group(name, cpu_m, 4096, price).bounds(0, 1, 0);
        placed(zone, rack)
            .iter()
            .fold(made, |group, (key, value)| group.label(key, value))
    };
    let there = |name: &str, cpu_m, zone: &str, rack: &str| {
        let made = node(name).size(cpu_m, 4096);
        placed(zone, rack)
            .iter()
            .fold(made, |node, (key, value)| node.label(key, value))
    };
    let spread_twice = web()
        .cpu(100)
        .spread(spread("zone", 1, WEB))
        .spread(spread("rack", 2, WEB));
    let cluster = Cluster::default()
        .node(there("full", 1, "c", "2"))
        .node(there("free", 100, "b", "2"))
        .group(sized("spare", 100, 8, "b", "2"))
        .group(sized("double", 200, 12, "a", "2"))
        .group(sized("third", 100, 10, "c", "3"))
        .waiting("web", 4, spread_twice);
    let bought = ["double x1", "third x1"].map(str::to_owned);
    assert_eq!(hasty(&cluster), (bought.to_vec(), 0));
}
