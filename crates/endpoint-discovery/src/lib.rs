//! Service endpoints of Kubernetes as live instances: parse, merge, compare, score, prefer.
#![doc = include_str!("../README.md")]

mod alert;
mod identity;
mod instance;
mod merge;
pub mod parse;
mod ports;
mod roster;
mod score;
mod service;
mod sighting;
#[cfg(test)]
mod testing;
mod topology;

pub use alert::{Alert, Alerts, Summary};
pub use identity::{EndpointKey, InstanceId, TargetRef};
pub use instance::{Addresses, DnsName, Health, Instance, NodeFacts};
pub use merge::{Endpoint, Merged, merge};
pub use ports::Port;
pub use roster::{Diff, Roster, Surroundings};
pub use score::{Basis, Check, HealthRules, Quality, Signals, Status, score, status};
pub use service::{ServiceFacts, ServiceKey};
pub use sighting::{Ignored, Phase, Readiness, Reading, Sighting, Warning};
pub use topology::{Account, Choice, Reason, ZONE_LABEL, choose, own_zone};
