//! What a client can tell of itself: for metrics and for whoever looks.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Call;

/// Shows how a [`Client`](crate::Client) stands with VPSie, at one moment.
///
/// # Guarantees
/// Holds names and numbers only, no credential and no text of VPSie. Its size is bounded: there
/// is one count for each call and outcome that has occurred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientState {
    /// Whether requests leave.
    pub breaker: BreakerState,
    /// How many attempts of each call ended in each way, since the client was made.
    ///
    /// A read that is repeated counts each time. The outcome is
    /// [`ANSWERED`](Self::ANSWERED), or the [label](crate::CallError::label) of what came
    /// instead. An answer whose entries cannot be read later counts as answered.
    pub attempts: BTreeMap<(Call, &'static str), u64>,
}

impl ClientState {
    /// The outcome of an attempt that VPSie answered without an error.
    pub const ANSWERED: &'static str = "answered";
}

/// Says whether requests leave, or VPSie is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Requests leave.
    Closed {
        /// Failures in a row so far.
        failures: u32,
    },
    /// None leaves.
    Open {
        /// For how long yet; zero when the next request may try whether VPSie is back.
        retry_after: Duration,
    },
    /// One request is trying whether VPSie is back; no other leaves.
    Probing,
}

impl BreakerState {
    /// Every [label](Self::label), in the order of the states.
    pub const LABELS: [&'static str; 3] = ["closed", "open", "probing"];

    /// Returns the state as a metric label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::Open { .. } => "open",
            Self::Probing => "probing",
        }
    }
}
