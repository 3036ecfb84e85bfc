//! What a pass has made, for those who wait until the watch shows it.

use super::Actor;
use crate::kept::VPSieNode;
use crate::resources::keys;
use crate::target::Target;
use crate::watches::Place;
use chrono::{DateTime, Utc};

/// A VPSieNode that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Creation {
    /// Where it is.
    pub(crate) place: Place,
    /// When it was made.
    pub(crate) at: DateTime<Utc>,
    /// Whether the same pass has asked for its machine.
    pub(crate) is_asked: bool,
}

// === impl Creation ===

impl Creation {
    /// Tells whether a watched VPSieNode is what was made, with the request for its machine where there was one: what seems to
    /// ask for none yet could be withdrawn.
    pub(crate) fn is_whole_in(&self, seen: &VPSieNode) -> bool {
        !self.is_asked || seen.annotations().contains_key(keys::ANNOTATION_CREATION_INTENT)
    }
}

// === impl Actor: what was made ===

impl Actor {
    /// Returns the VPSieNodes that were made since the last call.
    pub(crate) fn take_made(&mut self) -> Vec<Creation> {
        std::mem::take(&mut self.made)
    }

    /// Returns the NodeGroups that were made since the last call.
    pub(crate) fn take_founded(&mut self) -> Vec<Place> {
        std::mem::take(&mut self.founded)
    }

    /// Notes that a VPSieNode was made.
    pub(super) fn note_made(&mut self, place: Place) {
        let at = self.clock.now();
        let is_asked = false;
        self.made.push(Creation { place, at, is_asked });
    }

    /// Notes that a machine is asked for, if its VPSieNode was made since somebody asked what was.
    pub(super) fn note_asked(&mut self, target: &Target) {
        let is_it = |creation: &&mut Creation| {
            let (namespace, name) = &creation.place;
            *namespace == target.namespace && *name == target.name
        };
        if let Some(creation) = self.made.iter_mut().find(is_it) {
            creation.is_asked = true;
        }
    }
}
