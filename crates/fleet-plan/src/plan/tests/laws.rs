//! What holds of every plan.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::fit;
use crate::group::Group;
use crate::node::{Node, Resident};

/// Makes a pod of one of many kinds.
fn any_demand() -> impl Strategy<Value = Demand> {
    let cpu = select(vec![100, 250, 500, 1000, 1500]);
    let memory = select(vec![64, 256, 1024, 3000]);
    let app = select(vec!["web", "db"]);
    (cpu, memory, app, 0..13_u8, 0..3_i32).prop_map(|(cpu, memory, app, kind, priority)| {
        let pod = shop()
            .cpu(cpu)
            .memory_mib(memory)
            .label("app", app)
            .priority(priority);
        let same = [("app", app)];
        match kind {
            0 => pod.far(pods_of("shop", HOST, &same)),
            1 => pod.far(pods_of("shop", "zone", &same)),
            // So may pods that are wanted near, and be the first where nobody was.
            2 => pod
                .label("app", "near")
                .near(pods_of("shop", "zone", &[("app", "near")])),
            3 => pod
                .label("app", "zones")
                .spread(spread("zone", 1, &[("app", "zones")])),
            4 => pod
                .label("app", "hosts")
                .spread(spread(HOST, 2, &[("app", "hosts")])),
            5 => pod.selects("zone", "b"),
            6 => pod.port(80),
            7 => {
                let mut three = spread(HOST, 2, &[("app", "three")]);
                three.min_domains = 3;
                pod.label("app", "three").spread(three)
            }
            8 => pod.attaches("csi", app),
            9 => pod.prefers(node_term(vec![any_of("zone", &["b"])])),
            10 => pod
                .label("app", "picky")
                .selects("zone", "b")
                .spread(spread(HOST, 1, &[("app", "picky")])),
            _ => pod,
        }
    })
}

fn any_group(name: &'static str) -> impl Strategy<Value = Group> {
    let zone = select(vec!["a", "b"]);
    let most = (1..9_i64, 1..3_i64);
    (1..5_i64, 1..4_i64, 5..40_u64, zone, 0..2_u32, 2..6_u32, most).prop_map(
        move |(cpu, memory, price, zone, min, max, (pods, volumes))| {
            let mut made = group(name, cpu * 1000, memory * 1024, price)
                .label("zone", zone)
                .bounds(min, max, 0);
            let room = made.room.as_mut().expect("it has room");
            room.attachments = [("csi".into(), volumes)].into();
            room.pods = pods;
            made
        },
    )
}

fn any_node(name: &'static str) -> impl Strategy<Value = Node> {
    let zone = select(vec!["a", "b"]);
    (
        zone,
        proptest::collection::vec((any_demand(), any::<bool>()), 0..3),
    )
        .prop_map(move |(zone, pods)| {
            let mut node = node(name).label("zone", zone).size(2000, 4096);
            node.pods = pods
                .into_iter()
                .map(|(demand, is_terminating)| Resident {
                    demand: demand.into(),
                    is_terminating,
                })
                .collect();
            node
        })
}

fn any_cluster() -> impl Strategy<Value = Cluster> {
    let pods = proptest::collection::vec((any_demand(), 1..5_u32), 0..6);
    let groups = (any_group("one"), any_group("two"), any_group("three"));
    let nodes = (any_node("n1"), any_node("n2"));
    (pods, groups, nodes, 0..2_u32, proptest::option::of(1..9_u32)).prop_map(
        |(pods, groups, nodes, coming, most)| {
            let mut cluster = Cluster::default().node(nodes.0).node(nodes.1);
            let (mut one, two, three) = groups;
            one.nodes = coming;
            cluster = cluster.group(one).group(two).group(three);
            for number in 0..coming {
                cluster = cluster.coming(&format!("one-{number}"), "one");
            }
            for (number, (demand, count)) in pods.into_iter().enumerate() {
                cluster = cluster.waiting(&format!("p{number}"), count, demand);
            }
            (cluster.most_workers, cluster.workers) = (most.map(|most| most + coming), coming);
            cluster
        },
    )
}

