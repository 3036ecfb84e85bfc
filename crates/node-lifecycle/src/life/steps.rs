//! What each state makes of each change: one function per state.

use super::{Life, Reason};
use crate::State;

/// Is what an event means for the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The machine exists.
    MachineSeen,
    /// The Node is Ready.
    Ready,
    /// The Node is not Ready, and not for long.
    Blip,
    /// The Node has not been Ready for too long.
    ReadyLost,
    /// There are workload pods.
    SomePods,
    /// There are none.
    NoPods,
    /// The VPSieNode failed.
    Failed,
    /// The disk is nearly full.
    DiskPressure,
    /// The removal is allowed.
    DecommissionAllowed,
    /// The machine is gone.
    DeleteConfirmed,
}

/// Is the way through one or two states.
type Steps = Vec<(State, Reason)>;

impl Life {
    /// Lists the states that follow, each with its reason.
    pub(super) fn steps(&self, change: Change) -> Steps {
        match self.state {
            State::Provisioning => self.when_provisioning(change),
            State::Initializing => self.when_initializing(change),
            State::Ready => self.when_ready(change),
            State::Active => when_active(change),
            State::Idle => when_idle(change),
            State::Draining => when_draining(change),
            State::Decommissioned => Steps::new(),
            State::Unhealthy => self.when_unhealthy(change),
        }
    }

    fn when_provisioning(&self, change: Change) -> Steps {
        match change {
            Change::MachineSeen => vec![(State::Initializing, Reason::MachineSeen)],
            Change::Ready => {
                let mut steps = vec![(State::Initializing, Reason::MachineSeen)];
                steps.extend(self.enter_service(Reason::FirstBootCompleted));
                steps
            }
            Change::Failed => vec![(State::Unhealthy, Reason::Failed)],
            // The table does not allow it, and the caller is told so.
            Change::DecommissionAllowed => vec![(State::Draining, Reason::DecommissionRequested)],
            Change::DeleteConfirmed => vec![(State::Decommissioned, Reason::ProviderDeleteConfirmed)],
            Change::Blip | Change::ReadyLost | Change::SomePods | Change::NoPods | Change::DiskPressure => {
                Steps::new()
            }
        }
    }

    fn when_initializing(&self, change: Change) -> Steps {
        match change {
            Change::Ready => self.enter_service(Reason::FirstBootCompleted),
            Change::Failed => vec![(State::Unhealthy, Reason::Failed)],
            // As above: an error.
            Change::DecommissionAllowed => vec![(State::Draining, Reason::DecommissionRequested)],
            Change::DeleteConfirmed => vec![(State::Decommissioned, Reason::ProviderDeleteConfirmed)],
            Change::MachineSeen
            | Change::Blip
            | Change::ReadyLost
            | Change::SomePods
            | Change::NoPods
            | Change::DiskPressure => Steps::new(),
        }
    }

    fn when_ready(&self, change: Change) -> Steps {
        match change {
            Change::SomePods if self.pods.ever() == 0 => {
                vec![(State::Active, Reason::FirstWorkloadAdded)]
            }
            Change::SomePods => vec![(State::Active, Reason::WorkloadAdded)],
            Change::NoPods if self.pods.ever() > 0 => {
                vec![(State::Idle, Reason::LastWorkloadRemoved)]
            }
            Change::ReadyLost => vec![(State::Unhealthy, Reason::ReadyLost)],
            Change::Failed => vec![(State::Unhealthy, Reason::Failed)],
            Change::DiskPressure => vec![(State::Draining, Reason::DiskPressure)],
            Change::DecommissionAllowed => vec![(State::Draining, Reason::DecommissionRequested)],
            Change::DeleteConfirmed => vec![(State::Decommissioned, Reason::ProviderDeleteConfirmed)],
            Change::MachineSeen | Change::Ready | Change::Blip | Change::NoPods => Steps::new(),
        }
    }

    fn when_unhealthy(&self, change: Change) -> Steps {
        match change {
            Change::Ready => self.enter_service(Reason::ReadyRegained),
            Change::DeleteConfirmed => vec![(State::Decommissioned, Reason::ProviderDeleteConfirmed)],
            // A broken node goes without draining (LC-25), so an allowed removal changes nothing here.
            Change::DecommissionAllowed
            | Change::MachineSeen
            | Change::Blip
            | Change::ReadyLost
            | Change::SomePods
            | Change::NoPods
            | Change::Failed
            | Change::DiskPressure => Steps::new(),
        }
    }

    /// Leads into service, and on to active or idle when the pods say so (`LC-11`).
    fn enter_service(&self, reason: Reason) -> Steps {
        let mut steps = vec![(State::Ready, reason)];
        if self.pods.current() > 0 {
            steps.push((State::Active, Reason::WorkloadFound));
        } else if self.pods.ever() > 0 {
            steps.push((State::Idle, Reason::WorkloadGone));
        }
        steps
    }
}

fn when_active(change: Change) -> Steps {
    match change {
        Change::NoPods => vec![(State::Idle, Reason::LastWorkloadRemoved)],
        Change::ReadyLost => vec![(State::Unhealthy, Reason::ReadyLost)],
        Change::Failed => vec![(State::Unhealthy, Reason::Failed)],
        Change::DiskPressure => vec![(State::Draining, Reason::DiskPressure)],
        Change::DecommissionAllowed => vec![(State::Draining, Reason::DecommissionRequested)],
        // Nobody decided that: the machine broke away under its pods.
        Change::DeleteConfirmed => vec![
            (State::Unhealthy, Reason::MachineLost),
            (State::Decommissioned, Reason::ProviderDeleteConfirmed),
        ],
        Change::MachineSeen | Change::Ready | Change::Blip | Change::SomePods => Steps::new(),
    }
}

fn when_idle(change: Change) -> Steps {
    match change {
        Change::SomePods => vec![(State::Active, Reason::WorkloadAdded)],
        Change::ReadyLost => vec![(State::Unhealthy, Reason::ReadyLost)],
        Change::Failed => vec![(State::Unhealthy, Reason::Failed)],
        Change::DiskPressure => vec![(State::Draining, Reason::DiskPressure)],
        Change::DecommissionAllowed => vec![(State::Draining, Reason::DecommissionRequested)],
        Change::DeleteConfirmed => vec![(State::Decommissioned, Reason::ProviderDeleteConfirmed)],
        Change::MachineSeen | Change::Ready | Change::Blip | Change::NoPods => Steps::new(),
    }
}

fn when_draining(change: Change) -> Steps {
    match change {
        Change::ReadyLost => vec![(State::Unhealthy, Reason::ReadyLost)],
        Change::Failed => vec![(State::Unhealthy, Reason::Failed)],
        Change::DeleteConfirmed => vec![(State::Decommissioned, Reason::ProviderDeleteConfirmed)],
        // There is no way back into service, and no second draining (LC-26).
        Change::DecommissionAllowed
        | Change::DiskPressure
        | Change::MachineSeen
        | Change::Ready
        | Change::Blip
        | Change::SomePods
        | Change::NoPods => Steps::new(),
    }
}
