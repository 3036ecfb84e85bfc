//! Plans for pods that ask for more than room.

use super::*;

/// SC-2: what DaemonSets will take of a new node is not free, on the nodes that they are for.
#[test]
fn daemon_sets_take_their_part_of_new_nodes() {
    let mut cluster = Cluster::default()
        .group(group("workers", 1000, 4096, 10))
        .waiting("web", 2, shop().cpu(500));
    cluster.daemons.push(shop().cpu(100).into());
    assert_eq!(told(&cluster).0, ["workers x2"]);
    cluster.daemons = vec![shop().cpu(100).selects("gpu", "yes").into()];
    assert_eq!(told(&cluster).0, ["workers x1"]);
    cluster.daemons = vec![shop().port(80).into()];
    let cluster = cluster.waiting("proxy", 1, shop().port(80));
    assert_eq!(told(&cluster).1[0], "proxy-0 never host-port");
}

/// SC-4: pods that shun each other get a node each, and others use the same nodes.
#[test]
fn pods_that_shun_each_other_get_a_node_each() {
    let cluster = Cluster::default()
        .group(group("workers", 1000, 4096, 10))
        .waiting("web", 3, web().cpu(100).far(pods_of("shop", HOST, WEB)))
        .waiting("job", 6, shop().cpu(400));
    assert_eq!(sums(&cluster), (3, 0));
}

/// SC-4: pods that want each other near share a zone, or a node that holds all of them.
#[test]
fn pods_that_want_each_other_share_a_domain() {
    let zones = Cluster::default()
        .group(group("a", 1000, 4096, 10).label("zone", "a").bounds(0, 2, 0))
        .group(group("b", 1000, 4096, 11).label("zone", "b").bounds(0, 4, 0));
    let near = web().cpu(1000).near(pods_of("shop", "zone", WEB));
    assert_eq!(told(&zones.clone().waiting("web", 2, near.clone())).0, ["a x2"]);
    assert_eq!(
        told(&zones.waiting("web", 4, near)).0,
        ["b x4"],
        "zone a is too small for all"
    );
    let hosts = Cluster::default()
        .group(group("small", 1000, 4096, 10))
        .group(group("large", 4000, 4096, 100));
    let near = web().cpu(1000).near(pods_of("shop", HOST, WEB));
    assert_eq!(told(&hosts.waiting("web", 4, near)).0, ["large x1"]);
}

/// SC-4: pods that are spread over zones bring nodes in each; a zone that the scheduler knows already counts.
#[test]
fn spread_pods_bring_nodes_in_each_zone() {
    let cluster = Cluster::default()
        .node(
            node("a0")
                .label("zone", "a")
                .size(100, 4096)
                .with(shop().cpu(100)),
        )
        .node(
            node("b0")
                .label("zone", "b")
                .size(100, 4096)
                .with(shop().cpu(100)),
        )
        .group(group("a", 1000, 4096, 10).label("zone", "a"))
        .group(group("b", 1000, 4096, 20).label("zone", "b"))
        .waiting("web", 4, web().cpu(500).spread(spread("zone", 1, WEB)));
    assert_eq!(told(&cluster).0, ["a x1", "b x1"]);
}

/// SC-4: a zone that a plan opens for one pod counts for the spread of others in the same plan.
#[test]
fn zone_opened_by_the_plan_counts_for_its_spreads() {
    let cluster = Cluster::default()
        .group(group("a", 1000, 4096, 10).label("zone", "a"))
        .group(group("b", 1000, 4096, 20).label("zone", "b"))
        .waiting("web", 4, web().cpu(250).spread(spread("zone", 1, WEB)))
        .waiting("pin", 1, shop().cpu(100).selects("zone", "b"));
    let plan = plan(&cluster);
    let of = |zone: &str| {
        let growth = plan
            .purchases
            .iter()
            .find(|one| &*one.group.name == zone)
            .expect("it grows");
        growth
            .nodes
            .iter()
            .flatten()
            .filter(|pod| pod.name.starts_with("web"))
            .count()
    };
    assert_eq!((of("a"), of("b")), (2, 2));
}

/// SC-4: pods of one kind spread over hosts need no more nodes than the skew asks for.
#[test]
fn pods_spread_over_hosts_need_no_node_too_many() {
    let cluster = Cluster::default()
        .group(group("workers", 4000, 16384, 10))
        .waiting("web", 6, web().cpu(100).spread(spread(HOST, 1, WEB)));
    assert_eq!(sums(&cluster), (1, 0), "a single host is always even");
    let beside = cluster.node(node("full").size(100, 4096).with(shop().cpu(100)));
    assert_eq!(sums(&beside), (6, 0), "an empty host allows one on each other");
}

