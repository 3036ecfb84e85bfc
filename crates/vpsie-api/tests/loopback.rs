//! The client and the transport together, over real HTTP to a server on this machine.

use std::sync::Arc;
use std::time::Duration;

use vpsie_api::{
    Accepted, Client, ClusterId, Credentials, EffectError, GroupNumber, HttpTransport, NodeUuid,
    RemoveWorker, RequestId, Settings, TransportSettings, VpsieApi,
};
use wiremock::matchers::{body_json, body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(base_url: String, credentials: Credentials) -> Client {
    let transport = HttpTransport::new(TransportSettings {
        timeout: Duration::from_millis(500),
        body_limit: 1000,
        allow_plain_http_to_loopback: true,
        ..TransportSettings::default()
    });
    let transport = transport.expect("the system has certificates");
    let settings = Settings {
        base_url,
        ..Settings::default()
    };
    Client::new(settings, credentials, Arc::new(transport)).expect("the settings are good")
}

fn token() -> Credentials {
    Credentials::Token("t0ken".to_owned().into())
}

async fn add(client: &Client) -> Result<Accepted, EffectError> {
    let request = RequestId::new("slot-1").expect("a good id");
    client
        .add_worker(&ClusterId::new("c"), GroupNumber::new(412), &request)
        .await
}

fn yes() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(r#"{"error":false,"data":true}"#, "application/json")
}

/// K6 leaves without a body, and says so.
#[tokio::test]
async fn worker_is_added_over_http() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/apps/v2/k8s/cluster/byId/c/add/slave/group/412"))
        .and(header("vpsie-auth", "t0ken"))
        .and(header("x-request-id", "slot-1"))
        .and(header("content-length", "0"))
        .and(body_string(""))
        .respond_with(yes())
        .expect(1)
        .mount(&server)
        .await;
    let client = client(format!("{}/apps/v2", server.uri()), token());
    assert_eq!(add(&client).await, Ok(Accepted::default()));
}

/// K8: the body of the DELETE arrives.
#[tokio::test]
async fn worker_is_removed_over_http() {
    let server = MockServer::start().await;
    Mock::given(method("DELETE"))
        .and(path("/k8s/cluster/byId/c/delete/slave"))
        .and(body_json(serde_json::json!({"identifier": "2a7e"})))
        .respond_with(yes())
        .expect(1)
        .mount(&server)
        .await;
    let (cluster, node) = (ClusterId::new("c"), NodeUuid::new("2a7e"));
    assert_eq!(
        client(server.uri(), token()).remove_worker(&cluster, &node).await,
        Ok(())
    );
}

#[tokio::test]
async fn token_is_exchanged_over_http() {
    let server = MockServer::start().await;
    let auth = r#"{"accessToken":{"token":"fresh","expires":"2100-01-01T00:00:00Z"}}"#;
    let form = body_string("clientId=me&clientSecret=s3cr3t");
    Mock::given(path("/auth/from/api"))
        .and(form)
        .respond_with(ResponseTemplate::new(200).set_body_string(auth))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(header("authorization", "Bearer fresh"))
        .respond_with(yes())
        .expect(2)
        .mount(&server)
        .await;
    let secret = Credentials::Client {
        id: "me".to_owned(),
        secret: "s3cr3t".to_owned().into(),
    };
    let client = client(server.uri(), secret);
    assert!(add(&client).await.is_ok() && add(&client).await.is_ok());
}

/// I2: what really happens on a wire leads to the outcomes of the table.
#[tokio::test]
async fn outcomes_hold_over_http() {
    let page = || ResponseTemplate::new(200).set_body_raw("Sign in", "text/html");
    for (answer, outcome, cause) in [
        (page(), "unknown", "html"),
        (
            ResponseTemplate::new(502).set_body_raw("<html>", "text/html"),
            "unknown",
            "html",
        ),
        (yes().set_delay(Duration::from_secs(5)), "unknown", "timed_out"),
        (
            yes().set_body_bytes(vec![b' '; 1001]),
            "unknown",
            "body_too_large",
        ),
        (ResponseTemplate::new(401), "not_sent", "unauthorized"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(answer)
            .expect(1)
            .mount(&server)
            .await;
        let error = add(&client(server.uri(), token())).await.expect_err(cause);
        assert_eq!((error.label(), error.cause().label()), (outcome, cause));
    }
}

#[tokio::test]
async fn nobody_listening_means_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = add(&client(format!("http://{address}"), token()))
        .await
        .expect_err("nobody listens");
    assert_eq!((error.label(), error.cause().label()), ("not_sent", "not_sent"));
}
