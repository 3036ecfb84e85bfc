//! One stored object at the version that was looked at: what every write names.

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
    pub fn of<K: kube::ResourceExt>(object: &K) -> Self {
        Self {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            resource_version: object.resource_version().unwrap_or_default(),
        }
    }
}
