//! A Lease as the election sees it, and as Kubernetes stores it.

use chrono::{DateTime, Utc};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use std::time::Duration;

/// What of a Lease matters. Its times are for people: they are another machine's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Record {
    /// Who holds it; nobody after a release.
    pub(super) holder: Option<String>,
    /// `leaseTransitions`: how many times it has changed hands.
    pub(super) term: u32,
    /// How long its holder may be silent.
    pub(super) duration: Duration,
    /// The resourceVersion that it was read at; empty for one that does not exist.
    pub(super) version: String,
}

// === impl Record ===

impl Record {
    /// Reads a stored Lease; what is missing or impossible is zero or nobody.
    pub(super) fn read(lease: &Lease) -> Self {
        let spec = lease.spec.clone().unwrap_or_default();
        let term = spec.lease_transitions.and_then(|count| u32::try_from(count).ok());
        let seconds = spec
            .lease_duration_seconds
            .and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            holder: spec.holder_identity.filter(|holder| !holder.is_empty()),
            term: term.unwrap_or(0),
            duration: Duration::from_secs(seconds.unwrap_or(0)),
            version: lease.metadata.resource_version.clone().unwrap_or_default(),
        }
    }

    /// Writes the record over a stored Lease, or as a new one.
    ///
    /// A term that begins gets its time; everything that others put on the object stays.
    pub(super) fn write(&self, stored: Option<&Lease>, name: &str, now: DateTime<Utc>) -> Lease {
        let mut lease = stored.cloned().unwrap_or_default();
        let before = lease.spec.take().unwrap_or_default();
        let now = micro_time(now);
        let is_same_term = before.holder_identity == self.holder;
        let seconds = self.duration.as_millis().div_ceil(1000).max(1);
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(self.holder.clone().unwrap_or_default()),
            lease_duration_seconds: Some(i32::try_from(seconds).unwrap_or(i32::MAX)),
            lease_transitions: Some(i32::try_from(self.term).unwrap_or(i32::MAX)),
            acquire_time: before
                .acquire_time
                .filter(|_| is_same_term)
                .or_else(|| now.clone()),
            renew_time: now,
            ..before
        });
        lease.metadata = ObjectMeta {
            name: Some(name.to_owned()),
            resource_version: Some(self.version.clone()).filter(|version| !version.is_empty()),
            managed_fields: None,
            ..lease.metadata
        };
        lease
    }
}

fn micro_time(now: DateTime<Utc>) -> Option<MicroTime> {
    Timestamp::from_microsecond(now.timestamp_micros())
        .ok()
        .map(MicroTime)
}
