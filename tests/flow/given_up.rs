//! Requests that never left: that is written down, too, whoever writes the object meanwhile.

use std::fmt::Debug;
use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::cloud::CallKind;
use http::Method;
use k8s_openapi::NamespaceResourceScope;
use kit::fleet::{Fleet, Stored};
use kube::api::{Patch, PatchParams};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::lives::run_pod;
use super::scenarios::{cordoned, shrink};
use super::{ready_web, web};

/// Writes an object as somebody else does.
async fn annotate<K>(fleet: &Fleet, name: &str)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let patch = Patch::Merge(json!({ "metadata": { "annotations": { "of": "somebody else" } } }));
    let patched = fleet
        .api::<K>()
        .patch(name, &PatchParams::default(), &patch)
        .await;
    patched.expect("anybody may annotate it");
}

/// Reads an intent of an object as it is stored.
fn intent<K: ResourceExt>(object: &K, key: &str) -> Option<Value> {
    serde_json::from_str(object.annotations().get(key)?).ok()
}

fn removal_of_web(stored: &Stored) -> Option<Value> {
    intent(stored.claim("web-1")?, keys::ANNOTATION_REMOVAL_INTENT)
}

/// I1, I2: a VPSieNode that somebody writes between its intent and the read-back is asked for again, and only once.
#[tokio::test(start_paused = true)]
async fn request_that_was_not_read_back_is_given_up_although_somebody_writes() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet
        .wire
        .hold(|sent| sent.method == Method::GET && sent.path.ends_with("/vpsienodes/web-1"));
    fleet.create(&web(&fleet, 1)).await;
    fleet.wire.is_held().await;
    annotate::<VPSieNode>(&fleet, "web-1").await;
    fleet.wire.release();
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    let claim = stored.claim("web-1").expect("it is the first");
    let intent = intent(claim, keys::ANNOTATION_CREATION_INTENT).expect("the intent");
    assert_eq!(intent["attempt"], 2, "{intent}");
    assert_eq!(fleet.cloud.ledger().len(), 1);
    assert!(fleet.truth().await.is_clean());
}

/// LC-25a, LC-28: a pod at the last moment keeps the machine although somebody writes the VPSieNode at that moment, too.
#[tokio::test(start_paused = true)]
async fn removal_refused_at_the_last_moment_is_given_up_although_somebody_writes() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 1).await;
    shrink(&fleet).await;
    // The intent is written, and the Node is about to be read afresh.
    fleet
        .wire
        .hold(|sent| sent.method == Method::GET && sent.is_about("nodes") && !sent.path.ends_with("/nodes"));
    fleet.wire.is_held().await;
    run_pod(&fleet, "first").await;
    annotate::<VPSieNode>(&fleet, "web-1").await;
    fleet.wire.release();
    let stored = fleet.polls(6).await;
    let intent = removal_of_web(&stored).expect("the intent");
    assert_eq!(intent["outcome"], "not-sent", "{intent}");
    let claim = stored.claim("web-1").expect("it lives on");
    assert!(claim.metadata.deletion_timestamp.is_none());
    assert_eq!(cordoned(&stored), [""; 0], "it takes pods again");
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
}

/// A group that was not asked for in time is asked for again, although somebody writes the NodeGroup meanwhile.
#[tokio::test(start_paused = true)]
async fn group_that_was_not_asked_for_is_given_up_although_somebody_writes() {
    let mut fleet = Fleet::in_memory(1);
    fleet.start().await;
    fleet
        .wire
        .hold(|sent| sent.body.to_string().contains("group-intent"));
    fleet.create(&web(&fleet, 1)).await;
    fleet.wire.is_held().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    fleet.wire.hold(|sent| sent.body.to_string().contains("not-sent"));
    fleet.wire.release();
    fleet.wire.is_held().await;
    annotate::<NodeGroup>(&fleet, "web").await;
    fleet.wire.release();
    fleet
        .until("that is written", |stored| {
            let intent = intent(stored.group("web"), keys::ANNOTATION_GROUP_INTENT);
            intent.is_some_and(|intent| intent["outcome"] == "not-sent")
        })
        .await;
    fleet
        .until("web is Ready", |stored| stored.counts("web", 1, 1))
        .await;
    assert_eq!(fleet.cloud.calls_of(CallKind::CreateGroup), 1);
}
