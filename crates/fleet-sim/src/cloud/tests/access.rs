//! Credentials: the personal token, the exchange, and everything that is refused.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::cloud::testing::{SmallCloud, answered};
use crate::cloud::{AuthEncoding, AuthReply, CLIENT_ID, CLIENT_SECRET, TOKEN};

const LIST: &str = "/apps/v2/k8s/cluster/all";

fn list_with(world: &SmallCloud, header: Option<(&str, &str)>) -> (u16, Value) {
    let mut request = Request::builder().uri(LIST);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    answered(world.cloud.handle(&request.body(Bytes::new()).unwrap()))
}

fn exchange(world: &SmallCloud, content_type: &str, body: String) -> (u16, Value) {
    let request = Request::post("/apps/v2/auth/from/api").header("content-type", content_type);
    answered(world.cloud.handle(&request.body(Bytes::from(body)).unwrap()))
}

fn json_credentials() -> String {
    json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}).to_string()
}

fn form_credentials() -> String {
    format!("clientId={CLIENT_ID}&clientSecret={CLIENT_SECRET}")
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(start_paused = true)]
async fn only_the_right_token_in_the_right_header_is_let_in() {
    let world = SmallCloud::new();
    let bearer = format!("Bearer {TOKEN}");
    let cases = [
        (Some(("vpsie-auth", TOKEN)), 200),
        (Some(("vpsie-auth", "wrong")), 401),
        (Some(("authorization", bearer.as_str())), 401),
        (None, 401),
    ];
    for (header, expected) in cases {
        assert_eq!(list_with(&world, header).0, expected, "{header:?}");
    }
    assert_eq!(
        list_with(&world, None).1,
        json!({"error": true, "message": "Please authenticate"})
    );
}

#[tokio::test(start_paused = true)]
async fn add_with_wrong_credentials_buys_nothing_and_is_written_down() {
    let world = SmallCloud::new();
    world.cloud.accept_only_token("rotated");
    assert_eq!(world.ask("POST", &world.add_path(world.group), "").0, 401);
    let ledger = world.cloud.ledger();
    assert_eq!((ledger.len(), ledger[0].machine.as_deref()), (1, None));
    assert_eq!(list_with(&world, Some(("vpsie-auth", "rotated"))).0, 200);
}

#[tokio::test(start_paused = true)]
async fn exchanged_token_works_as_bearer_until_it_expires() {
    let world = SmallCloud::new();
    let (status, reply) = exchange(&world, "application/json", json_credentials());
    assert_eq!((status, &reply["error"]), (200, &json!(false)));
    let access = &reply["token"]["access"];
    assert_eq!(access["expires"], json!("2026-01-24T09:00:00.000Z"));
    let bearer = format!("Bearer {}", access["token"].as_str().unwrap());
    let header = Some(("authorization", bearer.as_str()));
    assert_eq!(list_with(&world, header).0, 200);
    world.cloud.clock().sleep(Duration::from_secs(3600)).await;
    assert_eq!(list_with(&world, header).0, 401);
}

#[tokio::test(start_paused = true)]
async fn exchange_understands_what_it_is_told_to() {
    let world = SmallCloud::new();
    let cases = [
        (AuthEncoding::Both, 200, 200),
        (AuthEncoding::Json, 200, 400),
        (AuthEncoding::Form, 400, 200),
    ];
    for (encoding, json_status, form_status) in cases {
        world
            .cloud
            .behaviour(|behaviour| behaviour.auth_encoding = encoding);
        assert_eq!(
            exchange(&world, "application/json", json_credentials()).0,
            json_status,
            "{encoding:?}"
        );
        assert_eq!(
            exchange(&world, FORM, form_credentials()).0,
            form_status,
            "{encoding:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn exchange_nests_its_reply_as_it_is_told_to() {
    let world = SmallCloud::new();
    world
        .cloud
        .behaviour(|behaviour| behaviour.auth_reply = AuthReply::Flat);
    let (_, reply) = exchange(&world, FORM, form_credentials());
    assert!(reply["accessToken"]["token"].is_string(), "{reply}");
    assert!(reply["refreshToken"]["token"].is_string(), "{reply}");
}

#[tokio::test(start_paused = true)]
async fn wrong_secret_is_not_exchanged() {
    let world = SmallCloud::new();
    let body = json!({"clientId": CLIENT_ID, "clientSecret": "wrong"}).to_string();
    assert_eq!(exchange(&world, "application/json", body).0, 401);
}

#[tokio::test(start_paused = true)]
async fn rotation_ends_exchanged_tokens_too() {
    let world = SmallCloud::new();
    let (_, reply) = exchange(&world, "application/json", json_credentials());
    let bearer = format!("Bearer {}", reply["token"]["access"]["token"].as_str().unwrap());
    world.cloud.accept_only_token("rotated");
    assert_eq!(list_with(&world, Some(("authorization", &bearer))).0, 401);
}
