//! The example scenarios, each played through.

use std::collections::BTreeSet;

use fleet_sim::scenario::Scenario;
use serde_json::{Value, json};

use crate::client::{Answer, Served, folder};

/// A new example needs a test here.
#[test]
fn every_example_is_played() {
    let files = std::fs::read_dir(folder()).unwrap();
    let names: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let played = [
        "bad-wire.yaml",
        "broken-machines.yaml",
        "lists-that-lie.yaml",
        "persons-at-work.yaml",
        "slow-and-full.yaml",
        "standard.yaml",
        "upgrade.yaml",
        "whole-account.yaml",
    ];
    assert_eq!(names, played.map(str::to_owned).into());
}

#[tokio::test(start_paused = true)]
async fn standard_has_two_workers_and_takes_a_third() {
    assert_eq!(Scenario::standard().seed(), None);
    let world = Served::example("standard").await;
    assert_eq!(world.hostnames().await.len(), 3);
    world.add(412).await.data();
    world.later(600).await;
    assert_eq!(world.hostnames().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn slow_and_full_takes_one_more_and_refuses_with_200() {
    let world = Served::example("slow-and-full").await;
    world.add(412).await.data();
    let refusal = world.add(412).await;
    assert_eq!((refusal.status, &refusal.json()["error"]), (200, &json!(true)));
    world.later(100).await;
    assert_eq!(
        world.hostnames().await.len(),
        3,
        "it is in no list for two minutes"
    );
    world.later(30).await;
    assert_eq!(world.hostnames().await.len(), 4);
    world.later(240).await;
    assert_eq!(world.cloud.machines().pop().unwrap().booted_at, None);
    world.later(600).await;
    assert_ne!(world.cloud.machines().pop().unwrap().ready_at, None);
}

#[tokio::test(start_paused = true)]
async fn bad_wire_fails_in_order_and_recovers() {
    let world = Served::example("bad-wire").await;
    let mut statuses = Vec::new();
    for _ in 0..9 {
        statuses.push(world.get("/apps/v2/k8s/cluster/all").await.status);
    }
    assert_eq!(statuses, [401, 429, 429, 500, 503, 502, 0, 200, 200]);
    let adds = [
        world.add(412).await.status,
        world.add(412).await.status,
        world.add(412).await.status,
    ];
    assert_eq!(adds, [0, 502, 200]);
    let bought = world
        .cloud
        .ledger()
        .iter()
        .filter(|posting| posting.machine.is_some())
        .count();
    assert_eq!(bought, 3, "every add has bought");
    let body = json!({"dcIdentifier": "55f06b85-c9ee-11e3-9845-005056aa8af7"}).to_string();
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let answer: Answer = world
            .ask("POST", "/apps/v2/k8s/offers", "application/json", &body)
            .await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 200, 429, 200, 200, 429, 200]);
}

#[tokio::test(start_paused = true)]
async fn lists_that_lie_disagree_about_the_same_machines() {
    let world = Served::example("lists-that-lie").await;
    let counts = |detail: &Value| (detail["count"].clone(), detail["nodes"].as_array().unwrap().len());
    let whole = world.detail().await;
    assert_eq!(counts(&whole), (json!(6), 6));
    assert_eq!(counts(&world.detail().await), (json!(6), 3));
    world.add(412).await.data();
    world.later(600).await;
    assert_eq!(counts(&world.detail().await), (json!(6), 6), "stale");
    let nodes = world.detail().await["nodes"].take();
    let node = &nodes[6];
    assert_eq!((&node["id"], node.get("identifier")), (&json!(0), None));
    let machine = world.cloud.machines().pop().unwrap();
    let date = (machine.created_at - chrono::Duration::seconds(90))
        .format("%Y-%m-%d %H:%M:%S")
        .to_string();
    assert_eq!(node["created_on"], json!(date));
    let hosts = world.get("/apps/v2/storages/vms").await;
    assert_eq!(hosts.json()["total"], json!([{"count": 7}]));
    let host = hosts.data()[6].take();
    assert_ne!(host["identifier"], json!(machine.uuid));
    assert_eq!(host["hostname"], json!(machine.hostname.to_lowercase()));
    assert_eq!(node["hostname"], json!(machine.hostname.to_uppercase()));
    assert_eq!(
        (&host["private_ip"], &node["private_ip"]),
        (&json!([machine.addresses[0]]), &json!(machine.addresses[0]))
    );
    assert_eq!(world.get("/apps/v2/vm").await.data()[0]["projectId"], json!("9"));
}

