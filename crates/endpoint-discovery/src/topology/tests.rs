//! Which instances are preferred.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Reason, choose, own_zone};
use crate::instance::NodeFacts;
use crate::testing::{World, endpoint, instances};

/// An endpoint in a zone on a Node, for the zones of its hints.
fn placed(name: &str, zone: &str, node: &str, hints: &[&str]) -> Value {
    let mut told = endpoint(name, "10.0.0.1", &json!({"ready": true}));
    told["zone"] = json!(zone);
    told["nodeName"] = json!(node);
    let zones: Vec<Value> = hints.iter().map(|zone| json!({"name": zone})).collect();
    told["hints"] = json!({"forZones": zones});
    told
}

#[track_caller]
fn check(told: &[Value], zone: Option<&str>, reason: Reason, expected: &[&str]) {
    let draining = NodeFacts {
        lifecycle_state: "draining".to_owned(),
        node_group: None,
        zone: None,
    };
    let mut world = World::default();
    world.nodes.insert("leaving".to_owned(), draining);
    let choice = choose(&instances(&world, told), zone);
    let chosen: Vec<&str> = choice
        .instances
        .iter()
        .map(|instance| instance.id.as_str())
        .collect();
    assert_eq!((choice.account.reason, chosen), (reason, expected.to_vec()));
    assert_eq!(choice.account.chosen, expected.len());
}

/// EP-22: ready instances of our own zone come first; if there is none, all do.
#[test]
fn own_zone_is_preferred() {
    let mut asleep = placed("web-2", "a", "n", &[]);
    asleep["conditions"] = json!({"ready": false});
    let told = [
        placed("web-0", "a", "n", &[]),
        placed("web-1", "b", "n", &[]),
        asleep,
    ];
    check(&told, Some("a"), Reason::SameZone, &["web-0"]);
    check(&told, Some("c"), Reason::NoneInZone, &["web-0", "web-1"]);
    check(&told, None, Reason::ZoneUnknown, &["web-0", "web-1"]);
    check(&[], Some("a"), Reason::NoneReady, &[]);
}

/// EP-22: hints count when every endpoint has one, and when there is one for us.
#[test]
fn hints_count_when_every_endpoint_has_one() {
    let all = [
        placed("web-0", "a", "n", &["b"]),
        placed("web-1", "b", "n", &["a"]),
    ];
    check(&all, Some("a"), Reason::Hints, &["web-1"]);
    check(&all, Some("c"), Reason::NoneInZone, &["web-0", "web-1"]);
    let some = [placed("web-0", "a", "n", &[]), placed("web-1", "b", "n", &["a"])];
    check(&some, Some("a"), Reason::SameZone, &["web-0"]);
}

/// EP-24: an instance on a draining Node is used only when there is no other.
#[test]
fn draining_node_is_passed_over() {
    let both = [
        placed("web-0", "a", "leaving", &[]),
        placed("web-1", "b", "n", &[]),
    ];
    check(&both, Some("a"), Reason::NoneInZone, &["web-1"]);
    check(&both[..1], Some("a"), Reason::SameZone, &["web-0"]);
    let with_hints = [
        placed("web-0", "a", "leaving", &[]),
        placed("web-1", "b", "n", &["b"]),
    ];
    check(&with_hints, Some("b"), Reason::Hints, &["web-1"]);
}

/// EP-22: the zone is that of the usual label, else that of the cloud's.
#[test]
fn own_zone_is_read_off_the_labels() {
    let cloud = "autoscaler.vpsie.com/datacenter";
    let mut labels = BTreeMap::from([(cloud.to_owned(), "fra".to_owned())]);
    assert_eq!(own_zone(&labels, &[]), None);
    assert_eq!(own_zone(&labels, &[cloud]).as_deref(), Some("fra"));
    labels.insert("topology.kubernetes.io/zone".to_owned(), "fra-1".to_owned());
    assert_eq!(own_zone(&labels, &[cloud]).as_deref(), Some("fra-1"));
    labels.insert("topology.kubernetes.io/zone".to_owned(), String::new());
    assert_eq!(own_zone(&labels, &[cloud]).as_deref(), Some("fra"));
}

/// EP-22: a Node's zone stands in where the endpoint tells none.
#[test]
fn zone_of_the_node_stands_in() {
    let mut world = World::default();
    let facts = NodeFacts {
        lifecycle_state: "active".to_owned(),
        node_group: None,
        zone: Some("b".to_owned()),
    };
    world.nodes.insert("n".to_owned(), facts);
    let seen = instances(
        &world,
        &[placed("web-0", "", "n", &[]), placed("web-1", "a", "n", &[])],
    );
    let zones: Vec<Option<&str>> = seen.iter().map(|instance| instance.zone.as_deref()).collect();
    assert_eq!(zones, [Some("b"), Some("a")]);
}
