//! Removes what is old, and leaves an anchor for each term.

use sqlx::{AnyConnection, Row};

/// Entries that one transaction removes at most: a second of work, so that a long history is pruned within the limits of
/// a statement, and what a limit cuts short is not done in vain.
pub(super) const STEP: u64 = 20_000;

/// Removes the beginning of each term up to its first entry that is not older, but never the newest entry of all, and so
/// many entries at most.
pub(super) async fn prune(
    connection: &mut AnyConnection,
    before: i64,
    most: u64,
) -> Result<u64, sqlx::Error> {
    let newest =
        sqlx::query("SELECT term, sequence FROM audit_entries ORDER BY term DESC, sequence DESC LIMIT 1");
    let Some(newest) = newest.fetch_optional(&mut *connection).await? else {
        return Ok(0);
    };
    let newest = super::rows::place(&newest)?;
    let terms = sqlx::query("SELECT DISTINCT term FROM audit_entries ORDER BY term");
    let terms = terms.fetch_all(&mut *connection).await?;
    let mut removed = 0;
    for row in terms {
        let term: i64 = row.try_get(0)?;
        let kept = if term == newest.0 { newest.1 } else { i64::MAX };
        removed += prune_term(connection, term, before, kept, most - removed).await?;
        if removed == most {
            break;
        }
    }
    Ok(removed)
}

/// Removes so many entries of the beginning of one term at most; the entry `kept` stays and all after it.
async fn prune_term(
    connection: &mut AnyConnection,
    term: i64,
    before: i64,
    kept: i64,
    most: u64,
) -> Result<u64, sqlx::Error> {
    let first_kept = sqlx::query(
        "SELECT sequence FROM audit_entries WHERE term = $1 AND at_nanos >= $2 ORDER BY sequence LIMIT 1",
    );
    let first_kept = first_kept
        .bind(term)
        .bind(before)
        .fetch_optional(&mut *connection)
        .await?;
    let first_kept = match first_kept {
        Some(row) => row.try_get::<i64, _>(0)?.min(kept),
        None => kept,
    };
    let last = sqlx::query(
        "SELECT sequence, hash FROM (SELECT sequence, hash FROM audit_entries WHERE term = $1 AND sequence < $2 \
         ORDER BY sequence LIMIT $3) AS oldest ORDER BY sequence DESC LIMIT 1",
    );
    let Some(last) = last
        .bind(term)
        .bind(first_kept)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_optional(&mut *connection)
        .await?
    else {
        return Ok(0);
    };
    let (sequence, hash): (i64, String) = (last.try_get(0)?, last.try_get(1)?);
    let gone = sqlx::query("DELETE FROM audit_entries WHERE term = $1 AND sequence <= $2");
    let gone = gone
        .bind(term)
        .bind(sequence)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    let anchor = sqlx::query(
        "INSERT INTO audit_anchors (term, sequence, hash, pruned) VALUES ($1, $2, $3, $4) ON CONFLICT (term) DO \
         UPDATE SET sequence = excluded.sequence, hash = excluded.hash, pruned = audit_anchors.pruned + excluded.pruned",
    );
    let count = i64::try_from(gone).unwrap_or(i64::MAX);
    anchor
        .bind(term)
        .bind(sequence)
        .bind(hash)
        .bind(count)
        .execute(connection)
        .await?;
    Ok(gone)
}
