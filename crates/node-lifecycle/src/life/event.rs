//! What happens to a node, and what is told of it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use thiserror::Error;

use super::NotReady;
use crate::word::words;
use crate::{PodUid, State};

/// Is something that was observed of a node, or decided about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Its machine exists.
    MachineSeen,
    /// Its Node reports Ready=True.
    Ready,
    /// Its Node was looked at and does not report Ready=True.
    NotReady {
        /// Whether it reports nothing at all: Ready=Unknown, or no Node.
        is_silent: bool,
        /// Since when, where Kubernetes says so; otherwise it counts from the first observation.
        since: Option<DateTime<Utc>>,
    },
    /// Its workload pods were listed completely: these are their uids.
    PodsListed(&'a [PodUid]),
    /// Its VPSieNode failed.
    Failed {
        /// Why, as its status says: `DiscoveryTimeout`.
        reason: &'a str,
    },
    /// Its disk is nearly full.
    DiskPressure,
    /// The gate has allowed its removal, the last time before the delete (`LC-25a`).
    DecommissionAllowed,
    /// The provider no longer has its machine.
    DeleteConfirmed,
}

words! {
    /// Says why a node went from one state to another (`LC-4`).
    Reason, "reason of a transition" {
        /// Its machine exists.
        MachineSeen => "machine_seen",
        /// Its Node was Ready for the first time.
        FirstBootCompleted => "first_boot_completed",
        /// Its first workload pod came.
        FirstWorkloadAdded => "first_workload_added",
        /// A workload pod came after a rest.
        WorkloadAdded => "workload_added",
        /// Its last workload pod left.
        LastWorkloadRemoved => "last_workload_removed",
        /// Its removal was decided.
        DecommissionRequested => "decommission_requested",
        /// The provider no longer has its machine.
        ProviderDeleteConfirmed => "provider_delete_confirmed",
        /// Its machine is gone, and nobody decided that.
        MachineLost => "machine_lost",
        /// Its Node was not Ready for too long.
        ReadyLost => "ready_lost",
        /// Its Node is Ready again.
        ReadyRegained => "ready_regained",
        /// It was ready, and its workload pods were there already.
        WorkloadFound => "workload_found",
        /// It was ready, and its workload pods had gone.
        WorkloadGone => "workload_gone",
        /// Its disk is nearly full.
        DiskPressure => "disk_pressure",
        /// Its VPSieNode failed; the detail says why.
        Failed => "failed",
    }
}

/// Tells that a node went from one state to another (`LC-4`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// Name of the Node, or of its VPSieNode before there is one.
    pub node: String,
    /// The state that it left.
    pub from: State,
    /// The state that it entered.
    pub to: State,
    /// Why.
    pub reason: Reason,
    /// Why its VPSieNode failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Says when a Node that is not Ready counts as broken: both limits must be reached (`LC-11`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnhealthyAfter {
    observations: u32,
    duration: TimeDelta,
}

/// Refuses a limit that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidUnhealthyAfter {
    /// No observation is no evidence.
    #[error("unhealthyAfter.observations must be at least 1")]
    Observations,
    /// Time does not run backwards, and nobody waits for a month.
    #[error("unhealthyAfter.duration must be between 0 and 30 days, and is {seconds} s")]
    Duration {
        /// What was asked for, in seconds.
        seconds: i64,
    },
}

// === impl Event ===

impl<'a> Event<'a> {
    /// Returns what a transition tells besides its reason.
    pub(super) const fn detail(self) -> Option<&'a str> {
        match self {
            Self::Failed { reason } => Some(reason),
            Self::MachineSeen
            | Self::Ready
            | Self::NotReady { .. }
            | Self::PodsListed(_)
            | Self::DiskPressure
            | Self::DecommissionAllowed
            | Self::DeleteConfirmed => None,
        }
    }
}

// === impl UnhealthyAfter ===

/// Longest wait for a Node to become Ready again: longer is a mistake in the unit.
const LONGEST: TimeDelta = TimeDelta::days(30);

impl UnhealthyAfter {
    /// Makes the limits.
    ///
    /// # Errors
    ///
    /// Names the limit that makes no sense.
    pub fn new(observations: u32, duration: TimeDelta) -> Result<Self, InvalidUnhealthyAfter> {
        if observations == 0 {
            return Err(InvalidUnhealthyAfter::Observations);
        }
        if duration < TimeDelta::zero() || duration > LONGEST {
            return Err(InvalidUnhealthyAfter::Duration {
                seconds: duration.num_seconds(),
            });
        }
        Ok(Self {
            observations,
            duration,
        })
    }

    /// Tells whether it lasted long enough.
    pub(super) fn is_reached(&self, not_ready: &NotReady, now: DateTime<Utc>) -> bool {
        not_ready.observations >= self.observations && now - not_ready.since >= self.duration
    }
}

impl Default for UnhealthyAfter {
    /// Three observations and three minutes: one blip is not enough.
    fn default() -> Self {
        Self {
            observations: 3,
            duration: TimeDelta::minutes(3),
        }
    }
}
