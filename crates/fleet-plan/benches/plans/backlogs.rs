//! Large backlogs, for the benchmark of plans and the test of their memory.

use std::sync::Arc;

use fleet_plan::group::Group;
use fleet_plan::testing::{any_of, demand, group, node_term, pods_of, spread};
use fleet_plan::{Cluster, Demand};

/// Requests of the mixed pods: thousandths of a core, and MiB.
const CPU: [i64; 5] = [100, 250, 500, 1000, 1500];
const MEMORY: [i64; 6] = [100, 256, 512, 1024, 2048, 4096];

/// Numbers the zones of the mixed sizes.
const ZONES: [&str; 3] = ["a", "b", "c"];

const ZONE: &str = "topology.kubernetes.io/zone";
const HOST: &str = "kubernetes.io/hostname";

/// Makes 400 sizes of 1 to 134 cores in three zones. A core with its memory costs 0.01 an hour, and a machine 0.005 more.
fn sizes() -> Vec<Group> {
    let sizes = (0..400_u32).map(|index| {
        let cores = i64::from(index / 3) + 1;
        let zone = ZONES[index as usize % 3];
        let price = 5_000_000 + 10_000_000 * u64::try_from(cores).expect("it is positive");
        let mut size = group(&format!("size-{index:03}"), cores * 950, cores * 3500, price);
        size = size.label(ZONE, zone).bounds(0, 10_000, 0);
        size.room.as_mut().expect("it has room").pods = 250;
        size
    });
    sizes.collect()
}

/// Makes what runs on every node of many clusters: network, proxy, logs, metrics and storage.
fn daemons() -> Vec<Arc<Demand>> {
    vec![Arc::new(demand("kube-system").cpu(250).memory_mib(300))]
}

/// Gives a pod of the mix its requests.
fn sized(index: usize, app: &str) -> Demand {
    let pod = demand("shop").cpu(CPU[index % CPU.len()]);
    pod.memory_mib(MEMORY[index / CPU.len() % MEMORY.len()])
        .label("app", app)
}

/// Makes pods, a fifth each: plain, spread over zones, spread over hosts, together in a zone, each alone on its host.
pub(crate) fn mixed(pods: u32) -> Cluster {
    let mut cluster = Cluster {
        daemons: daemons(),
        groups: sizes(),
        ..Cluster::default()
    };
    let kinds = CPU.len() * MEMORY.len();
    let each = pods / 5 / u32::try_from(kinds).expect("there are few");
    let rest = pods / 5 % u32::try_from(kinds).expect("there are few");
    for index in 0..kinds {
        let count = each + u32::from(u32::try_from(index).expect("there are few") < rest);
        let of = |app: &'static str| (sized(index, app), [("app", app)]);
        let (plain, _) = of("plain");
        let (zones, app) = of("zones");
        let zones = zones.spread(spread(ZONE, 1, &app));
        let (hosts, app) = of("hosts");
        let hosts = hosts.spread(spread(HOST, 1, &app));
        let (near, app) = of("near");
        let near = near.near(pods_of("shop", ZONE, &app));
        let (alone, app) = of("alone");
        let alone = alone.far(pods_of("shop", HOST, &app));
        for (name, demand) in [
            ("plain", plain),
            ("zones", zones),
            ("hosts", hosts),
            ("near", near),
            ("alone", alone),
        ] {
            cluster = cluster.waiting(&format!("{name}-{index}"), count, demand);
        }
    }
    cluster
}

/// Makes 50,000 pods of a twentieth of a node, and 1,000 of somewhat more than a tenth.
pub(crate) fn two_kinds() -> Cluster {
    let mut nodes = group("workers", 1000, 4096, 10_000_000).bounds(0, 10_000, 0);
    nodes.room.as_mut().expect("it has room").pods = 110;
    let mut cluster = Cluster::default();
    cluster.groups.push(nodes);
    cluster
        .waiting("small", 50_000, demand("shop").cpu(50).memory_mib(100))
        .waiting("large", 1_000, demand("shop").cpu(95).memory_mib(190))
}

/// Makes pods with two preferences each, one of which nothing meets.
pub(crate) fn preferring(pods: u32) -> Cluster {
    let mut cluster = Cluster {
        groups: sizes(),
        ..Cluster::default()
    };
    let kinds = CPU.len() * MEMORY.len();
    let each = pods / u32::try_from(kinds).expect("there are few");
    for index in 0..kinds {
        let prefers = |key: &str, value: &str| node_term(vec![any_of(key, &[value])]);
        let pod = sized(index, "web")
            .prefers(prefers(ZONE, "nowhere"))
            .prefers(prefers(ZONE, ZONES[index % 3]));
        cluster = cluster.waiting(&format!("web-{index}"), each + u32::from(index < 10), pod);
    }
    cluster
}