/// Plans as always, or as where there is so much work that few ways are tried.
fn any_planner() -> impl Strategy<Value = fn(&Cluster) -> Plan> {
    let hasty: fn(&Cluster) -> Plan = |cluster| plan_within(cluster, 0);
    select(vec![plan, hasty])
}

/// Makes pods that are alike but for their priority, and groups that have no room for all.
fn any_scarcity() -> impl Strategy<Value = Cluster> {
    let pod = (select(vec![250, 500, 1000]), 0..3_i32, 1..5_u32);
    let groups = (any_group("one"), any_group("two"));
    (proptest::collection::vec(pod, 1..8), groups, 1..5_u32).prop_map(|(pods, groups, most)| {
        let mut cluster = Cluster::default().group(groups.0).group(groups.1);
        cluster.most_workers = Some(most);
        for (number, (cpu, priority, count)) in pods.into_iter().enumerate() {
            cluster = cluster.waiting(&format!("p{number}"), count, shop().cpu(cpu).priority(priority));
        }
        cluster
    })
}

/// Names the VPSieNode of a bought node.
fn name_of(group: &GroupName, number: u32) -> Name {
    format!("{}#{number}", group.name).into()
}

/// Returns what will be there once a plan is carried out: Nodes with the pods that they were planned for.
fn carried_out(cluster: &Cluster, plan: &Plan) -> Vec<Node> {
    let demand_of = |pod: &PodName| {
        let found = cluster
            .pods
            .iter()
            .find(|one| one.name == *pod)
            .expect("it was asked about");
        let Standing::Waiting(demand) = &found.standing else {
            panic!("it waits")
        };
        Resident {
            demand: demand.clone(),
            is_terminating: false,
        }
    };
    let new_node = |name: String, group: &GroupName| {
        let group = cluster
            .groups
            .iter()
            .find(|one| one.name == *group)
            .expect("it is a group");
        let mut made = node(&name);
        made.labels.extend(group.labels.clone());
        made.room = group.room.clone().expect("it was bought");
        made
    };
    let mut nodes = cluster.nodes.clone();
    for node in &mut nodes {
        node.pods.retain(|one| !one.is_terminating);
    }
    nodes.extend(
        cluster
            .incoming
            .iter()
            .map(|one| new_node(one.name.to_string(), &one.group)),
    );
    for growth in &plan.purchases {
        let names = (1..=growth.count).map(|number| format!("{}#{number}", growth.group.name));
        nodes.extend(names.map(|name| new_node(name, &growth.group)));
    }
    for answer in &plan.pods {
        let place = match &answer.outcome {
            Outcome::FitsNow(name) | Outcome::Incoming(name) => name.to_string(),
            Outcome::NewNode(group, number) => format!("{}#{number}", group.name),
            Outcome::Unhelpable(_) | Outcome::Unreadable(_) | Outcome::Ignored(_) => continue,
        };
        let node = nodes
            .iter_mut()
            .find(|node| *node.name == *place)
            .expect("it exists");
        node.pods.push(demand_of(&answer.pod));
    }
    nodes
}

