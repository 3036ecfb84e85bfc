//! What the recorder writes to the log. All tests of this file share one log, and look for lines of their own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like the tests")]

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use audit_store::{Cause, Location, Recorder};
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::audit::{Action, Author, Draft, Outcome};
use tracing_subscriber::fmt::MakeWriter;

/// Takes down what the process logs.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Written {
    fn begin() -> Self {
        static WRITTEN: OnceLock<Written> = OnceLock::new();
        let begun = WRITTEN.get_or_init(|| {
            let written = Self::default();
            let lines = tracing_subscriber::fmt()
                .with_writer(written.clone())
                .with_ansi(false);
            lines.init();
            written
        });
        begun.clone()
    }

    fn lines_with(&self, part: &str) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .filter(|line| line.contains(part))
            .map(str::to_owned)
            .collect()
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn draft(action: Action, result: Outcome, reason: &str) -> Draft {
    Draft::new(action, result, Author::Manual, reason)
}

/// LC-34: success is info, a refusal a warning, a failure an error, each with whose it is and why.
#[test]
fn every_entry_is_a_line_of_the_log() {
    let written = Written::begin();
    let recorder = Recorder::in_memory(10);
    let failed = draft(Action::NodeDecommission, Outcome::Failed, "idle").error("VPSie is away");
    recorder.record(
        draft(Action::NodeProvision, Outcome::Success, "requested").node("a"),
        at(0),
    );
    recorder.record(
        draft(Action::NodeDecommission, Outcome::Rejected, "workload_pods").node("b"),
        at(0),
    );
    recorder.record(failed.node("c"), at(0));
    let parts = [
        ["INFO", "node=\"a\"", "reason=\"requested\"", "decision_by=manual"],
        [
            "WARN",
            "node=\"b\"",
            "reason=\"workload_pods\"",
            "decision_by=manual",
        ],
        [
            "ERROR",
            "node=\"c\"",
            "reason=\"idle\"",
            "error=\"VPSie is away\"",
        ],
    ];
    let lines = written.lines_with(" node=");
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, parts) in lines.iter().zip(parts) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
}

/// Bad input: a store that cannot be written is said once, and once that it can be again; nothing is lost by it.
#[tokio::test(start_paused = true)]
async fn trouble_is_said_once_and_its_end_once() {
    let written = Written::begin();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let location: Location = format!("jsonl:{}", missing.join("told").display())
        .parse()
        .unwrap();
    let recorder = Recorder::start(location, 10, None);
    recorder.record(draft(Action::ScaleUp, Outcome::Success, "below_min_nodes"), at(0));
    tokio::time::sleep(Duration::from_secs(600)).await;
    let state = recorder.state();
    assert_eq!(
        state.trouble.map(|trouble| trouble.cause),
        Some(Cause::Unwritable)
    );
    assert_eq!((state.queued, state.stored), (1, 0));
    std::fs::create_dir(&missing).unwrap();
    recorder.finish(Duration::from_secs(90)).await;
    assert_eq!(recorder.state().stored, 1);
    let said = |text: &str| {
        let lines = written.lines_with(text);
        lines.iter().filter(|line| line.contains("told")).count()
    };
    assert_eq!(said("kept in memory only"), 1);
    assert_eq!(said("can be stored again"), 1);
}
