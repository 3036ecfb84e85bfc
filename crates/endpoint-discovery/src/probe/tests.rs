//! Probes against servers on the loopback that answer well, badly, endlessly or never.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{ProbeSettings, Prober, health_port};
use crate::instance::Instance;
use crate::score::{Check, Quality};
use crate::testing::{World, at, endpoint, instances};

/// What a server does with each connection.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Says(&'static str),
    /// It is well, and with the next connection it is not, and so on.
    Alternates,
    Hangs,
    NeverStops,
}

pub(crate) const WELL: &str = "HTTP/1.1 204 No Content\r\n\r\n";
pub(crate) const NOT_WELL: &str = "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n";

/// A server on the loopback that counts.
pub(crate) struct Server {
    pub(crate) place: SocketAddr,
    connections: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

// === impl Server ===

impl Server {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            place: listener.local_addr().unwrap(),
            connections: Arc::default(),
            bytes: Arc::default(),
        };
        let (connections, bytes) = (Arc::clone(&server.connections), Arc::clone(&server.bytes));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let before = connections.fetch_add(1, Ordering::SeqCst);
                let manner = match manner {
                    Manner::Alternates if before.is_multiple_of(2) => Manner::Says(WELL),
                    Manner::Alternates => Manner::Says(NOT_WELL),
                    Manner::Says(_) | Manner::Hangs | Manner::NeverStops => manner,
                };
                tokio::spawn(answer(stream, manner, Arc::clone(&bytes)));
            }
        });
        server
    }

    fn instance(&self) -> Instance {
        let told = endpoint("web-0", "127.0.0.1", &json!({}));
        let mut instance = Instance::clone(&instances(&World::default(), &[told])[0]);
        instance.ports.insert("health".to_owned(), self.place.port());
        instance
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn answer(mut stream: TcpStream, manner: Manner, bytes: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut request = [0; 1024];
    let _length = stream.read(&mut request).await?;
    assert!(request.starts_with(b"GET /health HTTP/1.1\r\n"));
    match manner {
        Manner::Says(text) => stream.write_all(text.as_bytes()).await,
        Manner::Hangs | Manner::Alternates => std::future::pending().await,
        Manner::NeverStops => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .await?;
            let mut chunk = b"10000\r\n".to_vec();
            chunk.resize(7 + 0x10000, b'a');
            chunk.extend(b"\r\n");
            loop {
                stream.write_all(&chunk).await?;
                bytes.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        }
    }
}

/// Its limits are so long that no slow machine comes near them.
fn prober() -> Prober {
    prober_with(Duration::from_secs(60))
}

fn prober_with(limit: Duration) -> Prober {
    Prober::new(ProbeSettings {
        limit,
        fresh: HOUR,
        parallel: 2,
        ..ProbeSettings::default()
    })
}

const HOUR: Duration = Duration::from_secs(3600);

/// EP-19: which port is asked.
#[test]
fn health_port_is_by_name_then_setting_then_usual() {
    let ports = |named: &[(&str, u16)]| -> BTreeMap<String, u16> {
        named
            .iter()
            .map(|(name, port)| ((*name).to_owned(), *port))
            .collect()
    };
    assert_eq!(
        health_port(&ports(&[("health", 9), ("http", 8080)]), Some(7)),
        Some(9)
    );
    assert_eq!(health_port(&ports(&[("http", 8080)]), Some(7)), Some(7));
    assert_eq!(health_port(&ports(&[("http", 8080)]), None), Some(8080));
    assert_eq!(
        health_port(&ports(&[("data", 5432)]), None),
        None,
        "the data port is not touched"
    );
}

/// EP-19: only a success is well; a redirect is not followed; the rest of the cases fail within their limit.
#[tokio::test]
async fn only_a_success_is_well() {
    let cases = [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Some(None)),
        ("HTTP/1.1 204 No Content\r\n\r\n", Some(None)),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"quality\":0.5}",
            Some(Quality::new(0.5)),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"quality\":\"a\"}",
            Some(None),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nnot JSON, until the end", Some(None)),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n",
            None,
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            None,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut off", None),
        ("not HTTP at all\r\n\r\n", None),
        ("", None),
    ];
    for (text, expected) in cases {
        let server = Server::start(Manner::Says(text)).await;
        let told = match prober().check(&server.instance()).await {
            Check::Passed { latency, quality } => {
                assert!(latency.is_some());
                Some(quality)
            }
            Check::Failed => None,
            Check::NoPort => panic!("it has a port"),
        };
        assert_eq!(told, expected, "{text}");
        assert_eq!(server.connections(), 1, "{text}");
    }
}

