//! From a pod that is called unschedulable to the request for its node, in a cluster of 1,000 nodes and in real time.
//!
//! `cargo bench -p system-tests --bench latency [pods of the burst]`

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

#[path = "latency/burst.rs"]
mod burst;
#[path = "memory/dress.rs"]
mod dress;
#[path = "latency/stamps.rs"]
mod stamps;
#[expect(dead_code, reason = "the benchmark of memory does more with it")]
#[path = "memory/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use audit_store::Recorder;
use autoscaler_controller::resources::{AutoscalerConfig, AutoscalerConfigSpec, GlobalSettings};
use autoscaler_controller::{Clock, Operator, Settings, Telemetry};
use fleet_sim::cloud::{Delay, TOKEN};
use kube::Api;
use kube::api::PostParams;
use stamps::Stamps;
use tokio::sync::oneshot;
use world::World;

/// Nodes of the cluster.
const NODES: u16 = 1_000;
/// Pods of the burst, unless another number is asked for: five seconds of it.
const PODS: usize = 2_500;
/// Pods that come alone, each while nothing else happens.
const LONE: usize = 20;
/// The operator is at rest once nothing was written for so long.
const REST: Duration = Duration::from_secs(12);
/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(600);
/// Requests for machines that may be on their way at once: a burst asks for some sixteen in a second, and each is on its way
/// for a tenth of one. With the usual 1 each would wait for those before it.
const AT_ONCE: i32 = 32;
/// More calls of VPSie than are ever made, so that no request waits for room.
const WITHOUT_LIMIT: u32 = 1_000_000;

fn main() {
    let pods = std::env::args().find_map(|argument| argument.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    for calls_per_minute in [WITHOUT_LIMIT, vpsie_api::Settings::DEFAULT_CALLS_PER_MINUTE] {
        runtime.block_on(measure(pods.unwrap_or(PODS), calls_per_minute));
    }
}

async fn measure(pods: usize, calls_per_minute: u32) {
    let world = World::build(NODES.into()).await;
    waive_limits(&world).await;
    // Nobody binds pods here: a node that joins would be free for whoever comes next.
    world.cloud.behaviour(|behaviour| {
        behaviour.join_delay = Delay {
            least: LIMIT,
            most: LIMIT,
        };
    });
    let stamps = Stamps::default();
    let (stop, stopped) = oneshot::channel::<()>();
    let operator = start(&world, &stamps, calls_per_minute).await;
    let watching = tokio::spawn(stamps.clone().watch(operator.boards()));
    let operating = tokio::spawn(operator.run_until(async { drop(stopped.await) }));
    rest(&world).await;
    match calls_per_minute {
        WITHOUT_LIMIT => println!("without a limit of calls:"),
        limited => println!("with {limited} calls of VPSie a minute:"),
    }
    if calls_per_minute == WITHOUT_LIMIT {
        for number in 0..LONE {
            // Each needs a node of its own, and comes at another moment between two polls of VPSie.
            tokio::time::sleep(Duration::from_millis(1_370)).await;
            burst::call_for(&world, &stamps, &format!("alone-{number}"), 1_500).await;
        }
        settle(&stamps, LONE).await;
        print("one pod at a time", &stamps, "alone-");
    }
    burst::burst(&world, &stamps, pods).await;
    settle(&stamps, pods).await;
    print("a burst of 500 pods a second", &stamps, "burst-");
    drop(stop);
    assert!(operating.await.expect("it does not panic"), "it was told to stop");
    watching.abort();
}

/// Lets nodes be bought for pods at once, and enough of them, several at a time: the grace period is a wish, not a delay of
/// ours, and the usual limit of a cluster is ten workers.
async fn waive_limits(world: &World) {
    let settings = GlobalSettings {
        unschedulable_pod_grace_period_seconds: Some(0),
        max_cluster_workers: Some(2 * i32::from(NODES)),
        max_concurrent_scale_ups: Some(AT_ONCE),
        enable_dynamic_node_group_creation: Some(false),
        ..GlobalSettings::default()
    };
    let spec = AutoscalerConfigSpec {
        global_settings: Some(settings),
        ..AutoscalerConfigSpec::default()
    };
    let api: Api<AutoscalerConfig> = Api::all(world.client.clone());
    let config = AutoscalerConfig::new("default", spec);
    let made = api.create(&PostParams::default(), &config).await;
    made.expect("settings of the cluster are accepted");
}

/// Starts the operator as `run` does, with stamps on what it asks of VPSie.
async fn start(world: &World, stamps: &Stamps, calls_per_minute: u32) -> Operator {
    let settings = vpsie_api::Settings {
        calls_per_minute,
        ..vpsie_api::Settings::default()
    };
    let credentials = vpsie_api::Credentials::Token(TOKEN.to_owned().into());
    let transport = stamps.transport(world.cloud.transport());
    let api = vpsie_api::Client::new(settings, credentials, transport).expect("the settings are right");
    let client = world.client.clone();
    let telemetry = Telemetry::default()
        .with_events(client.clone(), None)
        .with_audit(Recorder::in_memory(0));
    let operator = Operator::start(client, Arc::new(api), Clock::system(), Settings::default());
    operator.await.expect("it starts").telling(telemetry)
}

/// Waits until the operator has taken everything over and writes no more.
async fn rest(world: &World) {
    let (began, mut quiet_since) = (Instant::now(), Instant::now());
    let (mut seen, _) = world.writes(0);
    let mut all = 0;
    while quiet_since.elapsed() < REST || all == 0 {
        assert!(began.elapsed() < LIMIT, "the operator does not come to rest");
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (total, new) = world.writes(seen);
        seen = total;
        if new > 0 {
            all += new;
            quiet_since = Instant::now();
        }
    }
}

/// Waits until every pod has its node and every node was asked for.
async fn settle(stamps: &Stamps, pods: usize) {
    let began = Instant::now();
    while stamps.waits().len() < pods {
        assert!(
            began.elapsed() < LIMIT,
            "only {} of {pods} are provided for",
            stamps.waits().len()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Prints how long pods waited, all of them and apart those whose node was asked for after they had come.
fn print(what: &str, stamps: &Stamps, prefix: &str) {
    let waits: BTreeMap<String, stamps::Wait> = stamps.waits();
    let waits = waits.into_iter().filter(|(name, _)| name.starts_with(prefix));
    let (mut all, mut promised, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    for (_, wait) in waits {
        all.push(wait.all());
        promised.push(wait.promised);
        asked.extend(wait.asked);
    }
    println!("  {what}, {} requests:", stamps.requests());
    line("until a node is promised", promised);
    line("until a request that is sent for it leaves", asked);
    line("until both", all);
}

fn line(what: &str, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    let at = |part: usize| waits.get(waits.len().saturating_sub(1) * part / 100);
    let [p50, p99, longest] = [50, 99, 100].map(|part| at(part).map_or(0, |wait| wait.as_millis()));
    println!(
        "    {what}: p50 {p50} ms, p99 {p99} ms, longest {longest} ms, of {}",
        waits.len()
    );
}
