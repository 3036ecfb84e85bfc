//! Rows of the tables and what they mean.

use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Anchor, Hash, Head, Link, Record, Stored};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Row};

/// Columns of an entry.
pub(super) const COLUMNS: usize = 11;

/// Puts an entry into an insertion.
pub(super) fn bind<'a>(
    query: Query<'a, Any, AnyArguments>,
    record: &'a Record,
) -> Result<Query<'a, Any, AnyArguments>, std::num::TryFromIntError> {
    let (link, entry) = (record.link(), record.entry());
    Ok(query
        .bind(number(link.term)?)
        .bind(number(link.sequence)?)
        .bind(link.previous.to_string())
        .bind(link.hash.to_string())
        .bind(nanos(entry.timestamp))
        .bind(entry.node.as_deref().map(storable))
        .bind(entry.group.as_deref().map(storable))
        .bind(entry.action.as_str())
        .bind(entry.result.as_str())
        .bind(entry.decision_by.as_str())
        .bind(record.body()))
}

/// PostgreSQL takes no zero byte in a text. The body has none: JSON writes it as an escape.
fn storable(name: &str) -> String {
    name.replace('\0', "\u{fffd}")
}

/// Returns a number as the databases count; they have a sign.
pub(super) fn number(number: u64) -> Result<i64, std::num::TryFromIntError> {
    i64::try_from(number)
}

/// Returns a time as nanoseconds since 1970; times beyond the years 1677 and 2262 count as these.
pub(super) fn nanos(time: DateTime<Utc>) -> i64 {
    time.timestamp_nanos_opt()
        .unwrap_or(if time.timestamp() < 0 { i64::MIN } else { i64::MAX })
}

/// Reads a text.
pub(super) fn text(row: &AnyRow, column: usize) -> Result<String, sqlx::Error> {
    row.try_get(column)
}

/// Reads term and number.
pub(super) fn place(row: &AnyRow) -> Result<(i64, i64), sqlx::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Reads term, number, previous hash, hash and body.
pub(super) fn stored(row: &AnyRow) -> Result<Stored, sqlx::Error> {
    stored_with(row, hash)
}

/// Reads the same where somebody may have altered it: a text that is no hash counts as one that fits nothing.
pub(super) fn doubted(row: &AnyRow) -> Result<Stored, sqlx::Error> {
    stored_with(row, |row, column| {
        let hash = text(row, column)?.parse();
        Ok(hash.unwrap_or(Hash::from_bytes([u8::MAX; 32])))
    })
}

fn stored_with(
    row: &AnyRow,
    hash: impl Fn(&AnyRow, usize) -> Result<Hash, sqlx::Error>,
) -> Result<Stored, sqlx::Error> {
    Ok(Stored {
        link: Link {
            term: positive(row, 0)?,
            sequence: positive(row, 1)?,
            previous: hash(row, 2)?,
            hash: hash(row, 3)?,
        },
        body: text(row, 4)?,
    })
}

/// Reads term, number and hash.
pub(super) fn head(row: &AnyRow) -> Result<Head, sqlx::Error> {
    Ok(Head {
        term: positive(row, 0)?,
        sequence: positive(row, 1)?,
        hash: hash(row, 2)?,
    })
}

/// Reads term, number, hash and count.
pub(super) fn anchor(row: &AnyRow) -> Result<Anchor, sqlx::Error> {
    let head = head(row)?;
    let pruned = positive(row, 3)?;
    Ok(Anchor { head, pruned })
}

fn positive(row: &AnyRow, column: usize) -> Result<u64, sqlx::Error> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn hash(row: &AnyRow, column: usize) -> Result<Hash, sqlx::Error> {
    text(row, column)?
        .parse()
        .map_err(|error: node_lifecycle::audit::InvalidHash| sqlx::Error::Decode(error.into()))
}
