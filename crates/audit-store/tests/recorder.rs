//! What the recorder does with real stores that are not as they should be.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail and speak like the tests"
)]

#[path = "stores/server.rs"]
mod server;

use std::path::Path;
use std::time::Duration;

use audit_store::{Access, Cause, Location, Recorder, open};
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::audit::{Filter, Finding};
use node_lifecycle::testing::requested;
use server::Server;

/// Longest wait for a store to be found ill, or well again.
const PATIENCE: Duration = Duration::from_secs(30);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn record(recorder: &Recorder, number: i64) {
    recorder.record(requested(&format!("worker-{number}")), at(number));
}

/// Waits for something of the recorder.
async fn until(recorder: &Recorder, what: &str, is_so: impl Fn(&audit_store::RecorderState) -> bool) {
    let waiting = async {
        while !is_so(&recorder.state()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("{what}: {:?}", recorder.state()));
}

/// Records into a store that is ill, mends it, and looks whether everything arrived.
async fn check_mended(location: &str, cause: Cause, mend: impl FnOnce()) {
    let location: Location = location.parse().unwrap();
    let recorder = Recorder::start(location.clone(), 1000, None);
    for number in 0..10 {
        record(&recorder, number);
    }
    let is_ill = |state: &audit_store::RecorderState| {
        state.trouble.as_ref().map(|trouble| trouble.cause) == Some(cause)
    };
    until(&recorder, "it is found ill", is_ill).await;
    assert_eq!(recorder.stats().total_entries, 10, "memory has them");
    mend();
    until(&recorder, "it is well", |state| {
        state.stored == 10 && state.trouble.is_none()
    })
    .await;
    recorder.finish(PATIENCE).await;
    check_stored(&location, 10).await;
}

async fn check_stored(location: &Location, count: usize) {
    let store = open(location, Access::Read).await.unwrap();
    let found = store.select(&Filter::default()).await.unwrap();
    assert_eq!((found.records.len(), found.unreadable), (count, 0));
    let verified = store.verify(None).await.unwrap();
    assert!(verified.is_sound(), "{verified:?}");
}

fn text(path: &Path) {
    std::fs::write(
        path,
        "this is a letter to a friend, and no audit log\n".repeat(100),
    )
    .unwrap();
}

/// Bad input: a folder that is missing and a file of somebody else hold nothing up; mended, they get all of it.
#[tokio::test]
async fn file_that_cannot_be_used_gets_everything_once_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["sqlite", "jsonl"] {
        let inside = folder.path().join(format!("missing-{kind}"));
        let location = format!("{kind}:{}", inside.join("audit").display());
        check_mended(&location, Cause::Unwritable, || {
            std::fs::create_dir(&inside).unwrap()
        })
        .await;

        let path = folder.path().join(format!("letter-{kind}"));
        text(&path);
        let location = format!("{kind}:{}", path.display());
        let away = path.with_extension("away");
        check_mended(&location, Cause::Corrupt, || {
            std::fs::rename(&path, away).unwrap()
        })
        .await;
    }
}

/// Records five entries, makes the newest unreadable, and looks whether the others are there and more can be stored.
async fn check_unreadable(location: &str, damage: impl AsyncFnOnce()) {
    let location: Location = location.parse().unwrap();
    let recorder = Recorder::start(location.clone(), 1000, None);
    (0..5).for_each(|number| record(&recorder, number));
    recorder.finish(PATIENCE).await;
    damage().await;
    let recorder = Recorder::start(location.clone(), 1000, None);
    record(&recorder, 5);
    let is_stored = |state: &audit_store::RecorderState| state.stored == 1 || state.trouble.is_some();
    until(&recorder, "it stores", is_stored).await;
    assert_eq!(recorder.state().trouble, None);
    let shown = recorder.select(&Filter::default());
    let shown: Vec<_> = shown.iter().filter_map(|entry| entry.node.as_deref()).collect();
    assert_eq!(
        shown,
        ["worker-0", "worker-1", "worker-2", "worker-3", "worker-5"]
    );
    recorder.finish(PATIENCE).await;
    let store = open(&location, Access::Read).await.unwrap();
    let found = store.select(&Filter::default()).await.unwrap();
    assert_eq!((found.records.len(), found.unreadable), (5, 1));
    let verified = store.verify(None).await.unwrap();
    let altered = Finding::Altered { term: 0, sequence: 5 };
    assert_eq!((verified.entries, verified.findings), (6, vec![altered]));
}

/// Bad input, LC-37: an entry that cannot be read, as one of a newer version, hides no other and holds nothing up.
#[tokio::test]
async fn entry_that_cannot_be_read_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    let damage_lines = async || {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace(r#""worker-4""#, "7")).unwrap();
    };
    check_unreadable(&format!("jsonl:{}", path.display()), damage_lines).await;

    const DAMAGE: &str = r#"UPDATE audit_entries SET body = replace(body, '"worker-4"', '7')"#;
    let path = folder.path().join("database");
    let damage_file = async || {
        sqlx::any::install_default_drivers();
        let url = format!("sqlite://{}", path.display());
        let pool = sqlx::AnyPool::connect(&url).await.unwrap();
        sqlx::raw_sql(DAMAGE).execute(&pool).await.unwrap();
        pool.close().await;
    };
    check_unreadable(&format!("sqlite:{}", path.display()), damage_file).await;

    let Some(server) = Server::start() else { return };
    let damage_server = async || server.sql("unreadable", DAMAGE);
    check_unreadable(&server.database("unreadable"), damage_server).await;
}

/// LC-37: an entry whose hash is none any longer is named as altered, like one with another hash.
#[tokio::test]
async fn hash_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("database");
    let location: Location = format!("sqlite:{}", path.display()).parse().unwrap();
    let recorder = Recorder::start(location.clone(), 1000, None);
    (0..3).for_each(|number| record(&recorder, number));
    recorder.finish(PATIENCE).await;
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    let damage = "UPDATE audit_entries SET hash = 'none' WHERE sequence = 3";
    sqlx::raw_sql(damage).execute(&pool).await.unwrap();
    pool.close().await;
    let store = open(&location, Access::Read).await.unwrap();
    let verified = store.verify(None).await.unwrap();
    let altered = Finding::Altered { term: 0, sequence: 3 };
    assert_eq!((verified.entries, verified.findings), (3, vec![altered]));
}

/// Bad input: a schema of a newer version is left alone, and a database that goes away and comes back has everything.
#[tokio::test]
async fn database_that_cannot_be_used_gets_everything_once_it_is_mended() {
    let Some(server) = Server::start() else { return };
    let newer = server.database("newer");
    drop(open(&newer.parse().unwrap(), Access::Write).await.unwrap());
    server.sql(
        "newer",
        "UPDATE audit_migrations SET version = 3 WHERE version = 2",
    );
    let mend = || {
        server.sql(
            "newer",
            "UPDATE audit_migrations SET version = 2 WHERE version = 3",
        )
    };
    check_mended(&newer, Cause::Schema, mend).await;

    let location: Location = server.database("audit").parse().unwrap();
    let recorder = Recorder::start(location.clone(), 1000, None);
    (0..50).for_each(|number| record(&recorder, number));
    until(&recorder, "it stores", |state| state.stored == 50).await;
    server.stop();
    (50..100).for_each(|number| record(&recorder, number));
    until(&recorder, "it is away", |state| state.trouble.is_some()).await;
    server.resume();
    until(&recorder, "it is back", |state| state.stored == 100).await;
    recorder.finish(PATIENCE).await;
    check_stored(&location, 100).await;
}
