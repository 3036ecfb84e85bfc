//! Where each family of calls lives: official programs disagree about it.

use std::collections::BTreeMap;

use url::Url;

use crate::{Settings, SettingsError};

/// Names calls that live below one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The exchange of a client id and secret for a token.
    Authentication,
    /// Managed clusters, their nodes, groups and sizes.
    Kubernetes,
    /// Virtual machines; one official program looks for them below `/api/v2`.
    Vms,
    /// Virtual machines that are still being made.
    PendingVms,
    /// Hosts of volumes.
    Storages,
    /// Categories of plans, only ever seen below `/api/v2`.
    PlanCategories,
    /// Plans.
    Plans,
    /// Data centres, SSH keys, projects and tags.
    Account,
}

/// Holds the paths of families that do not live below the path of the base URL.
///
/// # Examples
/// ```
/// use vpsie_api::{Family, PathPrefixes, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!(settings.path_prefixes.of(Family::PlanCategories), Some("/api/v2"));
/// settings.path_prefixes = PathPrefixes::default().with(Family::Vms, "/api/v2");
/// assert_eq!(settings.path_prefixes.of(Family::Kubernetes), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPrefixes(BTreeMap<Family, String>);

impl PathPrefixes {
    /// Lets every family live below the path of the base URL.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Replaces, for one family, the path of the base URL.
    #[must_use]
    pub fn with(mut self, family: Family, path: impl Into<String>) -> Self {
        self.0.insert(family, path.into());
        self
    }

    /// Returns the path of a family, where it has one of its own.
    pub fn of(&self, family: Family) -> Option<&str> {
        self.0.get(&family).map(String::as_str)
    }
}

/// Has the one family elsewhere that is known from nowhere else.
impl Default for PathPrefixes {
    fn default() -> Self {
        Self::none().with(Family::PlanCategories, "/api/v2")
    }
}

/// Holds the checked base URL of every family.
pub(crate) struct Bases {
    base: Url,
    elsewhere: BTreeMap<Family, Url>,
}

impl Bases {
    /// Checks the settings.
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base = base(&settings.base_url)?;
        let mut elsewhere = BTreeMap::new();
        for (family, path) in &settings.path_prefixes.0 {
            if !path.starts_with('/') || path.contains(['?', '#', '\\']) || path.contains("//") {
                return Err(SettingsError::PathPrefix { family: *family });
            }
            let mut url = base.clone();
            url.set_path(path);
            elsewhere.insert(*family, url);
        }
        Ok(Self { base, elsewhere })
    }

    /// Returns the URL below which a family lives.
    pub(crate) fn of(&self, family: Family) -> &Url {
        self.elsewhere.get(&family).unwrap_or(&self.base)
    }

    /// Returns the base URL.
    pub(crate) fn as_str(&self) -> &str {
        self.base.as_str()
    }
}

/// Reads the base URL. Whether plain HTTP may be spoken is for the transport to say.
fn base(text: &str) -> Result<Url, SettingsError> {
    let wrong = |reason: &str| SettingsError::BaseUrl {
        reason: reason.to_owned(),
    };
    let url = Url::parse(text.trim()).map_err(|error| wrong(&format!("cannot be read ({error})")))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong("is neither https nor http"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user name or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("holds a query or a fragment"));
    }
    Ok(url)
}
