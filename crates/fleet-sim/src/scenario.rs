//! Scenario files: a simulated cloud, its behaviour, its faults and what happens in it, as one text.
//!
//! The format is YAML, and JSON with it; `docs/simulated-cloud.md` describes every field. A field that is not
//! known is refused by its name, so that a misspelt fault is never a fault that silently does not happen.

mod build;
mod check;
mod error;
mod fault;
mod file;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

pub use self::error::ScenarioError;
use self::file::File;
use crate::cloud::{CLIENT_ID, CLIENT_SECRET, TOKEN};

/// Holds a scenario that was read and found whole.
#[derive(Clone, Debug)]
pub struct Scenario {
    file: File,
}

/// Holds what a cloud accepts. It opens nothing real.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The personal token.
    pub token: String,
    /// The client id of the token exchange.
    pub client_id: String,
    /// The secret of the client.
    pub client_secret: String,
}

// === impl Scenario ===

impl Scenario {
    /// Reads a scenario from YAML or JSON.
    ///
    /// # Errors
    /// When the text is neither, has a field that is not known, or contradicts itself. The error names the
    /// line and the field.
    ///
    /// # Examples
    /// ```
    /// use fleet_sim::scenario::Scenario;
    ///
    /// let text = "clusters: [{name: HEL-Kubernetes-49ab, groups: [{name: web, size: 58}]}]";
    /// assert!(Scenario::read(text).is_ok());
    ///
    /// let error = Scenario::read("clusters:\n  - {name: a, colour: blue}").unwrap_err();
    /// assert_eq!(error.line(), 2);
    /// assert!(error.to_string().contains("unknown field `colour`"));
    /// ```
    pub fn read(text: &str) -> Result<Self, ScenarioError> {
        let file = file::read(text)?;
        check::check(&file)?;
        Ok(Self { file })
    }

    /// Returns the scenario of a cloud that nobody described: one cluster, one group, two workers.
    pub fn standard() -> Self {
        Self::read(include_str!("../scenarios/standard.yaml")).expect("a test reads the standard scenario")
    }

    /// Returns the seed that the file names.
    pub fn seed(&self) -> Option<u64> {
        self.file.seed
    }

    /// Returns the time at which the file lets the world begin.
    pub fn start(&self) -> Option<DateTime<Utc>> {
        self.file.start.as_ref().map(|start| start.value)
    }

    /// Returns what a cloud of this scenario accepts at first.
    pub fn credentials(&self) -> Credentials {
        let access = &self.file.access;
        let or = |text: &Option<file::At<String>>, usual: &str| {
            text.as_ref().map_or(usual, |text| &text.value).to_owned()
        };
        Credentials {
            token: or(&access.token, TOKEN),
            client_id: or(&access.client_id, CLIENT_ID),
            client_secret: or(&access.client_secret, CLIENT_SECRET),
        }
    }
}
