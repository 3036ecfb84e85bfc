//! The same objects against a real API server: what it accepts, what it keeps, and what it refuses.

use std::time::Duration;

use autoscaler_controller::resources::all_crds;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client, Error};
use serde_json::{Value, json};

use super::{CONFIGS, NODE_GROUPS, VPSIE_NODES, documents};

/// How long a new definition may take to be served; it takes a second on an idle machine.
const ESTABLISH_LIMIT: Duration = Duration::from_secs(60);

async fn install_definitions(client: &Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for crd in all_crds() {
        let name = crd.metadata.name.clone().expect("every definition has a name");
        let params = PatchParams::apply("compat");
        api.patch(&name, &params, &Patch::Apply(&crd))
            .await
            .expect("the definition is valid");
        let established = await_condition(api.clone(), &name, conditions::is_crd_established());
        tokio::time::timeout(ESTABLISH_LIMIT, established)
            .await
            .expect("in time")
            .expect("established");
    }
}

/// Talks to the server without our types, so that they cannot hide what they would drop.
fn api_of(client: &Client, object: &Value) -> Api<DynamicObject> {
    let kind = object["kind"].as_str().expect("a kind");
    let crds = all_crds();
    let crd = crds
        .iter()
        .find(|crd| crd.spec.names.kind == kind)
        .expect("one of ours");
    let resource = ApiResource {
        group: crd.spec.group.clone(),
        version: "v1alpha1".to_owned(),
        api_version: format!("{}/v1alpha1", crd.spec.group),
        kind: kind.to_owned(),
        plural: crd.spec.names.plural.clone(),
    };
    match crd.spec.scope.as_str() {
        "Namespaced" => Api::namespaced_with(client.clone(), "default", &resource),
        _ => Api::all_with(client.clone(), &resource),
    }
}

/// Makes an object that can be created out of one that was stored.
fn fresh(stored: &Value) -> DynamicObject {
    let mut object = stored.clone();
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| ["name", "labels", "annotations"].contains(&key.as_str()));
    object.as_object_mut().expect("an object").remove("status");
    serde_json::from_value(object).expect("an object of any kind")
}

/// N2: the server accepts what it stored for the Go autoscaler and gives it back unchanged.
#[tokio::test]
async fn server_keeps_stored_objects_unchanged() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    install_definitions(&client).await;

    // The two configs have the same name; the first holds every field.
    for stored in documents(NODE_GROUPS)
        .into_iter()
        .chain(documents(VPSIE_NODES))
        .chain(documents(&CONFIGS[..1]))
    {
        let api = api_of(&client, &stored);
        let mut object = api
            .create(&PostParams::default(), &fresh(&stored))
            .await
            .expect("accepted");
        let name = object.metadata.name.clone().expect("it was given");
        if let Some(status) = stored.get("status") {
            object.data["status"] = status.clone();
            api.replace_status(&name, &PostParams::default(), &object)
                .await
                .expect("status accepted");
        }
        let kept = api.get(&name).await.expect("it is there");
        assert_eq!(kept.data.get("spec"), stored.get("spec"), "spec of {name}");
        assert_eq!(kept.data.get("status"), stored.get("status"), "status of {name}");
    }
}

/// Weakness 14: a first status that names only what changed is accepted.
#[tokio::test]
async fn server_accepts_a_status_without_counters() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    install_definitions(&client).await;
    let stored = documents(NODE_GROUPS).remove(1);
    let api = api_of(&client, &stored);
    api.create(&PostParams::default(), &fresh(&stored))
        .await
        .expect("accepted");

    let patch = Patch::Merge(json!({"status": {"vpsieGroupID": 412}}));
    let kept = api
        .patch_status("small", &PatchParams::default(), &patch)
        .await
        .expect("accepted");

    assert_eq!(kept.data["status"], json!({"vpsieGroupID": 412}));
}

/// Changes to the minimal NodeGroup or the first VPSieNode, and the words of the refusal; none when accepted.
const CASES: &[(Kind, &str, &str, &str, Option<&str>)] = &[
    (
        Kind::Group,
        "a name of 63 characters",
        "/metadata/name",
        r#""nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn""#,
        None,
    ),
    (
        Kind::Group,
        "a name of 64 characters",
        "/metadata/name",
        r#""nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn""#,
        Some("at most 63 characters"),
    ),
    (
        Kind::Node,
        "a name of 64 characters",
        "/metadata/name",
        r#""nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn""#,
        Some("at most 63 characters"),
    ),
    (
        Kind::Group,
        "no room between the bounds",
        "/spec/minNodes",
        "1",
        None,
    ),
    (
        Kind::Group,
        "a min above the max",
        "/spec/minNodes",
        "2",
        Some("minNodes must not exceed maxNodes"),
    ),
    (
        Kind::Group,
        "a negative min",
        "/spec/minNodes",
        "-1",
        Some("spec.minNodes"),
    ),
    (
        Kind::Group,
        "a max of zero",
        "/spec/maxNodes",
        "0",
        Some("spec.maxNodes"),
    ),
    (
        Kind::Group,
        "no offering",
        "/spec/offeringIDs",
        "[]",
        Some("spec.offeringIDs"),
    ),
    (
        Kind::Group,
        "no project",
        "/spec/project",
        "null",
        Some("spec.project"),
    ),
    (
        Kind::Group,
        "a size of zero",
        "/spec/kubeSizeID",
        "0",
        Some("spec.kubeSizeID"),
    ),
    (
        Kind::Group,
        "a version without v",
        "/spec/kubernetesVersion",
        r#""1.34.1""#,
        Some("spec.kubernetesVersion"),
    ),
    (
        Kind::Node,
        "a version of two parts",
        "/spec/kubernetesVersion",
        r#""v1.34""#,
        Some("spec.kubernetesVersion"),
    ),
    (
        Kind::Group,
        "101 percent",
        "/spec/scaleUpPolicy",
        r#"{"cpuThreshold": 101}"#,
        Some("cpuThreshold"),
    ),
    (
        Kind::Group,
        "a negative wait",
        "/spec/scaleDownPolicy",
        r#"{"cooldownSeconds": -1}"#,
        Some("cooldownSeconds"),
    ),
    (
        Kind::Group,
        "an unset block",
        "/spec/scaleDownPolicy",
        "null",
        None,
    ),
    (Kind::Node, "no machine yet", "/spec/vpsieInstanceID", "0", None),
];

