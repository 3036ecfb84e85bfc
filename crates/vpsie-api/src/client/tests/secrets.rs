//! Nothing that can be printed shows a token, a secret or an initial password.

use super::script::{Answer, Script, answer, client_secret, ok, settings, token, with_secret, with_token};
use crate::{ClusterId, GroupNumber, RequestId, Settings, VpsieApi};

const SECRETS: [&str; 4] = ["t0ken", "s3cr3t", "acc3ss", "hunter2"];

#[track_caller]
fn check(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

/// Answers that repeat everything they were told, and a password of their own.
fn leaks(all: &str) -> Vec<Answer> {
    let echo = format!("Bearer acc3ss Vpsie-Auth: t0ken {all} initial_password=hunter2");
    let object = format!(r#""message":"{echo}","data":{{"initial_password":"hunter2","x":"{all}"}}"#);
    vec![
        ok(&format!("{{\"error\":true,{object}}}")),
        answer(400, &format!("{{\"error\":true,{object}}}")),
        answer(403, &format!("{{\"error\":true,{object}}}")),
        answer(404, &format!("{{\"error\":true,{object}}}")),
        answer(429, &format!("{{\"error\":true,{object}}}")),
        answer(500, &format!("{{\"error\":true,{object}}}")),
        ok(&format!(r#"{{"error":"{echo}"}}"#)),
        ok(&format!(r#"{{"error":{{"message":"{echo}"}}}}"#)),
        ok(&format!(r#"{{"error":false,"data":"{echo}"}}"#)),
        ok(&format!(r#"{{"error":false,"data":["{echo}"]}}"#)),
        ok(&format!(
            r#"{{"error":false,"data":{{"initial_password":"hunter2","x":"{all}""#
        )),
        ok(&format!("<html>{echo}</html>")),
        answer(502, &format!("<pre>{}{echo}</pre>", "x".repeat(190))),
        answer(500, &echo),
        answer(418, &echo),
    ]
}

#[test]
fn settings_and_credentials_print_no_secret() {
    for credentials in [token(), client_secret()] {
        check(&format!("{credentials:?} {credentials:#?}"));
    }
    check(&format!("{:?} {:#?}", settings(), settings()));
    let careless = Settings {
        base_url: "https://me:hunter2@api.vpsie.com".to_owned(),
        ..settings()
    };
    check(&format!("{careless:?}"));
    let script = Script::new([]);
    check(&format!("{:?} {:#?}", with_token(&script), with_secret(&script)));
}

#[tokio::test]
async fn errors_print_no_secret() {
    let auth = || ok(r#"{"accessToken":{"token":"acc3ss","expires":"2026-01-24T11:00:00Z"}}"#);
    let request = RequestId::new("slot-1").unwrap();
    for leak in leaks("s3cr3t acc3ss") {
        let script = Script::new([auth(), leak.clone(), leak]);
        let client = with_secret(&script);
        let error = client.clusters().await.expect_err("a leak is an error");
        check(&format!("{error} {error:?} {error:#?} {client:?}"));
        let added = client
            .add_worker(&ClusterId::new("c"), GroupNumber::new(1), &request)
            .await;
        let error = added.expect_err("a leak is an error");
        check(&format!("{error} {error:?} {error:#?}"));
    }
    for leak in leaks("t0ken") {
        let error = with_token(&Script::new([leak]))
            .clusters()
            .await
            .expect_err("a leak is an error");
        check(&format!("{error} {error:?} {error:#?}"));
    }
    for leak in leaks("s3cr3t") {
        let script = Script::new([leak.clone(), leak]);
        let error = with_secret(&script)
            .clusters()
            .await
            .expect_err("a leak is an error");
        check(&format!("{error} {error:?} {error:#?}"));
    }
}

#[test]
fn credentials_are_marked_sensitive_for_whoever_prints_requests() {
    let header = super::super::session::Session::new(token(), &settings());
    let super::super::session::Session::Fixed(key) = header.expect("the token is fine") else {
        panic!("a token is a fixed key")
    };
    check(&format!("{:?}", key.header()));
}
