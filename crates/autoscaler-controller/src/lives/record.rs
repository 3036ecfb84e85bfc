//! What is written of a life on its VPSieNode, and when it must be written anew.

use crate::kept::VPSieNode;
use crate::resources::keys;
use chrono::{DateTime, TimeDelta, Utc};
use node_lifecycle::{Health, Life, Recovery, State};
use std::sync::Arc;

/// How often at most counts of pods alone are written: a busy node gets and loses pods all the time.
const COUNTS_ALONE: TimeDelta = TimeDelta::minutes(1);

/// The annotation as it was seen: the object that bears it, and of a life in it only what is compared.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    object: Arc<VPSieNode>,
    record: Record,
}

#[derive(Clone, Copy, Debug)]
enum Record {
    /// There is none.
    Nothing,
    /// A life.
    Life(Gist),
    /// A text that is no life to this version. It is left to a person, or to the version that wrote it.
    Unreadable,
}

/// What of a life decides whether it is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gist {
    course: Course,
    health: Health,
    counts: (u64, u64),
}

/// All but the health and the counts; of a Node that is not Ready only since when, not how often it was seen so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Course {
    state: State,
    recovery: Option<Recovery>,
    entered_at: DateTime<Utc>,
    first: [Option<DateTime<Utc>>; 2],
    workload: [Option<DateTime<Utc>>; 2],
    not_ready_since: Option<DateTime<Utc>>,
}

// === impl Recorded ===

impl Recorded {
    /// Reads the annotation, with the life in it, and says aloud when it cannot be read.
    pub(super) fn read(object: &Arc<VPSieNode>) -> (Self, Option<Life>) {
        let (record, life) = match annotation(object).map(Life::from_json) {
            None => (Record::Nothing, None),
            Some(Ok(life)) => (Record::Life(Gist::of(&life)), Some(life)),
            Some(Err(error)) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(
                    vpsie_node = object.name_any(), namespace = object.namespace(), %error, cause,
                    "the node counts as found again, and its record is left as it is"
                );
                (Record::Unreadable, None)
            }
        };
        let object = Arc::clone(object);
        (Self { object, record }, life)
    }

    /// Tells whether this is what an object carries, of which it goes on then.
    pub(super) fn is_of(&mut self, object: &Arc<VPSieNode>) -> bool {
        let is_same = Arc::ptr_eq(&self.object, object) || annotation(&self.object) == annotation(object);
        if is_same {
            // Else the earlier version of the object would stay in memory.
            self.object = Arc::clone(object);
        }
        is_same
    }

    /// Tells whether the life has gone on in a way that is worth a write now.
    pub(super) fn is_outdated(&self, life: &Life, recorded_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        match self.record {
            Record::Nothing => true,
            Record::Unreadable => false,
            Record::Life(recorded) => {
                let gist = Gist::of(life);
                let have_counts_changed = recorded.counts != gist.counts && now - recorded_at >= COUNTS_ALONE;
                // The health of a node that is still starting says nothing that its state does not.
                let is_other_health = recorded.health != gist.health && !life.state().is_starting();
                have_counts_changed || is_other_health || recorded.course != gist.course
            }
        }
    }
}

// === impl Gist ===

impl Gist {
    fn of(life: &Life) -> Self {
        Self {
            course: Course {
                state: life.state(),
                recovery: life.recovery(),
                entered_at: life.entered_at(),
                first: [life.provisioned_at(), life.initialized_at()],
                workload: [life.first_workload_at(), life.last_workload_at()],
                not_ready_since: life.not_ready().map(|not_ready| not_ready.since),
            },
            health: life.health(),
            counts: (life.workloads(), life.workloads_ever()),
        }
    }
}

fn annotation(object: &VPSieNode) -> Option<&str> {
    object.annotations().get(keys::ANNOTATION_LIFECYCLE)
}
