//! The way in: HTTP requests of a `kube::Client`, answered in process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use serde_json::Value;
use tower::{BoxError, Service};

use super::KubeApi;
use super::builtin::Kind;
use super::fault::{self, Call, KubeFaultEffect};
use super::path::{self, Query, ResourcePath, Target};
use super::record::{Verb, WriteRecord};
use super::status_error::ApiError;
use super::store::State;
use super::watch::{self, Watch};
use super::write::{self, WriteRequest, Written};
use super::{discovery, read};

type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// The connection of one client.
pub(super) struct InProcess {
    api: KubeApi,
}

/// A request with its body read.
struct Asked {
    method: Method,
    path: String,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
}

/// What a request is answered with.
enum Answer {
    Json(u16, Value),
    Text(u16, &'static str),
    Stream(Box<Watch>),
    Lost,
}

// === impl InProcess ===

impl InProcess {
    pub(super) fn new(api: KubeApi) -> InProcess {
        InProcess { api }
    }
}

impl Service<Request<kube::client::Body>> for InProcess {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<kube::client::Body>) -> Self::Future {
        let api = self.api.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let asked = Asked {
                method: parts.method,
                path: parts.uri.path().to_owned(),
                query: Query::parse(parts.uri.query().unwrap_or("")),
                headers: parts.headers,
                body,
            };
            respond(api.answer(&asked))
        })
    }
}

fn respond(answer: Answer) -> Result<Response<ResponseBody>, BoxError> {
    let (code, kind, body) = match answer {
        Answer::Json(code, value) => (
            code,
            "application/json",
            Full::from(value.to_string()).map_err(Into::into).boxed_unsync(),
        ),
        Answer::Text(code, text) => (
            code,
            "text/plain; charset=utf-8",
            Full::from(text).map_err(Into::into).boxed_unsync(),
        ),
        Answer::Stream(watch) => {
            let frames = watch.into_frames().map(|frame| frame.map_err(BoxError::from));
            (200, "application/json", StreamBody::new(frames).boxed_unsync())
        }
        Answer::Lost => {
            let broken = std::io::Error::new(
                std::io::ErrorKind::ConnectionReset,
                "connection reset before the answer",
            );
            return Err(broken.into());
        }
    };
    Ok(Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, kind)
        .body(body)?)
}

// === impl Asked ===

impl Asked {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    fn wants_metadata_only(&self) -> bool {
        self.header(header::ACCEPT).contains("as=PartialObjectMetadata")
    }

    fn verb(&self, path: &ResourcePath) -> Result<Verb, ApiError> {
        let named = path.name.is_some();
        match (self.method.as_str(), named) {
            ("GET", _) if self.query.is_true("watch") => Ok(Verb::Watch),
            ("GET", true) => Ok(Verb::Get),
            ("GET", false) => Ok(Verb::List),
            ("POST", false) => Ok(Verb::Create),
            ("PUT", true) => Ok(Verb::Update),
            ("PATCH", true) => Ok(Verb::Patch),
            ("DELETE", true) => Ok(Verb::Delete),
            ("DELETE", false) => Ok(Verb::DeleteCollection),
            _ => Err(ApiError::method_not_allowed()),
        }
    }
}

// === impl Answer ===

impl Answer {
    fn from_result(result: Result<Value, ApiError>) -> Answer {
        match result {
            Ok(value) => Answer::Json(200, value),
            Err(error) => Answer::refused(&error),
        }
    }

    fn refused(error: &ApiError) -> Answer {
        Answer::Json(error.code(), error.to_status())
    }

    fn unknown() -> Answer {
        Answer::Text(404, "404 page not found\n")
    }
}

impl KubeApi {
    fn answer(&self, asked: &Asked) -> Answer {
        let Some(target) = path::parse(&asked.path) else {
            return Answer::unknown();
        };
        let path = match target {
            Target::Health => return Answer::Text(200, "ok"),
            Target::Resource(path) => path,
            Target::Version
            | Target::CoreVersions
            | Target::Groups
            | Target::Group(_)
            | Target::Resources { .. } => {
                let state = self.lock();
                let found = discovery::describe(&state, &target, asked.header(header::ACCEPT));
                return found.map_or_else(Answer::unknown, Answer::from_result);
            }
        };
        let mut state = self.lock();
        let Some(kind) = state.kind(&path.group, &path.version, &path.resource) else {
            return Answer::unknown();
        };
        if !is_served(&kind, &path) {
            return Answer::unknown();
        }
        let verb = match asked.verb(&path) {
            Ok(verb) => verb,
            Err(error) => return Answer::refused(&error),
        };
        let now = self.shared.clock.now();
        let answer = self.suffer_or_serve(&mut state, asked, &kind, &path, verb, now);
        drop(state);
        if verb.is_write() {
            self.wake_watches();
        }
        answer
    }

