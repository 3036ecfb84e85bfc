//! How long a node must rest before it may go.

use chrono::TimeDelta;
use thiserror::Error;

use crate::Decider;

/// Longest grace: longer is a mistake in the unit, and would mean never.
const LONGEST: TimeDelta = TimeDelta::days(30);

/// Longest life of a permit: the facts behind it grow old.
const LONGEST_PERMIT: TimeDelta = TimeDelta::minutes(5);

/// Says how long a node must rest before it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Graces {
    /// How long a node that has carried nothing yet stays ready, unless a person wants it (`LC-18`).
    pub ready: TimeDelta,
    /// How long it stays ready before a person takes it.
    pub ready_manual: TimeDelta,
    /// How long a node stays idle before the scale-down policy, the clean-up or a rollback takes it (`LC-19`).
    pub idle_scale_down: TimeDelta,
    /// How long before a consolidation takes it.
    pub idle_consolidation: TimeDelta,
    /// How long before a person takes it.
    pub idle_manual: TimeDelta,
    /// How long a node that was found again rests after its pods were listed (`LC-21`).
    pub post_sync: TimeDelta,
    /// How long after its due end a pod on a broken node still counts (`LC-17`).
    pub stuck_pod: TimeDelta,
    /// How long a permit is valid: enough for the writes before the call (`LC-24`).
    pub permit: TimeDelta,
}

/// Refuses a grace that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("graces.{field} must be between {least} s and {most} s, and is {found} s")]
pub struct InvalidGrace {
    /// Name of the field.
    pub field: &'static str,
    /// The least that it may be, in seconds.
    pub least: i64,
    /// The most that it may be, in seconds.
    pub most: i64,
    /// What it is, in seconds.
    pub found: i64,
}

// === impl Graces ===

impl Default for Graces {
    fn default() -> Self {
        Self {
            ready: TimeDelta::minutes(30),
            ready_manual: TimeDelta::zero(),
            idle_scale_down: TimeDelta::minutes(30),
            idle_consolidation: TimeDelta::minutes(15),
            idle_manual: TimeDelta::zero(),
            post_sync: TimeDelta::minutes(10),
            stuck_pod: TimeDelta::minutes(5),
            permit: TimeDelta::seconds(30),
        }
    }
}

impl Graces {
    /// Returns how long a node that has carried nothing yet stays ready before this one takes it.
    #[must_use]
    pub const fn ready(&self, decided_by: Decider) -> TimeDelta {
        match decided_by {
            Decider::ScaleDownPolicy
            | Decider::ConsolidationPolicy
            | Decider::UnhealthyCleanup
            | Decider::Rollback => self.ready,
            // A person who names a node means it.
            Decider::Manual => self.ready_manual,
        }
    }

    /// Returns how long a node stays idle before this one takes it.
    #[must_use]
    pub const fn idle(&self, decided_by: Decider) -> TimeDelta {
        match decided_by {
            // Only for the first of them a figure is required; the other two are no reason to hurry.
            Decider::ScaleDownPolicy | Decider::UnhealthyCleanup | Decider::Rollback => self.idle_scale_down,
            Decider::ConsolidationPolicy => self.idle_consolidation,
            Decider::Manual => self.idle_manual,
        }
    }

    /// Checks that all of them make sense.
    ///
    /// # Errors
    ///
    /// Names the first that does not.
    pub fn validate(&self) -> Result<(), InvalidGrace> {
        let zero = TimeDelta::zero();
        let limits = [
            ("ready", self.ready, zero, LONGEST),
            ("readyManual", self.ready_manual, zero, LONGEST),
            ("idleScaleDown", self.idle_scale_down, zero, LONGEST),
            ("idleConsolidation", self.idle_consolidation, zero, LONGEST),
            ("idleManual", self.idle_manual, zero, LONGEST),
            ("postSync", self.post_sync, zero, LONGEST),
            ("stuckPod", self.stuck_pod, zero, LONGEST),
            ("permit", self.permit, TimeDelta::seconds(1), LONGEST_PERMIT),
        ];
        for (field, found, least, most) in limits {
            if found < least || found > most {
                return Err(InvalidGrace {
                    field,
                    least: least.num_seconds(),
                    most: most.num_seconds(),
                    found: found.num_seconds(),
                });
            }
        }
        Ok(())
    }
}
