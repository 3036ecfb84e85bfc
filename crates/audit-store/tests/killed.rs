//! A process that is killed while it writes, or whose disk is full, loses nothing that it acknowledged.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail and speak like the tests"
)]

#[path = "stores/entries.rs"]
mod entries;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use audit_store::{Access, Cause, Location, open};
use entries::History;
use node_lifecycle::audit::Hash;

/// Names the store in the process that writes.
const STORE: &str = "AUDIT_STORE_OF_WRITER";

/// Entries of a batch.
const BATCH: usize = 20;

/// Batches after which the writer is killed.
const BATCHES: usize = 25;

/// Writes and says what was acknowledged, until it is killed or the store is full.
#[tokio::main(flavor = "current_thread")]
async fn write(location: &str) {
    let location: Location = location.parse().unwrap();
    let store = open(&location, Access::Write).await.unwrap();
    let mut history = History::default();
    loop {
        match store.append(&history.some(1, BATCH)).await {
            Ok(()) => println!("\nacknowledged {}", history.hash().unwrap()),
            Err(error) => return println!("\nrefused {}", error.cause().as_str()),
        }
    }
}

/// Runs this program again as a writer, by way of a shell that sets limits.
fn writer(test: &str, location: &str, limits: &str) -> Child {
    let shell = format!("{limits} exec \"$0\" \"$@\"");
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", &shell])
        .arg(program)
        .args([test, "--exact", "--nocapture"]);
    command
        .env(STORE, location)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Returns what a writer says, word for word.
fn said(child: &mut Child) -> impl Iterator<Item = (String, String)> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| {
        let (word, rest) = line.split_once(' ')?;
        matches!(word, "acknowledged" | "refused").then(|| (word.to_owned(), rest.to_owned()))
    })
}

/// Checks that what was acknowledged is there, that nothing is broken, and that one can go on.
#[tokio::main(flavor = "current_thread")]
async fn check_sound(location: &str, acknowledged: &str, batches: usize) {
    let location: Location = location.parse().unwrap();
    let store = open(&location, Access::Write).await.unwrap();
    let verified = store
        .verify(Some(acknowledged.parse::<Hash>().unwrap()))
        .await
        .unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert!(verified.entries >= (batches * BATCH) as u64, "{verified:?}");
    let mut history = History::default();
    drop(history.some(1, usize::try_from(verified.entries).unwrap()));
    store.append(&history.some(1, 1)).await.unwrap();
    assert!(store.verify(history.hash()).await.unwrap().is_sound());
}

fn survives_sigkill(test: &str, name: impl Fn(&Path) -> String) {
    if let Ok(location) = std::env::var(STORE) {
        return write(&location);
    }
    let folder = tempfile::tempdir().unwrap();
    let location = name(&folder.path().join("audit"));
    let mut child = writer(test, &location, "");
    let acknowledged = said(&mut child).nth(BATCHES - 1).expect("the writer writes");
    child.kill().unwrap();
    child.wait().unwrap();
    check_sound(&location, &acknowledged.1, BATCHES);
}

fn survives_a_full_disk(test: &str, name: impl Fn(&Path) -> String) {
    if let Ok(location) = std::env::var(STORE) {
        return write(&location);
    }
    let folder = tempfile::tempdir().unwrap();
    let location = name(&folder.path().join("audit"));
    // No file may grow beyond 200 kB; the writer is told so by an error instead of a signal.
    let mut child = writer(test, &location, "trap '' XFSZ; ulimit -f 400;");
    let all: Vec<(String, String)> = said(&mut child).collect();
    child.wait().unwrap();
    let (last, before) = all.split_last().expect("the writer says something");
    assert_eq!(last.0, "refused", "{last:?}");
    assert_eq!(last.1, Cause::Full.as_str());
    let newest = before.last().expect("some batches fit");
    check_sound(&location, &newest.1, before.len());
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn json_lines(path: &Path) -> String {
    format!("jsonl:{}", path.display())
}

/// Bad input: SIGKILL in the middle of writing loses nothing that SQLite acknowledged.
#[test]
fn sqlite_loses_nothing_when_its_process_is_killed() {
    survives_sigkill("sqlite_loses_nothing_when_its_process_is_killed", sqlite);
}

/// Bad input: SIGKILL in the middle of writing loses no acknowledged line.
#[test]
fn json_lines_lose_nothing_when_their_process_is_killed() {
    survives_sigkill("json_lines_lose_nothing_when_their_process_is_killed", json_lines);
}

/// Bad input: a disk that is full is named, and what was acknowledged stays.
#[test]
fn sqlite_on_a_full_disk_says_so_and_loses_nothing() {
    survives_a_full_disk("sqlite_on_a_full_disk_says_so_and_loses_nothing", sqlite);
}

/// Bad input: a disk that is full is named, and what was acknowledged stays.
#[test]
fn json_lines_on_a_full_disk_say_so_and_lose_nothing() {
    survives_a_full_disk("json_lines_on_a_full_disk_say_so_and_lose_nothing", json_lines);
}
