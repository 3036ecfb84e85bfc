//! RECORD: what happened, to what, on whose decision, and why.
//!
//! ```text
//!  Draft ──▶ Log ── flood ──▶ Entry ──┬──▶ Ring ◀── Filter, Stats
//!            now    once a             │
//!                   minute             └──▶ Chain ──▶ Record ──▶ a store elsewhere, and one day Verifier
//!                                           sequence, previous, hash
//! ```
//!
//! Nothing here writes anywhere. A [`Record`] is what a durable sink stores: the [`Link`] and the exact text of the
//! [`Entry`], its *body*, over which the hash was made.

mod chain;
mod draft;
mod entry;
mod filter;
mod flood;
mod log;
mod record;
mod ring;
mod snapshot;
mod stats;
mod verify;

pub use chain::{Chain, Hash, Head, InvalidHash, Link};
pub use draft::Draft;
pub use entry::{Action, Author, Entry, Outcome};
pub use filter::Filter;
pub use log::Log;
pub use record::{Record, Stored, UnreadableRecord};
pub use ring::Ring;
pub use snapshot::{Ending, Snapshot};
pub use stats::Stats;
pub use verify::{Anchor, Finding, Verified, Verifier};
