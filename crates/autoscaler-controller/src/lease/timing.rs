//! How long a leader leads, and the sums that must come out for the timing rule to hold.

use super::EFFECT_WITHIN;
use std::time::Duration;

/// The durations of an election, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timing {
    /// How long the others wait after the last renewal that they saw.
    pub(super) lease: Duration,
    /// How long the leader leads after it sent its last successful renewal.
    pub(super) renew_deadline: Duration,
    /// The wait between two tries.
    pub(super) retry: Duration,
    /// Longest wait for one answer about the Lease.
    pub(super) call: Duration,
}

/// Why durations do not make an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimingError {
    /// Two replicas could lead at once.
    #[error(
        "a lease of {lease:?} and a renew deadline of {renew_deadline:?} leave no room for clocks that drift; make the lease at least 1.1 times as long, or the deadline shorter"
    )]
    LeaseTooShort {
        /// The duration of the lease.
        lease: Duration,
        /// The renew deadline.
        renew_deadline: Duration,
    },
    /// A leader could never be sure to lead until an effect has started.
    #[error(
        "a renew deadline of {renew_deadline:?} is too short; it must cover 1.2 times the retry of {retry:?}, 0.5 s for a call, and the 5 s in which an effect starts"
    )]
    DeadlineTooShort {
        /// The renew deadline.
        renew_deadline: Duration,
        /// The wait between two tries.
        retry: Duration,
    },
    /// The API server would be asked without a pause.
    #[error("a retry of {retry:?} is too short; use at least 0.1 s")]
    RetryTooShort {
        /// The wait between two tries.
        retry: Duration,
    },
    /// Nobody would take over for too long.
    #[error("a lease of {lease:?} is too long; use at most 600 s")]
    LeaseTooLong {
        /// The duration of the lease.
        lease: Duration,
    },
}

/// Longest lease that is respected, whoever wrote it.
pub(super) const LONGEST_LEASE: Duration = Duration::from_secs(600);
/// Least time for one call about the Lease.
const SHORTEST_CALL: Duration = Duration::from_millis(500);
/// Most time for one call about the Lease.
const LONGEST_CALL: Duration = Duration::from_secs(5);
/// Least wait between two tries.
const SHORTEST_RETRY: Duration = Duration::from_millis(100);

// === impl Timing ===

impl Timing {
    /// How much longer than asked for a wait may be, so that replicas do not try in step.
    pub(super) const JITTER: f64 = 1.2;

    /// Checks the three durations that people set; the time for one call is what they leave.
    ///
    /// # Guarantees
    ///
    /// The lease outlasts the renew deadline by a tenth, so that clocks may drift by as much. Between two renewals
    /// in time there is always a moment at which the leadership lasts 5 s more, or no effect would ever be allowed:
    /// deadline ≥ 1.2 × retry + call + 5 s.
    ///
    /// # Errors
    ///
    /// Says which duration is too short or too long, and what it must cover.
    pub fn new(lease: Duration, renew_deadline: Duration, retry: Duration) -> Result<Self, TimingError> {
        if lease > LONGEST_LEASE {
            return Err(TimingError::LeaseTooLong { lease });
        }
        if lease < renew_deadline.mul_f64(1.1) {
            return Err(TimingError::LeaseTooShort {
                lease,
                renew_deadline,
            });
        }
        if retry < SHORTEST_RETRY {
            return Err(TimingError::RetryTooShort { retry });
        }
        let call = renew_deadline.checked_sub(retry.mul_f64(Self::JITTER) + EFFECT_WITHIN);
        match call.filter(|call| *call >= SHORTEST_CALL) {
            Some(call) => Ok(Self {
                lease,
                renew_deadline,
                retry,
                call: call.min(LONGEST_CALL),
            }),
            None => Err(TimingError::DeadlineTooShort {
                renew_deadline,
                retry,
            }),
        }
    }
}

impl Default for Timing {
    /// Returns the durations of client-go: 15 s, 10 s and 2 s; one call may take 2.6 s.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self::new(seconds(15), seconds(10), seconds(2)).expect("a test makes the same")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(lease: f64, renew_deadline: f64, retry: f64) -> Result<Timing, TimingError> {
        let seconds = Duration::from_secs_f64;
        Timing::new(seconds(lease), seconds(renew_deadline), seconds(retry))
    }

    /// The sums of the decision record: lease, deadline, retry, and what is left for a call.
    #[test]
    fn durations_that_break_the_timing_rule_are_refused() {
        assert_eq!(Timing::default().call, Duration::from_millis(2600));
        assert_eq!(timing(600.0, 400.0, 2.0).unwrap().call, LONGEST_CALL);
        assert!(timing(8.8, 8.0, 0.5).is_ok());
        let words = [
            (timing(10.0, 10.0, 2.0), "1.1 times"),
            (timing(8.7, 8.0, 0.5), "1.1 times"),
            (timing(15.0, 10.0, 3.8), "too short"),
            (timing(6.0, 5.0, 0.1), "too short"),
            (timing(15.0, 10.0, 0.05), "retry"),
            (timing(601.0, 10.0, 2.0), "at most 600 s"),
        ];
        for (refused, words) in words {
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}
