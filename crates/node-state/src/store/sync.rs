//! What the hand-over is built of: a lock, and a pointer that is swapped as a whole.
//!
//! The check of every interleaving puts others in their place: see `checked.rs`.

use std::sync::Arc;

use arc_swap::ArcSwap;

pub(super) use std::sync::Mutex;

/// Points to the newest of something; reading it takes no lock.
#[derive(Debug)]
pub(super) struct Pointer<T>(ArcSwap<T>);

// === impl Pointer ===

impl<T> Pointer<T> {
    pub(super) fn new(first: Arc<T>) -> Self {
        Self(ArcSwap::new(first))
    }

    pub(super) fn load(&self) -> Arc<T> {
        self.0.load_full()
    }

    pub(super) fn store(&self, next: Arc<T>) {
        self.0.store(next);
    }
}
