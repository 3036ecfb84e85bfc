//! Evaluates every node once per change, keeps the states in generations, and tells everyone.
#![doc = include_str!("../README.md")]

mod condition;
mod conditions;
mod evaluate;
mod facts;
mod fleet;
mod groups;
mod hash;
mod key;
mod membership;
mod roll;
mod selector;
mod snapshot;
mod state;
#[cfg(feature = "store")]
pub mod store;
mod summary;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod version;
mod warning;

pub use condition::{Condition, Since, Status, Topic};
pub use conditions::Conditions;
pub use evaluate::{Evaluator, Inputs, Rules};
pub use facts::{GroupFacts, LifeFacts, Mark, NodeFacts, OwnerFacts, Pressure, Readiness};
pub use fleet::{Batch, Change, Fleet, Pods, UnmanagedNodes};
pub use groups::{Groups, Why};
pub use hash::StateHash;
pub use key::{GroupKey, OwnerKey, Subject};
pub use membership::{Membership, Scope};
pub use selector::{Expression, InvalidSelector, Selector, SelectorFacts};
/// Is a short text that stands in the value itself.
pub use smol_str::SmolStr;
pub use snapshot::Snapshot;
pub use state::{NodeState, OwnerState};
pub use summary::{Assessment, GroupSummary, NodePhase, OwnerCounts};
pub use warning::Warning;
