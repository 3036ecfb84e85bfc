//! The time as an argument: what the process reads from the system, a test reads from a virtual clock.

use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A shareable source of the current time: one of day, which people set, and one that only ever moves on.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// The origin of [`Monotonic`] times of this clock.
    origin: Instant,
    /// How many seconds this clock counts in one second; 1 but for tests.
    rate: f64,
}

/// A moment on the monotonic clock of one process: the time since some fixed moment of its own.
///
/// It means nothing to another process. It follows tokio's clock, so a test can pause it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(Duration);

// === impl Clock ===

impl Clock {
    /// Reads the clock of the machine.
    pub fn system() -> Self {
        Self::from_fn(Utc::now)
    }

    /// Reads the time of day from a function, for a virtual clock.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self {
            now: Arc::new(now),
            origin: Instant::now(),
            rate: 1.0,
        }
    }

    /// Lets the monotonic clock run slow or fast, for tests of clocks that drift: 0.5 counts half of the seconds.
    ///
    /// # Panics
    ///
    /// When the rate is not above 0 and finite.
    #[must_use]
    pub fn drifting(self, rate: f64) -> Self {
        assert!(rate > 0.0 && rate.is_finite(), "a clock moves on");
        Self { rate, ..self }
    }

    /// Reads the current time of day.
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    /// Reads the monotonic clock.
    pub fn monotonic(&self) -> Monotonic {
        Monotonic(self.origin.elapsed().mul_f64(self.rate))
    }

    /// Waits for so long by the monotonic clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(self.unscaled(duration)).await;
    }

    /// Waits for a moment of the monotonic clock.
    pub async fn sleep_until(&self, moment: Monotonic) {
        self.sleep(moment.since(self.monotonic())).await;
    }

    /// Drops the work when it takes longer than this by the monotonic clock.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.unscaled(limit), work).await.ok()
    }

    fn unscaled(&self, duration: Duration) -> Duration {
        duration.div_f64(self.rate)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Clock")
    }
}

// === impl Monotonic ===

impl Monotonic {
    /// Makes a moment so long after the origin, for tests and models.
    pub const fn at(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// Returns the time since an earlier moment; zero when that one is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::ops::Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slow clock counts less and waits longer, both by the same factor.
    #[tokio::test(start_paused = true)]
    async fn slow_clock_counts_and_waits_by_the_same_factor() {
        let (exact, slow) = (Clock::system(), Clock::system().drifting(0.5));
        slow.sleep(Duration::from_secs(10)).await;
        let origin = Monotonic::default();
        assert_eq!(exact.monotonic().since(origin), Duration::from_secs(20));
        assert_eq!(slow.monotonic().since(origin), Duration::from_secs(10));
        assert_eq!(
            slow.within(Duration::from_secs(1), std::future::pending::<()>())
                .await,
            None
        );
        assert_eq!(exact.monotonic().since(origin), Duration::from_secs(22));
    }
}
