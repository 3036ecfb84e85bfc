//! Plans for small clusters, each with its reason.

mod constraints;
mod founding;
mod large;
mod laws;
mod optimum;

use super::*;
use crate::cluster::{Pod, Standing};
use crate::node::Room;
use crate::pod::Demand;
use crate::taint::Effect;
use crate::testing::{any_of, demand, group, node, node_term, pod_name, pods_of, resources, spread, taint};

const HOST: &str = "kubernetes.io/hostname";
const WEB: &[(&str, &str)] = &[("app", "web")];

fn shop() -> Demand {
    demand("shop")
}

fn web() -> Demand {
    shop().label("app", "web")
}

/// Tells what is bought, as `group × count`, and what becomes of each pod.
fn told(cluster: &Cluster) -> (Vec<String>, Vec<String>) {
    let plan = plan(cluster);
    let bought = plan
        .purchases
        .iter()
        .map(|one| format!("{} x{}", one.group.name, one.count));
    let pods = plan.pods.iter().map(|answer| {
        let outcome = match &answer.outcome {
            Outcome::FitsNow(node) => format!("now {node}"),
            Outcome::Incoming(name) => format!("coming {name}"),
            Outcome::NewNode(group, number) => format!("new {}#{number}", group.name),
            Outcome::Unhelpable(why) => {
                let groups = why.groups.iter();
                let words: Vec<&str> = groups
                    .flat_map(|(_, misfits)| misfits.iter().map(Misfit::word))
                    .collect();
                format!("never {}", words.join(","))
            }
            Outcome::Unreadable(flaw) => flaw.word().to_owned(),
            Outcome::Ignored(why) => why.word().to_owned(),
        };
        format!("{} {outcome}", answer.pod.name)
    });
    (bought.collect(), pods.collect())
}

#[track_caller]
fn check(cluster: &Cluster, bought: &[&str], pods: &[&str]) {
    let told = told(cluster);
    assert_eq!(
        (told.0.join("; "), told.1.join("; ")),
        (bought.join("; "), pods.join("; "))
    );
}

/// Counts what is bought, and the pods without a place.
fn sums(cluster: &Cluster) -> (u32, usize) {
    let plan = plan(cluster);
    let nodes = plan.purchases.iter().map(|one| one.count).sum();
    let left = plan
        .pods
        .iter()
        .filter(|one| matches!(one.outcome, Outcome::Unhelpable(_)));
    (nodes, left.count())
}

/// SC-4: what is free, freed by pods that end, or coming is used before anything is bought, in this order.
#[test]
fn what_there_is_goes_before_what_is_bought() {
    let cluster = Cluster::default()
        .node(node("busy").size(1000, 4096).with_terminating(shop().cpu(1000)))
        .node(node("free").size(1000, 4096))
        .group(group("workers", 1000, 4096, 10))
        .coming("workers-1", "workers")
        .waiting("web", 4, shop().cpu(1000));
    let pods = [
        "web-0 now busy",
        "web-1 now free",
        "web-2 coming workers-1",
        "web-3 new workers#1",
    ];
    check(&cluster, &["workers x1"], &pods);
}

/// SC-4: a Node that is not Ready, or cordoned, has no room, and its pods count all the same.
#[test]
fn broken_node_has_no_room() {
    let cluster = Cluster::default()
        .node(node("broken").not_ready())
        .node(node("cordoned").taint(taint("node.kubernetes.io/unschedulable", "", Effect::NoSchedule)))
        .group(group("workers", 4000, 4096, 10))
        .waiting("web", 1, shop().cpu(100));
    check(&cluster, &["workers x1"], &["web-0 new workers#1"]);
}

/// SC-4: one plan covers several groups, and a pod is in one place only.
#[test]
fn one_plan_covers_several_groups() {
    let cluster = Cluster::default()
        .group(group("small", 1000, 4096, 10))
        .group(group("gpu", 4000, 4096, 90).label("gpu", "yes"))
        .waiting("web", 2, shop().cpu(1000))
        .waiting("train", 1, shop().cpu(4000).selects("gpu", "yes"));
    let pods = ["train-0 new gpu#1", "web-0 new small#1", "web-1 new small#2"];
    check(&cluster, &["gpu x1", "small x2"], &pods);
}

/// SC-5: the cheapest that serves all is taken, whether that is few large nodes or many small ones.
#[test]
fn cheapest_set_of_nodes_is_bought() {
    let with = |large| {
        Cluster::default()
            .group(group("large", 8000, 65536, large))
            .group(group("small", 1000, 8192, 10))
            .waiting("web", 8, shop().cpu(1000))
    };
    assert_eq!(told(&with(79)).0, ["large x1"]);
    assert_eq!(told(&with(81)).0, ["small x8"]);
    let mixed = with(79).waiting("last", 1, shop().cpu(500));
    assert_eq!(told(&mixed).0, ["large x1", "small x1"]);
}