/// Which object a case changes.
#[derive(Clone, Copy)]
enum Kind {
    Group,
    Node,
}

/// N2: the limits of the Go autoscaler hold, and one more: names fit into a label.
#[tokio::test]
async fn server_refuses_what_is_out_of_range() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    install_definitions(&client).await;
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };

    for &(kind, why, pointer, value, refused_with) in CASES {
        let mut object = match kind {
            Kind::Group => documents(NODE_GROUPS).remove(1),
            Kind::Node => documents(VPSIE_NODES).remove(0),
        };
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        let value = serde_json::from_str(value).expect("a value");
        object.pointer_mut(parent).expect("a part of it")[field] = value;
        let answer = api_of(&client, &object).create(&dry_run, &fresh(&object)).await;
        match (answer, refused_with) {
            (Ok(_), None) => {}
            (Err(Error::Api(status)), Some(words)) => {
                assert_eq!(status.code, 422, "{why}: {status:?}");
                assert!(status.message.contains(words), "{why}: {}", status.message);
            }
            (answer, _) => panic!("{why}: {answer:?}"),
        }
    }
}

/// N2: rules that the Go autoscaler had not must not lock in an object that was stored before them.
#[tokio::test]
async fn server_lets_older_objects_live_and_go() {
    let control_plane = kit::real_control_plane!();
    let client = control_plane.client();
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let mut before = all_crds().remove(0);
    strip_rules(&mut before);
    api.create(&PostParams::default(), &before)
        .await
        .expect("the definition is valid");
    let name = before.metadata.name.clone().expect("every definition has a name");
    let established = await_condition(api.clone(), &name, conditions::is_crd_established());
    tokio::time::timeout(ESTABLISH_LIMIT, established)
        .await
        .expect("in time")
        .expect("established");
    let mut object = documents(NODE_GROUPS).remove(1);
    let long = "n".repeat(64);
    object["metadata"]["name"] = json!(long);
    object["spec"]["minNodes"] = json!(5);
    let groups = api_of(&client, &object);
    groups
        .create(&PostParams::default(), &fresh(&object))
        .await
        .expect("no rule forbids it yet");

    api.patch(
        &name,
        &PatchParams::apply("compat").force(),
        &Patch::Apply(&all_crds()[0]),
    )
    .await
    .expect("applied");
    wait_until_refused(&groups, &object).await;

    let finalizer = json!({"metadata": {"finalizers": ["nodegroup.autoscaler.vpsie.com/finalizer"]}});
    let params = PatchParams::default();
    groups
        .patch(&long, &params, &Patch::Merge(finalizer))
        .await
        .expect("its metadata can change");
    let status = json!({"status": {"currentNodes": 0}});
    groups
        .patch_status(&long, &params, &Patch::Merge(status))
        .await
        .expect("its status can change");
    let none = json!({"metadata": {"finalizers": null}});
    groups
        .patch(&long, &params, &Patch::Merge(none))
        .await
        .expect("it can go");
}

fn strip_rules(crd: &mut CustomResourceDefinition) {
    let schema = crd.spec.versions[0]
        .schema
        .as_mut()
        .and_then(|schema| schema.open_api_v3_schema.as_mut());
    let schema = schema.expect("every version has a schema");
    schema.x_kubernetes_validations = None;
    let spec = schema
        .properties
        .as_mut()
        .and_then(|properties| properties.get_mut("spec"));
    spec.expect("there is a spec").x_kubernetes_validations = None;
}

/// Waits until the server works by the new definition, which it takes up in its own time.
async fn wait_until_refused(groups: &Api<DynamicObject>, object: &Value) {
    let mut another = fresh(object);
    another.metadata.name = Some("another".to_owned());
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let refused = async {
        while groups.create(&dry_run, &another).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(ESTABLISH_LIMIT, refused)
        .await
        .expect("the rules take effect");
}
