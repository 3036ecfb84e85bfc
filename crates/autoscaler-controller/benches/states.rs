//! Measures the engine of node states: the first evaluation of a large cluster, and one pod event until all have heard,
//! without traces, with a log, and with spans for a collector.
//!
//! `cargo bench -p autoscaler-controller --bench states`

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use autoscaler_controller::kept::{Node, VPSieNode};
use autoscaler_controller::lives::Lives;
use autoscaler_controller::metrics::Metrics;
use autoscaler_controller::pods::PodIndex;
use autoscaler_controller::resources::NodeGroup;
use autoscaler_controller::states::{States, Trigger};
use autoscaler_controller::watches::{Changes, Marked, News};
use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::Event;
use node_state::store::{Filter, Reader, Update};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use serde_json::json;
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

/// Nodes of the cluster, each with a VPSieNode.
const NODES: usize = 5_000;
/// Pods on each of them.
const PODS: usize = 30;
/// NodeGroups, each with as many nodes.
const GROUPS: usize = 50;
/// Consumers that are told, each on a thread of its own.
const CONSUMERS: usize = 5;
/// Pod events whose way to the consumers is measured.
const EVENTS: usize = 2_000;

/// Everything that a watch would have brought.
fn everything() -> Changes {
    let groups = (0..GROUPS).map(|number| {
        let mut group = NodeGroup::new(&format!("group-{number}"), Default::default());
        group.metadata.namespace = Some("default".to_owned());
        group.metadata.labels = Some([("autoscaler.vpsie.com/managed".to_owned(), "true".to_owned())].into());
        Arc::new(group)
    });
    Changes {
        groups: News::All(groups.collect()),
        vpsie_nodes: News::All((0..NODES).map(claim).collect()),
        nodes: News::All((0..NODES).map(node).collect()),
        pods: Marked::default(),
    }
}

fn claim(number: usize) -> Arc<VPSieNode> {
    let group = format!("group-{}", number % GROUPS);
    let object = json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "VPSieNode",
        "metadata": { "name": format!("claim-{number}"), "namespace": "default", "uid": format!("claim-uid-{number}") },
        "spec": { "vpsieInstanceID": number, "instanceType": "small", "nodeGroupName": group, "datacenterID": "d" },
        "status": { "phase": "Ready", "nodeName": format!("node-{number}") },
    });
    Arc::new(serde_json::from_value(object).expect("a VPSieNode"))
}