    /// Looks for a fault ordered for this call, and serves the call as far as the fault lets it.
    fn suffer_or_serve(
        &self,
        state: &mut State,
        asked: &Asked,
        kind: &Arc<Kind>,
        path: &ResourcePath,
        verb: Verb,
        now: DateTime<Utc>,
    ) -> Answer {
        let name = path
            .name
            .clone()
            .or_else(|| asked.name_in_body())
            .unwrap_or_default();
        let call = Call {
            verb,
            resource: &path.resource,
            name: &name,
            subresource: &path.subresource,
        };
        let struck = fault::strike(&mut state.faults, call);
        let refusal = match struck {
            None | Some(KubeFaultEffect::CutWatches | KubeFaultEffect::LoseReply) => None,
            Some(KubeFaultEffect::Conflict) => Some(ApiError::modified_meanwhile(kind.subject(&name))),
            Some(KubeFaultEffect::Status(code)) => Some(ApiError::ordered(code)),
            Some(KubeFaultEffect::Gone410) => Some(ApiError::expired(0, state.version)),
        };
        let answer = match verb {
            Verb::Get | Verb::List => self.read(state, asked, kind, path, verb, refusal),
            Verb::Watch => {
                let in_stream = struck == Some(KubeFaultEffect::Gone410);
                self.watch(state, asked, kind, path, refusal, in_stream)
            }
            Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {
                let request = WriteRequest {
                    verb,
                    kind,
                    path,
                    query: &asked.query,
                    content_type: asked.header(header::CONTENT_TYPE),
                    body: &asked.body,
                    now,
                };
                let outcome = refusal.map_or_else(|| write::perform(state, &request), Err);
                record(state, &request, &name, &outcome);
                written_answer(outcome, asked.wants_metadata_only())
            }
        };
        match struck {
            Some(KubeFaultEffect::CutWatches) => {
                state.cut_watches(Some(&kind.key));
                self.wake_watches();
                answer
            }
            Some(KubeFaultEffect::LoseReply) => Answer::Lost,
            None
            | Some(KubeFaultEffect::Conflict | KubeFaultEffect::Status(_) | KubeFaultEffect::Gone410) => {
                answer
            }
        }
    }

    fn read(
        &self,
        state: &mut State,
        asked: &Asked,
        kind: &Kind,
        path: &ResourcePath,
        verb: Verb,
        refusal: Option<ApiError>,
    ) -> Answer {
        if let Some(error) = refusal {
            return Answer::refused(&error);
        }
        let metadata_only = asked.wants_metadata_only();
        Answer::from_result(if verb == Verb::List {
            let list = read::list(state, kind, path, &asked.query);
            list.map(|list| {
                if metadata_only {
                    read::metadata_only_list(&list)
                } else {
                    list
                }
            })
        } else {
            let object = read::get(state, kind, path);
            object.map(|object| {
                if metadata_only {
                    read::metadata_only(&object)
                } else {
                    object
                }
            })
        })
    }

    fn watch(
        &self,
        state: &mut State,
        asked: &Asked,
        kind: &Arc<Kind>,
        path: &ResourcePath,
        refusal: Option<ApiError>,
        in_stream: bool,
    ) -> Answer {
        let opened = watch::open(self, state, kind, path, &asked.query, asked.wants_metadata_only());
        match (opened, refusal) {
            (Ok(watch), None) => Answer::Stream(Box::new(watch)),
            (Ok(watch), Some(error)) if in_stream => Answer::Stream(Box::new(watch.fail(&error))),
            (Ok(_), Some(error)) | (Err(error), _) => Answer::refused(&error),
        }
    }
}

impl Asked {
    /// The name a create gives in its body, so that faults can wait for it.
    fn name_in_body(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body["metadata"]["name"].as_str()?.to_owned())
    }
}

/// Whether the path fits the kind: its scope, and a subresource it has.
fn is_served(kind: &Kind, path: &ResourcePath) -> bool {
    let scope_fits = match (&path.namespace, &path.name) {
        (Some(_), _) => kind.namespaced,
        (None, Some(_)) => !kind.namespaced,
        (None, None) => true,
    };
    let subresource_fits = match path.subresource.as_str() {
        "" => true,
        "status" => kind.status,
        "finalize" => kind.is("", "namespaces"),
        _ => false,
    };
    scope_fits && subresource_fits
}

fn written_answer(outcome: Result<Written, ApiError>, metadata_only: bool) -> Answer {
    match outcome {
        Ok(written) if metadata_only && written.answer["kind"] != "Status" => {
            Answer::Json(written.code, read::metadata_only(&written.answer))
        }
        Ok(written) => Answer::Json(written.code, written.answer),
        Err(error) => Answer::refused(&error),
    }
}

fn record(state: &mut State, request: &WriteRequest<'_>, name: &str, outcome: &Result<Written, ApiError>) {
    let path = request.path;
    let (code, changed) = outcome
        .as_ref()
        .map_or_else(|error| (error.code(), false), |it| (it.code, it.changed));
    let made = outcome
        .as_ref()
        .ok()
        .filter(|_| name.is_empty() && request.verb == Verb::Create);
    let made_name = made.and_then(|written| written.answer["metadata"]["name"].as_str());
    state.writes.push(WriteRecord {
        verb: request.verb,
        group: path.group.clone(),
        resource: path.resource.clone(),
        namespace: path.namespace.clone().unwrap_or_default(),
        name: made_name.unwrap_or(name).to_owned(),
        subresource: path.subresource.clone(),
        at: request.now,
        code,
        changed,
    });
}
