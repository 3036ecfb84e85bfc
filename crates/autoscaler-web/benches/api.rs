//! Measures the HTTP API over loopback: live replies with a thousand instances, and how soon a client of the stream hears
//! of a change among a thousand nodes.
//!
//! Server and clients share one thread, so that the time for which it has a core is that of both, without the wait for one
//! beside other programs.
//!
//! `cargo bench -p autoscaler-web --bench api`

#![allow(clippy::print_stdout, reason = "printing is all that it is for")]

#[path = "../tests/api/world.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use autoscaler_web::api::{Access, Discovered, DiscoveredService, Instance, InstanceStatus, Limits};
use node_state::testing::{at, group, node};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;

use world::World;

/// An instance as endpoint discovery writes it.
const WRITTEN: &str = include_str!("../../endpoint-discovery/src/roster/instance.json");
/// Services, and instances of each.
const SERVICES: (usize, usize) = (10, 100);
/// Nodes of the fleet.
const NODES: usize = 1000;
/// Clients of the stream: as many as one address may have.
const CLIENTS: usize = 16;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // A test of all targets runs this, too, and wants to know no more than that it works.
    let is_test = std::env::args().any(|word| word == "--test");
    let (requests, events) = if is_test { (3, 3) } else { (2000, 500) };
    let limits = Limits {
        requests_per_second: 1_000_000,
        ..Limits::default()
    };
    let mut world = World::with(Access::Loopback { may_refresh: false }, limits).await;
    live(&world, requests).await;
    stream(&mut world, events).await;
}

/// Asks for all instances over one connection: after a change, without one, and with the tag of what is known.
async fn live(world: &World, requests: usize) {
    world.discovered.send_replace(Some(thousand(0)));
    let mut client = Client::connect(world).await;
    let (_, tag, size) = client.get("").await;
    println!(
        "GET /api/instances/live with 1,000 instances, {} KB, {requests} times each",
        size / 1000
    );
    let known = format!("If-None-Match: {tag}\r\n");
    for (name, header, changes) in [
        ("changed before each request", "", true),
        ("unchanged", "", false),
        ("known, 304", known.as_str(), false),
    ] {
        let mut times = Times::default();
        for request in 0..requests {
            if changes {
                world.discovered.send_replace(Some(thousand(request)));
            } else if request == 0 {
                world.discovered.send_replace(Some(thousand(0)));
            }
            let began = Began::now();
            let (code, _, _) = client.get(header).await;
            times.push(&began);
            assert_eq!(code, if header.is_empty() { 200 } else { 304 });
        }
        times.say(name);
    }
}

/// Changes one node after the other, and waits until every client of the stream has heard of it.
async fn stream(world: &mut World, events: usize) {
    for number in 0..10 {
        world.fleet.put_group(group(&format!("group-{number}")));
    }
    for number in 0..NODES {
        world.fleet.put_node(one(number, 0));
    }
    world.publish();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let stream = world.request("GET", "/api/stream", &[]).await;
        let mut lines = BufReader::new(stream).lines();
        until(&mut lines, "event: snapshot").await;
        clients.push(lines);
    }
    let mut times = Times::default();
    for event in 1..=events {
        let version = format!("v1.33.{event}");
        world.fleet.put_node(one(event % NODES, event));
        let began = Began::now();
        world.publish();
        futures::future::join_all(clients.iter_mut().map(|lines| until(lines, &version))).await;
        times.push(&began);
    }
    println!("GET /api/stream, {NODES} nodes, {CLIENTS} clients, {events} changes of one node");
    times.say("from the change until the last client has read it");
}

/// A node of one of ten NodeGroups, at some version.
fn one(number: usize, version: usize) -> node_state::NodeFacts {
    let mut node = node(&format!("node-{number}")).of_group(&format!("group-{}", number % 10));
    node.kubelet_version = Some(format!("v1.33.{version}").into());
    node
}

/// A thousand instances of ten Services; the number is in all of them.
fn thousand(number: usize) -> Arc<Discovered> {
    let (services, each) = SERVICES;
    let instance = |service: usize, instance: usize| {
        let id = format!("web-{instance}");
        let json = WRITTEN.replace("node-1", &format!("node-{service}-{number}"));
        Arc::new(Instance {
            id,
            status: InstanceStatus::Ready,
            json: serde_json::from_str(&json).expect("JSON"),
        })
    };
    let service = |service: usize| DiscoveredService {
        namespace: "default".to_owned(),
        name: format!("service-{service}"),
        source: Some("endpointslices".to_owned()),
        is_hint: false,
        told_at: Some(at(i64::try_from(number).expect("small"))),
        stale: None,
        breaker: "closed".to_owned(),
        warnings: Vec::new(),
        instances: (0..each).map(|number| instance(service, number)).collect(),
    };
    Arc::new(Discovered {
        mode: "kubernetes-endpoints".to_owned(),
        unknown: None,
        note: None,
        stale: None,
        services: (0..services).map(service).collect(),
    })
}

/// Reads lines until one has these words.
async fn until(lines: &mut Lines<BufReader<TcpStream>>, words: &str) {
    loop {
        let line = tokio::time::timeout(world::LIMIT, lines.next_line()).await;
        let line = line.expect("in time").expect("text").expect("the stream goes on");
        if line.contains(words) {
            return;
        }
    }
}

/// One connection that is kept.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(world: &World) -> Self {
        let stream = TcpStream::connect(world.address).await.expect("it listens");
        stream.set_nodelay(true).expect("a setting of sockets");
        Self(BufReader::with_capacity(1 << 20, stream))
    }

    /// Asks for the live instances and returns the status, the tag and the size of the body, which is read to its end.
    async fn get(&mut self, header: &str) -> (u16, String, usize) {
        let request = format!("GET /api/instances/live HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
        self.0
            .get_mut()
            .write_all(request.as_bytes())
            .await
            .expect("it reads");
        let (mut code, mut tag, mut size) = (0, String::new(), 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.expect("text");
            let line = line.trim_end();
            if let Some(status) = line.strip_prefix("HTTP/1.1 ") {
                code = status[..3].parse().expect("a code");
            }
            match line.split_once(": ") {
                Some(("etag", value)) => tag = value.to_owned(),
                Some(("content-length", value)) => size = value.parse().expect("a number"),
                Some(_) | None => {}
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; size];
        self.0.read_exact(&mut body).await.expect("the whole body");
        (code, tag, size)
    }
}

/// When something began: by the clock, and by what this thread had of a core.
struct Began(Instant, Duration);

/// How long something took each time, by both.
#[derive(Default)]
struct Times {
    waited: Vec<Duration>,
    worked: Vec<Duration>,
}

impl Began {
    fn now() -> Self {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let time = Duration::try_from(time).expect("no thread has worked for less than no time");
        Self(Instant::now(), time)
    }
}

impl Times {
    fn push(&mut self, Began(waited, worked): &Began) {
        let Began(at, time) = Began::now();
        self.waited.push(at - *waited);
        self.worked.push(time.saturating_sub(*worked));
    }

    fn say(mut self, name: &str) {
        println!("  {name}:");
        for (clock, times) in [
            ("by the clock", &mut self.waited),
            ("on a core", &mut self.worked),
        ] {
            times.sort();
            let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
            println!(
                "    {clock}: p50 {:?}, p99 {:?}, at most {:?}",
                at(50),
                at(99),
                at(100)
            );
        }
    }
}
