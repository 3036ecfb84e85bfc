//! The server over real connections: what is at which path, its limits, and how it stops.

use autoscaler_web::{Health, Server, Site, Status};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// No answer over loopback takes as long.
const LIMIT: Duration = Duration::from_secs(30);

struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    is_ready: Arc<AtomicBool>,
}

async fn served() -> Served {
    let mut registry = Registry::with_prefix("vpsie_autoscaler");
    let passes: Counter = Counter::default();
    registry.register("passes", "Passes made", passes.clone());
    passes.inc();
    let is_ready = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&is_ready);
    let health = Health::default()
        .live("passes", || Status::ok("made"))
        .ready("watches", move || {
            if asked.load(Ordering::SeqCst) {
                Status::ok("synced")
            } else {
                Status::bad("not synced")
            }
        })
        .show("vpsie", || Status::bad("VPSie does not answer"));
    let server = Server::bind(([127, 0, 0, 1], 0).into())
        .await
        .expect("a free port");
    let address = server.address().expect("its number");
    let site = Site {
        registries: vec![Arc::new(registry)],
        health: Arc::new(health),
    };
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.serve(site, async { drop(stopped.await) }));
    Served {
        address,
        stop: Some(stop),
        task,
        is_ready,
    }
}

impl Served {
    /// Sends one request as text and returns the whole answer.
    async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        let read = tokio::time::timeout(LIMIT, stream.read_to_string(&mut answer)).await;
        read.expect("in time").expect("text");
        answer
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = self.ask(&request).await;
        let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        (code.expect("a code"), answer)
    }
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn each_path_shows_what_it_should() {
    let served = served().await;
    let (code, metrics) = served.get("/metrics").await;
    assert_eq!(code, 200, "{metrics}");
    assert!(
        metrics.contains("content-type: application/openmetrics-text"),
        "{metrics}"
    );
    assert!(metrics.contains("vpsie_autoscaler_passes_total 1"), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    for path in ["/healthz", "/livez", "/readyz"] {
        let (code, answer) = served.get(path).await;
        assert_eq!(
            (code, &body(&answer)["ok"]),
            (200, &Value::Bool(true)),
            "{path}: {answer}"
        );
    }
    assert_eq!(served.get("/").await.0, 404);
    assert_eq!(served.get("/debug/pprof").await.0, 404);
}

/// NS-26: readiness has its own reasons; VPSie's trouble is shown in its detail only.
#[tokio::test]
async fn readiness_fails_alone_and_names_the_component() {
    let served = served().await;
    served.is_ready.store(false, Ordering::SeqCst);
    let (code, answer) = served.get("/readyz").await;
    assert_eq!(code, 503);
    let components = body(&answer)["components"].clone();
    let ill: Vec<&Value> = components.as_array().expect("a list").iter().collect();
    let ill: Vec<&str> = ill
        .into_iter()
        .filter(|line| line["ok"] == false)
        .filter_map(|line| line["name"].as_str())
        .collect();
    assert_eq!(ill, ["watches", "vpsie"]);
    assert_eq!(served.get("/healthz").await.0, 200, "it need not be restarted");
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let served = served().await;
    let head = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    let large_body = format!("{head}Content-Length: 70000\r\n\r\n");
    let answer = served.ask(&large_body).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let large_head = format!("{head}X-Large: {}\r\n\r\n", "a".repeat(20_000));
    let answer = served.ask(&large_head).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let post = "POST /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = served.ask(post).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

/// Connects from another address of this machine.
async fn connect_from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(([127, 0, 0, last], 0).into())
        .expect("an address of this machine");
    socket.connect(to).await.expect("it listens")
}

/// A client that sends nothing loses its connection, and others are answered meanwhile.
#[tokio::test]
async fn idle_clients_are_let_go() {
    let served = served().await;
    let mut idle = Vec::new();
    for number in 0..200 {
        idle.push(connect_from(2 + number % 8, served.address).await);
    }
    // More than the server keeps at once: this answer comes when the first of the idle ones are let go.
    let (code, _) = served.get("/healthz").await;
    assert_eq!(code, 200);
    let mut first = idle.swap_remove(0);
    let mut end = Vec::new();
    let closed = tokio::time::timeout(LIMIT, first.read_to_end(&mut end)).await;
    assert!(closed.is_ok(), "an idle connection is closed");
}

/// Whoever keeps asking on as many connections as it can open keeps no probe waiting.
#[tokio::test]
async fn one_client_cannot_take_every_place() {
    let served = served().await;
    let address = served.address;
    let busy = (0..200).map(|_| async move {
        let mut stream = connect_from(9, address).await;
        let mut answer = [0; 1024];
        // Asks again before it counts as idle; ends when it is refused or let go.
        while stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .is_ok()
            && matches!(stream.read(&mut answer).await, Ok(1..))
        {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut clients = tokio::task::JoinSet::new();
    for client in busy {
        clients.spawn(client);
    }
    // Once the first is refused, every place that this address gets is taken.
    let refused = tokio::time::timeout(LIMIT, clients.join_next()).await;
    assert!(refused.is_ok(), "nobody is refused");
    assert_eq!(served.get("/healthz").await.0, 200);
    assert!(!clients.is_empty(), "the others still ask");
}

#[tokio::test]
async fn stop_lets_go_of_every_connection_and_of_the_port() {
    let mut served = served().await;
    let idle = TcpStream::connect(served.address).await.expect("it listens");
    served.get("/healthz").await;
    drop(served.stop.take());
    let ended = tokio::time::timeout(LIMIT, &mut served.task).await;
    ended.expect("it stops in time").expect("it does not panic");
    assert!(TcpStream::connect(served.address).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn taken_address_says_what_to_do() {
    let served = served().await;
    let error = Server::bind(served.address).await.expect_err("it is taken");
    assert!(error.to_string().contains("use a free port"), "{error}");
}
