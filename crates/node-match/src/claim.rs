//! A claim: a VPSieNode that wants, or has, a machine and a Node.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{Baseline, EvidenceKind, Text};

/// Describes a VPSieNode: what it asked for and what is already recorded for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim<'s> {
    /// Its uid; must be unique within a snapshot.
    pub uid: Text<'s>,
    /// Its namespace.
    pub namespace: Text<'s>,
    /// Its name, as it appears in hostnames and in the claim label.
    pub name: Text<'s>,
    /// The provider's identifier of its cluster.
    pub cluster: Text<'s>,
    /// The number of its node group.
    pub group: Option<u64>,
    /// Whether a machine was asked for on its behalf.
    pub creation_requested: bool,
    /// When that was.
    pub requested_at: Option<DateTime<Utc>>,
    /// What was there before; claims of one batch share it.
    pub baseline: Option<Arc<Baseline>>,
    /// Whether another program asked for its machine: never matched anonymously (I7).
    pub taken_over: bool,
    /// The recorded machine id; 0 means none.
    pub instance_id: Option<u64>,
    /// The recorded machine identifier.
    pub identifier: Option<Text<'s>>,
    /// The recorded provider id.
    pub provider_id: Option<Text<'s>>,
    /// The recorded Node name.
    pub node_name: Option<Text<'s>>,
    /// The recorded hostname.
    pub hostname: Option<Text<'s>>,
    /// The recorded addresses.
    pub addresses: Vec<Text<'s>>,
    /// The evidence by which the recorded machine was found, where that is known.
    pub recorded_by: Option<EvidenceKind>,
}
