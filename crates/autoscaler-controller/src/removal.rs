//! What the removal of one machine is decided on, and why it may have to stay.
//!
//! ```text
//!   what VPSie lists ──▶ Obstacle?            the rest ──▶ Case ──ask──▶ gate of node-lifecycle ──▶ Permit
//!                          └── Hold ◀── Refusal ──────────────────────────┘
//! ```

mod hold;

use crate::target::Target;
use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Action, Draft, Outcome, Snapshot};
use node_lifecycle::gate::{Binding, Facts, Ground, GroupFacts, Identity};
use node_lifecycle::{Brake, Decider, Doubt, Gate, Life, Permit, ProtectionFacts, Refusal, Workload};
use vpsie_api::Decimal;

pub use hold::{Hold, Obstacle};

/// Everything that the gate is told of one VPSieNode: the snapshot that belongs to its decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The VPSieNode at the version that is judged.
    pub claim: Target,
    /// Name of its NodeGroup.
    pub node_group: String,
    /// On whose decision its machine is to go.
    pub decided_by: Decider,
    /// Name of its Node, if it has one.
    pub node: Option<String>,
    /// What protects it.
    pub protection: ProtectionFacts,
    /// What is linked to it now, or why that is not proven.
    pub identity: Result<Binding, Doubt>,
    /// Its life.
    pub life: Life,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Why it failed, if it has.
    pub failure: Option<String>,
    /// Whether a removal that the gate allowed may have begun already: then its Node may be gone.
    pub is_under_way: bool,
    /// What its Node carries; nothing while that is not known.
    pub workload: Option<Workload>,
    /// Its group.
    pub group: GroupFacts,
    /// Watched Services that have no ready endpoint on any other node that stays (`SC-12`).
    pub last_endpoints: Vec<String>,
    /// What an hour of its machine costs; nothing while VPSie has not said.
    pub hourly_cost: Option<Decimal>,
}

// === impl Case ===

impl Case {
    /// Asks the gate. Every decision about a removal is made here, on the snapshot that this is.
    ///
    /// # Errors
    ///
    /// Returns why the machine must stay.
    pub fn ask(&self, gate: &Gate, now: DateTime<Utc>) -> Result<Permit, Refusal> {
        gate.decide(Some(&self.facts()), self.decided_by, now)
    }

    /// Tells the audit log that its machine must stay, with the node as it is (`LC-35`).
    #[must_use]
    pub fn refused(&self, refusal: &Refusal, now: DateTime<Utc>) -> Draft {
        let facts = self.facts();
        self.of_it(Draft::refused("", self.decided_by, refusal, Some(&facts), now))
    }

    /// Tells the audit log that nothing is done about it by itself, with the node as it is (`LC-13a`).
    #[must_use]
    pub fn braked(&self, brake: Brake, now: DateTime<Utc>) -> Draft {
        let draft = Draft::new(
            Action::NodeDecommission,
            Outcome::Rejected,
            self.decided_by,
            brake.name().as_str(),
        );
        let snapshot = Snapshot::of(&self.facts(), now);
        self.of_it(draft.snapshot(snapshot).message(brake.to_string()))
    }

    /// Tells the audit log that the removal of its machine was asked for, on which ground, and what came of it
    /// (`LC-26`, `LC-35`).
    #[must_use]
    pub fn asked_for(&self, ground: Ground, error: Option<String>, now: DateTime<Utc>) -> Draft {
        let result = if error.is_none() {
            Outcome::Success
        } else {
            Outcome::Failed
        };
        let draft = Draft::new(Action::NodeDecommission, result, self.decided_by, ground.as_str());
        let snapshot = Snapshot::of(&self.facts(), now).ending(&self.life, self.hourly_cost, now);
        let machine = self
            .identity
            .as_ref()
            .map_or("", |binding| binding.machine.as_str());
        let message = format!("the gate let machine {machine} go, and VPSie was asked to remove it");
        let draft = self.of_it(draft).snapshot(snapshot).message(message);
        match error {
            Some(error) => draft.error(error),
            None => draft,
        }
    }

    /// Says in an entry which node it is about.
    pub(crate) fn of_it(&self, draft: Draft) -> Draft {
        let Target {
            namespace, name, uid, ..
        } = &self.claim;
        draft
            .node(self.node.as_ref().unwrap_or(name))
            .group(format!("{namespace}/{}", self.node_group))
            .request_id(uid)
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            protection: self.protection,
            identity: match &self.identity {
                Ok(binding) => Identity::Linked(binding),
                Err(doubt) => Identity::Unproven(*doubt),
            },
            life: &self.life,
            created_at: self.created_at,
            failure: self.failure.as_deref(),
            is_under_way: self.is_under_way,
            workload: self.workload,
            group: self.group,
            last_endpoints: &self.last_endpoints,
        }
    }
}
