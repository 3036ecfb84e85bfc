//! The pace of the virtual clock: it moves only as fast as a person wants to watch.

use crate::args::Speed;
use std::thread;
use std::time::{Duration, Instant};

/// Virtual time between two looks at the real clock.
const STEP: Duration = Duration::from_millis(250);

/// Holds the virtual clock back, until the future is dropped.
///
/// A paused clock does not move on while a blocking task runs, so blocking for a moment after each step of
/// virtual time is what gives the clock its speed.
pub(crate) async fn keep(speed: Speed) {
    let Speed::Times(times) = speed else { return };
    let (real, virtual_start) = (Instant::now(), tokio::time::Instant::now());
    loop {
        tokio::time::sleep(STEP).await;
        let due = virtual_start.elapsed().div_f64(times);
        if let Some(ahead) = due.checked_sub(real.elapsed()) {
            // A task that could not be joined is one that was aborted: the story is over.
            if tokio::task::spawn_blocking(move || thread::sleep(ahead))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}
