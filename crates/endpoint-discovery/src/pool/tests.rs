//! The pool with connections that are only numbers, tokio's clock paused.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use super::{ConnectionPool, Connector, NoConnection, PoolSeries, PoolSettings, PoolStats};
use crate::instance::{Instance, NodeFacts};
use crate::testing::logs::Logs;
use crate::testing::{World, endpoint, instances};

/// What the world does to connections.
#[derive(Clone, Default)]
struct Phone(Arc<Mutex<Line>>);

#[derive(Default)]
struct Line {
    dialled: Vec<String>,
    dead: BTreeSet<String>,
    /// Instances that nobody answers at.
    silent: BTreeSet<String>,
    broken: BTreeSet<usize>,
}

impl Connector for Phone {
    type Connection = usize;
    type Error = io::Error;

    async fn dial(&self, instance: &Instance) -> io::Result<usize> {
        let is_silent = self.0.lock().unwrap().silent.contains(instance.id.as_str());
        if is_silent {
            std::future::pending().await
        }
        let mut line = self.0.lock().unwrap();
        line.dialled.push(instance.id.to_string());
        if line.dead.contains(instance.id.as_str()) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(line.dialled.len())
    }

    async fn is_healthy(&self, connection: &mut usize) -> bool {
        !self.0.lock().unwrap().broken.contains(connection)
    }
}

fn told(name: &str, is_ready: bool) -> Value {
    let mut told = endpoint(name, "10.0.0.1", &json!({"ready": is_ready}));
    told["zone"] = json!("a");
    told
}

fn pods(names: &[&str]) -> Vec<Arc<Instance>> {
    let told: Vec<Value> = names.iter().map(|name| told(name, true)).collect();
    instances(&World::default(), &told)
}

fn pool(phone: &Phone, most_per_instance: usize) -> ConnectionPool<Phone> {
    ConnectionPool::new(
        phone.clone(),
        PoolSettings {
            most_per_instance,
            ..PoolSettings::default()
        },
    )
}

fn stats(total: usize, idle: usize, failed: u64, created: u64) -> PoolStats {
    PoolStats {
        total,
        idle,
        in_use: total - idle,
        failed,
        created,
        closed: created - total as u64,
    }
}

/// EP-23: connections are to ready instances only, and are used again.
#[tokio::test(start_paused = true)]
async fn connections_are_to_ready_instances_and_used_again() {
    let phone = Phone::default();
    let pool = pool(&phone, 2);
    assert!(matches!(pool.get().await, Err(NoConnection::NoneReady)));
    pool.update(
        &instances(&World::default(), &[told("web-0", false), told("web-1", true)]),
        None,
    );
    let first = pool.get().await.unwrap();
    assert_eq!(first.instance().as_str(), "web-1");
    assert_eq!(pool.stats(), stats(1, 0, 0, 1));
    drop(first);
    assert_eq!(pool.stats(), stats(1, 1, 0, 1));
    assert_eq!(*pool.get().await.unwrap(), 1);
    assert_eq!(phone.0.lock().unwrap().dialled, ["web-1"]);
}

/// EP-23: there are never more than so many to one instance; the next one waits, and not for ever.
#[tokio::test(start_paused = true)]
async fn connections_to_one_instance_are_limited() {
    let pool = pool(&Phone::default(), 2);
    pool.update(&pods(&["web-0"]), None);
    let held = (pool.get().await.unwrap(), pool.get().await.unwrap());
    let began = tokio::time::Instant::now();
    assert!(matches!(pool.get().await, Err(NoConnection::AllInUse)));
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    let (waiting, ()) = tokio::join!(pool.get(), async { drop(held) });
    assert!(waiting.is_ok());
}

/// EP-23: the load is spread over the instances.
#[tokio::test(start_paused = true)]
async fn load_is_spread() {
    let pool = pool(&Phone::default(), 2);
    pool.update(&pods(&["web-0", "web-1", "web-2"]), None);
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(pool.get().await.unwrap());
    }
    let mut used: Vec<&str> = held.iter().map(|lease| lease.instance().as_str()).collect();
    used.sort_unstable();
    assert_eq!(used, ["web-0", "web-0", "web-1", "web-1", "web-2", "web-2"]);
}

/// EP-23: what is removed is drained first: whoever has it may end its work, then it is closed.
#[tokio::test(start_paused = true)]
async fn removed_instance_is_drained_and_then_closed() {
    let pool = pool(&Phone::default(), 2);
    pool.update(&pods(&["web-0", "web-1"]), None);
    let (one, two) = (pool.get().await.unwrap(), pool.get().await.unwrap());
    let (leaving, staying) = if one.instance().as_str() == "web-0" {
        (one, two)
    } else {
        (two, one)
    };
    drop(staying);
    pool.update(&pods(&["web-1"]), None);
    assert_eq!(pool.stats(), stats(2, 1, 0, 2), "it is still in use");
    assert!(*leaving > 0, "and works");
    drop(leaving);
    assert_eq!(pool.stats(), stats(1, 1, 0, 2));
    pool.update(&[], None);
    assert_eq!(pool.stats(), stats(0, 0, 0, 2), "idle ones are closed at once");
}

