//! What the lists show, and what they are silent about.

use serde_json::{Value, json};

use crate::cloud::testing::{SmallCloud, request};
use crate::cloud::{CallKind, ClusterSpec, Fault, FaultEffect, Handled};

fn worker(world: &SmallCloud) -> Value {
    let nodes = world.detail()["nodes"].take();
    nodes
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["hostname"].as_str().unwrap().contains("-slave-"))
        .cloned()
        .unwrap()
}

fn keys(node: &Value) -> Vec<&str> {
    node.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn node_has_the_fields_that_are_known_and_no_more() {
    let world = SmallCloud::new();
    world.buy("uid-1");
    world.settle().await;
    let node = worker(&world);
    let expected = [
        "created_on",
        "datacenter_id",
        "default_ip",
        "hostname",
        "id",
        "identifier",
        "node_id",
        "node_type",
        "private_ip",
        "user_id",
    ];
    assert_eq!(keys(&node), expected);
    let machine = world.cloud.machines().pop().unwrap();
    assert_eq!(node["private_ip"], json!(machine.addresses[0]));
    assert_eq!(node["default_ip"], json!(machine.addresses[1]));
    assert_eq!(node["created_on"], json!("2026-01-24T08:00:00.000Z"));
}

#[tokio::test(start_paused = true)]
async fn behaviour_decides_which_fields_are_reported() {
    let world = SmallCloud::new();
    world.buy("uid-1");
    world.settle().await;
    world.cloud.behaviour(|behaviour| {
        behaviour.reports_identifiers = false;
        behaviour.reports_numbers = false;
        behaviour.zone_on_dates = false;
        behaviour.reports_status = true;
        behaviour.reports_roles = true;
        behaviour.reports_sizes = true;
    });
    let node = worker(&world);
    assert_eq!(node["id"], json!(0));
    assert_eq!(node.get("identifier"), None);
    assert_eq!(node["created_on"], json!("2026-01-24 08:00:00"));
    assert_eq!(
        (&node["status"], &node["role"]),
        (&json!("running"), &json!("slave"))
    );
    assert_eq!(
        (&node["cpu"], &node["ram"], &node["disk"]),
        (&json!(2), &json!(4096), &json!(80))
    );
    world
        .cloud
        .behaviour(|behaviour| behaviour.clock_skew = chrono::Duration::seconds(-90));
    assert_eq!(worker(&world)["created_on"], json!("2026-01-24 07:58:30"));
    world
        .cloud
        .behaviour(|behaviour| behaviour.reports_created_on = false);
    assert_eq!(worker(&world).get("created_on"), None);
}

/// Refusals and the pages of a broken gateway, too, are dated by VPSie's own clock.
#[tokio::test(start_paused = true)]
async fn every_answer_is_dated_by_the_skewed_clock() {
    let world = SmallCloud::new();
    let skew = chrono::Duration::hours(-1);
    world.cloud.behaviour(|behaviour| behaviour.clock_skew = skew);
    world
        .cloud
        .fault(Fault::on(CallKind::Clusters, FaultEffect::Html502));
    for path in ["/apps/v2/k8s/cluster/all", "/apps/v2/k8s/cluster/all", "/nowhere"] {
        let Handled::Reply(reply) = world.cloud.handle(&request("GET", path, "")) else {
            panic!("{path} is answered");
        };
        assert_eq!(reply.headers()["date"], "Sat, 24 Jan 2026 07:00:00 GMT", "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn machine_that_does_not_run_yet_has_no_address() {
    let world = SmallCloud::new();
    world
        .cloud
        .behaviour(|behaviour| behaviour.list_delay = crate::cloud::Delay::none());
    world.buy("uid-1");
    // Dates of machines bought at one instant are a millisecond apart, and so is this one's listing.
    world.cloud.clock().sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(worker(&world)["private_ip"], json!(""));
    world
        .cloud
        .behaviour(|behaviour| behaviour.reports_addresses_early = true);
    assert_ne!(worker(&world)["private_ip"], json!(""));
}

#[tokio::test(start_paused = true)]
async fn cluster_is_listed_with_its_counts() {
    let world = SmallCloud::new();
    let spec = ClusterSpec {
        managers: 3,
        workers_without_group: 2,
        ..ClusterSpec::named("AMS-Kubernetes-0001")
    };
    let uuid = world.cloud.add_cluster(spec);
    let (status, reply) = world.ask("GET", "/apps/v2/k8s/cluster/all", "");
    assert_eq!(status, 200);
    let summary = &reply["data"][1];
    assert_eq!(summary["identifier"], json!(uuid));
    assert_eq!(summary["cluster_name"], json!("AMS-Kubernetes-0001"));
    assert_eq!(
        (
            &summary["count"],
            &summary["managerCount"],
            &summary["slaveCount"]
        ),
        (&json!(5), &json!(3), &json!(2))
    );
    assert_eq!(summary["lock"], json!(0));
    world.cloud.change_cluster(&uuid, |spec| spec.locked = true);
    assert_eq!(
        world.ask("GET", "/apps/v2/k8s/cluster/all", "").1["data"][1]["lock"],
        json!(1)
    );
}

#[tokio::test(start_paused = true)]
async fn count_agrees_with_the_nodes_and_with_the_request() {
    let world = SmallCloud::new();
    world.buy("uid-1");
    world.settle().await;
    let detail = world.detail();
    assert_eq!(detail["count"], json!(detail["nodes"].as_array().unwrap().len()));
    assert_eq!(detail["identifier"], json!(world.cluster));
}

#[tokio::test(start_paused = true)]
async fn unknown_cluster_is_absent_and_no_error() {
    let world = SmallCloud::new();
    let absent = (200, json!({"error": false, "data": false}));
    for path in [
        "/apps/v2/k8s/cluster/byId/nowhere",
        "/apps/v2/k8s/node/groups/byClusterId/nowhere",
    ] {
        assert_eq!(world.ask("GET", path, ""), absent, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_counted() {
    let world = SmallCloud::new();
    world.detail();
    world.detail();
    world.ask("GET", "/apps/v2/elsewhere", "");
    assert_eq!(world.cloud.calls_of(CallKind::Cluster), 2);
    assert_eq!(world.cloud.calls().last().unwrap().status, Some(404));
}
