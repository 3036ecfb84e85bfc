//! Tokens: exchanged once, kept, renewed in time, and renewed when they are not accepted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::script::{Answer, Script, answer, client_secret, now, ok, settings, with_secret};
use crate::{Call, CallError, Client, ClusterId, EffectError, GroupNumber, RequestId, Settings, VpsieApi};

/// The expiry is an hour after [`now`].
fn token(name: &str) -> Answer {
    ok(&format!(
        r#"{{"accessToken":{{"token":"{name}","expires":"2026-01-24T11:00:00Z"}}}}"#
    ))
}

fn none() -> Answer {
    ok(r#"{"error":false,"data":[]}"#)
}

fn unauthorized() -> Answer {
    answer(401, r#"{"error":true,"message":"Please authenticate"}"#)
}

/// Shortens requests to what matters here.
fn story(script: &Script) -> Vec<String> {
    let word = |request: &String| {
        let name = request
            .lines()
            .find_map(|line| line.strip_prefix("authorization: Bearer "));
        name.map_or_else(|| "exchange".to_owned(), |name| format!("call with {name}"))
    };
    script.seen().iter().map(word).collect()
}

fn at(script: &Arc<Script>, clock: &Arc<Mutex<DateTime<Utc>>>) -> Client {
    let clock = Arc::clone(clock);
    let now = Arc::new(move || *clock.lock().unwrap());
    Client::new(
        Settings { now, ..settings() },
        client_secret(),
        Arc::clone(script) as _,
    )
    .unwrap()
}

/// E1, E2: both shapes of the answer.
#[tokio::test]
async fn both_shapes_of_the_token_are_read() {
    let first = r#"{"accessToken":{"token":"one","expires":"2026-01-24T11:00:00Z"},
        "refreshToken":{"token":"REDACTED","expires":"2026-01-31T10:00:00Z"}}"#;
    let second = r#"{"error":false,"token":{"access":{"token":"two","expires":"2026-01-24T11:00:00Z"},
        "refresh":{"token":"REDACTED","expires":"2026-01-31T10:00:00Z"}}}"#;
    for (body, story_line) in [(first, "call with one"), (second, "call with two")] {
        let script = Script::new([ok(body), none()]);
        with_secret(&script).clusters().await.unwrap();
        assert_eq!(story(&script), ["exchange", story_line]);
    }
}

#[tokio::test]
async fn token_is_kept_until_five_minutes_before_its_end() {
    let script = Script::new([token("old"), none(), none(), token("new"), none()]);
    let clock = Arc::new(Mutex::new(now()));
    let client = at(&script, &clock);
    client.clusters().await.unwrap();
    *clock.lock().unwrap() = now() + TimeDelta::minutes(55) - TimeDelta::seconds(1);
    client.clusters().await.unwrap();
    *clock.lock().unwrap() = now() + TimeDelta::minutes(55);
    client.clusters().await.unwrap();
    assert_eq!(
        story(&script),
        [
            "exchange",
            "call with old",
            "call with old",
            "exchange",
            "call with new"
        ]
    );
}

#[tokio::test]
async fn token_without_a_readable_end_lives_an_hour() {
    for body in [
        r#"{"accessToken":{"token":"old"}}"#,
        r#"{"accessToken":{"token":"old","expires":null}}"#,
        r#"{"accessToken":{"token":"old","expires":"soon"}}"#,
    ] {
        let script = Script::new([ok(body), none(), none(), token("new"), none()]);
        let clock = Arc::new(Mutex::new(now()));
        let client = at(&script, &clock);
        client.clusters().await.unwrap();
        *clock.lock().unwrap() = now() + TimeDelta::minutes(54);
        client.clusters().await.unwrap();
        *clock.lock().unwrap() = now() + TimeDelta::minutes(56);
        client.clusters().await.unwrap();
        let expected = [
            "exchange",
            "call with old",
            "call with old",
            "exchange",
            "call with new",
        ];
        assert_eq!(story(&script), expected, "{body}");
    }
}

/// A token that is over when it arrives (clocks differ) is used all the same, and no loop begins.
#[tokio::test]
async fn token_that_arrives_too_old_is_used_once() {
    let old = ok(r#"{"accessToken":{"token":"old","expires":"2026-01-24T09:00:00Z"}}"#);
    let script = Script::new([old, none()]);
    with_secret(&script).clusters().await.unwrap();
    assert_eq!(story(&script), ["exchange", "call with old"]);
}

/// 401 renews once and repeats once.
#[tokio::test]
async fn rejected_token_is_renewed_and_the_request_repeated_once() {
    let script = Script::new([token("old"), unauthorized(), token("new"), none(), none()]);
    let client = with_secret(&script);
    client.clusters().await.unwrap();
    client.clusters().await.unwrap();
    let expected = [
        "exchange",
        "call with old",
        "exchange",
        "call with new",
        "call with new",
    ];
    assert_eq!(story(&script), expected);
}

/// 401 twice: no third attempt, and nothing was made.
#[tokio::test]
async fn second_rejection_ends_the_call() {
    let script = Script::new([token("old"), unauthorized(), token("new"), unauthorized()]);
    let request = RequestId::new("slot-1").unwrap();
    let call = with_secret(&script);
    let error = call
        .add_worker(&ClusterId::new("c"), GroupNumber::new(1), &request)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        EffectError::NotSent(CallError::Unauthorized {
            call: Call::AddWorker,
            request_id: None
        })
    );
    assert_eq!(
        story(&script),
        ["exchange", "call with old", "exchange", "call with new"]
    );
}

