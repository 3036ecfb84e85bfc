//! Objects that the API server has and that cannot be read, as an older definition let them in.

use std::time::Duration;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, all_crds};
use k8s_openapi::NamespaceResourceScope;
use kit::fleet::{Fleet, NAMESPACE};
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::ready_web;

/// Far longer than whatever would be done about an object that is absent.
const LONG: Duration = Duration::from_secs(1200);

/// Lets the API server take any spec.
fn loosen(fleet: &Fleet) {
    for definition in all_crds() {
        let mut definition = serde_json::to_value(definition).expect("a definition is JSON");
        let spec = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        *spec = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        fleet
            .memory()
            .install_crd(&definition)
            .expect("a valid definition");
    }
}

/// Reads and writes objects of a kind without our types.
fn untyped<K>(fleet: &Fleet) -> Api<DynamicObject>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let client = fleet.nodes().into_client();
    Api::namespaced_with(client, NAMESPACE, &ApiResource::erase::<K>(&()))
}

/// Writes a field of a spec and returns what was there.
async fn set<K>(fleet: &Fleet, name: &str, field: &str, value: &Value) -> Value
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let objects = untyped::<K>(fleet);
    let before = objects.get(name).await.expect("it is there");
    let change = Patch::Merge(json!({ "spec": { field: value } }));
    let changed = objects.patch(name, &PatchParams::default(), &change).await;
    changed.expect("the definition takes any spec");
    before.data["spec"][field].clone()
}

/// Tells the reason and message of the true condition Error of an object as stored.
fn error(fleet: &Fleet, resource: &str, name: &str) -> Option<(String, String)> {
    let object = fleet.memory().object(resource, NAMESPACE, name)?;
    let conditions = object["status"]["conditions"].as_array()?;
    let error = conditions
        .iter()
        .find(|it| it["type"] == "Error" && it["status"] == "True")?;
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    Some((text("reason"), text("message")))
}

/// Counts VPSieNodes, requests for machines, and removals.
fn counts(fleet: &Fleet) -> [usize; 3] {
    let claims = fleet.memory().objects("vpsienodes").len();
    [claims, fleet.cloud.ledger().len(), fleet.cloud.removals().len()]
}

/// Waits, lists everything anew, and waits again.
async fn through_a_new_list(fleet: &Fleet) {
    sleep(LONG).await;
    fleet.memory().compact();
    fleet.memory().cut_watches();
    sleep(LONG).await;
}

/// Bad input: what is there and cannot be read does not count as absent, neither by a watch nor by a new list. For a
/// VPSieNode no other is made and no machine is asked for; without its NodeGroup no machine goes. Mended, all goes on.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_not_absent() {
    let mut fleet = Fleet::in_memory(1);
    ready_web(&mut fleet, 2).await;
    loosen(&fleet);
    let number = set::<VPSieNode>(&fleet, "web-1", "vpsieInstanceID", &json!("many")).await;
    set::<NodeGroup>(&fleet, "web", "minNodes", &json!(3)).await;
    through_a_new_list(&fleet).await;
    assert_eq!(counts(&fleet), [2, 2, 0], "nothing takes its place");
    let (reason, message) = error(&fleet, "nodegroups", "web").expect("it is told");
    assert!(
        reason == "ObjectUnreadable" && message.contains("web-1"),
        "{message}"
    );
    set::<VPSieNode>(&fleet, "web-1", "vpsieInstanceID", &number).await;
    fleet
        .until("three are Ready", |stored| stored.counts("web", 3, 3))
        .await;
    assert_eq!(error(&fleet, "nodegroups", "web"), None);

    let least = set::<NodeGroup>(&fleet, "web", "minNodes", &json!("many")).await;
    fleet.delete::<VPSieNode>("web-2").await;
    through_a_new_list(&fleet).await;
    assert_eq!(counts(&fleet), [3, 3, 0], "nobody knows how many must stay");
    let (reason, _) = error(&fleet, "vpsienodes", "web-2").expect("it is told");
    assert_eq!(reason, "ObjectUnreadable");
    set::<NodeGroup>(&fleet, "web", "minNodes", &least).await;
    fleet
        .until("web-2 is replaced", |stored| {
            stored.counts("web", 3, 3) && stored.claim("web-2").is_none()
        })
        .await;
    assert!(fleet.truth().await.is_clean());
}

/// Bad input: a VPSieNode that cannot be read and is deleted by force is gone for the operator, too.
#[tokio::test(start_paused = true)]
async fn deletion_of_what_cannot_be_read_is_seen() {
    let mut fleet = Fleet::in_memory(1);
    let stored = ready_web(&mut fleet, 1).await;
    let uid = stored.claim("web-1").and_then(ResourceExt::uid);
    loosen(&fleet);
    set::<VPSieNode>(&fleet, "web-1", "vpsieInstanceID", &json!("many")).await;
    sleep(LONG).await;
    assert_eq!(counts(&fleet), [1, 1, 0]);
    let claims = untyped::<VPSieNode>(&fleet);
    let release = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    let released = claims.patch("web-1", &PatchParams::default(), &release).await;
    released.expect("a person may take the finalizer off");
    let gone = claims.delete("web-1", &DeleteParams::default()).await;
    gone.expect("a person may delete it");
    let stored = fleet
        .until("another is made", |stored| stored.claim("web-1").is_some())
        .await;
    assert_ne!(stored.claim("web-1").and_then(ResourceExt::uid), uid);
    assert_eq!(error(&fleet, "nodegroups", "web"), None);
}
