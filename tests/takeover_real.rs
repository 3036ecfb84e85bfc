//! Takeover on a real API server: objects as the Go autoscaler stores them, in every shape and phase, and what the
//! operator changes of them.

#[path = "takeover/live.rs"]
mod live;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use autoscaler_controller::resources::{NodeGroup, VPSieNode, keys};
use fleet_sim::cloud::CallKind;
use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kit::control_plane::ControlPlane;
use kit::deploy;
use kit::fleet::{Fleet, NAMESPACE, Stored};
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const NODE_GROUPS: &[&str] = &[
    include_str!("compat/node_group_full.yaml"),
    include_str!("compat/node_group_minimal.yaml"),
    include_str!("compat/node_group_off.yaml"),
    include_str!("compat/node_group_empty_blocks.yaml"),
];
const VPSIE_NODES: &[&str] = &[include_str!("compat/vpsie_nodes.yaml")];

/// What may differ after any write: the bookkeeping of the API server itself.
const BOOKKEEPING: &[&str] = &["/metadata/resourceVersion", "/metadata/managedFields"];

/// What the operator says of an object that it leaves as it is.
const TOLD: &[&str] = &["/status/conditions", "/status/observedGeneration"];

/// What it keeps of the life of a node beside the records of the Go autoscaler.
const LIFE: &[&str] = &["/metadata/annotations/autoscaler.vpsie.com/lifecycle"];

/// What it counts anew in a NodeGroup.
const COUNTED: &[&str] = &[
    "/status/currentNodes",
    "/status/readyNodes",
    "/status/desiredNodes",
    "/status/nodes",
];

/// The Node that the stored VPSieNodes have recorded.
const RECORDED_NODE: &str = "hel-kubernetes-49ab-slave-11cc";

/// How many polls of VPSie the operator is watched for.
const POLLS: usize = 8;

fn documents(files: &[&str]) -> Vec<Value> {
    let parse = |text: &&str| serde_saphyr::from_multiple::<Value>(text).expect("the file is YAML");
    files.iter().flat_map(parse).collect()
}

/// Talks to the server without our types, so that they cannot hide what they would drop.
fn untyped<K: Resource<DynamicType = ()>>(control_plane: &ControlPlane) -> Api<DynamicObject> {
    Api::namespaced_with(control_plane.client(), NAMESPACE, &ApiResource::erase::<K>(&()))
}

/// Stores an object as it was stored before, with its status; a deleted one is deleted again.
async fn store(api: &Api<DynamicObject>, stored: &Value, owner: Option<&str>) -> String {
    let mut object = stored.clone();
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| {
        ["name", "labels", "annotations", "finalizers", "ownerReferences"].contains(&key.as_str())
    });
    if let Some(owner) = owner {
        object["metadata"]["ownerReferences"][0]["uid"] = json!(owner);
    }
    let created: DynamicObject = serde_json::from_value(object).expect("an object of any kind");
    let created = api
        .create(&PostParams::default(), &created)
        .await
        .expect("accepted");
    let name = created.name_any();
    if let Some(status) = stored.get("status") {
        let patch = Patch::Merge(json!({ "status": status }));
        let written = api.patch_status(&name, &PatchParams::default(), &patch).await;
        written.expect("its status is accepted");
    }
    if !stored["metadata"]["deletionTimestamp"].is_null() {
        let deleted = api.delete(&name, &DeleteParams::default()).await;
        deleted.expect("its finalizer holds it");
    }
    created.uid().expect("a stored object has one")
}

/// Reads all objects of a kind as they are stored, by name.
async fn all(api: &Api<DynamicObject>) -> BTreeMap<String, Value> {
    let listed = api
        .list(&ListParams::default())
        .await
        .expect("they can be listed");
    let objects = listed.items.into_iter();
    objects
        .map(|object| (object.name_any(), serde_json::to_value(object).expect("JSON")))
        .collect()
}

