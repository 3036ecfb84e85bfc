//! Optimistic locking, versions, generation and the separation of the status.

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::kit::{assert_refused, claim, claims, config_maps, create, node, nodes, refusal, server};

#[tokio::test(start_paused = true)]
async fn a_replace_from_an_older_version_conflicts() {
    let (_server, api) = claims();
    let first = create(&api, &claim("a")).await;
    let mut second = first.clone();
    second.data["spec"]["minNodes"] = 1.into();
    api.replace("a", &PostParams::default(), &second).await.unwrap();
    let (code, reason, message) = refusal(api.replace("a", &PostParams::default(), &second).await);
    assert_eq!((code, reason.as_str()), (409, "Conflict"));
    let expected = "Operation cannot be fulfilled on claims.test.example.com \"a\": the object has been modified; \
                    please apply your changes to the latest version and try again";
    assert_eq!(message, expected);
}

#[tokio::test(start_paused = true)]
async fn a_custom_resource_is_not_replaced_without_a_version() {
    let (_server, api) = claims();
    create(&api, &claim("a")).await;
    assert_refused(
        api.replace("a", &PostParams::default(), &claim("a")).await,
        422,
        "Invalid",
    );
}

#[tokio::test(start_paused = true)]
async fn a_merge_patch_that_carries_an_older_version_conflicts() {
    let (_server, api) = claims();
    let made = create(&api, &claim("a")).await;
    let patch = |count: u32| {
        let version = made.metadata.resource_version.clone();
        Patch::Merge(json!({"metadata": {"resourceVersion": version}, "spec": {"minNodes": count}}))
    };
    api.patch("a", &PatchParams::default(), &patch(1)).await.unwrap();
    assert_refused(
        api.patch("a", &PatchParams::default(), &patch(2)).await,
        409,
        "Conflict",
    );
    assert_eq!(api.get("a").await.unwrap().data["spec"]["minNodes"], 1);
    let status = Patch::Merge(json!({"metadata": {"resourceVersion": "1"}, "status": {"phase": "Ready"}}));
    assert_refused(
        api.patch_status("a", &PatchParams::default(), &status).await,
        409,
        "Conflict",
    );
}

#[tokio::test(start_paused = true)]
async fn a_replace_meant_for_another_object_of_the_same_name_conflicts() {
    let (_server, api) = claims();
    let mut object = create(&api, &claim("a")).await;
    object.metadata.uid = Some("another".into());
    assert_refused(
        api.replace("a", &PostParams::default(), &object).await,
        409,
        "Conflict",
    );
    let patch = Patch::Merge(json!({"metadata": {"uid": "another"}, "spec": {"minNodes": 3}}));
    let (code, _, message) = refusal(api.patch("a", &PatchParams::default(), &patch).await);
    assert_eq!(code, 422, "a patch is told that the uid never changes");
    assert!(
        message.contains("metadata.uid: Invalid value: \"another\": field is immutable"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_of_what_is_there_keeps_the_version() {
    let (server, api) = claims();
    let made = create(&api, &claim("a")).await;
    let same = Patch::Merge(json!({"spec": {"group": "workers"}}));
    let patched = api.patch("a", &PatchParams::default(), &same).await.unwrap();
    let replaced = api.replace("a", &PostParams::default(), &made).await.unwrap();
    assert_eq!(patched.metadata.resource_version, made.metadata.resource_version);
    assert_eq!(replaced.metadata.resource_version, made.metadata.resource_version);
    let changed: Vec<bool> = server.writes().iter().map(|write| write.changed).collect();
    assert_eq!(changed, [true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_taken_by_one_of_two() {
    let server = server();
    let api: Api<Lease> = Api::namespaced(server.client(), "kube-system");
    let lease = |holder: &str| -> Lease {
        let spec = json!({"holderIdentity": holder, "renewTime": "2026-01-24T08:00:00.123456Z"});
        serde_json::from_value(json!({"metadata": {"name": "leader"}, "spec": spec})).unwrap()
    };
    let mut mine = api
        .create(&PostParams::default(), &lease("nobody"))
        .await
        .unwrap();
    assert_refused(
        api.create(&PostParams::default(), &lease("me")).await,
        409,
        "AlreadyExists",
    );
    let mut theirs = mine.clone();
    mine.spec.as_mut().unwrap().holder_identity = Some("me".into());
    theirs.spec.as_mut().unwrap().holder_identity = Some("they".into());
    api.replace("leader", &PostParams::default(), &mine)
        .await
        .unwrap();
    assert_refused(
        api.replace("leader", &PostParams::default(), &theirs).await,
        409,
        "Conflict",
    );
    let kept = server.object("leases", "kube-system", "leader").unwrap();
    assert_eq!(
        kept["spec"],
        json!({"holderIdentity": "me", "renewTime": "2026-01-24T08:00:00.123456Z"})
    );
}

/// As on the real server, whose own times have exactly six digits after the second.
#[tokio::test(start_paused = true)]
async fn a_lease_takes_times_with_microseconds_only() {
    let server = server();
    let kind = kube::api::ApiResource::erase::<Lease>(&());
    let api: Api<kube::api::DynamicObject> = Api::default_namespaced_with(server.client(), &kind);
    let lease = |time: &str| -> kube::api::DynamicObject {
        let types =
            json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}});
        let mut object: kube::api::DynamicObject = serde_json::from_value(types).unwrap();
        object.data = json!({"spec": {"renewTime": time}});
        object
    };
    let plain = api
        .create(&PostParams::default(), &lease("2026-01-24T08:00:00Z"))
        .await;
    assert_refused(plain, 400, "BadRequest");
    api.create(&PostParams::default(), &lease("2026-01-24T08:00:00.000000Z"))
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"spec": {"renewTime": "2026-01-24T08:00:00.123Z"}}));
    assert_refused(
        api.patch("l", &PatchParams::default(), &patch).await,
        422,
        "Invalid",
    );
}

