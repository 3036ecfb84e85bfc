//! One story in which the operator does everything that it ever does.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use autoscaler_controller::lease::{Candidacy, Elector, Timing};
use autoscaler_controller::resources::{AutoscalerConfig, NodeGroup, VPSieNode, keys};
use autoscaler_controller::visitors::Visitors;
use autoscaler_controller::{Clock, credentials};
use endpoint_discovery::{Discovery, Selection, ServiceKey, Settings, View, Views};
use fleet_sim::cloud::{CallKind, Fault, FaultEffect, TOKEN};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod, Secret, ServiceAccount};
use kit::deploy;
use kit::fleet::{Fleet, NAMESPACE};
use kit::wire::Sent;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::watch;

/// How many calls fail in a row: more than the client repeats in one poll.
const FAILURES: usize = 8;

/// The pod that no NodeGroup of the story can host.
const BIG: &str = "big";

/// Tells of one node from its wish to its end, with a Node that is written by somebody else meanwhile.
///
/// # Errors
/// Returns what the process would end with.
pub(crate) async fn tell(fleet: &mut Fleet) -> Result<(), String> {
    let person = fleet.nodes().into_client();
    store_secret(&person).await;
    let operator = fleet.operator_client();
    let access = credentials::read(&operator, keys::SECRET_NAMESPACE, keys::SECRET_NAME).await;
    access.map_err(|error| with_causes(&error))?;
    let token = token_of_somebody(&person).await;
    let visitor = Visitors::new(operator.clone())
        .judge(&token, "get", "/vpsie-autoscaler/api/nodes")
        .await;
    visitor.map_err(|error| with_causes(&error))?;
    let (elector, mut leadership) = Elector::start(operator, Clock::system(), candidacy());
    drop(leadership.gained().await);
    create_front(&person).await;
    fleet.watched = Some(watched());
    fleet.try_start().await.map_err(|error| with_causes(&error))?;
    // It is watched to the end: what is missing may show only after the first list.
    let _plain = see_front(fleet).await;

    fleet.wire.hold(|sent| sent.is_about("nodes") && sent.is_effect());
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    fleet.wire.is_held().await;
    let held = fleet
        .wire
        .sent()
        .into_iter()
        .rfind(|sent| sent.is_about("nodes") && sent.is_effect());
    let touched = json!({"metadata": {"annotations": {"touched": "by somebody else"}}});
    let node = held.as_ref().map(name_of).unwrap_or_default();
    let written = fleet
        .nodes()
        .patch(&node, &PatchParams::default(), &Patch::Merge(touched))
        .await;
    written.expect("a person may write a Node");
    fleet.wire.release();

    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    be_in_trouble_twice(fleet).await;
    make_and_unmake_a_group(fleet).await;
    fleet.delete::<NodeGroup>("web").await;
    fleet
        .until("all is gone", |stored| {
            stored.groups.is_empty() && stored.claims.is_empty()
        })
        .await;
    // The Lease has been renewed meanwhile, and is let go at the end.
    elector.release().await;
    Ok(())
}

/// Watches the Service `front`, as a configuration may say.
fn watched() -> Settings {
    Settings::new(Selection::Named(vec![ServiceKey::new(NAMESPACE, "front")]))
}

async fn create_front(person: &Client) {
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "front", "namespace": NAMESPACE},
        "spec": {"ports": [{"port": 80}]},
    });
    deploy::apply(person, &[service]).await;
}

/// Waits until the Service is seen by its slices, and by plain Endpoints, which another configuration reads.
async fn see_front(fleet: &Fleet) -> Discovery {
    let slices = fleet.endpoints.subscribe().expect("it is watched");
    is_live(slices).await;
    let plain = Settings {
        use_endpoint_slices: false,
        ..watched()
    };
    let discovery = Discovery::start(fleet.operator_client(), plain);
    is_live(discovery.subscribe()).await;
    discovery
}

/// Waits until all views are read, and nothing about them is out of date.
async fn is_live(mut views: watch::Receiver<Arc<Views>>) {
    let is_seen = |view: &View| view.is_live() && view.stale.is_none() && view.warnings.is_empty();
    let seen = views.wait_for(|views| !views.is_empty() && views.values().all(|view| is_seen(view)));
    drop(seen.await);
}

/// Contends for the Lease that the process contends for.
fn candidacy() -> Candidacy {
    Candidacy {
        namespace: deploy::NAMESPACE.to_owned(),
        name: keys::LEASE_NAME.to_owned(),
        identity: "the one of this story".to_owned(),
        timing: Timing::default(),
    }
}

/// Lets VPSie fail for some polls, twice: the Event of the second time is that of the first, counted on.
async fn be_in_trouble_twice(fleet: &Fleet) {
    for _ in 0..2 {
        for _ in 0..FAILURES {
            fleet
                .cloud
                .fault(Fault::on(CallKind::Cluster, FaultEffect::Html502));
        }
        fleet
            .until("VPSie fails", |stored| stored.group_problem("web").is_some())
            .await;
        fleet
            .until("VPSie answers", |stored| stored.group_problem("web").is_none())
            .await;
    }
}