/// EP-23: another pod of the same name is dialled anew.
#[tokio::test(start_paused = true)]
async fn another_pod_of_the_same_name_is_dialled_anew() {
    let phone = Phone::default();
    let pool = pool(&phone, 2);
    pool.update(&pods(&["web-0"]), None);
    drop(pool.get().await.unwrap());
    pool.update(&pods(&["web-0"]), None);
    drop(pool.get().await.unwrap());
    let mut other = told("web-0", true);
    other["targetRef"]["uid"] = json!("another");
    pool.update(&instances(&World::default(), &[other]), None);
    drop(pool.get().await.unwrap());
    assert_eq!(phone.0.lock().unwrap().dialled.len(), 2);
    assert_eq!(pool.stats(), stats(1, 1, 0, 2));
}

/// EP-23: idle connections are checked every so often, and a broken one is dialled again.
#[tokio::test(start_paused = true)]
async fn broken_connection_is_found_and_dialled_again() {
    let phone = Phone::default();
    let pool = pool(&phone, 2);
    pool.update(&pods(&["web-0"]), None);
    let (one, two) = (pool.get().await.unwrap(), pool.get().await.unwrap());
    drop((one, two));
    phone.0.lock().unwrap().broken.insert(1);
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(pool.stats(), stats(2, 2, 0, 2));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = pool.stats();
    assert_eq!((after.failed, after.closed), (1, 1));
    assert_ne!(*pool.get().await.unwrap(), 1);
}

/// EP-23: an instance that cannot be dialled is left alone, longer each time, while another one serves.
#[tokio::test(start_paused = true)]
async fn dead_instance_is_left_alone_longer_each_time() {
    let phone = Phone::default();
    phone.0.lock().unwrap().dead.insert("web-0".to_owned());
    let pool = pool(&phone, 8);
    pool.update(&pods(&["web-0"]), None);
    assert!(matches!(pool.get().await, Err(NoConnection::Failed(_))));
    for (wait, dials) in [(99, 1), (1, 2), (199, 2), (1, 3), (399, 3), (1, 4)] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        assert!(pool.get().await.is_err());
        assert_eq!(phone.0.lock().unwrap().dialled.len(), dials, "after {wait} ms");
    }
    pool.update(&pods(&["web-0", "web-1"]), None);
    assert_eq!(pool.get().await.unwrap().instance().as_str(), "web-1");
    phone.0.lock().unwrap().dead.clear();
    tokio::time::sleep(Duration::from_secs(30)).await;
    pool.update(&pods(&["web-0"]), None);
    assert!(pool.get().await.is_ok());
    assert_eq!(pool.stats().failed, 4);
}

/// EP-23: an instance that nobody answers at costs the time limit once, and is then left alone.
#[tokio::test(start_paused = true)]
async fn silent_instance_costs_the_time_limit() {
    let phone = Phone::default();
    phone.0.lock().unwrap().silent.insert("web-0".to_owned());
    let pool = pool(&phone, 8);
    pool.update(&pods(&["web-0"]), None);
    let began = tokio::time::Instant::now();
    assert!(pool.get().await.is_err());
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert!(pool.get().await.is_err());
    assert_eq!(began.elapsed(), Duration::from_secs(5), "left alone");
    assert_eq!(pool.stats().failed, 1);
}

/// EP-23: a connection that its user found broken is not used again.
#[tokio::test(start_paused = true)]
async fn discarded_connection_is_not_used_again() {
    let pool = pool(&Phone::default(), 1);
    pool.update(&pods(&["web-0"]), None);
    pool.get().await.unwrap().discard();
    assert_eq!(pool.stats(), stats(0, 0, 0, 1));
    assert_eq!(*pool.get().await.unwrap(), 2);
}

