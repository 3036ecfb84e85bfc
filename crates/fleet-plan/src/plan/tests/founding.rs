//! New groups for pods that no group can host (`SC-10`).

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::dynamic::{Dynamic, NewGroup, Size};
use crate::testing::labels;

fn size(id: i64, cpu_m: i64, price: u64) -> Size {
    Size {
        id,
        labels: labels(&[("kubernetes.io/arch", "amd64"), ("zone", "a")]),
        room: Room {
            allocatable: resources(cpu_m, cpu_m << 20),
            pods: 110,
            ..Room::default()
        },
        price: Some(Price(price)),
    }
}

/// Lets groups be made of three sizes.
fn dynamic(mut cluster: Cluster) -> Cluster {
    cluster.dynamic = Some(Dynamic {
        namespace: "kube-system".into(),
        most_nodes: 10,
        sizes: vec![size(8, 8000, 80), size(2, 2000, 20), size(4, 4000, 40)],
    });
    cluster
}

fn waiting(demand: Demand) -> Cluster {
    dynamic(Cluster::default().waiting("pod", 2, demand))
}

/// Tells which groups are made, with their labels and taints.
fn made(cluster: &Cluster) -> Vec<String> {
    let told = |new: &NewGroup| {
        let labels = new.labels.iter().map(|(key, value)| format!(" {key}={value}"));
        let taints = new.group.taints.iter();
        let taints = taints.map(|one| format!(" {}={}:{}", one.key, one.value, one.effect.as_str()));
        let more: String = labels.chain(taints).collect();
        format!("{}{more}", new.group.name.name)
    };
    plan(cluster).new_groups.iter().map(told).collect()
}

/// SC-10: a pod that no group can host leads to a group of the cheapest size that takes it, which may go to zero.
#[test]
fn cheapest_fitting_size_is_taken() {
    let cluster = waiting(shop().cpu(1500)).group(group("tiny", 1000, 8000, 1));
    let plan = plan(&cluster);
    let new = &plan.new_groups[0];
    assert_eq!(new.pods, [pod_name("pod-0"), pod_name("pod-1")]);
    let group = &new.group;
    assert_eq!(
        (group.size, group.min, group.max, group.nodes),
        (Some(2), 0, 10, 0)
    );
    assert_eq!(
        told(&cluster).0,
        ["size-2 x2"],
        "its nodes are bought in the same plan"
    );
    assert_eq!(made(&waiting(shop().cpu(2500))), ["size-4"]);
    assert_eq!(made(&waiting(shop().cpu(9000))), [""; 0]);
}

/// SC-10: dynamic groups are off unless they are asked for.
#[test]
fn nothing_is_made_unless_asked_for() {
    let mut cluster = waiting(shop().cpu(1500));
    cluster.dynamic = None;
    assert_eq!(made(&cluster), [""; 0]);
}

/// SC-10: labels are those that the pod asks for and the size lacks; a taint comes with a label that it tolerates.
#[test]
fn labels_and_taints_are_no_more_than_needed() {
    let asks = |one| shop().cpu(100).node_affinity(vec![node_term(vec![one])]);
    for (pod, expected) in [
        (shop().cpu(100), "size-2"),
        (shop().cpu(100).tolerates("team"), "size-2"),
        (shop().cpu(100).selects("zone", "a"), "size-2"),
        (shop().cpu(100).selects("team", "red"), "size-2 team=red"),
        (
            shop().cpu(100).selects("team", "red").tolerates("team"),
            "size-2 team=red team=red:NoSchedule",
        ),
        (asks(any_of("disk", &["ssd", "nvme"])), "size-2 disk=ssd"),
        (asks(crate::testing::present("gpu")), "size-2 gpu=true"),
        (asks(crate::testing::above("rank", 3)), "size-2 rank=4"),
        (asks(crate::testing::below("rank", 3)), "size-2 rank=2"),
        (asks(crate::testing::none_of("disk", &["hdd"])), "size-2"),
    ] {
        assert_eq!(made(&waiting(pod.clone())), [expected], "{pod:?}");
    }
}

/// SC-10: a toleration of everything is no wish to be alone.
#[test]
fn toleration_of_every_taint_makes_none() {
    let mut pod = shop().cpu(100).selects("team", "red");
    pod.placement.tolerations = vec![crate::taint::Toleration {
        key: None,
        tolerated: crate::taint::Tolerated::Any,
        effect: None,
    }];
    assert_eq!(made(&waiting(pod)), ["size-2 team=red"]);
}

