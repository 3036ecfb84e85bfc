//! `/api/instances`: the live endpoints of Services, as the discovery of the operator knows them (EP-25, EP-26).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::State as Shared;
use super::discovered::{Discovered, DiscoveredService, InstanceStatus, Staleness};
use super::instance::InstanceShape;
use super::page::Page;
use super::problem::Problem;
use super::query::Asked;

/// Which instances are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InstancesAsked {
    /// Only those of this Service, as `namespace/name`.
    service: Option<String>,
}

/// All instances, and how far they can be trusted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveShown<'a> {
    /// The mode of discovery; `error` where nothing is known.
    discovery_mode: &'a str,
    /// The namespace of the Services, where they have one in common.
    namespace: Option<&'a str>,
    /// The Services.
    services: Vec<ServiceShown<'a>>,
    /// Their instances.
    #[schema(value_type = Vec<InstanceShape>)]
    instances: Vec<&'a RawValue>,
    /// How many of them are how well.
    summary: SummaryShown,
    /// When Kubernetes last told of one of the Services.
    last_update: Option<DateTime<Utc>>,
    /// Whether something may be out of date.
    stale: bool,
    /// What to know besides, in a sentence: why there is no Service at all, for example.
    note: Option<&'a str>,
}

/// Nothing is known of any Service.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveUnknown<'a> {
    /// Always `error`.
    discovery_mode: &'static str,
    /// Why, and what to do.
    error: &'a str,
    /// Always empty.
    #[schema(value_type = Vec<InstanceShape>, max_items = 0)]
    instances: [(); 0],
}

/// One Service.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceShown<'a> {
    /// Its namespace.
    namespace: &'a str,
    /// Its name.
    name: &'a str,
    /// The kind of object that its endpoints are read from.
    source: Option<&'a str>,
    /// Whether its instances are only a hint from the settings.
    hint: bool,
    /// When Kubernetes last told of it.
    last_update: Option<DateTime<Utc>>,
    /// Why it may be out of date.
    stale: Option<&'a Staleness>,
    /// The state of the breaker of API calls.
    breaker: &'a str,
    /// What is doubtful about its objects.
    warnings: &'a [String],
    /// The ids of its instances.
    instance_ids: Vec<&'a str>,
    /// How many of them are how well.
    summary: SummaryShown,
}

/// Counts instances: `total` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SummaryShown {
    total: usize,
    ready: usize,
    not_ready: usize,
    degraded: usize,
}

/// How discovery works now, without the instances.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiscoveryShown<'a> {
    /// The mode of discovery.
    discovery_mode: &'a str,
    /// Why nothing can be said yet.
    error: Option<&'a str>,
    /// The Services.
    services: Vec<ServiceShown<'a>>,
    /// How many instances are how well.
    summary: SummaryShown,
    /// When Kubernetes last told of one of the Services.
    last_update: Option<DateTime<Utc>>,
    /// Whether something may be out of date.
    stale: bool,
    /// What to know besides, in a sentence: why there is no Service at all, for example.
    note: Option<&'a str>,
}

/// The instances alone.
#[derive(Serialize, ToSchema)]
pub(crate) struct InstancesShown<'a> {
    /// The instances, by Service and id.
    #[schema(value_type = Vec<InstanceShape>)]
    instances: Vec<&'a RawValue>,
}

/// Shows the live instances with all that tells how far they can be trusted.
#[utoipa::path(
    get,
    path = "/api/instances/live",
    operation_id = "instances_live",
    tag = "instances",
    params(InstancesAsked, super::description::IfNoneMatch),
    responses(
        (status = 200, description = "The instances", body = LiveShown<'static>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed since the answer with this tag"),
        (status = 404, description = "No Service is discovered, or not this one",
            body = super::problem::Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing is known of any Service yet", body = LiveUnknown<'static>),
        super::description::Refusals,
    )
)]
pub(super) async fn live(
    State(shared): State<Arc<Shared>>,
    Asked(asked): Asked<InstancesAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let discovered = discovered(&shared)?;
    if let Some(error) = &discovered.unknown {
        return Ok((StatusCode::SERVICE_UNAVAILABLE, Json(LiveUnknown::saying(error))).into_response());
    }
    let page = match &asked.service {
        None => shared
            .live
            .page(discovered, |of| Page::of(&LiveShown::of(of, &of.all()))),
        Some(service) => {
            let found = discovered.of_service(service)?;
            Page::of(&LiveShown::of(&discovered, &found))
        }
    };
    Ok(page?.reply(&headers))
}

/// Lists the instances alone.
#[utoipa::path(
    get,
    path = "/api/instances",
    operation_id = "instances",
    tag = "instances",
    params(InstancesAsked, super::description::IfNoneMatch),
    responses(
        (status = 200, description = "The instances", body = InstancesShown<'static>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed since the answer with this tag"),
        (status = 404, description = "No Service is discovered, or not this one",
            body = super::problem::Problem, content_type = "application/problem+json"),
        super::description::Refusals,
    )
)]
pub(super) async fn instances(
    State(shared): State<Arc<Shared>>,
    Asked(asked): Asked<InstancesAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let discovered = discovered(&shared)?;
    let services = match &asked.service {
        None => discovered.all(),
        Some(service) => discovered.of_service(service)?,
    };
    let page = Page::of(&InstancesShown {
        instances: written(&services),
    });
    Ok(page?.reply(&headers))
}

