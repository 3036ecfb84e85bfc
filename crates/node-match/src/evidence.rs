//! R0, R3: what links two things, and how strong it is.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// Names the two ends of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// From a claim to a machine.
    ClaimMachine,
    /// From a machine to a Node.
    MachineNode,
    /// From a claim to a Node.
    ClaimNode,
}

/// Names a kind of evidence, as it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// The machine's id is recorded on the claim.
    RecordedId,
    /// The machine's identifier is recorded on the claim.
    RecordedIdentifier,
    /// The Node's name is recorded on the claim.
    RecordedNode,
    /// The Node's provider id names the machine.
    ProviderId,
    /// Both have an address in common.
    Address,
    /// Both have the same hostname.
    Hostname,
    /// The hostname starts with the claim's name (R4).
    HostnamePattern,
    /// The Node is labelled for the claim.
    ClaimLabel,
    /// Nothing but the count and the time (R7).
    Anonymous,
}

/// Says why two things belong together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence<'a> {
    /// The two ends.
    pub link: Link,
    /// The kind.
    pub kind: EvidenceKind,
    /// The value that both ends share.
    pub detail: Detail<'a>,
}

/// Holds the value that both ends of a link share; it is written out only when somebody reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail<'a> {
    /// A name, an identifier or a provider id.
    Text(Cow<'a, str>),
    /// The number of a machine.
    Number(u64),
    /// An address.
    Address(IpAddr),
}

// === impl Link ===

impl Link {
    /// Returns the stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClaimMachine => "claim-machine",
            Self::MachineNode => "machine-node",
            Self::ClaimNode => "claim-node",
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl EvidenceKind ===

impl EvidenceKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 9] = [
        Self::RecordedId,
        Self::RecordedIdentifier,
        Self::RecordedNode,
        Self::ProviderId,
        Self::Address,
        Self::Hostname,
        Self::HostnamePattern,
        Self::ClaimLabel,
        Self::Anonymous,
    ];

    /// Returns the stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecordedId => "recorded-id",
            Self::RecordedIdentifier => "recorded-identifier",
            Self::RecordedNode => "recorded-node",
            Self::ProviderId => "provider-id",
            Self::Address => "address",
            Self::Hostname => "hostname",
            Self::HostnamePattern => "hostname-pattern",
            Self::ClaimLabel => "claim-label",
            Self::Anonymous => "anonymous",
        }
    }

    /// Finds the kind of a stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for EvidenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Detail ===

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl<'a> From<&'a str> for Detail<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of kinds are stored on claims, and those of links are read by programs: both stay what they are.
    #[test]
    fn names_are_written_and_kinds_found_again_by_them() {
        for kind in EvidenceKind::ALL {
            assert_eq!(EvidenceKind::from_name(&kind.to_string()), Some(kind));
        }
        assert_eq!(EvidenceKind::from_name("hearsay"), None);
        let links = [Link::ClaimMachine, Link::MachineNode, Link::ClaimNode].map(|link| link.to_string());
        assert_eq!(links, ["claim-machine", "machine-node", "claim-node"]);
    }
}
