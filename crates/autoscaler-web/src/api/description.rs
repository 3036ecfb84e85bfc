//! The description of the API in OpenAPI 3.1, made from the handlers and the types of their answers.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State as Shared;
use super::page::Page;
use super::problem::Problem;
use super::{audit, groups, instances, nodes, pending, stream};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "VPSie node autoscaler",
        description = "What the autoscaler knows, decides and refuses. Every answer comes from memory. Answers with an \
                       `ETag` are 304 for whoever sends it back as `If-None-Match`. Moments are told instead of ages.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "fleet", description = "Nodes and NodeGroups"),
        (name = "audit", description = "What was done, tried and refused"),
        (name = "instances", description = "Live endpoints of Services"),
        (name = "meta", description = "This description"),
    ),
    components(schemas(
        stream::SnapshotTold<'static>,
        stream::ChangesTold<'static>,
        stream::AuditMissed,
        pending::PendingChanged,
        instances::DiscoveryShown<'static>,
        audit::EntryShape,
    )),
    modifiers(&Tokens),
    security(("token" = []), ()),
)]
struct Document;

/// Tells how a token is sent, where one is asked for.
struct Tokens;

/// The header by which a client says what it has already.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it only describes a header, which the answer itself reads"
)]
pub(super) struct IfNoneMatch {
    /// The `ETag` of the answer that the client has.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// What any request may be answered with instead.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "it only describes answers, which a test compares with it"
)]
pub(super) enum Refusals {
    /// A parameter makes no sense.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Problem),
    /// A token is missing or not known.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The bearer may not do this, the page is of another origin, or the API only reads.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// Without tokens only names of this machine are answered.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Problem),
    /// It is asked too often.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
}

/// What a replica answers that does not lead.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "it only describes an answer, which a test compares with it"
)]
pub(super) enum Standby {
    /// This replica stands by, or nobody can be asked about the token.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// The description as it is sent, made once.
static WRITTEN: LazyLock<(String, Result<Page, Problem>)> = LazyLock::new(|| {
    let (_, document) = described();
    let text = document.to_pretty_json();
    let text = text.expect("the description has texts, numbers and no map with other keys");
    (text, Page::of(&document))
});

/// Describes the API as OpenAPI 3.1, in JSON.
#[must_use]
pub fn description() -> &'static str {
    &WRITTEN.0
}

/// Joins all handlers, each at the path of its own description.
pub(super) fn described() -> (Router<Arc<Shared>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(nodes::nodes))
        .routes(routes!(groups::groups))
        .routes(routes!(pending::pending))
        .routes(routes!(stream::stream))
        .routes(routes!(audit::audit))
        .routes(routes!(audit::stats))
        .routes(routes!(audit::decisions))
        .routes(routes!(instances::live))
        .routes(routes!(instances::instances))
        .routes(routes!(instances::discovery_info))
        .routes(routes!(instances::refresh))
        .routes(routes!(openapi))
        .split_for_parts()
}

/// Shows this description.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "openapi",
    tag = "meta",
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The description", body = Object, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed since the answer with this tag"),
        Refusals,
    )
)]
async fn openapi(headers: HeaderMap) -> Response {
    match &WRITTEN.1 {
        Ok(page) => page.reply(&headers),
        Err(problem) => problem.clone().into_response(),
    }
}

// === impl Tokens ===

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some(format!(
            "A token of Kubernetes in the header `{}`, where the API is reached from other machines",
            header::AUTHORIZATION
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}
