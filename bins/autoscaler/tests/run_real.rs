//! `run` as a process of its own, against a real API server and the simulated VPSie over loopback HTTP.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fleet_sim::cloud::{CallKind, TOKEN};
use kit::access::{serve_cloud, signal, write_secret};
use kit::control_plane::ControlPlane;
use kit::fleet::Fleet;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a run with a bad input may take to say so.
const FAILURE_LIMIT: Duration = Duration::from_secs(60);

/// How long a run may take to end after it was told to.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Starts `run` with one poll a second, and as many calls as that needs.
fn start(kubeconfig: &Path, url: &str, more: &[&str]) -> Child {
    start_by_secret(kubeconfig, &[&["--vpsie-url", url], more].concat())
}

/// Starts `run` with the address of VPSie that is in the Secret.
fn start_by_secret(kubeconfig: &Path, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args([
            "run",
            "--poll-interval-seconds",
            "1",
            "--vpsie-calls-per-minute",
            "10000",
            "--listen",
            "127.0.0.1:0",
            "--api-address",
            "127.0.0.1:0",
            "--kubeconfig",
        ])
        .arg(kubeconfig)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program was built for this test")
}

/// Checks that a run ends by itself with a code and with a message that says what to do.
#[track_caller]
fn check(what: &str, output: &std::process::Output, code: i32, words: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{what}: {message}");
    for word in words {
        assert!(message.contains(word), "{what}: no `{word}` in: {message}");
    }
    for secret in ["simulated-personal-token", "hunter2"] {
        assert!(!message.contains(secret), "{what} shows a secret: {message}");
    }
}

async fn fails(what: &str, child: Child, code: i32, words: &[&str]) {
    let ended = timeout(FAILURE_LIMIT, child.wait_with_output()).await;
    let output = ended.unwrap_or_else(|_| panic!("{what}: it still runs"));
    check(what, &output.expect("it ends"), code, words);
}

const LOOPBACK: &[&str] = &["--allow-plain-http-to-loopback"];

/// The process does the main job, and stops when it is told to.
#[tokio::test(flavor = "multi_thread")]
async fn process_makes_nodes_ready_and_stops_on_sigterm() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let url = serve_cloud(&fleet.cloud).await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    let operator = kit::deploy::operator(&control_plane).await;
    let child = start(operator.kubeconfig(), &url, LOOPBACK);
    fleet.create(&fleet.node_group("web", 57, 2)).await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 2, 2))
        .await;
    let report = fleet.truth().await;
    assert_eq!((report.matched, report.is_clean()), (2, true), "{report:?}");

    signal(child.id(), "-TERM");
    let ended = timeout(STOP_LIMIT, child.wait_with_output())
        .await
        .expect("it stops in time");
    let output = ended.expect("it ends");
    let logs = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{logs}");
    for event in ["the autoscaler runs", "worker asked for", "told to stop"] {
        assert!(logs.contains(event), "no `{event}` in the logs: {logs}");
    }
}

/// Bad input: each cause has its message and its code, and nothing is done.
#[tokio::test(flavor = "multi_thread")]
async fn bad_input_ends_with_a_message_that_says_what_to_do() {
    let control_plane = kit::real_control_plane!();
    let operator = kit::deploy::operator(&control_plane).await;
    let (client, file) = (control_plane.client(), operator.kubeconfig());
    check_without_definitions(&control_plane, file).await;

    let fleet = Fleet::on(&control_plane).await;
    let url = serve_cloud(&fleet.cloud).await;
    write_secret(&client, &[("colour", "red")]).await;
    fails(
        "no keys",
        start(file, &url, LOOPBACK),
        3,
        &["vpsie-secret", "token", "clientSecret"],
    )
    .await;
    write_secret(&client, &[("token", "wrong")]).await;
    fails(
        "wrong token",
        start(file, &url, LOOPBACK),
        3,
        &["credentials", "token"],
    )
    .await;
    write_secret(&client, &[("token", TOKEN)]).await;
    let elsewhere = url.replace("/apps/", "/nowhere/");
    fails(
        "another path",
        start(file, &elsewhere, LOOPBACK),
        4,
        &["base URL"],
    )
    .await;
    let plain_http = &["--vpsie-url", "https"];
    fails("plain http", start(file, &url, &[]), 2, plain_http).await;
    for (what, wrong) in [
        ("no url", "vpsie"),
        ("a password", "https://me:hunter2@vpsie"),
        ("a query", "https://vpsie/?a=1"),
    ] {
        fails(
            what,
            start(file, wrong, LOOPBACK),
            2,
            &["--vpsie-url", "use one like"],
        )
        .await;
    }
    write_secret(&client, &[("token", TOKEN), ("url", "ftp://vpsie")]).await;
    let own = start_by_secret(file, LOOPBACK);
    fails("url of the Secret", own, 3, &["the key `url`", "https"]).await;
    let elsewhere = ["--vpsie-secret-name", "elsewhere", LOOPBACK[0]];
    fails(
        "another name",
        start(file, &url, &elsewhere),
        3,
        &["kube-system/elsewhere"],
    )
    .await;
    // Beside the question at the start, only what went to a path that is not there.
    let asked = |kind| matches!(kind, CallKind::Clusters | CallKind::Unknown);
    assert!(fleet.cloud.calls().iter().all(|call| asked(call.kind)));
    let stored = fleet.stored().await;
    assert!(
        stored.groups.is_empty() && stored.claims.is_empty(),
        "nothing was done:\n{stored}"
    );
}

/// What a person meets first: no Secret, no definitions, a wrong kubeconfig.
async fn check_without_definitions(control_plane: &ControlPlane, file: &Path) {
    let clock = fleet_sim::SimClock::starting_at(chrono::Utc::now());
    let cloud = fleet_sim::Cloud::new(clock, 1);
    let url = serve_cloud(&cloud).await;
    fails(
        "no Secret",
        start(file, &url, LOOPBACK),
        3,
        &["no Secret kube-system/vpsie-secret", "create it"],
    )
    .await;
    write_secret(&control_plane.client(), &[("token", TOKEN)]).await;
    fails(
        "no definitions",
        start(file, &url, LOOPBACK),
        5,
        &["NodeGroup", "autoscaler crd"],
    )
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    fails(
        "no kubeconfig",
        start(&missing, &url, LOOPBACK),
        5,
        &["kubeconfig", "missing"],
    )
    .await;
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "clusters: [").expect("it can be written");
    fails(
        "bad kubeconfig",
        start(&wrong, &url, LOOPBACK),
        5,
        &["kubeconfig", "wrong"],
    )
    .await;
}
