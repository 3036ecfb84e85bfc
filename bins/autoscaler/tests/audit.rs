//! `audit list` and `audit verify`, as a person runs them.

use std::process::{Command, Output};
use std::sync::Arc;

use audit_store::{Access, Location, open};
use chrono::{DateTime, TimeDelta};
use node_lifecycle::Decider;
use node_lifecycle::audit::{Action, Chain, Draft, Hash, Outcome};
use tempfile::TempDir;

/// Is a store with four entries: three rejections of worker-1 to worker-3, and a removal of worker-1.
struct Stored {
    _folder: TempDir,
    path: String,
    head: Hash,
}

#[tokio::main(flavor = "current_thread")]
async fn stored(kind: &str) -> Stored {
    let folder = tempfile::tempdir().expect("a folder");
    let path = format!("{kind}:{}", folder.path().join("audit").display());
    let location: Location = path.parse().expect("a store");
    let store = open(&location, Access::Write).await.expect("it opens");
    let mut chain = Chain::new(1, None);
    let attempt = |result, reason: &str, node: &str| {
        let draft = Draft::new(Action::NodeDecommission, result, Decider::Manual, reason);
        draft
            .node(node)
            .group("default/pool")
            .message("line one\nline two")
    };
    let drafts = [
        attempt(Outcome::Rejected, "workload_pods", "worker-1"),
        attempt(Outcome::Rejected, "workload_pods", "worker-2"),
        attempt(Outcome::Rejected, "workload_pods", "worker-3"),
        attempt(Outcome::Success, "manual", "worker-1"),
    ];
    for (minute, draft) in drafts.into_iter().enumerate() {
        let minute = i64::try_from(minute).expect("a small number");
        let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let record = Arc::new(chain.append(draft, now));
        store.append(&[record]).await.expect("it is stored");
    }
    let head = chain.head().expect("there are entries").hash;
    Stored {
        _folder: folder,
        path,
        head,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn audit(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_autoscaler"));
    command.arg("audit").args(arguments);
    command.output().expect("the program was built for this test")
}

/// Checks how a run ends and returns what it printed, the result and the messages.
#[track_caller]
fn check(arguments: &[&str], code: i32) -> (String, String) {
    let output = audit(arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program prints UTF-8");
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{printed}{said}");
    (printed, said)
}

/// LC-32, LC-37: the list is filtered by each field, in both forms, from any store.
#[test]
fn list_answers_what_is_asked() {
    for kind in ["sqlite", "jsonl"] {
        let stored = stored(kind);
        let list = ["list", "--audit-store", &stored.path];
        let count = |more: &[&str]| {
            let arguments = [&list[..], &["--output", "json"], more].concat();
            check(&arguments, 0).0.lines().count()
        };
        assert_eq!(count(&[]), 4);
        assert_eq!(count(&["--node", "worker-1"]), 2);
        assert_eq!(count(&["--group", "default/pool", "--limit", "3"]), 3);
        assert_eq!(count(&["--group", "default/other"]), 0);
        assert_eq!(
            count(&["--action", "node_decommission", "--result", "success"]),
            1
        );
        assert_eq!(count(&["--decided-by", "consolidation_policy"]), 0);
        assert_eq!(count(&["--decided-by", "manual"]), 4);
        assert_eq!(count(&["--since", "1970-01-01T00:01:00Z"]), 3);
        assert_eq!(count(&["--until", "1970-01-01T00:01:00Z"]), 1);
        let minute = [
            "--since",
            "1970-01-01T02:01:00+02:00",
            "--until",
            "1970-01-01T00:02:00Z",
        ];
        assert_eq!(count(&minute), 1);
        let (table, _) = check(&[&list[..], &["--node", "worker-2"]].concat(), 0);
        let expected = "TIME                  ACTION             RESULT    NODE      DECIDED BY  REASON         MESSAGE\n\
                        1970-01-01T00:01:00Z  node_decommission  rejected  worker-2  manual      workload_pods  line one line two\n";
        assert_eq!(table, expected);
    }
}

/// LC-37: what was altered or removed is found, the newest only with a hash that was noted.
#[test]
fn verify_finds_what_was_altered_or_removed() {
    let stored = stored("jsonl");
    let path = stored.path.trim_start_matches("jsonl:");
    let verify = ["verify", "--audit-store", &stored.path];
    let head = stored.head.to_string();
    let with_head = [&verify[..], &["--head", &head]].concat();
    let (sound, _) = check(&with_head, 0);
    assert_eq!(
        sound,
        format!("4 entries of 1 terms, 0 findings\nnewest: entry 4 of term 1, hash {head}\n")
    );

    let text = std::fs::read_to_string(path).expect("it is a file");
    let write = |text: String| std::fs::write(path, text).expect("it is a file");
    let lines: Vec<&str> = text.lines().collect();
    write(text.replace("worker-2", "worker-9"));
    let (found, said) = check(&verify, 1);
    assert!(found.starts_with("entry 2 of term 1 was altered\n"), "{found}");
    assert!(said.contains("not what was recorded"), "{said}");
    write([lines[0], lines[2], lines[3], ""].join("\n"));
    assert!(
        check(&verify, 1)
            .0
            .starts_with("entries 2 to 2 of term 1 are gone\n")
    );
    write([lines[0], lines[1], ""].join("\n"));
    check(&verify, 0);
    assert!(check(&with_head, 1).0.contains("the newest ones were cut off"));
}

/// Bad input: a store that cannot be used has its own exit code, and no password is printed.
#[test]
fn store_that_cannot_be_used_is_named_without_its_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = format!("sqlite:{}", folder.path().join("none").display());
    let (_, said) = check(&["list", "--audit-store", &missing], 6);
    assert!(
        said.contains("there is none") && said.contains(&missing),
        "{said}"
    );
    for (store, code) in [
        ("postgres://me:hunter2@127.0.0.1:1/audit?password=hunter2", 6),
        ("hunter2", 2),
        ("postgres:hunter2", 2),
    ] {
        let (_, said) = check(&["verify", "--audit-store", store], code);
        assert!(!said.contains("hunter2"), "{said}");
    }
    check(&["list"], 2);
    let (_, said) = check(&["list", "--audit-store", "memory"], 2);
    assert!(said.contains("nothing is left to read"), "{said}");
}

/// Runs statements in a file of SQLite.
#[tokio::main(flavor = "current_thread")]
async fn sql(path: &str, statements: &'static str) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", path.trim_start_matches("sqlite:"));
    let pool = sqlx::AnyPool::connect(&url).await.expect("it is a database");
    let done = sqlx::raw_sql(statements).execute(&pool).await;
    done.expect("the statements are right");
    pool.close().await;
}

/// LC-37: what was altered or removed in a database is found.
#[test]
fn verify_finds_what_was_altered_or_removed_in_a_database() {
    for (statements, found) in [
        (
            "UPDATE audit_entries SET body = replace(body, 'worker-2', 'worker-9') WHERE sequence = 2",
            "entry 2 of term 1 was altered\n4 entries",
        ),
        (
            "DELETE FROM audit_entries WHERE sequence = 1",
            "what came before entry 2 of term 1 is gone, and no anchor says why\n3 entries",
        ),
        (
            "DELETE FROM audit_entries WHERE sequence = 2",
            "entries 2 to 2 of term 1 are gone\n3 entries",
        ),
    ] {
        let stored = stored("sqlite");
        sql(&stored.path, statements);
        let (printed, _) = check(&["verify", "--audit-store", &stored.path], 1);
        assert!(printed.starts_with(found), "{printed}");
    }
}

/// Bad input: a value that a filter cannot have is refused, and what it may be is said.
#[test]
fn wrong_filters_are_refused_and_say_what_is_right() {
    let stored = stored("jsonl");
    for (wrong, said) in [
        (&["--result", "perhaps"][..], "rejected"),
        (&["--action", "explode"], "node_decommission"),
        (&["--decided-by", "nobody"], "scale_down_policy"),
        (&["--since", "yesterday"], "2026-01-24T08:40:00Z"),
        (&["--until", "2026-01-24"], "2026-01-24T08:40:00Z"),
        (&["--group", "pool"], "NAMESPACE/NAME"),
        (&["--limit", "0"], "1..=1000000"),
        (&["--output", "xml"], "json"),
        (
            &[
                "--since",
                "2026-01-24T08:40:00Z",
                "--until",
                "2026-01-24T08:40:00Z",
            ],
            "--since must be before --until",
        ),
    ] {
        let arguments = [&["list", "--audit-store", &stored.path], wrong].concat();
        let (printed, message) = check(&arguments, 2);
        assert!(message.contains(said) && printed.is_empty(), "{message}");
    }
    let (_, message) = check(&["verify", "--audit-store", &stored.path, "--head", "abc"], 2);
    assert!(message.contains("64 hexadecimal digits"), "{message}");
}

/// LC-37: a store in which nothing was recorded yet is sound, unless an entry is missed.
#[test]
fn empty_store_is_listed_and_sound() {
    for kind in ["sqlite", "jsonl"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = format!("{kind}:{}", folder.path().join("audit").display());
        let location = path.parse().expect("a store");
        let store = runtime().block_on(open(&location, Access::Write));
        drop(store.expect("it opens"));
        let store = ["--audit-store", path.as_str()];
        let table = check(&[&["list"], &store[..]].concat(), 0).0;
        assert_eq!(table, "TIME  ACTION  RESULT  NODE  DECIDED BY  REASON  MESSAGE\n");
        let json = check(&[&["list", "--output", "json"], &store[..]].concat(), 0).0;
        assert_eq!(json, "");
        let verified = check(&[&["verify"], &store[..]].concat(), 0).0;
        assert_eq!(verified, "0 entries of 0 terms, 0 findings\n");
        let head = "0".repeat(64);
        let missed = check(&[&["verify", "--head", &head], &store[..]].concat(), 1).0;
        assert!(missed.contains("the newest ones were cut off"), "{missed}");
    }
}

/// Bad input: a file that is no audit log of this version is named with what it is, and left as it is.
#[test]
fn files_that_are_no_audit_log_are_told_apart() {
    let newer = stored("sqlite");
    sql(
        &newer.path,
        "UPDATE audit_migrations SET version = 99 WHERE version = 2",
    );
    let folder = tempfile::tempdir().expect("a folder");
    let named = |kind: &str, name: &str| format!("{kind}:{}", folder.path().join(name).display());
    for (name, text) in [("empty", ""), ("letter", "Dear diary,\nnothing happened.\n")] {
        std::fs::write(folder.path().join(name), text.repeat(99)).expect("a file");
    }
    for (store, said) in [
        (named("sqlite", "missing"), "there is none"),
        (named("jsonl", "missing"), "there is none"),
        (named("sqlite", "empty"), "there is none, or it is empty"),
        (named("sqlite", "letter"), "damaged or something else"),
        (named("jsonl", "letter"), "damaged or something else"),
        (named("sqlite", ""), "damaged or something else"),
        (newer.path.clone(), "of another version"),
    ] {
        let store = store.trim_end_matches('/');
        for command in ["list", "verify"] {
            let (printed, message) = check(&[command, "--audit-store", store], 6);
            assert!(message.contains(said) && message.contains(store), "{message}");
            assert_eq!(printed, "");
        }
    }
    assert!(!folder.path().join("missing").exists(), "reading makes nothing");
}

/// Bad input: what names no store ends the start of the operator with 2, and no password is printed, whatever is wrong.
#[test]
fn operator_refuses_a_text_that_names_no_store() {
    let run = |store: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autoscaler"));
        command.args(["run", "--print-config", "--audit-store", store]);
        let output = command.output().expect("the program was built for this test");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    for (store, shown) in [
        ("memory", "audit-store: \"memory\" # flag"),
        ("sqlite:/data/a.db", "audit-store: \"sqlite:/data/a.db\" # flag"),
        (
            "postgres://me:hunter2@host/audit",
            "audit-store: \"postgres://host/audit\" # flag",
        ),
    ] {
        let (code, said) = run(store);
        assert!(code == Some(0) && said.contains(shown), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    for (store, why) in [
        ("hunter2", "`memory` or a store"),
        ("sqlite:", "sqlite:PATH"),
        ("postgres:hunter2", "postgres://USER@HOST/DATABASE"),
        (
            "postgres://me@host/audit?pasword=hunter2",
            "unknown parameter; known are application_name",
        ),
    ] {
        let (code, said) = run(store);
        assert!(
            code == Some(2) && said.contains(why) && said.contains("--audit-store"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
}
