//! Measures how long the largest answers take to be read: `cargo bench -p vpsie-api`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vpsie_api::{ClusterId, Inventory, VpsieApi};

#[path = "decode/bodies.rs"]
mod bodies;

fn large_answers(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime without drivers needs nothing");
    let mut group = criterion.benchmark_group("decode");
    group.sample_size(30);

    let body = bodies::cluster(10_000);
    let client = bodies::client(&body);
    let id = ClusterId::new(bodies::CLUSTER);
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("cluster of 10,000 nodes", |bencher| {
        bencher.iter(|| {
            let cluster = runtime.block_on(client.cluster(&id)).expect("a cluster");
            assert!(cluster.is_complete(&id));
            cluster
        });
    });

    let body = bodies::vms(10_000);
    let client = bodies::client(&body);
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("list of 10,000 virtual machines", |bencher| {
        bencher.iter(|| {
            let vms = runtime.block_on(client.vms()).expect("a list");
            assert_eq!(vms.entries.len(), 10_000);
            vms
        });
    });
    group.finish();
}

criterion_group!(benches, large_answers);
criterion_main!(benches);