/// Tells which pods would not fit where they are, were they the last to come.
fn misplaced(nodes: &[Node], first_new: usize) -> Vec<String> {
    let mut found = Vec::new();
    for (index, node) in nodes.iter().enumerate().skip(first_new) {
        for position in 0..node.pods.len() {
            let mut without = nodes.to_vec();
            let pod = without[index].pods.remove(position);
            let misfits = &fit(&pod.demand, &without, &BTreeMap::new())[index];
            if !misfits.is_empty() {
                found.push(format!("{}: {misfits:?}", node.name));
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..ProptestConfig::default() })]

    /// SC-4: every pod has one answer, and fits where it is to go once all the others are there.
    #[test]
    fn pods_fit_where_they_are_planned(cluster in any_cluster(), plan in any_planner()) {
        let plan = plan(&cluster);
        let named: BTreeSet<&PodName> = plan.pods.iter().map(|one| &one.pod).collect();
        prop_assert_eq!((named.len(), plan.pods.len()), (cluster.pods.len(), cluster.pods.len()));
        let nodes = carried_out(&cluster, &plan);
        let first_new = cluster.nodes.len() + cluster.incoming.len();
        prop_assert_eq!(misplaced(&nodes, first_new), Vec::<String>::new() );
    }

    /// SC-6: no limit is passed, and every minimum is filled as far as the cluster may grow.
    #[test]
    fn limits_are_never_passed(cluster in any_cluster(), plan in any_planner()) {
        let plan = plan(&cluster);
        let mut sum = 0;
        for group in &cluster.groups {
            let bought = plan.purchases.iter().find(|one| one.group == group.name).map_or(0, |one| one.count);
            prop_assert!(group.nodes + bought <= group.max);
            prop_assert!(cluster.most_workers.is_some() || group.nodes + bought >= group.min);
            sum += bought;
        }
        prop_assert!(cluster.workers + sum <= cluster.most_workers.unwrap_or(u32::MAX));
    }

    /// SC-4, SC-6: where there is not enough for all, no pod waits behind one of a lower priority that asks for as much.
    #[test]
    fn higher_priorities_go_first(cluster in any_scarcity(), plan in any_planner()) {
        let plan = plan(&cluster);
        let mut served: Vec<(&Demand, bool)> = Vec::new();
        for (pod, answer) in cluster.pods.iter().map(|pod| {
            (pod, plan.pods.iter().find(|one| one.pod == pod.name).expect("it has an answer"))
        }) {
            let Standing::Waiting(demand) = &pod.standing else { unreachable!("all wait") };
            served.push((demand, matches!(answer.outcome, Outcome::NewNode(..))));
        }
        for (demand, _) in served.iter().filter(|(_, is_served)| !is_served) {
            let lower = served.iter().filter(|(other, _)| other.priority < demand.priority);
            let mut before = lower.filter(|(other, is_served)| *is_served && other.requests == demand.requests);
            prop_assert_eq!(before.next(), None);
        }
    }

    /// SC-22: the order of any list changes nothing.
    #[test]
    fn order_changes_nothing(cluster in any_cluster(), plan in any_planner(), turns in 1..7_usize) {
        let mut turned = cluster.clone();
        let len = turned.pods.len().max(1);
        turned.pods.rotate_left(turns % len);
        turned.pods.reverse();
        turned.groups.rotate_left(turns % 3);
        turned.nodes.reverse();
        turned.nodes.iter_mut().for_each(|node| node.pods.reverse());
        turned.incoming.reverse();
        prop_assert_eq!(plan(&turned), plan(&cluster));
    }

    /// SC-4: what was bought is coming in the next pass, which buys nothing more and keeps each promise.
    #[test]
    fn deciding_twice_buys_once(cluster in any_cluster(), plan in any_planner()) {
        let first = plan(&cluster);
        let mut next = cluster.clone();
        for growth in &first.purchases {
            let group = next.groups.iter_mut().find(|one| one.name == growth.group).expect("it grew");
            group.nodes += growth.count;
            next.workers += growth.count;
            for number in 1..=growth.count {
                next = next.coming(&name_of(&growth.group, number), &growth.group.name);
            }
        }
        next.promises = first.promises(name_of);
        let second = plan(&next);
        prop_assert_eq!(&second.purchases, &Vec::new() );
        for (before, after) in first.pods.iter().zip(&second.pods) {
            if let Outcome::NewNode(group, number) = &before.outcome {
                let name = format!("{}#{number}", group.name);
                prop_assert_eq!(&after.outcome, &Outcome::Incoming(name.as_str().into()) );
            }
        }
    }
}
