//! Why a group does not grow, shrink or consolidate now.

use chrono::{DateTime, TimeDelta, Utc};

use super::pace::Since;
use super::{Action, Down, Held, History, Policy, Trend, Up, Urgency, Wish};
use crate::group::GroupName;
use crate::projection::Projection;

/// Is a group with everything that its policy looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Who it is.
    pub group: GroupName,
    /// What it wants.
    pub policy: Policy,
    /// What it has, and what is asked of it.
    pub projection: Projection,
    /// Since when.
    pub trend: Trend,
    /// When its size was last changed.
    pub history: History,
    /// The least nodes it must have.
    pub min: u32,
    /// The most nodes it may have.
    pub max: u32,
}

// === impl Case ===

impl Case {
    /// Says why the group may not be bought from for pods that wait; nothing where it may.
    ///
    /// No figure of this crate delays a pod: only times that somebody wrote do, and not even these while the fleet has
    /// no node that serves (`LC-42`). Its maximum is the business of [`crate::plan`], which says so of each pod.
    #[must_use]
    pub fn held_from_buying(&self, fleet: &Projection, now: DateTime<Utc>) -> Option<Held> {
        if self.policy.up.is_enabled == Some(false) {
            return Some(Held::Disabled);
        }
        if fleet.current.nodes == 0 {
            return None;
        }
        let written = [
            (Since::Change, self.policy.up.window),
            (Since::Change, self.policy.cool_downs.general),
        ];
        self.history.cooling(written, now)
    }

    pub(super) fn held_from_growing(&self, now: DateTime<Utc>) -> Option<Held> {
        let up = &self.policy.up;
        if up.is_enabled == Some(false) {
            return Some(Held::Disabled);
        }
        let is_past = up.is_past(&self.projection);
        let window = up.window.unwrap_or(Up::WINDOW);
        refusal_within(is_past, self.trend.above_since, window, now)
            .or_else(|| self.refusal_at_maximum())
            .or_else(|| self.history.cooling([self.policy.cool_downs.general()], now))
    }

    pub(super) fn held_from_shrinking(&self, fleet: &Projection, now: DateTime<Utc>) -> Option<Held> {
        let down = &self.policy.down;
        if down.is_enabled == Some(false) {
            return Some(Held::Disabled);
        }
        let is_past = down.is_past(&self.projection);
        let window = down.window.unwrap_or(Down::WINDOW);
        let pace = [
            self.policy.cool_downs.general(),
            self.policy.cool_downs.down_after_up(),
        ];
        refusal_of_fleet(fleet)
            .or_else(|| refusal_within(is_past, self.trend.below_since, window, now))
            .or_else(|| self.refusal_at_minimum())
            .or_else(|| self.history.cooling(pace, now))
    }

    pub(super) fn held_from_consolidating(&self, fleet: &Projection, now: DateTime<Utc>) -> Option<Held> {
        if self.policy.consolidates != Some(true) {
            return Some(Held::Disabled);
        }
        let pace = [
            self.policy.cool_downs.general(),
            self.policy.cool_downs.down_after_up(),
            self.policy.cool_downs.consolidation(),
        ];
        refusal_of_fleet(fleet)
            .or_else(|| self.refusal_at_minimum())
            .or_else(|| self.history.cooling(pace, now))
    }

    fn refusal_at_maximum(&self) -> Option<Held> {
        (self.nodes() >= self.max).then_some(Held::AtMaximum { nodes: self.max })
    }

    fn refusal_at_minimum(&self) -> Option<Held> {
        let serving = self.projection.current.nodes;
        (serving <= self.min).then_some(Held::AtMinimum { nodes: self.min })
    }

    /// Counts every machine that there is: one that drains is paid for, too.
    const fn nodes(&self) -> u32 {
        let Projection {
            current,
            incoming,
            excluded,
            ..
        } = &self.projection;
        current
            .nodes
            .saturating_add(incoming.nodes)
            .saturating_add(excluded.nodes)
    }

    pub(super) fn action(&self, wish: Wish) -> Action {
        let group = self.group.clone();
        match wish {
            Wish::Grow => Action::Grow(group, Urgency::of(&self.projection)),
            Wish::Shrink => Action::Shrink(group),
            Wish::Consolidate => Action::Consolidate(group),
        }
    }
}

fn refusal_of_fleet(fleet: &Projection) -> Option<Held> {
    let pods = fleet.demand.unschedulable_pods;
    let nodes = fleet.incoming.nodes;
    if pods > 0 {
        Some(Held::UnschedulableDemand { pods })
    } else {
        (nodes > 0).then_some(Held::IncomingCapacity { nodes })
    }
}

fn refusal_within(
    is_past: bool,
    since: Option<DateTime<Utc>>,
    window: TimeDelta,
    now: DateTime<Utc>,
) -> Option<Held> {
    if !is_past {
        return Some(Held::WithinThreshold);
    }
    let until = since
        .unwrap_or(now)
        .checked_add_signed(window)
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    (until > now).then_some(Held::Stabilising { until })
}
