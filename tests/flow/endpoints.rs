//! Watched Services: what the operator knows of their endpoints, and what it does not remove because of them.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use autoscaler_controller::resources::VPSieNode;
use endpoint_discovery::{Instance, Selection, ServiceKey, Settings, View};
use fleet_sim::cloud::CallKind;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, PostParams};
use node_lifecycle::RefusalName;
use serde_json::json;

use super::lives::{end_pod, run_pod};
use super::ready_web;
use super::refusals::{check_refused, says};
use super::scenarios::{cordoned, shrink};

fn front() -> ServiceKey {
    ServiceKey::new(NAMESPACE, "front")
}

/// Lets the operator watch the Service `front` once it starts.
pub(super) fn watch_front(fleet: &mut Fleet) {
    fleet.watched = Some(Settings::new(Selection::Named(vec![front()])));
}

/// Makes the Service `front`, with a ready endpoint on each of these Nodes.
pub(super) async fn serve_front(fleet: &Fleet, nodes: &[&str]) {
    let service = json!({"metadata": {"name": "front"}, "spec": {"ports": [{"port": 80}]}});
    put::<Service>(fleet, service).await;
    let endpoints = nodes.iter().enumerate().map(|(number, node)| {
        json!({"addresses": [format!("10.0.0.{}", number + 1)], "conditions": {"ready": true}, "nodeName": node})
    });
    let slice = json!({
        "metadata": {"name": "front-1", "labels": {"kubernetes.io/service-name": "front"}},
        "addressType": "IPv4", "endpoints": endpoints.collect::<Vec<_>>(), "ports": [],
    });
    put::<EndpointSlice>(fleet, slice).await;
}

/// Creates an object, or puts it in the place of the one that is there.
async fn put<K>(fleet: &Fleet, object: serde_json::Value)
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    K: Clone + Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let object: K = serde_json::from_value(object).expect("it has its shape");
    let (api, name) = (fleet.api::<K>(), object.name_any());
    if api.get_opt(&name).await.expect("it can be read").is_some() {
        let deleted = api.delete(&name, &DeleteParams::default()).await;
        deleted.expect("it is there");
    }
    let created = api.create(&PostParams::default(), &object).await;
    created.expect("it is accepted");
}

fn node_of(stored: &Stored, claim: &str) -> String {
    let status = stored.claim(claim).and_then(|claim| claim.status.as_ref());
    let name = status.and_then(|status| status.node_name.clone());
    name.expect("it has joined")
}

/// Waits until what the operator knows of `front` is so.
async fn until_front(fleet: &Fleet, is_so: impl Fn(&View) -> bool) -> Vec<Arc<Instance>> {
    let mut views = fleet.endpoints.subscribe().expect("a Service is watched");
    let seen = views.wait_for(|views| views.get(&front()).is_some_and(|view| is_so(view)));
    let seen = tokio::time::timeout(Duration::from_secs(3600), seen).await;
    match seen {
        Ok(views) => views.expect("discovery runs")[&front()].instances(),
        Err(_) => panic!("it never came to that: {:#?}", fleet.endpoints.views()),
    }
}

fn is_ready_on(view: &View, nodes: &[&str]) -> bool {
    let instances = view.instances();
    let on = instances
        .iter()
        .filter_map(|instance| instance.node_name.as_deref());
    view.is_live() && on.eq(nodes.iter().copied())
}

/// SC-12, LC-25a: neither a person nor the policy gets the node that carries the last ready endpoint of a watched Service,
/// and its Node stays in service; with another endpoint elsewhere it goes.
#[tokio::test(start_paused = true)]
async fn node_with_the_last_ready_endpoint_stays() {
    let mut fleet = Fleet::in_memory(1);
    watch_front(&mut fleet);
    let stored = ready_web(&mut fleet, 2).await;
    let (first, second) = (node_of(&stored, "web-1"), node_of(&stored, "web-2"));
    serve_front(&fleet, &[&first]).await;
    until_front(&fleet, |view| is_ready_on(view, &[&first])).await;
    fleet.delete::<VPSieNode>("web-1").await;
    let held = fleet.until("it is held", |stored| says(stored, "web-1", "LastReadyEndpoint"));
    held.await;
    let stored = fleet.polls(20).await;
    assert_eq!(cordoned(&stored), Vec::<&str>::new());
    check_refused(&fleet, RefusalName::LastReadyEndpoint, "manual");

    serve_front(&fleet, &[&first, &second]).await;
    fleet
        .until("its machine is removed", |stored| stored.claim("web-1").is_none())
        .await;
    assert_eq!(fleet.cloud.removals().len(), 1);
}

