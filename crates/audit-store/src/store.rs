//! The one trait of all stores, and how a store is opened.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Filter, Hash, Head, Record, Verified};

use crate::{JsonLines, Location, SqlStore, StoreError};

/// Says what somebody wants of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only to read; nothing is made and nothing is changed.
    Read,
    /// To read and write; what is not there yet is made.
    Write,
}

/// Is what a store has of what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The entries that can be read, the oldest first.
    pub records: Vec<Record>,
    /// How many more there are that this version cannot read: of a newer version, or altered.
    pub unreadable: u64,
}

/// Keeps the entries of the audit log, whatever happens to the process.
///
/// # Guarantees
/// What [`append`](Self::append) acknowledged is on the disk, or is what the database acknowledged as committed. The
/// body of an entry comes back as the text that was stored. All answers are in the order of the chain: by term, then by
/// number.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Stores a batch, all of it or none; what is stored already stays as it is.
    ///
    /// # Errors
    ///
    /// Says why nothing was stored; then the same batch may be given again.
    async fn append(&self, batch: &[Arc<Record>]) -> Result<(), StoreError>;

    /// Returns the entries that a filter asks for, the oldest first (`LC-32`).
    ///
    /// An entry that cannot be read keeps nobody from the others. It is counted, also where nobody can tell whether it was
    /// asked for, and takes its place within the limit.
    ///
    /// # Errors
    ///
    /// Says why the store cannot be read.
    async fn select(&self, filter: &Filter) -> Result<Selection, StoreError>;

    /// Returns the place of the newest entry, on which the next one rests, whether or not that entry can be read.
    ///
    /// # Errors
    ///
    /// Says why the store cannot be read.
    async fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Removes what is older than a time and leaves an anchor for each term; returns how many went.
    ///
    /// Of each term only the beginning goes, up to the first entry that is not older, and never the newest of all: the
    /// next one rests on it.
    ///
    /// # Errors
    ///
    /// Says why it stopped. What was removed by then has its anchors; the rest goes the next time.
    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Looks for entries that were altered or removed; `head` is the hash of one that must be there.
    ///
    /// # Errors
    ///
    /// Says why the store cannot be read; findings are no error.
    async fn verify(&self, head: Option<Hash>) -> Result<Verified, StoreError>;
}

// === impl Selection ===

impl<E> FromIterator<Result<Record, E>> for Selection {
    /// Takes what can be read, and counts the rest.
    fn from_iter<T: IntoIterator<Item = Result<Record, E>>>(read: T) -> Self {
        let mut selection = Self::default();
        for record in read {
            match record {
                Ok(record) => selection.records.push(record),
                Err(_) => selection.unreadable += 1,
            }
        }
        selection
    }
}

/// Opens a store.
///
/// # Errors
///
/// Says why it cannot be opened, without the password in its name.
pub async fn open(location: &Location, access: Access) -> Result<Box<dyn AuditStore>, StoreError> {
    Ok(match location {
        Location::JsonLines(path) => Box::new(JsonLines::open(path, access).await?),
        Location::Sqlite(path) => Box::new(SqlStore::sqlite(path, access).await?),
        Location::Postgres(url) => Box::new(SqlStore::postgres(url, access).await?),
    })
}
