//! An instance that is not well, as the webhook of a running process hears of it.

use axum::routing::post;
use axum::{Json, Router};
use fleet_sim::cloud::TOKEN;
use kit::access::{serve_cloud, write_secret};
use kit::deploy;
use kit::fleet::Fleet;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::served::{LIMIT, Served};
use crate::shop;

/// EP-21: of a ready instance whose health port does not answer the webhook is told, with its score and what it should be.
#[tokio::test(flavor = "multi_thread")]
async fn webhook_hears_of_an_instance_that_is_not_well() {
    let control_plane = kit::real_control_plane!();
    let fleet = Fleet::on(&control_plane).await;
    let operator = deploy::operator(&control_plane).await;
    let person = control_plane.client();
    let [service, mut slice] = shop();
    slice["ports"] = json!([{"name": "health", "port": 8080}]);
    deploy::apply(&person, &[service, slice]).await;
    write_secret(&person, &[("token", TOKEN)]).await;
    let url = serve_cloud(&fleet.cloud).await;
    let (told, mut heard) = mpsc::unbounded_channel();
    let hook = move |Json(message): Json<Value>| async move { drop(told.send(message)) };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/hook", listener.local_addr().expect("its number"));
    let app = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let more = [
        "--discovery-health-check-seconds",
        "1",
        "--discovery-alert-webhook",
        &address,
    ];
    let mut process = Served::start_with(operator.kubeconfig(), &url, "127.0.0.1", &more).await;
    let message = tokio::time::timeout(LIMIT, heard.recv()).await;
    process.check_running();
    let message = message.expect("it is told in time").expect("the hook is there");
    let alert = &message["alerts"][0];
    assert_eq!(
        (
            &alert["namespace"],
            &alert["service"],
            &alert["instance"],
            &alert["threshold"]
        ),
        (&json!("default"), &json!("shop"), &json!("10.1.0.1"), &json!(70)),
        "{message}"
    );
    assert!(
        alert["score"].as_u64().is_some_and(|score| score < 70),
        "{message}"
    );
    assert!(
        message["text"]
            .as_str()
            .is_some_and(|text| text.contains("default/shop: 10.1.0.1")),
        "{message}"
    );
}
