//! What is left of a request that was released while a machine could still come of it (`I6`).
//!
//! For a day a tombstone keeps the seat of its request: a machine that comes after all is then explained, and does
//! not make the requests of living VPSieNodes ambiguous. It is never given a machine itself; living ones come first.

use crate::baseline::Baselines;
use chrono::{DateTime, TimeDelta, Utc};
use node_match::Claim;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a tombstone counts: no machine of VPSie was ever seen to take a day.
const LIFETIME: TimeDelta = TimeDelta::days(1);
/// Most tombstones that are kept: a hundred are 40 KiB of the one megabyte that a ConfigMap may have.
const MOST_TOMBSTONES: usize = 100;
/// What the key of a tombstone in the ConfigMap begins with; the uid of its VPSieNode follows.
const PREFIX: &str = "tombstone.";

/// A released request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The uid of the VPSieNode that asked.
    pub uid: String,
    /// The namespace of its NodeGroup.
    pub namespace: String,
    /// The name of its NodeGroup.
    pub node_group: String,
    /// The cluster at VPSie.
    pub cluster: String,
    /// The number of the group at VPSie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u64>,
    /// When the machine was asked for.
    pub requested_at: DateTime<Utc>,
    /// When the VPSieNode was let go.
    pub released_at: DateTime<Utc>,
    /// The baseline of what was there before the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
}

/// The stored tombstones, by the uid of their VPSieNode.
pub type Tombstones = BTreeMap<String, Tombstone>;

// === impl Tombstone ===

impl Tombstone {
    /// Tells whether it still counts.
    pub fn counts(&self, now: DateTime<Utc>) -> bool {
        now - self.released_at < LIFETIME
    }

    /// Returns its key in the ConfigMap.
    pub fn key(&self) -> String {
        format!("{PREFIX}{}", self.uid)
    }

    /// Writes it as the text of its entry.
    pub fn to_entry(&self) -> String {
        serde_json::to_string(self).expect("a record of plain values always serialises")
    }

    /// Reads an entry of the ConfigMap; `None` when the entry is none of a tombstone.
    ///
    /// # Errors
    ///
    /// When somebody edited it, so that it cannot be read.
    pub fn from_entry(key: &str, text: &str) -> Option<Result<Self, serde_json::Error>> {
        key.starts_with(PREFIX).then(|| serde_json::from_str(text))
    }

    /// Makes the claim that keeps the seat of the request.
    ///
    /// Like a claim that was taken over it is served last and given nothing. Its name is its uid, so that no hostname
    /// ever speaks for it.
    pub fn claim(&self, baselines: &Baselines) -> Claim<'_> {
        Claim {
            uid: self.uid.as_str().into(),
            namespace: self.namespace.as_str().into(),
            name: self.uid.as_str().into(),
            cluster: self.cluster.as_str().into(),
            group: self.group,
            creation_requested: true,
            requested_at: Some(self.requested_at),
            baseline: self.baseline.as_ref().and_then(|id| baselines.get(id)).cloned(),
            taken_over: true,
            ..Claim::default()
        }
    }
}

/// Drops tombstones that no longer count, and the oldest beyond what is kept.
pub fn prune(tombstones: &mut Tombstones, now: DateTime<Utc>) {
    tombstones.retain(|_, tombstone| tombstone.counts(now));
    let surplus = tombstones.len().saturating_sub(MOST_TOMBSTONES);
    let mut by_age: Vec<(DateTime<Utc>, String)> = tombstones
        .values()
        .map(|tombstone| (tombstone.released_at, tombstone.uid.clone()))
        .collect();
    by_age.sort_unstable();
    for (_, uid) in by_age.into_iter().take(surplus) {
        tombstones.remove(&uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, tombstone};

    fn pruned(released: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let released = released.into_iter().enumerate();
        let mut tombstones: Tombstones = released
            .map(|(number, seconds)| {
                let stone = tombstone(&format!("u{number}"), seconds);
                (stone.uid.clone(), stone)
            })
            .collect();
        prune(&mut tombstones, at(0));
        let mut left: Vec<i64> = tombstones
            .values()
            .map(|tombstone| (tombstone.released_at - at(0)).num_seconds())
            .collect();
        left.sort_unstable();
        left
    }

    /// I6: a tombstone counts for a day.
    #[test]
    fn tombstones_of_yesterday_are_dropped() {
        assert_eq!(pruned([-86_400, -86_399, -5]), [-86_399, -5]);
    }

    /// I6: however much is deleted, the record stays small; the newest are those that may still get a machine.
    #[test]
    fn only_the_newest_hundred_tombstones_are_kept() {
        assert_eq!(pruned(-150..0), (-100..0).collect::<Vec<i64>>());
    }

    /// I6: a restart forgets no tombstone, and an edited entry is an error of its own.
    #[test]
    fn stored_tombstone_reads_back_the_same() {
        let stone = tombstone("u1", -60);
        let read = Tombstone::from_entry(&stone.key(), &stone.to_entry());
        assert_eq!(read.and_then(Result::ok), Some(stone));
        assert!(Tombstone::from_entry("0123456789abcdef", "{}").is_none());
        assert!(Tombstone::from_entry("tombstone.u1", "{}").is_some_and(|read| read.is_err()));
    }
}