#[tokio::test]
async fn repeated_request_is_judged_by_its_own_answer() {
    let page = answer(502, "<html>502 Bad Gateway</html>");
    let script = Script::new([token("old"), unauthorized(), token("new"), page]);
    let request = RequestId::new("slot-1").unwrap();
    let call = with_secret(&script);
    let error = call
        .add_worker(&ClusterId::new("c"), GroupNumber::new(1), &request)
        .await
        .unwrap_err();
    assert_eq!(error.label(), "unknown");
    assert_eq!(script.seen().len(), 4);
}

/// The first attempt was not taken up, and no second was made.
#[tokio::test]
async fn failed_renewal_leaves_the_request_unsent() {
    let broken = Err(crate::TransportError::TimedOut);
    let script = Script::new([token("old"), unauthorized(), broken]);
    let request = RequestId::new("slot-1").unwrap();
    let call = with_secret(&script);
    let error = call
        .add_worker(&ClusterId::new("c"), GroupNumber::new(1), &request)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        EffectError::NotSent(CallError::TimedOut {
            call: Call::Authenticate
        })
    );
    assert_eq!(story(&script), ["exchange", "call with old", "exchange"]);
}

/// I1: a request that changes something leaves soon after its intent, or not at all.
#[tokio::test(start_paused = true)]
async fn change_that_waits_too_long_for_its_token_is_not_sent() {
    let request = RequestId::new("slot-1").unwrap();
    let (cluster, group) = (ClusterId::new("c"), GroupNumber::new(1));
    let accepted = || ok(r#"{"error":false,"data":true}"#);

    let script = Script::slow(Duration::from_millis(1999), [token("new"), accepted()]);
    let added = with_secret(&script).add_worker(&cluster, group, &request).await;
    assert!(added.is_ok(), "{added:?}");

    // The token is kept, so the next attempt is in time.
    let script = Script::slow(Duration::from_millis(2001), [token("new"), accepted()]);
    let client = with_secret(&script);
    let error = client.add_worker(&cluster, group, &request).await.unwrap_err();
    assert_eq!((error.label(), error.cause().label()), ("not_sent", "not_sent"));
    client.add_worker(&cluster, group, &request).await.unwrap();
    assert_eq!(story(&script), ["exchange", "call with new"]);

    // The repetition after a 401 is bound as well.
    let script = Script::slow(
        Duration::from_millis(800),
        [token("old"), unauthorized(), token("new")],
    );
    let error = with_secret(&script)
        .add_worker(&cluster, group, &request)
        .await
        .unwrap_err();
    assert_eq!(error.label(), "not_sent");
    assert_eq!(story(&script), ["exchange", "call with old", "exchange"]);
}

/// Reading late does no harm.
#[tokio::test(start_paused = true)]
async fn reads_wait_for_their_token() {
    let script = Script::slow(Duration::from_secs(20), [token("new"), none()]);
    assert_eq!(with_secret(&script).clusters().await, Ok(vec![]));
}

/// A personal token cannot be renewed, so nothing is repeated.
#[tokio::test]
async fn rejected_personal_token_is_not_repeated() {
    let script = Script::new([unauthorized()]);
    let error = super::script::with_token(&script).clusters().await.unwrap_err();
    assert_eq!(
        error,
        CallError::Unauthorized {
            call: Call::ListClusters,
            request_id: None
        }
    );
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test]
async fn callers_share_one_exchange() {
    let script = Script::new([token("new"), none(), none(), none()]);
    let client = with_secret(&script);
    let (a, b, c) = tokio::join!(client.clusters(), client.clusters(), client.clusters());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(story(&script)[..2], ["exchange", "call with new"]);
}

#[tokio::test]
async fn callers_share_one_renewal() {
    let warm_up = [token("old"), none()];
    let rejected = [unauthorized(), unauthorized(), unauthorized()];
    let renewed = [token("new"), none(), none(), none()];
    let script = Script::new(warm_up.into_iter().chain(rejected).chain(renewed));
    let client = with_secret(&script);
    client.clusters().await.unwrap();
    let (a, b, c) = tokio::join!(client.clusters(), client.clusters(), client.clusters());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let exchanges = story(&script).iter().filter(|word| *word == "exchange").count();
    assert_eq!(exchanges, 2, "{:?}", story(&script));
}

/// Says of each first answer whether the form is tried, and which error is told in the end.
#[tokio::test]
async fn form_is_tried_only_where_it_could_help() {
    let wrong = || answer(401, r#"{"error":true,"message":"Please authenticate"}"#);
    let odd = || answer(415, r#"{"error":true,"message":"unsupported"}"#);
    for (first, second, told) in [
        (wrong(), Some(wrong()), "unauthorized"),
        (odd(), Some(wrong()), "unauthorized"),
        (wrong(), Some(odd()), "unauthorized"),
        (odd(), Some(answer(500, "")), "refused"),
        (
            ok(r#"{"error":true,"message":"clientId is required"}"#),
            Some(wrong()),
            "unauthorized",
        ),
        (ok("garbage"), Some(ok("{}")), "undecodable"),
        (ok("<html>"), Some(ok("{}")), "html"),
        (ok(r#"{"accessToken":{}}"#), Some(answer(204, "")), "undecodable"),
        (answer(429, ""), None, "rate_limited"),
        (answer(502, "<html>"), None, "html"),
        (answer(500, ""), None, "server"),
        (Err(crate::TransportError::TimedOut), None, "timed_out"),
        (
            Err(crate::TransportError::NotSent("x".to_owned())),
            None,
            "not_sent",
        ),
    ] {
        let row = format!("{first:?} then {second:?}");
        let attempts = 1 + usize::from(second.is_some());
        let script = Script::new([Some(first), second].into_iter().flatten());
        let error = with_secret(&script).clusters().await.unwrap_err();
        assert_eq!((error.label(), error.call()), (told, Call::Authenticate), "{row}");
        assert_eq!(script.seen().len(), attempts, "{row}");
    }
}
