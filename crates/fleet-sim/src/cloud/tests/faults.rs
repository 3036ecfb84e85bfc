//! Faults on the wire, seen through the in-process transport.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use vpsie_api::TransportError;

use crate::cloud::testing::{SmallCloud, request};
use crate::cloud::{CallKind, Delay, Fault, FaultEffect, PostingReply};

async fn send(world: &SmallCloud, method: &str, path: &str) -> Result<Response<Bytes>, TransportError> {
    world.cloud.transport().send(request(method, path, "")).await
}

async fn add(world: &SmallCloud) -> Result<Response<Bytes>, TransportError> {
    send(world, "POST", &world.add_path(world.group)).await
}

fn plant_on_add(world: &SmallCloud, effect: FaultEffect) {
    world.cloud.fault(Fault::on(CallKind::AddWorker, effect));
}

/// I2: what looks the same to the caller is not the same in the world.
#[tokio::test(start_paused = true)]
async fn faults_of_an_add_buy_or_do_not_buy() {
    let cases = [
        (FaultEffect::LoseReplyAfterEffect, true, PostingReply::Lost),
        (FaultEffect::TimeOutBeforeEffect, false, PostingReply::Lost),
        (FaultEffect::Html502, false, PostingReply::Unclear(502)),
        (FaultEffect::Html502AfterEffect, true, PostingReply::Unclear(502)),
        (
            FaultEffect::Status(503, "oops".to_owned()),
            false,
            PostingReply::Unclear(503),
        ),
        (
            FaultEffect::Unauthorized,
            false,
            PostingReply::Refused {
                status: 401,
                message: "Please authenticate".to_owned(),
            },
        ),
    ];
    for (effect, buys, reply) in cases {
        let world = SmallCloud::new();
        plant_on_add(&world, effect.clone());
        let _ = add(&world).await;
        let posting = world.cloud.ledger().pop().unwrap();
        assert_eq!(
            (posting.machine.is_some(), posting.reply),
            (buys, reply),
            "{effect:?}"
        );
        assert!(
            add(&world).await.unwrap().status().is_success(),
            "{effect:?} happens once"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn lost_reply_is_a_lost_connection() {
    let world = SmallCloud::new();
    plant_on_add(&world, FaultEffect::LoseReplyAfterEffect);
    assert!(matches!(
        add(&world).await,
        Err(TransportError::ConnectionLost(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn time_out_takes_as_long_as_the_caller_waits() {
    let world = SmallCloud::new();
    world
        .cloud
        .behaviour(|behaviour| behaviour.latency = Delay::none());
    plant_on_add(&world, FaultEffect::TimeOutBeforeEffect);
    let before = world.cloud.clock().now();
    assert!(matches!(add(&world).await, Err(TransportError::TimedOut)));
    assert_eq!(world.cloud.clock().now() - before, chrono::Duration::seconds(30));
}

#[tokio::test(start_paused = true)]
async fn rate_limit_says_how_long_to_wait() {
    let world = SmallCloud::new();
    let retry_after = Some(Duration::from_secs(7));
    plant_on_add(&world, FaultEffect::RateLimited { retry_after });
    let reply = add(&world).await.unwrap();
    assert_eq!(reply.status(), 429);
    assert_eq!(reply.headers()["retry-after"], "7");
}

#[tokio::test(start_paused = true)]
async fn gateway_answers_with_html() {
    let world = SmallCloud::new();
    plant_on_add(&world, FaultEffect::Html502);
    let reply = add(&world).await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["content-type"]),
        (502, &"text/html".parse().unwrap())
    );
    assert!(reply.body().starts_with(b"<html>"));
}

#[tokio::test(start_paused = true)]
async fn stale_list_is_the_answer_from_before() {
    let world = SmallCloud::new();
    let before = world.listed();
    world.buy("uid-1");
    world.settle().await;
    world
        .cloud
        .fault(Fault::on(CallKind::Cluster, FaultEffect::StaleList));
    assert_eq!(world.listed(), before);
    assert_eq!(world.listed().len(), before.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn truncated_list_contradicts_its_own_count() {
    let world = SmallCloud::new();
    world.buy("uid-1");
    world.settle().await;
    world
        .cloud
        .fault(Fault::on(CallKind::Cluster, FaultEffect::TruncatedList).nth(2));
    let counts = |detail: Value| (detail["count"].clone(), detail["nodes"].as_array().unwrap().len());
    assert_eq!(counts(world.detail()), (json!(2), 2));
    assert_eq!(counts(world.detail()), (json!(2), 1));
    assert_eq!(counts(world.detail()), (json!(2), 2));
}

#[tokio::test(start_paused = true)]
async fn transport_takes_virtual_time() {
    let world = SmallCloud::new();
    let latency = Delay::exactly(Duration::from_millis(80));
    world.cloud.behaviour(|behaviour| behaviour.latency = latency);
    let before = world.cloud.clock().now();
    send(&world, "GET", "/apps/v2/k8s/cluster/all").await.unwrap();
    assert_eq!(
        world.cloud.clock().now() - before,
        chrono::Duration::milliseconds(80)
    );
}
