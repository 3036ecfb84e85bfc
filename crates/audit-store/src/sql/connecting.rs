//! Opens a database, brings its schema up to date, and says what is wrong with it.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, Connection, Row, SqlSafeStr};
use url::Url;

use super::{Dialect, SqlStore};
use crate::{Access, Cause, Location, StoreError};

/// The migrations so far. A change of the schema is another file with the next number, never a change of one of these.
const SCHEMA: [(i64, &str, &str); 2] = [
    (1, "audit", include_str!("../../migrations/0001_audit.sql")),
    (2, "order", include_str!("../../migrations/0002_order.sql")),
];

/// The versions of the schema that can be read: they differ in their indexes only.
const READABLE: RangeInclusive<i64> = 1..=2;

/// The table that says which migrations were made; not sqlx's own name, so that the log can share a database.
const MIGRATIONS: &str = "audit_migrations";

/// How long a connection may take: whoever waits for it holds a batch of entries.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// One connection writes, others read.
const CONNECTIONS: u32 = 3;

// === impl SqlStore ===

impl SqlStore {
    /// Opens a file of SQLite; one that is not there is made when it is to be written.
    ///
    /// # Errors
    ///
    /// Says whether it is missing, not to be written, damaged, or of another version.
    pub async fn sqlite(path: &Path, access: Access) -> Result<Self, StoreError> {
        let name = Location::Sqlite(path.to_owned()).to_string();
        let absolute = std::path::absolute(path).ok();
        let url = absolute.and_then(|path| Url::from_file_path(path).ok());
        let Some(url) = url else {
            return Err(failed(
                "opening",
                &name,
                sqlx::Error::Configuration("no path".into()),
            ));
        };
        if access == Access::Read && !path.exists() {
            return Err(of_cause("opening", &name, Cause::Missing));
        }
        if access == Access::Read && path.is_dir() {
            return Err(of_cause("opening", &name, Cause::Corrupt));
        }
        let (mode, setting) = match access {
            Access::Read => ("ro", "PRAGMA busy_timeout = 5000"),
            Access::Write => (
                "rwc",
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA cache_size = -512",
            ),
        };
        let url = format!("sqlite://{}?mode={mode}", url.path());
        Self::open(&url, name, Dialect::Sqlite, access, setting).await
    }

    /// Connects to a database of PostgreSQL; the tables are made when they are not there and are to be written.
    ///
    /// # Errors
    ///
    /// Says whether it does not answer, refuses the user, lacks the tables, or has those of another version.
    pub async fn postgres(url: &Url, access: Access) -> Result<Self, StoreError> {
        let name = Location::Postgres(url.clone()).to_string();
        // A server that hangs must not hold a batch for ever.
        let setting = match access {
            Access::Read => "SET statement_timeout = '30s'; SET default_transaction_read_only = on",
            Access::Write => "SET statement_timeout = '30s'",
        };
        Self::open(url.as_str(), name, Dialect::Postgres, access, setting).await
    }