/// SC-5: at the same price comes the preferred size, then fewer nodes, then the least waste, then the name.
#[test]
fn ties_are_broken_in_a_fixed_order() {
    let with = |preferred: bool, memory| {
        let mut second = group("b", 1000, memory, 10);
        second.is_preferred = preferred;
        Cluster::default()
            .group(group("a", 1000, 4096, 10))
            .group(second)
            .waiting("web", 1, shop().cpu(1000))
    };
    assert_eq!(told(&with(true, 8192)).0, ["b x1"]);
    assert_eq!(told(&with(false, 2048)).0, ["b x1"]);
    assert_eq!(told(&with(false, 4096)).0, ["a x1"]);
    let two = |preferred, large| {
        let mut small = group("b", 1000, 4096, 10);
        small.is_preferred = preferred;
        Cluster::default()
            .group(group("a", 2000, 4096, large))
            .group(small)
            .waiting("web", 2, shop().cpu(1000))
    };
    assert_eq!(told(&two(true, 20)).0, ["b x2"]);
    assert_eq!(told(&two(false, 20)).0, ["a x1"]);
    assert_eq!(told(&two(true, 19)).0, ["a x1"]);
    let roomy = Cluster::default()
        .group(group("a", 1000, 4096, 10))
        .group(group("b", 2500, 16_384, 20))
        .waiting("web", 2, shop().cpu(1000));
    assert_eq!(told(&roomy).0, ["b x1"], "one node, though it has more to waste");
}

/// SC-5: the group that was not taken is named with its price; an unknown price is dearer than any.
#[test]
fn runner_up_is_named() {
    let mut unknown = group("unknown", 1000, 4096, 0);
    unknown.price = None;
    let cluster = Cluster::default()
        .group(unknown)
        .group(group("cheap", 1000, 4096, 10))
        .group(group("dear", 1000, 4096, 30))
        .waiting("web", 2, shop().cpu(1000));
    let plan = plan(&cluster);
    let growth = &plan.purchases[0];
    assert_eq!(
        (&*growth.group.name, growth.count, growth.price),
        ("cheap", 2, Some(Price(20)))
    );
    let second = growth.runner_up.as_ref().expect("there are others");
    assert_eq!((&*second.group.name, second.price), ("dear", Some(Price(60))));
}

/// SC-5: of other groups at one price the preferred one is named, then the one with the least waste, then the first.
#[test]
fn runner_up_is_the_next_best() {
    let second = |preferred: &str, memory| {
        let other = |name: &str, memory| {
            let mut made = group(name, 1000, memory, 20);
            made.is_preferred = name == preferred;
            made
        };
        let cluster = Cluster::default()
            .group(group("cheap", 1000, 4096, 10))
            .group(other("x", 8192))
            .group(other("y", memory))
            .waiting("web", 1, shop().cpu(1000));
        let growth = plan(&cluster).purchases.remove(0);
        growth.runner_up.expect("there are others").group.name.to_string()
    };
    assert_eq!(second("y", 16_384), "y");
    assert_eq!(second("", 4096), "y");
    assert_eq!(second("", 8192), "x");
}

/// SC-5: where no price is known, fewer nodes come first, and then names decide.
#[test]
fn without_prices_the_order_is_fixed() {
    let unpriced = |name| {
        let mut group = group(name, 1000, 4096, 0);
        group.price = None;
        group
    };
    let one = Cluster::default()
        .group(unpriced("b"))
        .group(unpriced("a"))
        .waiting("web", 1, shop().cpu(10));
    check(&one, &["a x1"], &["web-0 new a#1"]);
    let mut large = unpriced("z");
    large.room = group("", 2500, 16_384, 0).room;
    let two = Cluster::default().group(unpriced("a")).group(large);
    assert_eq!(
        told(&two.waiting("web", 2, shop().cpu(1000))).0,
        ["z x1"],
        "fewer nodes"
    );
}

/// SC-6: no group passes its maximum; what is coming counts, and the pod says which limit it is.
#[test]
fn group_stops_at_its_maximum() {
    let cluster = Cluster::default()
        .group(group("workers", 1000, 4096, 10).bounds(0, 3, 1))
        .waiting("web", 3, shop().cpu(1000));
    let pods = [
        "web-0 new workers#1",
        "web-1 new workers#2",
        "web-2 never group-at-maximum",
    ];
    check(&cluster, &["workers x2"], &pods);
}

/// SC-6: the cluster stops at its own limit, and pods of a higher priority go first.
#[test]
fn cluster_stops_at_its_maximum() {
    let mut cluster = Cluster::default()
        .group(group("workers", 1000, 4096, 10))
        .waiting("a", 1, shop().cpu(1000))
        .waiting("b", 1, shop().cpu(900).priority(5));
    (cluster.most_workers, cluster.workers) = (Some(4), 3);
    check(
        &cluster,
        &["workers x1"],
        &["a-0 never cluster-at-maximum", "b-0 new workers#1"],
    );
}

