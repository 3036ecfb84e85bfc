//! The time of day as an argument: what the process reads from the system, a test reads from a virtual clock.

use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A shareable source of the current time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// Reads the clock of the machine.
    pub fn system() -> Self {
        Self::from_fn(Utc::now)
    }

    /// Reads whatever the function answers, for a virtual clock.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Reads the current time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Clock")
    }
}
