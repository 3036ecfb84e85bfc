//! What the server says about itself, and the library's own helpers on top of it.

use k8s_openapi::api::core::v1::Node;
use kube::api::{DeleteParams, PostParams, Resource};
use kube::core::GroupVersionKind;
use kube::runtime::controller::Action;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::finalizer::{Event as FinalizerEvent, finalizer};
use serde_json::json;

use super::kit::{claim, claims, create, node, nodes, server};

#[tokio::test(start_paused = true)]
async fn version_and_discovery_answer() {
    let (server, _) = claims();
    let client = server.client();
    assert_eq!(client.apiserver_version().await.unwrap().minor, "33");
    let wanted = GroupVersionKind::gvk("test.example.com", "v1", "Claim");
    let (found, capabilities) = kube::discovery::pinned_kind(&client, &wanted).await.unwrap();
    assert_eq!(found.plural, "claims");
    assert!(capabilities.supports_operation("watch"));
    assert!(
        capabilities
            .subresources
            .iter()
            .any(|(sub, _)| sub.plural == "status")
    );
    let groups = client.list_api_groups().await.unwrap().groups;
    assert!(groups.iter().any(|group| group.name == "test.example.com"));
    let core = client.list_core_api_resources("v1").await.unwrap();
    assert!(
        core.resources
            .iter()
            .any(|resource| resource.name == "nodes" && !resource.namespaced)
    );
}

#[tokio::test(start_paused = true)]
async fn the_finalizer_helper_adds_and_removes() {
    let (server, api) = claims();
    create(&api, &claim("a")).await;
    let seen = std::cell::RefCell::new(Vec::new());
    let reconcile = async || {
        let object = std::sync::Arc::new(api.get("a").await.unwrap());
        let outcome = finalizer(&api, "test.example.com/hold", object, async |event| {
            seen.borrow_mut().push(matches!(event, FinalizerEvent::Apply(_)));
            Ok::<_, std::io::Error>(Action::await_change())
        });
        outcome.await.unwrap();
    };
    reconcile().await;
    reconcile().await;
    api.delete("a", &DeleteParams::default()).await.unwrap();
    reconcile().await;
    assert_eq!(
        seen.into_inner(),
        [true, false],
        "the first only adds the finalizer"
    );
    assert!(server.objects("claims").is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_event_recorder_works() {
    let server = server();
    let api = nodes(&server);
    let made = api
        .create(&PostParams::default(), &node(json!({"metadata": {"name": "n"}})))
        .await
        .unwrap();
    let recorder = Recorder::new(
        server.client(),
        Reporter {
            controller: "operator".into(),
            instance: None,
        },
    );
    let event = Event {
        type_: EventType::Normal,
        reason: "Joined".into(),
        note: Some("the machine joined".into()),
        action: "Join".into(),
        secondary: None,
    };
    let about = Node::object_ref(&made, &());
    recorder.publish(&event, &about).await.unwrap();
    recorder.publish(&event, &about).await.unwrap();
    let stored = server.objects("events.events.k8s.io");
    assert_eq!(stored.len(), 1, "the second is counted into the first");
    assert_eq!(stored[0]["reason"], "Joined");
}

#[tokio::test(start_paused = true)]
async fn clients_need_no_real_time() {
    let before = std::time::Instant::now();
    let (server, api) = claims();
    for round in 0..200 {
        create(&api, &claim(&format!("claim-{round}"))).await;
        tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    }
    assert_eq!(server.write_count(), 200);
    assert!(before.elapsed() < std::time::Duration::from_secs(20));
}

/// Whoever compares clocks reads the header `Date`, which the real server writes on every answer, refusals included.
#[tokio::test(start_paused = true)]
async fn every_answer_is_dated_by_the_clock_of_the_world() {
    let (server, _) = claims();
    tokio::time::advance(std::time::Duration::from_millis(61_500)).await;
    for path in ["/version", "/api/v1/nodes", "/api/v1/nodes/none"] {
        let request = http::Request::get(path)
            .body(kube::client::Body::empty())
            .unwrap();
        let answer = server.client().send(request).await.unwrap();
        assert_eq!(
            answer.headers()["date"],
            "Sat, 24 Jan 2026 08:01:01 GMT",
            "{path}"
        );
    }
}
