//! Measures parsing and merging of a thousand endpoints in ten slices, and discovery of nine replicas (EP-40).

use std::collections::BTreeMap;
use std::hint::black_box;

use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};
use endpoint_discovery::{HealthRules, Roster, ServiceFacts, ServiceKey, Surroundings, choose, merge, parse};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde_json::{Value, json};

/// A slice with so many endpoints, beginning with this number.
fn slice(first: usize, count: usize) -> String {
    let endpoints: Vec<Value> = (first..first + count)
        .map(|number| {
            json!({
                "addresses": [format!("10.1.{}.{}", number / 250, number % 250)],
                "conditions": {"ready": true, "serving": true, "terminating": false},
                "nodeName": format!("node-{}", number % 50),
                "zone": format!("zone-{}", number % 3),
                "targetRef": {"kind": "Pod", "name": format!("web-{number}"), "uid": format!("uid-{number}")},
            })
        })
        .collect();
    json!({
        "metadata": {"name": format!("web-{first}"), "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": endpoints,
    })
    .to_string()
}

fn decode(texts: &[String]) -> Vec<EndpointSlice> {
    let decoded = texts.iter().map(|text| serde_json::from_str(text));
    decoded.collect::<Result<_, _>>().expect("it is JSON of a slice")
}

fn benches(c: &mut Criterion) {
    let service = ServiceFacts::unknown(ServiceKey::new("shop", "web"), "cluster.local");
    let (checks, nodes, rules) = (BTreeMap::new(), BTreeMap::new(), HealthRules::default());
    let around = Surroundings {
        service: &service,
        checks: &checks,
        nodes: &nodes,
        rules: &rules,
    };
    let now = DateTime::from_timestamp(1_769_242_200, 0).expect("a moment in 2026");
    for (name, slices, each) in [("1000 in 10 slices", 10, 100), ("9 in one slice", 1, 9)] {
        let texts: Vec<String> = (0..slices).map(|number| slice(number * each, each)).collect();
        let decoded = decode(&texts);
        let merged = merge(&parse::read_slices(&service, &decoded).sightings);
        let before = Roster::default().observe(&merged, &around, now);
        let mut group = c.benchmark_group(name);
        group.bench_function("parse and merge", |bencher| {
            bencher.iter(|| merge(&parse::read_slices(&service, black_box(&decoded)).sightings));
        });
        group.bench_function("JSON to instances and their difference", |bencher| {
            bencher.iter(|| {
                let decoded = decode(black_box(&texts));
                let merged = merge(&parse::read_slices(&service, &decoded).sightings);
                before.observe(&merged, &around, now).since(&before)
            });
        });
        group.bench_function("choose", |bencher| {
            bencher.iter(|| choose(black_box(&before).instances(), Some("zone-1")));
        });
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
