//! Live instances as the API shows them.

use std::sync::Arc;

use autoscaler_web::api::{
    Access, Discovered, DiscoveredService, Instance, InstanceStatus, Limits, Staleness,
};
use node_state::testing::at;
use serde_json::{Value, json};

use super::world::World;

/// An instance as endpoint discovery writes it, by its own golden test.
const WRITTEN: &str = include_str!("../../../endpoint-discovery/src/roster/instance.json");

pub(crate) fn instance(id: &str, status: InstanceStatus) -> Arc<Instance> {
    let mut json: Value = serde_json::from_str(WRITTEN).expect("JSON");
    let word = match status {
        InstanceStatus::Ready => "ready",
        InstanceStatus::Degraded => "degraded",
        InstanceStatus::NotReady => "not-ready",
    };
    for (field, value) in [("id", id), ("name", id), ("status", word)] {
        json[field] = value.into();
    }
    Arc::new(Instance {
        id: id.to_owned(),
        status,
        json: serde_json::from_str(&json.to_string()).expect("JSON"),
    })
}

/// Makes a Service that Kubernetes has told of.
pub(crate) fn service(name: &str, instances: Vec<Arc<Instance>>) -> DiscoveredService {
    DiscoveredService {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        source: Some("endpointslices".to_owned()),
        is_hint: false,
        told_at: Some(at(0)),
        stale: None,
        breaker: "closed".to_owned(),
        warnings: Vec::new(),
        instances,
    }
}

pub(crate) fn discovered(services: Vec<DiscoveredService>) -> Option<Arc<Discovered>> {
    Some(Arc::new(Discovered {
        mode: "kubernetes-endpoints".to_owned(),
        unknown: None,
        note: None,
        stale: None,
        services,
    }))
}

pub(crate) fn two_services() -> Option<Arc<Discovered>> {
    let web = vec![
        instance("web-0", InstanceStatus::Ready),
        instance("web-1", InstanceStatus::Degraded),
        instance("web-2", InstanceStatus::NotReady),
    ];
    let mut store = service("store", vec![instance("store-0", InstanceStatus::Ready)]);
    store.stale = Some(Staleness {
        since: at(1),
        error: "the connection was refused".to_owned(),
    });
    discovered(vec![store, service("web", web)])
}

/// EP-25: everything that the live view must say; the counts add up.
#[tokio::test]
async fn live_instances_are_shown_with_how_far_they_can_be_trusted() {
    let world = World::new().await;
    world.discovered.send_replace(two_services());
    let shown = world.get("/api/instances/live").await.json();
    assert_eq!(shown["discoveryMode"], "kubernetes-endpoints");
    assert_eq!(
        (&shown["namespace"], &shown["stale"]),
        (&json!("default"), &json!(true))
    );
    assert_eq!(shown["lastUpdate"], "2024-10-04T00:00:00Z");
    let summary = json!({"total": 4, "ready": 2, "notReady": 1, "degraded": 1});
    assert_eq!(shown["summary"], summary);
    assert_eq!(shown["instances"].as_array().map(Vec::len), Some(4));
    assert_eq!(
        shown["services"][0]["stale"]["error"],
        "the connection was refused"
    );
    let web = world.get("/api/instances/live?service=default/web").await.json();
    assert_eq!(
        (&web["summary"]["total"], &web["stale"]),
        (&json!(3), &json!(false))
    );
    let ids = json!(["web-0", "web-1", "web-2"]);
    assert_eq!(web["services"][0]["instanceIds"], ids);
}

/// EP-26: the instances alone, and how discovery works without them.
#[tokio::test]
async fn instances_and_discovery_are_shown_alone_as_well() {
    let world = World::new().await;
    world.discovered.send_replace(two_services());
    let shown = world.get("/api/instances?service=default/store").await.json();
    let instances = shown["instances"].as_array().expect("a list");
    assert_eq!((instances.len(), &instances[0]["id"]), (1, &json!("store-0")));
    assert_eq!(instances[0]["health"]["score"], 100, "as it was written");
    let info = world.get("/api/instances/discovery-info").await.json();
    assert_eq!(
        (&info["summary"]["total"], &info["instances"]),
        (&json!(4), &json!(null))
    );
    assert_eq!(info["services"][1]["breaker"], "closed");
}

