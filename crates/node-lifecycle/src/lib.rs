//! States of a node, the gate before its machine is removed, and the audit log of both.
//!
//! It reads no clock and touches nothing: facts and the time go in, values come out.

pub mod audit;
mod decider;
mod health;
mod state;
mod word;

pub use decider::Decider;
pub use health::Health;
pub use state::{IllegalTransition, State};
pub use word::UnknownWord;
