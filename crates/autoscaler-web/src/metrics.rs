//! The metrics as text, in the format of OpenMetrics.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// Names the format; Prometheus reads counters and histograms differently without it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes all metrics that have a value.
pub(crate) fn reply(registries: &[Arc<Registry>]) -> Response {
    let mut text = String::new();
    let mut each = registries.iter();
    let written = each.try_for_each(|registry| encode_registry(&mut text, registry));
    match written.and_then(|()| encode_eof(&mut text)) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
