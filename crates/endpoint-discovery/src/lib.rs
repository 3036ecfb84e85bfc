//! Service endpoints of Kubernetes as live instances: parse, merge, compare, score, prefer.
#![doc = include_str!("../README.md")]

mod alert;
mod breaker;
mod identity;
mod instance;
#[cfg(feature = "live")]
mod live;
mod merge;
mod mode;
pub mod parse;
#[cfg(feature = "pool")]
pub mod pool;
mod ports;
#[cfg(feature = "probe")]
mod probe;
mod roster;
mod score;
mod service;
mod sighting;
#[cfg(test)]
mod testing;
mod topology;

pub use alert::{Alert, Alerts, Summary};
pub use breaker::{Breaker, BreakerRules, BreakerState, Pass};
pub use identity::{EndpointKey, InstanceId, TargetRef};
pub use instance::{Addresses, DnsName, Health, Instance, NodeFacts};
#[cfg(feature = "live")]
pub use live::{
    ApiLabels, CallLabels, Discovery, Inputs, Meters, Origin, Selection, ServiceAlert, ServiceLabels,
    Settings, Stale, Subscription, View, Views, zone_of_node,
};
pub use merge::{Endpoint, Merged, merge};
pub use mode::{Mode, Source, UnknownMode, is_refusal};
pub use ports::Port;
#[cfg(feature = "probe")]
pub use probe::{ProbeSettings, Prober, health_port};
pub use roster::{Diff, Roster, Surroundings};
pub use score::{Basis, Check, HealthRules, Quality, Signals, Status, score, status};
pub use service::{ServiceFacts, ServiceKey};
pub use sighting::{Ignored, Phase, Readiness, Reading, Sighting, Warning};
pub use topology::{Account, Choice, Reason, ZONE_LABEL, choose, own_zone};
