//! One request in, one answer or none out: access, faults, and the record of the call.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::Cloud;
use super::call::{Call, CallKind, Route};
use super::fault::FaultEffect;
use super::records::PostingReply;
use super::world::World;
use crate::clock::http_date;

/// Tells what a caller experiences.
#[derive(Debug)]
pub enum Handled {
    /// An answer arrives.
    Reply(Response<Bytes>),
    /// The connection is cut without an answer.
    ConnectionLost,
    /// Nothing arrives until the caller gives up.
    TimedOut,
}

/// The body that gateways answer with.
const HTML: &str = "<html>502 Bad Gateway</html>";

// === impl Cloud ===

impl Cloud {
    /// Answers one request as the API would, at the present time of the simulated world.
    ///
    /// An answer is dated by VPSie's clock, which is that of the world and [how far it is wrong].
    ///
    /// [how far it is wrong]: super::Behaviour::clock_skew
    pub fn handle(&self, request: &Request<Bytes>) -> Handled {
        let now = self.clock.now();
        let mut world = self.world();
        let route = Route::of(
            request.method(),
            request.uri().path(),
            &world.behaviour.prefix_aliases,
        );
        let kind = route.kind();
        let mut handled = world.experience(&route, request, now);
        if let Handled::Reply(reply) = &mut handled {
            let date = http_date(now + world.behaviour.clock_skew);
            reply.headers_mut().insert(header::DATE, date);
        }
        let status = match &handled {
            Handled::Reply(reply) => Some(reply.status().as_u16()),
            Handled::ConnectionLost | Handled::TimedOut => None,
        };
        world.remember(Call {
            at: now,
            kind,
            path: request.uri().path().to_owned(),
            status,
        });
        handled
    }
}

// === impl World ===

impl World {
    fn experience(&mut self, route: &Route, request: &Request<Bytes>, now: DateTime<Utc>) -> Handled {
        let struck = self.faults.strike(route.kind());
        if let Some(handled) = struck.wire.as_ref().and_then(before_effect) {
            self.note_posting_without_effect(route, request, now, &handled);
            return handled;
        }
        let permitted = route.kind() == CallKind::Authenticate || self.access.permits(request.headers(), now);
        if !permitted {
            let handled = Handled::Reply(unauthorized());
            self.note_posting_without_effect(route, request, now, &handled);
            return handled;
        }
        let reply = self.answer(route, request, struck.machine, now);
        let handled = self.after_effect(struck.wire, place_of(request), reply);
        if route.kind() == CallKind::AddWorker {
            self.amend_posting(&handled);
        }
        handled
    }

    /// Spoils an answer whose effect has happened.
    fn after_effect(&mut self, fault: Option<FaultEffect>, path: &str, reply: Response<Bytes>) -> Handled {
        let whole = reply.body().clone();
        let handled = match fault {
            Some(FaultEffect::LoseReplyAfterEffect) => Handled::ConnectionLost,
            Some(FaultEffect::Html502AfterEffect) => Handled::Reply(html()),
            Some(FaultEffect::StaleList) => {
                let old = self.answers.get(path).cloned().unwrap_or_else(|| whole.clone());
                Handled::Reply(reply.map(|_| old))
            }
            Some(FaultEffect::TruncatedList) => Handled::Reply(reply.map(|body| truncated(&body))),
            Some(
                FaultEffect::TimeOutBeforeEffect
                | FaultEffect::Html502
                | FaultEffect::Status(..)
                | FaultEffect::Unauthorized
                | FaultEffect::RateLimited { .. }
                | FaultEffect::NeverBoots
                | FaultEffect::NeverJoins,
            )
            | None => Handled::Reply(reply),
        };
        self.keep_answer(path, whole);
        handled
    }

    fn note_posting_without_effect(
        &mut self,
        route: &Route,
        request: &Request<Bytes>,
        now: DateTime<Utc>,
        handled: &Handled,
    ) {
        if let Route::AddWorker { cluster, group } = route {
            self.post(cluster, group, request, now);
            self.amend_posting(handled);
        }
    }

    /// Writes into the ledger what the caller of the last posting really got.
    fn amend_posting(&mut self, handled: &Handled) {
        let posting = self.postings.last_mut().expect("an add has written its posting");
        posting.reply = match handled {
            Handled::ConnectionLost | Handled::TimedOut => PostingReply::Lost,
            Handled::Reply(reply) => posting_reply(reply),
        };
    }
}

// === helpers ===

/// Tells lists apart by their path and what they were asked for.
fn place_of(request: &Request<Bytes>) -> &str {
    let uri = request.uri();
    uri.path_and_query().map_or(uri.path(), |place| place.as_str())
}

/// Answers in the cloud's place when a fault keeps the request from it.
fn before_effect(fault: &FaultEffect) -> Option<Handled> {
    match fault {
        FaultEffect::TimeOutBeforeEffect => Some(Handled::TimedOut),
        FaultEffect::Html502 => Some(Handled::Reply(html())),
        FaultEffect::Status(status, body) => Some(Handled::Reply(with_status(*status, body.clone()))),
        FaultEffect::Unauthorized => Some(Handled::Reply(unauthorized())),
        FaultEffect::RateLimited { retry_after } => {
            let mut reply = with_status(
                429,
                json!({"error": true, "message": "Too many requests"}).to_string(),
            );
            if let Some(wait) = retry_after {
                reply
                    .headers_mut()
                    .insert(header::RETRY_AFTER, wait.as_secs().into());
            }
            Some(Handled::Reply(reply))
        }
        FaultEffect::LoseReplyAfterEffect
        | FaultEffect::Html502AfterEffect
        | FaultEffect::StaleList
        | FaultEffect::TruncatedList
        | FaultEffect::NeverBoots
        | FaultEffect::NeverJoins => None,
    }
}

fn posting_reply(reply: &Response<Bytes>) -> PostingReply {
    let status = reply.status().as_u16();
    let Ok(body) = serde_json::from_slice::<Value>(reply.body()) else {
        return PostingReply::Unclear(status);
    };
    if body["error"] == json!(false) {
        return PostingReply::Accepted;
    }
    let message = body["message"].as_str().unwrap_or_default().to_owned();
    PostingReply::Refused { status, message }
}

pub(super) fn with_status(status: u16, body: String) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = Response::new(Bytes::from(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    reply
}

fn html() -> Response<Bytes> {
    let mut reply = with_status(502, HTML.to_owned());
    reply.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/html"),
    );
    reply
}

pub(super) fn unauthorized() -> Response<Bytes> {
    with_status(
        401,
        json!({"error": true, "message": "Please authenticate"}).to_string(),
    )
}

/// Cuts the second half off a list, and leaves every count as it was.
fn truncated(body: &Bytes) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    let data = &mut value["data"];
    let list = if data.is_array() {
        Some(data)
    } else if data.get("nodes").is_some() {
        data.get_mut("nodes")
    } else {
        data.get_mut("rows")
    };
    if let Some(items) = list.and_then(Value::as_array_mut) {
        items.truncate(items.len() / 2);
    }
    Bytes::from(value.to_string())
}
