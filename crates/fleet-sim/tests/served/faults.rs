//! Every fault that a scenario can order, as a client meets it.

use fleet_sim::cloud::PostingReply;
use serde_json::{Value, json};

use crate::client::{Answer, Served};

const CLUSTER: &str = "clusters: [{name: HEL-Kubernetes-49ab, groups: [{name: web, size: 57, workers: 3}]}]";

/// Serves a cluster of one manager and three workers with one fault.
async fn with(fault: &str) -> Served {
    Served::scenario(&format!(
        "{CLUSTER}\nbehaviour: {{time_out: 2s, list_delay: 1s, boot_delay: 1s}}\nfaults: [{fault}]"
    ))
    .await
}

async fn list(world: &Served) -> Answer {
    world.get("/apps/v2/k8s/cluster/all").await
}

/// Orders a fault on the list of clusters and returns how it looks; the next call must be whole again.
async fn listed_with(effect: &str) -> Answer {
    let world = with(&format!("{{call: clusters, effect: {effect}}}")).await;
    let answer = list(&world).await;
    assert_eq!(
        list(&world).await.data()[0]["count"],
        json!(4),
        "{effect} happens once"
    );
    answer
}

/// Orders a fault on an add and returns how it looks, whether a machine was made, and what the ledger says.
async fn added_with(effect: &str) -> (Answer, bool, PostingReply) {
    let world = with(&format!("{{call: add_worker, effect: {effect}}}")).await;
    let answer = world.add(412).await;
    let posting = world.cloud.ledger().pop().expect("an add is written down");
    (answer, posting.machine.is_some(), posting.reply)
}

#[tokio::test(start_paused = true)]
async fn unauthorized_is_401() {
    let answer = listed_with("unauthorized").await;
    let expected = json!({"error": true, "message": "Please authenticate"});
    assert_eq!((answer.status, answer.json()), (401, expected));
}

#[tokio::test(start_paused = true)]
async fn rate_limit_comes_with_and_without_a_wait() {
    let answer = listed_with("{rate_limited: {retry_after: 7s}}").await;
    assert_eq!(
        (
            answer.status,
            answer.headers.get("retry-after").map(String::as_str)
        ),
        (429, Some("7"))
    );
    let answer = listed_with("{rate_limited: {}}").await;
    assert_eq!((answer.status, answer.headers.get("retry-after")), (429, None));
}

#[tokio::test(start_paused = true)]
async fn status_comes_with_the_ordered_body() {
    let answer = listed_with("{status: {code: 503, body: oops}}").await;
    assert_eq!((answer.status, answer.body.as_str()), (503, "oops"));
    let answer = listed_with("{status: {code: 500}}").await;
    assert_eq!((answer.status, &answer.json()["error"]), (500, &json!(true)));
    let answer = listed_with(r#"{status: {code: 200, body: '{"error":"QuotaExceeded"}'}}"#).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"error": "QuotaExceeded"}))
    );
}

#[tokio::test(start_paused = true)]
async fn gateway_speaks_html() {
    let answer = listed_with("html_502").await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (502, "text/html")
    );
    assert_eq!(answer.body, "<html>502 Bad Gateway</html>");
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_twice_as_long_as_the_time_out() {
    let before = tokio::time::Instant::now();
    assert_eq!(listed_with("time_out_before_effect").await.status, 0);
    assert_eq!(before.elapsed().as_secs(), 4);
}

