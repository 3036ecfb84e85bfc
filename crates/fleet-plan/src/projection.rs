//! What there is for pods, what is coming, and what is asked for: of one group, or of the whole fleet (`LC-40`).

use chrono::{DateTime, Utc};

use crate::Resources;

/// Describes a node as far as the load of its group is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is good for.
    pub standing: Standing,
    /// What it has for pods; of one that is coming, what its size promises.
    pub room: Resources,
    /// What pods that are bound to it request; of one that is [`Standing::Excluded`] only what has to go elsewhere,
    /// and so nothing of its DaemonSets.
    pub requests: Resources,
}

/// Says what a node is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is healthy and takes pods: ready, active or idle.
    Serving,
    /// It is asked for or starts; one without an id yet is, too (`LC-41`).
    Coming {
        /// When it is expected; none where nothing has been learned yet.
        expected_at: Option<DateTime<Utc>>,
    },
    /// It takes no more pods: it drains, is broken, or has failed.
    Excluded,
}

/// Is so many nodes with what they have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// How many nodes.
    pub nodes: u32,
    /// What they have for pods.
    pub room: Resources,
}

/// Holds what pods request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requested {
    /// By pods that are bound to a Node.
    pub bound: Resources,
    /// By pods that no Node takes.
    pub unschedulable: Resources,
    /// How many pods no Node takes.
    pub unschedulable_pods: u32,
}

/// Says what there is, what is coming, and what is asked for.
///
/// # Examples
/// ```
/// use fleet_plan::projection::{Member, Projection, Standing};
/// use fleet_plan::Resources;
///
/// let core = |thousandths| Resources { cpu_m: thousandths, ..Resources::default() };
/// let node = Member { standing: Standing::Serving, room: core(4000), requests: core(3000) };
/// let coming = Member {
///     standing: Standing::Coming { expected_at: None },
///     room: core(4000),
///     requests: core(0),
/// };
/// let projection = Projection::of([&node, &coming]);
/// assert!(projection.cpu().is_above(37) && !projection.cpu().is_above(38));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    /// Nodes that serve.
    pub current: Share,
    /// Nodes that are coming.
    pub incoming: Share,
    /// When the last of those is expected whose time is known.
    pub complete_at: Option<DateTime<Utc>>,
    /// Nodes that count for nothing, and what they would have.
    pub excluded: Share,
    /// What is asked for.
    pub demand: Requested,
}

/// Is the part of what there is, and is coming, that is asked for. Exact: two numbers, and never their quotient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    asked: i64,
    has: i64,
}

// === impl Projection ===

impl Projection {
    /// Sums up nodes, in whatever order.
    pub fn of<'a>(members: impl IntoIterator<Item = &'a Member>) -> Self {
        let mut sum = Self::default();
        for member in members {
            let share = match member.standing {
                Standing::Serving => &mut sum.current,
                Standing::Coming { expected_at } => {
                    sum.complete_at = sum.complete_at.max(expected_at);
                    &mut sum.incoming
                }
                Standing::Excluded => &mut sum.excluded,
            };
            share.add(1, &member.room);
            sum.demand.bound.add(&member.requests, 1);
        }
        sum
    }

    /// Adds so many pods that no Node takes, each of which requests this.
    #[must_use]
    pub fn with_unschedulable(mut self, requests: &Resources, pods: u32) -> Self {
        self.demand.unschedulable.add(requests, pods);
        self.demand.unschedulable_pods = self.demand.unschedulable_pods.saturating_add(pods);
        self
    }

    /// Adds another group.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (mine, theirs) in [
            (&mut self.current, &other.current),
            (&mut self.incoming, &other.incoming),
            (&mut self.excluded, &other.excluded),
        ] {
            mine.add(theirs.nodes, &theirs.room);
        }
        self.complete_at = self.complete_at.max(other.complete_at);
        self.demand.bound.add(&other.demand.bound, 1);
        self.demand.unschedulable.add(&other.demand.unschedulable, 1);
        let pods = &mut self.demand.unschedulable_pods;
        *pods = pods.saturating_add(other.demand.unschedulable_pods);
        self
    }

    /// Returns how much of the CPU is asked for.
    #[must_use]
    pub fn cpu(&self) -> Use {
        self.used(|of| of.cpu_m)
    }

    /// Returns how much of the memory is asked for.
    #[must_use]
    pub fn memory(&self) -> Use {
        self.used(|of| of.memory_bytes)
    }

    fn used(&self, pick: fn(&Resources) -> i64) -> Use {
        let sum = |one: &Resources, other: &Resources| pick(one).max(0).saturating_add(pick(other).max(0));
        Use {
            asked: sum(&self.demand.bound, &self.demand.unschedulable),
            has: sum(&self.current.room, &self.incoming.room),
        }
    }
}

// === impl Share ===

impl Share {
    fn add(&mut self, nodes: u32, room: &Resources) {
        self.nodes = self.nodes.saturating_add(nodes);
        self.room.add(room, 1);
    }
}

// === impl Use ===

impl Use {
    /// Tells whether more than so many percent are asked for; of nothing, anything is.
    #[must_use]
    pub fn is_above(self, percent: u32) -> bool {
        i128::from(self.asked) * 100 > i128::from(self.has) * i128::from(percent)
    }

    /// Tells whether less than so many percent are asked for; of nothing, never.
    #[must_use]
    pub fn is_below(self, percent: u32) -> bool {
        i128::from(self.asked) * 100 < i128::from(self.has) * i128::from(percent)
    }

    /// Returns the use in percent, rounded down; none where there is nothing to use.
    #[must_use]
    pub fn percent(self) -> Option<u32> {
        let percent = (i128::from(self.asked) * 100).checked_div(i128::from(self.has))?;
        Some(u32::try_from(percent).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests;
