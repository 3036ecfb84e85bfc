//! Builders for the tests of this crate.

#[cfg(any(feature = "live", feature = "pool"))]
pub(crate) mod logs;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::api::core::v1::Endpoints;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde_json::{Value, json};

use crate::identity::InstanceId;
use crate::instance::{Instance, NodeFacts};
use crate::merge::merge;
use crate::roster::{Roster, Surroundings};
use crate::score::{Check, HealthRules};
use crate::service::{ServiceFacts, ServiceKey};
use crate::sighting::Reading;

/// Tells a moment, in seconds after an arbitrary first one.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_242_200, 0).unwrap() + TimeDelta::seconds(seconds)
}

/// The Service `shop/web`.
pub(crate) fn service() -> ServiceFacts {
    ServiceFacts {
        selector: Some(BTreeMap::from([("app".to_owned(), "web".to_owned())])),
        ..ServiceFacts::unknown(ServiceKey::new("shop", "web"), "cluster.local")
    }
}

/// An endpoint of a slice that is the pod of this name.
pub(crate) fn endpoint(name: &str, address: &str, conditions: &Value) -> Value {
    json!({
        "addresses": [address],
        "conditions": conditions,
        "targetRef": {"kind": "Pod", "name": name, "namespace": "shop", "uid": format!("uid-{name}")},
    })
}

/// A slice of `shop/web`.
pub(crate) fn slice(kind: &str, endpoints: &[Value], ports: &Value) -> EndpointSlice {
    serde_json::from_value(json!({
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": kind,
        "endpoints": endpoints,
        "ports": ports,
    }))
    .unwrap()
}

/// An Endpoints object with these subsets.
pub(crate) fn endpoints(subsets: &Value) -> Endpoints {
    serde_json::from_value(json!({"metadata": {"name": "web"}, "subsets": subsets})).unwrap()
}

/// What a roster is made with, all of it usual.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) checks: BTreeMap<InstanceId, Check>,
    pub(crate) nodes: BTreeMap<String, NodeFacts>,
    pub(crate) rules: HealthRules,
}

// === impl World ===

impl World {
    /// Takes a reading in, as the next one after a roster.
    pub(crate) fn observe(
        &self,
        before: &Roster,
        service: &ServiceFacts,
        reading: &Reading,
        now: DateTime<Utc>,
    ) -> Roster {
        let around = Surroundings {
            service,
            checks: &self.checks,
            nodes: &self.nodes,
            rules: &self.rules,
        };
        before.observe(&merge(&reading.sightings), &around, now)
    }
}

/// Instances of slices with these endpoints, seen for the first time.
pub(crate) fn instances(world: &World, endpoints: &[Value]) -> Vec<Arc<Instance>> {
    let slice = slice("IPv4", endpoints, &json!([]));
    let reading = crate::parse::read_slice(&service(), &slice);
    let roster = world.observe(&Roster::default(), &service(), &reading, at(0));
    roster.instances().cloned().collect()
}
