//! An entry with its place in the chain, as it is stored.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::{Entry, Hash, Link};

/// Is what a sink stores: the link, and the body over which its hash was made.
///
/// # Guarantees
/// The body of a record that was made here is one line of JSON. Whoever stores it, stores it unchanged: another order
/// of its fields is another text with another hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place.
    pub link: Link,
    /// The entry, as compact JSON with its fields in the order of [`Entry`].
    pub body: String,
}

/// Is an entry with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    stored: Stored,
    entry: Arc<Entry>,
}

/// Says why something stored is no record.
#[derive(Debug, Error)]
pub enum UnreadableRecord {
    /// The line is no JSON object with a link and an entry: torn, or of something else.
    #[error("reading a line of the audit log; if it is the last one, it was torn and may be left out")]
    Line(#[source] serde_json::Error),
    /// The body is no entry: of a newer version, or altered.
    #[error("reading the entry {sequence} of term {term}; a newer version may read it")]
    Entry {
        /// Its term.
        term: u64,
        /// Its number.
        sequence: u64,
        /// What the JSON lacks.
        #[source]
        source: serde_json::Error,
    },
}

/// Is how a line of JSON looks.
#[derive(Deserialize)]
struct Line<'a> {
    term: u64,
    sequence: u64,
    previous: Hash,
    hash: Hash,
    #[serde(borrow)]
    entry: &'a RawValue,
}

// === impl Stored ===

impl Stored {
    /// Writes it as one line of JSON, without the line feed: the link's fields and `entry`, the body as it is.
    #[must_use]
    pub fn to_line(&self) -> String {
        let Link {
            term,
            sequence,
            previous,
            hash,
        } = self.link;
        let body = &self.body;
        format!(
            r#"{{"term":{term},"sequence":{sequence},"previous":"{previous}","hash":"{hash}","entry":{body}}}"#
        )
    }

    /// Reads it from one line of JSON.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the line. The hash is not looked at: that is for [`Verifier`](super::Verifier).
    pub fn from_line(line: &str) -> Result<Self, UnreadableRecord> {
        let line: Line<'_> = serde_json::from_str(line).map_err(UnreadableRecord::Line)?;
        Ok(Self {
            link: Link {
                term: line.term,
                sequence: line.sequence,
                previous: line.previous,
                hash: line.hash,
            },
            body: line.entry.get().to_owned(),
        })
    }
}

// === impl Record ===

impl Record {
    /// Joins what was just bound.
    pub(super) fn bound(stored: Stored, entry: Arc<Entry>) -> Self {
        Self { stored, entry }
    }

    /// Reads the entry of something stored.
    ///
    /// # Errors
    ///
    /// Says why the body is no entry of this version.
    pub fn read(stored: Stored) -> Result<Self, UnreadableRecord> {
        let entry = serde_json::from_str(&stored.body).map_err(|source| UnreadableRecord::Entry {
            term: stored.link.term,
            sequence: stored.link.sequence,
            source,
        })?;
        let entry = Arc::new(entry);
        Ok(Self { stored, entry })
    }

    /// Returns the entry.
    #[must_use]
    pub const fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Returns its place in the chain.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.stored.link
    }

    /// Returns the text over which its hash was made.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.stored.body
    }

    /// Returns what a sink stores.
    #[must_use]
    pub const fn stored(&self) -> &Stored {
        &self.stored
    }
}
