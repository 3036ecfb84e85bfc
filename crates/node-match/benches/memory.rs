//! Measures what matching needs beyond its input: `cargo bench -p node-match --bench memory`.

use std::hint::black_box;
use std::sync::Arc;

use chrono::DateTime;
use node_match::{Baseline, Claim, Machine, Node, Snapshot, match_fleet};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Makes the usual fleet of `benches/fleets.rs`: nine claims in ten are recorded, the rest are anonymous.
fn usual(size: u64) -> Snapshot {
    let now = DateTime::from_timestamp(1_769_242_200, 0).expect("a moment in 2026");
    let recorded = size / 10 * 9;
    let keys: Vec<String> = (1..=recorded).map(|id| id.to_string()).collect();
    let baseline = Arc::new(Baseline::new(true, keys.iter().map(String::as_str)));
    let hostname = |id: u64| format!("hel-kubernetes-49ab-slave-{id:x}");
    let address = |id: u64| format!("10.{}.{}.{}", id / 65_536, id / 256 % 256, id % 256);
    let mut snapshot = Snapshot::new(now);
    for id in 1..=size {
        snapshot.claims.push(Claim {
            uid: format!("c-{id}"),
            name: format!("pool-{id}"),
            cluster: "0d6c".to_owned(),
            group: Some(412),
            creation_requested: true,
            requested_at: Some(now),
            instance_id: (id <= recorded).then_some(id),
            baseline: (id > recorded).then(|| Arc::clone(&baseline)),
            ..Claim::default()
        });
        snapshot.machines.push(Machine {
            id: Some(id),
            identifier: Some(format!("machine-{id}")),
            cluster: "0d6c".to_owned(),
            hostname: Some(hostname(id)),
            addresses: vec![address(id)],
            ..Machine::default()
        });
        snapshot.nodes.push(Node {
            uid: format!("n-{id}"),
            name: hostname(id),
            addresses: vec![address(id)],
            ..Node::default()
        });
    }
    snapshot
}

#[expect(clippy::print_stdout, reason = "this is what the benchmark is for")]
fn main() {
    for size in [1_000, 10_000, 100_000] {
        let snapshot = usual(size);
        let input = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let matching = black_box(match_fleet(black_box(&snapshot)));
        let (peak, answer) = (MEMORY.peak_usage() - input, MEMORY.current_usage() - input);
        drop(matching);
        let objects = usize::try_from(size * 3).expect("a small number");
        println!(
            "{size} claims, machines and Nodes: {} bytes per object at the peak, {} of them the answer",
            peak / objects,
            answer / objects
        );
    }
}
