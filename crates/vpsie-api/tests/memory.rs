//! What the largest answers cost in memory: at most four times their length, body included, and
//! hostile ones not much more.
//!
//! A process of its own with a single test, because the whole process is measured.

use bytes::Bytes;
use peak_alloc::PeakAlloc;
use vpsie_api::{ClusterId, Inventory, VmUuid, VpsieApi};

#[path = "../benches/decode/bodies.rs"]
mod bodies;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a reader may need for each byte of the body.
const MOST_PER_BYTE: f64 = 4.0;

/// The same where the body is made to cost as much as it can: a list has at most 100,000 entries.
const MOST_PER_HOSTILE_BYTE: f64 = 10.0;

/// The limit of a body.
const LIMIT: usize = 10 << 20;

/// Runs `read` and reports the highest use of memory for each byte of the body.
fn measure(name: &str, body: usize, before: usize, most: f64, read: impl FnOnce()) {
    MEMORY.reset_peak_usage();
    read();
    let used = MEMORY.peak_usage() - before;
    let ratio = used as f64 / body as f64;
    #[expect(
        clippy::print_stdout,
        reason = "docs/benchmarks.md says how to see these figures"
    )]
    {
        println!("{name}: {body} bytes of body, {used} bytes at the peak, {ratio:.2} per byte");
    }
    assert!(ratio <= most, "{name}: {ratio}");
}

#[test]
fn answers_cost_a_bounded_multiple_of_their_length() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let id = ClusterId::new(bodies::CLUSTER);

    let before = MEMORY.current_usage();
    let body = bodies::cluster(10_000);
    let client = bodies::client(&body);
    measure(
        "cluster of 10,000 nodes",
        body.len(),
        before,
        MOST_PER_BYTE,
        || {
            let cluster = runtime.block_on(client.cluster(&id)).unwrap();
            assert!(cluster.is_complete(&id));
        },
    );
    drop((client, body));

    let before = MEMORY.current_usage();
    let body = bodies::vms(10_000);
    let client = bodies::client(&body);
    measure(
        "list of 10,000 virtual machines",
        body.len(),
        before,
        MOST_PER_BYTE,
        || {
            assert_eq!(runtime.block_on(client.vms()).unwrap().entries.len(), 10_000);
        },
    );
    drop((client, body));

    for (name, begin, part, end) in [
        (
            "least machines",
            r#"{"data":["#,
            r#"{"identifier":1},"#,
            r#"{"identifier":2}]}"#,
        ),
        ("fields", r#"{"data":{"#, r#""a":0,"#, r#""b":0}}"#),
        ("nodes", r#"{"data":{"nodes":["#, "{},", "{}]}}"),
    ] {
        let before = MEMORY.current_usage();
        let parts = (LIMIT - begin.len() - end.len()) / part.len();
        let body = format!("{begin}{}{end}", part.repeat(parts))
            .into_bytes()
            .into_boxed_slice();
        let body = Bytes::from(body);
        let client = bodies::client(&body);
        measure(name, body.len(), before, MOST_PER_HOSTILE_BYTE, || {
            let labels = match name {
                "nodes" => runtime.block_on(client.cluster(&id)).map(drop),
                "fields" => runtime.block_on(client.vm(&VmUuid::new("a"))).map(drop),
                _ => runtime.block_on(client.vms()).map(drop),
            };
            assert_eq!(
                labels.map_err(|error| error.label()),
                Err("undecodable"),
                "{name}"
            );
        });
    }
}