/// SC-6: below its minimum a group is filled without any pod, and pods that wait use those nodes.
#[test]
fn minimum_is_filled_without_pods() {
    let lacking = Cluster::default().group(group("workers", 1000, 4096, 10).bounds(3, 5, 1));
    check(&lacking, &["workers x2"], &[]);
    let cheaper = lacking
        .group(group("cheap", 1000, 4096, 1))
        .waiting("web", 3, shop().cpu(1000));
    let pods = ["web-0 new cheap#1", "web-1 new workers#1", "web-2 new workers#2"];
    check(&cheaper, &["cheap x1", "workers x2"], &pods);
    assert_eq!(plan(&cheaper).purchases[1].minimum, 2);
}

/// SC-6, SC-3: a pod that is too large for every size buys nothing, and says what would help.
#[test]
fn pod_too_large_for_every_size_buys_nothing() {
    let cluster = Cluster::default()
        .group(group("workers", 1900, 4096, 10))
        .waiting("big", 1, shop().cpu(8000));
    check(&cluster, &[], &["big-0 never insufficient-cpu"]);
    let plan = plan(&cluster);
    let Outcome::Unhelpable(why) = &plan.pods[0].outcome else {
        panic!("{plan:?}")
    };
    assert_eq!(
        why.would_help,
        "request at most 1900m of CPU, or use a size for kube-system/workers that has 8 free"
    );
}

/// SC-6: a group that is not ours, switched off, of unknown size or unreadable is never bought from, and says so.
#[test]
fn group_that_may_not_grow_says_why() {
    let mut foreign = group("a", 1000, 4096, 10);
    foreign.is_managed = false;
    let mut off = group("b", 1000, 4096, 10);
    off.is_enabled = false;
    let mut unknown = group("c", 1000, 4096, 10);
    unknown.room = None;
    let mut broken = group("d", 1000, 4096, 10);
    broken.flaw = Some("maxNodes is below minNodes".to_owned());
    let mut sold_out = group("e", 1000, 4096, 10).bounds(1, 5, 0);
    sold_out.is_offered = false;
    let mut cluster = Cluster::default().waiting("web", 1, shop().cpu(10));
    cluster.groups = vec![foreign, off, unknown, broken, sold_out];
    let words = "web-0 never group-not-managed,scale-up-disabled,unknown-size,group-unreadable,unknown-size";
    check(&cluster, &[], &[words]);
}

/// SC-7: a policy that is off leaves the minimum.
#[test]
fn disabled_policy_leaves_the_minimum() {
    let mut off = group("workers", 1000, 4096, 10).bounds(1, 5, 0);
    off.is_enabled = false;
    let cluster = Cluster::default().group(off).waiting("web", 2, shop().cpu(1000));
    check(
        &cluster,
        &["workers x1"],
        &["web-0 new workers#1", "web-1 never scale-up-disabled"],
    );
}

/// SC-4: a pod keeps the node that was bought for it, while that is coming and takes it.
#[test]
fn promise_is_kept() {
    let mut cluster = Cluster::default()
        .group(group("workers", 1000, 4096, 10).bounds(0, 2, 2))
        .coming("workers-1", "workers")
        .coming("workers-2", "workers")
        .waiting("web", 2, shop().cpu(1000));
    check(
        &cluster,
        &[],
        &["web-0 coming workers-1", "web-1 coming workers-2"],
    );
    cluster.promises.insert(pod_name("web-0"), "workers-2".into());
    check(
        &cluster,
        &[],
        &["web-0 coming workers-2", "web-1 coming workers-1"],
    );
    cluster.promises.insert(pod_name("web-1"), "workers-2".into());
    check(
        &cluster,
        &[],
        &["web-0 coming workers-2", "web-1 coming workers-1"],
    );
}

/// SC-1, SC-3: pods that are not for planning, or cannot be planned for, are told with their word.
#[test]
fn pods_that_are_not_planned_for_say_why() {
    let mut cluster = Cluster::default().group(group("workers", 1000, 4096, 10));
    let standings = [
        Standing::Ignored(Ignored::WithinGrace),
        Standing::Unreadable(PodFlaw::Contradictory("disk".into())),
        Standing::Waiting(shop().cpu(1).into()),
    ];
    for (number, standing) in standings.into_iter().enumerate() {
        cluster.pods.push(Pod {
            name: pod_name(&format!("p{number}")),
            standing,
        });
    }
    let pods = ["p0 within-grace", "p1 contradictory-affinity", "p2 new workers#1"];
    check(&cluster, &["workers x1"], &pods);
}

/// SC-30: groups of one name in two namespaces are two groups.
#[test]
fn groups_of_one_name_in_two_namespaces_are_two() {
    let mut other = group("workers", 1000, 4096, 5);
    other.name.namespace = "team".into();
    other.max = 1;
    let cluster = Cluster::default()
        .group(group("workers", 1000, 4096, 10))
        .group(other)
        .waiting("web", 2, shop().cpu(1000));
    let names: Vec<String> = plan(&cluster)
        .purchases
        .iter()
        .map(|one| one.group.to_string())
        .collect();
    assert_eq!(names, ["kube-system/workers", "team/workers"]);
}
