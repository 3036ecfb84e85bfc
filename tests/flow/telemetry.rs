//! What the operator tells of its work: metrics and Events.

use std::collections::{BTreeMap, BTreeSet};

use audit_store::Recorder;
use autoscaler_controller::metrics::{Description, Metrics};
use autoscaler_controller::resources::NodeGroup;
use fleet_sim::cloud::{CallKind, Fault, FaultEffect};
use fleet_sim::kube_api::{KubeFault, KubeFaultEffect, Verb};
use k8s_openapi::api::events::v1::Event;
use kit::fleet::Fleet;
use kube::api::ListParams;
use prometheus_client::encoding::text::encode;

use super::endpoints::{serve_front, watch_front};
use super::{ready_web, web};

/// Not zero only when a clock is wrong, the audit store is ill, the queue of Events is full, or somebody else adds machines,
/// which `clock_an_hour_off_is_named_and_costs_nothing`, `full_queue_drops_and_an_entry_says_how_many`,
/// `full_queue_drops_and_counts_and_holds_nothing_up` and `machine_that_nobody_asked_for_is_told_until_it_is_gone` show; and
/// while pods wait, which `pod_that_nothing_helps_buys_nothing_and_says_why` shows; while a NodeGroup is held back, or when
/// one is made for pods or cannot be, which `busy_group_that_may_not_grow_stays_as_it_is`,
/// `group_that_nobody_needs_goes_after_its_cool_down` and `group_that_is_refused_is_told_and_tried_again` show.
/// Alerts are posted only where a webhook is configured, which the tests of `endpoints/webhook` do.
const SELDOM: [&str; 14] = [
    "vpsie_autoscaler_audit_dropped",
    "vpsie_autoscaler_audit_queue",
    "vpsie_autoscaler_clock_offset_seconds",
    "vpsie_autoscaler_discovery_alerts",
    "vpsie_autoscaler_discovery_alerts_posted",
    "vpsie_autoscaler_discovery_breaker_state",
    "vpsie_autoscaler_event_buffer_dropped",
    "vpsie_autoscaler_leaked_machines",
    "vpsie_autoscaler_nodegroup_scale_up_held",
    "vpsie_autoscaler_nodegroups_dismissed",
    "vpsie_autoscaler_nodegroups_made",
    "vpsie_autoscaler_nodegroups_not_made",
    "vpsie_autoscaler_pending_pod_reasons",
    "vpsie_autoscaler_pending_pods",
];

/// A gauge that older dashboards know under the name of a counter (EP-28).
const GAUGE: &str = "vpsie_autoscaler_discovery_instances_total";

/// Returns the metric of a sample: its name without what the text format hangs on counters and histograms.
fn metric_of(sample: &str) -> &str {
    let name = sample.split(['{', ' ']).next().unwrap_or_default();
    if name == GAUGE {
        return name;
    }
    let endings = ["_total", "_bucket", "_sum", "_count"];
    endings
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Returns all that is shown, in the text format.
pub(super) fn shown(metrics: &Metrics) -> String {
    let mut text = String::new();
    encode(&mut text, &metrics.registry()).expect("a String takes everything");
    text
}

/// Lists the labels of a sample, but for that of a bucket.
fn labels_of(sample: &str) -> BTreeSet<&str> {
    let labels = sample.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}'));
    let labels = labels.map_or("", |(labels, _)| labels).split("\",");
    let names = labels.filter_map(|label| Some(label.split_once('=')?.0));
    names.filter(|name| *name != "le").collect()
}

/// Lists the labels that the page of metrics promises, by metric.
fn promised_labels() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let page = include_str!("../../docs/metrics.md");
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `vpsie_autoscaler_"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let labels = |cell: &'static str| cell.split(", ").filter(|label| *label != "–").collect();
    cells
        .map(|cells| (cells[1].trim_matches('`'), labels(cells[3])))
        .collect()
}

/// Complains about samples whose labels are not those that the page of metrics promises.
fn check_labels(text: &str) {
    let promised = promised_labels();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    for sample in samples {
        let labels = promised.get(metric_of(sample));
        assert_eq!(labels, Some(&labels_of(sample)), "{sample}");
    }
}