/// SC-2: a preference chooses among what could be bought, above the price, and is dropped where it cannot be met.
#[test]
fn preferences_are_honoured_by_relaxation() {
    let cluster = Cluster::default()
        .group(group("hdd", 1000, 4096, 10).label("disk", "hdd"))
        .group(group("ssd", 1000, 4096, 20).label("disk", "ssd").bounds(0, 1, 0));
    let prefers = |disk: &str| shop().cpu(1000).prefers(node_term(vec![any_of("disk", &[disk])]));
    assert_eq!(
        told(&cluster.clone().waiting("web", 1, prefers("ssd"))).0,
        ["ssd x1"]
    );
    assert_eq!(
        told(&cluster.clone().waiting("web", 2, prefers("ssd"))).0,
        ["hdd x1", "ssd x1"]
    );
    assert_eq!(
        told(&cluster.clone().waiting("web", 1, prefers("tape"))).0,
        ["hdd x1"]
    );
    let free = cluster
        .node(node("free").label("disk", "hdd"))
        .waiting("web", 1, prefers("ssd"));
    check(&free, &[], &["web-0 now free"]);
}

/// SC-2: host ports, and volumes that are attached, are minded on nodes to come.
#[test]
fn ports_and_volumes_are_minded_on_new_nodes() {
    let room = Room {
        attachments: [("csi".into(), 2)].into(),
        ..group("", 4000, 4096, 0).room.expect("it has room")
    };
    let mut workers = group("workers", 4000, 4096, 10);
    workers.room = Some(room);
    let cluster = Cluster::default().group(workers);
    assert_eq!(
        sums(&cluster.clone().waiting("proxy", 3, shop().port(80))),
        (3, 0)
    );
    let mut volumes = cluster;
    for number in 0..3 {
        volumes = volumes.waiting(
            &format!("db{number}"),
            1,
            shop().attaches("csi", &format!("v{number}")),
        );
    }
    assert_eq!(sums(&volumes), (2, 0));
}

/// SC-5, SC-2: a node is not replaced by a cheaper one that attaches fewer volumes, or has fewer pods, than it must hold.
#[test]
fn cheaper_node_must_hold_as_many_volumes_and_pods() {
    let sized = |name, price, pods, volumes| {
        let mut made = group(name, 4000, 4096, price);
        let room = made.room.as_mut().expect("it has room");
        (room.pods, room.attachments) = (pods, [("csi".into(), volumes)].into());
        made
    };
    let with = |narrow| Cluster::default().group(narrow).group(sized("wide", 15, 2, 2));
    let pods = |cluster: Cluster| {
        let one = cluster.waiting("one", 1, shop().attaches("csi", "v1"));
        told(&one.waiting("two", 1, shop().attaches("csi", "v2"))).0
    };
    assert_eq!(pods(with(sized("narrow", 10, 2, 1))), ["wide x1"]);
    assert_eq!(pods(with(sized("narrow", 10, 1, 2))), ["wide x1"]);
    assert_eq!(pods(with(sized("narrow", 10, 2, 2))), ["narrow x1"]);
}

/// SC-2: extended resources are packed like any other.
#[test]
fn extended_resources_are_packed() {
    let mut gpu = group("gpu", 8000, 65536, 100);
    gpu.room.as_mut().expect("it has room").allocatable =
        resources(8000, 64 << 30).with("example.com/gpu", 2);
    let mut train = shop();
    train.requests = resources(100, 0).with("example.com/gpu", 1);
    let cluster = Cluster::default()
        .group(gpu)
        .group(group("cheap", 8000, 65536, 1))
        .waiting("train", 3, train);
    assert_eq!(told(&cluster).0, ["gpu x2"]);
}

/// SC-6: a node that turns out to need no large size leaves it to the pod that does.
#[test]
fn size_that_is_not_needed_after_all_is_left_to_others() {
    let cluster = Cluster::default()
        .group(group("one", 1000, 1000, 5).bounds(1, 3, 0))
        .group(group("two", 1000, 1100, 5).bounds(1, 2, 0))
        .group(group("large", 2000, 1200, 5).bounds(0, 2, 0))
        .waiting("first", 5, shop().cpu(100).port(80).priority(1))
        .waiting("second", 2, shop().cpu(1500).port(80));
    assert_eq!(told(&cluster).0, ["large x2", "one x3", "two x2"]);
}
