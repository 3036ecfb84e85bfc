//! A store that is a database: SQLite or PostgreSQL, one code for both.

mod connecting;
mod pruning;
mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Anchor, Filter, Hash, Head, Record, Verified, Verifier};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe};

use crate::{AuditStore, Cause, Selection, StoreError};
use rows::{nanos, number, stored};

/// Entries that one statement inserts: with 11 values each far below the 32,766 that SQLite takes.
const ROWS_OF_A_STATEMENT: usize = 500;

/// Entries that a verification reads at once.
const PAGE: usize = 5_000;

/// Which database it is, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// Keeps the log in a database.
///
/// # Guarantees
/// A batch is one transaction. SQLite runs with a write-ahead log and `synchronous=FULL`; PostgreSQL as the server is
/// set up, which by default means that what is acknowledged is on its disk.
#[derive(Debug, Clone)]
pub struct SqlStore {
    pool: AnyPool,
    dialect: Dialect,
    /// Its name without a password.
    name: String,
}

// === impl SqlStore ===

impl SqlStore {
    /// Says what an error of the database means.
    fn failed(&self, doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError + '_ {
        move |error| connecting::failed(doing, &self.name, error)
    }

    /// Says that something stored cannot be.
    fn corrupt(&self, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
        StoreError {
            doing: "reading",
            store: self.name.clone(),
            cause: Cause::Corrupt,
            source: Some(Box::new(source)),
        }
    }

    /// Begins to read everything as it is now, whatever is written meanwhile.
    async fn snapshot(&self) -> Result<sqlx::Transaction<'static, Any>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        match self.dialect {
            Dialect::Sqlite => {}
            Dialect::Postgres => {
                let mode = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                sqlx::raw_sql(mode).execute(&mut *transaction).await?;
            }
        }
        Ok(transaction)
    }

    async fn insert(&self, connection: &mut AnyConnection, batch: &[Arc<Record>]) -> Result<(), StoreError> {
        let wrong = self.failed("writing");
        let text = insertion(self.dialect, batch.len());
        let mut query = sqlx::query(AssertSqlSafe(text));
        for record in batch {
            query = rows::bind(query, record).map_err(|error| self.corrupt(error))?;
        }
        let done = query
            .persistent(false)
            .execute(&mut *connection)
            .await
            .map_err(&wrong)?;
        if done.rows_affected() == batch.len() as u64 {
            return Ok(());
        }
        for record in batch {
            let asked = sqlx::query("SELECT hash FROM audit_entries WHERE term = $1 AND sequence = $2")
                .bind(number(record.link().term).map_err(|error| self.corrupt(error))?)
                .bind(number(record.link().sequence).map_err(|error| self.corrupt(error))?);
            let row = asked.fetch_one(&mut *connection).await.map_err(&wrong)?;
            if rows::text(&row, 0).map_err(&wrong)? != record.link().hash.to_string() {
                return Err(StoreError {
                    doing: "writing",
                    store: self.name.clone(),
                    cause: Cause::Conflict,
                    source: None,
                });
            }
        }
        Ok(())
    }

    /// Removes what is old, so many entries in a transaction.
    async fn prune_by(&self, before: DateTime<Utc>, step: u64) -> Result<u64, StoreError> {
        let wrong = self.failed("pruning");
        let mut removed = 0;
        loop {
            let mut transaction = self.pool.begin().await.map_err(&wrong)?;
            let gone = pruning::prune(&mut transaction, nanos(before), step);
            let gone = gone.await.map_err(&wrong)?;
            transaction.commit().await.map_err(&wrong)?;
            removed += gone;
            if gone < step {
                return Ok(removed);
            }
        }
    }

    async fn anchors(&self, connection: &mut AnyConnection) -> Result<Vec<Anchor>, StoreError> {
        let wrong = self.failed("reading");
        let rows = sqlx::query("SELECT term, sequence, hash, pruned FROM audit_anchors ORDER BY term")
            .fetch_all(connection)
            .await
            .map_err(&wrong)?;
        let anchors = rows.iter().map(rows::anchor);
        anchors.collect::<Result<_, _>>().map_err(wrong)
    }
}

/// Reads the entry of a row; nothing where somebody altered it, or a newer version wrote it.
fn record(row: &AnyRow) -> Result<Record, Unreadable> {
    let stored = stored(row).map_err(|_| Unreadable)?;
    Record::read(stored).map_err(|_| Unreadable)
}

/// Says that a row is no entry of this version; `verify` says which, and why.
struct Unreadable;

