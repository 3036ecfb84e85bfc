//! The brakes on what happens by itself: many broken nodes at once are one broken something else.

use std::fmt;

use thiserror::Error;

use crate::word::words;

/// Says when automatic clean-up and draining for disk pressure hold still (`LC-13a`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brakes {
    /// Observations that are needed, one after the other.
    pub observations: u32,
    /// Nodes that may be affected whatever the size of the group.
    pub nodes: u32,
    /// Share of the group that may be affected, in percent.
    pub share_percent: u32,
}

words! {
    /// Is the stable name of a brake.
    BrakeName, "brake" {
        /// It was not seen often enough.
        TooFewObservations => "too_few_observations",
        /// Too many nodes of the group are affected.
        TooManyAffected => "too_many_affected",
    }
}

/// Says why nothing is done by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brake {
    /// It was not seen often enough.
    TooFewObservations {
        /// How often it was seen.
        seen: u32,
        /// How often it must be.
        needed: u32,
    },
    /// Too many nodes of the group are affected.
    TooManyAffected {
        /// How many are.
        affected: u32,
        /// How many nodes there are.
        nodes: u32,
    },
}

/// Refuses a brake that would never hold, or always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("brakes.{field} must be between {least} and {most}, and is {found}")]
pub struct InvalidBrake {
    /// Name of the field.
    pub field: &'static str,
    /// The least that it may be.
    pub least: u32,
    /// The most that it may be.
    pub most: u32,
    /// What it is.
    pub found: u32,
}

// === impl Brakes ===

impl Default for Brakes {
    fn default() -> Self {
        Self {
            observations: 3,
            nodes: 1,
            share_percent: 20,
        }
    }
}

impl Brakes {
    /// Checks that all of them make sense.
    ///
    /// # Errors
    ///
    /// Names the first that does not.
    pub const fn validate(&self) -> Result<(), InvalidBrake> {
        let (field, least, most, found) = if self.observations == 0 {
            ("observations", 1, u32::MAX, 0)
        } else if self.share_percent > 100 {
            ("sharePercent", 0, 100, self.share_percent)
        } else {
            return Ok(());
        };
        Err(InvalidBrake {
            field,
            least,
            most,
            found,
        })
    }

    /// Says why nothing may be done about a node by itself; nothing when it may.
    ///
    /// `seen` counts the observations of this node; `affected` of the group's `nodes` are in the same plight, this one
    /// included.
    #[must_use]
    pub fn brake(&self, seen: u32, affected: u32, nodes: u32) -> Option<Brake> {
        if seen < self.observations {
            return Some(Brake::TooFewObservations {
                seen,
                needed: self.observations,
            });
        }
        let is_large_share = u64::from(affected) * 100 > u64::from(nodes) * u64::from(self.share_percent);
        (affected > self.nodes && is_large_share).then_some(Brake::TooManyAffected { affected, nodes })
    }
}

// === impl Brake ===

impl Brake {
    /// Returns the stable name.
    #[must_use]
    pub const fn name(self) -> BrakeName {
        match self {
            Self::TooFewObservations { .. } => BrakeName::TooFewObservations,
            Self::TooManyAffected { .. } => BrakeName::TooManyAffected,
        }
    }
}

impl fmt::Display for Brake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewObservations { seen, needed } => {
                write!(f, "seen {seen} times, and {needed} are needed")
            }
            Self::TooManyAffected { affected, nodes } => {
                write!(
                    f,
                    "{affected} of {nodes} nodes of the group are affected, which is no matter of single nodes"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests;
