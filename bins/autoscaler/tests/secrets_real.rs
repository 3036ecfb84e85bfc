//! Whatever `run` meets, no secret is in what it prints, even where it logs everything.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use k8s_openapi::api::coordination::v1::Lease;
use kit::access::{serve_cloud, signal, write_secret};
use kit::control_plane::ControlPlane;
use kit::fleet::{Fleet, LEASE};
use kit::visitor;
use kube::Api;
use kube::api::{Patch, PatchParams};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const TOKEN: &str = "unmistakable-token-7f3a";
const CLIENT_SECRET: &str = "unmistakable-secret-91bc";
const INITIAL_PASSWORD: &str = "unmistakable-password-c0de";

/// What must never be printed. The simulated VPSie calls the tokens that it exchanges
/// `exchanged-token-1` and so on; Secrets travel in base64, of which the part that does not
/// depend on the end is looked for; and the key of the kubeconfig is a secret, too.
const SECRETS: [&str; 7] = [
    TOKEN,
    CLIENT_SECRET,
    INITIAL_PASSWORD,
    "exchanged-token",
    // "unmistakable-tok" and "unmistakable-sec" in base64.
    "dW5taXN0YWthYmxlLXRva",
    "dW5taXN0YWthYmxlLXNlY",
    "PRIVATE KEY",
];

/// How long a run may take to end after it was told to, or by itself.
const END_LIMIT: Duration = Duration::from_secs(60);

/// For how long the stream of the API is heard: it tells everything at once.
const HEARD: Duration = Duration::from_secs(2);

/// A run, and what collects all that it prints: at this level a pipe that nobody reads is soon full.
struct Run {
    id: u32,
    /// Where its API is.
    port: u16,
    output: JoinHandle<io::Result<Output>>,
}

async fn start(kubeconfig: &Path, url: &str, log_format: &str) -> Run {
    let fixed = "run --log-level trace --poll-interval-seconds 1 --vpsie-calls-per-minute 10000 \
                 --allow-plain-http-to-loopback --listen 127.0.0.1:0 --discovery-services default/shop";
    let port = visitor::free_port().await;
    let api = format!("127.0.0.1:{port}");
    let child = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args(fixed.split_whitespace())
        .args(["--api-address", &api, "--log-format", log_format])
        .args(["--vpsie-url", url, "--kubeconfig"])
        .arg(kubeconfig)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program was built for this test");
    Run {
        id: child.id().expect("it has just begun"),
        port,
        output: tokio::spawn(child.wait_with_output()),
    }
}