#[tokio::test(start_paused = true)]
async fn the_status_is_written_only_through_its_subresource() {
    let (_server, api) = claims();
    let mut new = claim("a");
    new.data["status"] = json!({"phase": "Ready"});
    let made = create(&api, &new).await;
    assert_eq!(made.data.get("status"), None);
    let both = Patch::Merge(json!({"spec": {"minNodes": 7}, "status": {"phase": "Pending"}}));
    let spec_only = api.patch("a", &PatchParams::default(), &both).await.unwrap();
    assert_eq!(
        (
            spec_only.data["spec"]["minNodes"].clone(),
            spec_only.data.get("status")
        ),
        (json!(7), None)
    );
    let both = Patch::Merge(json!({
        "metadata": {"labels": {"x": "y"}}, "spec": {"minNodes": 9}, "status": {"phase": "Pending"}
    }));
    let status_only = api
        .patch_status("a", &PatchParams::default(), &both)
        .await
        .unwrap();
    assert_eq!(status_only.data["status"]["phase"], "Pending");
    assert_eq!(status_only.data["spec"]["minNodes"], 7);
    assert_eq!(status_only.metadata.labels, None);
}

#[tokio::test(start_paused = true)]
async fn the_generation_counts_changes_of_the_spec_only() {
    let (_server, api) = claims();
    let generation = |object: kube::api::DynamicObject| object.metadata.generation;
    assert_eq!(generation(create(&api, &claim("a")).await), Some(1));
    let label = Patch::Merge(json!({"metadata": {"labels": {"x": "y"}}}));
    assert_eq!(
        generation(api.patch("a", &PatchParams::default(), &label).await.unwrap()),
        Some(1)
    );
    let status = Patch::Merge(json!({"status": {"phase": "Ready"}}));
    assert_eq!(
        generation(
            api.patch_status("a", &PatchParams::default(), &status)
                .await
                .unwrap()
        ),
        Some(1)
    );
    let spec = Patch::Merge(json!({"spec": {"minNodes": 1}}));
    assert_eq!(
        generation(api.patch("a", &PatchParams::default(), &spec).await.unwrap()),
        Some(2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_keeps_its_status_when_created_and_its_spec_when_the_status_is_written() {
    let server = server();
    let api = nodes(&server);
    let new = node(json!({"metadata": {"name": "n"}, "status": {"capacity": {"cpu": "2"}}}));
    let made = api.create(&PostParams::default(), &new).await.unwrap();
    assert!(made.status.unwrap().capacity.is_some());
    let patch = json!({
        "metadata": {"annotations": {"seen": "yes"}},
        "spec": {"unschedulable": true},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    });
    let patched = api
        .patch_status("n", &PatchParams::default(), &Patch::Strategic(patch))
        .await
        .unwrap();
    assert_eq!(patched.spec.unwrap_or_default().unschedulable, None);
    assert_eq!(patched.metadata.annotations.unwrap()["seen"], "yes");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_owns_cannot_be_written() {
    let server = server();
    let api = config_maps(&server);
    let new =
        serde_json::from_value(json!({"metadata": {"name": "c", "uid": "mine", "generation": 9}})).unwrap();
    let made = api.create(&PostParams::default(), &new).await.unwrap();
    assert_ne!(made.metadata.uid.as_deref(), Some("mine"));
    assert_eq!(made.metadata.generation, None);
    let patch: Value = json!({"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z", "generation": 7}});
    let patched = api
        .patch("c", &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap();
    assert_eq!(patched.metadata, made.metadata);
    let patch = Patch::Merge(json!({"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}}));
    assert_refused(
        api.patch("c", &PatchParams::default(), &patch).await,
        422,
        "Invalid",
    );
}
