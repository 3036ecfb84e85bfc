//! Errors of the API: one shape for all of them, that of RFC 9457.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of RFC 9457.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not answered as asked, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": "…"}))]
pub(crate) struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong and what to do, in a sentence.
    detail: String,
    /// Seconds after which to come again.
    #[serde(skip)]
    retry_after: Option<u64>,
}

// === impl Problem ===

impl Problem {
    /// Says what is wrong.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Says after how many seconds to come again.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Says that another replica leads, or that this one has not seen everything yet.
    pub(super) fn standing_by() -> Self {
        let detail = "this replica knows no states of nodes: it has just begun, or another one leads; ask again, or ask \
                      that one";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5)
    }

    /// Says that nobody has planned for the pods that wait.
    pub(super) fn unplanned() -> Self {
        let detail = "this replica has no plan for pods: it has just begun, or another one leads; ask again, or ask that one";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5)
    }

    /// Says that an answer could not be written.
    pub(super) fn unwritable(error: &serde_json::Error) -> Self {
        tracing::error!(%error, "an answer of the API cannot be written");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer cannot be written; see the log",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Answers for a path that is not there.
pub(super) async fn unknown_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "there is nothing at this path; /api/openapi.json lists what there is",
    )
}

/// Answers for a method that a path does not have.
pub(super) async fn unknown_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this path is there, but not for this method; /api/openapi.json lists what there is",
    )
}
