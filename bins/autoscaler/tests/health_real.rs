//! `run` while VPSie or the audit store is in trouble from the start: it lives, becomes ready, and says what is wrong.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chrono::TimeDelta;
use fleet_sim::cloud::{CallKind, Fault, FaultEffect, TOKEN};
use kit::access::{listen, serve_cloud, signal, write_secret};
use kit::fleet::Fleet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long the process may take to answer as expected, on two cores that also compile.
const LIMIT: Duration = Duration::from_secs(60);

const RUN: &str = "run --poll-interval-seconds 1 --vpsie-calls-per-minute 10000 --allow-plain-http-to-loopback \
                   --api-address 127.0.0.1:0";

/// A running process, and where it shows itself.
struct Shown {
    child: Child,
    address: String,
}

// === impl Shown ===

impl Shown {
    /// Starts on an address that nobody listens on.
    async fn start(kubeconfig: &Path, vpsie: &str, audit_store: &str) -> Self {
        let (own, _) = listen().await;
        let address = own.local_addr().expect("its number").to_string();
        drop(own);
        let child = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
            .args(RUN.split_whitespace())
            .args(["--listen", &address, "--vpsie-url", vpsie, "--kubeconfig"])
            .arg(kubeconfig)
            .args(["--audit-store", audit_store])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program was built for this test");
        Self { child, address }
    }

    /// Asks for a page as a probe does; nothing when nobody answers.
    async fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: autoscaler\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    }

    /// Waits until a page is answered with this status and these words.
    async fn until(&mut self, path: &str, status: u16, words: &[&str]) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.get(path).await.unwrap_or_default();
            let is_right = answer.starts_with(&format!("HTTP/1.1 {status} "));
            if is_right && words.iter().all(|word| answer.contains(word)) {
                return;
            }
            let ended = self.child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "the process has ended: {ended:?}");
            assert!(Instant::now() < deadline, "{path} answers: {answer}");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Deliver 1: the health of VPSie is shown and decides about neither probe; a replica that starts during an outage waits
/// for its end.
#[tokio::test(flavor = "multi_thread")]
async fn outage_of_vpsie_neither_stops_nor_restarts_a_replica() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = kit::deploy::operator(&control_plane).await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    // At the start it answers that it is in maintenance, and each poll loses its connection.
    let maintenance = r#"{"error":true,"message":"under maintenance"}"#.to_owned();
    for (call, effect) in [
        (CallKind::Clusters, FaultEffect::Status(200, maintenance)),
        (CallKind::Cluster, FaultEffect::LoseReplyAfterEffect),
    ] {
        fleet.cloud.fault(Fault::on(call, effect).for_ever());
    }
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Shown::start(operator.kubeconfig(), &url, "memory").await;
    process.until("/healthz", 200, &[]).await;
    process
        .until(
            "/readyz",
            200,
            &[r#""name":"vpsie","decides":"nothing","ok":false"#],
        )
        .await;
    process.until("/healthz", 200, &[]).await;

    fleet.cloud.mend();
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    process.until("/readyz", 200, &["VPSie answered"]).await;
    let right = "the clock of this host is equal to that of Kubernetes and equal to that of VPSie";
    process.until("/readyz", 200, &[right]).await;
    fleet
        .cloud
        .behaviour(|behaviour| behaviour.clock_skew = TimeDelta::hours(1));
    process.until("/readyz", 200, &["s behind that of VPSie"]).await;
    process
        .until("/metrics", 200, &["clock_offset_seconds{source=\"vpsie\"} -3"])
        .await;
    process
        .until("/metrics", 200, &["vpsie_autoscaler_", "# EOF"])
        .await;
}

/// Asks for what was stored.
async fn audit(arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_autoscaler"));
    command.arg("audit").args(arguments);
    command
        .output()
        .await
        .expect("the program was built for this test")
}

/// Bad input: a store that cannot be written is shown by `/readyz` and a metric and holds up nothing; mended before the end
/// of the process, it gets everything.
#[tokio::test(flavor = "multi_thread")]
async fn audit_store_in_trouble_is_shown_and_gets_everything_at_the_end() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = kit::deploy::operator(&control_plane).await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let url = serve_cloud(&fleet.cloud).await;
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let store = format!("sqlite:{}", missing.join("audit.db").display());

    let mut process = Shown::start(operator.kubeconfig(), &url, &store).await;
    let ill = [r#""name":"audit","decides":"nothing","ok":false"#, "unwritable: "];
    process.until("/readyz", 200, &ill).await;
    let down = "vpsie_autoscaler_audit_store_up 0";
    process.until("/metrics", 200, &[down]).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    process.until("/readyz", 200, &ill).await;

    std::fs::create_dir(&missing).expect("a folder");
    signal(process.child.id(), "-TERM");
    let ended = tokio::time::timeout(LIMIT, process.child.wait()).await;
    let ended = ended.expect("it ends in time").expect("it can be asked");
    assert_eq!(ended.code(), Some(0));
    let listed = audit(&["list", "--output", "json", "--audit-store", &store]).await;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for reason in ["slots_free", "requested", "discovered", "joined"] {
        assert!(
            listed.contains(&format!(r#""reason":"{reason}""#)),
            "{reason}: {listed}"
        );
    }
    let verified = audit(&["verify", "--audit-store", &store]).await;
    assert_eq!(verified.status.code(), Some(0));
}