#[async_trait]
impl AuditStore for SqlStore {
    async fn append(&self, batch: &[Arc<Record>]) -> Result<(), StoreError> {
        let wrong = self.failed("writing");
        let mut transaction = self.pool.begin().await.map_err(&wrong)?;
        for rows in batch.chunks(ROWS_OF_A_STATEMENT) {
            self.insert(&mut transaction, rows).await?;
        }
        transaction.commit().await.map_err(wrong)
    }

    async fn select(&self, filter: &Filter) -> Result<Selection, StoreError> {
        let question = Question::of(filter);
        let query = question.bind(filter);
        let rows = query
            .fetch_all(&self.pool)
            .await
            .map_err(self.failed("reading"))?;
        Ok(rows.iter().rev().map(record).collect())
    }

    async fn head(&self) -> Result<Option<Head>, StoreError> {
        let wrong = self.failed("reading");
        let newest = sqlx::query(
            "SELECT term, sequence, hash FROM audit_entries ORDER BY term DESC, sequence DESC LIMIT 1",
        );
        let row = newest.fetch_optional(&self.pool).await.map_err(&wrong)?;
        row.map(|row| rows::head(&row)).transpose().map_err(wrong)
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.prune_by(before, pruning::STEP).await
    }

    async fn verify(&self, head: Option<Hash>) -> Result<Verified, StoreError> {
        let wrong = self.failed("reading");
        let mut transaction = self.snapshot().await.map_err(&wrong)?;
        let mut verifier = Verifier::new(self.anchors(&mut transaction).await?, head);
        let mut after = (i64::MIN, i64::MIN);
        loop {
            let page = sqlx::query(
                "SELECT term, sequence, previous, hash, body FROM audit_entries \
                 WHERE (term, sequence) > ($1, $2) ORDER BY term, sequence LIMIT $3",
            );
            let page = page.bind(after.0).bind(after.1).bind(PAGE as i64);
            let rows = page.fetch_all(&mut *transaction).await.map_err(&wrong)?;
            for row in &rows {
                let stored = rows::doubted(row).map_err(&wrong)?;
                after = rows::place(row).map_err(&wrong)?;
                verifier.check(&stored);
            }
            if rows.len() < PAGE {
                return Ok(verifier.finish());
            }
        }
    }
}

/// Is the text of a question, in the order of its values.
struct Question(String);

// === impl Question ===

impl Question {
    fn of(filter: &Filter) -> Self {
        let conditions = [
            (filter.node.is_some(), "node ="),
            (filter.group.is_some(), "node_group ="),
            (filter.action.is_some(), "action ="),
            (filter.result.is_some(), "result ="),
            (filter.decision_by.is_some(), "decision_by ="),
            (filter.since.is_some(), "at_nanos >="),
            (filter.until.is_some(), "at_nanos <"),
        ];
        let mut text = "SELECT term, sequence, previous, hash, body FROM audit_entries".to_owned();
        let asked = conditions.iter().filter(|(is_asked, _)| *is_asked);
        for (index, (_, condition)) in asked.enumerate() {
            let joint = if index == 0 { "WHERE" } else { "AND" };
            text += &format!(" {joint} {condition} ${}", index + 1);
        }
        text.push_str(" ORDER BY term DESC, sequence DESC");
        if filter.limit > 0 {
            text += &format!(" LIMIT {}", filter.limit);
        }
        Self(text)
    }

    /// Puts the values in, in the order of the conditions.
    fn bind<'a>(self, filter: &'a Filter) -> Query<'a, Any, AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.0));
        let texts = [
            filter.node.as_deref(),
            filter.group.as_deref(),
            filter.action.map(|it| it.as_str()),
            filter.result.map(|it| it.as_str()),
            filter.decision_by.map(|it| it.as_str()),
        ];
        for text in texts.into_iter().flatten() {
            query = query.bind(text);
        }
        for time in [filter.since, filter.until].into_iter().flatten() {
            query = query.bind(nanos(time));
        }
        query
    }
}

/// Writes the insertion of so many rows; what is there already stays.
///
/// To SQLite a numbered place is a name, and it looks each name up among all before it: with 5,500 of them that took most
/// of the time of a batch.
fn insertion(dialect: Dialect, rows: usize) -> String {
    let mut text =
        "INSERT INTO audit_entries (term, sequence, previous, hash, at_nanos, node, node_group, action, \
                    result, decision_by, body) VALUES "
            .to_owned();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=rows::COLUMNS {
            let comma = if column == 1 { "" } else { ", " };
            text += comma;
            match dialect {
                Dialect::Sqlite => text.push('?'),
                Dialect::Postgres => text += &format!("${}", row * rows::COLUMNS + column),
            }
        }
        text.push(')');
    }
    text.push_str(" ON CONFLICT (term, sequence) DO NOTHING");
    text
}

#[cfg(test)]
mod tests;
