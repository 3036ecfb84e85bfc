//! Conditions: one thing each that holds, does not hold, or is not known of a node, and since when.

use chrono::{DateTime, Utc};
use node_lifecycle::words;

words! {
    /// Says what a condition is about.
    Topic, "condition" {
        /// Its machine exists.
        Provisioned => "Provisioned",
        /// It can carry pods now.
        Available => "Available",
        /// Something is wrong with it.
        Degraded => "Degraded",
        /// It is on its way out.
        Draining => "Draining",
        /// The facts about it are incomplete, contradictory or impossible.
        Warning => "Warning",
    }
}

words! {
    /// Says whether a condition holds.
    Status, "status of a condition" {
        /// It holds.
        True => "True",
        /// It does not hold.
        False => "False",
        /// Nobody knows.
        Unknown => "Unknown",
    }
}

/// Says since when a condition has had its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The facts tell.
    Told(DateTime<Utc>),
    /// They do not; it was first seen then, and the moment is kept as long as the status is.
    Seen(DateTime<Utc>),
}

/// Holds what is known of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whether it holds.
    pub status: Status,
    /// Why, in one word.
    pub reason: &'static str,
    /// Why, in a sentence; empty when there is nothing to say.
    pub message: Box<str>,
    /// Since when the status is what it is (`NS-4`).
    pub since: Since,
}

/// Is what the facts say of one topic, before it is known since when.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) status: Status,
    pub(crate) reason: &'static str,
    pub(crate) message: Box<str>,
    pub(crate) since: Option<DateTime<Utc>>,
}

// === impl Since ===

impl Since {
    /// Returns the moment.
    #[must_use]
    pub const fn at(self) -> DateTime<Utc> {
        match self {
            Self::Told(at) | Self::Seen(at) => at,
        }
    }
}

// === impl Finding ===

impl Finding {
    pub(crate) fn new(status: Status, reason: &'static str) -> Self {
        Self {
            status,
            reason,
            message: Box::default(),
            since: None,
        }
    }

    pub(crate) fn saying(self, message: impl Into<Box<str>>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    pub(crate) fn since(self, since: Option<DateTime<Utc>>) -> Self {
        Self { since, ..self }
    }

    /// Makes a condition of it: its time is the one that is told, else the earlier one of the same status, else now.
    pub(crate) fn settle(self, before: Option<&Condition>, now: DateTime<Utc>) -> Condition {
        let kept = before
            .filter(|before| before.status == self.status)
            .map_or(now, |before| before.since.at());
        Condition {
            status: self.status,
            reason: self.reason,
            message: self.message,
            since: self.since.map_or(Since::Seen(kept), Since::Told),
        }
    }
}
