//! `sim-cloud` as a process of its own: started with a scenario, asked over HTTP, and told to stop.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;
use vpsie_api::{
    CallError, Client, Credentials, HttpTransport, Retry, Settings, TransportSettings, VpsieApi,
};

/// How long the process may take to say where it listens, or to end.
const LIMIT: Duration = Duration::from_secs(30);

const SCENARIO: &str = "\
access: { token: token-of-the-file, client_id: me, client_secret: secret-of-the-file }
clusters:
  - { name: HEL-Kubernetes-c0de, groups: [{ name: GRP-small, size: 57, workers: 2 }] }
faults:
  - { call: clusters, nth: 3, effect: { rate_limited: { retry_after: 7s } } }
";

/// A running process, and the rest of what it prints.
struct SimCloud {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_autoscaler"));
    command
        .arg("sim-cloud")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

// === impl SimCloud ===

impl SimCloud {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .spawn()
            .expect("the program was built for this test");
        let stdout = child.stdout.take().expect("it is piped");
        let lines = BufReader::new(stdout).lines();
        Self { child, lines }
    }

    /// Reads what it says up to the line that begins so, and returns the rest of that line.
    async fn says(&mut self, label: &str) -> String {
        let find = async {
            while let Some(line) = self.lines.next_line().await.expect("it prints text") {
                if let Some(rest) = line.strip_prefix(label) {
                    return rest.trim().to_owned();
                }
            }
            panic!("it never said `{label}`")
        };
        timeout(LIMIT, find).await.expect("it says so in time")
    }

    /// Sends a signal and returns the exit code.
    async fn stop(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args([signal, &id]).status().await;
        assert!(told.expect("kill runs").success());
        let ended = timeout(LIMIT, self.child.wait()).await;
        ended.expect("it ends in time").expect("it ends").code()
    }
}

fn client(url: &str, credentials: Credentials) -> Client {
    let transport = HttpTransport::new(TransportSettings {
        allow_plain_http_to_loopback: true,
        ..TransportSettings::default()
    });
    let settings = Settings {
        base_url: url.to_owned(),
        retry: Retry::never(),
        ..Settings::default()
    };
    let transport = Arc::new(transport.expect("a transport"));
    Client::new(settings, credentials, transport).expect("the settings are right")
}

/// Deliver 4: any client is served what the scenario says, until the process is told to stop.
#[tokio::test]
async fn scenario_is_served_over_http_until_told_to_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("scenario.yaml");
    std::fs::write(&scenario, SCENARIO).expect("it can be written");
    let scenario = scenario.to_str().expect("a path of plain text");
    for signal in ["-TERM", "-INT"] {
        let mut process =
            SimCloud::start(&["--listen", "127.0.0.1:0", "--seed", "7", "--scenario", scenario]);
        let url = process.says("base URL").await;
        let token = process.says("token").await;
        assert_eq!(token, "token-of-the-file");
        let cluster = process.says("cluster").await;

        let wrong = client(&url, Credentials::Token("wrong".to_owned().into()));
        let refused = wrong.clusters().await;
        assert!(
            matches!(refused, Err(CallError::Unauthorized { .. })),
            "{refused:?}"
        );
        let vpsie = client(&url, Credentials::Token(token.into()));
        let clusters = vpsie.clusters().await.expect("it answers");
        let name = clusters[0].name.as_deref().expect("it has a name");
        assert_eq!(cluster, format!("{} {name}", clusters[0].identifier));
        assert_eq!((name, clusters[0].worker_count), ("HEL-Kubernetes-c0de", Some(2)));
        let CallError::RateLimited { retry_after, .. } = vpsie.clusters().await.expect_err("the third call")
        else {
            panic!("the fault of the scenario is another one")
        };
        assert_eq!(retry_after, Some(Duration::from_secs(7)));

        assert_eq!(process.stop(signal).await, Some(0), "{signal}");
        let gone = vpsie.clusters().await;
        assert!(matches!(gone, Err(CallError::NotSent { .. })), "{gone:?}");
    }
}

/// Bad input: an address or a scenario that cannot be used ends with 2 and says what to do.
#[tokio::test]
async fn wrong_address_or_scenario_ends_with_two() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let taken = taken.local_addr().map(|address| (address.to_string(), taken));
    let (taken, _listener) = taken.expect("its address");
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(&wrong, "clusters: [{ name: a, colour: red }]").expect("it can be written");
    let wrong = wrong.to_str().expect("a path of plain text");
    for (arguments, words) in [
        (["--listen", taken.as_str()], ["use another --listen", &taken]),
        (["--listen", "0.0.0.0:0"], ["--allow-remote", "0.0.0.0"]),
        (["--scenario", wrong], ["colour", wrong]),
        (
            ["--scenario", "/no/such/file.yaml"],
            ["the scenario", "/no/such/file.yaml"],
        ),
    ] {
        let ended = timeout(LIMIT, command(&arguments).output()).await;
        let output = ended.expect("it ends in time").expect("it runs");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        for word in words {
            assert!(message.contains(word), "{arguments:?}: no `{word}` in: {message}");
        }
        assert!(output.stdout.is_empty(), "a failure prints no result");
    }
}
