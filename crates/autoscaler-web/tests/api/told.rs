//! The stream: what it tells, in what order, and how little it cares for slow clients.

use std::sync::Arc;
use std::time::Duration;

use autoscaler_web::api::{Access, Details, Limits, OwnerDetails};
use node_lifecycle::audit::{Action, Draft, Outcome};
use node_lifecycle::{Decider, audit};
use node_state::OwnerKey;
use node_state::testing::{NAMESPACE, node, owner};
use prometheus_client::encoding::text::encode;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::services::two_services;
use super::world::{LIMIT, World};

/// A client that reads events.
struct Listener(Lines<BufReader<TcpStream>>);

impl Listener {
    /// Opens a stream and takes what is told at once: nothing of discovery, then everything of nodes.
    async fn open(world: &World) -> (Self, Value) {
        let mut listener = Self::connect(world).await;
        let (name, snapshot) = listener.next().await;
        assert_eq!(name, "snapshot");
        (listener, snapshot)
    }

    async fn connect(world: &World) -> Self {
        let stream = world.request("GET", "/api/stream", &[]).await;
        Self(BufReader::new(stream).lines())
    }

    /// Reads the next event; the lines of chunks and heartbeats between them are none.
    async fn next(&mut self) -> (String, Value) {
        let mut name = None;
        loop {
            let line = timeout(LIMIT, self.0.next_line()).await.expect("in time");
            let line = line.expect("it is text").expect("the stream goes on");
            if let Some(word) = line.strip_prefix("event: ") {
                name = Some(word.to_owned());
            }
            if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).expect("JSON");
                return (name.expect("it has a name"), data);
            }
        }
    }
}

fn names(list: &Value) -> Vec<&str> {
    let items = list.as_array().expect("a list").iter();
    items.filter_map(|item| item["name"].as_str()).collect()
}

fn metrics(world: &World) -> String {
    let mut text = String::new();
    encode(&mut text, &world.series.registry("t")).expect("text");
    text
}

