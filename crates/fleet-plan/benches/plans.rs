//! Measures plans for large backlogs: how fast they are made, and how many nodes they buy.

#[path = "plans/backlogs.rs"]
mod backlogs;
#[path = "../../node-match/benches/fleets/cpu_time.rs"]
mod cpu_time;

use std::hint::black_box;

use backlogs::{mixed, preferring, two_kinds};
use cpu_time::CpuTime;
use criterion::{Criterion, criterion_group, criterion_main};
use fleet_plan::{Plan, plan};

fn count_nodes(plan: &Plan) -> u32 {
    plan.purchases.iter().map(|one| one.count).sum()
}

fn count_placed(plan: &Plan) -> usize {
    let nodes = plan.purchases.iter().flat_map(|one| &one.nodes);
    nodes.map(Vec::len).sum()
}

#[expect(clippy::print_stdout, reason = "what is bought is a result, too")]
fn plans(c: &mut Criterion<CpuTime>) {
    let cases = [
        (
            "20,000 mixed pods over 400 sizes",
            mixed(20_000),
            20_000,
            4_000..=4_000,
        ),
        ("51,000 pods of two kinds", two_kinds(), 51_000, 2_595..=2_595),
        (
            "4,000 pods with preferences over 400 sizes",
            preferring(4_000),
            4_000,
            1..=4_000,
        ),
    ];
    let mut group = c.benchmark_group("plan");
    group.sample_size(10);
    for (name, mut cluster, pods, nodes) in cases {
        // As the API server lists them.
        cluster.pods.sort_by(|one, other| one.name.cmp(&other.name));
        let made = plan(&cluster);
        let bought = count_nodes(&made);
        assert_eq!(count_placed(&made), pods, "{name}");
        assert!(nodes.contains(&bought), "{name}: {bought} nodes");
        let price: f64 = made
            .purchases
            .iter()
            .filter_map(|one| one.price)
            .map(|price| price.to_number())
            .sum();
        println!("{name}: {bought} nodes, {price:.2} an hour");
        group.bench_function(name, |bencher| bencher.iter(|| plan(black_box(&cluster))));
    }
    group.finish();
}

criterion_group!(name = benches; config = Criterion::default().with_measurement(CpuTime); targets = plans);
criterion_main!(benches);
