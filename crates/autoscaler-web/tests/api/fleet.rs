//! Nodes and NodeGroups as the API shows them.

use node_state::testing::{node, owner};
use serde_json::{Value, json};

use super::world::World;

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let mut items = list.as_array().expect("a list").iter();
    items.find(|item| item["name"] == name).expect("it is there")
}

/// LC-38: nodes are shown with state, health, NodeGroup, ages, counts, and how each was matched.
#[tokio::test]
async fn nodes_are_shown_with_life_and_evidence() {
    let world = World::new().await;
    let answer = world.get("/api/nodes").await;
    assert_eq!(
        (answer.code, answer.header("content-type")),
        (200, Some("application/json"))
    );
    let shown = answer.json();
    assert_eq!(shown["counts"]["total"], 2);
    assert_eq!(
        shown["counts"]["by_state"],
        json!({"active": 1, "provisioning": 1})
    );
    let joined = named(&shown["nodes"], "n1");
    let facts = [
        "joined",
        "node_group",
        "vpsie_node",
        "lifecycle_state",
        "health",
        "phase",
    ];
    let facts = facts.map(|name| joined[name].clone());
    let expected = json!([
        true,
        "kube-system/web",
        "kube-system/web-1",
        "active",
        "healthy",
        "available"
    ]);
    assert_eq!(Value::from_iter(facts), expected);
    assert_eq!(joined["workload"]["requested_cpu_m"], 500);
    let details = &joined["details"];
    assert_eq!(details["moments"]["created_at"], "2024-10-03T22:00:00Z");
    let evidence = json!([{"link": "claim-machine", "kind": "recorded-id", "detail": "71003"}]);
    assert_eq!(details["matched"]["evidence"], evidence);
    let awaited = named(&shown["nodes"], "web-2");
    assert_eq!(
        (&awaited["joined"], &awaited["details"]),
        (&json!(false), &Value::Null)
    );
}

/// LC-38: what is asked for is shown, and no more.
#[tokio::test]
async fn nodes_are_found_by_group_state_and_health() {
    let world = World::new().await;
    for (query, expected) in [
        ("group=kube-system/web", &["n1", "web-2"][..]),
        ("group=kube-system%2Fweb&state=provisioning", &["web-2"]),
        ("health=healthy", &["n1"]),
        ("group=kube-system/other", &[]),
        ("group=web", &[]),
    ] {
        let shown = world.get(&format!("/api/nodes?{query}")).await.json();
        let names: Vec<&Value> = shown["nodes"].as_array().expect("a list").iter().collect();
        let names: Vec<&str> = names.iter().filter_map(|node| node["name"].as_str()).collect();
        assert_eq!(names, expected, "{query}");
        assert_eq!(shown["counts"]["total"], expected.len(), "{query}");
    }
}

/// Bad input: a filter that makes no sense is refused with what would make some.
#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let world = World::new().await;
    for (query, says) in [
        ("state=asleep", "known are provisioning"),
        ("health=1", "known are healthy"),
        ("colour=red", "unknown field `colour`"),
        ("state=active&state=ready", "duplicate field"),
    ] {
        let detail = world.get(&format!("/api/nodes?{query}")).await.problem(400);
        assert!(detail.contains(says), "{query}: {detail}");
    }
}

#[tokio::test]
async fn groups_are_shown_with_counts_and_what_they_ask_for() {
    let world = World::new().await;
    let shown = world.get("/api/groups").await.json();
    let web = named(&shown["groups"], "web");
    assert_eq!(web["assessment"], "pending");
    assert_eq!((&web["completion"], &web["total"]), (&json!(50), &json!(2)));
    assert_eq!(
        (&web["by_phase"]["available"], &web["by_phase"]["degraded"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(web["vpsie_nodes"], json!({"current": 2, "ready": 1, "wanted": 2}));
    assert_eq!(
        (&web["details"]["managed"], &web["details"]["max_nodes"]),
        (&json!(true), &json!(3))
    );
}

/// EP-27: whoever has the newest answer gets 304, until something changes.
#[tokio::test]
async fn answer_that_is_known_is_not_sent_again() {
    let mut world = World::new().await;
    for path in [
        "/api/nodes",
        "/api/groups",
        "/api/nodes?state=active",
        "/api/openapi.json",
    ] {
        let first = world.get(path).await;
        let tag = first.header("etag").expect("a tag").to_owned();
        let again = world.ask("GET", path, &[("If-None-Match", &tag)]).await;
        assert_eq!((again.code, again.is_empty()), (304, true), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(
            world.ask("GET", path, &[("If-None-Match", "\"1\"")]).await.code,
            200
        );
    }
    let tag = world
        .get("/api/nodes")
        .await
        .header("etag")
        .expect("a tag")
        .to_owned();
    world.fleet.put_owner(owner("web-2", "web", Some("n2")));
    world.fleet.put_node(node("n2").of_group("web"));
    world.publish();
    let changed = world.ask("GET", "/api/nodes", &[("If-None-Match", &tag)]).await;
    assert_eq!(changed.code, 200);
    assert_eq!(
        named(&changed.json()["nodes"], "n2")["vpsie_node"],
        "kube-system/web-2"
    );
}

/// NS-26: a replica that stands by says so, and when to come again.
#[tokio::test]
async fn replica_that_stands_by_says_so() {
    let world = World::new().await;
    world.states.send_replace(None);
    for path in ["/api/nodes", "/api/groups"] {
        let answer = world.get(path).await;
        assert!(answer.problem(503).contains("another one leads"));
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    assert_eq!(world.get("/api/audit").await.code, 200, "its own log can be read");
}
