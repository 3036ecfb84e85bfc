//! A process of `run` that serves its API, and whoever asks it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kit::visitor::{self, free_port};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long the process may take to answer as expected, on two cores that also compile.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

const RUN: &str = "run --poll-interval-seconds 1 --vpsie-calls-per-minute 10000 --allow-plain-http-to-loopback \
                   --listen 127.0.0.1:0 --discovery-services default/shop --api-refresh";

/// A running process, and where its API is reached.
pub(crate) struct Served {
    child: Child,
    pub(crate) port: u16,
}

// === impl Served ===

impl Served {
    /// Serves the API on an address of this machine, at a port that nobody listens on.
    pub(crate) async fn start(kubeconfig: &Path, vpsie: &str, address: &str) -> Self {
        let without_probes = ["--discovery-health-check-seconds", "0"];
        Self::start_with(kubeconfig, vpsie, address, &without_probes).await
    }

    /// Serves it with more arguments.
    pub(crate) async fn start_with(kubeconfig: &Path, vpsie: &str, address: &str, more: &[&str]) -> Self {
        let port = free_port().await;
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
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program was built for this test");
        Self { child, port }
    }

    /// Asks for a path, and reads the answer as JSON, null where there is none; nothing when nobody answers.
    pub(crate) async fn ask(&self, method: &str, path: &str, token: Option<&str>) -> Option<(u16, Value)> {
        let token = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<(&str, &str)> = token
            .iter()
            .map(|token| ("Authorization", token.as_str()))
            .collect();
        let answer = visitor::ask(self.port, method, path, &headers).await?;
        Some((answer.code, answer.json()))
    }

    /// Waits until a path is answered with something that fits.
    pub(crate) async fn until(
        &mut self,
        path: &str,
        token: Option<&str>,
        fits: impl Fn(u16, &Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.ask("GET", path, token).await;
            if let Some((code, body)) = &answer
                && fits(*code, body)
            {
                return body.clone();
            }
            self.check_running();
            assert!(Instant::now() < deadline, "{path} answers: {answer:?}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Checks that the process has not ended.
    #[track_caller]
    pub(crate) fn check_running(&mut self) {
        let ended = self.child.try_wait().expect("it can be asked");
        assert!(ended.is_none(), "the process has ended: {ended:?}");
    }
}
