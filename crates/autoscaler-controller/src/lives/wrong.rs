//! What is wrong with a Node, and how often in a row that was seen.
//!
//! It is counted anew by every process: what another one saw is no observation of this one (`LC-13a`).

use super::sight::Sight;
use crate::world::World;
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::State;

/// What is wrong with the Node of one VPSieNode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrong {
    broken: Streak,
    pressed: Streak,
    is_drained: bool,
}

/// How often in a row something was seen, each time at least the time between two polls after the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Streak {
    count: u32,
    last: Option<DateTime<Utc>>,
}

// === impl Wrong ===

impl Wrong {
    /// Takes in what is seen now, of a life that has come to this state.
    pub(super) fn look(&mut self, state: State, sight: &Sight<'_>, world: &World<'_>) {
        let interval = TimeDelta::from_std(world.settings.poll_interval).unwrap_or(TimeDelta::MAX);
        self.broken.see(state == State::Unhealthy, interval, world.now);
        self.pressed.see(sight.has_disk_pressure(), interval, world.now);
        self.is_drained = sight.is_drained_for_disk();
    }

    /// Tells whether anything is wrong.
    pub(crate) fn is_affected(&self) -> bool {
        self.broken.count > 0 || self.pressed.count > 0 || self.is_drained
    }

    /// Counts how often in a row the node was seen broken.
    pub(crate) fn broken(&self) -> u32 {
        self.broken.count
    }

    /// Counts how often in a row its disk was seen nearly full.
    pub(crate) fn pressed(&self) -> u32 {
        self.pressed.count
    }

    /// Tells whether it left service for its disk.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_drained
    }
}

// === impl Streak ===

impl Streak {
    fn see(&mut self, is_so: bool, interval: TimeDelta, now: DateTime<Utc>) {
        if !is_so {
            *self = Self::default();
        } else if self.last.is_none_or(|last| now - last >= interval) {
            self.count = self.count.saturating_add(1);
            self.last = Some(now);
        }
    }
}