fn node(number: usize) -> Arc<Node> {
    let group = format!("group-{}", number % GROUPS);
    let object = json!({
        "metadata": {
            "name": format!("node-{number}"), "uid": format!("node-uid-{number}"), "resourceVersion": "7",
            "labels": { "autoscaler.vpsie.com/nodegroup": group, "topology.kubernetes.io/zone": "hel" },
            "annotations": { "autoscaler.vpsie.com/nodegroup-namespace": "default" },
        },
        "status": { "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }] },
    });
    Arc::new(serde_json::from_value(object).expect("a Node"))
}

fn pod(uid: &str, node: usize) -> Pod {
    let object = json!({
        "metadata": { "name": uid, "namespace": "default", "uid": uid },
        "spec": { "nodeName": format!("node-{node}"), "containers": [
            { "name": "work", "resources": { "requests": { "cpu": "100m", "memory": "64Mi" } } },
        ] },
        "status": { "phase": "Running" },
    });
    serde_json::from_value(object).expect("a pod")
}

/// Tells when this consumer had each generation and the numbers of the groups that changed.
fn consume(reader: &Reader, number: usize, heard: Sender<(u64, Instant)>) {
    let filter = if number == 0 {
        Filter::groups()
    } else {
        Filter::all()
    };
    let mut consumer = reader.subscribe(&format!("consumer-{number}"), filter);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without a driver");
    std::thread::spawn(move || {
        while let Some(update) = runtime.block_on(consumer.next()) {
            if let Update::Changes { snapshot, groups, .. } = &update {
                let told = groups.keys().filter_map(|group| snapshot.summary(group)).count();
                assert!(told > 0, "a node of a group changed");
                heard
                    .send((snapshot.generation(), Instant::now()))
                    .expect("the benchmark listens");
            }
        }
    });
}

/// Lets one pod come after the other and returns how long each took until the last consumer had heard, in order.
fn notify(
    states: &mut States,
    pods: &mut PodIndex,
    hearings: &Receiver<(u64, Instant)>,
    taken: &str,
) -> Vec<Duration> {
    let (lives, metrics, now) = (Lives::default(), Metrics::default(), moment());
    let mut delays = Vec::with_capacity(EVENTS);
    for event in 0..EVENTS {
        let news = pod(&format!("{taken}-{event}"), event * 7 % NODES);
        let begun = Instant::now();
        pods.take(Event::Apply(news));
        let changes = Changes {
            groups: News::Some(Vec::new()),
            vpsie_nodes: News::Some(Vec::new()),
            nodes: News::Some(Vec::new()),
            pods: pods.take_touched(),
        };
        states.take_in(changes, &lives);
        let generation = states.settle(pods, Trigger::Watch, now, &metrics).generation();
        let last = hearings.iter().take(CONSUMERS).map(|(heard, at)| {
            assert_eq!(heard, generation, "each is told once of each generation");
            at
        });
        let last = last.max().expect("there are consumers");
        delays.push(last.duration_since(begun));
    }
    delays.sort();
    delays
}

/// A collector that is as quick as can be: spans are made, queued and sent to it by a thread of their own.
#[derive(Debug)]
struct Collector;

impl SpanExporter for Collector {
    async fn export(&self, _spans: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// Makes what takes down spans and lines: nothing, a log of the usual level, and spans of every level besides.
fn traces(provider: &SdkTracerProvider) -> [(&'static str, Dispatch); 3] {
    let log = || {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::sink)
            .with_filter(LevelFilter::INFO)
    };
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("benchmark"));
    let spans = spans
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    let registry = tracing_subscriber::registry;
    [
        ("nothing", Dispatch::none()),
        ("a log", Dispatch::new(registry().with(log()))),
        (
            "a log and spans",
            Dispatch::new(registry().with(log()).with(spans)),
        ),
    ]
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_242_200, 0).expect("a moment in 2026")
}

fn main() {
    let (mut states, mut pods, metrics) = (States::default(), PodIndex::default(), Metrics::default());
    pods.take(Event::Init);
    for number in 0..NODES * PODS {
        pods.take(Event::InitApply(pod(&format!("pod-{number}"), number / PODS)));
    }
    pods.take(Event::InitDone);
    drop(pods.take_touched());
    let changes = everything();
    let begun = Instant::now();
    states.take_in(changes, &Lives::default());
    let snapshot = states.settle(&pods, Trigger::Pass, moment(), &metrics);
    println!(
        "objects of {} nodes and {} pods to facts, states and the first generation: {:?}",
        snapshot.count(),
        NODES * PODS,
        begun.elapsed()
    );
    let readers = states.readers();
    let reader = readers.borrow().clone().expect("there is a generation");
    let (heard, hearings) = channel();
    for number in 0..CONSUMERS {
        consume(&reader, number, heard.clone());
    }
    // Everyone has taken the first snapshot once nothing waits for anyone any longer.
    while reader.consumers().iter().any(|consumer| consumer.pending > 0) {
        std::thread::yield_now();
    }
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(Collector)
        .build();
    for (taken, dispatch) in &traces(&provider) {
        let delays =
            tracing::dispatcher::with_default(dispatch, || notify(&mut states, &mut pods, &hearings, taken));
        let percentile = |share: usize| delays[(delays.len() - 1) * share / 100];
        println!(
            "one pod event to {CONSUMERS} consumers and the metrics, with {taken}: p50 {:?}, p99 {:?}, longest {:?}",
            percentile(50),
            percentile(99),
            percentile(100)
        );
    }
}