/// Waits for the end of a run and returns its exit code and all that it printed.
async fn ended(run: Run) -> (Option<i32>, String) {
    let output = timeout(END_LIMIT, run.output).await.expect("it ends in time");
    let output = output.expect("no panic").expect("it ends");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// Tells a run to stop, and does what [`ended`] does.
async fn stopped(run: Run) -> (Option<i32>, String) {
    signal(Some(run.id), "-TERM");
    ended(run).await
}

/// Asks for everything that the API describes, and returns all answers, with their headers.
async fn everything_of_the_api(run: &Run) -> String {
    let ask = |path: String| async move {
        let answer = visitor::ask(run.port, "GET", &path, &[]).await;
        answer.unwrap_or_else(|| panic!("{path}: nobody answers"))
    };
    let description = ask("/api/openapi.json".to_owned()).await.json();
    let paths = description["paths"].as_object().expect("paths");
    assert!(paths.len() > 8, "{paths:?}");
    let mut all = visitor::overhear(run.port, "/api/stream", HEARD).await;
    for (path, methods) in paths {
        if methods.get("get").is_none() || path == "/api/stream" {
            continue;
        }
        let answer = ask(path.clone()).await;
        assert!(answer.code == 200, "{path}: {answer:?}");
        all.push_str(&format!("{path}\n{}\n{}\n", answer.head, answer.body));
        // What makes no sense is repeated in no answer either.
        let asked = format!("{path}?token={TOKEN}");
        all.push_str(&format!("{:?}\n", ask(asked).await));
    }
    all
}

/// Checks that the output says this much, and no secret.
#[track_caller]
fn check(what: &str, output: &str, words: &[&str]) {
    for word in words {
        assert!(output.contains(word), "{what}: no `{word}` in:\n{output}");
    }
    let lines = output.lines();
    let leaks: Vec<&str> = lines
        .filter(|line| SECRETS.iter().any(|secret| line.contains(secret)))
        .collect();
    assert!(leaks.is_empty(), "{what}: secrets are in:\n{}", leaks.join("\n"));
}

/// All that VPSie knows of a client and should keep to itself, as it could come back in an answer.
fn everything() -> String {
    format!(
        "Vpsie-Auth: {TOKEN} Authorization: Bearer exchanged-token-1 clientSecret={CLIENT_SECRET} \
         initial_password={INITIAL_PASSWORD}"
    )
}

/// Lets VPSie answer with everything: in the nodes of a sound answer, in half of one, in web pages
/// and in errors. A read that may be repeated meets them one after the other.
fn make_it_talk(fleet: &Fleet) {
    let everything = everything();
    let node = format!(
        r#"{{"id":71001,"hostname":"app-1","identifier":"2a7e","initial_password":"{INITIAL_PASSWORD}"}}"#
    );
    let cluster = &fleet.cluster;
    let sound =
        format!(r#"{{"error":false,"data":{{"identifier":"{cluster}","count":1,"nodes":[{node}]}}}}"#);
    let page = format!("<html>{everything}</html>");
    let error = format!(r#"{{"error":true,"message":"{everything}"}}"#);
    let half = sound.chars().take(sound.len() - 9).collect();
    let first = [(200, sound), (200, half), (200, page.clone()), (502, page)];
    let then = [400, 500, 500, 500, 401].map(|status| (status, error.clone()));
    for (status, body) in first.into_iter().chain(then) {
        let effect = FaultEffect::Status(status, body);
        fleet.cloud.fault(Fault::on(CallKind::Cluster, effect));
    }
}

/// Done when: nothing in the logs contains a secret, whatever the credentials and the answers; and nothing that is stored in
/// Kubernetes or told by the HTTP API either.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_output_of_the_process() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = kit::deploy::operator(&control_plane).await;
    fleet.cloud.accept_only_token(TOKEN);
    fleet.cloud.accept_only_client("somebody", CLIENT_SECRET);
    let url = serve_cloud(&fleet.cloud).await;
    let pair = [("clientId", "somebody"), ("clientSecret", CLIENT_SECRET)];
    // One size each, since VPSie has one group of a size.
    for (kind, size, entries, log_format) in [
        ("token", 57, &[("token", TOKEN)][..], "text"),
        ("pair", 58, &pair[..], "json"),
    ] {
        write_secret(&control_plane.client(), entries).await;
        make_it_talk(&fleet);
        let run = start(operator.kubeconfig(), &url, log_format).await;
        fleet.create(&fleet.node_group(kind, size, 1)).await;
        let is_done = |stored: &kit::fleet::Stored| stored.counts(kind, 1, 1);
        fleet
            .until(kind, |stored| {
                is_done(stored) && fleet.cloud.has_no_pending_faults()
            })
            .await;
        let stored = refuse_a_worker(&fleet, kind, size).await;
        check("the stored objects", &stored, &["limit reached", "[redacted]"]);
        let told = everything_of_the_api(&run).await;
        let words = [
            "event: snapshot",
            "limit reached",
            "[redacted]",
            "\"identifier\":",
            "/api/audit/stats",
        ];
        check("the API", &told, &words);
        let (code, output) = stopped(run).await;
        let words = ["TRACE", "worker asked for", "[redacted]", "told to stop"];
        check(kind, &output, &words);
        assert_eq!(code, Some(0), "{kind}");
    }
}

/// Lets VPSie refuse the next worker of a group with everything, and returns what is stored of it.
async fn refuse_a_worker(fleet: &Fleet, group: &str, size: i64) -> String {
    let refusal = format!(r#"{{"error":true,"message":"limit reached {}"}}"#, everything());
    let effect = FaultEffect::Status(400, refusal);
    fleet.cloud.fault(Fault::on(CallKind::AddWorker, effect));
    let api = fleet.api::<autoscaler_controller::resources::NodeGroup>();
    let more = serde_json::json!({ "spec": { "minNodes": 2 } });
    let patched = api
        .patch(group, &PatchParams::default(), &Patch::Merge(more))
        .await;
    assert_eq!(patched.expect("it is accepted").spec.kube_size_id, Some(size));
    let text = |stored: &kit::fleet::Stored| serde_json::to_string(&stored.claims).expect("they are JSON");
    let refused = fleet.until("the refusal is shown", |stored| {
        text(stored).contains("limit reached")
    });
    text(&refused.await)
}

/// Returns who holds the Lease.
async fn holder(control_plane: &ControlPlane) -> Option<String> {
    let api = Api::<Lease>::namespaced(control_plane.client(), kit::deploy::NAMESPACE);
    let lease = api.get_opt(LEASE).await.expect("the API server answers");
    let holder = lease.and_then(|lease| lease.spec?.holder_identity);
    holder.filter(|holder| !holder.is_empty())
}

/// Waits until somebody leads who is not this earlier one, which is after all that is asked at the start. Each process has a name
/// of its own.
async fn until_another_leads(control_plane: &ControlPlane, earlier: Option<&str>) {
    let led = async {
        while holder(control_plane)
            .await
            .is_none_or(|holder| Some(&*holder) == earlier)
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(END_LIMIT, led).await.expect("it leads in time");
}

/// Done when: what is printed at the very start, where most goes wrong, contains no secret either.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_complaint_about_the_start() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = kit::deploy::operator(&control_plane).await;
    let url = serve_cloud(&fleet.cloud).await;
    let page = FaultEffect::Status(502, format!("<html>{}</html>", everything()));
    let pair = [("clientId", "somebody"), ("clientSecret", CLIENT_SECRET)];
    for (entries, kind) in [
        (&[("token", TOKEN)][..], CallKind::Clusters),
        (&pair[..], CallKind::Authenticate),
    ] {
        write_secret(&control_plane.client(), entries).await;
        let (code, output) = ended(start(operator.kubeconfig(), &url, "text").await).await;
        check("wrong credentials", &output, &["TRACE", "does not accept"]);
        assert_eq!(code, Some(3), "{output}");
        let missing = FaultEffect::Status(404, format!(r#"{{"error":true,"message":"{}"}}"#, everything()));
        fleet.cloud.fault(Fault::on(kind, missing));
        let (code, output) = ended(start(operator.kubeconfig(), &url, "text").await).await;
        check("a path that is not there", &output, &["TRACE"]);
        assert!(matches!(code, Some(3 | 4)), "{output}");
        // As often as a read is tried.
        fleet.cloud.fault(Fault::on(kind, page.clone()).times(3));
        let earlier = holder(&control_plane).await;
        let run = start(operator.kubeconfig(), &url, "text").await;
        until_another_leads(&control_plane, earlier.as_deref()).await;
        let (code, output) = stopped(run).await;
        check("web pages", &output, &["TRACE", "a web page came", "[redacted]"]);
        assert_eq!(code, Some(0), "{output}");
    }
}
