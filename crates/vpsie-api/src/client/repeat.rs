//! Repeats what only reads: after a while, a few times, and not for ever.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::time::Instant;

use crate::{CallError, NextStep, Retry};

/// Makes the call, and makes it again while that can help.
///
/// For calls without an effect only: a second attempt at a change could do it twice.
pub(super) async fn read<T, F>(retry: &Retry, call: impl FnMut() -> F) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let latest = Instant::now() + retry.total;
    call.retry(back_off(retry))
        .when(may_pass)
        .adjust(|error, delay| {
            let wait = delay?.saturating_add(asked_for(error));
            let next = Instant::now().checked_add(wait)?;
            (next <= latest).then_some(wait)
        })
        .await
}

fn back_off(retry: &Retry) -> ExponentialBuilder {
    let repetitions = retry.attempts.saturating_sub(1);
    let back_off = ExponentialBuilder::new()
        .with_min_delay(retry.first_delay)
        .with_max_delay(retry.longest_delay)
        .with_max_times(usize::try_from(repetitions).unwrap_or(usize::MAX))
        .with_jitter();
    match retry.seed {
        Some(seed) => back_off.with_jitter_seed(seed),
        None => back_off,
    }
}

/// Returns the wait that VPSie or we ourselves ask for. What is left to chance comes on
/// top of it, so that not everybody who was told the same comes back at once.
fn asked_for(error: &CallError) -> Duration {
    match error.next_step() {
        NextStep::After(wait) => wait,
        NextStep::Never | NextStep::Soon | NextStep::AskTheWorld => Duration::ZERO,
    }
}

/// Tells whether the cause may be gone in a few seconds. A page or nonsense that comes
/// with success will be there the next time, too.
fn may_pass(error: &CallError) -> bool {
    match error {
        CallError::Html { status, .. } => *status >= 500,
        CallError::Refused { status, .. } => *status == 408,
        CallError::RateLimited { .. }
        | CallError::Server { .. }
        | CallError::NotSent { .. }
        | CallError::BreakerOpen { .. }
        | CallError::TimedOut { .. }
        | CallError::ConnectionLost { .. } => true,
        CallError::Unauthorized { .. }
        | CallError::Forbidden { .. }
        | CallError::NotFound { .. }
        | CallError::Absent { .. }
        | CallError::Undecodable { .. }
        | CallError::BodyTooLarge { .. }
        | CallError::HeldBack { .. } => false,
    }
}

#[cfg(test)]
mod tests;
