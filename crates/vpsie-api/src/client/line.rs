//! Where requests go and over what, without a thought of who is asking.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::time::Instant;

use super::breaker::{Breaker, Health};
use super::counts::Counts;
use super::lanes::Lanes;
use crate::family::Bases;
use crate::request::Request;
use crate::{Call, CallError, ClientState, ServerTime, Settings, SettingsError, Transport, TransportError};

/// Joins the base URL and the transport, and lets through only what may leave now.
pub(super) struct Line {
    base: Bases,
    user_agent: HeaderValue,
    wait_at_most: Duration,
    lanes: Lanes,
    breaker: Mutex<Breaker>,
    counts: Counts,
    heard: Mutex<Option<ServerTime>>,
    transport: Arc<dyn Transport>,
}

impl Line {
    /// Checks the settings.
    pub(super) fn new(settings: &Settings, transport: Arc<dyn Transport>) -> Result<Self, SettingsError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| SettingsError::UserAgent)?;
        Ok(Self {
            base: Bases::new(settings)?,
            user_agent,
            wait_at_most: settings.wait_at_most,
            lanes: Lanes::new(settings.calls_per_minute)?,
            breaker: Mutex::new(Breaker::new(settings.breaker.clone())),
            counts: Counts::default(),
            heard: Mutex::default(),
            transport,
        })
    }

    /// Checks that the request can be written down at all.
    pub(super) fn check(&self, request: &Request) -> Result<(), CallError> {
        request.to_http(&self.base, &self.user_agent, None).map(|_| ())
    }

    /// Sends a request once, when there is room; not later than `latest`.
    pub(super) async fn send(
        &self,
        request: &Request,
        authorization: Option<(HeaderName, HeaderValue)>,
        latest: Option<Instant>,
    ) -> Result<Response<Bytes>, CallError> {
        let call = request.call;
        let http = request.to_http(&self.base, &self.user_agent, authorization)?;
        let open = |retry_after| CallError::BreakerOpen { call, retry_after };
        // Asked twice: before the wait, not to wait in vain; after it, for what has happened since.
        self.breaker().closed_for(Instant::now()).map_err(open)?;
        let latest = latest.unwrap_or_else(|| Instant::now() + self.wait_at_most);
        let room = self.lanes.pass(call, latest).await;
        room.map_err(|retry_after| CallError::HeldBack { call, retry_after })?;
        let pass = self.breaker().admit(Instant::now()).map_err(open)?;
        let sent = Instant::now();
        let answer = self.transport.send(http).await;
        if let Some(told) = answer
            .as_ref()
            .ok()
            .and_then(|answer| ServerTime::read(answer.headers(), sent))
        {
            *self.heard() = Some(told);
        }
        self.breaker().report(&pass, health(&answer), Instant::now());
        answer.map_err(|error| call_error(call, error))
    }

    /// Waits until our own limit would let a call through now; takes nothing of it.
    pub(super) async fn await_room(&self, call: Call) {
        self.lanes.await_room(call).await;
    }

    /// Counts an attempt by what came of it.
    pub(super) fn count<T>(&self, call: Call, result: &Result<T, CallError>) {
        self.counts.count(call, result);
    }

    /// Shows how things stand.
    pub(super) fn state(&self) -> ClientState {
        ClientState {
            breaker: self.breaker().shown(Instant::now()),
            attempts: self.counts.now(),
        }
    }

    /// Returns what VPSie's clock showed last.
    pub(super) fn server_time(&self) -> Option<ServerTime> {
        *self.heard()
    }

    /// No assignment can stop half-way, so a panic elsewhere leaves it sound.
    fn heard(&self) -> MutexGuard<'_, Option<ServerTime>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No change of the breaker can stop half-way, so a panic elsewhere leaves it sound.
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Line")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// Tells what an exchange says about VPSie's health; an answer beyond the limit is an answer.
fn health(answer: &Result<Response<Bytes>, TransportError>) -> Health {
    match answer {
        Ok(response) => {
            let status = response.status();
            if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                Health::Ill
            } else {
                Health::Well
            }
        }
        Err(TransportError::BodyTooLarge) => Health::Well,
        Err(TransportError::NotSent(_) | TransportError::TimedOut | TransportError::ConnectionLost(_)) => {
            Health::Ill
        }
    }
}

fn call_error(call: Call, error: TransportError) -> CallError {
    match error {
        TransportError::NotSent(reason) => CallError::NotSent { call, reason },
        TransportError::TimedOut => CallError::TimedOut { call },
        TransportError::ConnectionLost(reason) => CallError::ConnectionLost { call, reason },
        TransportError::BodyTooLarge => CallError::BodyTooLarge { call },
    }
}
