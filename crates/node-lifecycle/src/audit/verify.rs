//! Finds out whether stored entries were altered or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Hash, Head, Link, Stored};

/// Findings that are listed one by one: more need no reading, only counting.
const FINDING_LIMIT: usize = 1000;

/// Says up to where the entries of a term were removed on purpose, because they were old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The newest entry of the term that was removed.
    #[serde(flatten)]
    pub head: Head,
    /// How many entries of the term were removed in all.
    pub pruned: u64,
}

/// Is something that should not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// An entry is not what its hash was made for.
    Altered {
        /// Its term.
        term: u64,
        /// Its number.
        sequence: u64,
    },
    /// An entry is bound to another one than the one before it: that one was replaced.
    Unbound {
        /// Its term.
        term: u64,
        /// Its number.
        sequence: u64,
    },
    /// Entries between two others are gone.
    Missing {
        /// Their term.
        term: u64,
        /// The first that is gone.
        from: u64,
        /// The last that is gone.
        to: u64,
    },
    /// The oldest entry of a term is bound to one that is gone, and no anchor explains it.
    BeginningMissing {
        /// Its term.
        term: u64,
        /// Its number.
        sequence: u64,
    },
    /// An entry is there twice, or not in the order of term and number.
    OutOfOrder {
        /// Its term.
        term: u64,
        /// Its number.
        sequence: u64,
    },
    /// The entry with the hash that was noted elsewhere is not there: the newest ones were cut off.
    HeadMissing {
        /// The hash.
        hash: Hash,
    },
}

/// Is the result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries that were looked at.
    pub entries: u64,
    /// The newest entry of each term, in order. Note the last one elsewhere: it proves later that none was cut off.
    pub heads: Vec<Head>,
    /// What should not be, in the order of the entries; at most 1,000.
    pub findings: Vec<Finding>,
    /// How many findings there are in all.
    pub finding_count: u64,
}

/// Looks at stored entries one after the other, in the order of term and number.
///
/// # Guarantees
/// Finds every entry that was altered, and every entry that was removed, unless it and all that follow it in its term
/// and in the terms founded on it were removed: for that the hash of a newer one must be known.
/// It keeps about 60 bytes for each entry.
#[derive(Debug, Clone)]
pub struct Verifier {
    anchors: BTreeMap<u64, Head>,
    wanted: Option<Hash>,
    /// What a later term may be founded on.
    seen: BTreeSet<(u64, Hash)>,
    last: Option<Head>,
    verified: Verified,
}

// === impl Verifier ===

impl Verifier {
    /// Makes a verifier; `head` is the hash of an entry that must be there.
    #[must_use]
    pub fn new(anchors: impl IntoIterator<Item = Anchor>, head: Option<Hash>) -> Self {
        let mut newest: BTreeMap<u64, Head> = BTreeMap::new();
        for Anchor { head, .. } in anchors {
            let kept = newest.entry(head.term).or_insert(head);
            *kept = (*kept).max(head);
        }
        Self {
            wanted: head.filter(|hash| !newest.values().any(|anchor| anchor.hash == *hash)),
            anchors: newest,
            seen: BTreeSet::new(),
            last: None,
            verified: Verified {
                entries: 0,
                heads: Vec::new(),
                findings: Vec::new(),
                finding_count: 0,
            },
        }
    }

    /// Looks at the next entry.
    pub fn check(&mut self, stored: &Stored) {
        let link = stored.link;
        self.verified.entries += 1;
        if self
            .last
            .is_some_and(|last| (link.term, link.sequence) <= (last.term, last.sequence))
        {
            return self.found(Finding::OutOfOrder {
                term: link.term,
                sequence: link.sequence,
            });
        }
        let bound = match self.last.filter(|last| last.term == link.term) {
            Some(last) => follows(last, &link),
            None => self.begins(&link),
        };
        if let Some(finding) = bound {
            self.found(finding);
        }
        if !link.fits(&stored.body) {
            self.found(Finding::Altered {
                term: link.term,
                sequence: link.sequence,
            });
        } else if self.wanted == Some(link.hash) {
            self.wanted = None;
        }
        self.go_on(&link);
    }

    /// Ends the verification.
    #[must_use]
    pub fn finish(mut self) -> Verified {
        self.verified.heads.extend(self.last);
        if let Some(hash) = self.wanted {
            self.found(Finding::HeadMissing { hash });
        }
        self.verified
    }

    fn go_on(&mut self, link: &Link) {
        let ended = self.last.filter(|last| last.term != link.term);
        self.verified.heads.extend(ended);
        self.seen.insert((link.sequence, link.hash));
        self.last = Some(link.head());
    }

    fn found(&mut self, finding: Finding) {
        self.verified.finding_count += 1;
        if self.verified.findings.len() < FINDING_LIMIT {
            self.verified.findings.push(finding);
        }
    }

    /// Judges the oldest entry of a term that is there.
    fn begins(&self, link: &Link) -> Option<Finding> {
        match self.anchors.get(&link.term) {
            // Pruning writes its anchor first: what is older may still be there.
            Some(anchor) if link.sequence <= anchor.sequence => None,
            Some(anchor) => follows(*anchor, link),
            None if self.is_founded(link) => None,
            None => Some(Finding::BeginningMissing {
                term: link.term,
                sequence: link.sequence,
            }),
        }
    }

    /// Tells whether the first entry of a term rests on nothing, on an entry seen before, or on one that was pruned.
    fn is_founded(&self, link: &Link) -> bool {
        let Some(before) = link.sequence.checked_sub(1) else {
            return false;
        };
        if before == 0 {
            return link.previous == Hash::ZERO;
        }
        let is_pruned = |anchor: &Head| {
            anchor.sequence > before || (anchor.sequence == before && anchor.hash == link.previous)
        };
        let earlier = self.anchors.range(..link.term);
        self.seen.contains(&(before, link.previous)) || earlier.map(|(_, head)| head).any(is_pruned)
    }
}

/// Judges an entry by the one before it in its term.
fn follows(last: Head, link: &Link) -> Option<Finding> {
    let expected = last.sequence + 1;
    if link.sequence != expected {
        return Some(Finding::Missing {
            term: link.term,
            from: expected,
            to: link.sequence - 1,
        });
    }
    (link.previous != last.hash).then_some(Finding::Unbound {
        term: link.term,
        sequence: link.sequence,
    })
}

// === impl Verified ===

impl Verified {
    /// Tells whether nothing was found.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.finding_count == 0
    }
}

// === impl Finding ===

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { term, sequence } => {
                write!(f, "entry {sequence} of term {term} was altered")
            }
            Self::Unbound { term, sequence } => {
                write!(
                    f,
                    "entry {sequence} of term {term} followed another one than the one before it"
                )
            }
            Self::Missing { term, from, to } => {
                write!(f, "entries {from} to {to} of term {term} are gone")
            }
            Self::BeginningMissing { term, sequence } => {
                write!(
                    f,
                    "what came before entry {sequence} of term {term} is gone, and no anchor says why"
                )
            }
            Self::OutOfOrder { term, sequence } => {
                write!(
                    f,
                    "entry {sequence} of term {term} is there twice or in the wrong place"
                )
            }
            Self::HeadMissing { hash } => {
                write!(f, "no entry has the hash {hash}: the newest ones were cut off")
            }
        }
    }
}

#[cfg(test)]
mod tests;
