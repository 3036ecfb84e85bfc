//! The memory of the operator as a process of its own, in a large world that is in this one.
//!
//! `cargo bench -p system-tests --bench memory [nodes] [minutes of churn]`

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

#[path = "memory/churn.rs"]
mod churn;
#[path = "memory/dress.rs"]
mod dress;
#[path = "memory/operator.rs"]
mod operator;
#[path = "memory/world.rs"]
mod world;

use std::time::{Duration, Instant};

use operator::{Memory, Process};
use world::{PODS, World};

/// Nodes of the cluster, unless another number is asked for.
const NODES: usize = 1_000;
/// The operator is at rest once it has written nothing for so long: four polls of VPSie.
const REST: Duration = Duration::from_secs(40);
/// Longest wait for that.
const LIMIT: Duration = Duration::from_secs(30 * 60);

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let nodes = numbers.next().unwrap_or(NODES);
    let minutes = numbers.next().unwrap_or(0);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime
        .expect("a runtime starts")
        .block_on(measure(nodes, minutes));
}

async fn measure(nodes: usize, minutes: usize) {
    let mut world = World::build(nodes).await;
    println!("{nodes} nodes and {} pods", nodes * PODS);
    let (kubeconfig, vpsie) = world.serve().await;
    let (built, _) = world.writes(0);
    let operator = Process::start(&kubeconfig, &vpsie);
    rest(&world, &operator, built).await;
    print("at rest", operator.memory());
    if minutes > 0 {
        churn::churn(&mut world, &operator, minutes).await;
    }
}

/// Waits until the operator has brought everything into its order, after so many writes of others, and writes no more.
async fn rest(world: &World, operator: &Process, mut seen: u64) {
    let (began, mut quiet_since) = (Instant::now(), Instant::now());
    let (mut all, mut told) = (0, Instant::now());
    while quiet_since.elapsed() < REST || all == 0 {
        assert!(began.elapsed() < LIMIT, "the operator does not come to rest");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (total, new) = world.writes(seen);
        seen = total;
        if new > 0 {
            all += new;
            quiet_since = Instant::now();
        }
        if told.elapsed() >= Duration::from_secs(15) {
            told = Instant::now();
            print(
                &format!("after {} s and {all} writes", began.elapsed().as_secs()),
                operator.memory(),
            );
        }
    }
}

fn print(when: &str, memory: Memory) {
    println!(
        "{when}: {} resident, {} of it its own, at most {} so far",
        mebibytes(memory.resident),
        mebibytes(memory.own),
        mebibytes(memory.peak)
    );
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{}.{} MiB", kibibytes / 1024, kibibytes % 1024 * 10 / 1024)
}