/// Lists where two objects differ; lists inside them are compared as a whole.
fn differences(before: &Value, after: &Value) -> BTreeSet<String> {
    fn walk(before: &Value, after: &Value, path: &str, found: &mut BTreeSet<String>) {
        match (before, after) {
            (Value::Object(old), Value::Object(new)) => {
                let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for key in keys {
                    let path = format!("{path}/{key}");
                    walk(&before[key], &after[key], &path, found);
                }
            }
            _ if before == after => {}
            _ => {
                found.insert(path.to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(before, after, "", &mut found);
    found.retain(|path| !BOOKKEEPING.iter().any(|kept| path.starts_with(kept)));
    found
}

/// Checks that nothing was changed but what is listed.
#[track_caller]
fn check_kept(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>, may_change: &[&str]) {
    let names = |all: &BTreeMap<String, Value>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(before), names(after), "none came and none went");
    for (name, old) in before {
        let mut changed = differences(old, &after[name]);
        changed.retain(|path| !may_change.iter().any(|allowed| path.starts_with(allowed)));
        let now = after[name]["status"].to_string();
        assert!(changed.is_empty(), "{name}: {changed:?}; its status is now {now}");
    }
}

/// N2, N1: every shape and phase is taken over without a change to its wish, its records, its phase or its keys, and
/// nothing is bought or removed where VPSie does not answer for the cluster.
#[tokio::test]
async fn every_stored_shape_and_phase_stays_as_it_is() {
    let control_plane = kit::real_control_plane!();
    let mut fleet = Fleet::on(&control_plane).await;
    let groups = untyped::<NodeGroup>(&control_plane);
    let claims = untyped::<VPSieNode>(&control_plane);
    let mut owner = None;
    for group in documents(NODE_GROUPS) {
        let uid = store(&groups, &group, None).await;
        owner = owner.or(Some(uid));
    }
    for claim in documents(VPSIE_NODES) {
        store(&claims, &claim, owner.as_deref()).await;
    }
    fleet
        .nodes()
        .create(&PostParams::default(), &recorded_node())
        .await
        .expect("accepted");
    let node = node_of(&fleet).await;
    let mut before = (all(&groups).await, all(&claims).await);
    assert_eq!((before.0.len(), before.1.len()), (4, 9));
    // An empty phase is that of a fresh node, which the Go autoscaler would also have made Pending next.
    let fresh = before.1.get_mut("workers-fresh").expect("it is stored");
    assert_eq!(fresh["status"]["phase"].take(), json!(""));
    fresh["status"]["phase"] = json!("Pending");
    // No annotations at all is the same as an empty map of them, to which the life is added.
    for claim in before.1.values_mut() {
        let annotations = &mut claim["metadata"]["annotations"];
        if annotations.is_null() {
            *annotations = json!({});
        }
    }

    fleet.start().await;
    fleet.polls(POLLS).await;
    fleet.stop().await;

    let after = (all(&groups).await, all(&claims).await);
    check_kept(&before.0, &after.0, &[TOLD, COUNTED].concat());
    check_kept(&before.1, &after.1, &[TOLD, LIFE].concat());
    assert_eq!(differences(&node, &node_of(&fleet).await), BTreeSet::new());
    let effects = [
        CallKind::AddWorker,
        CallKind::RemoveWorker,
        CallKind::CreateGroup,
        CallKind::DeleteGroup,
    ];
    for kind in effects {
        assert_eq!(fleet.cloud.calls_of(kind), 0, "{kind:?}");
    }
}

/// Describes the Node that the stored VPSieNodes have recorded.
fn recorded_node() -> Node {
    let node = json!({
        "metadata": {"name": RECORDED_NODE, "labels": {keys::LABEL_MANAGED: "true"}},
        "status": {
            "addresses": [{"type": "ExternalIP", "address": "198.51.100.12"}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    });
    serde_json::from_value(node).expect("it has the shape of a Node")
}

async fn node_of(fleet: &Fleet) -> Value {
    let node = fleet.nodes().get(RECORDED_NODE).await.expect("it is there");
    serde_json::to_value(node).expect("JSON")
}

/// N2, I7: nodes that were Ready under the Go autoscaler stay Ready, are not bought again, and keep what they carry.
#[tokio::test]
async fn ready_nodes_of_the_go_autoscaler_are_taken_over_as_they_are() {
    let control_plane = kit::real_control_plane!();
    let mut fleet = Fleet::on(&control_plane).await;
    let groups = untyped::<NodeGroup>(&control_plane);
    let claims = untyped::<VPSieNode>(&control_plane);
    fleet.start().await;
    fleet.create(&fleet.node_group("web", 57, 2)).await;
    let stored = fleet
        .until("web is Ready", |stored| stored.counts("web", 2, 2))
        .await;
    fleet.stop().await;
    forget_what_only_we_write(&fleet, &stored).await;
    let before = (all(&groups).await, all(&claims).await);
    let purchases = fleet.cloud.ledger().len();

    fleet.start().await;
    fleet.polls(POLLS).await;
    fleet.stop().await;

    let after = (all(&groups).await, all(&claims).await);
    check_kept(
        &before.0,
        &after.0,
        &["/status/conditions", "/status/observedGeneration"],
    );
    check_kept(
        &before.1,
        &after.1,
        &["/status/conditions", "/status/observedGeneration"],
    );
    assert_eq!(fleet.cloud.ledger().len(), purchases, "nothing is bought again");
    assert_eq!(fleet.cloud.calls_of(CallKind::RemoveWorker), 0);
    let stored = fleet.stored().await;
    assert_eq!(stored.phases(), ["Ready", "Ready"]);
    let report = fleet.truth().await;
    assert_eq!((report.matched, report.is_clean()), (2, true), "{report:?}");
}

/// Leaves the objects as the Go autoscaler stores them: without our intents, annotations and baselines.
async fn forget_what_only_we_write(fleet: &Fleet, stored: &Stored) {
    for claim in &stored.claims {
        let name = claim.name_any();
        drop_annotations(
            &fleet.api::<VPSieNode>(),
            &name,
            &[keys::ANNOTATION_CREATION_INTENT],
        )
        .await;
    }
    drop_annotations(&fleet.api::<NodeGroup>(), "web", &[keys::ANNOTATION_GROUP_INTENT]).await;
    let ours = [
        keys::ANNOTATION_VPSIE_NODE_UID,
        keys::ANNOTATION_NODE_GROUP_NAMESPACE,
    ];
    for node in &stored.nodes {
        drop_annotations(&fleet.nodes(), &node.name_any(), &ours).await;
    }
    let maps: Api<ConfigMap> = Api::namespaced(fleet.nodes().into_client(), deploy::NAMESPACE);
    let deleted = maps
        .delete(keys::CONFIG_MAP_BASELINES, &DeleteParams::default())
        .await;
    deleted.expect("the baselines were there");
}

async fn drop_annotations<K>(api: &Api<K>, name: &str, annotations: &[&str])
where
    K: Clone + Debug + DeserializeOwned,
{
    let none: BTreeMap<&str, Value> = annotations.iter().map(|key| (*key, Value::Null)).collect();
    let patch = Patch::Merge(json!({"metadata": {"annotations": none}}));
    let written = api.patch(name, &PatchParams::default(), &patch).await;
    written.expect("a person may write it");
}