/// Lists the metrics that have a value other than 0.
fn written(metrics: &Metrics) -> BTreeSet<String> {
    let text = shown(metrics);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let has_value = |name: &str| {
        let mut samples = lines.iter().filter(|line| metric_of(line) == name);
        samples.any(|line| {
            line.rsplit(' ')
                .next()
                .is_some_and(|value| !["0", "0.0"].contains(&value))
        })
    };
    let names = metrics
        .descriptions()
        .iter()
        .map(|Description { name, .. }| name.clone());
    names.filter(|name| has_value(name)).collect()
}

/// X-4: what is registered is written, all of it, under the labels that the page of metrics lists, in one story with a request that nobody answers.
#[tokio::test(start_paused = true)]
async fn every_metric_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = format!("jsonl:{}", folder.path().join("audit").display());
    let mut fleet = Fleet::in_memory(1);
    watch_front(&mut fleet);
    serve_front(&fleet, &["elsewhere"]).await;
    fleet.audit = Recorder::start(location.parse().expect("a store"), 0, None);
    let unanswered = Fault::on(CallKind::AddWorker, FaultEffect::TimeOutBeforeEffect);
    fleet.cloud.fault(unanswered);
    fleet.start().await;
    fleet.create(&web(&fleet, 2)).await;
    fleet
        .until("one failed and was replaced", |stored| stored.counts("web", 3, 2))
        .await;
    let mut all = written(&fleet.metrics);
    check_labels(&shown(&fleet.metrics));
    fleet.memory().cut_watches();
    fleet.polls(1).await;
    fleet.delete::<NodeGroup>("web").await;
    fleet
        .until("all is gone", |stored| {
            stored.groups.is_empty() && stored.claims.is_empty()
        })
        .await;
    // The pass that sees the group gone.
    tokio::time::sleep(fleet.settings.poll_interval * 2).await;
    all.extend(written(&fleet.metrics));
    check_labels(&shown(&fleet.metrics));

    let expected = fleet.metrics.descriptions().iter().map(|it| it.name.as_str());
    let missing: Vec<&str> = expected
        .filter(|name| !all.contains(*name) && !SELDOM.contains(name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "registered and never written");
    let text = shown(&fleet.metrics);
    assert!(
        !text.contains("nodegroup=\"web\""),
        "NS-28: its series are gone with it:\n{text}"
    );
}

/// Lists the stored Events: kind of the object, type, reason, how often.
pub(super) async fn events(fleet: &Fleet) -> Vec<(String, String, String, i32)> {
    let listed = fleet.api::<Event>().list(&ListParams::default()).await;
    let listed = listed.expect("Events can be listed").items.into_iter();
    let mut all: Vec<_> = listed
        .map(|event| {
            let kind = event.regarding.and_then(|object| object.kind).unwrap_or_default();
            let count = event.series.map_or(1, |series| series.count);
            (
                kind,
                event.type_.unwrap_or_default(),
                event.reason.unwrap_or_default(),
                count,
            )
        })
        .collect();
    all.sort();
    all
}

/// The Events of a good life, each once.
#[tokio::test(start_paused = true)]
async fn events_tell_a_life_once() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    fleet.polls(10).await;
    let told = events(&fleet).await;
    let told: Vec<String> = told
        .iter()
        .map(|(kind, type_, reason, count)| format!("{kind} {type_} {reason} {count}"))
        .collect();
    let expected = [
        "NodeGroup Normal ScalingUp 1",
        "NodeGroup Normal VPSieNodeGroupCreated 1",
        "Node Normal Claimed 1",
        "VPSieNode Normal BecameReady 1",
        "VPSieNode Normal MachineDiscovered 1",
        "VPSieNode Normal MachineRequested 1",
        "VPSieNode Normal NodeJoined 1",
    ];
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(told, expected);
}

/// An API server that takes no Event holds no effect up; what is lost is counted.
#[tokio::test(start_paused = true)]
async fn refused_events_hold_nothing_up() {
    let mut fleet = Fleet::in_memory(1);
    for _ in 0..50 {
        fleet.memory().fault(
            KubeFault::new(KubeFaultEffect::Status(403))
                .on(Verb::Create)
                .resource("events"),
        );
    }
    ready_web(&mut fleet, 1).await;
    fleet.polls(10).await;
    assert_eq!(events(&fleet).await, []);
    let mut text = String::new();
    encode(&mut text, &fleet.metrics.registry()).expect("a String takes everything");
    assert!(
        text.contains(r#"events_emitted_total{type="Normal",result="failed"}"#),
        "{text}"
    );
}
