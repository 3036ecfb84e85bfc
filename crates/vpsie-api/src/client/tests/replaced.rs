//! Other credentials without a restart.

use std::sync::Arc;
use std::time::Duration;

use super::script::{Answer, Script, answer, client_secret, ok, settings, token, with_secret, with_token};
use crate::{AuthHeader, Client, Credentials, Settings, SettingsError, VpsieApi};

fn none() -> Answer {
    ok(r#"{"error":false,"data":[]}"#)
}

fn exchanged(name: &str) -> Answer {
    ok(&format!(
        r#"{{"accessToken":{{"token":"{name}","expires":"2026-01-24T11:00:00Z"}}}}"#
    ))
}

fn other_token() -> Credentials {
    Credentials::Token("0ther".to_owned().into())
}

/// Shortens requests to how they prove who asks.
fn story(script: &Script) -> Vec<String> {
    let proof = |request: &String| {
        let is_proof = |line: &&str| line.starts_with("vpsie-auth") || line.starts_with("authorization");
        request.lines().find(is_proof).unwrap_or("exchange").to_owned()
    };
    script.seen().iter().map(proof).collect()
}

#[tokio::test]
async fn next_request_uses_the_new_credentials() {
    let script = Script::new([none(), none(), exchanged("fresh"), none()]);
    let client = with_token(&script);
    client.clusters().await.unwrap();
    assert_eq!(client.replace_credentials(other_token()), Ok(true));
    client.clusters().await.unwrap();
    assert_eq!(client.replace_credentials(client_secret()), Ok(true));
    client.clusters().await.unwrap();
    let expected = [
        "vpsie-auth: t0ken",
        "vpsie-auth: 0ther",
        "exchange",
        "authorization: Bearer fresh",
    ];
    assert_eq!(story(&script), expected);
}

/// The Secret is read every minute; that must not cost an exchange every minute.
#[tokio::test]
async fn same_credentials_keep_their_token() {
    let script = Script::new([exchanged("fresh"), none(), none()]);
    let client = with_secret(&script);
    client.clusters().await.unwrap();
    assert_eq!(client.replace_credentials(client_secret()), Ok(false));
    client.clusters().await.unwrap();
    assert_eq!(
        story(&script),
        [
            "exchange",
            "authorization: Bearer fresh",
            "authorization: Bearer fresh"
        ]
    );
    let (id, secret) = ("me".to_owned(), "0ther".to_owned().into());
    assert_eq!(
        client.replace_credentials(Credentials::Client { id, secret }),
        Ok(true)
    );
}

#[tokio::test]
async fn credentials_that_cannot_work_leave_the_old_ones() {
    let script = Script::new([none()]);
    let client = with_token(&script);
    let empty = Credentials::Token(" \n".to_owned().into());
    assert_eq!(
        client.replace_credentials(empty),
        Err(SettingsError::EmptyCredential { part: "token" })
    );
    client.clusters().await.unwrap();
    assert_eq!(story(&script), ["vpsie-auth: t0ken"]);
}

/// The old token ends while a request is under way, and the new one is there.
#[tokio::test(start_paused = true)]
async fn request_refused_meanwhile_is_sent_once_more() {
    for (second, expected) in [(none(), Ok(vec![])), (answer(401, ""), Err("unauthorized"))] {
        let script = Script::slow(Duration::from_secs(1), [answer(401, ""), second]);
        let client = with_token(&script);
        let replaced = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            client.replace_credentials(other_token())
        };
        let (result, replaced) = tokio::join!(client.clusters(), replaced);
        assert_eq!(replaced, Ok(true));
        assert_eq!(result.map_err(|error| error.label()), expected);
        assert_eq!(story(&script), ["vpsie-auth: t0ken", "vpsie-auth: 0ther"]);
    }
}

/// Disagreement 3: programs for VPSie send the same token in different headers.
#[tokio::test]
async fn header_is_chosen_per_kind_of_credentials() {
    let swapped = || Settings {
        token_header: AuthHeader::Bearer,
        client_header: AuthHeader::VpsieAuth,
        ..settings()
    };
    let script = Script::new([none()]);
    let client = Client::new(swapped(), token(), Arc::clone(&script) as _).unwrap();
    client.clusters().await.unwrap();
    assert_eq!(story(&script), ["authorization: Bearer t0ken"]);
    let script = Script::new([exchanged("fresh"), none()]);
    let client = Client::new(swapped(), client_secret(), Arc::clone(&script) as _).unwrap();
    client.clusters().await.unwrap();
    assert_eq!(story(&script), ["exchange", "vpsie-auth: fresh"]);
}
