//! Counts distinct workload pods in bounded memory.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::PodUid;

/// Pods that left and are still known by their uid: a list that is a little old may show them once more. More would be no
/// surer, for such a list is seconds old, and every node pays for them in memory and in its annotation.
const DEPARTED_LIMIT: usize = 16;

/// Pods whose uid is written down: several times what a kubelet allows, and still a small annotation.
const STORED_LIMIT: usize = 1024;

/// Knows which workload pods are there, and how many ever were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredPods", into = "StoredPods")]
pub(crate) struct Pods {
    /// In their order, each once.
    current: Vec<u64>,
    /// The last ones that left, the oldest first.
    departed: VecDeque<u64>,
    ever: u64,
}

/// Is how it is written down: numbers as hexadecimal texts, which every reader of JSON keeps exactly.
#[derive(Serialize, Deserialize)]
struct StoredPods {
    ever: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    current: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    departed: Vec<String>,
}

// === impl Pods ===

impl Pods {
    /// Takes a complete list of uids in.
    pub(super) fn list(&mut self, uids: &[PodUid]) {
        let listed = sorted(uids.iter().map(|uid| uid.0));
        if listed == self.current {
            return;
        }
        let is_listed = |uid: &u64| listed.binary_search(uid).is_ok();
        let is_current = |uid: &u64| self.current.binary_search(uid).is_ok();
        let is_new = |uid: &&u64| !is_current(uid) && !self.departed.contains(uid);
        let new = listed.iter().filter(is_new).count();
        self.ever = self.ever.saturating_add(u64::try_from(new).unwrap_or(u64::MAX));
        self.departed.retain(|uid| !is_listed(uid));
        let left = self.current.iter().filter(|uid| !is_listed(uid));
        for uid in left {
            if self.departed.len() == DEPARTED_LIMIT {
                self.departed.pop_front();
            }
            self.departed.push_back(*uid);
        }
        self.current = listed;
    }

    pub(crate) fn current(&self) -> u64 {
        u64::try_from(self.current.len()).unwrap_or(u64::MAX)
    }

    pub(crate) const fn ever(&self) -> u64 {
        self.ever
    }

    /// Tells whether there is nothing to write down.
    pub(super) fn is_empty(&self) -> bool {
        self.ever == 0
    }
}

/// Puts numbers in order, each once, in no more room than they need.
fn sorted(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut sorted: Vec<u64> = numbers.collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.shrink_to_fit();
    sorted
}

// === impl StoredPods ===

impl From<StoredPods> for Pods {
    /// Leaves out what is no number and what is too much; `ever` is never less than what is there.
    fn from(stored: StoredPods) -> Self {
        let read = |texts: Vec<String>, limit| {
            let numbers = texts.into_iter().take(limit);
            numbers.filter_map(|text| u64::from_str_radix(&text, 16).ok())
        };
        let current = sorted(read(stored.current, STORED_LIMIT));
        let mut departed = stored.departed;
        // The last ones, for an earlier version wrote down more of them.
        departed.drain(..departed.len().saturating_sub(DEPARTED_LIMIT));
        let least = u64::try_from(current.len()).unwrap_or(u64::MAX);
        Self {
            departed: read(departed, DEPARTED_LIMIT).collect(),
            ever: stored.ever.max(least),
            current,
        }
    }
}

impl From<Pods> for StoredPods {
    fn from(pods: Pods) -> Self {
        let write = |uid: &u64| format!("{uid:016x}");
        Self {
            ever: pods.ever,
            current: pods.current.iter().take(STORED_LIMIT).map(write).collect(),
            departed: pods.departed.iter().map(write).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
