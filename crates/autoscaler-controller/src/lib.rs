//! Joins VPSie and Kubernetes: observe, match, decide, act, record.
//!
//! ```text
//!  Kubernetes ──watches──┐                                        ┌──▶ VPSie: add, remove
//!                        ├─▶ World ─▶ Matching ─▶ Batches ─▶ Actor ┤
//!  VPSie ───────polls────┘   observe   match       decide     act └──▶ Kubernetes: intent, record, labels, status
//! ```
//!
//! Nothing flows back: the next pass learns of our own actions only by observing them. The matching rules are
//! those of the crate `node-match`; deciding is pure; only [`act`] has effects outside.

pub mod kept;
pub mod resources;

pub mod settings;

pub mod credentials;

pub mod clock;
pub mod skew;
mod time;

pub mod pods;
pub mod poll;
mod room;
pub mod watches;
pub mod world;

pub mod target;

pub mod reason;

pub mod lease;

pub mod visitors;

pub mod intent;

pub mod baseline;

pub mod leaked;
pub mod tombstone;

pub mod convert;

pub mod backlog;
pub mod founding;
pub mod growth;
mod joins;
pub mod pending;
pub mod planning;
mod prospect;
pub mod thresholds;

pub mod observation;

pub mod inquiry;

pub mod drain;
pub mod removal;
pub mod remover;

pub mod lives;

pub mod states;

pub mod endpoints;

pub mod command;

pub mod decide;

pub mod act;

mod failure;
pub mod trouble;

pub mod chronicle;

mod announcer;
pub mod board;
mod journal;
pub mod metrics;
mod pulse;
mod telemetry;

mod operator;

#[cfg(test)]
mod testing;

pub use clock::Clock;
pub use node_lifecycle::gate::Graces;
pub use node_lifecycle::{Brakes, Gate, UnhealthyAfter};
pub use operator::{Operator, StartError};
pub use pulse::{Answering, Compared, LONGEST_SILENCE, Pulse};
pub use settings::{Settings, SettingsError};
pub use telemetry::Telemetry;
