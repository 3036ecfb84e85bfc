//! A VPSieNode as it is kept: what is read of it here, and nothing else.

mod metadata;
mod spec;
mod status;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod whole;

use super::{Identity, Kept, Pairs};
use crate::resources::{self, Phase, keys};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;
pub use metadata::Metadata;
use serde::{Deserialize, Deserializer};
pub use spec::Spec;
pub use status::{Status, Told};
use std::borrow::Cow;

/// What is read of a VPSieNode: who it is, our annotations, its finalizers, its spec without what only VPSie needs to make a
/// machine, and its whole status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VPSieNode {
    /// Who it is.
    pub metadata: Metadata,
    /// What is asked of it, and what machine it has.
    pub spec: Spec,
    /// What was observed of it; nothing before the first write.
    pub status: Option<Status>,
}

// === impl VPSieNode ===

impl VPSieNode {
    /// Returns its name as a text of its own; empty for one that was never stored.
    #[must_use]
    pub fn name_any(&self) -> String {
        self.metadata.name().unwrap_or_default().to_owned()
    }

    /// Returns its namespace as a text of its own.
    #[must_use]
    pub fn namespace(&self) -> Option<String> {
        self.metadata.namespace().map(str::to_owned)
    }

    /// Returns its uid as a text of its own; nothing for one that was never stored.
    #[must_use]
    pub fn uid(&self) -> Option<String> {
        self.metadata.uid().map(str::to_owned)
    }

    /// Returns the annotations that are kept.
    #[must_use]
    pub const fn annotations(&self) -> &Pairs {
        &self.metadata.annotations
    }

    /// Returns the phase; [`Phase::Pending`] when none was written or it is empty.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::of(self.status.as_ref().and_then(|status| status.phase.as_ref()))
    }

    /// Returns the number of the machine, when one is recorded.
    #[must_use]
    pub fn instance_id(&self) -> Option<i64> {
        Some(self.spec.vpsie_instance_id).filter(|id| *id != 0)
    }

    /// Lists its conditions.
    pub fn conditions(&self) -> impl Iterator<Item = Told<'_>> {
        self.status.iter().flat_map(Status::conditions)
    }

    /// Returns a condition by its type.
    #[must_use]
    pub fn condition(&self, type_: &str) -> Option<Told<'_>> {
        self.conditions().find(|condition| condition.type_ == type_)
    }

    /// Names it as an Event does: without its version.
    #[must_use]
    pub fn object_ref(&self) -> ObjectReference {
        ObjectReference {
            api_version: Some(resources::VPSieNode::api_version(&()).into_owned()),
            kind: Some(Self::kind().into_owned()),
            namespace: self.namespace(),
            name: self.metadata.name().map(str::to_owned),
            uid: self.uid(),
            ..ObjectReference::default()
        }
    }
}

impl Kept for VPSieNode {
    fn kind() -> Cow<'static, str> {
        <resources::VPSieNode as Resource>::kind(&())
    }

    fn identity(&self) -> Identity<'_> {
        let metadata = &self.metadata;
        Identity {
            namespace: metadata.namespace().unwrap_or_default(),
            name: metadata.name().unwrap_or_default(),
            uid: metadata.uid().unwrap_or_default(),
            resource_version: metadata.resource_version().unwrap_or_default(),
        }
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().get(key)
    }

    fn kept_by(&self) -> impl Iterator<Item = &str> {
        self.metadata.finalizers()
    }
}

impl From<resources::VPSieNode> for VPSieNode {
    fn from(object: resources::VPSieNode) -> Self {
        Self::from(&object)
    }
}

impl From<&resources::VPSieNode> for VPSieNode {
    fn from(object: &resources::VPSieNode) -> Self {
        Self {
            metadata: Metadata::from(&object.metadata),
            spec: Spec::from(&object.spec),
            status: object.status.as_ref().map(Status::from),
        }
    }
}

impl<'de> Deserialize<'de> for VPSieNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        resources::VPSieNode::deserialize(deserializer).map(Into::into)
    }
}

/// Tells whether an annotation has a key of ours: nobody here reads another.
fn is_ours(key: &str) -> bool {
    key.starts_with(keys::GROUP)
}
