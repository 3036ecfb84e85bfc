//! Measures the first evaluation of a large cluster, and how soon every consumer hears of one pod.
//!
//! `cargo bench -p node-state --features store,testing --bench states`

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints what it measured"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use node_state::store::{Filter, Store, Update};
use node_state::testing::{at, group, group_key, node, owner, pod};
use node_state::{Fleet, Rules};

/// Nodes of the cluster.
const NODES: usize = 5_000;
/// Pods on each of them.
const PODS: usize = 30;
/// NodeGroups, each with as many nodes.
const GROUPS: usize = 50;
/// Consumers that are told.
const CONSUMERS: usize = 5;
/// Pod events whose way to the consumers is measured.
const EVENTS: usize = 2_000;

fn fleet() -> Fleet {
    let mut fleet = Fleet::default();
    for number in 0..GROUPS {
        fleet.put_group(group(&format!("group-{number}")).selecting("pool", &number.to_string()));
    }
    for number in 0..NODES {
        let (name, group) = (format!("node-{number}"), format!("group-{}", number % GROUPS));
        fleet.put_owner(owner(&format!("claim-{number}"), &group, Some(&name)));
        fleet.put_node(node(&name).of_group(&group).label("pool", "none"));
        for pod_number in 0..PODS {
            fleet.put_pod(&name, pod(&format!("pod-{number}-{pod_number}")));
        }
    }
    fleet
}

fn first_evaluation(c: &mut Criterion) {
    let mut group = c.benchmark_group("states");
    group.sample_size(10);
    group.bench_function("first evaluation and generation", |bencher| {
        bencher.iter_batched(
            || (fleet(), Store::new()),
            |(mut fleet, mut store)| {
                let batch = fleet.settle(&Rules::default(), at(0));
                assert_eq!(batch.changes.len(), NODES);
                store.commit(&batch);
                (fleet, store)
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("facts of everything taken in", |bencher| {
        bencher.iter_with_large_drop(|| black_box(fleet()));
    });
    group.finish();
}

/// Lets one pod after the other come and go, and prints how long it took until the last consumer, each on a thread of its
/// own, had read the new state.
fn notification(_: &mut Criterion) {
    let (mut fleet, mut store) = (fleet(), Store::new());
    store.commit(&fleet.settle(&Rules::default(), at(0)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("threads can be started");
    let (heard, hearings) = std::sync::mpsc::channel();
    for number in 0..CONSUMERS {
        let filter = if number == 0 {
            Filter::groups()
        } else {
            Filter::all()
        };
        let mut consumer = store.reader().subscribe(&format!("consumer-{number}"), filter);
        let heard = heard.clone();
        runtime.spawn(async move {
            while let Some(update) = consumer.next().await {
                if let Update::Changes { snapshot, groups, .. } = &update {
                    let summaries = groups.keys().filter_map(|group| snapshot.summary(group));
                    black_box(summaries.count());
                    let told = heard.send((snapshot.generation(), Instant::now()));
                    told.expect("the benchmark listens");
                }
            }
        });
    }
    // Everyone has taken the first snapshot once nothing waits for anyone any longer.
    while store
        .reader()
        .consumers()
        .iter()
        .any(|consumer| consumer.pending > 0)
    {
        std::thread::yield_now();
    }
    let mut delays: Vec<Duration> = (0..EVENTS)
        .map(|event| {
            let name = format!("node-{}", event * 7 % NODES);
            let begun = Instant::now();
            fleet.put_pod(&name, pod("news"));
            let generation = store.commit(&fleet.settle(&Rules::default(), at(1)));
            let generation = generation.expect("one more pod is a difference");
            let last = hearings.iter().take(CONSUMERS).map(|(heard, told_at)| {
                assert_eq!(heard, generation, "each is told once of each generation");
                told_at
            });
            last.max()
                .map_or(Duration::ZERO, |last| last.duration_since(begun))
        })
        .collect();
    delays.sort();
    let percentile = |share: usize| delays[(delays.len() - 1) * share / 100];
    println!(
        "states/one pod to all {CONSUMERS} consumers: p50 {:?}, p99 {:?}, longest {:?}",
        percentile(50),
        percentile(99),
        percentile(100)
    );
    assert!(store.reader().snapshot().summary(&group_key("group-1")).is_some());
}

criterion_group!(benches, first_evaluation, notification);
criterion_main!(benches);