/// SC-10: no label is made up that says what a node is, and none is changed that the size has.
#[test]
fn facts_are_not_made_up() {
    let named = |mut pod: Demand| {
        let mut term = node_term(vec![]);
        term.names = vec![any_of("metadata.name", &["node-1"])];
        pod = pod.node_affinity(vec![term]);
        pod
    };
    for pod in [
        shop().cpu(100).selects("zone", "b"),
        shop().cpu(100).selects("kubernetes.io/arch", "arm64"),
        shop().cpu(100).selects("topology.kubernetes.io/zone", "a"),
        shop().cpu(100).selects("autoscaler.vpsie.com/nodegroup", "x"),
        shop()
            .cpu(100)
            .node_affinity(vec![node_term(vec![any_of("zone", &["b"])])]),
        named(shop().cpu(100)),
        shop().cpu(100).volume_at(
            "data",
            node_term(vec![any_of("topology.kubernetes.io/zone", &["a"])]),
        ),
    ] {
        assert_eq!(made(&waiting(pod.clone())), [""; 0], "{pod:?}");
    }
}

/// SC-10: a group that could host the pod is for a person to let grow, and no other is made beside it.
#[test]
fn group_that_could_host_the_pod_is_enough() {
    let pod = shop().cpu(100).selects("team", "red");
    let fitting = || group("red", 1000, 1000, 1).label("team", "red");
    for change in [
        |group: &mut crate::group::Group| group.max = 0,
        |group: &mut crate::group::Group| group.is_enabled = false,
        |group: &mut crate::group::Group| group.flaw = Some("broken".to_owned()),
        |group: &mut crate::group::Group| group.room = None,
    ] {
        let mut group = fitting();
        change(&mut group);
        let cluster = waiting(pod.clone()).group(group);
        assert_eq!(made(&cluster), [""; 0]);
    }
    let mut foreign = fitting();
    foreign.is_managed = false;
    assert_eq!(made(&waiting(pod).group(foreign)), ["size-2 team=red"]);
}

/// SC-10: a size that a group has already, whosever it is, gets no second one, and neither does a name.
#[test]
fn one_group_is_made_of_a_size() {
    let mut other = group("other", 2000, 2000, 20);
    other.size = Some(2);
    let pod = shop().cpu(100).selects("team", "red");
    assert_eq!(made(&waiting(pod.clone()).group(other)), ["size-4 team=red"]);
    let mut named = group("size-2", 10, 10, 20);
    named.size = None;
    assert_eq!(made(&waiting(pod).group(named)), ["size-4 team=red"]);
    let teams = ["red", "green", "blue", "black"].map(|team| shop().cpu(100).selects("team", team));
    let mut cluster = dynamic(Cluster::default());
    for (number, demand) in teams.into_iter().enumerate() {
        cluster = cluster.waiting(&format!("team-{number}"), 1, demand);
    }
    assert_eq!(made(&cluster).len(), 3, "there are three sizes");
}

/// SC-6: where the cluster has its maximum nothing is made.
#[test]
fn cluster_at_its_maximum_makes_no_group() {
    let mut cluster = waiting(shop().cpu(100));
    cluster.most_workers = Some(0);
    assert_eq!(made(&cluster), [""; 0]);
}

/// SC-10: a group that was made may go once it has no node, gets none, and nobody waits for it.
#[test]
fn group_may_go_once_nobody_needs_it() {
    let old = || group("old", 1000, 1000, 10);
    let with = |old: crate::group::Group| Cluster::default().group(old);
    let is_unused = |cluster: &Cluster| plan(cluster).leaves_unused(&cluster.groups[0]);
    assert!(is_unused(&with(old())));
    assert!(!is_unused(&with(old().bounds(0, 9, 1))), "it has a node");
    assert!(!is_unused(&with(old().bounds(1, 9, 0))), "it must have one");
    let wanted = with(old()).waiting("web", 1, web().cpu(500));
    assert!(!is_unused(&wanted), "it gets one");
    let mut held = wanted;
    held.most_workers = Some(0);
    assert!(!is_unused(&held), "a pod waits for it");
    let other = with(old()).waiting("web", 1, web().cpu(5000));
    assert!(is_unused(&other), "it does not help the pod that waits");
}

/// SC-10: what a DaemonSet takes of every node is no room for the pod.
#[test]
fn daemon_sets_are_reckoned_with() {
    let mut cluster = waiting(shop().cpu(1900));
    cluster.daemons = vec![shop().cpu(200).into()];
    assert_eq!(made(&cluster), ["size-4"]);
}

