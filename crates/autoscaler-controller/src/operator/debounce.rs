//! How soon a change leads to a pass (`SC-1`).

use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Wait after a change before a pass, so that a burst of changes is one pass.
pub(super) const SETTLING: Duration = Duration::from_millis(100);

/// Wait from the beginning of a pass to that of the next, while pods are called unschedulable: what comes meanwhile is planned
/// together.
const BETWEEN: Duration = Duration::from_millis(50);

/// Calls of pods that are closer together than this belong to one burst, of which one pass sees as much as it can. What a
/// pass has written is seen by then, too.
const QUIET: Duration = Duration::from_millis(10);

/// How much haste there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// What changed is written about once it has settled.
    None,
    /// Pods wait: a pass follows as soon as nothing else changes.
    Soon,
    /// What the last pass began goes on.
    Now,
}

/// Gathers the changes of a burst for one pass.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    /// When the last pass began.
    began: Option<Instant>,
}

// === impl Debounce ===

impl Debounce {
    /// Notes that a pass begins.
    pub(super) fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    /// Waits, after a change, until a pass is to begin.
    ///
    /// In haste, passes begin [`BETWEEN`] after each other at the soonest, and changes are gathered for as long at most. A
    /// change that was there before anybody waited for it has been waiting since some time in the last pass.
    pub(super) async fn settle<C: Future<Output = ()>>(
        &self,
        is_late: bool,
        changed: impl Fn() -> C,
        haste: impl Fn() -> Haste,
    ) {
        let first = Instant::now();
        let mut settled = pin!(sleep(SETTLING));
        let earliest = self.began.map_or(first, |began| began + BETWEEN);
        let latest = if is_late { earliest } else { first + BETWEEN };
        let mut quiet = first + QUIET;
        loop {
            let due = match haste() {
                Haste::None => None,
                Haste::Soon => Some(quiet.max(earliest).min(latest)),
                Haste::Now => Some(first + QUIET),
            };
            tokio::select! {
                biased;
                () = &mut settled => return,
                () = until(due) => return,
                () = changed() => quiet = Instant::now() + QUIET,
            }
        }
    }
}

/// Waits until a moment; for ever where there is none.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::advance;

    /// Counts how many milliseconds pass until a pass is to begin, when something changes every so many.
    async fn settled_after(debounce: &Debounce, is_late: bool, between: u64, haste: Haste) -> u128 {
        let began = Instant::now();
        let changed = || sleep(Duration::from_millis(between));
        debounce.settle(is_late, changed, || haste).await;
        began.elapsed().as_millis()
    }

    async fn pass_ago(milliseconds: u64) -> Debounce {
        let mut debounce = Debounce::default();
        debounce.begin();
        advance(Duration::from_millis(milliseconds)).await;
        debounce
    }

    /// SC-1: a pod that waits leads to a pass as soon as nothing follows it, one of a burst within 50 ms, and
    /// everything else after that time.
    #[tokio::test(start_paused = true)]
    async fn pods_that_wait_lead_to_a_pass_soon() {
        for (ago, is_late, between, in_haste, without, why) in [
            (5_000, false, 1_000, 10, 100, "alone after a quiet time"),
            (5_000, false, 2, 50, 100, "a burst after a quiet time"),
            (
                5_000,
                false,
                40,
                10,
                100,
                "others that come later are for the next pass",
            ),
            (10, false, 1_000, 40, 100, "alone, soon after a pass began"),
            (
                30,
                false,
                2,
                50,
                100,
                "a burst that begins soon after a pass began",
            ),
            (20, true, 2, 30, 100, "it came during a short pass"),
            (250, true, 2, 0, 100, "it came during a long pass"),
        ] {
            for (haste, expected) in [(Haste::Soon, in_haste), (Haste::None, without), (Haste::Now, 10)] {
                let debounce = pass_ago(ago).await;
                let waited = settled_after(&debounce, is_late, between, haste).await;
                assert_eq!(waited, expected, "{why}, {haste:?}");
            }
        }
        let first = settled_after(&Debounce::default(), false, 1_000, Haste::Soon).await;
        assert_eq!(first, 10, "there was no pass before");
    }

    /// SC-1: what was made is asked for once it is seen, however lately a pass began and whatever else changes.
    #[tokio::test(start_paused = true)]
    async fn what_goes_on_does_not_settle() {
        let debounce = pass_ago(1).await;
        let began = Instant::now();
        let changes = Cell::new(0);
        let changed = || async {
            sleep(Duration::from_millis(7)).await;
            changes.set(changes.get() + 1);
        };
        let haste = || {
            if changes.get() >= 2 {
                Haste::Now
            } else {
                Haste::None
            }
        };
        debounce.settle(false, changed, haste).await;
        assert_eq!(began.elapsed(), Duration::from_millis(14));
    }
}
