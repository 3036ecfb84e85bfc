//! Two processes of `run` against a real API server: one leads, the other takes over, and nothing is bought twice.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fleet_sim::cloud::{TOKEN, serve};
use k8s_openapi::ByteString;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use kit::access::signal;
use kit::control_plane::ControlPlane;
use kit::deploy;
use kit::fleet::{Fleet, LEASE};
use kit::proxy::Proxy;
use kube::Api;
use kube::api::PostParams;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// A lease of 12 s, a renew deadline of 8 s: a clock may be slow by a third.
const RUN: &str = "run --poll-interval-seconds 1 --vpsie-calls-per-minute 10000 --allow-plain-http-to-loopback \
                   --listen 127.0.0.1:0 --api-address 127.0.0.1:0 --log-format json --lease-duration 12 \
                   --lease-renew-deadline 8 --lease-retry 0.5";

/// How long anything may take: a lease, the wait for what the last leader left open, and two busy cores.
const LIMIT: Duration = Duration::from_secs(150);

/// The world of one test: a control plane, a cloud over HTTP, and a folder for logs.
struct Stage {
    fleet: Fleet,
    control_plane: ControlPlane,
    /// The kubeconfig of the autoscaler's own service account.
    kubeconfig: std::path::PathBuf,
    url: String,
    folder: TempDir,
}

/// One process of `run`.
struct Run {
    name: String,
    child: Child,
    log: std::path::PathBuf,
}

// === impl Stage ===

