//! The HTTP API of `run`: what it shows of a real cluster, and to whom.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fleet_sim::cloud::TOKEN;
use k8s_openapi::api::core::v1::ServiceAccount;
use kit::access::{listen, serve_cloud, write_secret};
use kit::control_plane::ControlPlane;
use kit::deploy::{self, NAMESPACE};
use kit::fleet::Fleet;
use kube::Api;
use kube::api::PostParams;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long the process may take to answer as expected, on two cores that also compile.
const LIMIT: Duration = Duration::from_secs(60);

const RUN: &str = "run --poll-interval-seconds 1 --vpsie-calls-per-minute 10000 --allow-plain-http-to-loopback \
                   --listen 127.0.0.1:0 --discovery-services default/shop --discovery-health-check-seconds 0";

/// A running process, and where its API is reached.
struct Served {
    child: Child,
    port: u16,
}

// === impl Served ===

impl Served {
    /// Serves the API on an address of this machine, at a port that nobody listens on.
    async fn start(kubeconfig: &Path, vpsie: &str, address: &str) -> Self {
        let (own, _) = listen().await;
        let port = own.local_addr().expect("its number").port();
        drop(own);
        let child = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
            .args(RUN.split_whitespace())
            .args([
                "--api-address",
                &format!("{address}:{port}"),
                "--vpsie-url",
                vpsie,
                "--kubeconfig",
            ])
            .arg(kubeconfig)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program was built for this test");
        Self { child, port }
    }

    /// Asks for a path; nothing when nobody answers.
    async fn get(&self, path: &str, token: Option<&str>) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n",
            self.port
        );
        let request = format!("{head}{}\r\n", token.unwrap_or_default());
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let code = head.split(' ').nth(1)?.parse().ok()?;
        Some((code, serde_json::from_str(body).ok()?))
    }

    /// Waits until a path is answered with something that fits.
    async fn until(&mut self, path: &str, token: Option<&str>, fits: impl Fn(u16, &Value) -> bool) -> Value {
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.get(path, token).await;
            if let Some((code, body)) = &answer
                && fits(*code, body)
            {
                return body.clone();
            }
            let ended = self.child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "the process has ended: {ended:?}");
            assert!(Instant::now() < deadline, "{path} answers: {answer:?}");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn token_of(control_plane: &ControlPlane, name: &str) -> String {
    control_plane
        .service_account(NAMESPACE, name)
        .await
        .token()
        .to_owned()
}

/// LC-38: a Node is shown with its life, its NodeGroup and the evidence by which its machine was found; the purchase is
/// among the decisions, and in the log.
#[tokio::test(flavor = "multi_thread")]
async fn running_operator_shows_its_nodes_with_their_evidence() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Served::start(operator.kubeconfig(), &url, "127.0.0.1").await;
    let shown = process
        .until(
            "/api/nodes?group=default/web&health=healthy",
            None,
            |code, body| code == 200 && body["nodes"][0]["vpsie_node_phase"] == "Ready",
        )
        .await;
    let node = &shown["nodes"][0];
    assert_eq!(node["node_group"], "default/web");
    let matched = &node["details"]["matched"];
    assert_eq!(matched["verdict"], "matched");
    assert!(
        !matched["evidence"].as_array().expect("a list").is_empty(),
        "{matched}"
    );
    assert!(node["details"]["machine"]["identifier"].is_string(), "{node}");
    assert!(node["details"]["moments"]["ready_at"].is_string(), "{node}");
    let groups = process
        .until("/api/groups", None, |code, body| {
            code == 200 && body["groups"][0]["vpsie_nodes"]["ready"] == 1
        })
        .await;
    assert_eq!(groups["groups"][0]["details"]["min_nodes"], 1);
    let decisions = process.get("/api/decisions?action=node_provision", None).await;
    let (code, decisions) = decisions.expect("an answer");
    assert_eq!(
        (code, &decisions["entries"][0]["decision_by"]),
        (200, &"min_nodes".into()),
        "{decisions}"
    );
}

/// EP-25, EP-38: the instances of a watched Service are shown live, with address and name, and the list is never taken for
/// empty before Kubernetes has told of it.
#[tokio::test(flavor = "multi_thread")]
async fn running_operator_shows_the_instances_of_a_service() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    let person = control_plane.client();
    write_secret(&person, &[("token", TOKEN)]).await;
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Served::start(operator.kubeconfig(), &url, "127.0.0.1").await;
    process
        .until("/api/instances/discovery-info", None, |code, body| {
            code == 200 && body["discoveryMode"] == "kubernetes-endpoints"
        })
        .await;
    deploy::apply(&person, &shop()).await;
    let shown = process
        .until("/api/instances/live", None, |code, body| {
            code == 200 && body["summary"]["total"] == 2
        })
        .await;
    let summary = serde_json::json!({"total": 2, "ready": 1, "notReady": 1, "degraded": 0});
    assert_eq!(shown["summary"], summary);
    assert_eq!(
        (&shown["namespace"], &shown["stale"]),
        (&"default".into(), &false.into())
    );
    let first = &shown["instances"][0];
    assert_eq!(first["addresses"]["ip"], "10.1.0.1", "{first}");
    assert_eq!(
        first["addresses"]["serviceEndpoint"],
        "shop.default.svc.cluster.local"
    );
}

/// A Service with a slice of two endpoints that somebody made by hand, of which one is ready.
fn shop() -> [Value; 2] {
    let endpoint =
        |ip: &str, ready: bool| serde_json::json!({"addresses": [ip], "conditions": {"ready": ready}});
    let metadata = |name: &str| serde_json::json!({"name": name, "namespace": "default"});
    let mut slice = serde_json::json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata("shop-1"), "addressType": "IPv4",
        "endpoints": [endpoint("10.1.0.1", true), endpoint("10.1.0.2", false)], "ports": [{"name": "http", "port": 80}],
    });
    slice["metadata"]["labels"] = serde_json::json!({"kubernetes.io/service-name": "shop"});
    let service = serde_json::json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata("shop"),
        "spec": {"ports": [{"name": "http", "port": 80}]},
    });
    [service, slice]
}

/// Beyond loopback a token is needed, Kubernetes must know it, and its bearer must have the right: not that on `/api/*`,
/// which everybody has.
#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_decides_whose_token_is_good() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    let person = control_plane.client();
    write_secret(&person, &[("token", TOKEN)]).await;
    deploy::apply(&person, &deploy::documents("examples/api-reader.yaml")).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(person, NAMESPACE);
    let mut stranger = ServiceAccount::default();
    stranger.metadata.name = Some("stranger".to_owned());
    let created = accounts.create(&PostParams::default(), &stranger).await;
    created.expect("a service account");
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Served::start(operator.kubeconfig(), &url, "0.0.0.0").await;
    let reader = token_of(&control_plane, "dashboard").await;
    let stranger = token_of(&control_plane, "stranger").await;
    process
        .until("/api/nodes", Some(&reader), |code, body| {
            code == 200 && body["nodes"].is_array()
        })
        .await;
    for (path, token, expected) in [
        ("/api/nodes", Some(reader.as_str()), 200),
        ("/api/audit?limit=1", Some(reader.as_str()), 200),
        ("/api/nodes", Some(stranger.as_str()), 403),
        ("/api/nodes", Some("made-up"), 401),
        ("/api/nodes", None, 401),
    ] {
        let (code, body) = process.get(path, token).await.expect("an answer");
        assert_eq!(code, expected, "{path}: {body}");
        assert!(!body.to_string().contains(&reader), "the token is in the answer");
    }
}
