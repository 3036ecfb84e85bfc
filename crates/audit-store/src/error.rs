//! What goes wrong with a store, and what to do about it.

use std::fmt;

use thiserror::Error;

/// Says what is wrong with a store, by what must be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// There is no such file or database, or no log was ever kept in it.
    Missing,
    /// It does not answer; try again.
    Unreachable,
    /// It refuses the user or the password.
    Credentials,
    /// It may not be written.
    Unwritable,
    /// Another process writes it.
    Busy,
    /// There is no room left.
    Full,
    /// It is something else, or damaged.
    Corrupt,
    /// It was made by another version, or by another program.
    Schema,
    /// Another entry is stored in the place of this one: two processes wrote the same term.
    Conflict,
    /// Anything else; its source says what.
    Other,
}

/// Says what went wrong with which store.
#[derive(Debug, Error)]
#[error("{doing} the audit store {store}: {cause}")]
pub struct StoreError {
    /// What was being done.
    pub(crate) doing: &'static str,
    /// The store, without its password.
    pub(crate) store: String,
    /// What is wrong.
    pub(crate) cause: Cause,
    /// In the words of whoever reported it.
    #[source]
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

// === impl Cause ===

impl Cause {
    /// Returns the stable word of it, as metrics have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreachable => "unreachable",
            Self::Credentials => "credentials",
            Self::Unwritable => "unwritable",
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Corrupt => "corrupt",
            Self::Schema => "schema",
            Self::Conflict => "conflict",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is none, or it is empty; check its name",
            Self::Unreachable => "it does not answer; check host and port, or wait until it is back",
            Self::Credentials => "it refuses user or password",
            Self::Unwritable => "it cannot be written; check that the folder exists and may be written",
            Self::Busy => "another process writes it; give each its own, or end the other",
            Self::Full => "there is no room left; make room",
            Self::Corrupt => "it is damaged or something else; move it away and keep it, a new one is made",
            Self::Schema => "its schema is of another version or program; use that version, or another place",
            Self::Conflict => "another entry stands in this place; two processes wrote the same term",
            Self::Other => "it failed",
        })
    }
}

// === impl StoreError ===

impl StoreError {
    /// Returns what is wrong.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }
}