/// Shows how discovery works now.
#[utoipa::path(
    get,
    path = "/api/instances/discovery-info",
    operation_id = "discovery_info",
    tag = "instances",
    params(super::description::IfNoneMatch),
    responses(
        (status = 200, description = "How it works", body = DiscoveryShown<'static>, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed since the answer with this tag"),
        (status = 404, description = "No Service is discovered",
            body = super::problem::Problem, content_type = "application/problem+json"),
        super::description::Refusals,
    )
)]
pub(super) async fn discovery_info(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let discovered = discovered(&shared)?;
    Ok(Page::of(&DiscoveryShown::of(&discovered))?.reply(&headers))
}

/// Has discovery read everything anew.
#[utoipa::path(
    post,
    path = "/api/instances/refresh",
    operation_id = "refresh_instances",
    tag = "instances",
    responses(
        (status = 202, description = "It is read anew; the stream and the tags tell when something changed"),
        (status = 404, description = "Nothing can be read anew here",
            body = super::problem::Problem, content_type = "application/problem+json"),
        super::description::Refusals,
    )
)]
pub(super) async fn refresh(State(shared): State<Arc<Shared>>) -> Result<StatusCode, Problem> {
    let refresh = shared.sources.refresh.as_ref().ok_or_else(nothing_to_refresh)?;
    shared.quotas.refresh()?;
    refresh();
    Ok(StatusCode::ACCEPTED)
}

fn discovered(shared: &Shared) -> Result<Arc<Discovered>, Problem> {
    let newest = shared.sources.discovered.borrow().clone();
    newest.ok_or_else(nothing_discovered)
}

fn nothing_discovered() -> Problem {
    let detail = "no Service is discovered here; docs/configuration.md says how to name some";
    Problem::new(StatusCode::NOT_FOUND, detail)
}

fn nothing_to_refresh() -> Problem {
    let detail = "nothing can be read anew here: no Service is watched, or its watches bring every change by themselves";
    Problem::new(StatusCode::NOT_FOUND, detail)
}

fn written<'a>(services: &[&'a DiscoveredService]) -> Vec<&'a RawValue> {
    let instances = services.iter().flat_map(|service| &service.instances);
    instances.map(|instance| &*instance.json).collect()
}

fn last_update(services: &[&DiscoveredService]) -> Option<DateTime<Utc>> {
    services.iter().filter_map(|service| service.told_at).max()
}

fn is_stale(services: &[&DiscoveredService]) -> bool {
    services.iter().any(|service| service.stale.is_some())
}

// === impl LiveShown ===

impl<'a> LiveShown<'a> {
    fn of(discovered: &'a Discovered, services: &[&'a DiscoveredService]) -> Self {
        let mut namespaces = services.iter().map(|service| service.namespace.as_str());
        let first = namespaces.next();
        Self {
            discovery_mode: &discovered.mode,
            namespace: first.filter(|first| namespaces.all(|namespace| namespace == *first)),
            services: services.iter().map(|service| ServiceShown::of(service)).collect(),
            instances: written(services),
            summary: SummaryShown::of(services),
            last_update: last_update(services),
            stale: discovered.stale.is_some() || is_stale(services),
            note: discovered.note.as_deref(),
        }
    }
}

// === impl LiveUnknown ===

impl<'a> LiveUnknown<'a> {
    fn saying(error: &'a str) -> Self {
        Self {
            discovery_mode: "error",
            error,
            instances: [],
        }
    }
}

// === impl DiscoveryShown ===

impl<'a> DiscoveryShown<'a> {
    pub(super) fn of(discovered: &'a Discovered) -> Self {
        let all = discovered.all();
        Self {
            discovery_mode: &discovered.mode,
            error: discovered.unknown.as_deref(),
            services: all.iter().map(|service| ServiceShown::of(service)).collect(),
            summary: SummaryShown::of(&all),
            last_update: last_update(&all),
            stale: discovered.stale.is_some() || is_stale(&all),
            note: discovered.note.as_deref(),
        }
    }
}

// === impl ServiceShown ===

impl<'a> ServiceShown<'a> {
    fn of(service: &'a DiscoveredService) -> Self {
        let ids = service.instances.iter();
        Self {
            namespace: &service.namespace,
            name: &service.name,
            source: service.source.as_deref(),
            hint: service.is_hint,
            last_update: service.told_at,
            stale: service.stale.as_ref(),
            breaker: &service.breaker,
            warnings: &service.warnings,
            instance_ids: ids.map(|instance| instance.id.as_str()).collect(),
            summary: SummaryShown::of(&[service]),
        }
    }
}

// === impl SummaryShown ===

impl SummaryShown {
    fn of(services: &[&DiscoveredService]) -> Self {
        let mut summary = Self::default();
        for instance in services.iter().flat_map(|service| &service.instances) {
            summary.total += 1;
            match instance.status {
                InstanceStatus::Ready => summary.ready += 1,
                InstanceStatus::Degraded => summary.degraded += 1,
                InstanceStatus::NotReady => summary.not_ready += 1,
            }
        }
        summary
    }
}
