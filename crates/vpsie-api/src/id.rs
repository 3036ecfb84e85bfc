//! Identifiers: text and numbers that cannot be taken for one another.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Defines an identifier that VPSie writes as text.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

/// Defines an identifier that VPSie writes as a number.
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Takes the number as it is.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// Returns the number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

text_id! {
    /// Names a managed Kubernetes cluster (a UUID).
    ClusterId
}
text_id! {
    /// Names a node of a cluster; what a removal needs (a UUID).
    NodeUuid
}
text_id! {
    /// Names a node group where a UUID is asked for; see [`GroupNumber`].
    GroupUuid
}
text_id! {
    /// Names a data centre (a UUID).
    DatacenterId
}
number_id! {
    /// Numbers a node group; what adding a worker needs.
    GroupNumber
}
number_id! {
    /// Numbers a node. VPSie writes 0 where it knows no number yet.
    NodeNumber
}
number_id! {
    /// Numbers a machine size: `KubeSizeID`, `boxsize_id` and the `id` of an offer.
    SizeNumber
}

text_id! {
    /// Names a virtual machine (a UUID); not known to be the [`NodeUuid`] of a worker.
    VmUuid
}
text_id! {
    /// Names a virtual machine that is still being made.
    PendingVmId
}
text_id! {
    /// Names a category of plans.
    PlanCategoryId
}
text_id! {
    /// Names a plan, which is a size with a price (a UUID).
    PlanId
}
text_id! {
    /// Names an image of an operating system (a UUID).
    ImageId
}
text_id! {
    /// Names an SSH key (a UUID).
    SshKeyId
}
text_id! {
    /// Names a project (a UUID).
    ProjectId
}
number_id! {
    /// Numbers a virtual machine; no call takes it.
    VmNumber
}
number_id! {
    /// Numbers a project, as machines refer to it.
    ProjectNumber
}

/// Correlates one request with what is written about it elsewhere.
///
/// It travels in a header, so only visible ASCII is allowed, and at most
/// [`RequestId::MAX_LENGTH`] characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// Says why a text is no [`RequestId`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "a request id must be 1 to {} visible ASCII characters",
    RequestId::MAX_LENGTH
)]
pub struct RequestIdError;

impl RequestId {
    /// Bounds the header: long enough for a UUID with a prefix, short enough for any proxy.
    pub const MAX_LENGTH: usize = 128;

    /// Checks and takes the text.
    ///
    /// # Errors
    /// When the text is empty, too long, or not visible ASCII throughout.
    pub fn new(text: impl Into<String>) -> Result<Self, RequestIdError> {
        let text = text.into();
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(RequestIdError)
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for RequestId {
    type Error = RequestIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests;
