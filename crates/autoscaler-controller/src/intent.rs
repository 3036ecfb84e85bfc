//! The record of one request to VPSie, kept on the object that it is for.
//!
//! VPSie answers an add with `data: true` and keeps no request id. This record, written before the request
//! leaves, is therefore the only proof that a machine may exist (`I1`, `I2`).

mod accepted;

use crate::failure;
use crate::kept::{Kept, VPSieNode};
use crate::resources::{Phase, keys};
use crate::time::to_chrono;
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::Decider;
use serde::{Deserialize, Serialize};
use vpsie_api::{CallError, EffectError, NextStep};

pub(crate) use accepted::{IS_TAKEN, REQUESTED, say_accepted};

/// One request: when, against which baseline, and what came of it.
///
/// The same record serves the request for a worker, its removal, and the creation of a provider group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// When the intent was written. The request left at most five seconds later, or never.
    pub requested_at: DateTime<Utc>,
    /// The slot of the NodeGroup that the machine is for; none where the name of the VPSieNode has no such number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
    /// The baseline of what was there before the request; none for a record taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// What is known of the request's effect.
    pub outcome: Outcome,
    /// How many requests were made for this VPSieNode, this one included.
    pub attempt: u32,
    /// The term of the leader that wrote it, as the Lease counts them; none without election.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<u32>,
    /// The id that VPSie was sent with the request, as logs and Events repeat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// On whose decision a machine is removed; none in the record of anything else (`LC-24`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Decider>,
    /// Whether VPSie will refuse it the next time, too, unless a person changes something (`LC-25b`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
    /// The error behind the outcome, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The links that led to the recorded machine, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The kind of evidence that tied the machine to the claim: an anonymous match may later be contested (`R7`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<String>,
}

/// What is known of a request's effect (`I2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The intent is written; nothing is known of the request. After a crash it stays so.
    Open,
    /// VPSie took the request.
    Accepted,
    /// VPSie refused the request; no machine was made.
    Refused,
    /// The request never reached VPSie; no machine was made.
    NotSent,
    /// The request may or may not have made a machine.
    Unknown,
}

/// What the annotations of a VPSieNode say of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// Nothing was ever asked for this VPSieNode.
    Never,
    /// A record of our own.
    Recorded(Intent),
    /// An earlier autoscaler asked, or may have asked, and left no record (`I7`).
    TakenOver {
        /// The best known time of that request.
        since: Option<DateTime<Utc>>,
    },
    /// The record cannot be read; it counts as a request whose effect is unknown.
    Unreadable {
        /// Why not, for a person.
        error: String,
        /// The best known time of the request.
        since: Option<DateTime<Utc>>,
    },
}

/// First wait before a refused or unsent request is made again.
const FIRST_BACK_OFF: TimeDelta = TimeDelta::seconds(30);
/// Longest wait between two requests: a lifted limit is noticed within ten minutes.
const LONGEST_BACK_OFF: TimeDelta = TimeDelta::minutes(10);

// === impl Outcome ===

impl Outcome {
    /// Tells whether a machine may exist because of the request.
    pub fn may_have_effect(self) -> bool {
        match self {
            Self::Open | Self::Accepted | Self::Unknown => true,
            Self::Refused | Self::NotSent => false,
        }
    }
}

// === impl Intent ===

impl Intent {
    /// Returns when another request is allowed, or `None` when it never is.
    pub fn may_repeat_at(&self) -> Option<DateTime<Utc>> {
        if self.outcome.may_have_effect() {
            return None;
        }
        let doublings = self.attempt.saturating_sub(1).min(10);
        let wait = (FIRST_BACK_OFF * (1 << doublings)).min(LONGEST_BACK_OFF);
        Some(self.requested_at + wait)
    }

    /// Returns when a request that names its object may be repeated, whatever came of the last one; `effect_wait` is
    /// how long the effect of one that VPSie may have taken is waited for.
    ///
    /// Only for removals and group creations: a second request for a worker would buy a second worker.
    pub fn may_repeat_named_at(&self, effect_wait: TimeDelta) -> DateTime<Utc> {
        self.may_repeat_at().unwrap_or(self.requested_at + effect_wait)
    }

    /// Returns the number of the next request, after this one if there was one.
    pub fn next_attempt(last: Option<&Self>) -> u32 {
        last.map_or(1, |last| last.attempt.saturating_add(1))
    }

    /// Starts the record of a request that is about to leave.
    pub fn open(requested_at: DateTime<Utc>, attempt: u32, baseline: Option<String>) -> Self {
        let (outcome, error, evidence, recorded_by) = (Outcome::Open, None, Vec::new(), None);
        Self {
            requested_at,
            slot: None,
            baseline,
            outcome,
            attempt,
            term: None,
            request_id: None,
            decided_by: None,
            is_final: false,
            error,
            evidence,
            recorded_by,
        }
    }

    /// Names the slot that a VPSieNode was made for, which is the end of its name (`I1`).
    pub fn for_slot_of(mut self, name: &str) -> Self {
        self.slot = slot(name);
        self
    }

    /// Writes down that the request has not left, and why.
    pub fn give_up(&mut self, error: &impl std::error::Error) {
        self.outcome = Outcome::NotSent;
        self.error = Some(error.to_string());
    }

    /// Tells whether another record speaks of the same request, whatever came of it.
    pub fn is_of_the_same_request(&self, other: &Self) -> bool {
        (self.requested_at, self.attempt, self.term) == (other.requested_at, other.attempt, other.term)
    }

