//! Objects as they are kept: by the thousand, in little memory.
//!
//! As its type of Kubernetes has it, a Node takes 8 kB, even without what nobody reads: trees of texts with room for more,
//! and places for all that a Node may say. As it is kept here it takes some 2 kB. So it is with a VPSieNode, which as its type of
//! Kubernetes has it takes 4 kB.

mod node;
mod pairs;
mod texts;
pub mod vpsie_node;
mod words;

use kube::Resource;
pub(crate) use node::DO_NOT_DISRUPT;
pub use node::{Condition, Metadata, Node, NodeSpec, NodeStatus};
pub use pairs::Pairs;
use std::borrow::Cow;
pub use vpsie_node::VPSieNode;

/// An object that is stored in Kubernetes, in a type of theirs or of ours.
pub trait Kept {
    /// Returns its kind.
    fn kind() -> Cow<'static, str>;

    /// Says which object it is.
    fn identity(&self) -> Identity<'_>;

    /// Returns the value of an annotation with a key of ours.
    fn annotation(&self, key: &str) -> Option<&str>;

    /// Lists the finalizers by which it is kept when it is deleted.
    fn kept_by(&self) -> impl Iterator<Item = &str>;
}

/// Says which object it is; what an object does not have is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'o> {
    /// Its namespace.
    pub namespace: &'o str,
    /// Its name.
    pub name: &'o str,
    /// Its uid.
    pub uid: &'o str,
    /// The version that was read.
    pub resource_version: &'o str,
}

// === impl Identity ===

impl<'o> Identity<'o> {
    /// Returns the namespace and the name.
    #[must_use]
    pub const fn place(self) -> (&'o str, &'o str) {
        (self.namespace, self.name)
    }
}

impl<K: Resource<DynamicType = ()>> Kept for K {
    fn kind() -> Cow<'static, str> {
        K::kind(&())
    }

    fn identity(&self) -> Identity<'_> {
        let metadata = self.meta();
        Identity {
            namespace: metadata.namespace.as_deref().unwrap_or_default(),
            name: metadata.name.as_deref().unwrap_or_default(),
            uid: metadata.uid.as_deref().unwrap_or_default(),
            resource_version: metadata.resource_version.as_deref().unwrap_or_default(),
        }
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        let annotations = self.meta().annotations.as_ref()?;
        annotations.get(key).map(String::as_str)
    }

    fn kept_by(&self) -> impl Iterator<Item = &str> {
        let finalizers = self.meta().finalizers.iter().flatten();
        finalizers.map(String::as_str)
    }
}
