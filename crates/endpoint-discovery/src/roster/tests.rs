//! What stays the same of an instance, what changes, and what is told of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Diff, Roster};
use crate::identity::InstanceId;
use crate::instance::{Instance, NodeFacts};
use crate::parse::{read_endpoints, read_slice};
use crate::score::{Check, Status};
use crate::service::ServiceFacts;
use crate::testing::{World, at, endpoint, endpoints, service, slice};

fn see(before: &Roster, told: &[Value], seconds: i64) -> Roster {
    let reading = read_slice(
        &service(),
        &slice("IPv4", told, &json!([{"name": "http", "port": 8080}])),
    );
    World::default().observe(before, &service(), &reading, at(seconds))
}

fn only(roster: &Roster) -> &Instance {
    roster.instances().next().expect("there is one")
}

fn ids(instances: &[Arc<Instance>]) -> Vec<&str> {
    instances.iter().map(|instance| instance.id.as_str()).collect()
}

/// EP-7: the JSON of an instance.
#[test]
fn json_of_an_instance_is_as_agreed() {
    let facts = NodeFacts {
        lifecycle_state: "active".to_owned(),
        node_group: Some("kube-system/workers".to_owned()),
        zone: None,
    };
    let mut world = World::default();
    world.nodes.insert("node-1".to_owned(), facts);
    let mut told = endpoint("web-5", "10.0.0.5", &json!({"ready": true}));
    told["nodeName"] = json!("node-1");
    told["zone"] = json!("fra-1");
    told["hostname"] = json!("web-5");
    let headless = ServiceFacts {
        is_headless: true,
        ..service()
    };
    let reading = read_slice(
        &headless,
        &slice("IPv4", &[told], &json!([{"name": "http", "port": 8080}])),
    );
    let roster = world.observe(&Roster::default(), &headless, &reading, at(0));
    let shown = serde_json::to_string_pretty(only(&roster)).unwrap() + "\n";
    assert_eq!(shown, include_str!("instance.json"));
}

/// EP-4: an instance has a name of its own only behind a headless Service and with a hostname.
#[test]
fn own_name_needs_a_headless_service_and_a_hostname() {
    let hosts = |is_headless: bool, hostname: Option<&str>| {
        let facts = ServiceFacts {
            is_headless,
            cluster_domain: "example.org".to_owned(),
            ..service()
        };
        let mut told = endpoint("web-0", "10.0.0.1", &json!({}));
        told["hostname"] = json!(hostname);
        let reading = read_slice(&facts, &slice("IPv4", &[told], &json!([])));
        let roster = World::default().observe(&Roster::default(), &facts, &reading, at(0));
        let shown = serde_json::to_value(only(&roster)).unwrap();
        let text = |field: &str| shown["addresses"][field].as_str().map(str::to_owned);
        assert_eq!(
            only(&roster).addresses.hosts()[0],
            "10.0.0.1",
            "an address comes first"
        );
        (
            text("dnsName"),
            text("serviceEndpoint"),
            only(&roster).addresses.hosts().len(),
        )
    };
    let own = Some("db-0.web.shop.svc.example.org".to_owned());
    let of_service = Some("web.shop.svc.example.org".to_owned());
    assert_eq!(hosts(true, Some("db-0")), (own, None, 2));
    assert_eq!(hosts(false, Some("db-0")), (None, of_service.clone(), 1));
    assert_eq!(hosts(true, None), (None, of_service, 1));
}

/// EP-7: the last transition is that of readiness, and the first sight stays for the life of the id.
#[test]
fn stamps_change_only_when_they_must() {
    let ready = |is_ready: bool| [endpoint("web-0", "10.0.0.1", &json!({"ready": is_ready}))];
    let stamps = |roster: &Roster| {
        let one = only(roster);
        (one.discovered_at, one.health.last_transition, one.last_seen)
    };
    let first = see(&Roster::default(), &ready(false), 0);
    assert_eq!(stamps(&first), (at(0), at(0), at(0)));
    let again = see(&first, &ready(false), 10);
    assert_eq!(stamps(&again), (at(0), at(0), at(10)));
    let up = see(&again, &ready(true), 20);
    assert_eq!(stamps(&up), (at(0), at(20), at(20)));
    let moved = see(&up, &[endpoint("web-0", "10.0.0.9", &json!({"ready": true}))], 30);
    assert_eq!(stamps(&moved), (at(0), at(20), at(30)));
    let gone = see(&moved, &[], 40);
    let back = see(&gone, &ready(true), 50);
    assert_eq!(stamps(&back), (at(50), at(50), at(50)));
}

