//! A node as it was when something was decided about it.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::gate::Facts;
use crate::{Health, Life, State};

/// What a unit of memory in a snapshot is, in bytes.
const MEBIBYTE: u64 = 1 << 20;

/// Shows a node as it was. Its JSON names do not change (`LC-35`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its state.
    pub lifecycle_state: State,
    /// Its health.
    pub health_status: Health,
    /// Workload pods that count.
    pub workload_count: u64,
    /// CPU that they request, in thousandths of a core.
    pub requested_cpu_m: u64,
    /// Memory that they request, in units of 1,048,576 bytes, rounded up.
    pub requested_memory_mb: u64,
    /// Workload pods that it ever carried.
    pub workloads_ever: u64,
    /// Whole minutes since its machine was asked for; nothing when that is unknown.
    #[serde(default)]
    pub age_minutes: Option<i64>,
    /// Whole minutes since it first became ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initialized_age_minutes: Option<i64>,
    /// What only an attempt that was not refused adds.
    #[serde(flatten)]
    pub ending: Ending,
}

/// Shows what a node cost and when it last worked; for attempts that succeeded or failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// What an hour of it costs, in the currency of the account. In JSON a text, so that it stays exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly_cost: Option<Decimal>,
    /// When it first carried a workload pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_workload_at: Option<DateTime<Utc>>,
    /// When its last workload pod left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_workload_at: Option<DateTime<Utc>>,
    /// Whole minutes since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<i64>,
}

// === impl Snapshot ===

impl Snapshot {
    /// Shows a node as the gate sees it, with what a rejection tells.
    #[must_use]
    pub fn of(facts: &Facts<'_>, now: DateTime<Utc>) -> Self {
        let life = facts.life;
        let workload = facts.workload.unwrap_or_default();
        let born_at = facts.created_at.or(life.provisioned_at());
        Self {
            lifecycle_state: life.state(),
            health_status: life.health(),
            workload_count: workload.pods,
            requested_cpu_m: workload.requested_cpu_m,
            requested_memory_mb: workload.requested_memory_bytes.div_ceil(MEBIBYTE),
            workloads_ever: life.workloads_ever(),
            age_minutes: born_at.map(|born_at| (now - born_at).num_minutes()),
            initialized_age_minutes: life.initialized_at().map(|since| (now - since).num_minutes()),
            ending: Ending::default(),
        }
    }

    /// Adds what a success or a failure tells.
    #[must_use]
    pub fn ending(mut self, life: &Life, hourly_cost: Option<Decimal>, now: DateTime<Utc>) -> Self {
        self.ending = Ending {
            hourly_cost,
            first_workload_at: life.first_workload_at(),
            last_workload_at: life.last_workload_at(),
            idle_minutes: life.idle_for(now).as_ref().map(TimeDelta::num_minutes),
        };
        self
    }
}

#[cfg(test)]
mod tests;
