//! The phases of a VPSieNode, and what each says of a life that was not recorded.

use chrono::{DateTime, Utc};

use crate::Life;
use crate::word::words;

words! {
    /// Is the phase of a VPSieNode, as its status shows it.
    Phase, "phase" {
        /// Nothing was asked for yet.
        Pending => "Pending",
        /// The machine is asked for.
        Provisioning => "Provisioning",
        /// The machine is known; no Node joined yet.
        Provisioned => "Provisioned",
        /// The Node joined and is not Ready yet.
        Joining => "Joining",
        /// The Node is Ready.
        Ready => "Ready",
        /// The VPSieNode is being deleted.
        Terminating => "Terminating",
        /// The removal of the machine is asked for.
        Deleting => "Deleting",
        /// It failed and waits for a person.
        Failed => "Failed",
    }
}

// === impl Phase ===

impl Phase {
    /// Makes the life of a VPSieNode in this phase that has no record (`LC-5`).
    ///
    /// One that was in service before, or may have been, is taken for ready, and its pods must be listed before
    /// anything is decided about it. Whether it is empty, and so draining, is for the gate to say.
    #[must_use]
    pub fn life_without_record(self, now: DateTime<Utc>) -> Life {
        match self {
            Self::Pending | Self::Provisioning => Life::requested(now),
            Self::Provisioned | Self::Joining => Life::starting(now),
            Self::Ready | Self::Terminating | Self::Deleting => Life::rediscovered(now),
            Self::Failed => Life::broken(now),
        }
    }
}
