//! What a client tells of itself.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::sleep;

use super::script::{Script, answer, ok, settings, token, with_secret, with_token};
use crate::{BreakerState, Call, Client, ClientState, Retry, Settings, TransportError, VpsieApi};

const LIST: &str = r#"{"error":false,"data":[]}"#;

/// Deliver 3: a metric can show that VPSie is left alone, and for how long yet.
#[tokio::test(start_paused = true)]
async fn breaker_can_be_watched() {
    let failures = (0..6).map(|_| answer(503, ""));
    let script = Script::new(failures.chain([ok(LIST)]));
    let client = with_token(&script);
    let open = |seconds| BreakerState::Open {
        retry_after: Duration::from_secs(seconds),
    };
    assert_eq!(client.state().breaker, BreakerState::Closed { failures: 0 });
    for failures in 1..5 {
        let _failed = client.clusters().await;
        assert_eq!(client.state().breaker, BreakerState::Closed { failures });
    }
    let _failed = client.clusters().await;
    assert_eq!(client.state().breaker, open(30));
    sleep(Duration::from_secs(20)).await;
    assert_eq!(client.state().breaker, open(10));
    sleep(Duration::from_secs(20)).await;
    assert_eq!(client.state().breaker, open(0));
    let _failed_again = client.clusters().await;
    assert_eq!(client.state().breaker, open(30));
    sleep(Duration::from_secs(30)).await;
    let _answered = client.clusters().await;
    assert_eq!(client.state().breaker, BreakerState::Closed { failures: 0 });
}

/// While one request tries whether VPSie is back, that is what can be seen.
#[tokio::test(start_paused = true)]
async fn trial_of_the_breaker_can_be_watched() {
    let failures = (0..5).map(|_| answer(503, ""));
    let script = Script::slow(Duration::from_secs(4), failures.chain([ok(LIST)]));
    let client = Arc::new(with_token(&script));
    for _ in 0..5 {
        let _failed = client.clusters().await;
    }
    sleep(Duration::from_secs(31)).await;
    let trying = Arc::clone(&client);
    let trial = tokio::spawn(async move { trying.clusters().await });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(client.state().breaker, BreakerState::Probing);
    assert_eq!(trial.await.unwrap(), Ok(vec![]));
}

/// Each attempt counts, the exchange of a token among them, and what was never sent as well.
#[tokio::test(start_paused = true)]
async fn attempts_are_counted_by_call_and_outcome() {
    let script = Script::new([answer(429, ""), answer(502, "<html>"), ok(LIST)]);
    let repeating = Settings {
        retry: Retry::default(),
        ..settings()
    };
    let client = Client::new(repeating, token(), Arc::clone(&script) as _).unwrap();
    let _limited = client.clusters().await;
    let _answered = client.clusters().await;
    let clusters = Call::ListClusters;
    let expected = [
        ((clusters, ClientState::ANSWERED), 1),
        ((clusters, "html"), 1),
        ((clusters, "rate_limited"), 1),
    ];
    assert_eq!(client.state().attempts, expected.into());

    let client = with_secret(&Script::new([answer(403, r#"{"error":true}"#), answer(500, "")]));
    let _refused = client.clusters().await;
    let expected = [
        ((Call::Authenticate, "forbidden"), 1),
        ((Call::Authenticate, "server"), 1),
    ];
    assert_eq!(client.state().attempts, expected.into());
}

/// Labels of metrics must not change by accident.
#[test]
fn every_state_of_the_breaker_has_a_label() {
    let open = BreakerState::Open {
        retry_after: Duration::ZERO,
    };
    let states = [BreakerState::Closed { failures: 2 }, open, BreakerState::Probing];
    assert_eq!(states.map(BreakerState::label), ["closed", "open", "probing"]);
}

/// What VPSie's clock shows is told by the newest answer that has a date, an error as well; silence changes nothing.
#[tokio::test(start_paused = true)]
async fn clock_of_vpsie_is_that_of_the_newest_answer() {
    let dated = |status, date: &'static str| {
        let answer = answer(status, LIST);
        answer.map(|mut answer| {
            answer
                .headers_mut()
                .insert("date", HeaderValue::from_static(date));
            answer
        })
    };
    let lost = Err(TransportError::ConnectionLost("reset".to_owned()));
    let script = Script::new([
        ok(LIST),
        dated(200, "Sat, 24 Jan 2026 10:00:00 GMT"),
        dated(503, "Sat, 24 Jan 2026 11:30:00 GMT"),
        ok(LIST),
        lost,
    ]);
    let client = with_token(&script);
    let mut told = Vec::new();
    for _ in 0..5 {
        drop(client.clusters().await);
        let shown = client.server_time().map(|told| told.now().start().time());
        told.push(shown.map(|time| time.to_string()));
    }
    let told: Vec<&str> = told.iter().map(|time| time.as_deref().unwrap_or("-")).collect();
    assert_eq!(told, ["-", "10:00:00", "11:30:00", "11:30:00", "11:30:00"]);
}
