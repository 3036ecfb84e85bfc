//! What is known about a call that should have changed something.

use thiserror::Error;

use crate::{CallError, NextStep, RefusalReason};

/// Says whether a failed call may have had its effect all the same.
///
/// Only [`Refused`](Self::Refused) and [`NotSent`](Self::NotSent) prove that nothing
/// was made, and so allow another request. Everything else is
/// [`Unknown`](Self::Unknown): look at what exists before asking again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EffectError {
    /// VPSie has said no in words that we know; nothing was made.
    #[error("refused, nothing was changed: {0}")]
    Refused(CallError),
    /// VPSie has not taken the request up; nothing was made.
    #[error("not sent, nothing was changed: {0}")]
    NotSent(CallError),
    /// It may have happened or not.
    #[error("outcome unknown, look at what exists before repeating: {0}")]
    Unknown(CallError),
}

impl EffectError {
    /// Returns the outcome as a metric label.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::NotSent(_) => "not_sent",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Returns what went wrong.
    pub const fn cause(&self) -> &CallError {
        match self {
            Self::Refused(cause) | Self::NotSent(cause) | Self::Unknown(cause) => cause,
        }
    }

    /// Returns why VPSie says no, where it says no in words.
    pub fn refusal(&self) -> Option<RefusalReason> {
        self.cause().refusal()
    }

    /// Says what to do next.
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Refused(cause) | Self::NotSent(cause) => cause.next_step(),
            Self::Unknown(_) => NextStep::AskTheWorld,
        }
    }
}

/// Judges the answer to a request that was sent.
impl From<CallError> for EffectError {
    fn from(cause: CallError) -> Self {
        match &cause {
            CallError::Unauthorized { .. }
            | CallError::RateLimited { .. }
            | CallError::NotSent { .. }
            | CallError::HeldBack { .. }
            | CallError::BreakerOpen { .. } => Self::NotSent(cause),
            // These two arise from JSON errors only, and the words or the status are known.
            CallError::Forbidden { .. } | CallError::NotFound { .. } => Self::Refused(cause),
            CallError::Refused { status, message, .. } => {
                if proves_nothing_was_made(*status, message) {
                    Self::Refused(cause)
                } else {
                    Self::Unknown(cause)
                }
            }
            CallError::Absent { .. }
            | CallError::Html { .. }
            | CallError::Server { .. }
            | CallError::Undecodable { .. }
            | CallError::BodyTooLarge { .. }
            | CallError::TimedOut { .. }
            | CallError::ConnectionLost { .. } => Self::Unknown(cause),
        }
    }
}

/// Tells whether a JSON error with this status and message excludes an effect.
///
/// A 408 says that the server gave up waiting, not that it did nothing.
fn proves_nothing_was_made(status: u16, message: &str) -> bool {
    match status {
        408 => false,
        400..=499 => true,
        _ => RefusalReason::of(message).excludes_an_effect(),
    }
}
