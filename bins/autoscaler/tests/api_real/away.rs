//! The API server is away for a minute: what is known is still shown, marked as what it is, and afterwards all goes on.

use std::time::Duration;

use fleet_sim::cloud::TOKEN;
use kit::access::{serve_cloud, write_secret};
use kit::deploy;
use kit::fleet::Fleet;
use kit::proxy::Proxy;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::served::Served;
use crate::shop;

/// For how long the API server is away.
const AWAY: Duration = Duration::from_secs(60);

/// What is answered all the time: from memory, and without asking who leads.
const ALWAYS: [&str; 6] = [
    "/api/instances/live",
    "/api/instances",
    "/api/instances/discovery-info",
    "/api/audit",
    "/api/decisions",
    "/api/openapi.json",
];

/// The nodes of our NodeGroup; those that nobody asked for are there, too.
const NODES: &str = "/api/nodes?group=default/web";

/// Asks everything once while the API server is away.
async fn check_away(process: &mut Served) {
    process.check_running();
    for path in ALWAYS {
        let began = Instant::now();
        let answer = process.ask("GET", path, None).await;
        let (code, body) = answer.unwrap_or_else(|| panic!("{path}: nobody answers"));
        assert_eq!(code, 200, "{path}: {body}");
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "{path}: {took:?}");
        if let Some(instances) = body["instances"].as_array() {
            assert_eq!(instances.len(), 2, "what was known stands: {body}");
        }
    }
    // Who could not renew the Lease may not say how nodes are; nobody leads then.
    for path in [NODES, "/api/groups"] {
        let (code, body) = process.ask("GET", path, None).await.expect("an answer");
        let is_standing_by = code == 503
            && body["detail"]
                .as_str()
                .is_some_and(|why| why.contains("knows no states"));
        assert!(code == 200 || is_standing_by, "{path}: {code} {body}");
    }
}

/// EP-10, EP-25, NS-26: for a minute without the API server instances are shown as they were, as stale and since when, also
/// after a refresh; then everything is shown as it is, and no machine was bought or lost by it.
#[tokio::test(flavor = "multi_thread")]
async fn minute_without_the_api_server_shows_what_was_known() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    let person = control_plane.client();
    write_secret(&person, &[("token", TOKEN)]).await;
    deploy::apply(&person, &shop()).await;
    fleet.create(&fleet.node_group("web", 57, 1)).await;
    let url = serve_cloud(&fleet.cloud).await;
    let target = control_plane.config().cluster_url.port_u16().expect("a port");
    let proxy = Proxy::start(target).await;
    let kubeconfig = proxy.kubeconfig(operator.kubeconfig(), target);
    let mut process = Served::start(&kubeconfig, &url, "127.0.0.1").await;
    let is_ready = |code: u16, body: &Value| code == 200 && body["nodes"][0]["vpsie_node_phase"] == "Ready";
    process.until(NODES, None, is_ready).await;
    let is_fresh = |total: i32| {
        move |code: u16, body: &Value| {
            code == 200 && body["summary"]["total"] == total && body["stale"] == false
        }
    };
    process.until("/api/instances/live", None, is_fresh(2)).await;

    proxy.break_off(true);
    let back = Instant::now() + AWAY;
    let stale = process
        .until("/api/instances/live", None, |code, body| {
            code == 200 && body["stale"] == true
        })
        .await;
    assert!(stale["services"][0]["stale"]["since"].is_string(), "{stale}");
    let refreshed = process.ask("POST", "/api/instances/refresh", None).await;
    assert_eq!(refreshed, Some((202, Value::Null)));
    while Instant::now() < back {
        check_away(&mut process).await;
        // Far from what one address may ask for.
        sleep(Duration::from_secs(2)).await;
    }
    let (code, body) = process.ask("GET", NODES, None).await.expect("an answer");
    assert_eq!(code, 503, "the Lease has ended long ago: {body}");
    let (_, shown) = process
        .ask("GET", "/api/instances/live", None)
        .await
        .expect("an answer");
    assert_eq!(shown["stale"], true, "{shown}");

    proxy.break_off(false);
    process.until("/api/instances/live", None, is_fresh(2)).await;
    process.until(NODES, None, is_ready).await;
    let [_, mut slice] = shop();
    let endpoints = slice["endpoints"].as_array_mut().expect("a list");
    endpoints.push(json!({"addresses": ["10.1.0.3"]}));
    deploy::apply(&person, &[slice]).await;
    process.until("/api/instances/live", None, is_fresh(3)).await;
    let report = fleet.truth().await;
    assert_eq!((report.matched, report.is_clean()), (1, true), "{report:?}");
}
