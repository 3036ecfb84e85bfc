//! The ids of passes.

use chrono::{DateTime, Utc};

/// The ids of passes: unique among all processes that did not start in the same second.
#[derive(Debug)]
pub(super) struct Numbers {
    start: i64,
    next: u64,
}

// === impl Numbers ===

impl Numbers {
    /// Begins to count, in a process that started at this time.
    pub(super) fn since(start: DateTime<Utc>) -> Self {
        Self {
            start: start.timestamp(),
            next: 1,
        }
    }

    /// Goes on to the next pass.
    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    /// Returns the id of the present pass.
    pub(super) fn id(&self) -> String {
        format!("{:x}-{}", self.start, self.next)
    }

    /// Opens the span of the present pass: its id is in every line that the pass logs.
    pub(super) fn span(&self) -> tracing::Span {
        tracing::info_span!("pass", id = self.id())
    }
}
