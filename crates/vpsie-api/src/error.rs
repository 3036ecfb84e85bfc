//! What went wrong with a call, and what to do about it.

use std::time::Duration;

use thiserror::Error;

use crate::{Call, RefusalReason, RequestId};

mod effect;

pub use effect::EffectError;

/// Waited after a 429 that names no time; VPSie's window is said to be a minute.
const RATE_LIMIT_WINDOW: Duration = Duration::from_secs(60);

/// Says why a call has no usable answer. One variant per cause.
///
/// # Guarantees
/// No variant holds a credential or a machine's initial password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// VPSie does not accept the credentials (401).
    #[error("{call}: VPSie does not accept the credentials{}; check the token, or the client id and secret", reference(.request_id))]
    Unauthorized {
        /// What was being done.
        call: Call,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// The credentials do not suffice (403).
    #[error("{call}: VPSie forbids it ({message}){}; check what the account may do", reference(.request_id))]
    Forbidden {
        /// What was being done.
        call: Call,
        /// What VPSie says.
        message: String,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// VPSie knows no such thing (404, or a message saying so).
    #[error("{call}: VPSie does not find it ({message}){}; check the identifiers and the base URL", reference(.request_id))]
    NotFound {
        /// What was being done.
        call: Call,
        /// What VPSie says.
        message: String,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// VPSie answers success with nothing in it, which is how it reports absence.
    #[error("{call}: VPSie has nothing under this identifier; check it, and look again before trusting it")]
    Absent {
        /// What was being done.
        call: Call,
    },
    /// Too many calls (429).
    #[error("{call}: VPSie asks for fewer calls{}; wait {} s", reference(.request_id), .retry_after.unwrap_or(RATE_LIMIT_WINDOW).as_secs())]
    RateLimited {
        /// What was being done.
        call: Call,
        /// How long VPSie asks us to wait.
        retry_after: Option<Duration>,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// VPSie answers with an error of its own (4xx, or 200 with `error: true`).
    #[error("{call}: VPSie refuses ({status}): {message}{}; change the request before repeating it", reference(.request_id))]
    Refused {
        /// What was being done.
        call: Call,
        /// The HTTP status; may be 200.
        status: u16,
        /// VPSie's own number, if any.
        code: Option<i64>,
        /// What VPSie says.
        message: String,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// A web page came instead of an answer, as gateways send it.
    #[error(
        "{call}: a web page came instead of an answer ({status}, {prefix:?}){}; check the base URL, or try later",
        reference(.request_id)
    )]
    Html {
        /// What was being done.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// How the page begins, scrubbed.
        prefix: String,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// VPSie is in trouble (5xx).
    #[error("{call}: VPSie is in trouble ({status}): {message}{}; try later", reference(.request_id))]
    Server {
        /// What was being done.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// What VPSie says, if anything.
        message: String,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// The answer makes no sense to us.
    #[error("{call}: the answer ({status}) makes no sense: {problem}{}; check the base URL and the versions", reference(.request_id))]
    Undecodable {
        /// What was being done.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it; never the answer itself.
        problem: String,
        /// What VPSie calls this exchange, for its support.
        request_id: Option<RequestId>,
    },
    /// The answer is larger than we are willing to read.
    #[error("{call}: the answer is larger than the limit; check the base URL")]
    BodyTooLarge {
        /// What was being done.
        call: Call,
    },
    /// The request did not leave.
    #[error("{call}: the request was not sent: {reason}; check the base URL and the network")]
    NotSent {
        /// What was being done.
        call: Call,
        /// Why not.
        reason: String,
    },
    /// Our own rate limit held the request back for too long; it was not sent.
    #[error("{call}: our own rate limit holds it back; wait {} s, or allow more calls in a minute", .retry_after.as_secs())]
    HeldBack {
        /// What was being done.
        call: Call,
        /// When there may be room.
        retry_after: Duration,
    },
    /// VPSie failed so often that it is left alone for a while; nothing was sent.
    #[error("{call}: VPSie failed too often and is left alone for a while; wait {} s", .retry_after.as_secs())]
    BreakerOpen {
        /// What was being done.
        call: Call,
        /// When it is tried again.
        retry_after: Duration,
    },
    /// No answer in time; the request may have arrived.
    #[error("{call}: no answer within the time limit; try later")]
    TimedOut {
        /// What was being done.
        call: Call,
    },
    /// The connection broke; the request may have arrived.
    #[error("{call}: the connection was lost: {reason}; try later")]
    ConnectionLost {
        /// What was being done.
        call: Call,
        /// How it broke.
        reason: String,
    },
}

/// Says what to do after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Do not repeat: a person or a changed request is needed.
    Never,
    /// Repeat with the usual back-off.
    Soon,
    /// Repeat, but not before this much time has passed.
    After(Duration),
    /// Look at what exists; repeating could do it twice.
    AskTheWorld,
}

impl CallError {
    /// Returns the cause as a metric label.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Absent { .. } => "absent",
            Self::RateLimited { .. } => "rate_limited",
            Self::Refused { .. } => "refused",
            Self::Html { .. } => "html",
            Self::Server { .. } => "server",
            Self::Undecodable { .. } => "undecodable",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::NotSent { .. } => "not_sent",
            Self::HeldBack { .. } => "held_back",
            Self::BreakerOpen { .. } => "breaker_open",
            Self::TimedOut { .. } => "timed_out",
            Self::ConnectionLost { .. } => "connection_lost",
        }
    }

    /// Returns what was being done.
    pub const fn call(&self) -> Call {
        match self {
            Self::Unauthorized { call, .. }
            | Self::Forbidden { call, .. }
            | Self::NotFound { call, .. }
            | Self::Absent { call }
            | Self::RateLimited { call, .. }
            | Self::Refused { call, .. }
            | Self::Html { call, .. }
            | Self::Server { call, .. }
            | Self::Undecodable { call, .. }
            | Self::BodyTooLarge { call }
            | Self::NotSent { call, .. }
            | Self::HeldBack { call, .. }
            | Self::BreakerOpen { call, .. }
            | Self::TimedOut { call }
            | Self::ConnectionLost { call, .. } => *call,
        }
    }

    /// Returns what VPSie calls the exchange, where its answer says so. Its support can
    /// find the request by it.
    pub const fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Unauthorized { request_id, .. }
            | Self::Forbidden { request_id, .. }
            | Self::NotFound { request_id, .. }
            | Self::RateLimited { request_id, .. }
            | Self::Refused { request_id, .. }
            | Self::Html { request_id, .. }
            | Self::Server { request_id, .. }
            | Self::Undecodable { request_id, .. } => request_id.as_ref(),
            Self::Absent { .. }
            | Self::BodyTooLarge { .. }
            | Self::NotSent { .. }
            | Self::HeldBack { .. }
            | Self::BreakerOpen { .. }
            | Self::TimedOut { .. }
            | Self::ConnectionLost { .. } => None,
        }
    }

    /// Returns the error without what VPSie calls the exchange, so that one that recurs reads the same each time.
    #[must_use]
    pub fn without_request_id(self) -> Self {
        self.under(None)
    }

    /// Notes what VPSie calls the exchange.
    pub(crate) fn under(mut self, id: Option<RequestId>) -> Self {
        match &mut self {
            Self::Unauthorized { request_id, .. }
            | Self::Forbidden { request_id, .. }
            | Self::NotFound { request_id, .. }
            | Self::RateLimited { request_id, .. }
            | Self::Refused { request_id, .. }
            | Self::Html { request_id, .. }
            | Self::Server { request_id, .. }
            | Self::Undecodable { request_id, .. } => *request_id = id,
            Self::Absent { .. }
            | Self::BodyTooLarge { .. }
            | Self::NotSent { .. }
            | Self::HeldBack { .. }
            | Self::BreakerOpen { .. }
            | Self::TimedOut { .. }
            | Self::ConnectionLost { .. } => {}
        }
        self
    }

    /// Says what to do next, for a call that only reads.
    ///
    /// For a call that changes something ask [`EffectError::next_step`].
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Absent { .. }
            | Self::BodyTooLarge { .. } => NextStep::Never,
            Self::Refused { status: 408, .. } => NextStep::Soon,
            Self::Refused { .. } => NextStep::Never,
            Self::RateLimited { retry_after, .. } => {
                NextStep::After(retry_after.unwrap_or(RATE_LIMIT_WINDOW))
            }
            Self::HeldBack { retry_after, .. } | Self::BreakerOpen { retry_after, .. } => {
                NextStep::After(*retry_after)
            }
            Self::Html { .. }
            | Self::Server { .. }
            | Self::Undecodable { .. }
            | Self::NotSent { .. }
            | Self::TimedOut { .. }
            | Self::ConnectionLost { .. } => NextStep::Soon,
        }
    }

    /// Returns why VPSie says no, where it says no in words.
    pub fn refusal(&self) -> Option<RefusalReason> {
        match self {
            Self::Refused { message, .. }
            | Self::Forbidden { message, .. }
            | Self::NotFound { message, .. } => Some(RefusalReason::of(message)),
            Self::Unauthorized { .. }
            | Self::Absent { .. }
            | Self::RateLimited { .. }
            | Self::Html { .. }
            | Self::Server { .. }
            | Self::Undecodable { .. }
            | Self::BodyTooLarge { .. }
            | Self::NotSent { .. }
            | Self::HeldBack { .. }
            | Self::BreakerOpen { .. }
            | Self::TimedOut { .. }
            | Self::ConnectionLost { .. } => None,
        }
    }
}

fn reference(id: &Option<RequestId>) -> String {
    id.as_ref()
        .map_or_else(String::new, |id| format!(" [request {id}]"))
}

#[cfg(test)]
mod tests;
