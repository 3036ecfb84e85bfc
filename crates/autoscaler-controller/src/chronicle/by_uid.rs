//! Objects of one kind in order of their uids, which stay where they are: on the objects.

use crate::kept::Kept;
use std::sync::Arc;

/// Objects of one kind, to look up by uid.
#[derive(Clone, Debug)]
pub(super) struct ByUid<K>(Vec<Arc<K>>);

// === impl ByUid ===

impl<K> Default for ByUid<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Kept> ByUid<K> {
    pub(super) fn of(objects: &[Arc<K>]) -> Self {
        let mut objects = objects.to_vec();
        objects.sort_by(|one, other| uid(one).cmp(uid(other)));
        Self(objects)
    }

    /// Returns the object of a uid.
    pub(super) fn get(&self, wanted: &str) -> Option<&Arc<K>> {
        let place = self.0.binary_search_by(|object| uid(object).cmp(wanted));
        self.0.get(place.ok()?)
    }

    /// Lists the objects with their uids, in order of these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Arc<K>)> {
        self.0.iter().map(|object| (uid(object), object))
    }
}

/// Returns the uid of an object; empty for one that was never stored.
fn uid<K: Kept>(object: &Arc<K>) -> &str {
    object.identity().uid
}