fn any_pod() -> impl Strategy<Value = Demand> {
    let cpu = select(vec![100, 900, 1900, 3900, 9000]);
    let team = select(vec![None, Some("red"), Some("blue")]);
    (cpu, team, any::<bool>()).prop_map(|(cpu, team, tolerates)| {
        let pod = shop().cpu(cpu);
        let pod = team.into_iter().fold(pod, |pod, team| pod.selects("team", team));
        if tolerates { pod.tolerates("team") } else { pod }
    })
}

fn any_cluster() -> impl Strategy<Value = Cluster> {
    let red = (any::<bool>(), 0..3_u32, 1..4_i64);
    (proptest::collection::vec((any_pod(), 1..4_u32), 0..5), red).prop_map(|(pods, (is_red, max, cores))| {
        let mut group = group("old", cores * 1000, 8000, 15).bounds(0, max, 0);
        if is_red {
            group = group.label("team", "red");
        }
        let mut cluster = dynamic(Cluster::default().group(group));
        for (number, (demand, count)) in pods.into_iter().enumerate() {
            cluster = cluster.waiting(&format!("p{number}"), count, demand);
        }
        cluster
    })
}

fn is_unhelpable(answer: &PodAnswer) -> bool {
    matches!(answer.outcome, Outcome::Unhelpable(_))
}

proptest! {
    /// SC-10: groups are made only for pods that are helped by them, each of another size, and only where they are used.
    #[test]
    fn new_groups_are_needed_and_used(cluster in any_cluster()) {
        let with = plan(&cluster);
        let without = plan(&Cluster { dynamic: None, ..cluster.clone() });
        for new in &with.new_groups {
            prop_assert!(with.purchases.iter().any(|one| one.group == new.group.name));
            prop_assert!(!new.pods.is_empty());
            for pod in &new.pods {
                let answer = without.pods.iter().find(|one| one.pod == *pod).expect("it was asked about");
                prop_assert!(is_unhelpable(answer));
            }
        }
        let mut sizes: Vec<_> = with.new_groups.iter().map(|new| new.group.size).collect();
        sizes.dedup();
        prop_assert_eq!(sizes.len(), with.new_groups.len());
        if with.new_groups.is_empty() {
            prop_assert_eq!(&with, &without);
        }
        let unserved = |plan: &Plan| plan.pods.iter().filter(|one| is_unhelpable(one)).count();
        prop_assert!(unserved(&with) + with.new_groups.len() <= unserved(&without));
    }

    /// SC-10: once its groups are there and their nodes are coming, nothing more is made or bought for the pods it helped.
    #[test]
    fn founding_twice_founds_once(cluster in any_cluster()) {
        let first = plan(&cluster);
        let mut next = cluster.clone();
        next.groups.extend(first.new_groups.iter().map(|new| new.group.clone()));
        for growth in &first.purchases {
            let group = next.groups.iter_mut().find(|one| one.name == growth.group).expect("it grew");
            group.nodes += growth.count;
            for number in 1..=growth.count {
                next = next.coming(&format!("{}#{number}", growth.group.name), &growth.group.name);
            }
        }
        next.promises = first.promises(|group, number| format!("{}#{number}", group.name).into());
        let second = plan(&next);
        for (before, after) in first.pods.iter().zip(&second.pods) {
            if let Outcome::NewNode(group, number) = &before.outcome {
                let name = format!("{}#{number}", group.name);
                prop_assert_eq!(&after.outcome, &Outcome::Incoming(name.as_str().into()));
            }
        }
        // A size that the first plan had no use for may still serve pods that it left over.
        let bought = second.purchases.iter().flat_map(|one| &one.nodes).flatten();
        for pod in bought.chain(second.new_groups.iter().flat_map(|new| &new.pods)) {
            prop_assert!(first.pods.iter().any(|one| one.pod == *pod && is_unhelpable(one)));
        }
    }

    /// SC-22: the order of pods, groups and sizes changes nothing.
    #[test]
    fn order_of_sizes_changes_nothing(cluster in any_cluster(), turns in 0..3_usize) {
        let mut turned = cluster.clone();
        turned.pods.reverse();
        turned.dynamic.as_mut().expect("it is on").sizes.rotate_left(turns);
        prop_assert_eq!(plan(&turned), plan(&cluster));
    }
}
