//! What a life remembers, to be asked for.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Life, NotReady, Recovery};
use crate::{Health, State};

impl Life {
    /// Returns the state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns the health.
    #[must_use]
    pub const fn health(&self) -> Health {
        self.health
    }

    /// Returns when the present state began.
    #[must_use]
    pub const fn entered_at(&self) -> DateTime<Utc> {
        self.entered_at
    }

    /// Returns when its machine was asked for, if that was seen.
    #[must_use]
    pub const fn provisioned_at(&self) -> Option<DateTime<Utc>> {
        self.provisioned_at
    }

    /// Returns when it was first ready.
    #[must_use]
    pub const fn initialized_at(&self) -> Option<DateTime<Utc>> {
        self.initialized_at
    }

    /// Returns when it first carried a workload pod.
    #[must_use]
    pub const fn first_workload_at(&self) -> Option<DateTime<Utc>> {
        self.first_workload_at
    }

    /// Returns when its last workload pod left, the last time that this happened.
    #[must_use]
    pub const fn last_workload_at(&self) -> Option<DateTime<Utc>> {
        self.last_workload_at
    }

    /// Returns whether, and when, it was found again without a record.
    #[must_use]
    pub const fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }

    /// Returns for how long its Node has not been Ready; nothing while it is, or once it counts as broken.
    #[must_use]
    pub const fn not_ready(&self) -> Option<NotReady> {
        self.not_ready
    }

    /// Counts the workload pods of the newest list.
    #[must_use]
    pub fn workloads(&self) -> u64 {
        self.pods.current()
    }

    /// Counts the distinct workload pods that it ever carried (`LC-10`).
    ///
    /// A pod is bound once and for all, and its uid never comes back: to count each uid once it is enough to know those
    /// that are there, and the last ones that left, which a list that is a little old may show again. 16 of those are
    /// kept; of each uid eight bytes of its SHA-256.
    #[must_use]
    pub const fn workloads_ever(&self) -> u64 {
        self.pods.ever()
    }

    /// Returns how long no workload pod has been there, as far as that is known.
    ///
    /// An idle node knows when its last one left. An active one that is empty counts from now, unless a later stamp says
    /// more: the stamp of an earlier rest says nothing about this one.
    #[must_use]
    pub fn idle_for(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        match self.state {
            State::Active => {
                let left_at = self.last_workload_at.filter(|left_at| *left_at > self.entered_at);
                Some(left_at.map_or(TimeDelta::zero(), |left_at| now - left_at))
            }
            State::Provisioning
            | State::Initializing
            | State::Ready
            | State::Idle
            | State::Draining
            | State::Decommissioned
            | State::Unhealthy => self.last_workload_at.map(|left_at| now - left_at),
        }
    }
}
