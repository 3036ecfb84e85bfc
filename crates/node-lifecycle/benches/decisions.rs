//! Measures decisions of the gate, and how fast the log in memory takes entries.

use std::hint::black_box;

use chrono::{DateTime, TimeDelta};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use node_lifecycle::audit::{Chain, Draft, Log, Snapshot};
use node_lifecycle::gate::{Gate, Graces};
use node_lifecycle::testing::{Candidate, at, candidate, rejected};
use node_lifecycle::{Decider, State};

/// Entries in one sample: more than the ring holds, so that the oldest make room.
const ENTRIES: u32 = 2000;

fn decisions(c: &mut Criterion) {
    let gate = Gate::new(Graces::default()).expect("the usual graces make sense");
    let cases: [(&str, Candidate); 4] = [
        ("permit", candidate(State::Idle)),
        ("refusal by the first check", {
            let mut node = candidate(State::Idle);
            node.protection.is_of_control_plane = true;
            node
        }),
        ("refusal for workload pods", candidate(State::Active).pods(3)),
        ("refusal by the last check", candidate(State::Idle).needed()),
    ];
    let mut group = c.benchmark_group("gate");
    group.throughput(Throughput::Elements(1));
    for (name, node) in &cases {
        let facts = node.facts();
        group.bench_function(*name, |bencher| {
            bencher.iter(|| gate.decide(Some(black_box(&facts)), Decider::ScaleDownPolicy, at(0)));
        });
    }
    group.finish();
}

/// Makes a usual entry: a rejection with its sentence and the node as it was.
fn draft(node: &Candidate, number: u32) -> Draft {
    rejected(&format!("hel-kubernetes-49ab-slave-{number:04}"))
        .group("kube-system/workers")
        .message("Node has 3 workload pods")
        .snapshot(Snapshot::of(&node.facts(), at(0)))
}

fn appends(c: &mut Criterion) {
    let node = candidate(State::Active).pods(3);
    let mut group = c.benchmark_group("audit");
    group.throughput(Throughput::Elements(u64::from(ENTRIES)));
    group.bench_function("append", |bencher| {
        bencher.iter_batched(
            || {
                let drafts: Vec<Draft> = (0..ENTRIES).map(|number| draft(&node, number)).collect();
                (Log::new(1000), Chain::new(1, None), drafts)
            },
            |(mut log, mut chain, drafts)| {
                for draft in drafts {
                    for entry in log.record(draft, at(0)) {
                        black_box(chain.bind(entry));
                    }
                }
                log
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("suppressed", |bencher| {
        bencher.iter_batched(
            || {
                let mut log = Log::new(1000);
                log.record(draft(&node, 0), DateTime::UNIX_EPOCH);
                let drafts: Vec<Draft> = (0..ENTRIES).map(|_| draft(&node, 0)).collect();
                (log, drafts)
            },
            |(mut log, drafts)| {
                for draft in drafts {
                    black_box(log.record(draft, DateTime::UNIX_EPOCH + TimeDelta::seconds(1)));
                }
                log
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, decisions, appends);
criterion_main!(benches);