/// Waits until the metrics say this.
async fn until_measured(world: &World, line: &str) {
    let measured = timeout(LIMIT, async {
        while !metrics(world).lines().any(|found| found == line) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    measured
        .await
        .unwrap_or_else(|_| panic!("{line}: {}", metrics(world)));
}

/// EP-27: first everything, then what is different, with the NodeGroups that it concerns.
#[tokio::test]
async fn stream_tells_everything_and_then_what_changes() {
    let mut world = World::new().await;
    let (mut listener, snapshot) = Listener::open(&world).await;
    assert_eq!(names(&snapshot["nodes"]), ["n1", "web-2"]);
    assert_eq!(names(&snapshot["groups"]), ["web"]);
    world.fleet.put_owner(owner("web-2", "web", Some("n2")));
    world.fleet.put_node(node("n2").of_group("web"));
    world.publish();
    let (name, changes) = listener.next().await;
    assert_eq!(name, "changes");
    assert_eq!(names(&changes["nodes"]), ["n2"]);
    assert_eq!(changes["gone_nodes"], json!([{"name": "web-2", "joined": false}]));
    assert_eq!(changes["groups"][0]["completion"], 100);
    assert!(changes["generation"].as_u64() > snapshot["generation"].as_u64());
    world.fleet.remove_group(&node_state::testing::group_key("web"));
    world.publish();
    let (_, changes) = listener.next().await;
    assert_eq!(changes["gone_groups"], json!(["kube-system/web"]));
}

/// What a pass learns of a VPSieNode is told with its node, and of others nothing.
#[tokio::test]
async fn stream_tells_how_a_node_is_matched_once_that_is_known() {
    let world = World::new().await;
    let (mut listener, _) = Listener::open(&world).await;
    let mut details = Details::clone(&world.details.borrow());
    let told = OwnerDetails {
        workloads_ever: Some(7),
        ..OwnerDetails::default()
    };
    details
        .owners
        .insert(OwnerKey::new(NAMESPACE, "web-2"), Arc::new(told));
    world.details.send_replace(Arc::new(details));
    let (name, changes) = listener.next().await;
    assert_eq!(
        (name.as_str(), names(&changes["nodes"])),
        ("changes", vec!["web-2"])
    );
    assert_eq!(changes["nodes"][0]["details"]["workloads_ever"], 7);
    assert_eq!(changes["groups"], json!([]));
}

#[tokio::test]
async fn stream_tells_of_the_audit_log_and_of_discovery() {
    let world = World::new().await;
    let (mut listener, _) = Listener::open(&world).await;
    let refused = Draft::new(
        Action::NodeDecommission,
        Outcome::Rejected,
        Decider::Manual,
        "workload_pods",
    );
    world.record(refused.node("n1"), 1);
    let (name, entry) = listener.next().await;
    assert_eq!(
        (name.as_str(), &entry["reason"]),
        ("audit", &json!("workload_pods"))
    );
    world.discovered.send_replace(two_services());
    let (name, info) = listener.next().await;
    assert_eq!(
        (name.as_str(), &info["summary"]["total"]),
        ("discovery", &json!(4))
    );
    assert_eq!(info["instances"], Value::Null, "who wants them asks for them");
}

/// NS-26: while another leads that is said, and with the next term everything is told anew.
#[tokio::test]
async fn stream_outlasts_a_change_of_the_leader() {
    let world = World::new().await;
    let reader = world.states.send_replace(None);
    let mut listener = Listener::connect(&world).await;
    assert_eq!(listener.next().await, ("standby".to_owned(), json!({})));
    world.states.send_replace(reader);
    assert_eq!(listener.next().await.0, "snapshot");
    world.states.send_replace(None);
    assert_eq!(listener.next().await.0, "standby");
}

/// NS-26: a replica that stands by has forgotten the nodes that it showed as the leader, whatever becomes known of them.
#[tokio::test]
async fn replica_that_stands_by_tells_nothing_of_the_nodes_that_it_knew() {
    let world = World::new().await;
    let (mut listener, _) = Listener::open(&world).await;
    world.states.send_replace(None);
    assert_eq!(listener.next().await.0, "standby");
    let mut details = Details::clone(&world.details.borrow());
    details.owners.clear();
    world.details.send_replace(Arc::new(details));
    // What is looked at first is left to chance: in twenty rounds the details have had their turn.
    for _ in 0..20 {
        world.discovered.send_replace(two_services());
        assert_eq!(listener.next().await.0, "discovery");
    }
}

/// A client that comes late to the audit log is told how much it missed, and everything after that.
#[tokio::test]
async fn entries_that_were_missed_are_counted() {
    let world = World::new().await;
    let (mut listener, _) = Listener::open(&world).await;
    // Without an await between them, nobody can take them.
    for minute in 0..40 {
        let draft = Draft::new(
            Action::ScaleUp,
            Outcome::Success,
            audit::Author::MinNodes,
            "below",
        );
        world.record(draft.count(u64::try_from(minute).expect("small")), minute);
    }
    let (name, missed) = listener.next().await;
    assert_eq!((name.as_str(), &missed["missed"]), ("audit-missed", &json!(24)));
    let (_, entry) = listener.next().await;
    assert_eq!(entry["count"], 24);
}

/// So many streams of one address, and so long each.
#[tokio::test]
async fn streams_are_few_and_end() {
    let limits = Limits {
        streams_of_one: 2,
        longest_stream: Duration::from_secs(1),
        ..Limits::default()
    };
    let world = World::with(Access::Loopback { may_refresh: true }, limits).await;
    let (first, _) = Listener::open(&world).await;
    let (second, _) = Listener::open(&world).await;
    let third = world.get("/api/stream").await;
    assert!(third.problem(429).contains("2 streams are open"));
    until_measured(&world, "t_api_stream_clients 2").await;
    for mut listener in [first, second] {
        let mut rest = Vec::new();
        let mut stream = listener.0.get_mut();
        let ended = timeout(LIMIT, AsyncReadExt::read_to_end(&mut stream, &mut rest)).await;
        ended.expect("it ends").expect("well");
        assert!(rest.ends_with(b"0\r\n\r\n"), "to its end");
    }
    until_measured(&world, "t_api_stream_clients 0").await;
    drop(Listener::open(&world).await);
    until_measured(&world, "t_api_stream_clients 0").await;
    assert!(metrics(&world).contains("t_api_stream_events_total{event=\"snapshot\"} 3"));
}

/// Bad input: a client that never reads is let go, and costs nobody else anything.
#[tokio::test(flavor = "multi_thread")]
async fn client_that_never_reads_is_let_go() {
    let mut world = World::new().await;
    for number in 0..200 {
        world
            .fleet
            .put_node(node(&format!("node-{number}")).of_group("web"));
    }
    world.publish();
    let deaf = world.request("GET", "/api/stream", &[]).await;
    until_measured(&world, "t_api_stream_clients 1").await;
    let (mut listener, _) = Listener::open(&world).await;
    let listening = tokio::spawn(async move {
        let mut count = 0_u64;
        while count < u64::MAX {
            listener.next().await;
            count += 1;
        }
    });
    let let_go = timeout(LIMIT, async {
        let mut version = 0;
        while !metrics(&world).contains("t_api_stream_clients 1\n") {
            version += 1;
            for number in 0..200 {
                let mut changed = node(&format!("node-{number}")).of_group("web");
                changed.kubelet_version = Some(format!("v1.33.{version}").into());
                world.fleet.put_node(changed);
            }
            world.publish();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let_go.await.expect("the deaf client is let go");
    assert!(!listening.is_finished(), "the other one still listens");
    listening.abort();
    drop(deaf);
}

/// EP-27: that the pods that wait are different is told once, and not while nobody has planned for them.
#[tokio::test]
async fn stream_tells_that_other_pods_wait() {
    let world = World::new().await;
    let (mut listener, _) = Listener::open(&world).await;
    world.plan();
    assert_eq!(listener.next().await, ("pending".to_owned(), json!({"total": 2})));
    let asked = world.get("/api/pending").await;
    assert_eq!(asked.json()["pods"][0]["name"], "large-1");
    // The same plan anew is no news, so the next event is another one.
    world.plan();
    let author = audit::Author::ScaleUpPolicy;
    world.record(
        audit::Draft::new(Action::ScaleUp, Outcome::Success, author, "pods"),
        1,
    );
    assert_eq!(listener.next().await.0, "audit");
    world.forget_plan();
    assert_eq!(listener.next().await, ("pending".to_owned(), json!({"total": 0})));
}
