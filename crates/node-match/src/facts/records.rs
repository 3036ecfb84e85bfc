//! R0: what is recorded on a claim.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::Claim;
use crate::fleet::Prepared;
use crate::merge::text;
use crate::provider_id::{ProviderId, is_uuid};
use crate::words::lower;

/// Holds the records of a claim that name a machine.
pub(super) struct Records<'a> {
    /// In lower case, each once.
    pub(super) identifiers: SmallVec<[Cow<'a, str>; 2]>,
    pub(super) id: Option<u64>,
    /// The number in the provider id, where an id is recorded too: it may stem from another list.
    pub(super) second_id: Option<u64>,
}

// === impl Records ===

impl<'a> Records<'a> {
    pub(super) fn of(prepared: &Prepared<'a>, index: usize) -> Self {
        let fleet = &prepared.fleet;
        let claim = fleet.claims[index];
        let mut identifiers: SmallVec<[Cow<'a, str>; 2]> = SmallVec::new();
        identifiers.extend(text(claim.identifier.as_deref()).map(lower));
        let (mut id, mut second_id) = (known(claim.instance_id), None);
        match claim.provider_id.as_deref().and_then(ProviderId::parse) {
            Some(ProviderId::Identifier(segment)) => {
                // `vpsie://hel/cluster/my-node` names nothing, unless a machine bears that very identifier.
                let is_one = is_uuid(&segment)
                    || prepared
                        .register
                        .machine_of_identifier(fleet.cluster_of(index), &segment)
                        .is_some();
                if is_one && !identifiers.contains(&segment) {
                    identifiers.push(segment);
                }
            }
            Some(ProviderId::Number(number)) if id.is_some() => second_id = Some(number),
            Some(ProviderId::Number(number)) => id = Some(number),
            None => {}
        }
        identifiers.sort_unstable();
        Self {
            identifiers,
            id,
            second_id,
        }
    }

    pub(super) fn contradict(&self) -> bool {
        self.identifiers.len() > 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.identifiers.is_empty() && self.id.is_none()
    }
}

/// Lists what a provider id may say of the machine that is recorded on a claim.
pub(super) fn recorded_provider_ids<'a>(prepared: &Prepared<'a>, claim: usize) -> Vec<ProviderId<'a>> {
    let records = Records::of(prepared, claim);
    let identifiers = records.identifiers.into_iter().map(ProviderId::Identifier);
    identifiers.chain(records.id.map(ProviderId::Number)).collect()
}

/// Returns the machine id that is recorded on a claim.
pub(crate) fn recorded_id(claim: &Claim<'_>) -> Option<u64> {
    let in_provider_id = || match claim.provider_id.as_deref().and_then(ProviderId::parse) {
        Some(ProviderId::Number(number)) => Some(number),
        Some(ProviderId::Identifier(_)) | None => None,
    };
    known(claim.instance_id).or_else(in_provider_id)
}

/// Returns the machine identifier that is recorded on a claim, in lower case.
pub(crate) fn recorded_identifier<'a>(claim: &'a Claim<'_>) -> Option<Cow<'a, str>> {
    let in_provider_id = || match claim.provider_id.as_deref().and_then(ProviderId::parse) {
        Some(ProviderId::Identifier(identifier)) => Some(identifier),
        Some(ProviderId::Number(_)) | None => None,
    };
    text(claim.identifier.as_deref())
        .map(lower)
        .or_else(in_provider_id)
}

/// Drops the id 0, which means unreported.
fn known(id: Option<u64>) -> Option<u64> {
    id.filter(|id| *id != 0)
}

/// Tells whether anything is recorded on a claim.
pub(crate) fn has_record(claim: &Claim<'_>) -> bool {
    let texts = [
        &claim.identifier,
        &claim.provider_id,
        &claim.node_name,
        &claim.hostname,
    ];
    claim.instance_id.is_some_and(|id| id != 0)
        || texts.iter().any(|field| text(field.as_deref()).is_some())
        || claim.addresses.iter().any(|address| !address.trim().is_empty())
}
