//! A refresh of the watched Services in a running process.

use std::time::Duration;

use fleet_sim::cloud::TOKEN;
use kit::access::{serve_cloud, write_secret};
use kit::deploy;
use kit::fleet::Fleet;
use kit::visitor;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::served::Served;
use crate::shop;

const REFRESH: &str = "/api/instances/refresh";

/// The roles of the operator without the right to read slices.
fn without_slices() -> Vec<Value> {
    let mut documents = deploy::documents("rbac.yaml");
    for document in &mut documents {
        if let Some(rules) = document.get_mut("rules").and_then(Value::as_array_mut) {
            rules.retain(|rule| rule["resources"][0] != "endpointslices");
        }
    }
    documents
}

/// EP-12, EP-26: where a right is granted later a refresh goes back to slices without a restart; it may be asked for five
/// times a minute, and not by the page of somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn refresh_reads_services_anew_in_a_running_process() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    let person = control_plane.client();
    deploy::apply(&person, &without_slices()).await;
    deploy::apply(&person, &shop()).await;
    write_secret(&person, &[("token", TOKEN)]).await;
    let url = serve_cloud(&fleet.cloud).await;
    let mut process = Served::start(operator.kubeconfig(), &url, "127.0.0.1").await;
    let reads = |source: &'static str| {
        move |code: u16, body: &Value| code == 200 && body["services"][0]["source"] == source
    };
    let info = "/api/instances/discovery-info";
    process.until(info, None, reads("endpoints")).await;
    let foreign = [("Origin", "https://evil.example")];
    let refused = visitor::ask(process.port, "POST", REFRESH, &foreign).await;
    assert_eq!(refused.expect("an answer").code, 403);

    deploy::apply(&person, &deploy::documents("rbac.yaml")).await;
    // The API server needs a moment to know the right; the quota allows more than enough tries.
    let mut asked = 0;
    let is_back = |answer: &Option<(u16, Value)>| {
        let shown = answer.as_ref().map(|(_, body)| body["summary"]["total"] == 2);
        shown.unwrap_or_default()
    };
    while !is_back(&process.ask("GET", "/api/instances/live", None).await) {
        asked += 1;
        assert!(asked <= 5, "it never went back to slices");
        let answer = process.ask("POST", REFRESH, None).await;
        assert_eq!(answer, Some((202, Value::Null)));
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && !is_back(&process.ask("GET", "/api/instances/live", None).await) {
            sleep(Duration::from_millis(100)).await;
        }
    }
    process.until(info, None, reads("endpointslices")).await;
    // As many at once as no minute allows.
    let mut refused = None;
    for _ in 0..20 {
        let (code, body) = process.ask("POST", REFRESH, None).await.expect("an answer");
        if code == 429 {
            refused = Some(body["detail"].to_string());
            break;
        }
    }
    let refused = refused.expect("nobody may ask so often");
    assert!(refused.contains("read anew too often"), "{refused}");
}
