//! What happens at VPSie without a call: upgrades, and what persons do in the panel.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::behaviour::BehaviourChange;
use super::fault::Fault;
use super::records::Role;
use super::world::World;

/// Describes something that happens at its time, whoever calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A cluster is upgraded: it is locked and has the new version at once; then each manager is replaced by a
    /// new one, one after the other, the old one leaving one pace after its successor was made; after one more
    /// pace the lock opens.
    Upgrade {
        /// The cluster's identifier.
        cluster: String,
        /// The new Kubernetes version, without a leading `v`.
        version: String,
        /// Time between two steps.
        pace: Duration,
    },
    /// A person adds a worker in the panel.
    AddMachine {
        /// The cluster's identifier.
        cluster: String,
        /// The group's number, where it gets one.
        group: Option<u64>,
    },
    /// A person removes a worker in the panel; nothing happens when there is none.
    RemoveMachine {
        /// The cluster's identifier.
        cluster: String,
        /// The group in which to look; all of them by default.
        group: Option<u64>,
        /// Which worker goes.
        which: Which,
    },
    /// VPSie locks a cluster or opens it.
    Lock {
        /// The cluster's identifier.
        cluster: String,
        /// Whether it is locked from now on.
        locked: bool,
    },
    /// The cloud behaves differently from now on.
    Behave(Box<BehaviourChange>),
    /// A fault waits for its call from now on.
    Fault(Fault),
    /// Only this personal token is accepted from now on, and exchanged tokens stop working.
    AcceptOnlyToken(String),
}

/// Says which worker a person picks; one that is on its way out is never picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The one that was made first.
    Oldest,
    /// The one that was made last.
    Newest,
}

/// Holds what is still to happen, in the order of time and then of planning.
#[derive(Default)]
pub(super) struct Schedule {
    steps: BTreeMap<(DateTime<Utc>, u64), Step>,
    planned: u64,
}

/// Is one thing that happens at one moment.
enum Step {
    Happening(Happening),
    AddManager { cluster: String },
    RemoveManager { uuid: String },
}

// === impl Happening ===

impl Happening {
    /// Names it as scenario files do.
    fn name(&self) -> &'static str {
        match self {
            Self::Upgrade { .. } => "upgrade",
            Self::AddMachine { .. } => "add_machine",
            Self::RemoveMachine { .. } => "remove_machine",
            Self::Lock { locked: true, .. } => "lock",
            Self::Lock { locked: false, .. } => "unlock",
            Self::Behave(_) => "behave",
            Self::Fault(_) => "fault",
            Self::AcceptOnlyToken(_) => "accept_only_token",
        }
    }
}

// === impl Schedule ===

impl Schedule {
    pub(super) fn plan(&mut self, at: DateTime<Utc>, happening: Happening) {
        self.add(at, Step::Happening(happening));
    }

    /// Returns the moment of the next step.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.steps.keys().next().map(|(at, _)| *at)
    }

    fn add(&mut self, at: DateTime<Utc>, step: Step) {
        self.planned += 1;
        self.steps.insert((at, self.planned), step);
    }

    fn take_due(&mut self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Step)> {
        let due = self.steps.first_entry().filter(|first| first.key().0 <= now)?;
        let ((at, _), step) = due.remove_entry();
        Some((at, step))
    }
}

// === impl World ===

impl World {
    /// Lets everything happen that is due, each at its own moment.
    pub(super) fn catch_up(&mut self, now: DateTime<Utc>) {
        while let Some((at, step)) = self.schedule.take_due(now) {
            match step {
                Step::Happening(happening) => self.let_happen(happening, at),
                Step::AddManager { cluster } => {
                    self.add_machine(&cluster, None, Role::Manager, at, None);
                }
                Step::RemoveManager { uuid } => self.remove(&uuid, at, true),
            }
        }
    }

    fn let_happen(&mut self, happening: Happening, at: DateTime<Utc>) {
        tracing::info!(what = happening.name(), %at, "something happens at the simulated VPSie");
        match happening {
            Happening::Upgrade {
                cluster,
                version,
                pace,
            } => self.begin_upgrade(&cluster, &version, pace, at),
            Happening::AddMachine { cluster, group } => {
                self.add_worker(&cluster, group, at, None);
            }
            Happening::RemoveMachine {
                cluster,
                group,
                which,
            } => {
                if let Some(uuid) = self.picked(&cluster, group, which, at) {
                    self.remove(&uuid, at, true);
                }
            }
            Happening::Lock { cluster, locked } => {
                if let Some(cluster) = self.cluster_mut(&cluster) {
                    cluster.spec.locked = locked;
                }
            }
            Happening::Behave(change) => change.apply(&mut self.behaviour),
            Happening::Fault(fault) => self.faults.plant(fault),
            Happening::AcceptOnlyToken(token) => self.access.accept_only_token(&token),
        }
    }

    fn begin_upgrade(&mut self, cluster: &str, version: &str, pace: Duration, at: DateTime<Utc>) {
        let Some(found) = self.cluster_mut(cluster) else {
            return;
        };
        found.spec.locked = true;
        version.clone_into(&mut found.spec.version);
        let managers = self
            .alive_in(cluster, at)
            .filter(|machine| machine.role == Role::Manager);
        let old: Vec<String> = managers.map(|machine| machine.uuid.clone()).collect();
        let mut moment = at;
        for uuid in old {
            let cluster = cluster.to_owned();
            self.schedule.add(moment, Step::AddManager { cluster });
            moment = later(moment, pace);
            self.schedule.add(moment, Step::RemoveManager { uuid });
        }
        let open = Happening::Lock {
            cluster: cluster.to_owned(),
            locked: false,
        };
        self.schedule.plan(later(moment, pace), open);
    }

    fn picked(&self, cluster: &str, group: Option<u64>, which: Which, at: DateTime<Utc>) -> Option<String> {
        let mut workers = self.alive_in(cluster, at).filter(|machine| {
            machine.role == Role::Worker
                && machine.removal_requested_at.is_none()
                && (group.is_none() || machine.group == group)
        });
        let picked = match which {
            Which::Oldest => workers.next(),
            Which::Newest => workers.last(),
        };
        picked.map(|machine| machine.uuid.clone())
    }
}

// === helpers ===

/// Adds a wait to a moment; beyond the end of time nothing happens any more.
fn later(moment: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    chrono::Duration::from_std(wait)
        .ok()
        .and_then(|wait| moment.checked_add_signed(wait))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
