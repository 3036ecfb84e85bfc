//! What a client needs to know before its first call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::{Family, PathPrefixes};

/// Tells the time; replaced in tests and simulations.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Configures a [`Client`](crate::Client).
#[derive(Clone)]
pub struct Settings {
    /// Where the API lives, path prefix included.
    pub base_url: String,
    /// Families of calls that live elsewhere on the same host.
    pub path_prefixes: PathPrefixes,
    /// What we call ourselves.
    pub user_agent: String,
    /// Bounds the wait for a token and for our own rate limit before a request that
    /// changes something. Later than this after the call it is not sent at all: what was
    /// true when its sender decided may be true no longer.
    pub start_within: Duration,
    /// Bounds the wait of a request that only reads for our own rate limit.
    pub wait_at_most: Duration,
    /// Bounds the requests in any minute, all callers together.
    pub calls_per_minute: u32,
    /// When requests that only read are repeated.
    pub retry: Retry,
    /// When VPSie is left alone for a while.
    pub breaker: BreakerSettings,
    /// How a personal access token is sent.
    pub token_header: AuthHeader,
    /// How a token is sent that was got for a client id and secret.
    pub client_header: AuthHeader,
    /// The clock that decides when a token is too old.
    pub now: Now,
}

impl Settings {
    /// The address that current official clients use.
    pub const DEFAULT_BASE_URL: &'static str = "https://api.vpsie.com/apps/v2";

    /// What an older client has limited itself to; VPSie's own limit is unknown.
    pub const DEFAULT_CALLS_PER_MINUTE: u32 = 100;

    /// Fewer cannot be shared out so that removals keep a part of their own.
    pub const FEWEST_CALLS_PER_MINUTE: u32 = 6;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            path_prefixes: PathPrefixes::default(),
            user_agent: concat!("vpsie-autoscaler/", env!("CARGO_PKG_VERSION")).to_owned(),
            start_within: Duration::from_secs(2),
            wait_at_most: Duration::from_secs(60),
            calls_per_minute: Self::DEFAULT_CALLS_PER_MINUTE,
            retry: Retry::default(),
            breaker: BreakerSettings::default(),
            token_header: AuthHeader::VpsieAuth,
            client_header: AuthHeader::Bearer,
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
            .field("path_prefixes", &self.path_prefixes)
            .field("user_agent", &self.user_agent)
            .field("start_within", &self.start_within)
            .field("wait_at_most", &self.wait_at_most)
            .field("calls_per_minute", &self.calls_per_minute)
            .field("retry", &self.retry)
            .field("breaker", &self.breaker)
            .field("token_header", &self.token_header)
            .field("client_header", &self.client_header)
            .finish_non_exhaustive()
    }
}

/// Limits how often a request that only reads is repeated.
///
/// A request that changes something is never repeated, whatever this says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Bounds the attempts, the first one included.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles, and up to as much again is added by chance.
    pub first_delay: Duration,
    /// Bounds the wait that doubles.
    pub longest_delay: Duration,
    /// No attempt begins later than this after the call. A `Retry-After` beyond it ends the call.
    pub total: Duration,
    /// Makes the part of the wait that is left to chance repeatable, for simulations.
    pub seed: Option<u64>,
}

impl Retry {
    /// Repeats nothing.
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(5),
            total: Duration::from_secs(20),
            seed: None,
        }
    }
}

/// Says when VPSie is in such trouble that it is left alone, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row: connection errors, time-outs, 5xx and 429.
    pub failures: u32,
    /// For so long nothing is sent; then one request tries whether VPSie is back.
    pub open_for: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures: 5,
            open_for: Duration::from_secs(30),
        }
    }
}

/// Names the header that carries a token. Programs for VPSie disagree about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthHeader {
    /// `Vpsie-Auth: <token>`.
    VpsieAuth,
    /// `Authorization: Bearer <token>`.
    Bearer,
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
    /// The path of a family is no plain path.
    #[error("the path of {family:?} is no path; use one like /api/v2")]
    PathPrefix {
        /// Which family.
        family: Family,
    },
    /// The user agent cannot be sent as a header.
    #[error("the user agent holds characters that a header cannot carry; use plain ASCII")]
    UserAgent,
    /// The rate limit leaves too little to share out.
    #[error(
        "{calls} calls in a minute are too few; allow at least {}",
        Settings::FEWEST_CALLS_PER_MINUTE
    )]
    CallsPerMinute {
        /// How many were allowed.
        calls: u32,
    },
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
