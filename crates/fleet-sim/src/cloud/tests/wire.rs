//! The cloud over a real socket, spoken to byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::cloud::testing::SmallCloud;
use crate::cloud::{CallKind, Fault, FaultEffect, TOKEN, serve};

/// Long enough for a loopback exchange on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

async fn served(world: &SmallCloud) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(world.cloud.clone(), listener));
    address
}

/// Sends one request and returns everything that comes back until the connection closes.
async fn speak(address: std::net::SocketAddr, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nVpsie-Auth: {TOKEN}\r\n\
         X-Request-ID: uid-1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer))
        .await
        .expect("the connection closes");
    // A reset is one of the ways in which a cut connection ends.
    let _ = read;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn list_arrives_over_http() {
    let world = SmallCloud::new();
    let answer = speak(served(&world).await, "GET", "/apps/v2/k8s/cluster/all", "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/json"), "{answer}");
    assert!(
        answer.contains(r#""cluster_name":"HEL-Kubernetes-49ab""#),
        "{answer}"
    );
}

#[tokio::test]
async fn delete_keeps_its_body() {
    let world = SmallCloud::new();
    let uuid = world.buy("uid-1");
    let path = format!("/apps/v2/k8s/cluster/byId/{}/delete/slave", world.cluster);
    let answer = speak(
        served(&world).await,
        "DELETE",
        &path,
        &format!(r#"{{"identifier":"{uuid}"}}"#),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(world.cloud.removals()[0].machine, uuid);
}

#[tokio::test]
async fn lost_reply_closes_the_connection_without_a_byte() {
    let world = SmallCloud::new();
    world
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::LoseReplyAfterEffect));
    let answer = speak(served(&world).await, "POST", &world.add_path(world.group), "").await;
    assert_eq!(answer, "");
    let posting = world.cloud.ledger().pop().unwrap();
    assert!(posting.machine.is_some());
    assert_eq!(posting.request_id.as_deref(), Some("uid-1"));
}

#[tokio::test]
async fn request_that_is_never_answered_holds_the_line() {
    let world = SmallCloud::new();
    world
        .cloud
        .behaviour(|behaviour| behaviour.time_out = Duration::from_millis(50));
    world
        .cloud
        .fault(Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect));
    let before = std::time::Instant::now();
    let answer = speak(served(&world).await, "POST", &world.add_path(world.group), "").await;
    assert_eq!(answer, "");
    assert!(before.elapsed() >= Duration::from_millis(100));
    assert_eq!(world.cloud.ledger()[0].machine, None);
}
