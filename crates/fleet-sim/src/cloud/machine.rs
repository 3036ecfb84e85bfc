//! One machine as the cloud keeps it: everything that will happen to it is decided when it is made.

use chrono::{DateTime, Utc};

use super::records::{MachineState, Role, SimMachine};

/// Keeps a machine with the moments of its life; a moment that never comes is `None`.
pub(super) struct Machine {
    pub(super) uuid: String,
    pub(super) number: u64,
    pub(super) cluster: String,
    pub(super) group: Option<u64>,
    pub(super) role: Role,
    pub(super) hostname: String,
    pub(super) private_address: String,
    pub(super) public_address: String,
    pub(super) cpu: u32,
    pub(super) ram_mb: u64,
    pub(super) disk_gb: u64,
    pub(super) version: String,
    pub(super) provider_id: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) listed_at: DateTime<Utc>,
    pub(super) boots_at: Option<DateTime<Utc>>,
    pub(super) joins_at: Option<DateTime<Utc>>,
    pub(super) ready_at: Option<DateTime<Utc>>,
    pub(super) removal_requested_at: Option<DateTime<Utc>>,
    pub(super) goes_at: Option<DateTime<Utc>>,
    pub(super) is_silent: bool,
    pub(super) made_by: Option<u64>,
}

// === impl Machine ===

impl Machine {
    /// Makes it one that has run since `born`.
    pub(super) fn be_settled_since(&mut self, born: DateTime<Utc>) {
        self.created_at = born;
        self.listed_at = born;
        self.boots_at = Some(born);
        self.joins_at = Some(born);
        self.ready_at = Some(born);
    }

    pub(super) fn state(&self, now: DateTime<Utc>) -> MachineState {
        if reached(self.goes_at, now) {
            MachineState::Gone
        } else if self.removal_requested_at.is_some() {
            MachineState::Removing
        } else if reached(self.boots_at, now) {
            MachineState::Running
        } else if self.listed_at <= now {
            MachineState::Creating
        } else {
            MachineState::Accepted
        }
    }

    /// Reports whether the node list shows it.
    pub(super) fn is_listed(&self, now: DateTime<Utc>) -> bool {
        self.listed_at <= now && !reached(self.goes_at, now)
    }

    /// Reports whether it takes a seat: from its acceptance until it is gone.
    pub(super) fn is_alive(&self, now: DateTime<Utc>) -> bool {
        !reached(self.goes_at, now)
    }

    pub(super) fn has_booted(&self, now: DateTime<Utc>) -> bool {
        reached(self.boots_at, now)
    }

    /// Returns the moments at which it changes by itself.
    pub(super) fn changes(&self) -> impl Iterator<Item = DateTime<Utc>> {
        [
            Some(self.listed_at),
            self.boots_at,
            self.joins_at,
            self.ready_at,
            self.goes_at,
        ]
        .into_iter()
        .flatten()
    }

    pub(super) fn snapshot(&self, now: DateTime<Utc>) -> SimMachine {
        let past = |moment: Option<DateTime<Utc>>| moment.filter(|at| *at <= now && self.lived_at(*at));
        SimMachine {
            uuid: self.uuid.clone(),
            number: self.number,
            cluster: self.cluster.clone(),
            group: self.group,
            role: self.role,
            hostname: self.hostname.clone(),
            addresses: vec![self.private_address.clone(), self.public_address.clone()],
            cpu: self.cpu,
            ram_mb: self.ram_mb,
            disk_gb: self.disk_gb,
            version: self.version.clone(),
            provider_id: self.provider_id.clone(),
            state: self.state(now),
            created_at: self.created_at,
            booted_at: past(self.boots_at),
            joined_at: past(self.joins_at),
            ready_at: past(self.ready_at),
            removal_requested_at: self.removal_requested_at,
            removed_at: self.goes_at.filter(|at| *at <= now),
            is_silent: self.is_silent,
            made_by: self.made_by,
        }
    }

    /// A machine that goes before a moment of its plan never reaches that moment.
    fn lived_at(&self, moment: DateTime<Utc>) -> bool {
        self.goes_at.is_none_or(|gone| moment < gone)
    }
}

fn reached(moment: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    moment.is_some_and(|at| at <= now)
}
