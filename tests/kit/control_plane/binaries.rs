//! Where the programs of a control plane are, or the loud word that a test is skipped without them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ControlPlaneError;

/// The variable that turns a missing control plane from a skip into a failure.
const REQUIRE_REAL: &str = "REQUIRE_REAL";

/// What every control plane needs.
pub(super) const SERVERS: &[&str] = &["etcd", "kube-apiserver"];

/// What one needs that also binds pods to Nodes and keeps the status of PodDisruptionBudgets.
pub(super) const ALL: &[&str] = &[
    "etcd",
    "kube-apiserver",
    "kube-scheduler",
    "kube-controller-manager",
];

/// Names the folder that holds the programs.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

// === impl Binaries ===

impl Binaries {
    /// Finds etcd and kube-apiserver where `scripts/control-plane` looks for them; builds nothing.
    ///
    /// # Errors
    /// Returns [`ControlPlaneError::NotFound`] with the way out when there are none.
    pub fn find() -> Result<Self, ControlPlaneError> {
        Self::find_all(SERVERS)
    }

    /// Finds the one folder that holds all these programs.
    pub(super) fn find_all(programs: &[&str]) -> Result<Self, ControlPlaneError> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/control-plane");
        let mut command = Command::new("bash");
        match command.arg(&script).arg("--find").args(programs).output() {
            Err(source) => Err(ControlPlaneError::Script { script, source }),
            Ok(output) if output.status.success() => {
                let folder = String::from_utf8_lossy(&output.stdout);
                Ok(Self {
                    folder: PathBuf::from(folder.trim_end()),
                })
            }
            Ok(output) => {
                let advice = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                Err(ControlPlaneError::NotFound { advice })
            }
        }
    }

    /// Takes the binaries from this folder without looking.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Finds the programs, or says loudly that `test` is skipped; with `REQUIRE_REAL=1` panics instead.
pub(super) fn find_or_skip(test: &str, programs: &[&str]) -> Option<Binaries> {
    let missing = match Binaries::find_all(programs) {
        Ok(binaries) => return Some(binaries),
        Err(missing) => missing,
    };
    if std::env::var_os(REQUIRE_REAL).is_some_and(|value| value == "1") {
        panic!("{test} {missing} ({REQUIRE_REAL}=1 forbids to skip it)");
    }
    // The test harness hides what `eprintln!` writes in a test that passes; a skip must be seen. A
    // closed stderr leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "SKIPPED ({missing}): {test}");
    None
}
