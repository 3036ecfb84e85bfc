//! What the server remembers about the calls it answered.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

/// Names what a call does, in the words of the Kubernetes API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Reads one object.
    Get,
    /// Reads all objects of a resource.
    List,
    /// Follows the changes of a resource.
    Watch,
    /// Makes a new object.
    Create,
    /// Replaces an object.
    Update,
    /// Changes parts of an object.
    Patch,
    /// Removes one object.
    Delete,
    /// Removes all objects that a selector matches.
    DeleteCollection,
}

/// Describes one write request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRecord {
    /// What was asked for.
    pub verb: Verb,
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural name of the resource.
    pub resource: String,
    /// The namespace; empty for cluster-wide kinds.
    pub namespace: String,
    /// The name of the object; the made-up name after a create with `generateName`.
    pub name: String,
    /// The subresource; empty for the object itself.
    pub subresource: String,
    /// The virtual time of the request.
    pub at: DateTime<Utc>,
    /// The HTTP status of the answer, also when the answer was lost on its way.
    pub code: u16,
    /// Whether anything was changed by it; false for refused requests and for writes of what was there.
    pub changed: bool,
}

/// Keeps the newest entries of a list that could grow for ever.
#[derive(Debug)]
pub(super) struct Bounded<T> {
    entries: VecDeque<T>,
    total: u64,
    limit: usize,
}

// === impl Verb ===

impl Verb {
    /// Tells whether the verb can change anything.
    pub fn is_write(self) -> bool {
        match self {
            Verb::Get | Verb::List | Verb::Watch => false,
            Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => true,
        }
    }
}

// === impl Bounded ===

impl<T: Clone> Bounded<T> {
    pub(super) fn holding(limit: usize) -> Bounded<T> {
        Bounded {
            entries: VecDeque::new(),
            total: 0,
            limit,
        }
    }

    pub(super) fn push(&mut self, entry: T) {
        if self.entries.len() == self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.total += 1;
    }

    pub(super) fn to_vec(&self) -> Vec<T> {
        self.entries.iter().cloned().collect()
    }

    /// Returns the entries after the first `seen` of all that there ever were.
    pub(super) fn after(&self, seen: u64) -> Vec<T> {
        let new = usize::try_from(self.total.saturating_sub(seen)).unwrap_or(usize::MAX);
        let known = self.entries.len().saturating_sub(new);
        self.entries.iter().skip(known).cloned().collect()
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }
}
