//! An entry before it has its time.

use chrono::{DateTime, Utc};

use super::{Action, Author, Entry, Outcome, Snapshot};
use crate::gate::Facts;
use crate::{Decider, Refusal, Transition};

/// Longest text of an entry, in bytes: enough for any error worth reading, too little to fill a disk.
const TEXT_LIMIT: usize = 4096;

/// Is an entry that has no time yet: the log stamps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft(Entry);

// === impl Draft ===

impl Draft {
    /// Begins an entry; `reason` is a stable word.
    #[must_use]
    pub fn new(action: Action, result: Outcome, decision_by: impl Into<Author>, reason: &str) -> Self {
        Self(Entry {
            timestamp: DateTime::UNIX_EPOCH,
            action,
            node: None,
            group: None,
            workload: None,
            reason: reason.to_owned(),
            message: None,
            state_snapshot: None,
            decision_by: decision_by.into(),
            result,
            error: None,
            count: None,
            repeats: 0,
            request_id: None,
            pass: None,
        })
    }

    /// Tells of a transition; nobody need have decided it.
    #[must_use]
    pub fn transition(transition: &Transition, decision_by: impl Into<Author>) -> Self {
        let Transition { from, to, .. } = transition;
        let message = match &transition.detail {
            Some(detail) => format!("{from} to {to}: {detail}"),
            None => format!("{from} to {to}"),
        };
        let reason = transition.reason.as_str();
        Self::new(Action::LifecycleTransition, Outcome::Success, decision_by, reason)
            .node(&transition.node)
            .message(message)
    }

    /// Tells of a removal that the gate refused; an unknown node has no facts (`LC-15`).
    #[must_use]
    pub fn refused(
        node: &str,
        decided_by: Decider,
        refusal: &Refusal,
        facts: Option<&Facts<'_>>,
        now: DateTime<Utc>,
    ) -> Self {
        let reason = refusal.name().as_str();
        let draft = Self::new(Action::NodeDecommission, refusal.outcome(), decided_by, reason);
        let draft = draft.node(node).message(refusal.to_string());
        match facts {
            Some(facts) => draft.snapshot(Snapshot::of(facts, now)),
            None => draft,
        }
    }

    /// Says which Node it is about, or which VPSieNode while there is no Node.
    #[must_use]
    pub fn node(mut self, name: impl Into<String>) -> Self {
        self.0.node = Some(name.into());
        self
    }

    /// Says which NodeGroup it is about, as `namespace/name`.
    #[must_use]
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.0.group = Some(name.into());
        self
    }

    /// Says which pod it is about, as `namespace/name`.
    #[must_use]
    pub fn workload(mut self, name: impl Into<String>) -> Self {
        self.0.workload = Some(name.into());
        self
    }

    /// Says why in a sentence.
    #[must_use]
    pub fn message(mut self, sentence: impl Into<String>) -> Self {
        self.0.message = Some(sentence.into());
        self
    }

    /// Shows the node as it was.
    #[must_use]
    pub fn snapshot(mut self, snapshot: Snapshot) -> Self {
        self.0.state_snapshot = Some(snapshot);
        self
    }

    /// Says what went wrong.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.0.error = Some(error.into());
        self
    }

    /// Says how many.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.0.count = Some(count);
        self
    }

    /// Says which request it belongs to.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Says in which pass it was recorded.
    #[must_use]
    pub fn pass(mut self, id: impl Into<String>) -> Self {
        self.0.pass = Some(id.into());
        self
    }

    /// Makes the entry, at this time; texts beyond 4,096 bytes are cut.
    #[must_use]
    pub fn stamped(self, now: DateTime<Utc>) -> Entry {
        let mut entry = self.0;
        entry.timestamp = now;
        shorten(&mut entry.reason);
        let texts = [
            &mut entry.node,
            &mut entry.group,
            &mut entry.workload,
            &mut entry.message,
            &mut entry.error,
            &mut entry.request_id,
            &mut entry.pass,
        ];
        texts.into_iter().flatten().for_each(shorten);
        entry
    }

    /// Returns what is known of the entry already; its time is not.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.0
    }

    /// Says how often the same was rejected before.
    pub(super) fn repeats(mut self, repeats: u64) -> Self {
        self.0.repeats = repeats;
        self
    }
}

/// Cuts a text that is too long and shows that it was cut.
fn shorten(text: &mut String) {
    const MARK: char = '…';
    if text.len() <= TEXT_LIMIT {
        return;
    }
    let mut end = TEXT_LIMIT - MARK.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push(MARK);
}
