//! What a plan for a large backlog needs, its input included: 96 MiB are allowed, and a quarter of that is held.
//!
//! A process of its own with a single test, because the whole process is measured.

use std::hint::black_box;

use fleet_plan::plan;
use peak_alloc::PeakAlloc;

#[expect(dead_code, reason = "the benchmark plans other backlogs, too")]
#[path = "../benches/plans/backlogs.rs"]
mod backlogs;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What the process may hold at the peak.
const MOST_BYTES: usize = 24 << 20;

/// SC-4: fifteen thousand pods of all kinds over 400 sizes are planned within a quarter of 96 MiB.
#[test]
fn plan_for_fifteen_thousand_pods_is_small() {
    let cluster = backlogs::mixed(15_000);
    let input = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let made = black_box(plan(black_box(&cluster)));
    let (peak, held) = (MEMORY.peak_usage(), MEMORY.current_usage());
    assert_eq!(made.pods.len(), 15_000);
    let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    println!(
        "{:.1} MiB at the peak: {:.1} are the backlog, {:.1} the plan",
        mebibytes(peak),
        mebibytes(input),
        mebibytes(held - input)
    );
    assert!(peak <= MOST_BYTES, "{peak} bytes at the peak");
}
