//! Where the API reads: the newest values in memory, and who tells of new ones.

use std::fmt;
use std::sync::Arc;

use node_lifecycle::audit::{Entry, Filter, Stats};
use node_state::store::Reader;
use tokio::sync::{broadcast, watch};

use super::discovered::Discovered;
use super::facts::Details;

/// The audit log, as far as it is in memory.
pub trait AuditLog: Send + Sync + 'static {
    /// Returns the entries that are asked for, the oldest first.
    fn select(&self, filter: &Filter) -> Vec<Arc<Entry>>;
    /// Counts what is there.
    fn stats(&self) -> Stats;
    /// Tells of every entry from now on; a receiver that is too slow is told how many it missed.
    fn news(&self) -> broadcast::Receiver<Arc<Entry>>;
}

/// Reads what is discovered anew. It must return at once.
pub type Refresh = Arc<dyn Fn() + Send + Sync>;

/// Everything that the API shows.
#[derive(Clone)]
pub struct Sources {
    /// The states of nodes: nothing while this replica stands by.
    pub states: watch::Receiver<Option<Reader>>,
    /// What is known of VPSieNodes and NodeGroups besides.
    pub details: watch::Receiver<Arc<Details>>,
    /// What was decided and seen.
    pub audit: Arc<dyn AuditLog>,
    /// The instances of Services: nothing where none is discovered.
    pub discovered: watch::Receiver<Option<Arc<Discovered>>>,
    /// How to discover anew, where that is enabled.
    pub refresh: Option<Refresh>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}
