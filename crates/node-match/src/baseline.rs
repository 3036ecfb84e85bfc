//! What was there before a batch of machines was asked for.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::ClusterShape;
use crate::words::{long, lower, short};

/// Keys of the hash. They never change: baselines outlive the process that wrote them.
const HASH_KEYS: (u64, u64) = (0x6e6f_6465_2d6d_6174, 0x6368_2d62_6173_6531);

/// Remembers, as 8-byte hashes, which machines and Nodes existed before a request.
///
/// Claims of one batch share one baseline behind an `Arc`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Baseline {
    complete: bool,
    /// Sorted, each once.
    hashes: Vec<u64>,
    /// Where the hashes of each bucket start, and where the last bucket ends; empty without hashes.
    starts: Box<[u32]>,
    shape: Option<ClusterShape>,
    nodes_counts: BTreeMap<u64, u32>,
}

// === impl Baseline ===

impl Baseline {
    /// Makes a baseline of machine ids (as text), identifiers, hostnames and Node names.
    pub fn new<'k>(complete: bool, keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self::from_hashes(complete, keys.into_iter().map(Self::hash))
    }

    /// Makes a baseline of hashes that were stored earlier.
    pub fn from_hashes(complete: bool, hashes: impl IntoIterator<Item = u64>) -> Self {
        let mut hashes: Vec<u64> = hashes.into_iter().collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self {
            complete,
            starts: starts(&hashes),
            hashes,
            shape: None,
            nodes_counts: BTreeMap::new(),
        }
    }

    /// Adds the shape that the cluster had.
    #[must_use]
    pub fn with_shape(mut self, shape: ClusterShape) -> Self {
        self.shape = Some(shape);
        self
    }

    /// Adds how many machines VPSie counted in a group.
    #[must_use]
    pub fn with_nodes_count(mut self, group: u64, count: u32) -> Self {
        self.nodes_counts.insert(group, count);
        self
    }

    /// Hashes one key: surrounding space and letter case do not matter.
    ///
    /// SipHash-1-3 with fixed keys, so that stored hashes stay valid.
    #[must_use]
    pub fn hash(key: &str) -> u64 {
        Self::hash_of_lower(&lower(key.trim()))
    }

    /// Hashes a key without surrounding space and in lower case.
    pub(crate) fn hash_of_lower(key: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(HASH_KEYS.0, HASH_KEYS.1);
        hasher.write(key.as_bytes());
        hasher.finish()
    }

    /// Tells whether the key was there.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.contains_hash(Self::hash(key))
    }

    /// Tells whether the key with this hash was there.
    pub(crate) fn contains_hash(&self, hash: u64) -> bool {
        let bucket = bucket(hash, self.starts.len().saturating_sub(1));
        let Some([start, end]) = self.starts.get(bucket..bucket + 2) else {
            return false;
        };
        self.hashes[long(*start)..long(*end)].contains(&hash)
    }

    /// Tells whether it is the union of two sane polls of every list and of all Nodes.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns the sorted hashes, for storing.
    #[must_use]
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Returns the shape that the cluster had, where it was noted.
    #[must_use]
    pub fn shape(&self) -> Option<&ClusterShape> {
        self.shape.as_ref()
    }

    /// Returns how many machines VPSie counted in each group.
    #[must_use]
    pub fn nodes_counts(&self) -> &BTreeMap<u64, u32> {
        &self.nodes_counts
    }
}

/// How many hashes a bucket holds, about.
const BUCKET: usize = 4;

/// Finds where each bucket starts: hashes are spread evenly, so that their upper bits tell where to look.
fn starts(hashes: &[u64]) -> Box<[u32]> {
    if hashes.is_empty() {
        return Box::default();
    }
    let buckets = hashes.len().div_ceil(BUCKET);
    let start = |number: usize| hashes.partition_point(|hash| bucket(*hash, buckets) < number);
    (0..=buckets).map(|number| short(start(number))).collect()
}

/// Returns the bucket of a hash: a larger hash is never in an earlier one.
fn bucket(hash: u64, buckets: usize) -> usize {
    ((u128::from(hash) * buckets as u128) >> u64::BITS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R2b: what is stored of a baseline makes the same one again.
    #[test]
    fn hashes_make_the_same_baseline_again() {
        let baseline = Baseline::from_hashes(true, [3, 1, 2, 3]);
        assert_eq!(baseline.hashes(), [1, 2, 3]);
        assert_eq!(
            Baseline::from_hashes(true, baseline.hashes().iter().copied()),
            baseline
        );
    }

    proptest! {
        /// R2b: a baseline contains what was put in, and nothing else.
        #[test]
        fn baseline_contains_what_was_put_in(
            hashes in proptest::collection::btree_set(prop_oneof![any::<u64>(), 0..9u64, Just(u64::MAX)], 0..40),
            others in proptest::collection::btree_set(prop_oneof![any::<u64>(), 0..9u64, Just(u64::MAX)], 0..40),
        ) {
            let baseline = Baseline::from_hashes(true, hashes.iter().copied());
            for hash in hashes.union(&others) {
                prop_assert_eq!(baseline.contains_hash(*hash), hashes.contains(hash));
            }
        }
    }
}
