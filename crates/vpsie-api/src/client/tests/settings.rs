//! Settings that cannot work are refused before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use super::script::{Script, ok, settings, token, with_token};
use crate::{Client, Credentials, Settings, SettingsError, TransportSettings, VpsieApi};

#[track_caller]
fn refused(settings: Settings, credentials: Credentials) -> SettingsError {
    Client::new(settings, credentials, Script::new([])).expect_err("the settings were taken")
}

#[test]
fn base_url_must_be_plain_and_absolute() {
    for (url, part) in [
        ("", "cannot be read"),
        ("api.vpsie.com/apps/v2", "cannot be read"),
        ("ftp://api.vpsie.com", "neither https nor http"),
        ("https://me:secret@api.vpsie.com", "user name or a password"),
        ("https://api.vpsie.com/?a=b", "query"),
    ] {
        let text = refused(
            Settings {
                base_url: url.to_owned(),
                ..settings()
            },
            token(),
        )
        .to_string();
        assert!(
            text.contains(part) && text.contains("https://api.vpsie.com/apps/v2"),
            "{url}: {text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn empty_credentials_are_refused() {
    let client = |id: &str, secret: &str| Credentials::Client {
        id: id.to_owned(),
        secret: secret.to_owned().into(),
    };
    for (credentials, part) in [
        (Credentials::Token(" \n".to_owned().into()), "token"),
        (client("", "s"), "client id"),
        (client("i", " "), "client secret"),
    ] {
        assert_eq!(
            refused(settings(), credentials),
            SettingsError::EmptyCredential { part }
        );
    }
}

#[test]
fn unprintable_headers_are_refused() {
    let agent = Settings {
        user_agent: "a\nb".to_owned(),
        ..settings()
    };
    assert_eq!(refused(agent, token()), SettingsError::UserAgent);
    let broken = Credentials::Token("top\nsecret".to_owned().into());
    let error = refused(settings(), broken);
    assert_eq!(error, SettingsError::TokenNotPrintable);
    assert!(!format!("{error} {error:?}").contains("top"));
}

/// Mounted Secrets end in line breaks.
#[tokio::test]
async fn credentials_are_trimmed() {
    let script = Script::new([ok(r#"{"error":false,"data":[]}"#)]);
    let padded = Credentials::Token(" t0ken\n".to_owned().into());
    let client = Client::new(settings(), padded, Arc::clone(&script) as _).unwrap();
    client.clusters().await.unwrap();
    assert!(script.seen()[0].contains("vpsie-auth: t0ken\n"));
}

/// The simulator and other installations live elsewhere; a closing slash changes nothing.
#[tokio::test]
async fn base_url_may_end_in_a_slash() {
    for base in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
        let script = Script::new([ok(r#"{"error":false,"data":[]}"#)]);
        let elsewhere = Settings {
            base_url: base.to_owned(),
            ..settings()
        };
        let client = Client::new(elsewhere, token(), Arc::clone(&script) as _).unwrap();
        client.clusters().await.unwrap();
        assert!(script.seen()[0].starts_with("GET http://127.0.0.1:8080/k8s/cluster/all\n"));
    }
    assert!(format!("{:?}", with_token(&Script::new([]))).contains("api.vpsie.com"));
}

/// What VPSie allows is unknown; an older client has got along with these.
#[test]
fn defaults_are_those_of_the_older_client() {
    let (settings, transport) = (Settings::default(), TransportSettings::default());
    assert_eq!(settings.base_url, "https://api.vpsie.com/apps/v2");
    assert_eq!(settings.calls_per_minute, 100);
    assert_eq!(
        (settings.breaker.failures, settings.breaker.open_for),
        (5, Duration::from_secs(30))
    );
    assert_eq!(transport.timeout, Duration::from_secs(30));
    assert_eq!(transport.body_limit, 10 * 1024 * 1024);
    assert!(!transport.allow_plain_http_to_loopback);
}