/// EP-7: another pod of the same name is another life of the id.
#[test]
fn another_pod_of_the_same_name_begins_anew() {
    let mut told = endpoint("web-0", "10.0.0.1", &json!({"ready": true}));
    let first = see(&Roster::default(), &[told.clone()], 0);
    told["targetRef"]["uid"] = json!("another");
    let second = see(&first, &[told], 60);
    assert_eq!(only(&second).discovered_at, at(60));
    let diff = second.since(&first);
    assert_eq!(
        (ids(&diff.added), ids(&diff.removed), diff.changed.len()),
        (vec!["web-0"], vec!["web-0"], 0)
    );
}

/// EP-18: what is not ready boots for a while, and then is not ready.
#[test]
fn boot_window_ends() {
    let told = [endpoint("web-0", "10.0.0.1", &json!({"ready": false}))];
    let first = see(&Roster::default(), &told, 0);
    assert_eq!(only(&first).status, Status::Booting);
    assert_eq!(only(&see(&first, &told, 299)).status, Status::Booting);
    let late = see(&first, &told, 300);
    assert_eq!(only(&late).status, Status::NotReady);
    assert_eq!(ids(&late.since(&first).changed), ["web-0"]);
}

/// EP-6: where readiness is unreliable a probe decides; without a port to probe, the word of Kubernetes does.
#[test]
fn probe_decides_where_readiness_is_unreliable() {
    let publishing = ServiceFacts {
        publishes_not_ready: true,
        ..service()
    };
    let object = endpoints(&json!([{"addresses": [{"ip": "10.0.0.1"}]}]));
    let reading = read_endpoints(&publishing, &object);
    let passed = Check::Passed {
        latency: None,
        quality: None,
    };
    let cases = [
        (None, false),
        (Some(Check::Failed), false),
        (Some(passed), true),
        (Some(Check::NoPort), true),
    ];
    for (check, expected) in cases {
        let mut world = World::default();
        let id = InstanceId::of_address("10.0.0.1".parse().unwrap());
        world.checks.extend(check.map(|check| (id, check)));
        let roster = world.observe(&Roster::default(), &publishing, &reading, at(0));
        assert_eq!(only(&roster).health.is_ready, expected, "{check:?}");
        assert!(only(&roster).health.is_readiness_unreliable);
    }
}

/// EP-10: looking again at the same is no change.
#[test]
fn same_again_is_no_change() {
    let told = [endpoint("web-0", "10.0.0.1", &json!({}))];
    let first = see(&Roster::default(), &told, 0);
    assert_eq!(see(&first, &told, 10).since(&first), Diff::default());
}

/// Up to five of seven pods, each in one of two conditions and of one of two uids.
fn some_pods() -> impl Strategy<Value = BTreeMap<u8, (bool, bool)>> {
    proptest::collection::btree_map(0..7_u8, any::<(bool, bool)>(), 0..5)
}

fn roster_of(before: &Roster, pods: &BTreeMap<u8, (bool, bool)>, seconds: i64) -> Roster {
    let told: Vec<Value> = pods
        .iter()
        .map(|(number, (is_ready, is_other))| {
            let mut told = endpoint(&format!("web-{number}"), "10.0.0.1", &json!({"ready": is_ready}));
            told["targetRef"]["uid"] = json!(format!("{number}-{is_other}"));
            told
        })
        .collect();
    see(before, &told, seconds)
}

proptest! {
    /// EP-10: the earlier roster with the difference applied is the later one.
    #[test]
    fn difference_leads_from_one_roster_to_the_next(one in some_pods(), two in some_pods()) {
        let before = roster_of(&Roster::default(), &one, 0);
        let after = roster_of(&before, &two, 0);
        let diff = after.since(&before);
        let mut applied = before.instances.clone();
        for instance in &diff.removed {
            prop_assert!(applied.remove(&instance.id).is_some());
        }
        for instance in &diff.added {
            prop_assert!(applied.insert(instance.id.clone(), Arc::clone(instance)).is_none());
        }
        for instance in &diff.changed {
            prop_assert!(applied.insert(instance.id.clone(), Arc::clone(instance)).is_some());
        }
        prop_assert_eq!(applied, after.instances);
    }
}
