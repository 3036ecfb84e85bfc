//! The one clock of a simulated world.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderValue;
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
    speed: f64,
}

// === impl SimClock ===

impl SimClock {
    /// Starts a clock that shows `epoch` now.
    pub fn starting_at(epoch: DateTime<Utc>) -> Self {
        Self::faster(epoch, 1.0)
    }

    /// Starts a clock that shows `epoch` now and runs `speed` times as fast as tokio's.
    ///
    /// # Panics
    /// When `speed` is not a positive number.
    pub fn faster(epoch: DateTime<Utc>, speed: f64) -> Self {
        assert!(
            speed.is_finite() && speed > 0.0,
            "the speed of a clock is a positive number"
        );
        Self {
            epoch,
            start: Instant::now(),
            speed,
        }
    }

    /// Returns the time of the simulated world.
    pub fn now(&self) -> DateTime<Utc> {
        // Without a speed there is no rounding, so that moments compare equal to the nanosecond.
        let elapsed = self.start.elapsed();
        let elapsed = if self.is_plain() {
            elapsed
        } else {
            elapsed.mul_f64(self.speed)
        };
        let elapsed = chrono::Duration::from_std(elapsed);
        self.epoch + elapsed.expect("a simulation does not run for millions of years")
    }

    /// Waits for `duration` of simulated time.
    pub async fn sleep(&self, duration: Duration) {
        let duration = if self.is_plain() {
            duration
        } else {
            Duration::try_from_secs_f64(duration.as_secs_f64() / self.speed).unwrap_or(Duration::MAX)
        };
        tokio::time::sleep(duration).await;
    }

    fn is_plain(&self) -> bool {
        (self.speed - 1.0).abs() < f64::EPSILON
    }
}

/// Writes a time as the header `Date` of an answer has it, cut to seconds.
pub(crate) fn http_date(at: DateTime<Utc>) -> HeaderValue {
    let text = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&text).expect("names of days and months, digits and blanks are plain ASCII")
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

    #[tokio::test(start_paused = true)]
    async fn faster_clock_shows_more_and_sleeps_less() {
        let epoch = DateTime::from_timestamp(1_769_241_600, 0).unwrap();
        let (clock, real) = (SimClock::faster(epoch, 60.0), Instant::now());
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(real.elapsed(), Duration::from_secs(60));
        assert_eq!(clock.now(), epoch + chrono::Duration::hours(1));
    }
}
