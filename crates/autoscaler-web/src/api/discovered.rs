//! What endpoint discovery tells the HTTP API: Services, and the instances of each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::problem::Problem;

/// What discovery knows of all Services at a moment. A new value is a new moment.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// The mode of discovery, in its word.
    pub mode: String,
    /// Why nothing can be said yet: before the first answer about the Services.
    pub unknown: Option<String>,
    /// What a person should know besides, in a sentence: why there is no Service at all, for example.
    pub note: Option<String>,
    /// Why it may be out of date which Services there are, where they are chosen by labels.
    pub stale: Option<Staleness>,
    /// The Services, in the order of namespace and name.
    pub services: Vec<DiscoveredService>,
}

/// What discovery knows of one Service.
#[derive(Clone, Debug)]
pub struct DiscoveredService {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The kind of object that its endpoints are read from; nothing in static mode.
    pub source: Option<String>,
    /// Whether its instances are a hint from the settings, and nothing was heard from Kubernetes yet (EP-14).
    pub is_hint: bool,
    /// When Kubernetes last told of it.
    pub told_at: Option<DateTime<Utc>>,
    /// Why it may be out of date (EP-10).
    pub stale: Option<Staleness>,
    /// The state of the breaker of API calls (EP-15).
    pub breaker: String,
    /// What is doubtful about its objects.
    pub warnings: Vec<String>,
    /// Its instances, in the order of ids.
    pub instances: Vec<Arc<Instance>>,
}

/// Says since when something may be out of date, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Staleness {
    /// Since when not everything about it is heard.
    pub since: DateTime<Utc>,
    /// What the last call said.
    pub error: String,
}

/// How well an instance is, as far as it is counted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceStatus {
    /// It is ready.
    Ready,
    /// It is ready, and not well.
    Degraded,
    /// Anything else: it boots, is not ready, failed, or nobody knows.
    NotReady,
}

/// One instance, with its JSON as endpoint discovery writes it (EP-7).
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// How well it is.
    pub status: InstanceStatus,
    /// All of it, written once however often it is shown.
    pub json: Box<RawValue>,
}

// === impl Discovered ===

impl PartialEq for Discovered {
    /// A new value is a new moment, and never compared piece by piece.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Discovered {
    pub(super) fn all(&self) -> Vec<&DiscoveredService> {
        self.services.iter().collect()
    }

    pub(super) fn of_service(&self, key: &str) -> Result<Vec<&DiscoveredService>, Problem> {
        let is_asked = |service: &&DiscoveredService| {
            key.split_once('/') == Some((service.namespace.as_str(), service.name.as_str()))
        };
        let found: Vec<_> = self.services.iter().filter(is_asked).collect();
        if found.is_empty() {
            let detail = "this Service is not discovered; /api/instances/discovery-info lists those that are";
            return Err(Problem::new(StatusCode::NOT_FOUND, detail));
        }
        Ok(found)
    }
}
