//! What the four kinds of patches do.

use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::kit::{assert_refused, claim, claims, create, node, nodes, server};
use crate::kube_api::KubeApi;

async fn a_node(server: &KubeApi) -> Api<Node> {
    let api = nodes(server);
    let new = node(json!({
        "metadata": {"name": "n", "labels": {"kept": "yes", "old": "yes"}, "finalizers": ["a.example.com/x"]},
        "spec": {"taints": [{"key": "old", "effect": "NoSchedule"}]},
        "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "DiskPressure", "status": "False"}]},
    }));
    api.create(&PostParams::default(), &new).await.unwrap();
    api
}

fn stored(server: &KubeApi) -> Value {
    server.object("nodes", "", "n").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_strategic_merge_keeps_labels_it_does_not_name_and_removes_nulls() {
    let server = server();
    let api = a_node(&server).await;
    let patch = json!({"metadata": {"labels": {"old": null, "new": "1"}, "finalizers": ["a.example.com/y"]}});
    api.patch("n", &PatchParams::default(), &Patch::Strategic(patch))
        .await
        .unwrap();
    let meta = &stored(&server)["metadata"];
    assert_eq!(meta["labels"], json!({"kept": "yes", "new": "1"}));
    assert_eq!(meta["finalizers"], json!(["a.example.com/x", "a.example.com/y"]));
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.example.com/x"]}});
    api.patch("n", &PatchParams::default(), &Patch::Strategic(patch))
        .await
        .unwrap();
    assert_eq!(
        stored(&server)["metadata"]["finalizers"],
        json!(["a.example.com/y"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_strategic_merge_merges_conditions_by_type() {
    let server = server();
    let api = a_node(&server).await;
    let patch = json!({"status": {"conditions": [
        {"type": "Ready", "status": "True"}, {"type": "DiskPressure", "$patch": "delete"}, {"type": "New", "status": "True"}
    ]}});
    api.patch_status("n", &PatchParams::default(), &Patch::Strategic(patch))
        .await
        .unwrap();
    let expected = json!([{"type": "Ready", "status": "True"}, {"type": "New", "status": "True"}]);
    assert_eq!(stored(&server)["status"]["conditions"], expected);
}

/// As on the real server: the taints of a Node are one atomic list, whoever patches them replaces them all.
#[tokio::test(start_paused = true)]
async fn a_strategic_merge_replaces_the_taints_of_a_node() {
    let server = server();
    let api = a_node(&server).await;
    let patch = json!({"spec": {"taints": [{"key": "new", "effect": "NoExecute"}]}});
    api.patch("n", &PatchParams::default(), &Patch::Strategic(patch))
        .await
        .unwrap();
    assert_eq!(
        stored(&server)["spec"]["taints"],
        json!([{"key": "new", "effect": "NoExecute"}])
    );
}

#[tokio::test(start_paused = true)]
async fn a_custom_resource_takes_no_strategic_merge() {
    let (_server, api) = claims();
    create(&api, &claim("a")).await;
    let patch = Patch::Strategic(json!({"spec": {"minNodes": 1}}));
    assert_refused(
        api.patch("a", &PatchParams::default(), &patch).await,
        415,
        "UnsupportedMediaType",
    );
}

#[tokio::test(start_paused = true)]
async fn a_merge_patch_replaces_lists_and_removes_nulls() {
    let server = server();
    let api = a_node(&server).await;
    let patch = json!({"metadata": {"labels": {"old": null}, "finalizers": ["a.example.com/z"]}});
    api.patch("n", &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap();
    let meta = &stored(&server)["metadata"];
    assert_eq!(meta["labels"], json!({"kept": "yes"}));
    assert_eq!(meta["finalizers"], json!(["a.example.com/z"]));
}

#[tokio::test(start_paused = true)]
async fn a_json_patch_whose_test_fails_is_unprocessable_and_changes_nothing() {
    let (server, api) = claims();
    let made = create(&api, &claim("a")).await;
    let patch = |expected: &str| -> Patch<Value> {
        let operations = json!([
            {"op": "test", "path": "/spec/group", "value": expected},
            {"op": "replace", "path": "/spec/group", "value": "gpu"},
        ]);
        Patch::Json(serde_json::from_value(operations).unwrap())
    };
    let refused = api.patch("a", &PatchParams::default(), &patch("other")).await;
    assert_refused(refused, 422, "Invalid");
    assert_eq!(
        Value::from(made.resource_version()),
        server.objects("claims")[0]["metadata"]["resourceVersion"]
    );
    let changed = api
        .patch("a", &PatchParams::default(), &patch("workers"))
        .await
        .unwrap();
    assert_eq!(changed.data["spec"]["group"], "gpu");
}

fn with_conditions(conditions: Value) -> Patch<Value> {
    let kind = super::kit::claim_type();
    Patch::Apply(
        json!({"apiVersion": kind.api_version, "kind": kind.kind, "status": {"conditions": conditions}}),
    )
}

#[tokio::test(start_paused = true)]
async fn an_apply_makes_what_is_missing_and_drops_what_is_applied_no_more() {
    let (_server, api) = claims();
    let apply = PatchParams::apply("operator").force();
    let mut object = claim("a");
    object.data["spec"]["minNodes"] = 2.into();
    object.metadata.labels = Some([("mine".to_owned(), "yes".to_owned())].into());
    api.patch("a", &apply, &Patch::Apply(&object)).await.unwrap();
    let other = Patch::Merge(json!({"metadata": {"labels": {"theirs": "yes"}}, "spec": {"identifier": "x"}}));
    api.patch("a", &PatchParams::default(), &other).await.unwrap();
    let again = api.patch("a", &apply, &Patch::Apply(&claim("a"))).await.unwrap();
    assert_eq!(
        again.data["spec"],
        json!({"group": "workers", "size": "small", "identifier": "x"})
    );
    assert_eq!(again.labels().keys().collect::<Vec<_>>(), ["theirs"]);
}

#[tokio::test(start_paused = true)]
async fn two_managers_apply_their_own_conditions() {
    let (server, api) = claims();
    create(&api, &claim("a")).await;
    let condition = |kind: &str, value: &str| json!({"type": kind, "status": value});
    for (manager, conditions) in [
        (
            "one",
            json!([condition("Ready", "False"), condition("Joined", "True")]),
        ),
        ("two", json!([condition("Extra", "True")])),
        ("one", json!([condition("Ready", "True")])),
    ] {
        let apply = PatchParams::apply(manager).force();
        api.patch_status("a", &apply, &with_conditions(conditions))
            .await
            .unwrap();
    }
    let expected = json!([condition("Ready", "True"), condition("Extra", "True")]);
    assert_eq!(server.objects("claims")[0]["status"]["conditions"], expected);
}

#[tokio::test(start_paused = true)]
async fn an_apply_to_the_status_of_nothing_is_not_found() {
    let (_server, api) = claims();
    let patch = with_conditions(json!([]));
    assert_refused(
        api.patch_status("a", &PatchParams::apply("one"), &patch).await,
        404,
        "NotFound",
    );
}

#[tokio::test(start_paused = true)]
async fn the_helpers_of_the_client_cordon_and_label() {
    let server = server();
    let api = a_node(&server).await;
    api.cordon("n").await.unwrap();
    assert_eq!(stored(&server)["spec"]["unschedulable"], true);
    api.uncordon("n").await.unwrap();
    assert_ne!(stored(&server)["spec"]["unschedulable"], true);
}

#[tokio::test(start_paused = true)]
async fn a_patch_that_breaks_the_type_of_a_built_in_kind_is_invalid() {
    let server = server();
    let api = a_node(&server).await;
    let patch = Patch::Merge(json!({"metadata": {"labels": {"x": 1}}}));
    assert_refused(
        api.patch("n", &PatchParams::default(), &patch).await,
        422,
        "Invalid",
    );
}

#[tokio::test(start_paused = true)]
async fn a_patch_of_nothing_is_not_found() {
    let (_server, api) = claims();
    let patch = Patch::Merge(json!({"spec": {"minNodes": 1}}));
    assert_refused(
        api.patch("a", &PatchParams::default(), &patch).await,
        404,
        "NotFound",
    );
    assert_refused(
        api.patch_status("a", &PatchParams::default(), &patch).await,
        404,
        "NotFound",
    );
}
