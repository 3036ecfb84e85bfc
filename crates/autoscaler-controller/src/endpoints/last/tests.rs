//! Whose last ready endpoint is on a Node.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use endpoint_discovery::{
    BreakerState, HealthRules, Mode, NodeFacts, Origin, Roster, ServiceFacts, ServiceKey, Source, Stale,
    Surroundings, View, Views, merge, parse,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde_json::json;

use super::last_endpoints;

/// A Service with one endpoint on each of these Nodes, ready or not. The Node `draining` is about to go.
fn view(name: &str, nodes: &[(&str, bool)]) -> View {
    let key = ServiceKey::new("shop", name);
    let service = ServiceFacts::unknown(key.clone(), "cluster.local");
    let endpoints = nodes.iter().enumerate().map(|(number, (node, is_ready))| {
        json!({
            "addresses": [format!("10.0.0.{number}")],
            "conditions": {"ready": is_ready},
            "nodeName": (!node.is_empty()).then_some(node),
        })
    });
    let slice: EndpointSlice = serde_json::from_value(json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}}, "addressType": "IPv4", "endpoints": endpoints.collect::<Vec<_>>(), "ports": [],
    }))
    .expect("a slice");
    let draining = NodeFacts {
        lifecycle_state: NodeFacts::DRAINING.to_owned(),
        node_group: None,
        zone: None,
    };
    let around = Surroundings {
        service: &service,
        checks: &BTreeMap::new(),
        nodes: &BTreeMap::from([("draining".to_owned(), draining)]),
        rules: &HealthRules::default(),
    };
    let merged = merge(&parse::read_slices(&service, [&slice]).sightings);
    let now = DateTime::UNIX_EPOCH;
    View {
        service: key,
        mode: Mode::default(),
        source: Some(Source::Slices),
        origin: Origin::Live {
            roster: Roster::default().observe(&merged, &around, now),
            told_at: now,
        },
        stale: None,
        ignored: Default::default(),
        warnings: Default::default(),
        near: None,
        breaker: BreakerState::Closed,
    }
}

fn views(views: impl IntoIterator<Item = View>) -> Views {
    let views = views.into_iter();
    views.map(|view| (view.service.clone(), Arc::new(view))).collect()
}

#[track_caller]
fn check(nodes: &[(&str, bool)], expected: bool) {
    let last = last_endpoints(&views([view("web", nodes)]), "n1", |node| node == "leaving");
    assert_eq!(last == ["shop/web"], expected, "{nodes:?}: {last:?}");
}

/// SC-12: only a ready endpoint on another Node that stays, or on none, replaces the one here.
#[test]
fn endpoint_is_the_last_without_another_that_stays() {
    check(&[("n1", true)], true);
    check(&[("n1", true), ("n1", true)], true);
    check(&[("n1", true), ("n2", false)], true);
    check(&[("n1", true), ("leaving", true)], true);
    check(&[("n1", true), ("draining", true)], true);
    check(&[("n1", true), ("leaving", true), ("n2", true)], false);
    check(&[("n1", true), ("n2", true)], false);
    check(&[("n1", true), ("", true)], false);
    check(&[("n1", false), ("n2", false)], false);
    check(&[("n2", true)], false);
    check(&[], false);
}

/// SC-12, EP-10: while nobody knows what else is ready, each ready endpoint counts as the last; what was never read says
/// nothing.
#[test]
fn nothing_is_concluded_from_what_is_not_seen() {
    let stale = Some(Stale {
        since: DateTime::UNIX_EPOCH,
        error: "the API server is away".to_owned(),
    });
    let old = View {
        stale: stale.clone(),
        ..view("old", &[("n1", true), ("n2", true)])
    };
    let elsewhere = View {
        stale: stale.clone(),
        ..view("elsewhere", &[("n2", true)])
    };
    let unread = View {
        origin: Origin::Nothing,
        stale,
        ..view("unread", &[("n1", true)])
    };
    let hinted = View {
        origin: Origin::Hint(view("hinted", &[("n1", true)]).instances()),
        ..view("hinted", &[])
    };
    let all = views([old, elsewhere, unread, hinted]);
    assert_eq!(last_endpoints(&all, "n1", |_| false), ["shop/old"]);
    assert_eq!(
        last_endpoints(&Views::new(), "n1", |_| false),
        Vec::<String>::new()
    );
}