#[tokio::test(start_paused = true)]
async fn broken_machines_are_the_second_and_the_fourth() {
    let world = Served::example("broken-machines").await;
    for _ in 0..4 {
        world.add(412).await.data();
    }
    world.later(600).await;
    assert_eq!(world.hostnames().await.len(), 5);
    let lives: Vec<(bool, bool)> = world
        .cloud
        .machines()
        .iter()
        .skip(1)
        .map(|machine| (machine.booted_at.is_some(), machine.ready_at.is_some()))
        .collect();
    assert_eq!(lives, [(true, true), (false, false), (true, true), (true, false)]);
}

#[tokio::test(start_paused = true)]
async fn upgrade_leaves_three_new_managers_and_the_old_workers() {
    let world = Served::example("upgrade").await;
    let before = world.hostnames().await;
    world.later(599).await;
    assert_eq!(world.summary().await["kube_version"], json!("1.34.1"));
    let mut most = 0;
    for _ in 0..40 {
        world.later(30).await;
        let summary = world.summary().await;
        let managers = summary["managerCount"].as_u64().unwrap();
        assert!(managers >= 3, "the control plane never shrinks");
        most = most.max(managers);
    }
    assert_eq!(
        most, 5,
        "the next new one arrives while an old one is still on its way out"
    );
    let summary = world.summary().await;
    assert_eq!(
        (&summary["lock"], &summary["kube_version"]),
        (&json!(1), &json!("1.35.0"))
    );
    world.later(60).await;
    assert_eq!(world.summary().await["lock"], json!(0));
    let after = world.hostnames().await;
    assert_eq!(after[..2], before[3..], "the workers stay");
    assert!(
        after[2..]
            .iter()
            .all(|name| name.contains("-master-") && !before.contains(name))
    );
    assert_eq!(after.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn persons_at_work_are_seen_one_after_the_other() {
    let mut world = Served::example("persons-at-work").await;
    let counts = async |world: &Served| {
        let groups = format!("/apps/v2/k8s/node/groups/byClusterId/{}", world.cluster());
        let groups = world.get(&groups).await.data();
        let members = |place: usize| groups[place]["nodes_count"].as_u64().unwrap();
        (world.hostnames().await.len(), members(0), members(1))
    };
    assert_eq!(counts(&world).await, (3, 2, 0));
    world.later(330).await;
    assert_eq!(counts(&world).await, (4, 2, 0), "a worker in no group");
    world.later(60).await;
    assert_eq!(counts(&world).await, (5, 2, 1));
    world.later(270).await;
    assert_eq!(counts(&world).await, (4, 1, 1));
    world.later(70).await;
    assert_eq!(world.add(412).await.status, 400, "the cap came down");
    world.later(200).await;
    assert_eq!(world.summary().await["lock"], json!(1));
    world.later(300).await;
    assert_eq!(world.summary().await["lock"], json!(0));
    world.later(300).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(world.get("/apps/v2/k8s/cluster/all").await.status);
    }
    assert_eq!(statuses, [429, 429, 200]);
    world.later(300).await;
    assert_eq!(world.get("/apps/v2/k8s/cluster/all").await.status, 401);
    "the-new-token".clone_into(&mut world.token);
    assert_eq!(world.get("/apps/v2/k8s/cluster/all").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn whole_account_has_what_the_file_says() {
    let world = Served::example("whole-account").await;
    assert_eq!(world.token, "a-token-of-my-own");
    let clusters = world.get("/apps/v2/k8s/cluster/all").await.data();
    let row = |place: usize| {
        let cluster = &clusters[place];
        [
            "cluster_name",
            "kube_version",
            "managerCount",
            "slaveCount",
            "lock",
            "cpu",
        ]
        .map(|name| cluster[name].clone())
    };
    assert_eq!(
        row(0),
        [
            json!("HEL-Kubernetes-49ab"),
            json!("1.34.1"),
            json!(3),
            json!(3),
            json!(0),
            json!(2)
        ]
    );
    assert_eq!(
        row(1),
        [
            json!("AMS-Kubernetes-0001"),
            json!("1.33.5"),
            json!(1),
            json!(1),
            json!(1),
            json!(4)
        ]
    );
    let again = Served::example("whole-account").await;
    assert_eq!(
        world.hostnames().await,
        again.hostnames().await,
        "the same seed makes the same names"
    );
}
