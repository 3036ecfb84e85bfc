//! What was there before a batch of machines was asked for.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::ClusterShape;
use crate::words::lower;

/// Keys of the hash. They never change: baselines outlive the process that wrote them.
const HASH_KEYS: (u64, u64) = (0x6e6f_6465_2d6d_6174, 0x6368_2d62_6173_6531);

/// Remembers, as 8-byte hashes, which machines and Nodes existed before a request.
///
/// Claims of one batch share one baseline behind an `Arc`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Baseline {
    complete: bool,
    hashes: Vec<u64>,
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
        self.hashes.binary_search(&hash).is_ok()
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
