//! What the largest answers cost in memory: at most four times their length, body included.
//!
//! A process of its own with a single test, because the whole process is measured.

use peak_alloc::PeakAlloc;
use vpsie_api::{ClusterId, Inventory, VpsieApi};

#[path = "../benches/bodies.rs"]
mod bodies;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a reader may need for each byte of the body.
const MOST_PER_BYTE: f64 = 4.0;

/// Runs `read` and reports the highest use of memory for each byte of the body.
fn measure(name: &str, body: usize, before: usize, read: impl FnOnce()) {
    MEMORY.reset_peak_usage();
    read();
    let used = MEMORY.peak_usage() - before;
    let ratio = used as f64 / body as f64;
    // Shown by `cargo test -p vpsie-api --test memory -- --nocapture`, for docs/benchmarks.md.
    println!("{name}: {body} bytes of body, {used} bytes at the peak, {ratio:.2} per byte");
    assert!(ratio <= MOST_PER_BYTE, "{name}: {ratio}");
}

#[test]
fn large_answers_cost_at_most_four_times_their_length() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let id = ClusterId::new(bodies::CLUSTER);

    let before = MEMORY.current_usage();
    let body = bodies::cluster(10_000);
    let client = bodies::client(&body);
    measure("cluster of 10,000 nodes", body.len(), before, || {
        let cluster = runtime.block_on(client.cluster(&id)).unwrap();
        assert!(cluster.is_complete(&id));
    });
    drop((client, body));

    let before = MEMORY.current_usage();
    let body = bodies::vms(10_000);
    let client = bodies::client(&body);
    measure("list of 10,000 virtual machines", body.len(), before, || {
        assert_eq!(runtime.block_on(client.vms()).unwrap().entries.len(), 10_000);
    });
}
