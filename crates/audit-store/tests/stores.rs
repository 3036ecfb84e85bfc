//! What every store promises: one suite of assertions over JSON lines, SQLite and a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail and speak like the tests"
)]

#[path = "stores/entries.rs"]
mod entries;
#[path = "stores/server.rs"]
mod server;
#[path = "stores/suite.rs"]
mod suite;

use audit_store::{Access, AuditStore, Cause, Location, open};
use entries::History;
use server::Server;

async fn opened(location: &str, access: Access) -> Box<dyn AuditStore> {
    let location: Location = location.parse().unwrap();
    open(&location, access).await.unwrap()
}

#[track_caller]
fn check_refused(opened: Result<Box<dyn AuditStore>, audit_store::StoreError>, cause: Cause) {
    let error = opened.err().expect("this must be refused");
    assert_eq!(error.cause(), cause, "{error:?}");
}

/// LC-37: JSON lines keep every promise of a store.
#[tokio::test]
async fn json_lines_keep_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    suite::every_promise(|name| format!("jsonl:{}", folder.path().join(name).display())).await;
}

/// LC-37: SQLite keeps every promise of a store.
#[tokio::test]
async fn sqlite_keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    suite::every_promise(|name| format!("sqlite:{}", folder.path().join(name).display())).await;
}

/// LC-37: PostgreSQL keeps every promise of a store, and says what is wrong with it.
#[tokio::test]
async fn postgres_keeps_every_promise() {
    let Some(server) = Server::start() else { return };
    suite::every_promise(|name| server.database(name)).await;

    let wrong = |location: String| async move { open(&location.parse().unwrap(), Access::Write).await };
    check_refused(wrong(server.url("no_such_database")).await, Cause::Missing);
    let location: Location = server.database("foreign").parse().unwrap();
    server.sql("foreign", "CREATE TABLE audit_entries (hat text)");
    check_refused(open(&location, Access::Write).await, Cause::Schema);
    let location: Location = server.database("newer").parse().unwrap();
    drop(open(&location, Access::Write).await.unwrap());
    check_older(&location, |sql| server.sql("newer", sql)).await;
    server.sql(
        "newer",
        "UPDATE audit_migrations SET version = 3 WHERE version = 2",
    );
    for access in [Access::Read, Access::Write] {
        check_refused(open(&location, access).await, Cause::Schema);
    }
}

/// Bad input: a database that goes away is named, and nothing is stored twice or lost once it is back.
#[tokio::test]
async fn postgres_that_goes_away_comes_back_with_all_that_was_acknowledged() {
    let Some(server) = Server::start() else { return };
    let store = opened(&server.database("audit"), Access::Write).await;
    let mut history = History::default();
    store.append(&history.some(1, 10)).await.unwrap();
    server.stop();
    let waiting = history.some(1, 5);
    assert_eq!(
        store.append(&waiting).await.unwrap_err().cause(),
        Cause::Unreachable
    );
    server.resume();
    store.append(&waiting).await.unwrap();
    store.append(&waiting).await.unwrap();
    assert!(store.verify(history.hash()).await.unwrap().is_sound());
    assert_eq!(store.select(&audit_filter(0)).await.unwrap().records.len(), 15);
}

fn audit_filter(limit: usize) -> node_lifecycle::audit::Filter {
    node_lifecycle::audit::Filter {
        limit,
        ..node_lifecycle::audit::Filter::default()
    }
}