/// EP-25: before anything is known, that is said, and never an empty list alone.
#[tokio::test]
async fn nothing_known_is_an_error_and_not_an_empty_list() {
    let world = World::new().await;
    for path in [
        "/api/instances/live",
        "/api/instances",
        "/api/instances/discovery-info",
    ] {
        assert!(
            world
                .get(path)
                .await
                .problem(404)
                .contains("no Service is discovered")
        );
    }
    world.discovered.send_replace(Some(Arc::new(Discovered {
        mode: "auto".to_owned(),
        unknown: Some("the API server cannot be reached".to_owned()),
        note: None,
        stale: None,
        services: Vec::new(),
    })));
    let answer = world.get("/api/instances/live").await;
    let expected =
        json!({"discoveryMode": "error", "error": "the API server cannot be reached", "instances": []});
    assert_eq!((answer.code, answer.json()), (503, expected));
    let info = world.get("/api/instances/discovery-info").await.json();
    assert_eq!(info["error"], "the API server cannot be reached");
    world.discovered.send_replace(discovered(Vec::new()));
    let empty = world.get("/api/instances/live").await;
    assert_eq!(
        (empty.code, &empty.json()["summary"]["total"]),
        (200, &json!(0)),
        "Kubernetes said so"
    );
    assert_eq!(
        (&empty.json()["note"], &empty.json()["stale"]),
        (&json!(null), &json!(false))
    );
    world.discovered.send_replace(Some(Arc::new(Discovered {
        note: Some("no Service has the labels".to_owned()),
        stale: Some(Staleness {
            since: at(1),
            error: "away".to_owned(),
        }),
        ..Discovered::clone(&discovered(Vec::new()).expect("some"))
    })));
    for path in ["/api/instances/live", "/api/instances/discovery-info"] {
        let noted = world.get(path).await.json();
        let says = (&noted["note"], &noted["stale"]);
        assert_eq!(
            says,
            (&json!("no Service has the labels"), &json!(true)),
            "{path}"
        );
    }
    world.get("/api/instances?service=default/web").await.problem(404);
}

/// EP-27: the live view has a tag.
#[tokio::test]
async fn live_view_that_is_known_is_not_sent_again() {
    let world = World::new().await;
    world.discovered.send_replace(two_services());
    let tag = world.get("/api/instances/live").await;
    let tag = tag.header("etag").expect("a tag").to_owned();
    let known = [("If-None-Match", tag.as_str())];
    let live = || world.ask("GET", "/api/instances/live", &known);
    assert_eq!(live().await.code, 304);
    world
        .discovered
        .send_replace(discovered(vec![service("web", Vec::new())]));
    assert_eq!(live().await.code, 200);
}

/// EP-26: five refreshes in a minute, and the sixth is told when to come again.
#[tokio::test]
async fn refresh_is_counted_and_must_be_allowed() {
    let world = World::new().await;
    for _ in 0..5 {
        assert_eq!(world.ask("POST", "/api/instances/refresh", &[]).await.code, 202);
    }
    let sixth = world.ask("POST", "/api/instances/refresh", &[]).await;
    assert!(sixth.problem(429).contains("come again"));
    let wait: u64 = sixth
        .header("retry-after")
        .expect("a time")
        .parse()
        .expect("seconds");
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(*world.refreshed.lock().expect("nobody panics"), 5);
    world.ask("GET", "/api/instances/refresh", &[]).await.problem(405);

    let reading = World::with(Access::Loopback { may_refresh: false }, Limits::default()).await;
    let refused = reading.ask("POST", "/api/instances/refresh", &[]).await;
    assert!(refused.problem(403).contains("only reads"));
    assert_eq!(*reading.refreshed.lock().expect("nobody panics"), 0);
}
