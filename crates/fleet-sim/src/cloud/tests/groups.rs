//! Node groups and sizes.

use serde_json::json;

use crate::cloud::testing::SmallCloud;

const CREATE: &str = "/apps/v2/k8s/cluster/add/group";

fn body(cluster: &str, name: &str, size: u64) -> String {
    json!({"clusterIdentifier": cluster, "groupName": name, "KubeSizeID": size}).to_string()
}

#[tokio::test(start_paused = true)]
async fn created_group_is_listed_with_its_size() {
    let world = SmallCloud::new();
    let (status, reply) = world.ask("POST", CREATE, &body(&world.cluster, "workers-4x8", 58));
    assert_eq!((status, &reply["data"]), (200, &json!(true)));
    let path = format!("/apps/v2/k8s/node/groups/byClusterId/{}", world.cluster);
    let groups = world.ask("GET", &path, "").1["data"].take();
    let made = &groups[1];
    assert_eq!(made["group_name"], json!("workers-4x8"));
    assert_eq!(
        (&made["boxsize_id"], &made["cpu"], &made["ram"], &made["ssd"]),
        (&json!(58), &json!(4), &json!(8192), &json!(160))
    );
    assert_eq!(
        (&made["is_active"], &made["is_deleted"], &made["nodes_count"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!(made["id"], json!(world.cloud.groups(&world.cluster)[1].number));
}

#[tokio::test(start_paused = true)]
async fn group_counts_its_machines_as_soon_as_they_are_bought() {
    let world = SmallCloud::new();
    world.buy("uid-1");
    let path = format!("/apps/v2/k8s/node/groups/byClusterId/{}", world.cluster);
    assert_eq!(world.ask("GET", &path, "").1["data"][0]["nodes_count"], json!(1));
}

#[tokio::test(start_paused = true)]
async fn second_group_of_one_size_is_refused_with_the_known_message() {
    let world = SmallCloud::new();
    let (status, reply) = world.ask("POST", CREATE, &body(&world.cluster, "again", 57));
    assert_eq!(status, 400);
    let expected = "Group GRP-Advanced-c745 has same selected Size, please select another size";
    assert_eq!(reply["message"], json!(expected));
    assert_eq!(world.cloud.groups(&world.cluster).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn group_needs_a_cluster_and_a_size_that_exist() {
    let world = SmallCloud::new();
    let cases = [
        (body("nowhere", "a", 58), "kubernetes not found"),
        (body(&world.cluster, "a", 999), "Size not found"),
        (
            "{}".to_owned(),
            "clusterIdentifier, groupName and KubeSizeID are required",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(
            world.ask("POST", CREATE, &body).1["message"],
            json!(message),
            "{body}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn offers_are_listed_for_a_datacentre() {
    let world = SmallCloud::new();
    let datacenter = world.cloud.cluster(&world.cluster).unwrap().datacenter;
    let body = json!({"dcIdentifier": datacenter}).to_string();
    let (_, reply) = world.ask("POST", "/apps/v2/k8s/offers", &body);
    let expected = json!({"id": 57, "name": "Advanced", "cpu": 2, "ram": 4096, "disk": 80, "price": 24.0, "hourly_price": 0.0329});
    assert_eq!(reply["data"][0], expected);
    assert_eq!(reply["data"].as_array().unwrap().len(), 3);
    assert_eq!(
        world
            .ask("POST", "/apps/v2/k8s/offers", r#"{"dcIdentifier":"moon"}"#)
            .1["data"],
        json!([])
    );
}

/// K5: a deleted group is still listed, takes no machine, and makes room for another of its size.
#[tokio::test(start_paused = true)]
async fn group_is_deleted_once_it_is_empty() {
    let world = SmallCloud::new();
    let groups = format!("/apps/v2/k8s/node/groups/byClusterId/{}", world.cluster);
    let group = world.cloud.groups(&world.cluster)[0].uuid.clone();
    let path = format!("/apps/v2/k8s/cluster/delete/group/{group}");
    let reason = r#"{"deleteStatistic":{"reason":"autoscaler","note":""}}"#;
    assert_eq!(world.ask("DELETE", &path, "{}").0, 500);
    let worker = world.buy("uid-1");
    assert_eq!(
        world.ask("DELETE", &path, reason).1["message"],
        json!("Group has nodes")
    );
    world.remove(&worker);
    world.settle().await;
    assert_eq!(
        world.ask("DELETE", &path, reason),
        (200, json!({"error": false, "data": true}))
    );
    assert_eq!(world.ask("DELETE", &path, reason).0, 404);
    let listed = world.ask("GET", &groups, "").1["data"][0].take();
    assert_eq!(
        (&listed["is_deleted"], &listed["is_active"]),
        (&json!(1), &json!(0))
    );
    assert!(listed["dropped_on"].is_string());
    let refusal = world.ask("POST", &world.add_path(world.group), "").1;
    assert_eq!(refusal["message"], json!("Group not found"));
    let body = body(&world.cluster, "again", 57);
    assert_eq!(world.ask("POST", CREATE, &body).0, 200);
    assert_eq!(world.cloud.groups(&world.cluster).len(), 2);
}