#[tokio::test(start_paused = true)]
async fn stale_list_is_the_one_from_before() {
    let world = with("{call: cluster, nth: 2, effect: stale_list}").await;
    assert_eq!(world.hostnames().await.len(), 4);
    world.add(412).await.data();
    world.later(60).await;
    assert_eq!(world.hostnames().await.len(), 4);
    assert_eq!(world.hostnames().await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn stale_page_is_a_page_of_the_same_question() {
    let world = Served::scenario(
        "{vms: [{hostname: a}, {hostname: b}], faults: [{call: volume_hosts, nth: 3, effect: stale_list}]}",
    )
    .await;
    let count = async |limit: u32| {
        let path = format!("/apps/v2/storages/vms?limit={limit}");
        world.get(&path).await.data().as_array().map(Vec::len)
    };
    assert_eq!((count(2).await, count(1).await), (Some(2), Some(1)));
    assert_eq!(count(2).await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn truncated_list_keeps_its_count() {
    let world = with("{call: cluster, effect: truncated_list}").await;
    let counts = |detail: Value| (detail["count"].clone(), detail["nodes"].as_array().unwrap().len());
    assert_eq!(counts(world.detail().await), (json!(4), 2));
    assert_eq!(counts(world.detail().await), (json!(4), 4));
}

#[tokio::test(start_paused = true)]
async fn every_list_can_be_cut() {
    let rows = [
        "/apps/v2/sshkeys",
        "/apps/v2/vm",
        "/apps/v2/storages/vms",
        "/apps/v2/projects",
    ];
    for (call, path) in ["ssh_keys", "vms", "volume_hosts", "projects"].iter().zip(rows) {
        let world = Served::scenario(&format!(
            "vms: [{{hostname: a}}, {{hostname: b}}]\nssh_keys: [{{name: a, key: k}}]\nprojects: [{{name: a}}]\n\
             faults: [{{call: {call}, effect: truncated_list}}]"
        ))
        .await;
        let count = |data: Value| data.as_array().or(data["rows"].as_array()).unwrap().len();
        assert_eq!(count(world.get(path).await.data()), 1, "{call}");
        assert_eq!(count(world.get(path).await.data()), 2, "{call}");
    }
}

/// I2: the caller cannot see from the answer whether a machine was bought.
#[tokio::test(start_paused = true)]
async fn lost_reply_has_bought() {
    let (answer, bought, reply) = added_with("lose_reply_after_effect").await;
    assert_eq!((answer.status, bought, reply), (0, true, PostingReply::Lost));
    let (answer, bought, reply) = added_with("time_out_before_effect").await;
    assert_eq!((answer.status, bought, reply), (0, false, PostingReply::Lost));
}

/// I2
#[tokio::test(start_paused = true)]
async fn html_after_the_effect_has_bought() {
    let (answer, bought, reply) = added_with("html_502_after_effect").await;
    assert_eq!(
        (answer.status, bought, reply),
        (502, true, PostingReply::Unclear(502))
    );
    let (answer, bought, reply) = added_with("html_502").await;
    assert_eq!(
        (answer.status, bought, reply),
        (502, false, PostingReply::Unclear(502))
    );
}

#[tokio::test(start_paused = true)]
async fn broken_machine_is_listed_and_stays_broken() {
    for (effect, boots, joins) in [("never_boots", false, false), ("never_joins", true, false)] {
        let world = with(&format!("{{call: add_worker, effect: {effect}}}")).await;
        world.add(412).await.data();
        world.later(3600).await;
        assert_eq!(world.hostnames().await.len(), 5, "{effect}");
        let machine = world.cloud.machines().pop().unwrap();
        let life = (machine.booted_at.is_some(), machine.joined_at.is_some());
        assert_eq!(life, (boots, joins), "{effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn repeated_fault_keeps_its_count_and_distance() {
    let cases = [
        ("times: 2", [401, 401, 200, 200, 200, 200, 200]),
        ("nth: 3", [200, 200, 401, 200, 200, 200, 200]),
        ("nth: 2, times: 2, every: 3", [200, 401, 200, 200, 401, 200, 200]),
        ("nth: 5, times: for_ever", [200, 200, 200, 200, 401, 401, 401]),
    ];
    for (when, expected) in cases {
        let world = with(&format!("{{call: clusters, {when}, effect: unauthorized}}")).await;
        let mut statuses = Vec::new();
        for _ in expected {
            statuses.push(list(&world).await.status);
        }
        assert_eq!(statuses, expected, "{when}");
    }
}
