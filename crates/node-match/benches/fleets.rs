//! Measures how long it takes one core to match large and hostile fleets: `cargo bench -p node-match --bench fleets`.

#[path = "fleets/cpu_time.rs"]
mod cpu_time;
#[path = "fleets/predecessor.rs"]
mod predecessor;
#[path = "fleets/snapshots.rs"]
mod snapshots;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use node_match::{Snapshot, match_fleet};

use cpu_time::CpuTime;
use snapshots::{
    contended_component, duplicate_addresses, one_component, one_hostname, shared_prefixes, usual,
};

fn growth(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("usual fleet");
    group.sample_size(10);
    for size in [100, 1_000, 10_000, 100_000] {
        let snapshot = usual(size);
        group.bench_function(size.to_string(), |bencher| {
            bencher.iter(|| black_box(match_fleet(black_box(&snapshot))));
        });
    }
}

/// Measures the rule of the predecessor on the same fleets; it is quadratic.
fn growth_by_predecessor(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("usual fleet, rule of the predecessor");
    group.sample_size(10);
    for size in [100, 1_000, 10_000, 100_000] {
        let snapshot = usual(size);
        let pairs = predecessor::newest_unclaimed(&snapshot);
        assert_eq!(
            pairs.len(),
            (size / 10) as usize,
            "every open claim finds a machine"
        );
        group.bench_function(size.to_string(), |bencher| {
            bencher.iter(|| black_box(predecessor::newest_unclaimed(black_box(&snapshot))));
        });
    }
}

fn worst_cases(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("worst case");
    group.sample_size(10);
    for (name, snapshot, expected) in [
        (
            "10,000 names with shared prefixes",
            shared_prefixes(10_000),
            "matched",
        ),
        (
            "10,000 machines and Nodes of one hostname",
            one_hostname(10_000),
            "matched",
        ),
        (
            "10,000 times the same addresses",
            duplicate_addresses(10_000),
            "waiting no-candidates",
        ),
        (
            "one component of 1,000 claims, 10 baselines",
            one_component(1_000, 10),
            "matched",
        ),
        (
            "one component of 1,000 claims, 100 baselines",
            one_component(1_000, 100),
            "matched",
        ),
        (
            "one contended component of 1,000 claims, 100 baselines",
            contended_component(1_000, 100),
            "matched",
        ),
        (
            "1,000 claims of 1,000 baselines, refused",
            one_component(1_000, 1_000),
            "ambiguous too-many-candidates",
        ),
    ] {
        assert_all(&snapshot, expected);
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(match_fleet(black_box(&snapshot))));
        });
    }
}

/// What is measured is what its name says: all claims get this verdict.
#[track_caller]
fn assert_all(snapshot: &Snapshot<'_>, expected: &str) {
    for answer in match_fleet(snapshot).claims {
        let reason = answer.verdict.reason().unwrap_or_default();
        let told = format!("{} {reason}", answer.verdict.as_str());
        assert_eq!(told.trim_end(), expected, "{}", answer.claim.uid);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = growth, growth_by_predecessor, worst_cases
}
criterion_main!(benches);
