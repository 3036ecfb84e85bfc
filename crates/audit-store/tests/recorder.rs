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
use node_lifecycle::audit::Filter;
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
    assert_eq!(store.select(&Filter::default()).await.unwrap().len(), count);
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
