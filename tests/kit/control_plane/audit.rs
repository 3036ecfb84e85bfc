//! What service accounts asked of the API server, as the server itself tells it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::credentials::write;
use super::{ControlPlane, ControlPlaneError};

/// Only service accounts are told of: the operator is one, the test and the simulated kubelets are not.
const POLICY: &str = r#"{
  "apiVersion": "audit.k8s.io/v1",
  "kind": "Policy",
  "omitStages": ["RequestReceived"],
  "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}]
}"#;

/// What is asked for, in the words of RBAC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The API group; empty for the core.
    pub group: String,
    /// The resource, with its subresource after a slash.
    pub resource: String,
    /// The verb.
    pub verb: String,
}

/// The rights that service accounts made use of, and those they lacked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// What was allowed, whatever came of it.
    pub allowed: BTreeSet<Right>,
    /// What was forbidden.
    pub forbidden: BTreeSet<Right>,
}

// === impl Right ===

impl std::fmt::Display for Right {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        write!(formatter, "{} {}{dot}{}", self.verb, self.resource, self.group)
    }
}

// === impl ControlPlane ===

impl ControlPlane {
    /// Tells what service accounts have asked for so far, from this many bytes of the log on.
    ///
    /// # Panics
    /// Panics when the API server has not written its log.
    pub fn asked(&self, from: usize) -> Asked {
        let log = std::fs::read(log_file(self.folder.path())).expect("the API server keeps a log");
        let mut asked = Asked::default();
        // A line that is still being written is read the next time.
        let whole = log.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        for line in String::from_utf8_lossy(&log[from.min(whole)..whole]).lines() {
            let Ok(entry) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let Some(right) = right(&entry) else { continue };
            if entry["annotations"]["authorization.k8s.io/decision"] == "allow" {
                asked.allowed.insert(right);
            } else {
                asked.forbidden.insert(right);
            }
        }
        asked
    }

    /// Returns how long the log is by now.
    pub fn asked_bytes(&self) -> usize {
        let log = std::fs::metadata(log_file(self.folder.path()));
        log.map_or(0, |log| usize::try_from(log.len()).unwrap_or(usize::MAX))
    }
}

/// Reads one entry; paths that are no resources, such as `/version`, are no rights of a role of ours.
fn right(entry: &Value) -> Option<Right> {
    let object = entry.get("objectRef")?;
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let slash = if text("subresource").is_empty() { "" } else { "/" };
    Some(Right {
        group: text("apiGroup"),
        resource: format!("{}{slash}{}", text("resource"), text("subresource")),
        verb: entry["verb"].as_str()?.to_owned(),
    })
}

pub(super) fn write_policy(folder: &Path) -> Result<(), ControlPlaneError> {
    write(&policy_file(folder), POLICY)
}

pub(super) fn policy_file(folder: &Path) -> PathBuf {
    folder.join("audit-policy.json")
}

pub(super) fn log_file(folder: &Path) -> PathBuf {
    folder.join("audit.log")
}
