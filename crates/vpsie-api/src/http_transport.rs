//! The transport that really goes out: HTTPS, limited in time and size.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;
use url::{Host, Url};

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
///
/// # Guarantees
/// Each request goes out at most once: no retries, no redirects, and no connection is
/// used twice, so that none can turn out to be dead after a request was written to it.
#[derive(Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    settings: TransportSettings,
}

impl HttpTransport {
    /// Sets up TLS. Needs no process-wide provider of cryptography.
    ///
    /// # Errors
    /// When the system has no trusted certificates.
    pub fn new(settings: TransportSettings) -> Result<Self, SettingsError> {
        let tls = tls_versions()?
            .with_platform_verifier()
            .map_err(|error| broken(&error))?;
        Self::with_tls(settings, tls.with_no_client_auth())
    }

    fn with_tls(settings: TransportSettings, tls: ClientConfig) -> Result<Self, SettingsError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0);
        if settings.allow_plain_http_to_loopback {
            // A proxy would make another machine of the loopback address.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| broken(&error))?;
        Ok(Self { client, settings })
    }

    /// Checks a base URL without asking anybody, so that a wrong one is told from a VPSie that does not answer.
    ///
    /// # Errors
    /// When no request to this address would ever leave.
    pub fn check_base_url(&self, url: &str) -> Result<(), SettingsError> {
        self.check_address(url).map_err(|why| SettingsError::BaseUrl {
            reason: format!("cannot be used: {why}"),
        })
    }

    /// Refuses to talk in the clear, except to this machine where that is allowed.
    fn check_address(&self, url: &str) -> Result<(), &'static str> {
        let Ok(url) = Url::parse(url) else {
            return Err("the address is no absolute URL");
        };
        match url.scheme() {
            "https" => Ok(()),
            "http" if !self.settings.allow_plain_http_to_loopback => {
                Err("plain HTTP is not allowed, use https")
            }
            "http" if !is_loopback(&url) => Err("plain HTTP is allowed to this machine only, use https"),
            "http" => Ok(()),
            _ => Err("the address is not https"),
        }
    }

    /// Reads the answer, but not beyond the limit.
    async fn read(&self, response: &mut reqwest::Response) -> Result<Bytes, TransportError> {
        let limit = self.settings.body_limit;
        let too_long = |length: u64| usize::try_from(length).map_or(true, |length| length > limit);
        if response.content_length().is_some_and(too_long) {
            return Err(TransportError::BodyTooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
            if chunk.len() > limit - body.len() {
                return Err(TransportError::BodyTooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        self.check_address(&request.uri().to_string())
            .map_err(|why| TransportError::NotSent(why.to_owned()))?;
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError::NotSent(reason(&error.without_url())))?;
        let mut response = self.client.execute(request).await.map_err(transport_error)?;
        let body = self.read(&mut response).await?;
        let mut answer = http::Response::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
    }
}

/// Chooses TLS 1.2 and 1.3 with the cryptography of ring, whatever else is linked in.
fn tls_versions() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, SettingsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(&error))
}

fn broken(error: &dyn Error) -> SettingsError {
    SettingsError::Tls {
        reason: reason(error),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Sorts an error of the HTTP library by whether the request can have arrived.
///
/// A connection that takes too long is both a time-out and a connection that did not
/// come about; the latter is what counts.
fn transport_error(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(reason(&error))
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::ConnectionLost(reason(&error))
    }
}

/// Joins an error and its sources, since the HTTP library puts the news last.
fn reason(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests;
