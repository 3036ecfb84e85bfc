//! Does this pod fit there; which nodes to add, what they cost, and why not.
#![doc = include_str!("../README.md")]

pub mod cluster;
pub mod dynamic;
mod fit;
pub mod group;
pub mod join;
pub mod labels;
pub mod misfit;
mod name;
pub mod node;
mod pack;
mod plan;
pub mod pod;
pub mod policy;
pub mod projection;
mod quantity;
pub mod removal;
mod resources;
mod scene;
mod site;
pub mod taint;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use cluster::Cluster;
pub use fit::fit;
pub use misfit::Misfit;
pub use name::{Name, Names};
pub use plan::{Growth, Outcome, Plan, PodAnswer, Refusals, RunnerUp, plan};
pub use pod::{Demand, Demands, PodName};
pub use quantity::{Quantity, QuantityError};
pub use resources::Resources;
pub use site::contradictory_label;
