//! The life of one node: its state, its health, and what it remembers.
//!
//! Events go in, transitions come out. Each event is a fact that was observed or a step that was decided; both may come
//! twice or late, and then change nothing.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Health, IllegalTransition, State};

mod event;
mod memory;
mod pods;
mod record;
mod steps;

pub use event::{Event, InvalidUnhealthyAfter, Reason, Transition, UnhealthyAfter};
use pods::Pods;
pub use record::UnreadableLife;
use steps::Change;

/// Is what is known of the life of one node.
///
/// # Guarantees
/// The state changes only along the table of [`State::may_become`]. What an event is refused for changes nothing.
/// Memory is bounded: see [`Life::workloads_ever`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    pub(crate) state: State,
    pub(crate) health: Health,
    /// When the state began.
    pub(crate) entered_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provisioned_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) initialized_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_workload_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_workload_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recovery: Option<Recovery>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_ready: Option<NotReady>,
    #[serde(default, skip_serializing_if = "Pods::is_empty")]
    pub(crate) pods: Pods,
}

/// Tells that a node was found again without a record of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recovery {
    /// When it was found.
    pub recovered_at: DateTime<Utc>,
    /// When its pods were first listed completely since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods_listed_at: Option<DateTime<Utc>>,
}

/// Tells for how long a Node was seen not Ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotReady {
    /// Since when.
    pub since: DateTime<Utc>,
    /// In how many observations, one after the other.
    pub observations: u32,
}

// === impl Life: how one begins (LC-5) ===

impl Life {
    fn new(state: State, health: Health, now: DateTime<Utc>) -> Self {
        Self {
            state,
            health,
            entered_at: now,
            provisioned_at: None,
            initialized_at: None,
            first_workload_at: None,
            last_workload_at: None,
            recovery: None,
            not_ready: None,
            pods: Pods::default(),
        }
    }

    /// Begins the life of a new VPSieNode: provisioning, of unknown health.
    #[must_use]
    pub fn requested(now: DateTime<Utc>) -> Self {
        let mut life = Self::new(State::Provisioning, Health::Unknown, now);
        life.provisioned_at = Some(now);
        life
    }

    /// Begins the life of a protected node: active and healthy.
    #[must_use]
    pub fn protected(now: DateTime<Utc>) -> Self {
        Self::new(State::Active, Health::Healthy, now)
    }

    /// Begins the life of a node that was found again without a record: ready, of unknown health.
    #[must_use]
    pub fn rediscovered(now: DateTime<Utc>) -> Self {
        let mut life = Self::new(State::Ready, Health::Unknown, now);
        life.recover(now);
        life
    }

    /// Begins the life of a machine that was found without a record before its Node was Ready.
    #[must_use]
    pub fn starting(now: DateTime<Utc>) -> Self {
        Self::new(State::Initializing, Health::Unknown, now)
    }

    /// Begins the life of a VPSieNode that was found Failed and without a record.
    #[must_use]
    pub fn broken(now: DateTime<Utc>) -> Self {
        let mut life = Self::new(State::Unhealthy, Health::Unknown, now);
        life.recover(now);
        life
    }

    /// Demands that its pods are listed anew before anything is decided about it (`LC-21`).
    ///
    /// For a process that did not watch the node until now.
    pub fn recover(&mut self, now: DateTime<Utc>) {
        self.recovery = Some(Recovery {
            recovered_at: now,
            pods_listed_at: None,
        });
    }
}

// === impl Life: what happens to it ===

