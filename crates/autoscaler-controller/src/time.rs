//! Times of Kubernetes objects as ours; the one place where both libraries of time meet.

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Reads a time of Kubernetes; `None` when it is outside what can be represented.
pub(crate) fn to_chrono(time: &Time) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(
        time.0.as_second(),
        u32::try_from(time.0.subsec_nanosecond()).ok()?,
    )
}
