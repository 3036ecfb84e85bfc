//! What a client needs to know before its first call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

/// Tells the time; replaced in tests and simulations.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Configures a [`Client`](crate::Client).
#[derive(Clone)]
pub struct Settings {
    /// Where the API lives, path prefix included.
    pub base_url: String,
    /// What we call ourselves.
    pub user_agent: String,
    /// Bounds the wait for a token before a request that changes something. Later than
    /// this after the call it is not sent at all: what was true when its sender decided
    /// may be true no longer.
    pub start_within: Duration,
    /// The clock that decides when a token is too old.
    pub now: Now,
}

impl Settings {
    /// The address that current official clients use.
    pub const DEFAULT_BASE_URL: &'static str = "https://api.vpsie.com/apps/v2";
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            user_agent: concat!("vpsie-autoscaler/", env!("CARGO_PKG_VERSION")).to_owned(),
            start_within: Duration::from_secs(2),
            now: Arc::new(Utc::now),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL with a user name is refused later; until then it could hold a password.
        let base_url = if self.base_url.contains('@') {
            "[redacted]"
        } else {
            &self.base_url
        };
        formatter
            .debug_struct("Settings")
            .field("base_url", &base_url)
            .field("user_agent", &self.user_agent)
            .field("start_within", &self.start_within)
            .finish_non_exhaustive()
    }
}

/// Says which setting cannot work, and what would.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// The base URL is not an absolute http or https URL.
    #[error("the VPSie URL {reason}; use one like {}", Settings::DEFAULT_BASE_URL)]
    BaseUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// The user agent cannot be sent as a header.
    #[error("the user agent holds characters that a header cannot carry; use plain ASCII")]
    UserAgent,
    /// A part of the credentials is empty.
    #[error("the VPSie {part} is empty; put it into the Secret")]
    EmptyCredential {
        /// Which part.
        part: &'static str,
    },
    /// The token cannot be sent as a header.
    #[error("the VPSie token holds characters that a header cannot carry; copy it again")]
    TokenNotPrintable,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {reason}; install the system's CA certificates")]
    Tls {
        /// What is missing.
        reason: String,
    },
}
