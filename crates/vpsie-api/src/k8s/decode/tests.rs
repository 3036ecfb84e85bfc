//! Tests of reading the nouns where sources disagree. Whole replies are tested with the client.

use serde_json::{Value, json};

use super::*;
use crate::fields::fields;

fn cluster(value: &Value) -> Cluster {
    let text = value.to_string();
    Cluster::decode(&fields(text.as_bytes()).unwrap()).unwrap()
}

fn identifiers(cluster: &Cluster) -> Vec<&str> {
    cluster
        .nodes
        .iter()
        .map(|node| node.identifier.as_ref().map_or("-", NodeUuid::as_str))
        .collect()
}

/// Disagreement 4: three lists are one, and a node in two of them is one node.
#[test]
fn lists_of_nodes_are_joined() {
    let cluster = cluster(&json!({
        "identifier": "c", "count": 3, "kube_version": "v1.34.1",
        "nodes": [{"id": 1, "hostname": "HEL-A", "private_ip": "10.0.0.1"}, {"identifier": "b", "id": 0}],
        "masters": [{"id": "1", "identifier": "a", "ip": "198.51.100.1", "cpu": "2", "ram": 4096, "disk": 80}],
        "slaves": [{"identifier": "b", "status": "running"}, {"identifier": "c", "role": "worker", "status": ""}],
    }));
    let first = ClusterNode {
        number: Some(NodeNumber::new(1)),
        identifier: Some(NodeUuid::new("a")),
        hostname: Some("HEL-A".to_owned()),
        addresses: vec!["10.0.0.1".to_owned(), "198.51.100.1".to_owned()],
        role: Some("master".to_owned()),
        cpu: Some(2),
        ram_mb: Some(4096),
        disk_gb: Some(80),
        ..ClusterNode::default()
    };
    let second = ClusterNode {
        identifier: Some(NodeUuid::new("b")),
        status: Some("running".to_owned()),
        ..ClusterNode::default()
    };
    let third = ClusterNode {
        identifier: Some(NodeUuid::new("c")),
        role: Some("worker".to_owned()),
        ..ClusterNode::default()
    };
    assert_eq!(cluster.nodes, [first, second, third]);
    assert_eq!(cluster.version.as_deref(), Some("1.34.1"));
    assert!(cluster.is_complete(&ClusterId::new("c")));
}

/// A replaced machine may keep its name for a while; two identifiers are two machines.
#[test]
fn equal_names_with_differing_ids_stay_apart() {
    let cluster = cluster(&json!({
        "nodes": [{"identifier": "a", "hostname": "hel-1"}, {"id": 7, "hostname": "hel-2"}],
        "slaves": [{"identifier": "b", "hostname": "HEL-1"}, {"id": 8, "hostname": "HEL-2"}],
    }));
    assert_eq!(identifiers(&cluster), ["a", "-", "b", "-"]);
}

/// One list is VPSie's own, and its length is compared with VPSie's count.
#[test]
fn entries_of_one_list_are_never_joined() {
    let cluster = cluster(&json!({"nodes": [{"hostname": "x"}, {"hostname": "x"}, {}, {}]}));
    assert_eq!(cluster.nodes.len(), 4);
    let cluster = cluster_of_two_lists();
    assert_eq!(identifiers(&cluster), ["a", "-"]);
}

/// Both entries of the second list look like the one of the first; only one can be it.
fn cluster_of_two_lists() -> Cluster {
    cluster(
        &json!({"nodes": [{"hostname": "x", "identifier": "a"}], "slaves": [{"hostname": "x"}, {"hostname": "X"}]}),
    )
}

/// What one list adds to a node counts when the next list is joined.
#[test]
fn nodes_are_joined_across_three_lists() {
    let cluster = cluster(&json!({
        "nodes": [{"hostname": "x"}], "masters": [{"hostname": "X", "identifier": "a"}], "slaves": [{"identifier": "a"}],
    }));
    assert_eq!(identifiers(&cluster), ["a"]);
}

#[test]
fn completeness_needs_the_identifier_and_the_count() {
    let requested = ClusterId::new("c");
    for (value, expected) in [
        (json!({"identifier": "c", "count": 1, "nodes": [{}]}), true),
        (json!({"identifier": "c", "count": "1", "nodes": [{}]}), true),
        (json!({"identifier": "c", "count": 0}), true),
        (json!({"identifier": "c", "count": 2, "nodes": [{}]}), false),
        (json!({"identifier": "c", "count": 0, "nodes": [{}]}), false),
        (json!({"identifier": "c", "count": 2, "nodes": [{}, null]}), false),
        (json!({"identifier": "d", "count": 1, "nodes": [{}]}), false),
        (json!({"identifier": "c", "nodes": [{}]}), false),
        (json!({"count": 1, "nodes": [{}]}), false),
        (json!({"identifier": "c", "count": 1, "nodes": "many"}), false),
        (json!({}), false),
    ] {
        assert_eq!(cluster(&value).is_complete(&requested), expected, "{value}");
    }
}

/// One odd field costs itself, not the node.
#[test]
fn odd_fields_are_none() {
    let cluster = cluster(&json!({"nodes": [{
        "id": null, "identifier": "", "hostname": 17, "private_ip": [], "default_ip": null, "status": {},
        "cpu": "two", "ram": -1, "ssd": 80.0, "created_on": "0000-00-00 00:00:00", "initial_password": "x",
    }]}));
    let expected = ClusterNode {
        hostname: Some("17".to_owned()),
        disk_gb: Some(80),
        ..ClusterNode::default()
    };
    assert_eq!(cluster.nodes, [expected]);
}

#[test]
fn date_without_a_zone_says_so() {
    let cluster = cluster(&json!({"nodes": [{"created_on": "2026-01-20 08:00:00"}]}));
    assert!(cluster.nodes[0].created.is_some_and(|created| !created.zoned));
}

/// A group that VPSie says nothing about is active and not deleted; without a number it cannot be used.
#[test]
fn group_needs_a_number_and_nothing_else() {
    let group = |value: Value| {
        let text = value.to_string();
        NodeGroup::decode(&fields(text.as_bytes()).unwrap()).ok()
    };
    let least = group(json!({"id": "412"})).unwrap();
    assert_eq!((least.number.get(), least.name.as_str()), (412, ""));
    assert!(least.is_active && !least.is_deleted && least.size.is_none());
    let gone = group(json!({"id": 1, "is_active": "0", "is_deleted": true, "boxsize_id": 0})).unwrap();
    assert!(!gone.is_active && gone.is_deleted && gone.size.is_none());
    assert_eq!(group(json!({"id": 0})), None);
    assert_eq!(group(json!({"group_name": "g"})), None);
}

/// A list of ten thousand that is reported twice is joined without comparing all with all.
#[test]
fn large_clusters_are_joined() {
    let entries: Vec<Value> = (1..=10_000)
        .map(|id| json!({"id": id, "hostname": format!("hel-{id}")}))
        .collect();
    let cluster = cluster(&json!({"nodes": entries, "slaves": entries}));
    assert_eq!(cluster.nodes.len(), 10_000);
}