/// EP-19: an instance that never answers costs the time limit.
#[tokio::test]
async fn instance_that_hangs_costs_the_limit() {
    let server = Server::start(Manner::Hangs).await;
    let prober = prober_with(Duration::from_millis(100));
    let checked = tokio::time::timeout(Duration::from_secs(60), prober.check(&server.instance())).await;
    assert_eq!(checked, Ok(Check::Failed));
}

/// EP-19: an instance that answers without end costs the size limit.
#[tokio::test]
async fn instance_that_never_stops_costs_the_size_limit() {
    let server = Server::start(Manner::NeverStops).await;
    assert_eq!(prober().check(&server.instance()).await, Check::Failed);
    let sent = server.bytes.load(Ordering::SeqCst);
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

/// EP-19: nobody listens.
#[tokio::test]
async fn instance_that_is_not_there_has_failed() {
    let server = Server::start(Manner::Hangs).await;
    let mut instance = server.instance();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    instance
        .ports
        .insert("health".to_owned(), listener.local_addr().unwrap().port());
    drop(listener);
    assert_eq!(prober().check(&instance).await, Check::Failed);
}

/// EP-19: an instance without a health port is not asked.
#[tokio::test]
async fn instance_without_a_health_port_is_not_asked() {
    let server = Server::start(Manner::Hangs).await;
    let mut instance = server.instance();
    instance.ports = BTreeMap::from([("http".to_owned(), server.place.port())]);
    assert_eq!(prober().check(&instance).await, Check::NoPort);
    assert_eq!(server.connections(), 0);
}

/// EP-20: one answer counts for as long as the settings say, for any number of readers; a change of readiness ends it.
#[tokio::test]
async fn answer_counts_for_a_while() {
    assert_eq!(ProbeSettings::default().fresh, Duration::from_secs(10));
    let server = Server::start(Manner::Says(WELL)).await;
    let prober = prober();
    let mut instance = server.instance();
    tokio::join!(prober.check(&instance), prober.check(&instance));
    assert_eq!(server.connections(), 1);
    // The clock runs on while connections are made, so that the last minutes are left to it.
    pass(HOUR - Duration::from_secs(600)).await;
    prober.check(&instance).await;
    assert_eq!(server.connections(), 1);
    pass(Duration::from_secs(600)).await;
    prober.check(&instance).await;
    assert_eq!(server.connections(), 2);
    instance.health.last_transition = at(60);
    prober.check(&instance).await;
    assert_eq!(server.connections(), 3);
}

/// EP-6, EP-20: where the probe itself decides who is ready, what it decided does not end its answer.
#[tokio::test]
async fn answer_is_not_ended_by_what_follows_from_it() {
    let server = Server::start(Manner::Alternates).await;
    let prober = prober();
    let mut instance = server.instance();
    instance.health.is_readiness_unreliable = true;
    prober.check(&instance).await;
    instance.health.last_transition = at(60);
    assert!(matches!(prober.check(&instance).await, Check::Passed { .. }));
    assert_eq!(server.connections(), 1);
    instance.discovered_at = at(60);
    assert_eq!(prober.check(&instance).await, Check::Failed, "it is another pod");
    assert_eq!(server.connections(), 2);
}

/// EP-19: not more than so many are asked at once, and what is gone is forgotten.
#[tokio::test]
async fn many_instances_are_asked_a_few_at_a_time() {
    let server = Server::start(Manner::Hangs).await;
    let all: Vec<Arc<Instance>> = (0..6)
        .map(|number| {
            let id = crate::InstanceId::of_pod(&format!("web-{number}"));
            Arc::new(Instance {
                id,
                ..server.instance()
            })
        })
        .collect();
    let limit = Duration::from_millis(100);
    let prober = prober_with(limit);
    let began = tokio::time::Instant::now();
    assert_eq!(prober.check_all(&all).await.len(), 6);
    assert!(began.elapsed() >= 3 * limit, "each pair takes its time");
    let checks = prober.check_all(&all[..1]).await;
    assert_eq!((checks.len(), prober.answers().len()), (1, 1));
}

async fn pass(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}
