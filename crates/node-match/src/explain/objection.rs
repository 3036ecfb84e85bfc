//! What speaks against giving a machine or Node to a claim: R2's reasons, each with its numbers.

use chrono::{DateTime, Utc};

use crate::Claim;

/// Says why a machine or Node was not given to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize),
    serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")
)]
pub enum Objection<'a> {
    /// It is in the provider's hands but not running.
    NotRunning {
        /// What the provider says instead.
        status: &'a str,
    },
    /// Nothing proves that it appeared after the request (R2b).
    NotProvablyNew {
        /// What is known of the time before the request.
        baseline: BaselineState,
        /// When it was created, as far as that is reported.
        created_at: Option<DateTime<Utc>>,
        /// Whether that time carries a zone; without one it proves nothing.
        is_zoned: bool,
    },
    /// No name, address or label links it to the claim, and counting is not for this claim.
    Unlinked,
    /// A machine; the claim has or had a Node, or a label names one, that is not this machine's.
    NotTied,
    /// It will be another claim's as soon as it runs.
    KeptForAnother {
        /// That claim.
        owner: Named<'a>,
    },
    /// Another claim owns it.
    OwnedByAnother {
        /// That claim.
        owner: Named<'a>,
    },
    /// Records about it contradict each other: it is nobody's until a person removes one.
    Disputed,
    /// Its labels name another claim.
    LabelledForAnother {
        /// The name or uid that they name.
        label: &'a str,
    },
    /// It is a machine, and this speaks against its Node.
    ThroughNode {
        /// The name of the Node.
        node: &'a str,
        /// What speaks against the Node.
        objection: Box<Objection<'a>>,
    },
    /// It was there before the request.
    InBaseline,
    /// It is older than the request.
    OlderThanRequest {
        /// When it was created.
        created_at: DateTime<Utc>,
        /// When the claim's machine was asked for.
        requested_at: DateTime<Utc>,
    },
    /// It is in another node group.
    OtherGroup {
        /// That group, as reported, or as its size, its Node or the count of machines singles it out.
        group: u64,
        /// The claim's group.
        wanted: u64,
    },
    /// Its size contradicts the group's.
    SizeContradictsGroup {
        /// What differs.
        size: Size,
        /// What the machine has.
        found: u64,
        /// What machines of the group have.
        wanted: u64,
    },
    /// It is in another cluster than the claim.
    OtherCluster,
    /// It belongs to the control plane.
    ControlPlane,
    /// The provider marks it deleted.
    Deleted,
}

/// Names a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Named<'a> {
    /// Its uid.
    pub uid: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// Tells what is known of the time before a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum BaselineState {
    /// Nothing.
    Absent,
    /// Some of what was there; the rest is unknown.
    Incomplete,
    /// All that was there.
    Complete,
}

/// Names one measure of a machine, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Size {
    /// Virtual CPUs.
    Cpu,
    /// Memory in MB.
    RamMb,
    /// Disk in GB.
    DiskGb,
}

// === impl Objection ===

impl Objection<'_> {
    /// Returns the stable name; that of the Node's where it speaks against the Node.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotRunning { .. } => "not-running",
            Self::NotProvablyNew { .. } => "not-provably-new",
            Self::Unlinked => "unlinked",
            Self::NotTied => "not-tied",
            Self::KeptForAnother { .. } => "kept-for-another",
            Self::OwnedByAnother { .. } => "owned-by-another",
            Self::Disputed => "disputed",
            Self::LabelledForAnother { .. } => "labelled-for-another",
            Self::ThroughNode { objection, .. } => objection.as_str(),
            Self::InBaseline => "in-baseline",
            Self::OlderThanRequest { .. } => "older-than-request",
            Self::OtherGroup { .. } => "other-group",
            Self::SizeContradictsGroup { .. } => "size-contradicts-group",
            Self::OtherCluster => "other-cluster",
            Self::ControlPlane => "control-plane",
            Self::Deleted => "deleted",
        }
    }

    /// Tells how far it is from being the claim's own, 0 being nothing in the way.
    pub(super) fn distance(&self) -> u8 {
        match self {
            Self::NotRunning { .. } => 1,
            Self::NotProvablyNew { .. } => 2,
            Self::Unlinked => 3,
            Self::NotTied => 4,
            Self::KeptForAnother { .. } => 5,
            Self::Disputed => 6,
            Self::LabelledForAnother { .. } => 7,
            Self::ThroughNode { .. } => 8,
            Self::OwnedByAnother { .. } => 9,
            Self::OlderThanRequest { .. } => 10,
            Self::InBaseline => 11,
            Self::SizeContradictsGroup { .. } => 12,
            Self::OtherGroup { .. } => 13,
            Self::OtherCluster => 14,
            Self::ControlPlane => 15,
            Self::Deleted => 16,
        }
    }
}

// === impl Named ===

impl<'a> Named<'a> {
    pub(super) fn new(claim: &'a Claim<'a>) -> Self {
        Self {
            uid: &claim.uid,
            namespace: &claim.namespace,
            name: &claim.name,
        }
    }
}

// === impl BaselineState ===

impl BaselineState {
    /// Tells how much is known of the time before a claim's request.
    #[must_use]
    pub fn of(claim: &Claim<'_>) -> Self {
        match claim.baseline.as_deref() {
            None => Self::Absent,
            Some(baseline) if baseline.is_complete() => Self::Complete,
            Some(_) => Self::Incomplete,
        }
    }
}

// === impl Size ===

impl Size {
    /// Returns the unit, as it is read after a number.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "CPUs",
            Self::RamMb => "MB of memory",
            Self::DiskGb => "GB of disk",
        }
    }
}
