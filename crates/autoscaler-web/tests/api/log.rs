//! The audit log and the decisions as the API shows them.

use node_lifecycle::audit::{Action, Author, Draft, Outcome};
use node_lifecycle::{Decider, Health, State};
use serde_json::{Value, json};

use super::world::World;

/// A node is bought, becomes ready, may not go twice, and goes.
async fn told() -> World {
    let world = World::new().await;
    let bought = Draft::new(
        Action::NodeProvision,
        Outcome::Success,
        Author::MinNodes,
        "requested",
    );
    world.record(bought.node("web-1").group("kube-system/web"), 1);
    let seen = Draft::new(
        Action::LifecycleTransition,
        Outcome::Success,
        Author::Observation,
        "node_ready",
    );
    world.record(seen.node("web-1").group("kube-system/web"), 2);
    for (minute, decider) in [(3, Decider::Manual), (4, Decider::ScaleDownPolicy)] {
        let refused = Draft::new(
            Action::NodeDecommission,
            Outcome::Rejected,
            decider,
            "workload_pods",
        );
        let refused = refused.node("n1").message("Node has 3 workload pods");
        world.record(refused, minute);
    }
    let gone = Draft::new(
        Action::NodeDecommission,
        Outcome::Success,
        Decider::Manual,
        "removed",
    );
    world.record(gone.node("n1").group("kube-system/web"), 5);
    world
}

/// Lists the minutes of the entries of an answer.
async fn minutes(world: &World, path: &str) -> Vec<String> {
    let shown = world.get(path).await.json();
    let entries = shown["entries"].as_array().expect("a list").iter();
    let times = entries.filter_map(|entry| entry["timestamp"].as_str());
    times.map(|time| time[14..16].to_owned()).collect()
}

/// LC-38: each filter finds what it names, the newest first, and several together what fits all.
#[tokio::test]
async fn audit_entries_are_found_by_every_filter() {
    let world = told().await;
    for (query, expected) in [
        ("", &["05", "04", "03", "02", "01"][..]),
        ("?node=n1", &["05", "04", "03"]),
        ("?group=kube-system/web", &["05", "02", "01"]),
        ("?action=node_provision", &["01"]),
        ("?result=rejected", &["04", "03"]),
        ("?decision_by=manual", &["05", "03"]),
        ("?decision_by=manual&result=success", &["05"]),
        ("?since=2024-10-04T00:04:00Z", &["05", "04"]),
        ("?until=2024-10-04T00:02:00Z", &["01"]),
        ("?limit=2", &["05", "04"]),
        ("?node=nobody", &[]),
    ] {
        assert_eq!(
            minutes(&world, &format!("/api/audit{query}")).await,
            expected,
            "{query}"
        );
    }
    let shown = world.get("/api/audit?limit=4").await.json();
    assert_eq!(shown["has_more"], true);
    let shown = world.get("/api/audit?limit=5").await.json();
    assert_eq!(shown["has_more"], false);
    assert_eq!(shown["entries"][2]["message"], "Node has 3 workload pods");
}

/// LC-38: bounds of a page, and words that do not exist.
#[tokio::test]
async fn audit_filters_that_make_no_sense_are_refused() {
    let world = World::new().await;
    for (query, says) in [
        ("limit=0", "from 1 to 1000"),
        ("limit=1001", "from 1 to 1000"),
        ("limit=-1", "invalid digit"),
        ("limit=many", "invalid digit"),
        ("since=yesterday", "invalid characters"),
        ("action=dance", "known are node_decommission"),
        ("result=maybe", "known are success"),
        ("decision_by=me", "known are scale_down_policy"),
        ("nodes=n1", "unknown field `nodes`"),
    ] {
        for path in ["/api/audit", "/api/decisions"] {
            let detail = world.get(&format!("{path}?{query}")).await.problem(400);
            assert!(detail.contains(says), "{path}?{query}: {detail}");
        }
    }
}

/// What was decided is shown without what was only seen.
#[tokio::test]
async fn decisions_are_the_log_without_transitions() {
    let world = told().await;
    assert_eq!(minutes(&world, "/api/decisions").await, ["05", "04", "03", "01"]);
    assert_eq!(
        minutes(&world, "/api/decisions?result=rejected&limit=1").await,
        ["04"]
    );
    let shown = world.get("/api/decisions?limit=3").await.json();
    assert_eq!(shown["has_more"], true, "the one that was bought is older");
    let bought = world.get("/api/decisions?action=node_provision").await.json();
    let facts = ["reason", "decision_by", "result", "group"].map(|name| bought["entries"][0][name].clone());
    assert_eq!(
        Value::from_iter(facts),
        json!(["requested", "min_nodes", "success", "kube-system/web"])
    );
}

/// LC-38: the counts of the log.
#[tokio::test]
async fn audit_log_is_counted() {
    let world = told().await;
    let shown = world.get("/api/audit/stats").await.json();
    assert_eq!(
        (&shown["total_entries"], &shown["max_size"]),
        (&json!(5), &json!(1000))
    );
    assert_eq!(shown["by_result"], json!({"success": 3, "rejected": 2}));
    assert_eq!(shown["last_action"], "node_decommission");
}

/// The words of filters are those of the library, each of them.
#[tokio::test]
async fn every_word_of_the_library_is_a_filter() {
    let world = World::new().await;
    let actions = Action::ALL.iter().map(|word| format!("audit?action={word}"));
    let results = Outcome::ALL.iter().map(|word| format!("audit?result={word}"));
    let authors = Author::ALL.iter().map(|word| format!("audit?decision_by={word}"));
    let states = State::ALL.iter().map(|word| format!("nodes?state={word}"));
    let healths = Health::ALL.iter().map(|word| format!("nodes?health={word}"));
    for path in actions.chain(results).chain(authors).chain(states).chain(healths) {
        assert_eq!(world.get(&format!("/api/{path}")).await.code, 200, "{path}");
    }
}
