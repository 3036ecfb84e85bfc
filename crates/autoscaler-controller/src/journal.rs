//! RECORD: what was decided, done and seen goes into the audit log, with the pass in which that was, and is counted.

use crate::lives::Step;
use crate::metrics::Metrics;
use audit_store::Recorder;
use chrono::{DateTime, Utc};
use node_lifecycle::audit::{Draft, Outcome};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what is to be recorded and returns at once; clones are the same journal.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    recorder: Recorder,
    metrics: Arc<Metrics>,
    /// The id of the present pass.
    pass: Arc<Mutex<String>>,
}

// === impl Journal ===

impl Journal {
    pub(crate) fn new(recorder: Recorder, metrics: Arc<Metrics>) -> Self {
        Self {
            recorder,
            metrics,
            pass: Arc::default(),
        }
    }

    /// Begins the chain of another term, and records nothing of what was seen before.
    pub(crate) fn begin_term(&self, term: Option<u32>) {
        self.recorder.begin_term(term.unwrap_or_default().into());
    }

    /// Says which pass it is from now on.
    pub(crate) fn begin_pass(&self, id: String) {
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }

    /// Says whether the clock is wrong by which entries have their time: then none is too old.
    pub(crate) fn doubt_clock(&self, is_wrong: bool) {
        self.recorder.keep_all(is_wrong);
    }

    /// Records what happened.
    pub(crate) fn record(&self, draft: Draft, now: DateTime<Utc>) {
        let pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.recorder.record(draft.pass(pass), now);
    }

    /// Records an attempt to remove a machine; each is counted, however often the same is refused (`LC-39`).
    pub(crate) fn attempt(&self, draft: Draft, now: DateTime<Utc>) {
        self.metrics.note_attempt(draft.entry());
        self.record(draft, now);
    }

    /// Records what a pass decided, each refusal as an attempt to remove a machine, and what was refused before and was
    /// not again.
    pub(crate) fn hear(&self, entries: Vec<Draft>, now: DateTime<Utc>) {
        for draft in entries {
            match draft.entry().result {
                Outcome::Rejected => self.attempt(draft, now),
                Outcome::Success | Outcome::Failed => self.record(draft, now),
            }
        }
        // Not before: a refusal that comes again says itself how often it came.
        self.recorder.settle(now);
    }

    /// Records a transition and counts it.
    pub(crate) fn step(&self, step: &Step, now: DateTime<Utc>) {
        self.metrics.note_transition(step);
        self.record(step.entry(), now);
    }
}
