//! What is written of a life on its VPSieNode, and when it must be written anew.

use crate::resources::{VPSieNode, keys};
use chrono::{DateTime, TimeDelta, Utc};
use kube::ResourceExt;
use node_lifecycle::Life;

/// How often at most counts of pods alone are written: a busy node gets and loses pods all the time.
const COUNTS_ALONE: TimeDelta = TimeDelta::minutes(1);

/// The annotation as it was seen.
#[derive(Clone, Debug)]
pub(super) enum Recorded {
    /// There is none.
    Nothing,
    /// A life.
    Life { text: String, life: Box<Life> },
    /// A text that is no life to this version. It is left to a person, or to the version that wrote it.
    Unreadable { text: String },
}

// === impl Recorded ===

impl Recorded {
    /// Reads the annotation and says aloud when it cannot be read.
    pub(super) fn read(object: &VPSieNode) -> Self {
        let Some(text) = annotation(object) else {
            return Self::Nothing;
        };
        let text = text.to_owned();
        match Life::from_json(&text) {
            Ok(life) => Self::Life {
                text,
                life: Box::new(life),
            },
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(
                    vpsie_node = object.name_any(), namespace = object.namespace(), %error, cause,
                    "the node counts as found again, and its record is left as it is"
                );
                Self::Unreadable { text }
            }
        }
    }

    /// Tells whether this is what the object carries.
    pub(super) fn is_of(&self, object: &VPSieNode) -> bool {
        annotation(object) == self.text()
    }

    /// Returns the recorded life.
    pub(super) fn life(&self) -> Option<&Life> {
        match self {
            Self::Life { life, .. } => Some(life.as_ref()),
            Self::Nothing | Self::Unreadable { .. } => None,
        }
    }

    /// Tells whether the life has gone on in a way that is worth a write now.
    pub(super) fn is_outdated(&self, life: &Life, recorded_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Unreadable { .. } => false,
            Self::Life { life: recorded, .. } => {
                let have_counts_changed =
                    counts(recorded) != counts(life) && now - recorded_at >= COUNTS_ALONE;
                have_counts_changed || has_gone_on(recorded, life)
            }
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Life { text, .. } | Self::Unreadable { text } => Some(text),
        }
    }
}

fn annotation(object: &VPSieNode) -> Option<&str> {
    object
        .annotations()
        .get(keys::ANNOTATION_LIFECYCLE)
        .map(String::as_str)
}

fn counts(life: &Life) -> (u64, u64) {
    (life.workloads(), life.workloads_ever())
}

/// Compares all but the counts; of a Node that is not Ready only since when, not how often it was seen so. The health of
/// a node that is still starting says nothing that its state does not.
fn has_gone_on(recorded: &Life, life: &Life) -> bool {
    let stamps = |life: &Life| {
        let first = (life.provisioned_at(), life.initialized_at());
        let workload = (life.first_workload_at(), life.last_workload_at());
        (
            life.entered_at(),
            first,
            workload,
            life.not_ready().map(|not_ready| not_ready.since),
        )
    };
    let is_other_health = recorded.health() != life.health() && !life.state().is_starting();
    (recorded.state(), recorded.recovery()) != (life.state(), life.recovery())
        || is_other_health
        || stamps(recorded) != stamps(life)
}
