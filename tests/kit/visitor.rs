//! Whoever asks a process on this machine over HTTP: one connection for each request, and the answer as text.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longest wait for an answer from memory, on two cores that also compile.
const LIMIT: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub code: u16,
    /// The status line and the headers.
    pub head: String,
    /// The body.
    pub body: String,
}

// === impl Answer ===

impl Answer {
    /// Reads the body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Finds a port that nobody listens on.
///
/// # Panics
/// Panics when there is none.
pub async fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    listener.local_addr().expect("its number").port()
}

/// Asks on a port of this machine; nothing when nobody answers in time.
pub async fn ask(port: u16, method: &str, path: &str, headers: &[(&str, &str)]) -> Option<Answer> {
    let asked = async {
        let mut stream = open(port, method, path, headers).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some(Answer {
            code: head.split(' ').nth(1)?.parse().ok()?,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    };
    timeout(LIMIT, asked).await.ok().flatten()
}

/// Listens to an answer that does not end, for a while, and returns what came.
pub async fn overhear(port: u16, path: &str, time: Duration) -> String {
    let mut heard = Vec::new();
    if let Some(mut stream) = open(port, "GET", path, &[]).await {
        // What was read before the time is over is kept.
        drop(timeout(time, stream.read_to_end(&mut heard)).await);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

async fn open(port: u16, method: &str, path: &str, headers: &[(&str, &str)]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    Some(stream)
}