    async fn open(
        url: &str,
        name: String,
        dialect: Dialect,
        access: Access,
        setting: &'static str,
    ) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        // A pool tries again until its time is over, and then knows only that; one connection says what is wrong.
        let tried = tokio::time::timeout(CONNECT_LIMIT, try_out(url, setting)).await;
        let tried = tried.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        tried.map_err(|error| failed("opening", &name, error))?;
        let options = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT_LIMIT)
            .after_connect(move |connection, _| {
                Box::pin(async move { sqlx::raw_sql(setting).execute(connection).await.map(drop) })
            });
        let pool = options.connect(url).await;
        let pool = pool.map_err(|error| failed("opening", &name, error))?;
        let store = Self { pool, dialect, name };
        match access {
            Access::Write => store.migrate().await?,
            Access::Read => store.check_schema().await?,
        }
        Ok(store)
    }

    /// Brings the schema up to date.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other error of sqlx is about versions"
    )]
    async fn migrate(&self) -> Result<(), StoreError> {
        let migrations = SCHEMA.map(|(version, name, text)| {
            let text = text.into_sql_str();
            Migration::new(version, name.into(), MigrationType::Simple, text, false)
        });
        let mut migrator = Migrator::with_migrations(migrations.into());
        // No database has an older name of this table.
        migrator.dangerous_set_table_name(MIGRATIONS);
        migrator.run(&self.pool).await.map_err(|error| match error {
            MigrateError::Execute(error) => failed("opening", &self.name, error),
            // The tables are there and were not made by these migrations.
            MigrateError::ExecuteMigration(error, _) if error.as_database_error().is_some_and(is_taken) => {
                self.other_schema(error)
            }
            MigrateError::ExecuteMigration(error, _) => failed("opening", &self.name, error),
            other => self.other_schema(other),
        })
    }

    /// Checks that somebody made the tables, with a version that is known here.
    async fn check_schema(&self) -> Result<(), StoreError> {
        let asked = sqlx::query("SELECT MAX(version) FROM audit_migrations WHERE success");
        let row = match asked.fetch_one(&self.pool).await {
            Ok(row) => row,
            // A file or a database is there, and nobody has kept a log in it yet.
            Err(error) if error.as_database_error().is_some_and(lacks_table) => {
                return Err(of_cause("opening", &self.name, Cause::Missing));
            }
            Err(error) => return Err(failed("opening", &self.name, error)),
        };
        let version: Option<i64> = row
            .try_get(0)
            .map_err(|error| failed("opening", &self.name, error))?;
        if version.is_some_and(|version| READABLE.contains(&version)) {
            return Ok(());
        }
        Err(self.other_schema(MigrateError::VersionMissing(version.unwrap_or(0))))
    }

    fn other_schema(&self, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
        StoreError {
            source: Some(Box::new(source)),
            ..of_cause("opening", &self.name, Cause::Schema)
        }
    }

    /// Ends all connections.
    pub async fn close(&self) {
        AnyPool::close(&self.pool).await;
    }
}

/// Connects once and asks for something, so that what is wrong is known.
async fn try_out(url: &str, setting: &'static str) -> Result<(), sqlx::Error> {
    let mut connection = AnyConnection::connect(url).await?;
    sqlx::raw_sql(setting).execute(&mut connection).await?;
    connection.close().await
}

fn of_cause(doing: &'static str, name: &str, cause: Cause) -> StoreError {
    StoreError {
        doing,
        store: name.to_owned(),
        cause,
        source: None,
    }
}

/// Says what an error of the database means.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the errors are those of sqlx, and more may come"
)]
pub(super) fn failed(doing: &'static str, name: &str, error: sqlx::Error) -> StoreError {
    let cause = match &error {
        sqlx::Error::Database(database) => database.code().map_or(Cause::Other, |code| meaning(&code)),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            Cause::Unreachable
        }
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => Cause::Corrupt,
        _ => Cause::Other,
    };
    StoreError {
        source: Some(Box::new(error)),
        ..of_cause(doing, name, cause)
    }
}

/// Says what the code of an error means: a number of SQLite, of which the last byte is the kind, or five characters of
/// PostgreSQL.
fn meaning(code: &str) -> Cause {
    if let Some(kind) = code.parse::<u32>().ok().filter(|_| code.len() < 5) {
        return match kind {
            // Writing failed for want of room, or beyond the largest size of a file that the process may write.
            778 => Cause::Full,
            _ => match kind & 0xff {
                5 | 6 => Cause::Busy,
                8 | 14 => Cause::Unwritable,
                13 => Cause::Full,
                11 | 26 => Cause::Corrupt,
                _ => Cause::Other,
            },
        };
    }
    match code {
        "28000" | "28P01" => Cause::Credentials,
        "3D000" => Cause::Missing,
        "42501" | "25006" => Cause::Unwritable,
        "53100" => Cause::Full,
        "57P01" | "57P02" | "57P03" | "53300" | "57014" => Cause::Unreachable,
        "42P01" | "42703" => Cause::Schema,
        "XX001" | "XX002" => Cause::Corrupt,
        _ => Cause::Other,
    }
}

/// Tells whether a table was to be made that is there.
fn is_taken(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().as_deref() == Some("42P07") || error.message().contains("already exists")
}

/// Tells whether a table is not there.
fn lacks_table(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().as_deref() == Some("42P01") || error.message().contains("no such table")
}