/// LC-37: a torn last line is left out, and cut off by whoever writes.
#[tokio::test]
async fn torn_last_line_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let location = format!("jsonl:{}", path.display());
    let mut history = History::default();
    let store = opened(&location, Access::Write).await;
    store.append(&history.some(1, 3)).await.unwrap();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let line = history.some(1, 1)[0].stored().to_line();
    for end in 1..=line.len() {
        std::fs::write(&path, [&whole[..], &line.as_bytes()[..end]].concat()).unwrap();
        let reader = opened(&location, Access::Read).await;
        assert_eq!(reader.head().await.unwrap().unwrap().sequence, 3, "{end}");
    }
    // What was torn is longer than what is written over it.
    let longer = [line.as_bytes(), &[b' '; 99], b"torn"].concat();
    std::fs::write(&path, [&whole[..], &longer].concat()).unwrap();
    let store = opened(&location, Access::Write).await;
    let mut history = History::default();
    drop(history.some(1, 3));
    store.append(&history.some(1, 1)).await.unwrap();
    assert!(store.verify(history.hash()).await.unwrap().is_sound());
}

/// Bad input: a folder that cannot be written, something that is no audit log, and a missing one are told apart.
#[tokio::test]
async fn files_that_cannot_be_used_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for kind in ["jsonl", "sqlite"] {
        let at_path =
            |path: &std::path::Path| format!("{kind}:{}", path.display()).parse::<Location>().unwrap();
        check_refused(open(&at_path(&path), Access::Read).await, Cause::Missing);
        assert!(!path.exists(), "reading makes nothing");
        let nowhere = folder.path().join("no-such-folder/audit");
        check_refused(open(&at_path(&nowhere), Access::Write).await, Cause::Unwritable);
        for foreign in [
            "Dear diary,\nnothing happened.\n",
            "one line that ends nowhere",
            "{}\n",
        ] {
            let text = foreign.repeat(if kind == "sqlite" { 100 } else { 1 });
            std::fs::write(&path, &text).unwrap();
            for access in [Access::Read, Access::Write] {
                check_refused(open(&at_path(&path), access).await, Cause::Corrupt);
            }
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        std::fs::remove_file(&path).unwrap();
    }
}

/// What makes the first version of the schema out of the second.
const OLDER: &str = "DROP INDEX audit_entries_in_order; \
                     CREATE INDEX audit_entries_of_time ON audit_entries (at_nanos); \
                     DELETE FROM audit_migrations WHERE version = 2";

/// Checks that a store of the first version can be read, and that writing brings it up to date and loses nothing.
async fn check_older(location: &Location, sql: impl Fn(&str)) {
    let mut history = History::default();
    let store = open(location, Access::Write).await.unwrap();
    store.append(&history.some(1, 3)).await.unwrap();
    drop(store);
    sql(OLDER);
    for (access, stored) in [(Access::Read, 3), (Access::Write, 3), (Access::Write, 4)] {
        let store = open(location, access).await.unwrap();
        assert!(store.verify(history.hash()).await.unwrap().is_sound());
        assert_eq!(
            store.select(&audit_filter(0)).await.unwrap().records.len(),
            stored
        );
        if access == Access::Write {
            store.append(&history.some(1, 1)).await.unwrap();
        }
    }
}

/// Bad input: a SQLite file of an older version is read and brought up to date, one of a newer version is refused.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_of_another_version_is_refused_unless_it_is_older() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    let location: Location = format!("sqlite:{}", path.display()).parse().unwrap();
    drop(open(&location, Access::Write).await.unwrap());
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    check_older(&location, |sql| {
        let run = async {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
                .execute(&pool)
                .await
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(run)).unwrap();
    })
    .await;
    let newer = "UPDATE audit_migrations SET version = 3 WHERE version = 2";
    sqlx::raw_sql(newer).execute(&pool).await.unwrap();
    pool.close().await;
    for access in [Access::Read, Access::Write] {
        check_refused(open(&location, access).await, Cause::Schema);
    }
}

/// LC-37: two processes cannot write one file of JSON lines.
#[tokio::test]
async fn second_writer_of_json_lines_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let location = format!("jsonl:{}", folder.path().join("audit.jsonl").display());
    let _first = opened(&location, Access::Write).await;
    check_refused(open(&location.parse().unwrap(), Access::Write).await, Cause::Busy);
    drop(opened(&location, Access::Read).await);
}
