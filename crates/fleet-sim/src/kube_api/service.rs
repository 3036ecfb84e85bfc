//! The way in: HTTP requests of a `kube::Client`, answered in process.

use std::future::Future;
use std::pin::Pin;
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
use super::path::{Query, ResourcePath};
use super::record::Verb;
use super::status_error::ApiError;
use super::watch::Watch;
use crate::clock::http_date;

type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// The connection of one client.
pub(super) struct InProcess {
    api: KubeApi,
}

/// A request with its body read.
pub(super) struct Asked {
    method: Method,
    pub(super) path: String,
    pub(super) query: Query,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What a request is answered with.
pub(super) enum Answer {
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
            respond(api.answer(&asked), api.shared.clock.now())
        })
    }
}

fn respond(answer: Answer, now: DateTime<Utc>) -> Result<Response<ResponseBody>, BoxError> {
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
        .header(header::DATE, http_date(now))
        .body(body)?)
}

// === impl Asked ===

impl Asked {
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    pub(super) fn wants_metadata_only(&self) -> bool {
        self.header(header::ACCEPT).contains("as=PartialObjectMetadata")
    }

    pub(super) fn verb(&self, path: &ResourcePath) -> Result<Verb, ApiError> {
        let named = path.name.is_some();
        match (self.method.as_str(), named) {
            ("POST", _) if path.is_eviction() => Ok(Verb::Create),
            _ if path.is_eviction() => Err(ApiError::method_not_allowed()),
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

    /// The name a create gives in its body, so that faults can wait for it.
    pub(super) fn name_in_body(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body["metadata"]["name"].as_str()?.to_owned())
    }
}

// === impl Answer ===

impl Answer {
    pub(super) fn from_result(result: Result<Value, ApiError>) -> Answer {
        match result {
            Ok(value) => Answer::Json(200, value),
            Err(error) => Answer::refused(&error),
        }
    }

    pub(super) fn refused(error: &ApiError) -> Answer {
        Answer::Json(error.code(), error.to_status())
    }

    pub(super) fn unknown() -> Answer {
        Answer::Text(404, "404 page not found\n")
    }
}