impl Stage {
    async fn on(control_plane: ControlPlane) -> Self {
        let mut fleet = Fleet::on(&control_plane).await;
        fleet.be_patient(LIMIT);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("its number").port();
        tokio::spawn(serve(fleet.cloud.clone(), listener));
        let mut secret = Secret::default();
        secret.metadata.name = Some("vpsie-secret".to_owned());
        secret.data = Some([("token".to_owned(), ByteString(TOKEN.into()))].into());
        let secrets = Api::<Secret>::namespaced(control_plane.client(), deploy::NAMESPACE);
        secrets
            .create(&PostParams::default(), &secret)
            .await
            .expect("the Secret is accepted");
        let identity = deploy::operator(&control_plane).await;
        Self {
            kubeconfig: identity.kubeconfig().to_owned(),
            fleet,
            control_plane,
            url: format!("http://127.0.0.1:{port}/apps/v2"),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn start(&self, name: &str, kubeconfig: &Path, more: &[&str]) -> Run {
        let log = self.folder.path().join(name);
        let file = std::fs::File::create(&log).expect("the log can be written");
        let child = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
            .args(RUN.split_whitespace())
            .args(["--vpsie-url", &self.url, "--kubeconfig"])
            .arg(kubeconfig)
            .args(more)
            .env("POD_NAME", name)
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .expect("the program was built for this test");
        Run {
            name: name.to_owned(),
            child,
            log,
        }
    }

    /// Waits until a process holds the Lease and has said that it leads; returns when it said so.
    async fn until_leading(&self, run: &Run) -> DateTime<Utc> {
        let api: Api<Lease> = Api::namespaced(self.control_plane.client(), deploy::NAMESPACE);
        let deadline = Instant::now() + LIMIT;
        loop {
            let lease = api.get_opt(LEASE).await.expect("the API server answers");
            let holder = lease
                .and_then(|lease| lease.spec?.holder_identity)
                .unwrap_or_default();
            let said = run.said("leading");
            if holder.starts_with(&format!("{}_", run.name))
                && let Some(at) = said.last()
            {
                return *at;
            }
            assert!(
                Instant::now() < deadline,
                "{} does not lead: {}",
                run.name,
                run.text()
            );
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Two processes, of which the first leads, have made a first group Ready.
    async fn two(&self, kubeconfig: &Path, more: &[&str]) -> (Run, Run) {
        let first = self.start("first", kubeconfig, more);
        self.until_leading(&first).await;
        let second = self.start("second", &self.kubeconfig, &[]);
        self.fleet.create(&self.fleet.node_group("web", 57, 2)).await;
        self.ready("web", 2).await;
        (first, second)
    }

    async fn ready(&self, group: &str, nodes: i32) {
        let what = format!("{group} is Ready");
        self.fleet
            .until(&what, |stored| stored.counts(group, nodes, nodes))
            .await;
    }

    /// What holds after any hand-over: so many machines bought, one for each VPSieNode, all explained.
    async fn check_purchases(&self, machines: usize) {
        let ledger = self.fleet.cloud.ledger();
        let mut ids: Vec<_> = ledger.iter().map(|posting| posting.request_id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), ledger.len()), (machines, machines), "{ledger:?}");
        let report = self.fleet.truth().await;
        assert_eq!(
            (report.matched, report.is_clean()),
            (machines, true),
            "{report:?}"
        );
    }
}

// === impl Run ===

impl Run {
    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// Returns when the log said this.
    fn said(&self, message: &str) -> Vec<DateTime<Utc>> {
        let text = self.text();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines = lines.filter(|line| line["fields"]["message"] == message);
        let times = lines.map(|line| line["timestamp"].as_str().and_then(|time| time.parse().ok()));
        times.map(|time| time.expect("a log line has a time")).collect()
    }

    async fn until_said(&self, message: &str, times: usize) -> DateTime<Utc> {
        let deadline = Instant::now() + LIMIT;
        while self.said(message).len() < times {
            assert!(
                Instant::now() < deadline,
                "{} never said {message}: {}",
                self.name,
                self.text()
            );
            sleep(Duration::from_millis(100)).await;
        }
        *self.said(message).last().expect("it said so")
    }
}

/// SC-25: a leader that is told to stop hands over at once; one that is killed in the middle of a purchase is
/// followed by one that finds its machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_leader_hands_over_at_once_and_a_killed_one_buys_nothing_twice() {
    let stage = Stage::on(kit::real_control_plane!()).await;
    let (first, second) = stage.two(&stage.kubeconfig, &[]).await;
    assert!(second.said("leading").is_empty() && second.said("worker asked for").is_empty());
    first.signal("-TERM");
    let ended = first.child.wait_with_output().await.expect("it ends");
    let stopped = Utc::now();
    assert_eq!(ended.status.code(), Some(0));
    let waited = stage.until_leading(&second).await - stopped;
    assert!(waited.num_seconds() < 6, "the Lease was not released: {waited}");

    let third = stage.start("third", &stage.kubeconfig, &[]);
    third.until_said("standing by", 1).await;
    let fleet = &stage.fleet;
    fleet.create(&fleet.node_group("batch", 58, 1)).await;
    let deadline = Instant::now() + LIMIT;
    while fleet.cloud.ledger().len() < 3 {
        assert!(
            Instant::now() < deadline,
            "the second asked for no machine: {}",
            second.text()
        );
        sleep(Duration::from_millis(1)).await;
    }
    second.signal("-KILL");
    let killed = Utc::now();
    let waited = stage.until_leading(&third).await - killed;
    assert!(
        waited.num_seconds() >= 10,
        "the lease was not waited for: {waited}"
    );
    stage.ready("batch", 1).await;
    stage.check_purchases(3).await;
}

/// SC-25, X-6: a leader that is frozen for longer than its lease does nothing when it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_was_frozen_stands_by_when_it_goes_on() {
    let stage = Stage::on(kit::real_control_plane!()).await;
    let (first, second) = stage.two(&stage.kubeconfig, &[]).await;
    first.signal("-STOP");
    let asked = first.said("worker asked for").len();
    let frozen = Utc::now();
    let waited = stage.until_leading(&second).await - frozen;
    assert!(
        waited.num_seconds() >= 10,
        "the lease was not waited for: {waited}"
    );
    stage.fleet.create(&stage.fleet.node_group("batch", 58, 1)).await;
    first.signal("-CONT");
    first.until_said("standing by", 1).await;
    stage.ready("batch", 1).await;
    assert_eq!(first.said("worker asked for").len(), asked, "{}", first.text());
    assert!(second.said("standing by").len() <= 1, "the second still leads");
    stage.check_purchases(3).await;
}

/// SC-25, NS-26: a leader whose traffic to the API server vanishes in silence stops before another leads, although
/// its clock is slow by a quarter.
#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_in_a_partition_with_a_slow_clock_stops_before_another_leads() {
    let control_plane = kit::real_control_plane!();
    let port = control_plane
        .config()
        .cluster_url
        .port_u16()
        .expect("it has a port");
    let stage = Stage::on(control_plane).await;
    let proxy = Proxy::start(port).await;
    let through = proxy.kubeconfig(&stage.kubeconfig, port);
    let (first, second) = stage.two(&through, &["--clock-rate", "0.75"]).await;
    proxy.cut(true);
    let led = stage.until_leading(&second).await;
    let stopped = first.until_said("standing by", 1).await;
    assert!(stopped < led, "two led at once: until {stopped}, from {led}");
    let asked = first.said("worker asked for").len();
    stage.fleet.create(&stage.fleet.node_group("batch", 58, 1)).await;
    stage.ready("batch", 1).await;
    proxy.cut(false);
    first.until_said("standing by", 2).await;
    stage.fleet.create(&stage.fleet.node_group("last", 59, 1)).await;
    stage.ready("last", 1).await;
    assert_eq!(first.said("worker asked for").len(), asked, "{}", first.text());
    stage.check_purchases(4).await;
}
