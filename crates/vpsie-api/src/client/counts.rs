//! How often each call ended in each way.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Call, CallError, ClientState};

/// Counts attempts; there are only so many calls and outcomes.
#[derive(Default)]
pub(super) struct Counts(Mutex<BTreeMap<(Call, &'static str), u64>>);

impl Counts {
    /// Counts an attempt by what came of it.
    pub(super) fn count<T>(&self, call: Call, result: &Result<T, CallError>) {
        let outcome = result
            .as_ref()
            .err()
            .map_or(ClientState::ANSWERED, CallError::label);
        *self.counts().entry((call, outcome)).or_default() += 1;
    }

    /// Returns all counts as they are now.
    pub(super) fn now(&self) -> BTreeMap<(Call, &'static str), u64> {
        self.counts().clone()
    }

    /// No count can stop half-way, so a panic elsewhere leaves them sound.
    fn counts(&self) -> MutexGuard<'_, BTreeMap<(Call, &'static str), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
