//! Why something was found, kept short until somebody asks.

use std::borrow::Cow;

use crate::address::AddressNumber;
use crate::directory::Legend;
use crate::facts::{recorded_id, recorded_identifier};
use crate::merge::text;
use crate::words::Word;
use crate::{Claim, Detail, EvidenceKind, Node};

/// What is printed as the evidence of an anonymous match.
const ANONYMOUS: &str = "new since the request, as many as were asked for";

/// Tells by what a link was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clue {
    RecordedId,
    RecordedIdentifier,
    RecordedNode,
    ProviderId,
    Address(AddressNumber),
    Hostname(Word),
    HostnamePattern(Word),
    ClaimLabel,
    Anonymous,
}

// === impl Clue ===

impl Clue {
    pub(crate) const fn kind(self) -> EvidenceKind {
        match self {
            Self::RecordedId => EvidenceKind::RecordedId,
            Self::RecordedIdentifier => EvidenceKind::RecordedIdentifier,
            Self::RecordedNode => EvidenceKind::RecordedNode,
            Self::ProviderId => EvidenceKind::ProviderId,
            Self::Address(_) => EvidenceKind::Address,
            Self::Hostname(_) => EvidenceKind::Hostname,
            Self::HostnamePattern(_) => EvidenceKind::HostnamePattern,
            Self::ClaimLabel => EvidenceKind::ClaimLabel,
            Self::Anonymous => EvidenceKind::Anonymous,
        }
    }

    /// Returns the value that both ends of the link share; the Node matters only where it is one of them.
    pub(crate) fn detail<'a>(
        self,
        legend: &Legend<'a>,
        claim: &'a Claim<'a>,
        node: Option<&'a Node<'a>>,
    ) -> Detail<'a> {
        match self {
            Self::RecordedId => Detail::Number(recorded_id(claim).unwrap_or_default()),
            Self::RecordedIdentifier => Detail::Text(recorded_identifier(claim).unwrap_or_default()),
            Self::RecordedNode => node.map_or("", |node| &*node.name).into(),
            Self::ProviderId => node
                .and_then(|node| text(node.provider_id.as_deref()))
                .map_or(Detail::Text(Cow::Borrowed("")), Detail::from),
            Self::Address(number) => Detail::Address(legend.address(number)),
            Self::Hostname(word) | Self::HostnamePattern(word) => Detail::Text(legend.text(word)),
            Self::ClaimLabel => (&*claim.name).into(),
            Self::Anonymous => ANONYMOUS.into(),
        }
    }
}
