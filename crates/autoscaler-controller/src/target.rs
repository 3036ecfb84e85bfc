//! One stored object at the version that was looked at: what every write names.

use crate::kept::Kept;

/// One stored object, at the version that the decision was made on.
///
/// Every write carries the version, so a decision on a stale object fails instead of overwriting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Namespace of the object; empty for Nodes.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Its uid: another object of the same name is not meant.
    pub uid: String,
    /// The version that was looked at.
    pub resource_version: String,
}

// === impl Target ===

impl Target {
    /// Names an object at the version that was read.
    pub fn of<K: Kept>(object: &K) -> Self {
        let identity = object.identity();
        Self {
            namespace: identity.namespace.to_owned(),
            name: identity.name.to_owned(),
            uid: identity.uid.to_owned(),
            resource_version: identity.resource_version.to_owned(),
        }
    }
}
