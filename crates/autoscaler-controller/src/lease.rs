//! Who of several replicas acts, and for how long: leader election by a Lease.

mod leadership;

pub use leadership::{EFFECT_START, EFFECT_WITHIN, Leadership, Mandate, Standing, Term};
