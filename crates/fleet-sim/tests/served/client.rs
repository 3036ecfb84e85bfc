//! A served scenario, and a client that speaks HTTP byte by byte.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use fleet_sim::cloud::serve;
use fleet_sim::scenario::Scenario;
use fleet_sim::{Cloud, SimClock};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A cloud on a loopback socket. Tokio's clock is paused: time moves by [`Served::later`] alone.
pub(crate) struct Served {
    pub(crate) cloud: Cloud,
    pub(crate) token: String,
    address: SocketAddr,
}

/// What came back; the status is 0 when nothing came before the connection ended.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

// === impl Served ===

impl Served {
    pub(crate) async fn scenario(text: &str) -> Self {
        let scenario = Scenario::read(text).unwrap_or_else(|error| panic!("{error}"));
        let usual = DateTime::from_timestamp(1_769_241_600, 0).expect("a date");
        let clock = SimClock::starting_at(scenario.start().unwrap_or(usual));
        let cloud = scenario.build(clock, scenario.seed().unwrap_or(7));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(serve(cloud.clone(), listener));
        Self {
            cloud,
            token: scenario.credentials().token,
            address,
        }
    }

    /// Serves an example of the folder `scenarios`.
    pub(crate) async fn example(name: &str) -> Self {
        let path = folder().join(format!("{name}.yaml"));
        Self::scenario(&std::fs::read_to_string(path).expect("an example of this name")).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the identifier of the first cluster.
    pub(crate) fn cluster(&self) -> String {
        self.cloud.clusters()[0].0.clone()
    }

    pub(crate) async fn later(&self, seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "application/json", "").await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, content: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.expect("somebody listens");
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nVpsie-Auth: {token}\r\n\
             Content-Type: {content}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request goes out");
        let mut bytes = Vec::new();
        // A reset is one of the ways in which a cut connection ends.
        let _ = stream.read_to_end(&mut bytes).await;
        Answer::parse(&String::from_utf8_lossy(&bytes))
    }

    /// Lists the clusters (K1) and returns the first.
    pub(crate) async fn summary(&self) -> Value {
        self.get("/apps/v2/k8s/cluster/all").await.data()[0].take()
    }

    /// Shows the first cluster with its nodes (K2).
    pub(crate) async fn detail(&self) -> Value {
        let path = format!("/apps/v2/k8s/cluster/byId/{}", self.cluster());
        self.get(&path).await.data()
    }

    pub(crate) async fn hostnames(&self) -> Vec<String> {
        let nodes = self.detail().await["nodes"].take();
        let nodes = nodes.as_array().expect("a list of nodes").iter();
        nodes
            .map(|node| node["hostname"].as_str().expect("a hostname").to_owned())
            .collect()
    }

    /// Adds a worker to a group of the first cluster (K6).
    pub(crate) async fn add(&self, group: u64) -> Answer {
        let cluster = self.cluster();
        let path = format!("/apps/v2/k8s/cluster/byId/{cluster}/add/slave/group/{group}");
        self.ask("POST", &path, "application/json", "").await
    }
}

// === impl Answer ===

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .unwrap_or("0");
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.parse().expect("a status is a number"),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("expected JSON, got {self:?}"))
    }

    /// Returns the data of an answer that must be a success.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(
            (self.status, &json["error"]),
            (200, &Value::Bool(false)),
            "{self:?}"
        );
        json["data"].take()
    }
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}
