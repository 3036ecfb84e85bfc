//! Measures durable stores: how fast a recorder fills them, and questions to a million entries.
//!
//! `cargo bench -p audit-store --bench stores`; the million of each database is written before its first question.

#[expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    reason = "it is of the tests, which stop and start their servers, too"
)]
#[path = "../tests/stores/server.rs"]
mod server;

use std::cell::OnceCell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use audit_store::{Access, AuditStore, Location, Recorder, open};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use node_lifecycle::State;
use node_lifecycle::audit::{Action, Author, Chain, Draft, Filter, Outcome, Snapshot};
use node_lifecycle::testing::{at, candidate, rejected, requested};
use server::Server;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Entries that are recorded in one sample: half of what a recorder lets wait.
const RECORDED: u32 = 5_000;

/// Entries of a large store.
const STORED: i64 = 1_000_000;

/// Entries of one batch while a large store is filled.
const BATCH: i64 = 500;

/// Longest wait for a store, so that a defect ends the measurement.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a usual entry: a rejection with its sentence and the node as it was.
fn rejection(node: &str) -> Draft {
    let facts = candidate(State::Active).pods(3);
    rejected(node)
        .group("kube-system/workers")
        .message("Node has 3 workload pods")
        .snapshot(Snapshot::of(&facts.facts(), at(0)))
}

/// Starts a recorder and waits until its store has taken an entry.
fn started(runtime: &Runtime, location: &Location) -> Recorder {
    runtime.block_on(async {
        let recorder = Recorder::start(location.clone(), 1000, None);
        recorder.record(requested("worker-0"), at(0));
        let begun = async {
            while recorder.state().stored == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let begun = tokio::time::timeout(PATIENCE, begun).await;
        begun.expect("the store takes entries");
        recorder
    })
}

/// Measures from the first entry recorded to the last one acknowledged by the store.
fn record(criterion: &mut Criterion, runtime: &Runtime, stores: &Stores) {
    let mut group = criterion.benchmark_group("recorded and stored");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(RECORDED.into()));
    for (name, location) in stores.named("filled") {
        group.bench_function(name, |bencher| {
            let set_up = || {
                let drafts = (0..RECORDED).map(|number| rejection(&format!("worker-{number}")));
                (started(runtime, &location), drafts.collect::<Vec<_>>())
            };
            bencher.iter_batched(
                set_up,
                |(recorder, drafts)| {
                    drafts.into_iter().for_each(|draft| recorder.record(draft, at(0)));
                    runtime.block_on(recorder.finish(PATIENCE));
                    assert_eq!(recorder.state().stored, u64::from(RECORDED) + 1);
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Returns the entry of this number: a thousand nodes take turns, and a hundred others are seen in the first tenth only.
fn entry(number: i64) -> Draft {
    let node = match number % 1000 {
        turn @ 0..100 if number < STORED / 10 => format!("former-{turn}"),
        turn => format!("worker-{turn}"),
    };
    match number % 20 {
        0 => requested(&node).group("kube-system/rare"),
        _ => rejection(&node),
    }
}

/// Returns when the entry of this number was recorded: there is one every two seconds.
fn recorded_at(number: i64) -> DateTime<Utc> {
    at(0) + TimeDelta::seconds(2 * number)
}

/// Fills a store with a million entries of ten terms.
async fn filled(location: &Location) -> Box<dyn AuditStore> {
    let store = open(location, Access::Write).await.expect("it opens");
    let mut chain = Chain::new(1, None);
    for start in (0..STORED).step_by(usize::try_from(BATCH).expect("a small number")) {
        let term = u64::try_from(start * 10 / STORED).expect("not negative") + 1;
        if term != chain.term() {
            chain = Chain::new(term, chain.head());
        }
        let batch =
            (start..start + BATCH).map(|number| Arc::new(chain.append(entry(number), recorded_at(number))));
        let batch: Vec<_> = batch.collect();
        store.append(&batch).await.expect("it is stored");
    }
    store
}

/// Asks for the newest hundred of what such a filter says.
fn newest(say: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter {
        limit: 100,
        ..Filter::default()
    };
    say(&mut filter);
    filter
}

/// Asks by each field that a filter has.
fn questions() -> [(&'static str, Filter); 10] {
    let node = |name: &str| newest(|it| it.node = Some(name.to_owned()));
    let mut failed = node("worker-500");
    failed.result = Some(Outcome::Failed);
    [
        ("node", node("worker-500")),
        ("node last seen long ago", node("former-50")),
        ("node that is not there", node("nobody")),
        ("node with a result that it never had", failed),
        (
            "group",
            newest(|it| it.group = Some("kube-system/rare".to_owned())),
        ),
        ("action", newest(|it| it.action = Some(Action::NodeProvision))),
        ("result", newest(|it| it.result = Some(Outcome::Rejected))),
        ("decider", newest(|it| it.decision_by = Some(Author::MinNodes))),
        (
            "newest hour",
            newest(|it| it.since = Some(recorded_at(STORED - 1800))),
        ),
        ("oldest hour", newest(|it| it.until = Some(recorded_at(1800)))),
    ]
}

/// Measures questions to a million entries.
fn ask(criterion: &mut Criterion, runtime: &Runtime, stores: &Stores) {
    let questions = questions();
    for (name, location) in stores
        .named("million")
        .into_iter()
        .filter(|(name, _)| *name != "jsonl")
    {
        let store = OnceCell::new();
        let mut group = criterion.benchmark_group(format!("last 100 of a million, {name}"));
        group.sample_size(20);
        for (question, filter) in &questions {
            group.bench_function(*question, |bencher| {
                let store = store.get_or_init(|| runtime.block_on(filled(&location)));
                bencher.iter(|| black_box(runtime.block_on(store.select(filter)).expect("it answers")));
            });
        }
        group.finish();
    }
}

/// Is where the stores are: a folder, and a server of PostgreSQL if there is one.
struct Stores {
    folder: TempDir,
    server: Option<Server>,
}

// === impl Stores ===

impl Stores {
    /// Names a store of each kind.
    fn named(&self, name: &str) -> Vec<(&'static str, Location)> {
        let path = self.folder.path().join(name);
        let files = ["jsonl", "sqlite"].map(|kind| (kind, format!("{kind}:{}.{kind}", path.display())));
        let database = self
            .server
            .iter()
            .map(|server| ("postgres", server.database(name)));
        let named = files.into_iter().chain(database);
        named
            .map(|(kind, text)| (kind, text.parse().expect("a store")))
            .collect()
    }
}

fn stores(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let stores = Stores {
        folder: tempfile::tempdir().expect("a folder"),
        server: Server::start(),
    };
    record(criterion, &runtime, &stores);
    ask(criterion, &runtime, &stores);
}

criterion_group!(benches, stores);
criterion_main!(benches);
