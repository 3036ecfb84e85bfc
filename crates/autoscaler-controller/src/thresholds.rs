//! What the thresholds of NodeGroups ask for: which one grows by its use, and why the others do not (`SC-7`, `LC-43`).
//!
//! Pods that wait are no matter of thresholds: the plan buys for them, and nothing here delays that.

use crate::resources::{GlobalSettings, NodeGroup, ScaleUpPolicy};
use crate::watches::Place;
use chrono::{DateTime, TimeDelta, Utc};
use fleet_plan::group::GroupName;
use fleet_plan::policy::{
    Action, Case, CoolDowns, Decision, Down, Held, History, Policy, Trend, Up, Wish, decide,
};
use fleet_plan::projection::{Member, Projection, Standing};
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Is a NodeGroup that may grow as far as everything but its use goes.
#[derive(Debug)]
pub(crate) struct Subject<'o> {
    /// The NodeGroup.
    pub(crate) group: &'o NodeGroup,
    /// Its members.
    pub(crate) members: Vec<Member>,
    /// When its newest VPSieNode was made.
    pub(crate) grown_at: Option<DateTime<Utc>>,
}

/// Remembers since when the use of each NodeGroup is above its thresholds.
///
/// It is in memory only: after a restart, and in a new term, every window begins anew, so that nothing is bought on what
/// another process saw.
#[derive(Debug, Default)]
pub(crate) struct Trends(BTreeMap<Place, Trend>);

/// Says what thresholds ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// The NodeGroup that gets one node more.
    pub grows: Option<Place>,
    /// Why each other NodeGroup does not grow by its use; nothing of one that may not grow anyway.
    pub held: BTreeMap<Place, Held>,
    /// The NodeGroups that would be above a threshold with one node less: by their use they would grow again.
    pub tight: BTreeSet<Place>,
}

/// Looks at the use of NodeGroups: at most one grows, by one node.
///
/// `settings` are those of the cluster, where somebody wrote some.
pub(crate) fn judge(
    subjects: &[Subject<'_>],
    settings: Option<&GlobalSettings>,
    trends: &mut Trends,
    now: DateTime<Utc>,
) -> Thresholds {
    let cool_downs = CoolDowns {
        general: settings.map(|settings| span(settings.scale_up_cooldown())),
        ..CoolDowns::default()
    };
    let cases: Vec<Case> = subjects
        .iter()
        .map(|subject| subject.case(cool_downs, trends, now))
        .collect();
    let seen = cases.iter().map(|case| (place(&case.group), case.trend));
    trends.0 = seen.collect();
    let Decision { action, held } = decide(&cases, now);
    let grows = action.and_then(|action| match action {
        Action::Grow(group, _) => Some(place(&group)),
        Action::Shrink(_) | Action::Consolidate(_) => None,
    });
    let growing = held.into_iter().filter(|(wish, ..)| *wish == Wish::Grow);
    Thresholds {
        grows,
        held: growing.map(|(_, group, held)| (place(&group), held)).collect(),
        tight: cases
            .iter()
            .filter(|case| is_tight(case))
            .map(|case| place(&case.group))
            .collect(),
    }
}

// === impl Trends ===

impl Trends {
    /// Takes the use of each NodeGroup as above its thresholds since then, if it is above them.
    pub(crate) fn above_since(times: impl IntoIterator<Item = (Place, DateTime<Utc>)>) -> Self {
        let since = |at| Trend {
            above_since: Some(at),
            below_since: None,
        };
        Self(times.into_iter().map(|(place, at)| (place, since(at))).collect())
    }
}

// === impl Subject ===

impl Subject<'_> {
    fn case(&self, cool_downs: CoolDowns, trends: &Trends, now: DateTime<Utc>) -> Case {
        let spec = &self.group.spec;
        let group = GroupName {
            namespace: self.group.namespace().unwrap_or_default().into(),
            name: self.group.name_any().into(),
        };
        let policy = Policy {
            up: up(&spec.scale_up()),
            // What shrinks by its use is not decided here.
            down: Down {
                is_enabled: Some(false),
                ..Down::default()
            },
            cool_downs,
            ..Policy::default()
        };
        let projection = Projection::of(&self.members);
        let status = self.group.status.as_ref();
        let before = trends.0.get(&place(&group)).copied().unwrap_or_default();
        Case {
            trend: before.after(&policy, &projection, now),
            history: History {
                grown_at: self.grown_at,
                shrunk_at: status.and_then(|status| status.last_scale_down_time),
                consolidated_at: None,
            },
            min: u32::try_from(spec.min_nodes).unwrap_or_default(),
            max: u32::try_from(spec.max_nodes).unwrap_or_default(),
            group,
            policy,
            projection,
        }
    }
}

/// Reads a policy; what is absent takes the default of its field.
fn up(policy: &ScaleUpPolicy) -> Up {
    let percent = |percent: i32| u32::try_from(percent).ok();
    Up {
        is_enabled: Some(policy.is_enabled()),
        cpu_percent: percent(policy.cpu_threshold_percent()),
        memory_percent: percent(policy.memory_threshold_percent()),
        window: Some(span(policy.stabilization_window())),
    }
}

/// Tells whether a NodeGroup would be above a threshold with one node less, the largest one.
fn is_tight(case: &Case) -> bool {
    let (up, mut less) = (&case.policy.up, case.projection.clone());
    let nodes = i64::from(less.current.nodes.max(1));
    // Nodes of a NodeGroup are of one size.
    less.current.room.cpu_m -= less.current.room.cpu_m / nodes;
    less.current.room.memory_bytes -= less.current.room.memory_bytes / nodes;
    let is_above = |used: fleet_plan::projection::Use, percent: Option<u32>| {
        used.is_above(percent.unwrap_or(Up::PERCENT))
    };
    up.is_enabled == Some(true)
        && (is_above(less.cpu(), up.cpu_percent) || is_above(less.memory(), up.memory_percent))
}

// === impl Thresholds ===

impl Thresholds {
    /// Returns when time alone changes what thresholds ask for.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        let due = self.held.values().filter_map(|held| match held {
            Held::Stabilising { until } | Held::CoolingDown { until } => Some(*until),
            Held::Disabled
            | Held::WithinThreshold
            | Held::AtMaximum { .. }
            | Held::AtMinimum { .. }
            | Held::UnschedulableDemand { .. }
            | Held::IncomingCapacity { .. }
            | Held::NotFirst => None,
        });
        due.min()
    }

    /// Lists the NodeGroups that are above a threshold and do not grow, each with why not.
    pub fn held_back(&self) -> impl Iterator<Item = (&Place, &Held)> {
        self.held.iter().filter(|(_, held)| match held {
            Held::Stabilising { .. }
            | Held::CoolingDown { .. }
            | Held::AtMaximum { .. }
            | Held::AtMinimum { .. }
            | Held::UnschedulableDemand { .. }
            | Held::IncomingCapacity { .. }
            | Held::NotFirst => true,
            Held::Disabled | Held::WithinThreshold => false,
        })
    }

    /// Gives way to another action of the same pass.
    pub(crate) fn yield_to_others(&mut self) {
        let late = self.grows.take().map(|place| (place, Held::NotFirst));
        self.held.extend(late);
    }
}

/// Sums up what serves: a NodeGroup without a node that does has no use to speak of.
pub(crate) fn serves(members: &[Member]) -> bool {
    members.iter().any(|member| member.standing == Standing::Serving)
}

fn place(group: &GroupName) -> Place {
    (group.namespace.to_string(), group.name.to_string())
}

fn span(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests;
