//! The one clock of a simulated world.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Tells the time of the simulated world, which follows tokio's time.
///
/// # Guarantees
/// With tokio's clock paused the time moves only when every task sleeps, so the same world takes the same
/// virtual time on any machine.
#[derive(Clone, Copy, Debug)]
pub struct SimClock {
    epoch: DateTime<Utc>,
    start: Instant,
}

// === impl SimClock ===

impl SimClock {
    /// Starts a clock that shows `epoch` now.
    pub fn starting_at(epoch: DateTime<Utc>) -> Self {
        Self {
            epoch,
            start: Instant::now(),
        }
    }

    /// Returns the time of the simulated world.
    pub fn now(&self) -> DateTime<Utc> {
        let elapsed = chrono::Duration::from_std(self.start.elapsed());
        self.epoch + elapsed.expect("a simulation does not run for millions of years")
    }

    /// Waits for `duration` of simulated time.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_moves_only_by_sleeping() {
        let epoch = DateTime::from_timestamp(1_769_241_600, 0).unwrap();
        let clock = SimClock::starting_at(epoch);
        assert_eq!(clock.now(), epoch);
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now(), epoch + chrono::Duration::hours(1));
    }
}
