//! The eight states and which may follow which: one row per state.

use thiserror::Error;

use crate::word::words;

words! {
    /// Says where a node is in its life.
    ///
    /// How well it is, is another question: [`Health`](crate::Health).
    State, "lifecycle state" {
        /// The provider is creating the machine.
        Provisioning => "provisioning",
        /// The machine exists; first boot and join are running.
        Initializing => "initializing",
        /// Healthy, and has never carried a workload pod.
        Ready => "ready",
        /// Carries workload pods.
        Active => "active",
        /// Carried workload pods before and carries none now.
        Idle => "idle",
        /// Receives nothing new and waits to be gone; there is no way back into service.
        Draining => "draining",
        /// Gone; nothing follows.
        Decommissioned => "decommissioned",
        /// Was alive and is broken.
        Unhealthy => "unhealthy",
    }
}

/// Refuses a step that no life takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a node that is {from} cannot become {to}")]
pub struct IllegalTransition {
    /// The state that the node is in, and stays in.
    pub from: State,
    /// The state that was asked for.
    pub to: State,
}

// === impl State ===

impl State {
    /// Tells whether this state may be followed by that one (`LC-1`).
    ///
    /// Staying is not following: no state may follow itself.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        match self {
            Self::Provisioning => match to {
                Self::Initializing | Self::Decommissioned | Self::Unhealthy => true,
                Self::Provisioning | Self::Ready | Self::Active | Self::Idle | Self::Draining => false,
            },
            Self::Initializing => match to {
                Self::Ready | Self::Decommissioned | Self::Unhealthy => true,
                Self::Provisioning | Self::Initializing | Self::Active | Self::Idle | Self::Draining => false,
            },
            Self::Ready => match to {
                Self::Active | Self::Idle | Self::Draining | Self::Decommissioned | Self::Unhealthy => true,
                Self::Provisioning | Self::Initializing | Self::Ready => false,
            },
            Self::Active => match to {
                Self::Idle | Self::Draining | Self::Unhealthy => true,
                Self::Provisioning | Self::Initializing | Self::Ready => false,
                Self::Active | Self::Decommissioned => false,
            },
            Self::Idle => match to {
                Self::Active | Self::Draining | Self::Decommissioned | Self::Unhealthy => true,
                Self::Provisioning | Self::Initializing | Self::Ready | Self::Idle => false,
            },
            Self::Draining => match to {
                Self::Decommissioned | Self::Unhealthy => true,
                Self::Provisioning | Self::Initializing | Self::Ready => false,
                Self::Active | Self::Idle | Self::Draining => false,
            },
            Self::Decommissioned => match to {
                Self::Provisioning | Self::Initializing | Self::Ready | Self::Active => false,
                Self::Idle | Self::Draining | Self::Decommissioned | Self::Unhealthy => false,
            },
            Self::Unhealthy => match to {
                Self::Ready | Self::Decommissioned => true,
                Self::Provisioning | Self::Initializing | Self::Active => false,
                Self::Idle | Self::Draining | Self::Unhealthy => false,
            },
        }
    }

    /// Lists the states that may follow this one.
    pub fn successors(self) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |to| self.may_become(*to))
    }

    /// Takes the step to that state, if there is one.
    ///
    /// # Errors
    ///
    /// Names both states when the second may not follow the first.
    pub const fn step_to(self, to: Self) -> Result<Self, IllegalTransition> {
        if self.may_become(to) {
            Ok(to)
        } else {
            Err(IllegalTransition { from: self, to })
        }
    }

    /// Prints the table of [`State::may_become`] in Markdown, for the documentation.
    #[must_use]
    pub fn table() -> String {
        let row = |first: &str, cells: Vec<&str>| format!("| {first} | {} |\n", cells.join(" | "));
        let mut table = row(r"from \ to", Self::ALL.iter().map(|to| to.as_str()).collect());
        table.push_str(&"|---".repeat(Self::ALL.len() + 1));
        table.push_str("|\n");
        for from in Self::ALL {
            let mark = |to: &Self| if from.may_become(*to) { "x" } else { " " };
            table.push_str(&row(&format!("`{from}`"), Self::ALL.iter().map(mark).collect()));
        }
        table
    }

    /// Tells whether a node in this state can carry work now.
    ///
    /// One that is provisioning or initializing is future capacity and counts as none here.
    #[must_use]
    pub const fn counts_as_capacity(self) -> bool {
        match self {
            Self::Ready | Self::Active | Self::Idle => true,
            Self::Provisioning
            | Self::Initializing
            | Self::Draining
            | Self::Decommissioned
            | Self::Unhealthy => false,
        }
    }

    /// Tells whether a node in this state has not been alive yet.
    #[must_use]
    pub const fn is_starting(self) -> bool {
        match self {
            Self::Provisioning | Self::Initializing => true,
            Self::Ready
            | Self::Active
            | Self::Idle
            | Self::Draining
            | Self::Decommissioned
            | Self::Unhealthy => false,
        }
    }
}

#[cfg(test)]
mod tests;