impl Life {
    /// Takes an event in and returns the transitions that follow, in order.
    ///
    /// Mostly there is none or one. When a Node is Ready again there are two: it is ready, and in the same pass active or
    /// idle (`LC-11`). Nothing reaches a node that is decommissioned.
    ///
    /// # Errors
    ///
    /// Refuses a step that the state does not allow; then nothing has changed, no stamp and no count.
    ///
    /// # Examples
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use node_lifecycle::{Event, Life, PodUid, Reason, State, UnhealthyAfter};
    ///
    /// let (rules, now) = (UnhealthyAfter::default(), DateTime::UNIX_EPOCH);
    /// let mut life = Life::requested(now);
    /// life.apply("worker-1", Event::MachineSeen, &rules, now)?;
    /// life.apply("worker-1", Event::Ready, &rules, now)?;
    /// let pods = [PodUid::of("pod-uid")];
    /// let steps = life.apply("worker-1", Event::PodsListed(&pods), &rules, now)?;
    /// assert_eq!((steps[0].from, steps[0].to), (State::Ready, State::Active));
    /// assert_eq!(steps[0].reason, Reason::FirstWorkloadAdded);
    /// # Ok::<(), node_lifecycle::IllegalTransition>(())
    /// ```
    pub fn apply(
        &mut self,
        node: &str,
        event: Event<'_>,
        rules: &UnhealthyAfter,
        now: DateTime<Utc>,
    ) -> Result<Vec<Transition>, IllegalTransition> {
        if self.state == State::Decommissioned {
            return Ok(Vec::new());
        }
        let steps = self.steps(self.change(event, rules, now));
        let mut reached = self.state;
        for (to, _) in &steps {
            reached = reached.step_to(*to)?;
        }
        self.note(event, now);
        let transitions = steps.into_iter().map(|(to, reason)| {
            let from = self.enter(to, now);
            Transition {
                node: node.to_owned(),
                from,
                to,
                reason,
                detail: event.detail().map(str::to_owned),
                at: now,
            }
        });
        Ok(transitions.collect())
    }

    /// Changes the health alone (`LC-2`).
    pub fn set_health(&mut self, health: Health) {
        self.health = health;
    }

    /// Says what an event means for the state, before anything is noted.
    fn change(&self, event: Event<'_>, rules: &UnhealthyAfter, now: DateTime<Utc>) -> Change {
        match event {
            Event::MachineSeen => Change::MachineSeen,
            Event::Ready => Change::Ready,
            Event::NotReady { since, .. } => {
                let lasting = self.not_ready_for(since, now);
                if rules.is_reached(&lasting, now) {
                    Change::ReadyLost
                } else {
                    Change::Blip
                }
            }
            Event::PodsListed([]) => Change::NoPods,
            Event::PodsListed(_) => Change::SomePods,
            Event::Failed { .. } => Change::Failed,
            Event::DiskPressure => Change::DiskPressure,
            Event::DecommissionAllowed => Change::DecommissionAllowed,
            Event::DeleteConfirmed => Change::DeleteConfirmed,
        }
    }

    /// Notes what an event tells besides the state.
    fn note(&mut self, event: Event<'_>, now: DateTime<Utc>) {
        match event {
            Event::Ready => {
                self.health = Health::Healthy;
                self.not_ready = None;
            }
            Event::NotReady { is_silent, since } => {
                self.health = if is_silent {
                    Health::Unknown
                } else {
                    Health::Unhealthy
                };
                if !self.state.is_starting() {
                    self.not_ready = Some(self.not_ready_for(since, now));
                }
            }
            Event::PodsListed(uids) => {
                self.pods.list(uids);
                if let Some(recovery) = &mut self.recovery {
                    recovery.pods_listed_at.get_or_insert(now);
                }
            }
            Event::MachineSeen
            | Event::Failed { .. }
            | Event::DiskPressure
            | Event::DecommissionAllowed
            | Event::DeleteConfirmed => {}
        }
    }

    /// Counts one more observation of a Node that is not Ready.
    fn not_ready_for(&self, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> NotReady {
        let told = since.map_or(now, |since| since.min(now));
        let noted = self.not_ready;
        NotReady {
            since: noted.map_or(told, |noted| noted.since.min(told)),
            observations: noted.map_or(0, |noted| noted.observations).saturating_add(1),
        }
    }

    /// Enters a state, stamps what belongs to it (`LC-3`), and returns the one that it left.
    fn enter(&mut self, to: State, now: DateTime<Utc>) -> State {
        let from = std::mem::replace(&mut self.state, to);
        self.entered_at = now;
        match to {
            State::Ready => {
                self.initialized_at.get_or_insert(now);
            }
            State::Active => {
                self.first_workload_at.get_or_insert(now);
            }
            State::Idle => self.last_workload_at = Some(now),
            State::Unhealthy => self.not_ready = None,
            State::Provisioning | State::Initializing | State::Draining | State::Decommissioned => {}
        }
        from
    }
}

#[cfg(test)]
mod tests;
