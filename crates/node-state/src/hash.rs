//! The hash of a state: the same in every process, and different when a consumer could see a difference.

use std::fmt;

use node_lifecycle::Phase;
use sha2::{Digest, Sha256};

use crate::condition::{Condition, Since};
use crate::key::{GroupKey, Subject};
use crate::state::{NodeState, OwnerState};

/// Is the hash of everything that a consumer can see of a state (`NS-3`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StateHash([u8; 32]);

/// Takes fields in, each with its length before it, so that no two lists of fields look alike.
#[derive(Default)]
struct Fields(Sha256);

// === impl StateHash ===

impl StateHash {
    /// Computes the hash of a state; the hash in it is not looked at.
    ///
    /// What only says when and how often it was looked at does not count: `last_evaluated`, `evaluation_count`,
    /// `source_version`, `expires_at`, and the moment at which a condition was seen that the facts do not date. That moment cannot
    /// change while the status stays, and without it a restart finds the hashes that it left (`NS-27`).
    #[must_use]
    pub fn of(state: &NodeState) -> Self {
        let NodeState {
            subject,
            uid,
            node_group,
            owner,
            scope,
            zone,
            kubelet_version,
            desired_version,
            lifecycle_state,
            health,
            is_excluded,
            conditions,
            warnings,
            workload,
            message,
            last_evaluated: _,
            evaluation_count: _,
            source_version: _,
            expires_at: _,
            state_hash: _,
        } = state;
        let mut fields = Fields::default();
        fields.subject(subject);
        fields.text(uid);
        fields.group(node_group.as_ref());
        fields.number(u64::from(owner.is_some()));
        if let Some(owner) = owner {
            fields.owner(owner);
        }
        fields.text(scope.as_str());
        fields.option(zone.as_deref());
        fields.option(kubelet_version.as_deref());
        fields.option(desired_version.as_deref());
        fields.text(lifecycle_state.as_str());
        fields.text(health.as_str());
        fields.number(u64::from(*is_excluded));
        fields.length(conditions.len());
        for (topic, condition) in conditions.iter() {
            fields.text(topic.as_str());
            fields.condition(condition);
        }
        fields.length(warnings.len());
        for warning in warnings {
            fields.text(warning.name());
            fields.text(&warning.to_string());
        }
        fields.number(workload.pods);
        fields.number(workload.requested_cpu_m);
        fields.number(workload.requested_memory_bytes);
        fields.text(message);
        Self(fields.0.finalize().into())
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === impl Fields ===

impl Fields {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.update(text.as_bytes());
    }

    fn option(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn subject(&mut self, subject: &Subject) {
        match subject {
            Subject::Node(name) => {
                self.option(None);
                self.text(name);
            }
            Subject::Awaited(owner) => {
                self.option(Some(&owner.namespace));
                self.text(&owner.name);
            }
        }
    }

    fn group(&mut self, group: Option<&GroupKey>) {
        self.option(group.map(|group| &*group.namespace));
        self.option(group.map(|group| &*group.name));
    }

    fn owner(&mut self, owner: &OwnerState) {
        let OwnerState {
            key,
            group,
            phase,
            is_ending,
        } = owner;
        self.text(&key.namespace);
        self.text(&key.name);
        self.group(group.as_ref());
        self.option(phase.map(Phase::as_str));
        self.number(u64::from(*is_ending));
    }

    fn condition(&mut self, condition: &Condition) {
        let Condition {
            status,
            reason,
            message,
            since,
        } = condition;
        self.text(status.as_str());
        self.text(reason);
        self.text(message);
        match since {
            Since::Told(at) => self.option(Some(&at.to_rfc3339())),
            Since::Seen(_) => self.option(None),
        }
    }
}

#[cfg(test)]
mod tests;
