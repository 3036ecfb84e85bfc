//! How often, whether at all, and how many times: the client under its limits.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::script::{Answer, Script, answer, ok, settings, token};
use crate::{
    Call, CallError, Client, ClusterId, CreateGroup, EffectError, GroupNumber, NodeUuid, RemoveWorker,
    RequestId, Retry, Settings, SizeNumber, TransportError, VpsieApi,
};

fn client(settings: Settings, script: &Arc<Script>) -> Arc<Client> {
    Arc::new(Client::new(settings, token(), Arc::clone(script) as _).unwrap())
}

fn repeating() -> Settings {
    Settings {
        retry: Retry::default(),
        ..settings()
    }
}

fn none() -> Answer {
    ok(r#"{"error":false,"data":[]}"#)
}

fn accepted() -> Answer {
    ok(r#"{"error":false,"data":true}"#)
}

fn lost() -> Answer {
    Err(TransportError::ConnectionLost("reset".to_owned()))
}

async fn add(client: &Client) -> Result<(), EffectError> {
    let request = RequestId::new("slot-1").unwrap();
    let (cluster, group) = (ClusterId::new("c"), GroupNumber::new(412));
    client.add_worker(&cluster, group, &request).await.map(|_| ())
}

async fn create(client: &Client) -> Result<(), EffectError> {
    let group = CreateGroup {
        cluster: ClusterId::new("c"),
        name: "g".to_owned(),
        size: SizeNumber::new(1),
    };
    client.create_group(&group).await
}

async fn remove(client: &Client) -> Result<(), EffectError> {
    client
        .remove_worker(&ClusterId::new("c"), &NodeUuid::new("n"))
        .await
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated() {
    let script = Script::new([lost(), answer(503, ""), none()]);
    assert_eq!(client(repeating(), &script).clusters().await, Ok(vec![]));
    assert_eq!(script.seen().len(), 3);
}

/// I2: whatever goes wrong, a change leaves once.
#[tokio::test(start_paused = true)]
async fn changes_are_never_repeated() {
    for failure in [
        lost(),
        Err(TransportError::TimedOut),
        Err(TransportError::NotSent("refused".to_owned())),
        answer(429, ""),
        answer(503, ""),
        answer(408, r#"{"error":true}"#),
        answer(502, "<html>"),
    ] {
        // The script would panic at a second request.
        let one = || Script::new([failure.clone()]);
        assert!(add(&client(repeating(), &one())).await.is_err());
        assert!(create(&client(repeating(), &one())).await.is_err());
        assert!(remove(&client(repeating(), &one())).await.is_err());
    }
}

/// An identifier that cannot be sent will not be better in a second.
#[tokio::test(start_paused = true)]
async fn unsendable_read_fails_at_once() {
    let start = Instant::now();
    let client = client(repeating(), &Script::new([]));
    let error = client.cluster(&ClusterId::new("..")).await.unwrap_err();
    assert_eq!((error.label(), start.elapsed()), ("not_sent", Duration::ZERO));
}

/// I2: the local limiter counts as not sent.
#[tokio::test(start_paused = true)]
async fn change_that_our_limit_holds_back_is_not_sent() {
    let fewest = Settings {
        calls_per_minute: 6,
        ..settings()
    };
    let script = Script::new([accepted(), accepted()]);
    let client = client(fewest, &script);
    assert_eq!((add(&client).await, add(&client).await), (Ok(()), Ok(())));
    let start = Instant::now();
    let error = add(&client).await.unwrap_err();
    let retry_after = Duration::from_secs(60);
    let call = Call::AddWorker;
    assert_eq!(
        error,
        EffectError::NotSent(CallError::HeldBack { call, retry_after })
    );
    assert!(start.elapsed() <= settings().start_within);
    assert_eq!(script.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn read_that_our_limit_holds_back_too_long_says_so() {
    let impatient = Settings {
        calls_per_minute: 6,
        wait_at_most: Duration::from_secs(1),
        ..settings()
    };
    let client = client(impatient, &Script::new([none()]));
    assert_eq!(client.clusters().await, Ok(vec![]));
    assert_eq!(client.clusters().await.unwrap_err().label(), "held_back");
}

/// Deliver 3: a delete is never starved by polls.
#[tokio::test(start_paused = true)]
async fn removal_is_sent_while_a_thousand_reads_wait() {
    let script = Script::new((0..1000).map(|_| accepted()));
    let client = client(settings(), &script);
    let mut reads = JoinSet::new();
    for _ in 0..1000 {
        let client = Arc::clone(&client);
        reads.spawn(async move { client.clusters().await });
    }
    sleep(Duration::from_secs(30)).await;
    assert!(!reads.is_empty());
    let start = Instant::now();
    assert_eq!(remove(&client).await, Ok(()));
    assert_eq!(start.elapsed(), Duration::ZERO);
    reads.shutdown().await;
}

/// Deliver 3: transport errors, 5xx and 429 count; what VPSie answers in health does not.
#[tokio::test(start_paused = true)]
async fn breaker_counts_what_says_that_vpsie_is_ill() {
    let refused = || answer(400, r#"{"error":true,"message":"no"}"#);
    for (cause, opens) in [
        (lost(), true),
        (Err(TransportError::TimedOut), true),
        (Err(TransportError::NotSent("no route".to_owned())), true),
        (answer(500, ""), true),
        (answer(502, "<html>"), true),
        (answer(429, ""), true),
        (Err(TransportError::BodyTooLarge), false),
        (refused(), false),
        (answer(401, ""), false),
        (answer(404, ""), false),
        (ok("garbage"), false),
        (none(), false),
    ] {
        let script = Script::new([
            cause.clone(),
            cause.clone(),
            cause.clone(),
            cause.clone(),
            cause.clone(),
            none(),
        ]);
        let client = client(settings(), &script);
        for _ in 0..5 {
            let _failed_or_not = client.clusters().await;
        }
        let sixth = client.clusters().await;
        let is_open = matches!(sixth, Err(CallError::BreakerOpen { .. }));
        assert_eq!(is_open, opens, "{cause:?}: {sixth:?}");
    }
}

/// Whoever would be refused in the end does not wait for it.
#[tokio::test(start_paused = true)]
async fn open_breaker_is_said_before_the_wait() {
    let fewest = Settings {
        calls_per_minute: 6,
        ..settings()
    };
    let script = Script::new((0..5).map(|_| lost()));
    let client = client(fewest, &script);
    for _ in 0..5 {
        assert_eq!(remove(&client).await.unwrap_err().label(), "unknown");
        sleep(Duration::from_secs(20)).await;
    }
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(client.clusters().await.unwrap_err().label(), "breaker_open");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// I2: the breaker counts as not sent; one request tries later, and then all may.
#[tokio::test(start_paused = true)]
async fn open_breaker_sends_nothing_until_it_tries() {
    let failures = (0..6).map(|_| answer(503, ""));
    let script = Script::new(failures.chain([accepted(), accepted()]));
    let client = client(settings(), &script);
    for _ in 0..5 {
        assert_eq!(client.clusters().await.unwrap_err().label(), "server");
    }
    let open = |call, seconds| CallError::BreakerOpen {
        call,
        retry_after: Duration::from_secs(seconds),
    };
    sleep(Duration::from_secs(10)).await;
    assert_eq!(client.clusters().await, Err(open(Call::ListClusters, 20)));
    assert_eq!(
        add(&client).await,
        Err(EffectError::NotSent(open(Call::AddWorker, 20)))
    );
    assert_eq!(
        remove(&client).await,
        Err(EffectError::NotSent(open(Call::RemoveWorker, 20)))
    );
    sleep(Duration::from_secs(20)).await;
    assert_eq!(client.clusters().await.unwrap_err().label(), "server");
    assert_eq!(
        add(&client).await,
        Err(EffectError::NotSent(open(Call::AddWorker, 30)))
    );
    sleep(Duration::from_secs(30)).await;
    assert_eq!((add(&client).await, remove(&client).await), (Ok(()), Ok(())));
    assert_eq!(script.seen().len(), 8);
}
