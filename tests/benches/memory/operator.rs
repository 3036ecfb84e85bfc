//! The operator as a process of its own, and how much memory it has.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use kit::access::signal;
use tempfile::TempDir;

/// How the image is made.
const IMAGE: &str = include_str!("../../../deploy/Dockerfile");

/// A running operator; it ends with this value.
pub(super) struct Process {
    child: Child,
    _folder: TempDir,
}

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// What it has in memory now (`VmRSS`).
    pub(super) resident: u64,
    /// What of it is its own (`RssAnon`); the rest are pages of files, nearly all of them of the program.
    pub(super) own: u64,
    /// The most that it ever had (`VmHWM`).
    pub(super) peak: u64,
}

// === impl Process ===

impl Process {
    /// Starts the program as the image does, with the usual settings.
    pub(super) fn start(kubeconfig: &str, vpsie: &str) -> Self {
        let program = program();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kubeconfig");
        std::fs::write(&file, kubeconfig).expect("the folder can be written");
        let audit = format!("sqlite:{}", folder.path().join("audit.db").display());
        let child = Command::new(program)
            .args(["run", "--listen", "127.0.0.1:0", "--allow-plain-http-to-loopback"])
            .args(["--api-address", "127.0.0.1:0"])
            // What was taken over would rest for ten minutes, which is how long the churn takes.
            .args(["--first-removal-seconds", "0", "--post-sync-grace-seconds", "0"])
            .args(["--vpsie-url", vpsie, "--kubeconfig"])
            .arg(&file)
            .args(["--audit-store", &audit])
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .envs(environment())
            .env(
                "AUTOSCALER_LOG_LEVEL",
                std::env::var("AUTOSCALER_LOG_LEVEL").unwrap_or("error".to_owned()),
            )
            .spawn();
        Self {
            child: child.expect("the program was built"),
            _folder: folder,
        }
    }

    /// Reads how much memory it has.
    pub(super) fn memory(&self) -> Memory {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the operator runs");
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number
                .and_then(|number| number.parse().ok())
                .expect("Linux shows it in kB")
        };
        Memory {
            resident: value("VmRSS:"),
            own: value("RssAnon:"),
            peak: value("VmHWM:"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        signal(Some(self.child.id()), "-TERM");
        drop(self.child.wait());
    }
}

/// Returns the program to measure: the one that `AUTOSCALER` names, else the one of the image, built now.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("AUTOSCALER") {
        return program.into();
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--profile",
            "dist",
            "--locked",
            "--package",
            "autoscaler",
        ])
        .status();
    assert!(
        built.expect("cargo runs").success(),
        "the operator does not build"
    );
    let here = std::env::current_exe().expect("this program has a path");
    let folder = here.ancestors().nth(3);
    folder
        .expect("cargo puts benchmarks into release/deps")
        .join("dist/autoscaler")
}

/// Reads which environment the image gives the program; what is set here already stays as it is.
fn environment() -> impl Iterator<Item = (&'static str, &'static str)> {
    let (_, image) = IMAGE.rsplit_once("FROM ").expect("an image is made from another");
    let lines = image.lines().filter_map(|line| line.strip_prefix("ENV "));
    let values = lines
        .flat_map(str::split_whitespace)
        .filter_map(|word| word.split_once('='));
    values.filter(|(name, _)| std::env::var_os(name).is_none())
}
