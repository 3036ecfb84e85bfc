//! Adding workers: asynchronous, named by VPSie, written down in the ledger.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::SimClock;
use crate::cloud::testing::SmallCloud;
use crate::cloud::{
    AddReply, Behaviour, CallKind, Cloud, ClusterSpec, Delay, Fault, FaultEffect, MachineState, PostingReply,
};

fn exact_delays(behaviour: &mut Behaviour) {
    behaviour.list_delay = Delay::exactly(Duration::from_secs(10));
    behaviour.boot_delay = Delay::exactly(Duration::from_secs(30));
    behaviour.join_delay = Delay::exactly(Duration::from_secs(5));
    behaviour.ready_delay = Delay::exactly(Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn accepted_add_answers_true_and_shows_its_machine_later() {
    let world = SmallCloud::new();
    world.cloud.behaviour(exact_delays);
    let before = world.listed();
    assert_eq!(
        world.ask("POST", &world.add_path(world.group), ""),
        (200, json!({"error": false, "data": true}))
    );
    let uuid = world.cloud.ledger()[0].machine.clone().unwrap();
    let machine = || world.cloud.machine(&uuid).unwrap();
    let mut states = Vec::new();
    for wait in [0, 9, 1, 30, 5, 2] {
        world.cloud.clock().sleep(Duration::from_secs(wait)).await;
        let is_listed = world.listed().len() > before.len();
        states.push((
            machine().state,
            is_listed,
            machine().joined_at.is_some(),
            machine().ready_at.is_some(),
        ));
    }
    let expected = [
        (MachineState::Accepted, false, false, false),
        (MachineState::Accepted, false, false, false),
        (MachineState::Creating, true, false, false),
        (MachineState::Running, true, false, false),
        (MachineState::Running, true, true, false),
        (MachineState::Running, true, true, true),
    ];
    assert_eq!(states, expected);
}

#[tokio::test(start_paused = true)]
async fn hostname_comes_from_the_cluster_and_never_from_the_request() {
    let world = SmallCloud::new();
    let uuid = world.buy("my-node");
    let machine = world.cloud.machine(&uuid).unwrap();
    let (prefix, suffix) = machine.hostname.rsplit_once('-').unwrap();
    assert_eq!(prefix, "HEL-Kubernetes-49ab-slave");
    assert!(
        suffix.len() == 4 && suffix.chars().all(|digit| digit.is_ascii_hexdigit()),
        "{suffix}"
    );
    assert_eq!(machine.node_name(), machine.hostname.to_lowercase());
    let everything = world.detail().to_string();
    assert!(!everything.contains("my-node"));
}

#[tokio::test(start_paused = true)]
async fn names_and_addresses_are_unique() {
    let world = SmallCloud::new();
    for index in 0..300 {
        world.buy(&format!("uid-{index}"));
    }
    let machines = world.cloud.machines();
    let hostnames: BTreeSet<_> = machines.iter().map(|machine| machine.node_name()).collect();
    let addresses: BTreeSet<_> = machines
        .iter()
        .flat_map(|machine| machine.addresses.clone())
        .collect();
    assert_eq!(
        (hostnames.len(), addresses.len()),
        (machines.len(), machines.len() * 2)
    );
}

#[tokio::test(start_paused = true)]
async fn private_networks_of_two_clusters_overlap() {
    let world = SmallCloud::new();
    let other = world.cloud.add_cluster(ClusterSpec::named("AMS-Kubernetes-0001"));
    let machines = world.cloud.machines();
    let first = machines
        .iter()
        .find(|machine| machine.cluster == world.cluster)
        .unwrap();
    let second = machines.iter().find(|machine| machine.cluster == other).unwrap();
    assert_eq!(first.addresses[0], second.addresses[0]);
    assert_ne!(first.addresses[1], second.addresses[1]);
}

#[tokio::test(start_paused = true)]
async fn created_on_follows_the_order_of_the_posts() {
    let world = SmallCloud::new();
    let bought: Vec<String> = (0..20).map(|index| world.buy(&format!("uid-{index}"))).collect();
    world.settle().await;
    let detail = world.detail();
    let mut nodes: Vec<(&str, &str)> = detail["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["hostname"].as_str().unwrap().contains("-slave-"))
        .map(|node| {
            (
                node["created_on"].as_str().unwrap(),
                node["identifier"].as_str().unwrap(),
            )
        })
        .collect();
    nodes.sort_unstable();
    let dates: BTreeSet<_> = nodes.iter().map(|(date, _)| date).collect();
    assert_eq!(dates.len(), bought.len(), "no two dates are equal");
    assert_eq!(nodes.iter().map(|(_, uuid)| *uuid).collect::<Vec<_>>(), bought);
}

#[tokio::test(start_paused = true)]
async fn ledger_tells_which_post_made_which_machine() {
    let world = SmallCloud::new();
    let uuid = world.buy("uid-1");
    world.cloud.behaviour(|behaviour| behaviour.worker_cap = Some(1));
    world.post(world.group, "uid-2");
    let ledger = world.cloud.ledger();
    assert_eq!(ledger.len(), 2);
    assert_eq!((ledger[0].number, ledger[0].group), (1, world.group));
    assert_eq!(ledger[0].request_id.as_deref(), Some("uid-1"));
    assert_eq!(ledger[0].machine.as_deref(), Some(uuid.as_str()));
    assert_eq!(ledger[0].reply, PostingReply::Accepted);
    assert_eq!(ledger[1].machine, None);
    let message = "Worker nodes count exceeds the allowed limit".to_owned();
    assert_eq!(ledger[1].reply, PostingReply::Refused { status: 400, message });
    assert_eq!(world.cloud.machine(&uuid).unwrap().made_by, Some(1));
}

#[tokio::test(start_paused = true)]
async fn add_without_a_reason_to_succeed_is_refused_by_name() {
    let world = SmallCloud::new();
    let other = world.cloud.add_cluster(ClusterSpec::named("AMS-Kubernetes-0001"));
    let foreign_group = world.cloud.add_group(&other, "GRP-Advanced-aaaa", 57);
    let unknown = format!(
        "/apps/v2/k8s/cluster/byId/nowhere/add/slave/group/{}",
        world.group
    );
    let cases = [
        (unknown, "kubernetes not found"),
        (world.add_path(9999), "Group not found"),
        (world.add_path(foreign_group), "Group not found"),
    ];
    for (path, message) in cases {
        let expected = (400, json!({"error": true, "code": 400, "message": message}));
        assert_eq!(world.ask("POST", &path, ""), expected, "{path}");
    }
    assert!(
        world
            .cloud
            .ledger()
            .iter()
            .all(|posting| posting.machine.is_none())
    );
}

#[tokio::test(start_paused = true)]
async fn worker_cap_counts_machines_that_are_not_listed_yet() {
    let world = SmallCloud::new();
    world.cloud.behaviour(|behaviour| {
        behaviour.worker_cap = Some(2);
        behaviour.refusal_status = 200;
    });
    world.buy("uid-1");
    let second = world.buy("uid-2");
    let message = "Worker nodes count exceeds the allowed limit";
    let refused = world.ask("POST", &world.add_path(world.group), "");
    assert_eq!(
        refused,
        (200, json!({"error": true, "code": 400, "message": message}))
    );
    world.remove(&second);
    world.settle().await;
    assert_eq!(world.ask("POST", &world.add_path(world.group), "").0, 200);
    assert_eq!(world.cloud.ledger().last().unwrap().reply, PostingReply::Accepted);
}

#[tokio::test(start_paused = true)]
async fn object_reply_names_the_machine_but_not_its_number() {
    let world = SmallCloud::new();
    world
        .cloud
        .behaviour(|behaviour| behaviour.add_reply = AddReply::Object);
    let (_, reply) = world.ask("POST", &world.add_path(world.group), "");
    let machine = world.cloud.machines().pop().unwrap();
    let expected = json!({
        "id": 0, "identifier": machine.uuid, "status": "provisioning", "hostname": machine.hostname,
    });
    assert_eq!(reply["data"], expected);
}

#[tokio::test(start_paused = true)]
async fn machine_faults_leave_other_machines_alone() {
    let world = SmallCloud::new();
    world
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverBoots));
    world
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::NeverJoins));
    let bought = ["uid-1", "uid-2", "uid-3"].map(|id| world.buy(id));
    world.settle().await;
    let fates = bought.map(|uuid| {
        let machine = world.cloud.machine(&uuid).unwrap();
        (machine.state, machine.joined_at.is_some())
    });
    let expected = [
        (MachineState::Creating, false),
        (MachineState::Running, false),
        (MachineState::Running, true),
    ];
    assert_eq!(fates, expected);
    assert!(world.cloud.has_no_pending_faults());
}

#[tokio::test(start_paused = true)]
async fn same_seed_makes_the_same_world() {
    let world_of = |seed| {
        let clock = SimClock::starting_at(chrono::DateTime::UNIX_EPOCH);
        let cloud = Cloud::new(clock, seed);
        let cluster = cloud.add_cluster(ClusterSpec::named("HEL-Kubernetes-49ab"));
        let group = cloud.add_group(&cluster, "GRP-Advanced-c745", 57);
        cloud.add_foreign_machine(&cluster, Some(group));
        cloud.machines()
    };
    assert_eq!(world_of(1), world_of(1));
    assert_ne!(world_of(1), world_of(2));
}
