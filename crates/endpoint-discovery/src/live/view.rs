//! What is known of a Service at a moment: replaced as a whole, never half of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::guard::Trouble;
use crate::alert::Summary;
use crate::breaker::BreakerState;
use crate::instance::Instance;
use crate::mode::{Mode, Source};
use crate::roster::Roster;
use crate::service::ServiceKey;
use crate::sighting::{Ignored, Warning};
use crate::topology::Account;

/// Holds the view of each Service.
pub type Views = BTreeMap<ServiceKey, Arc<View>>;

/// Holds what is known of one Service.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Which Service.
    pub service: ServiceKey,
    /// The mode of discovery.
    pub mode: Mode,
    /// Where its endpoints are read from; nothing in static mode.
    pub source: Option<Source>,
    /// Where the instances come from.
    pub origin: Origin,
    /// Why it may be out of date, and since when (EP-10).
    pub stale: Option<Stale>,
    /// What was left out when it was read.
    pub ignored: Ignored,
    /// What is doubtful about its objects.
    pub warnings: BTreeSet<Warning>,
    /// Which ready instances are near to us, and why these; nothing where nobody said where we are (EP-22).
    pub near: Option<Account>,
    /// The state of the breaker of API calls, when this was made.
    pub breaker: BreakerState,
}

/// Says where the instances of a view come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// Nothing was read yet.
    Nothing,
    /// They were written down in the settings: a hint to show, and nothing to connect to (EP-14).
    Hint(Vec<Arc<Instance>>),
    /// Kubernetes.
    Live {
        /// The instances.
        roster: Roster,
        /// When Kubernetes last told of them.
        told_at: DateTime<Utc>,
    },
}

/// Says why something may be out of date: the Service or its endpoints, or which Services there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Since when not everything about it is heard.
    pub since: DateTime<Utc>,
    /// What the last call said.
    pub error: String,
}

// === impl View ===

impl View {
    /// Lists the instances in the order of ids, whether live or a hint.
    pub fn instances(&self) -> Vec<Arc<Instance>> {
        match &self.origin {
            Origin::Nothing => Vec::new(),
            Origin::Hint(instances) => instances.clone(),
            Origin::Live { roster, .. } => roster.instances().cloned().collect(),
        }
    }

    /// Shows what Kubernetes told, once it has.
    pub fn roster(&self) -> Option<&Roster> {
        match &self.origin {
            Origin::Nothing | Origin::Hint(_) => None,
            Origin::Live { roster, .. } => Some(roster),
        }
    }

    /// Tells whether Kubernetes has told of it at least once.
    pub fn is_live(&self) -> bool {
        matches!(self.origin, Origin::Live { .. })
    }

    /// Sums up how well it is.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.instances())
    }

    /// Tells whether it is the same but for when things were last seen.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        let same_instances = match (&self.origin, &other.origin) {
            (Origin::Live { roster, .. }, Origin::Live { roster: before, .. }) => {
                roster.since(before).is_empty()
            }
            (one, two) => one == two,
        };
        let facts = |view: &Self| {
            let stale = view.stale.clone();
            (
                view.source,
                stale,
                view.ignored,
                view.warnings.clone(),
                view.near.clone(),
                view.breaker,
            )
        };
        same_instances && facts(self) == facts(other)
    }
}

// === impl Stale ===

impl Stale {
    /// Goes on from how it was before, now that this is the trouble.
    pub(super) fn after(before: Option<&Self>, trouble: Option<Trouble>, now: DateTime<Utc>) -> Option<Self> {
        trouble.map(|trouble| Self {
            since: before.map_or(now, |before| before.since),
            error: trouble.error,
        })
    }

    /// Tells for how long not everything about it was heard.
    pub fn age(&self, now: DateTime<Utc>) -> TimeDelta {
        now - self.since
    }
}
