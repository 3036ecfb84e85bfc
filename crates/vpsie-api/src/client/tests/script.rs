//! A transport in memory: answers from a script, and remembers what it was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::{Client, Credentials, Settings, Transport, TransportError};

pub(super) type Answer = Result<http::Response<Bytes>, TransportError>;

/// Plays answers in order. Every exchange takes a few turns of the scheduler, so that
/// callers who should wait for one another have the chance not to.
pub(super) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    seen: Mutex<Vec<String>>,
    delay: Duration,
}

impl Script {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Self::slow(Duration::ZERO, answers)
    }

    /// Takes this long for every exchange.
    pub(super) fn slow(delay: Duration, answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self {
            answers,
            seen: Mutex::default(),
            delay,
        })
    }

    /// Returns the requests as text: first line, headers in order of name, body.
    pub(super) fn seen(&self) -> Vec<String> {
        assert!(
            self.answers.lock().unwrap().is_empty(),
            "the script was not played to its end"
        );
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: http::Request<Bytes>) -> Answer {
        self.seen.lock().unwrap().push(print(&request));
        let answer = self.answers.lock().unwrap().pop_front();
        if self.delay.is_zero() {
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
        } else {
            tokio::time::sleep(self.delay).await;
        }
        answer.unwrap_or_else(|| panic!("no answer left for {}", print(&request)))
    }
}

fn print(request: &http::Request<Bytes>) -> String {
    let headers = request.headers().iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let body = std::str::from_utf8(request.body()).unwrap();
    format!(
        "{} {}\n{}\n{body}",
        request.method(),
        request.uri(),
        headers.concat()
    )
}

pub(super) fn answer(status: u16, body: &str) -> Answer {
    Ok(http::Response::builder()
        .status(status)
        .body(Bytes::from(body.to_owned()))
        .unwrap())
}

pub(super) fn ok(body: &str) -> Answer {
    answer(200, body)
}

/// The moment at which the tests take place.
pub(super) fn now() -> DateTime<Utc> {
    "2026-01-24T10:00:00Z".parse().unwrap()
}

pub(super) fn settings() -> Settings {
    let now = Arc::new(now);
    Settings {
        user_agent: "tests/1".to_owned(),
        retry: crate::Retry::never(),
        now,
        ..Settings::default()
    }
}

pub(super) fn token() -> Credentials {
    Credentials::Token("t0ken".to_owned().into())
}

pub(super) fn client_secret() -> Credentials {
    Credentials::Client {
        id: "me".to_owned(),
        secret: "s3cr3t".to_owned().into(),
    }
}

/// Builds a client with a token, over a script.
pub(super) fn with_token(script: &Arc<Script>) -> Client {
    let transport: Arc<dyn Transport> = Arc::clone(script) as _;
    Client::new(settings(), token(), transport).unwrap()
}

/// Builds a client with a client id and secret, over a script.
pub(super) fn with_secret(script: &Arc<Script>) -> Client {
    let transport: Arc<dyn Transport> = Arc::clone(script) as _;
    Client::new(settings(), client_secret(), transport).unwrap()
}
