//! What matching needs beyond its input: at most 100 bytes for each claim, machine and Node.
//!
//! A process of its own with a single test, because the whole process is measured.

use std::hint::black_box;

use node_match::match_fleet;
use peak_alloc::PeakAlloc;

#[expect(dead_code, reason = "the benchmark makes hostile fleets, too")]
#[path = "../benches/fleets/snapshots.rs"]
mod snapshots;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What one claim, machine or Node may need at the peak, the answer included.
const MOST_PER_OBJECT: f64 = 100.0;

/// R9: memory is linear, and less than most of what is matched takes itself.
#[test]
fn usual_fleet_needs_at_most_a_hundred_bytes_per_object() {
    // Tables grow by doubling: the last size is one for which they have just grown.
    for size in [1_000, 10_000, 100_000, 14_700] {
        let snapshot = snapshots::usual(size);
        let input = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let matching = black_box(match_fleet(black_box(&snapshot)));
        let per_object = |bytes: usize| (bytes - input) as f64 / (f64::from(size) * 3.0);
        let (peak, answer) = (
            per_object(MEMORY.peak_usage()),
            per_object(MEMORY.current_usage()),
        );
        drop(matching);
        println!("{size}: {peak:.1} bytes per object at the peak, {answer:.1} of them the answer");
        assert!(peak <= MOST_PER_OBJECT, "{size}: {peak}");
    }
}
