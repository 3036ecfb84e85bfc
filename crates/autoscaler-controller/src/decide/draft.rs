//! A status being written: starts as stored, and becomes a command only if something changed.

use crate::command::{Batch, Command, StatusWrite};
use crate::kept;
use crate::kept::vpsie_node::Status;
use crate::reason::Reason;
use crate::resources::{
    Condition, ConditionStatus, NodeGroup, NodeGroupStatus, Phase, VPSieNodeStatus, find_condition,
    set_condition,
};
use crate::skew::Skew;
use crate::target::Target;
use crate::trouble::Trouble;
use chrono::{DateTime, SubsecRound as _, Utc};
use serde::Serialize;

/// Condition: what is next is held up, by Kubernetes or by a clock that cannot be believed.
pub(crate) const BLOCKED: &str = "Blocked";

/// A status of `S`, with what conditions need to know.
pub(super) struct Draft<S> {
    /// The status as it will be written.
    pub(super) status: S,
    stored: S,
    generation: Option<i64>,
    now: DateTime<Utc>,
}

/// A status with conditions.
pub(super) trait Conditions {
    /// Returns the list of conditions, to change it.
    fn conditions(&mut self) -> &mut Option<Vec<Condition>>;

    /// Returns the list of conditions.
    fn listed(&self) -> Option<&[Condition]>;
}

impl Conditions for VPSieNodeStatus {
    fn conditions(&mut self) -> &mut Option<Vec<Condition>> {
        &mut self.conditions
    }

    fn listed(&self) -> Option<&[Condition]> {
        self.conditions.as_deref()
    }
}

impl Conditions for NodeGroupStatus {
    fn conditions(&mut self) -> &mut Option<Vec<Condition>> {
        &mut self.conditions
    }

    fn listed(&self) -> Option<&[Condition]> {
        self.conditions.as_deref()
    }
}

// === impl Draft ===

impl<S: Conditions> Draft<S> {
    /// Sets a condition; the time of its last change stays while its status stays, even where this pass has cleared it.
    pub(super) fn condition(
        &mut self,
        type_: &str,
        status: impl Into<ConditionStatus>,
        reason: Reason,
        message: impl Into<String>,
    ) {
        if find_condition(self.status.listed(), type_).is_none() {
            let stored = find_condition(self.stored.listed(), type_).cloned();
            self.status.conditions().get_or_insert_default().extend(stored);
        }
        let condition = Condition::new(type_, status.into(), reason.as_str(), message, self.generation);
        set_condition(self.status.conditions(), condition, self.now);
    }

    /// Says that our clock cannot be believed, else what Kubernetes does not let us do, or that nothing is held up.
    pub(super) fn say_blocked(&mut self, skew: Option<Skew>, trouble: Option<&Trouble>) {
        if let Some(skew) = skew {
            return self.condition(BLOCKED, true, Reason::ClockSkewed, skew.sentence());
        }
        match trouble {
            Some(trouble) => self.condition(BLOCKED, true, trouble.reason, trouble.message.as_str()),
            None => self.clear(BLOCKED),
        }
    }

    /// Removes a condition that no longer applies.
    pub(super) fn clear(&mut self, type_: &str) {
        if let Some(conditions) = self.status.conditions() {
            conditions.retain(|condition| condition.type_ != type_);
        }
    }

    /// Returns the time of the pass in whole seconds, as Kubernetes stores times.
    pub(super) fn stamp(&self) -> DateTime<Utc> {
        self.now.trunc_subsecs(0)
    }
}

impl Draft<VPSieNodeStatus> {
    /// Starts from the stored status of a VPSieNode.
    pub(super) fn of_claim(object: &kept::VPSieNode, now: DateTime<Utc>) -> Self {
        let stored = object.status.as_ref().map(Status::to_stored).unwrap_or_default();
        Self {
            status: stored.clone(),
            stored,
            generation: object.metadata.generation,
            now,
        }
    }

    /// Returns the write, if anything changed.
    pub(super) fn finish(self, target: &Target) -> Option<Command> {
        let write = Box::new(self.changes()?);
        Some(Command::WriteVpsieNodeStatus(target.clone(), write))
    }

    /// Returns what is to be written, if anything changed.
    ///
    /// What we record in the spec makes a new generation. Until the VPSieNode is at rest the next phase tells of it, in
    /// a write that is needed anyway.
    pub(super) fn changes(mut self) -> Option<StatusWrite<VPSieNodeStatus>> {
        let is_generation_alone = || without_generation(&self.status) == without_generation(&self.stored);
        if !is_at_rest(self.status.phase.as_ref()) && is_generation_alone() {
            return None;
        }
        self.status.observed_generation = self.generation.or(self.status.observed_generation);
        write(&self.stored, self.status)
    }
}

impl Draft<NodeGroupStatus> {
    /// Starts from the stored status of a NodeGroup.
    pub(super) fn of_group(object: &NodeGroup, now: DateTime<Utc>) -> Self {
        let stored = object.status.clone().unwrap_or_default();
        Self {
            status: stored.clone(),
            stored,
            generation: object.metadata.generation,
            now,
        }
    }

    /// Returns the write, if anything changed.
    pub(super) fn finish(mut self, target: &Target) -> Option<Command> {
        self.status.observed_generation = self.generation.or(self.status.observed_generation);
        let write = write(&self.stored, self.status)?;
        Some(Command::WriteNodeGroupStatus(target.clone(), Box::new(write)))
    }
}

/// Puts the notice of a failure before the command that failed, for nothing behind that is reached.
///
/// When there is nothing else to do, the failure is over.
pub(super) fn announce(mut batch: Batch, notice: Option<Command>) -> Batch {
    let Some(notice) = notice else { return batch };
    batch.commands.retain(|command| *command != notice);
    if !batch.commands.is_empty() {
        batch.commands.insert(0, notice);
    }
    batch
}

/// Tells whether a VPSieNode may stay in a phase for good.
pub(super) fn is_at_rest(phase: Option<&Phase>) -> bool {
    match phase {
        Some(Phase::Pending | Phase::Provisioning | Phase::Provisioned | Phase::Joining) => false,
        Some(
            Phase::Ready | Phase::Terminating | Phase::Deleting | Phase::Failed | Phase::Unrecognised(_),
        )
        | None => true,
    }
}

/// Returns a status without the generations that it was made of.
fn without_generation(status: &VPSieNodeStatus) -> VPSieNodeStatus {
    let mut status = status.clone();
    status.observed_generation = None;
    for condition in status.conditions.iter_mut().flatten() {
        condition.observed_generation = None;
    }
    status
}

/// Makes the write of a status that changed.
fn write<S: Serialize + PartialEq>(stored: &S, status: S) -> Option<StatusWrite<S>> {
    (status != *stored).then(|| {
        let mut cleared = fields(stored);
        let kept = fields(&status);
        cleared.retain(|field| !kept.contains(field));
        StatusWrite { status, cleared }
    })
}

fn fields<S: Serialize>(status: &S) -> Vec<String> {
    let value = serde_json::to_value(status).expect("a status of plain values always serialises");
    value
        .as_object()
        .map(|object| object.keys().cloned().collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
