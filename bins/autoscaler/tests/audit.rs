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
        assert_eq!(count(&["--since", "1970-01-01T00:01:00Z"]), 3);
        assert_eq!(count(&["--until", "1970-01-01T00:01:00Z"]), 1);
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
    check(&["list", "--audit-store", &missing, "--result", "perhaps"], 2);
}
