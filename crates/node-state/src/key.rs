//! What things are called: a NodeGroup, a VPSieNode, and what a state is about.

use std::fmt;
use std::sync::Arc;

/// Declares the name of a namespaced object. Copies share the text.
macro_rules! namespaced {
    ($(#[$outer:meta])* $name:ident) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name {
            /// Its namespace.
            pub namespace: Arc<str>,
            /// Its name.
            pub name: Arc<str>,
        }

        impl $name {
            /// Names an object in a namespace.
            #[must_use]
            pub fn new(namespace: &str, name: &str) -> Self {
                Self { namespace: namespace.into(), name: name.into() }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}/{}", self.namespace, self.name)
            }
        }
    };
}

namespaced! {
    /// Names a NodeGroup.
    GroupKey
}

namespaced! {
    /// Names a VPSieNode.
    OwnerKey
}

/// Names what a state is about.
///
/// A VPSieNode has a state of its own until its Node is there; from then on the state is that of the Node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A Node, by its name.
    Node(Arc<str>),
    /// A VPSieNode without a Node.
    Awaited(OwnerKey),
}

// === impl Subject ===

impl Subject {
    /// Names a Node.
    #[must_use]
    pub fn node(name: &str) -> Self {
        Self::Node(name.into())
    }

    /// Returns the name of the Node, or that of the VPSieNode.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Node(name) => name,
            Self::Awaited(owner) => &owner.name,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "Node {name}"),
            Self::Awaited(owner) => write!(f, "VPSieNode {owner}"),
        }
    }
}
