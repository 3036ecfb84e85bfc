//! What the removal of one machine is decided on, and why it may have to stay.
//!
//! ```text
//!   what VPSie lists ──▶ Obstacle?            the rest ──▶ Case ──ask──▶ gate of node-lifecycle ──▶ Permit
//!                          └── Hold ◀── Refusal ──────────────────────────┘
//! ```

mod hold;

use crate::target::Target;
use chrono::{DateTime, Utc};
use node_lifecycle::gate::{Binding, Facts, GroupFacts, Identity};
use node_lifecycle::{Decider, Doubt, Gate, Life, Permit, ProtectionFacts, Refusal, Workload};

pub use hold::{Hold, Obstacle};

/// Everything that the gate is told of one VPSieNode: the snapshot that belongs to its decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The VPSieNode at the version that is judged.
    pub claim: Target,
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
    /// What its Node carries; nothing while that is not known.
    pub workload: Option<Workload>,
    /// Its group.
    pub group: GroupFacts,
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
            workload: self.workload,
            group: self.group,
        }
    }
}
