//! How objects go: finalizers, deletion time, preconditions, namespaces.

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::{
    Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, Preconditions,
};
use serde_json::{Value, json};

use super::kit::{assert_refused, claim, claims, create, refusal, server};

async fn held(api: &Api<DynamicObject>, name: &str) -> DynamicObject {
    let mut object = claim(name);
    object.metadata.finalizers = Some(vec!["test.example.com/hold".into()]);
    create(api, &object).await
}

#[tokio::test(start_paused = true)]
async fn an_object_without_finalizers_goes_at_once() {
    let (server, api) = claims();
    let made = create(&api, &claim("a")).await;
    let outcome = api.delete("a", &DeleteParams::default()).await.unwrap();
    let status = outcome.right().expect("a status, since nothing is left to show");
    assert_eq!(status.details.unwrap().uid, made.uid().unwrap());
    assert_refused(api.get("a").await, 404, "NotFound");
    assert_refused(api.delete("a", &DeleteParams::default()).await, 404, "NotFound");
    assert_eq!(server.deleted().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_finalizer_holds_an_object_until_it_is_removed() {
    let (server, api) = claims();
    let made = held(&api, "a").await;
    let outcome = api.delete("a", &DeleteParams::default()).await.unwrap();
    let leaving = outcome.left().expect("the object, since it is still there");
    let deletion = leaving.metadata.deletion_timestamp.clone();
    assert!(deletion.is_some());
    assert_eq!(leaving.metadata.deletion_grace_period_seconds, Some(0));
    assert_eq!(
        leaving.metadata.generation,
        made.metadata.generation.map(|it| it + 1)
    );
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    let again = api
        .delete("a", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .unwrap();
    assert_eq!(again.metadata, leaving.metadata, "deleting again changes nothing");
    let release = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    let last = api.patch("a", &PatchParams::default(), &release).await.unwrap();
    assert_eq!(last.metadata.deletion_timestamp, deletion);
    assert_refused(api.get("a").await, 404, "NotFound");
    assert_eq!(server.deleted()[0]["metadata"]["uid"], Value::from(made.uid()));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_leaving_takes_no_new_finalizers_but_may_lose_one() {
    let (_server, api) = claims();
    let mut object = claim("a");
    object.metadata.finalizers = Some(vec!["test.example.com/a".into(), "test.example.com/b".into()]);
    create(&api, &object).await;
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let add = Patch::Merge(json!({"metadata": {"finalizers": ["test.example.com/a", "test.example.com/c"]}}));
    let (code, reason, message) = refusal(api.patch("a", &PatchParams::default(), &add).await);
    assert_eq!((code, reason.as_str()), (422, "Invalid"));
    assert!(
        message.contains("no new finalizers can be added if the object is being deleted"),
        "{message}"
    );
    let drop = Patch::Merge(json!({"metadata": {"finalizers": ["test.example.com/b"]}}));
    assert_eq!(
        api.patch("a", &PatchParams::default(), &drop)
            .await
            .unwrap()
            .finalizers(),
        ["test.example.com/b"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_leaving_object_may_still_be_written() {
    let (_server, api) = claims();
    held(&api, "a").await;
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let patch = Patch::Merge(json!({"status": {"phase": "Deleting"}}));
    let written = api
        .patch_status("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    assert_eq!(written.data["status"]["phase"], "Deleting");
    assert!(written.metadata.deletion_timestamp.is_some());
}

#[tokio::test(start_paused = true)]
async fn deletion_asks_for_the_object_that_was_meant() {
    let (_server, api) = claims();
    let made = create(&api, &claim("a")).await;
    let with = |uid: &str, version: Option<String>| DeleteParams {
        preconditions: Some(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: version,
        }),
        ..DeleteParams::default()
    };
    assert_refused(api.delete("a", &with("another", None)).await, 409, "Conflict");
    let uid = made.uid().unwrap();
    assert_refused(
        api.delete("a", &with(&uid, Some("1".into()))).await,
        409,
        "Conflict",
    );
    api.delete("a", &with(&uid, made.resource_version()))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_rehearsed_deletion_changes_nothing() {
    let (server, api) = claims();
    create(&api, &claim("a")).await;
    let before = server.resource_version();
    api.delete(
        "a",
        &DeleteParams {
            dry_run: true,
            ..DeleteParams::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(server.resource_version(), before);
    api.get("a").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_collection_is_deleted_by_selector() {
    let (server, api) = claims();
    for (name, color) in [("a", "red"), ("b", "blue"), ("c", "red")] {
        let mut object = claim(name);
        object.metadata.labels = Some([("color".to_owned(), color.to_owned())].into());
        create(&api, &object).await;
    }
    let red = ListParams::default().labels("color=red");
    api.delete_collection(&DeleteParams::default(), &red)
        .await
        .unwrap();
    let left: Vec<Value> = server
        .objects("claims")
        .iter()
        .map(|it| it["metadata"]["name"].clone())
        .collect();
    assert_eq!(left, ["b"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_new_is_made_in_a_missing_or_leaving_namespace() {
    let server = server();
    server.install_crd(&super::kit::definition()).unwrap();
    let kind = super::kit::claim_type();
    let api: Api<DynamicObject> = Api::namespaced_with(server.client(), "team", &kind);
    assert_refused(
        api.create(&PostParams::default(), &claim("a")).await,
        404,
        "NotFound",
    );
    let namespaces: Api<Namespace> = Api::all(server.client());
    let team: Namespace = serde_json::from_value(json!({"metadata": {"name": "team"}})).unwrap();
    namespaces.create(&PostParams::default(), &team).await.unwrap();
    api.create(&PostParams::default(), &claim("a")).await.unwrap();
    let leaving = namespaces
        .delete("team", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .unwrap();
    assert_eq!(leaving.status.unwrap().phase.as_deref(), Some("Terminating"));
    assert_refused(
        api.create(&PostParams::default(), &claim("b")).await,
        403,
        "Forbidden",
    );
}
