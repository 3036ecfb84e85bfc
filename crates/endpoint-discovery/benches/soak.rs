//! Lets a Service come and go for long, with trouble in between, and measures how soon that is seen (EP-40, EP-45).
//!
//! `cargo bench -p endpoint-discovery --bench soak`; `CHANGES=100000` makes it ten times as long.

#![allow(clippy::print_stdout, reason = "printing is all that it is for")]

use std::time::Duration;

use chrono::DateTime;
use endpoint_discovery::{Discovery, Selection, ServiceKey, Settings};
use fleet_sim::clock::SimClock;
use fleet_sim::kube_api::{KubeApi, KubeFault, KubeFaultEffect, Verb};
use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::time::Instant;

/// How many times the Service changes, unless the environment says otherwise.
const CHANGES: usize = 10_000;
/// How many replicas it has in turn.
const COUNTS: [usize; 6] = [1, 3, 1, 9, 5, 9];
/// After so many changes there is trouble.
const TROUBLE: usize = 500;
/// Longest wait for one change; after trouble a watch begins anew with a pause.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() {
    // A test of all targets runs this, too, and wants to know no more than that it works.
    let is_test = std::env::args().any(|word| word == "--test");
    let asked = std::env::var("CHANGES").ok().and_then(|text| text.parse().ok());
    let changes = if is_test { 20 } else { asked.unwrap_or(CHANGES) };
    let server = KubeApi::new(SimClock::starting_at(
        DateTime::from_timestamp(1_769_242_200, 0).expect("a moment in 2026"),
    ));
    let slices = prepare(&server).await;
    let web = ServiceKey::new("shop", "web");
    let discovery = Discovery::start(
        server.client(),
        Settings::new(Selection::Named(vec![web.clone()])),
    );
    let mut views = discovery.subscribe();
    let (mut calm, mut troubled, mut empty) = (Vec::new(), Vec::new(), 0);
    let began = Instant::now();
    for change in 0..changes {
        let is_trouble = change > 0 && change % TROUBLE == 0;
        if is_trouble {
            trouble(&server, change / TROUBLE);
        }
        let count = COUNTS[change % COUNTS.len()];
        let wrote = Instant::now();
        write(&slices, count, change).await;
        let seen = views.wait_for(|views| {
            let instances = views.get(&web).map(|view| view.instances()).unwrap_or_default();
            empty += usize::from(change > 0 && instances.is_empty());
            instances.len() == count && instances.iter().all(|it| it.ports.contains_key(&port(change)))
        });
        let seen = tokio::time::timeout(LIMIT, seen).await;
        drop(seen.expect("it is seen in time").expect("discovery runs"));
        // What follows trouble is measured apart: a watch begins anew after a pause that grows.
        let last = if is_trouble { &mut troubled } else { &mut calm };
        last.push(wrote.elapsed());
    }
    calm.sort();
    troubled.sort();
    println!(
        "{changes} changes in {:.1} s, {empty} empty reads",
        began.elapsed().as_secs_f64()
    );
    for (name, all) in [("calm", &calm), ("after trouble", &troubled)] {
        let at = |percent: usize| all.get((all.len() * percent / 100).min(all.len().saturating_sub(1)));
        let at = |percent| at(percent).copied().unwrap_or_default();
        println!(
            "{name}: {} changes, seen after p50 {:?}, p99 {:?}, at most {:?}",
            all.len(),
            at(50),
            at(99),
            at(100)
        );
    }
    assert_eq!(empty, 0, "a Service with endpoints was shown without");
}

/// Cuts the watch, with or without a list that is too old or fails.
fn trouble(server: &KubeApi, number: usize) {
    match number % 3 {
        0 => server.compact(),
        1 => server.fault(fault(KubeFaultEffect::Status(500))),
        _ => server.fault(fault(KubeFaultEffect::Gone410)),
    }
    server.cut_watches();
}

fn fault(effect: KubeFaultEffect) -> KubeFault {
    KubeFault::new(effect).on(Verb::Watch).resource("endpointslices")
}

fn port(change: usize) -> String {
    format!("p{}", change % 1000)
}

async fn prepare(server: &KubeApi) -> Api<EndpointSlice> {
    let (client, created) = (server.client(), PostParams::default());
    let namespace = json!({"metadata": {"name": "shop"}});
    let namespace: Namespace = serde_json::from_value(namespace).expect("it has its shape");
    let service = json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}});
    let service: Service = serde_json::from_value(service).expect("it has its shape");
    let made = Api::all(client.clone()).create(&created, &namespace).await;
    made.expect("the namespace is made");
    let made = Api::namespaced(client.clone(), "shop")
        .create(&created, &service)
        .await;
    made.expect("the Service is made");
    Api::namespaced(client, "shop")
}

/// Writes the slice with so many replicas, and a port by which the change is known.
async fn write(slices: &Api<EndpointSlice>, count: usize, change: usize) {
    let endpoints = (0..count).map(|number| {
        json!({
            "addresses": [format!("10.0.0.{}", number + 1)], "conditions": {"ready": true},
            "targetRef": {"kind": "Pod", "name": format!("web-{number}"), "uid": format!("uid-{number}")},
        })
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4", "endpoints": endpoints.collect::<Vec<_>>(),
        "ports": [{"name": port(change), "port": 8080}],
    });
    let applied = PatchParams::apply("soak").force();
    let written = slices.patch("web-1", &applied, &Patch::Apply(slice)).await;
    written.expect("it is written");
}
