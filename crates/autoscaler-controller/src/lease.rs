//! Who of several replicas acts, and for how long: leader election by a Lease.
//!
//! ```text
//!  API server ◀──reads, writes under a resourceVersion── Elector ──Standing──▶ Leadership ──▶ operator: when to begin
//!                                                           │                      │
//!                                       Election (pure): ───┘                      └──▶ Mandate: asked before
//!                                       what next, what does the answer mean            every effect
//! ```
//!
//! A term ends by the local monotonic clock alone, so it ends in time when the API server is away. No time that
//! another machine has written is ever compared with a clock of ours.

mod election;
mod elector;
mod leadership;
mod record;
mod rule;
mod timing;

#[cfg(test)]
mod model;

pub use elector::{Candidacy, Elector};
pub use leadership::{EFFECT_START, EFFECT_WITHIN, Leadership, Mandate, Standing, Term};
pub use rule::{Rule, TooLate};
pub use timing::{Timing, TimingError};
