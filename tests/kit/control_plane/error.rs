//! Why a control plane did not start, and what to do about it.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Says why a control plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum ControlPlaneError {
    /// Says that etcd or kube-apiserver is nowhere to be found.
    #[error("needs a real control plane: {advice}")]
    NotFound {
        /// What the script that looks for them said, which names the way out.
        advice: String,
    },
    /// Says that the script that looks for the binaries could not run.
    #[error("running {script} failed; it needs bash")]
    Script {
        /// The script.
        script: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Says that the temporary folder could not be made.
    #[error("making a temporary folder failed; is there space and a writable TMPDIR")]
    Folder(#[source] std::io::Error),
    /// Says that a file in the temporary folder could not be written.
    #[error("writing {path} failed")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Says that keys or certificates could not be made.
    #[error("making keys and certificates failed")]
    Certificates(#[from] rcgen::Error),
    /// Says that a free loopback port could not be found.
    #[error("looking for a free port on 127.0.0.1 failed")]
    Port(#[source] std::io::Error),
    /// Says that every free port was taken before the server could have it.
    #[error("a free port was taken by somebody else {attempts} times in a row; run it again")]
    NoPort {
        /// How many ports were tried.
        attempts: u32,
    },
    /// Says that a process could not be started.
    #[error("starting {program} failed")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Says that a process ended while it was being waited for.
    #[error("{program} ended with {status}; its last lines:\n{log}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it logged last.
        log: String,
    },
    /// Says that the API server did not get ready in time.
    #[error("kube-apiserver was not ready after {limit:?}; its last lines:\n{log}")]
    NotReady {
        /// How long it was waited for.
        limit: Duration,
        /// What it logged last.
        log: String,
    },
    /// Says that no client could be made from the kubeconfig just written.
    #[error("making a client from the new kubeconfig failed")]
    Client(#[source] Box<kube::Error>),
}

// === impl ControlPlaneError ===

impl ControlPlaneError {
    /// Writes the error and everything below it on one line.
    pub(super) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
