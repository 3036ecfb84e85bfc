//! Which group is to grow or to shrink by its thresholds, and when a group may buy for pods that wait (`LC-42`, `LC-43`).
//!
//! ```text
//!  projections ──▶ trends: since when above, since when below ──▶ decide: up, else down, else consolidate, else nothing
//! ```

mod case;
mod pace;
#[cfg(test)]
mod tests;
mod threshold;

use chrono::{DateTime, Utc};

use crate::group::GroupName;
use crate::projection::Projection;
pub use case::Case;
pub use pace::{CoolDowns, History};
pub use threshold::{Down, Trend, Up};

/// Holds what a NodeGroup says about growing and shrinking, as it was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Who goes first: the greatest does, and of equals the first by name.
    pub priority: i32,
    /// Growing.
    pub up: Up,
    /// Shrinking.
    pub down: Down,
    /// Whether its nodes may be consolidated; unset means not (`LC-49`).
    pub consolidates: Option<bool>,
    /// The least time between actions.
    pub cool_downs: CoolDowns,
}

/// Is the one thing that a cycle does by thresholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// One node is added.
    Grow(GroupName, Urgency),
    /// One node may go, if the gate finds one that may.
    Shrink(GroupName),
    /// A plan of consolidation may be made.
    Consolidate(GroupName),
}

/// Says how full a group is, by the greater of CPU and memory (`LC-43`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Above the threshold, and at most 88 percent.
    Low,
    /// Above 88 percent.
    Medium,
    /// Above 92 percent.
    High,
    /// Above 95 percent.
    Critical,
}

/// Says why a group does not grow, shrink or consolidate now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Its policy is off.
    Disabled,
    /// The use is not past the threshold.
    WithinThreshold,
    /// It is, but has not been for the whole window.
    Stabilising {
        /// When the window has passed.
        until: DateTime<Utc>,
    },
    /// The last change of its size was too recent.
    CoolingDown {
        /// When it may.
        until: DateTime<Utc>,
    },
    /// It has its maximum, those that come included.
    AtMaximum {
        /// Which that is.
        nodes: u32,
    },
    /// It has its minimum, or fewer.
    AtMinimum {
        /// Which that is.
        nodes: u32,
    },
    /// Pods of the fleet wait that no Node takes (`LC-42`).
    UnschedulableDemand {
        /// How many.
        pods: u32,
    },
    /// Nodes of the fleet are coming (`LC-42`).
    IncomingCapacity {
        /// How many.
        nodes: u32,
    },
    /// Another action of this cycle comes first.
    NotFirst,
}

/// Is what a group could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    /// Grow by its use.
    Grow,
    /// Shrink by its use.
    Shrink,
    /// Consolidate.
    Consolidate,
}

/// Is what a cycle does, and why each group does nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The one action.
    pub action: Option<Action>,
    /// Every other wish of every group, in the order in which they were asked.
    pub held: Vec<(Wish, GroupName, Held)>,
}

/// Decides what to do by thresholds: at most one action, up before down before consolidate (`LC-43`).
///
/// Pods that wait are no matter of thresholds: see [`Case::held_from_buying`].
///
/// # Guarantees
/// The order of `cases` changes nothing. Nothing shrinks or consolidates while any group has pods that no Node takes, or
/// nodes that are coming.
#[must_use]
pub fn decide(cases: &[Case], now: DateTime<Utc>) -> Decision {
    let mut order: Vec<&Case> = cases.iter().collect();
    order.sort_by_key(|case| (std::cmp::Reverse(case.policy.priority), &case.group));
    let fleet = cases
        .iter()
        .fold(Projection::default(), |sum, case| sum.and(&case.projection));
    let mut decision = Decision::default();
    for wish in [Wish::Grow, Wish::Shrink, Wish::Consolidate] {
        for case in &order {
            let held = match wish {
                Wish::Grow => case.held_from_growing(now),
                Wish::Shrink => case.held_from_shrinking(&fleet, now),
                Wish::Consolidate => case.held_from_consolidating(&fleet, now),
            };
            let held = held.or_else(|| decision.action.is_some().then_some(Held::NotFirst));
            match held {
                Some(held) => decision.held.push((wish, case.group.clone(), held)),
                None => decision.action = Some(case.action(wish)),
            }
        }
    }
    decision
}

// === impl Held ===

impl Held {
    /// Lists a word for every reason, in the order of the variants.
    pub const WORDS: [&'static str; 9] = [
        "disabled",
        "within-threshold",
        "stabilising",
        "cooling-down",
        "at-maximum",
        "at-minimum",
        "unschedulable-demand",
        "incoming-capacity",
        "not-first",
    ];

    /// Returns its stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::WithinThreshold => "within-threshold",
            Self::Stabilising { .. } => "stabilising",
            Self::CoolingDown { .. } => "cooling-down",
            Self::AtMaximum { .. } => "at-maximum",
            Self::AtMinimum { .. } => "at-minimum",
            Self::UnschedulableDemand { .. } => "unschedulable-demand",
            Self::IncomingCapacity { .. } => "incoming-capacity",
            Self::NotFirst => "not-first",
        }
    }
}

// === impl Urgency ===

impl Urgency {
    /// Tells how full a group is; meant for one above its threshold.
    #[must_use]
    pub fn of(projection: &Projection) -> Self {
        let bands = [(95, Self::Critical), (92, Self::High), (88, Self::Medium)];
        let is_above =
            |percent: u32| projection.cpu().is_above(percent) || projection.memory().is_above(percent);
        let band = bands.into_iter().find(|(percent, _)| is_above(*percent));
        band.map_or(Self::Low, |(_, urgency)| urgency)
    }
}