/// Makes a pod that no NodeGroup can host, and takes it back: one NodeGroup is made for it, and removed. VPSie refuses its
/// group, so that no machine has to come and go.
async fn make_and_unmake_a_group(fleet: &Fleet) {
    let person = fleet.nodes().into_client();
    let refusal = FaultEffect::Status(400, r#"{"error":true,"code":400,"message":"not now"}"#.to_owned());
    fleet
        .cloud
        .fault(Fault::on(CallKind::CreateGroup, refusal).for_ever());
    let config = json!({
        "apiVersion": "autoscaler.vpsie.com/v1alpha1", "kind": "AutoscalerConfig",
        "metadata": {"name": keys::CONFIG_NAME},
        "spec": {
            "globalSettings": {"unschedulablePodGracePeriodSeconds": 0},
            "nodeGroupDefaults": {"scaleDownPolicy": {"cooldownSeconds": 0}},
        },
    });
    deploy::apply(&person, &[config]).await;
    let pods: Api<Pod> = Api::namespaced(person, NAMESPACE);
    let pod = json!({
        "metadata": {"name": BIG},
        "spec": {"containers": [{
            "name": "work", "image": "work", "resources": {"requests": {"cpu": "3500m"}},
        }]},
    });
    let pod: Pod = serde_json::from_value(pod).expect("a pod");
    let made = pods.create(&PostParams::default(), &pod).await;
    made.expect("a person may make a pod");
    let nowhere = json!({"status": {"conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"},
    ]}});
    let said = pods
        .patch_status(BIG, &PatchParams::default(), &Patch::Merge(nowhere))
        .await;
    said.expect("a person may say what the scheduler says");
    fleet
        .until("VPSie refuses its group", |stored| {
            stored.groups.len() == 2 && stored.group_problem("size-58").is_some()
        })
        .await;
    drop(pods.delete(BIG, &DeleteParams::default().grace_period(0)).await);
    fleet
        .until("it is removed", |stored| stored.groups.len() == 1)
        .await;
}

fn name_of(sent: &Sent) -> String {
    sent.path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Returns the token that somebody shows to the HTTP API.
async fn token_of_somebody(person: &Client) -> String {
    let accounts: Api<ServiceAccount> = Api::namespaced(person.clone(), deploy::NAMESPACE);
    let (request, usual) = (TokenRequest::default(), PostParams::default());
    let answer = accounts
        .create_token_request(deploy::NAME, &usual, &request)
        .await;
    let answer = answer.expect("a person may ask for a token");
    answer.status.expect("the API server signs tokens").token
}

async fn store_secret(person: &Client) {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"token": TOKEN},
        "metadata": {"name": keys::SECRET_NAME, "namespace": keys::SECRET_NAMESPACE},
    });
    deploy::apply(person, &[secret]).await;
}

/// Writes an error and all its causes on one line, as the process does.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

/// Ends the operator and removes what it left, for the next story on the same API server.
pub(crate) async fn clean_up(fleet: &mut Fleet) {
    if fleet.is_running() {
        fleet.kill().await;
    }
    remove_all(&fleet.api::<NodeGroup>()).await;
    remove_all(&fleet.api::<VPSieNode>()).await;
    let person = fleet.nodes().into_client();
    let pods: Api<Pod> = Api::namespaced(person.clone(), NAMESPACE);
    drop(pods.delete(BIG, &DeleteParams::default().grace_period(0)).await);
    let configs: Api<AutoscalerConfig> = Api::all(person.clone());
    drop(configs.delete(keys::CONFIG_NAME, &DeleteParams::default()).await);
    let nodes: Api<Node> = Api::all(person.clone());
    let everything = DeleteParams::default();
    let emptied = nodes.delete_collection(&everything, &Default::default()).await;
    emptied.expect("Nodes can be deleted");
    let maps: Api<ConfigMap> = Api::namespaced(person.clone(), deploy::NAMESPACE);
    drop(maps.delete(keys::CONFIG_MAP_BASELINES, &everything).await);
    let leases: Api<Lease> = Api::namespaced(person.clone(), deploy::NAMESPACE);
    drop(leases.delete(keys::LEASE_NAME, &everything).await);
    let secrets: Api<Secret> = Api::namespaced(person, deploy::NAMESPACE);
    drop(secrets.delete(keys::SECRET_NAME, &everything).await);
}

/// Deletes all objects of a kind, whatever their finalizers want.
async fn remove_all<K>(api: &Api<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let released = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    for object in api.list(&Default::default()).await.expect("they can be listed") {
        let name = object.name_any();
        drop(api.delete(&name, &DeleteParams::default()).await);
        drop(api.patch(&name, &PatchParams::default(), &released).await);
    }
}
