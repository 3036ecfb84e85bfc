//! States of a node, the gate before its machine is removed, and the audit log of both.
#![doc = include_str!("../README.md")]

pub mod audit;
mod brakes;
mod decider;
pub mod gate;
mod health;
mod life;
pub mod metrics;
mod phase;
mod refusal;
mod state;
mod terms;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[doc(hidden)]
pub mod word;

pub use brakes::{Brake, BrakeName, Brakes, InvalidBrake};
pub use decider::Decider;
pub use gate::{Gate, Permit};
pub use health::Health;
pub use life::{
    Event, InvalidUnhealthyAfter, Life, NotReady, Reason, Recovery, Transition, UnhealthyAfter,
    UnreadableLife,
};
pub use phase::Phase;
pub use refusal::{Doubt, Refusal, RefusalName};
pub use state::{IllegalTransition, State};
pub use terms::{IncomingFacts, PodFacts, PodRemoval, PodUid, Protection, ProtectionFacts, Workload};
pub use word::UnknownWord;
