//! DECIDE: may this node go? The checks in order; the first that fails decides (`LC-22`).

use chrono::{DateTime, Utc};

use crate::terms::PodFacts;
use crate::{Decider, Life, ProtectionFacts, Refusal, Workload};

mod checks;
mod graces;
mod permit;

pub use checks::{CHECKS, Check};
pub use graces::{Graces, InvalidGrace};
pub use permit::{Binding, Ground, Permit, Removal, Void};

use crate::refusal::Doubt;

/// Tells what is known of one node, read afresh.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// What protects it.
    pub protection: ProtectionFacts,
    /// Whether Node and machine are one, by what is seen now.
    pub identity: Identity<'a>,
    /// Its life.
    pub life: &'a Life,
    /// When its VPSieNode was made, or its machine asked for.
    pub created_at: Option<DateTime<Utc>>,
    /// Why its VPSieNode is in the phase Failed; nothing when it is in another.
    pub failure: Option<&'a str>,
    /// Whether a removal that the gate allowed may have begun already: then its Node may be gone.
    pub is_under_way: bool,
    /// Its workload pods; nothing when they could not be listed completely.
    pub workload: Option<Workload>,
    /// Its group.
    pub group: GroupFacts,
    /// Watched Services that have no ready endpoint on any other node that stays, as `namespace/name` (`SC-12`).
    pub last_endpoints: &'a [String],
}

/// Tells whether Node and machine are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity<'a> {
    /// Provider id, address or hostname links them now. Of a VPSieNode without a Node: the machine is listed under the
    /// recorded identifier, and nothing speaks against it.
    Linked(&'a Binding),
    /// Nothing does.
    Unproven(Doubt),
}

/// Tells of a group what its floor depends on (`LC-23`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its `minNodes`.
    pub min_nodes: u32,
    /// Its `maxNodes`.
    pub max_nodes: u32,
    /// Whether a node that a person removes will be replaced, or is about to be.
    pub is_replaced: bool,
    /// Nodes that count as capacity, this one included if it does.
    pub capacity_nodes: u32,
    /// Workload pods on all its nodes.
    pub workload_pods: u64,
    /// Whether the NodeGroup is being deleted, which lifts the floor.
    pub is_deleted: bool,
}

/// Is what a check looks at.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is known of the node.
    pub facts: &'a Facts<'a>,
    /// On whose decision it is to go.
    pub decided_by: Decider,
    /// How long it must rest.
    pub graces: &'a Graces,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Decides whether a node may go.
///
/// # Guarantees
/// It is the only maker of permits. It reads nothing but its arguments, so the same facts give the same answer.
///
/// # Examples
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use node_lifecycle::gate::{Facts, Gate, Graces, GroupFacts, Identity};
/// use node_lifecycle::{Decider, Doubt, Life, ProtectionFacts, Refusal};
///
/// let gate = Gate::new(Graces::default())?;
/// let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
/// let facts = Facts {
///     protection: ProtectionFacts { has_owner: true, is_group_managed: true, ..Default::default() },
///     identity: Identity::Unproven(Doubt::Ambiguous),
///     life: &Life::requested(now),
///     created_at: Some(now),
///     failure: None,
///     is_under_way: false,
///     workload: None,
///     group: GroupFacts::default(),
///     last_endpoints: &[],
/// };
/// let answer = gate.decide(Some(&facts), Decider::Manual, now);
/// assert_eq!(answer.unwrap_err(), Refusal::IdentityUnproven { doubt: Doubt::Ambiguous });
/// # Ok::<(), node_lifecycle::gate::InvalidGrace>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    graces: Graces,
}

// === impl GroupFacts ===

impl GroupFacts {
    /// Returns how many nodes that count as capacity must remain (`LC-23`).
    ///
    /// A person who removes a node waits for its replacement while there is room for one. Without room the node goes
    /// first, and where no replacement comes nobody waits for it.
    #[must_use]
    pub fn floor(&self, decided_by: Decider) -> u32 {
        match decided_by {
            Decider::Manual if self.is_replaced => self.min_nodes.min(self.max_nodes.saturating_sub(1)),
            Decider::Manual => 0,
            Decider::ScaleDownPolicy
            | Decider::ConsolidationPolicy
            | Decider::UnhealthyCleanup
            | Decider::Rollback => self.min_nodes,
        }
    }
}

// === impl Gate ===

impl Gate {
    /// Makes a gate with these graces.
    ///
    /// # Errors
    ///
    /// Names the first grace that makes no sense.
    pub fn new(graces: Graces) -> Result<Self, InvalidGrace> {
        graces.validate()?;
        Ok(Self { graces })
    }

    /// Returns the graces.
    #[must_use]
    pub const fn graces(&self) -> &Graces {
        &self.graces
    }

    /// Decides whether a node may go; no facts mean that nobody knows it.
    ///
    /// # Errors
    ///
    /// Returns the refusal of the first check that fails, in the order of [`CHECKS`].
    pub fn decide(
        &self,
        facts: Option<&Facts<'_>>,
        decided_by: Decider,
        now: DateTime<Utc>,
    ) -> Result<Permit, Refusal> {
        let Some(facts) = facts else {
            return Err(Refusal::NodeNotFound);
        };
        let question = Question {
            facts,
            decided_by,
            graces: &self.graces,
            now,
        };
        for check in CHECKS {
            if let Some(refusal) = (check.refusal)(&question) {
                return Err(refusal);
            }
        }
        let Identity::Linked(binding) = facts.identity else {
            return Err(Refusal::IdentityUnproven { doubt: Doubt::Absent });
        };
        let state = facts.life.state();
        let ground = Ground::of(state).ok_or(Refusal::InvalidState { state })?;
        Ok(Permit::new(binding, decided_by, ground, now + self.graces.permit))
    }

    /// Sums up the workload pods of a node, for [`Facts::workload`].
    pub fn workload<'a>(
        &self,
        pods: impl IntoIterator<Item = &'a PodFacts>,
        life: &Life,
        now: DateTime<Utc>,
    ) -> Workload {
        Workload::of(pods, life.state(), self.graces.stuck_pod, now)
    }
}

#[cfg(test)]
mod tests;
