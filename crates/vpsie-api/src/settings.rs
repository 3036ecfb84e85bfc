//! What a client needs to know before its first call.

use std::fmt;
use std::sync::Arc;

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
            now: Arc::new(Utc::now),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("base_url", &self.base_url)
            .field("user_agent", &self.user_agent)
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