/// SC-12: the policy takes the one node and not the other: the endpoint of a Node that is gone is no replacement, though it
/// is still listed as ready.
#[tokio::test(start_paused = true)]
async fn endpoint_of_a_node_that_is_gone_replaces_nothing() {
    let mut fleet = Fleet::in_memory(1);
    watch_front(&mut fleet);
    let stored = ready_web(&mut fleet, 2).await;
    let (first, second) = (node_of(&stored, "web-1"), node_of(&stored, "web-2"));
    serve_front(&fleet, &[&first, &second]).await;
    until_front(&fleet, |view| is_ready_on(view, &[&first, &second])).await;
    shrink(&fleet).await;
    fleet.until("one went", |stored| stored.claims.len() == 1).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let stored = fleet.stored().await;
    assert_eq!(stored.claims.len(), 1, "the other has the last one");
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 1);
    let entries = fleet.audit.select(&Default::default());
    let word = RefusalName::LastReadyEndpoint.as_str();
    assert!(entries.iter().any(|entry| entry.reason == word), "{entries:?}");
}

/// SC-12, EP-10: an endpoint that the last look finds to be the last one keeps the machine of a node that was let go.
#[tokio::test(start_paused = true)]
async fn endpoint_that_becomes_the_last_at_the_last_moment_keeps_the_machine() {
    let mut fleet = Fleet::in_memory(1);
    watch_front(&mut fleet);
    let stored = ready_web(&mut fleet, 2).await;
    let (first, second) = (node_of(&stored, "web-1"), node_of(&stored, "web-2"));
    serve_front(&fleet, &[&first, &second]).await;
    until_front(&fleet, |view| is_ready_on(view, &[&first, &second])).await;
    fleet
        .wire
        .hold(|sent| sent.body.to_string().contains("removal-intent"));
    fleet.delete::<VPSieNode>("web-1").await;
    fleet.wire.is_held().await;
    serve_front(&fleet, &[&first]).await;
    until_front(&fleet, |view| is_ready_on(view, &[&first])).await;
    fleet.wire.release();
    fleet.polls(6).await;
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    let stored = fleet.stored().await;
    assert_eq!(cordoned(&stored), Vec::<&str>::new());
}

/// NS-23, EP-22, EP-24: what is evaluated of Nodes is known of their endpoints: group, zone, and that one drains.
#[tokio::test(start_paused = true)]
async fn endpoints_show_the_state_and_the_zone_of_their_node() {
    let mut fleet = Fleet::in_memory(1);
    watch_front(&mut fleet);
    let stored = ready_web(&mut fleet, 2).await;
    let first = node_of(&stored, "web-1");
    serve_front(&fleet, &[&first, "elsewhere"]).await;
    let instances = until_front(&fleet, |view| {
        view.instances().iter().any(|instance| instance.node.is_some())
    });
    let instances = instances.await;
    let facts = instances[0].node.as_ref().expect("its Node is known");
    assert_eq!(facts.lifecycle_state, "ready");
    assert_eq!(facts.node_group.as_deref(), Some("default/web"));
    let snapshot = fleet.states().await.snapshot();
    let state = snapshot
        .get(&node_state::Subject::node(&first))
        .expect("it is evaluated");
    let (zone, told) = (facts.zone.as_deref(), state.zone.as_deref());
    assert!(zone.is_some() && zone == told, "{facts:?}");
    assert_eq!(instances[1].node, None, "nobody knows that Node");

    run_pod(&fleet, "first").await;
    super::broken::fill(&fleet, "web-1", "True").await;
    let is_draining = |view: &View| view.instances()[0].is_on_draining_node();
    until_front(&fleet, is_draining).await;
    end_pod(&fleet, "first").await;
}
