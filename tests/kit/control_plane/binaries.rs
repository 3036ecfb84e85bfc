//! Where etcd and kube-apiserver are, or the loud word that a test is skipped without them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ControlPlaneError;

/// The variable that turns a missing control plane from a skip into a failure.
const REQUIRE_REAL: &str = "REQUIRE_REAL";

/// Names the folder that holds etcd and kube-apiserver.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

// === impl Binaries ===

impl Binaries {
    /// Finds the binaries where `scripts/control-plane` looks for them; builds nothing.
    ///
    /// # Errors
    /// Returns [`ControlPlaneError::NotFound`] with the way out when there are none.
    pub fn find() -> Result<Self, ControlPlaneError> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/control-plane");
        match Command::new("bash").arg(&script).arg("--find").output() {
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

    pub(super) fn etcd(&self) -> PathBuf {
        self.folder.join("etcd")
    }

    pub(super) fn api_server(&self) -> PathBuf {
        self.folder.join("kube-apiserver")
    }
}

/// Finds the binaries, or says loudly that `test` is skipped; with `REQUIRE_REAL=1` panics instead.
pub(super) fn find_or_skip(test: &str) -> Option<Binaries> {
    let missing = match Binaries::find() {
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
