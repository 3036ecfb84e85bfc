//! The chain: each entry is bound to the one before it by a hash.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::record::{Record, Stored};
use super::{Draft, Entry};
use chrono::{DateTime, Utc};

/// What every hash begins with, so that it can be mistaken for no other hash of the same text.
const DOMAIN: &[u8] = b"vpsie-autoscaler/audit/1\n";

/// Is a SHA-256 hash; in text 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

/// Says that a text is no hash.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a hash has 64 hexadecimal digits; this text has {length} characters, or others")]
pub struct InvalidHash {
    /// Characters of the text.
    pub length: usize,
}

/// Is the place of an entry in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// The lease term whose leader wrote the entry; each term has a chain of its own.
    pub term: u64,
    /// Its number. The first chain begins with 1; a later one goes on after the entry on which it is founded.
    pub sequence: u64,
    /// The hash of the entry before it; for the first of all [`Hash::ZERO`].
    pub previous: Hash,
    /// The hash of all this and the body of the entry.
    pub hash: Hash,
}

/// Is the end of a chain: what must be known to go on, or to prove that nothing was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Head {
    /// The term of the newest entry.
    pub term: u64,
    /// Its number.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
}

/// Makes links, one after the other, for one term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    term: u64,
    sequence: u64,
    last: Hash,
}

// === impl Hash ===

impl Hash {
    /// Stands before the first entry of all.
    pub const ZERO: Self = Self([0; 32]);

    /// Makes a hash of its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(InvalidHash {
                length: text.chars().count(),
            }),
        }
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

// === impl Link ===

impl Link {
    /// Computes the hash over a place and the body of an entry.
    ///
    /// It is SHA-256 of these bytes: `vpsie-autoscaler/audit/1` and a line feed; the term and the sequence, each as
    /// eight bytes with the highest first; the 32 bytes of the previous hash; the body, in UTF-8 as it is stored. All
    /// but the last have a fixed length, so no two entries have the same bytes.
    #[must_use]
    pub fn hash_of(term: u64, sequence: u64, previous: Hash, body: &str) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(DOMAIN);
        hasher.update(term.to_be_bytes());
        hasher.update(sequence.to_be_bytes());
        hasher.update(previous.0);
        hasher.update(body.as_bytes());
        Hash(hasher.finalize().into())
    }

    /// Tells whether this link was made for this body.
    #[must_use]
    pub fn fits(&self, body: &str) -> bool {
        Self::hash_of(self.term, self.sequence, self.previous, body) == self.hash
    }

    /// Returns the end of a chain whose newest entry has this link.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head {
            term: self.term,
            sequence: self.sequence,
            hash: self.hash,
        }
    }
}

// === impl Chain ===

impl Chain {
    /// Begins the chain of a term, or goes on with it.
    ///
    /// `newest` is the newest entry that is stored. When it is of the same term, the chain goes on after it; when it is
    /// of another, the new chain is founded on it, so that the removal of a whole term is found out.
    #[must_use]
    pub fn new(term: u64, newest: Option<Head>) -> Self {
        Self {
            term,
            sequence: newest.map_or(0, |head| head.sequence),
            last: newest.map_or(Hash::ZERO, |head| head.hash),
        }
    }

    /// Returns the term.
    #[must_use]
    pub const fn term(&self) -> u64 {
        self.term
    }

    /// Returns what the next entry will be bound to; nothing before the first of all.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        (self.sequence > 0).then_some(Head {
            term: self.term,
            sequence: self.sequence,
            hash: self.last,
        })
    }

    /// Stamps an entry and binds it to the one before.
    pub fn append(&mut self, draft: Draft, now: DateTime<Utc>) -> Record {
        self.bind(Arc::new(draft.stamped(now)))
    }

    /// Binds an entry that has its time to the one before.
    ///
    /// Bind what is about to be stored, and no sooner: what never comes to a store would leave a gap.
    pub fn bind(&mut self, entry: Arc<Entry>) -> Record {
        let body = serde_json::to_string(entry.as_ref())
            .expect("an entry has texts, numbers and no map with other keys");
        let sequence = self.sequence.saturating_add(1);
        let link = Link {
            term: self.term,
            sequence,
            previous: self.last,
            hash: Link::hash_of(self.term, sequence, self.last, &body),
        };
        self.sequence = sequence;
        self.last = link.hash;
        Record::bound(Stored { link, body }, entry)
    }
}

#[cfg(test)]
mod tests;
