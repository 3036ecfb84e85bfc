//! Builders for tests: `group("web").min(3)`, `claim("web-1").in_phase(Phase::Ready)`, `world().with(…).decide()`.
//!
//! Everything lives in namespace `kube-system` and cluster `c1`, unless it says otherwise. Uids are
//! `namespace/name`. Verdicts are given by hand, so that no test here depends on the rules of matching.

pub(crate) mod expected;
mod members;
mod objects;
mod verdicts;
mod worlds;

use chrono::{DateTime, TimeDelta, Utc};
use vpsie_api::ClusterId;

pub(crate) use members::{member, own, own_node};
pub(crate) use objects::{
    ClaimBuilder, GroupBuilder, claim, condition, drained, group, intent, node, told, tombstone,
};
pub(crate) use verdicts::{ambiguous, conflict, found, tied, timed_out, waiting, without_node};
pub(crate) use worlds::{TestWorld, listed, provider_group, reply, world};

/// The namespace of everything.
pub(crate) const NAMESPACE: &str = "kube-system";
/// The cluster of everything.
pub(crate) const CLUSTER: &str = "c1";
/// The number of the provider group of everything.
pub(crate) const NUMBER: u64 = 412;

/// Returns the moment so many seconds after the start of the decisive pass; negative is before.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

/// Returns the cluster of everything.
pub(crate) fn cluster_id() -> ClusterId {
    ClusterId::new(CLUSTER)
}