    /// Writes down what came of the request (`I2`).
    pub fn settle<T>(&mut self, answer: &Result<T, EffectError>) {
        self.outcome = match answer {
            Ok(_) => Outcome::Accepted,
            Err(EffectError::Refused(_)) => Outcome::Refused,
            Err(EffectError::NotSent(_)) => Outcome::NotSent,
            Err(EffectError::Unknown(_)) => Outcome::Unknown,
        };
        self.error = answer.as_ref().err().map(failure::of_effect);
    }

    /// Writes down what came of a request to remove a machine.
    pub fn settle_removal(&mut self, answer: &Result<(), EffectError>) {
        self.settle(answer);
        self.is_final = answer.as_ref().is_err_and(is_final);
    }

    /// Tells whether the machine of this request to remove it is on its way out: nothing takes back what VPSie may have
    /// begun, and what it refused for now is asked for again.
    pub fn is_one_way(&self) -> bool {
        match self.outcome {
            Outcome::Open | Outcome::Accepted | Outcome::Unknown => true,
            Outcome::Refused => !self.is_final,
            Outcome::NotSent => false,
        }
    }

    /// Takes in what the status of its VPSieNode says of a request that is open as far as its record goes.
    fn answered(mut self, object: &VPSieNode) -> Self {
        if self.is_open() && accepted::is_accepted(object, &self) {
            self.outcome = Outcome::Accepted;
        }
        self
    }

    /// Tells whether nobody has written down yet what came of the request.
    pub fn is_open(&self) -> bool {
        self.outcome == Outcome::Open
    }

    /// Reads the record from an annotation, if it is there.
    ///
    /// # Errors
    ///
    /// When it was edited and cannot be read: then something may have been asked, and nobody knows when.
    pub fn read<K: Kept>(object: &K, key: &str) -> Result<Option<Self>, serde_json::Error> {
        object.annotation(key).map(serde_json::from_str).transpose()
    }

    /// Reads the record from an annotation, if it is there and readable: for telling, not for deciding.
    pub fn from_annotation<K: Kept>(object: &K, key: &str) -> Option<Self> {
        Self::read(object, key).ok().flatten()
    }

    /// Writes the record as the text of its annotation.
    pub fn to_annotation(&self) -> String {
        serde_json::to_string(self).expect("a record of plain values always serialises")
    }
}

/// Tells whether VPSie refuses for good. That it does not find the machine is no refusal: absence has its own proof.
fn is_final(error: &EffectError) -> bool {
    match error {
        EffectError::Refused(CallError::NotFound { .. }) => false,
        EffectError::Refused(cause) => cause.next_step() == NextStep::Never,
        EffectError::NotSent(_) | EffectError::Unknown(_) => false,
    }
}

/// Reads the slot off the name of a VPSieNode, `<NodeGroup>-<slot>`.
pub fn slot(name: &str) -> Option<u32> {
    name.rsplit_once('-')?.1.parse().ok()
}

// === impl Requested ===

impl Requested {
    /// Reads what a VPSieNode says of its request: its annotations, and its status where VPSie took the request.
    ///
    /// The Go autoscaler marked a VPSieNode only after VPSie's reply, so one that is past Pending may have been asked
    /// for although nothing says so.
    pub fn read(object: &VPSieNode) -> Self {
        let annotations = object.annotations();
        let since = || known_since(object);
        match Intent::read(object, keys::ANNOTATION_CREATION_INTENT) {
            Ok(Some(intent)) => return Self::Recorded(intent.answered(object)),
            Ok(None) => {}
            Err(error) => {
                return Self::Unreadable {
                    error: error.to_string(),
                    since: since(),
                };
            }
        }
        let marked = annotations.get(keys::ANNOTATION_CREATION_REQUESTED);
        if marked.is_some_and(|value| value == keys::TRUE) || object.phase() != Phase::Pending {
            return Self::TakenOver { since: since() };
        }
        Self::Never
    }

    /// Tells whether a machine may exist because of what was asked.
    pub fn may_have_effect(&self) -> bool {
        match self {
            Self::Never => false,
            Self::Recorded(intent) => intent.outcome.may_have_effect(),
            Self::TakenOver { .. } | Self::Unreadable { .. } => true,
        }
    }

    /// Tells whether a request may be under way whose effect nobody has written down.
    pub fn may_be_open(&self) -> bool {
        match self {
            Self::Recorded(intent) => intent.is_open(),
            Self::Unreadable { .. } => true,
            Self::Never | Self::TakenOver { .. } => false,
        }
    }

    /// Returns the time of a request that may have had an effect.
    pub fn requested_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Recorded(intent) if intent.outcome.may_have_effect() => Some(intent.requested_at),
            Self::TakenOver { since } | Self::Unreadable { since, .. } => *since,
            Self::Never | Self::Recorded(_) => None,
        }
    }

    /// Returns the record of our own, if there is one.
    pub fn intent(&self) -> Option<&Intent> {
        match self {
            Self::Recorded(intent) => Some(intent),
            Self::Never | Self::TakenOver { .. } | Self::Unreadable { .. } => None,
        }
    }
}

/// Returns the best known time of a request that left no record of its own.
///
/// Without a written time a living VPSieNode counts from its creation, and a deleted one from its deletion: from
/// earlier on it could be released before a machine has had its time to appear.
fn known_since(object: &VPSieNode) -> Option<DateTime<Utc>> {
    let written = object.status.as_ref().and_then(|status| status.created_at);
    let metadata = &object.metadata;
    let time = metadata
        .deletion_timestamp
        .as_ref()
        .or(metadata.creation_timestamp.as_ref());
    written.or_else(|| to_chrono(time?))
}

#[cfg(test)]
mod tests;
