//! The seam between what is said and how it gets there.

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

/// Carries one HTTP exchange. Never repeats and never redirects.
///
/// Requests hold credentials, some of them in the body: an implementation prints neither
/// headers nor bodies.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends the request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When there is no whole answer; the kind tells whether the request may have arrived.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;
}

/// Says why there is no whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The request certainly did not leave: name lookup, connection, TLS or address failed.
    #[error("the request was not sent: {0}")]
    NotSent(String),
    /// The time limit passed; the request may have arrived.
    #[error("no answer within the time limit")]
    TimedOut,
    /// The connection broke; the request may have arrived.
    #[error("the connection was lost: {0}")]
    ConnectionLost(String),
    /// The answer is larger than we are willing to read; the request has arrived.
    #[error("the answer is larger than the limit")]
    BodyTooLarge,
}