/// EP-22, EP-24: an instance on a draining Node is used when all others are full, those of another zone included.
#[tokio::test(start_paused = true)]
async fn draining_node_is_used_last() {
    let mut world = World::default();
    let draining = NodeFacts {
        lifecycle_state: "draining".to_owned(),
        node_group: None,
        zone: None,
    };
    world.nodes.insert("leaving".to_owned(), draining);
    let of = |name: &str, zone: &str, node: &str| {
        let mut told = told(name, true);
        told["zone"] = json!(zone);
        told["nodeName"] = json!(node);
        told
    };
    let told = [
        of("web-0", "a", "leaving"),
        of("web-1", "b", "leaving"),
        of("web-2", "b", "staying"),
        of("web-3", "a", "staying"),
    ];
    let pool = pool(&Phone::default(), 1);
    pool.update(&instances(&world, &told), Some("a"));
    for _ in 0..told.len() {
        let mut held = Vec::new();
        for _ in 0..told.len() {
            held.push(pool.get().await.unwrap());
        }
        let used: Vec<&str> = held.iter().map(|lease| lease.instance().as_str()).collect();
        assert_eq!(used[..2], ["web-3", "web-2"], "{used:?}");
    }
}

/// EP-23: however many instances nobody answers at, there is one limit for all of them together.
#[tokio::test(start_paused = true)]
async fn many_silent_instances_cost_one_time_limit() {
    let names: Vec<String> = (0..10).map(|number| format!("web-{number}")).collect();
    let phone = Phone::default();
    phone.0.lock().unwrap().silent.extend(names.iter().cloned());
    let pool = pool(&phone, 8);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    pool.update(&pods(&names), None);
    let began = tokio::time::Instant::now();
    let got = pool.get().await;
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert!(matches!(got, Err(NoConnection::TimedOut { .. })), "{got:?}");
}

/// EP-23: dials that fail side by side are one failure of the instance, and not several in a row.
#[tokio::test(start_paused = true)]
async fn dials_that_fail_side_by_side_are_one_failure() {
    let phone = Phone::default();
    phone.0.lock().unwrap().silent.insert("web-0".to_owned());
    let pool = pool(&phone, 8);
    pool.update(&pods(&["web-0"]), None);
    let later = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pool.get().await
    };
    let (one, two, three) = tokio::join!(pool.get(), pool.get(), later);
    assert!(one.is_err() && two.is_err() && three.is_err());
    assert_eq!(pool.stats().failed, 3);
    let again = pool.get().await;
    assert!(again.is_err(), "{again:?}");
    assert_eq!(
        pool.stats().failed,
        4,
        "it is dialled again: the rest after the first ended"
    );
    phone.0.lock().unwrap().silent.clear();
    tokio::time::sleep(Duration::from_millis(199)).await;
    assert!(pool.get().await.is_err(), "it is the second failure in a row");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(pool.get().await.is_ok());
}

/// EP-22: a choice that came about in another way is logged once, with the zone and the counts.
#[tokio::test(start_paused = true)]
async fn changed_choice_is_logged_once() {
    let (logs, _guard) = Logs::collect();
    let pool = pool(&Phone::default(), 2);
    let mut far = told("web-1", true);
    far["zone"] = json!("b");
    let both = instances(&World::default(), &[told("web-0", true), far]);
    for zone in ["a", "a", "c", "c"] {
        pool.update(&both, Some(zone));
    }
    let lines = logs.lines("instances are chosen anew");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].ends_with("zone=\"a\" reason=SameZone chosen=1 ready=2 draining=0"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains("zone=\"c\" reason=NoneInZone chosen=2"),
        "{lines:?}"
    );
}

/// EP-24, EP-28: the series of pools are there from the first look on, count as the pools do, and end with them.
#[tokio::test(start_paused = true)]
async fn series_count_as_the_pools_do() {
    let (phone, series) = (Phone::default(), PoolSeries::default());
    let mut registry = Registry::default();
    series.register(&mut registry);
    let told = || {
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    };
    let (one, other) = (pool(&phone, 2), pool(&phone, 2));
    series.show("shop/web", &one);
    series.show("shop/api", &other);
    one.update(&pods(&["web-0", "web-1"]), None);
    phone.0.lock().unwrap().dead.insert("web-1".to_owned());
    let held = (one.get().await.unwrap(), one.get().await.unwrap());
    drop(held.0);
    let text = told();
    for line in [
        "discovery_pool_connections{pool=\"shop/web\",state=\"idle\"} 1",
        "discovery_pool_connections{pool=\"shop/web\",state=\"in-use\"} 1",
        "discovery_pool_connections{pool=\"shop/api\",state=\"idle\"} 0",
        "discovery_pool_connections_created_total{pool=\"shop/web\"} 2",
        "discovery_pool_connections_failed_total{pool=\"shop/web\"} 1",
        "discovery_pool_connections_closed_total{pool=\"shop/web\"} 0",
    ] {
        assert!(text.lines().any(|told| told == line), "no {line} in:\n{text}");
    }
    let kinds = text.lines().filter(|line| line.starts_with("# TYPE"));
    assert_eq!(kinds.count(), 4, "each is described once:\n{text}");
    drop(other);
    // Whoever checks its idle connections ends a moment later.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!told().contains("shop/api"), "what is gone is not told");
}
