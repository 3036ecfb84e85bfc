//! Get, list, create and how things are named.

use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, Secret};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, PartialObjectMeta, PostParams};
use serde_json::{Value, json};

use super::kit::{assert_refused, claim, claims, config_maps, create, node, nodes, refusal, server};

#[tokio::test(start_paused = true)]
async fn a_new_object_gets_uid_time_and_version() {
    let (_server, api) = claims();
    let made = create(&api, &claim("a")).await;
    assert_eq!(made.uid().unwrap().len(), 36);
    assert_eq!(
        serde_json::to_value(made.creation_timestamp()).unwrap(),
        json!("2026-01-24T08:00:00Z")
    );
    assert!(made.resource_version().unwrap().parse::<u64>().is_ok());
    assert_eq!(api.get("a").await.unwrap(), made);
    let (code, reason, message) = refusal(api.create(&PostParams::default(), &claim("a")).await);
    assert_eq!((code, reason.as_str()), (409, "AlreadyExists"));
    assert_eq!(message, "claims.test.example.com \"a\" already exists");
}

#[tokio::test(start_paused = true)]
async fn a_generated_name_is_unique_and_recorded() {
    let (server, api) = claims();
    let mut object = claim("");
    object.metadata.name = None;
    object.metadata.generate_name = Some("worker-".into());
    let first = create(&api, &object).await.name_any();
    let second = create(&api, &object).await.name_any();
    assert_ne!(first, second);
    assert!(
        first.starts_with("worker-") && first.len() == "worker-".len() + 5,
        "{first}"
    );
    let recorded: Vec<String> = server.writes().into_iter().map(|write| write.name).collect();
    assert_eq!(recorded, [first, second]);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_names() {
    let mut worlds = Vec::new();
    for _ in 0..2 {
        let (server, api) = claims();
        let mut object = claim("");
        object.metadata.name = None;
        object.metadata.generate_name = Some("worker-".into());
        create(&api, &object).await;
        worlds.push(server.objects("claims"));
    }
    assert_eq!(worlds[0], worlds[1]);
}

#[tokio::test(start_paused = true)]
async fn labels_and_fields_select() {
    let server = server();
    let api = nodes(&server);
    for (name, labels) in [
        ("a", json!({"zone": "1", "gpu": ""})),
        ("b", json!({"zone": "2"})),
        ("c", json!({})),
    ] {
        let new = node(json!({"metadata": {"name": name, "labels": labels}}));
        api.create(&PostParams::default(), &new).await.unwrap();
    }
    let cases = [
        ("zone=1", "a"),
        ("zone==1", "a"),
        ("zone!=1", "b c"),
        ("zone in (1,2)", "a b"),
        ("zone notin (1)", "b c"),
        ("zone", "a b"),
        ("!zone", "c"),
        ("zone in (1,2),!gpu", "b"),
        ("gpu=", "a"),
    ];
    for (selector, expected) in cases {
        let list = api.list(&ListParams::default().labels(selector)).await.unwrap();
        let names: Vec<String> = list.items.iter().map(ResourceExt::name_any).collect();
        assert_eq!(names.join(" "), expected, "{selector}");
    }
    let by_name = api
        .list(&ListParams::default().fields("metadata.name=b"))
        .await
        .unwrap();
    assert_eq!(by_name.items.len(), 1);
    assert_refused(
        api.list(&ListParams::default().labels("zone in 1")).await,
        400,
        "BadRequest",
    );
}

#[tokio::test(start_paused = true)]
async fn a_custom_resource_is_not_selected_by_just_any_field() {
    let (_server, api) = claims();
    assert_refused(
        api.list(&ListParams::default().fields("spec.group=x")).await,
        400,
        "BadRequest",
    );
}

#[tokio::test(start_paused = true)]
async fn namespaces_keep_objects_apart_and_a_list_of_all_shows_both() {
    let server = server();
    for namespace in ["default", "kube-system"] {
        let api: Api<ConfigMap> = Api::namespaced(server.client(), namespace);
        let map =
            serde_json::from_value(json!({"metadata": {"name": "same"}, "data": {"in": namespace}})).unwrap();
        api.create(&PostParams::default(), &map).await.unwrap();
    }
    let here = config_maps(&server).list(&ListParams::default()).await.unwrap();
    assert_eq!(here.items.len(), 1);
    let all: Api<ConfigMap> = Api::all(server.client());
    assert_eq!(all.list(&ListParams::default()).await.unwrap().items.len(), 2);
    assert_eq!(
        server.object("configmaps", "kube-system", "same").unwrap()["data"]["in"],
        "kube-system"
    );
}

/// A list in pages is of the moment of its first page, whatever happens between them.
#[tokio::test(start_paused = true)]
async fn pages_show_one_moment() {
    let server = server();
    let api = nodes(&server);
    for name in ["a", "b", "c", "d"] {
        let new = node(json!({"metadata": {"name": name}}));
        api.create(&PostParams::default(), &new).await.unwrap();
    }
    let mut wanted = ListParams::default().limit(2);
    let first = api.list(&wanted).await.unwrap();
    let names =
        |list: &kube::core::ObjectList<Node>| list.iter().map(ResourceExt::name_any).collect::<String>();
    assert_eq!(names(&first), "ab");
    api.delete("c", &DeleteParams::default()).await.unwrap();
    let new = node(json!({"metadata": {"name": "e"}}));
    api.create(&PostParams::default(), &new).await.unwrap();
    wanted.continue_token = first.metadata.continue_;
    let second = api.list(&wanted).await.unwrap();
    assert_eq!(names(&second), "cd");
    assert_eq!(second.metadata.resource_version, first.metadata.resource_version);
    assert_eq!(second.metadata.continue_, None);
    assert_eq!(names(&api.list(&ListParams::default()).await.unwrap()), "abde");
    server.compact();
    assert_refused(api.list(&wanted).await, 410, "Expired");
    wanted.continue_token = Some("x".to_owned());
    assert_refused(api.list(&wanted).await, 400, "BadRequest");
}

#[tokio::test(start_paused = true)]
async fn metadata_can_be_had_alone() {
    let server = server();
    let new = node(json!({"metadata": {"name": "n"}, "spec": {"podCIDR": "10.0.0.0/24"}}));
    nodes(&server).create(&PostParams::default(), &new).await.unwrap();
    let api: Api<PartialObjectMeta<Node>> = Api::all(server.client());
    assert_eq!(api.get_metadata("n").await.unwrap().name_any(), "n");
    assert_eq!(
        api.list_metadata(&ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_built_in_kind_refuses_wrong_types_and_drops_unknown_fields() {
    let server = server();
    let untyped = |value: Value| -> DynamicObject { serde_json::from_value(value).unwrap() };
    let kind = kube::api::ApiResource::erase::<Node>(&());
    let api: Api<DynamicObject> = Api::all_with(server.client(), &kind);
    let object = |spec: Value| {
        untyped(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": spec}))
    };
    let wrong = object(json!({"unschedulable": "yes"}));
    assert_refused(
        api.create(&PostParams::default(), &wrong).await,
        400,
        "BadRequest",
    );
    let wrong = object(json!({"taints": [{"key": "a", "effect": "Never"}]}));
    assert_refused(api.create(&PostParams::default(), &wrong).await, 422, "Invalid");
    let made = api
        .create(
            &PostParams::default(),
            &object(json!({"podCIDR": "x", "typo": 1})),
        )
        .await
        .unwrap();
    assert_eq!(made.data["spec"], json!({"podCIDR": "x"}));
}

#[tokio::test(start_paused = true)]
async fn a_secret_takes_plain_text() {
    let server = server();
    let api: Api<Secret> = Api::default_namespaced(server.client());
    let new =
        serde_json::from_value(json!({"metadata": {"name": "s"}, "stringData": {"token": "abc"}})).unwrap();
    let made = api.create(&PostParams::default(), &new).await.unwrap();
    assert_eq!(made.data.unwrap()["token"].0, b"abc");
}

#[tokio::test(start_paused = true)]
async fn events_of_both_groups_are_kept_apart() {
    let server = server();
    let api: Api<Event> = Api::default_namespaced(server.client());
    let new = serde_json::from_value(
        json!({"metadata": {"name": "e"}, "involvedObject": {"kind": "Node"}, "reason": "R"}),
    );
    api.create(&PostParams::default(), &new.unwrap()).await.unwrap();
    assert_eq!(server.objects("events").len(), 1);
    assert!(server.objects("events.events.k8s.io").is_empty());
}
